"""The pool of drawings on disk that every training step draws from.

Drawing in the training loop would cost as much as a small step does, so the pool is painted once into
one memory-mapped array. Scenes are not stored: they follow from the seed and the index, so captions
can be made afresh for every epoch.
"""

from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from rich.progress import track

from media.training.scenes import NATIVE_PX, Scene, draw, stream

POOL_FILE = "pool.npy"


def paint_pool(folder: Path, *, count: int, seed: int) -> Path:
    """Paint ``count`` drawings into ``folder/pool.npy`` unless it is already there.

    The array is ``(count, 128, 128, 3) uint8 sRGB``. It is written under another name first, so an
    interrupted run leaves no half-filled pool behind.
    """
    path = folder / POOL_FILE
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / (POOL_FILE + ".part")
    array = open_memmap(part, mode="w+", dtype=np.uint8, shape=(count, NATIVE_PX, NATIVE_PX, 3))
    scenes = stream(seed)
    for index in track(range(count), description="painting"):
        scene, rng = next(scenes)
        array[index] = np.asarray(draw(scene, rng))
    array.flush()
    part.rename(path)
    return path


def open_pool(folder: Path) -> NDArray[np.uint8]:
    """Map the painted pool into memory, read-only."""
    pool: NDArray[np.uint8] = np.load(folder / POOL_FILE, mmap_mode="r")
    return pool


def pool_scenes(*, count: int, seed: int) -> list[Scene]:
    """Name the scenes of the pool, in its order, without drawing them again."""
    scenes = stream(seed)
    return [next(scenes)[0] for _ in range(count)]
