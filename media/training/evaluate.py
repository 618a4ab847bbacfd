"""Measure whether pictures follow their words, and lay them out on a sheet for the eye.

The judge is deliberately crude: ridge regressions from a small thumbnail and a colour histogram to the
time of day, the place and the subject's colour, fitted on drawings and never on generated pictures. It
is wrong about some drawings too, so its score on fresh drawings is reported next to the model's score
and next to chance; a model that drew as the drawings do would reach the former.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rich.progress import track

from media.training.scenes import NATIVE_PX, Scene, draw, stream

FIT_COUNT = 6000
FIT_SEED = 101
# Another seed for the prompts, so that judge and model are asked about scenes that neither has seen.
ASK_SEED = 202
RIDGE = 3.0
THUMB_PX = 8
HISTOGRAM_BINS = 5
QUESTIONS = ("time", "place", "paint", "subject")

SHEET_PROMPTS = (
    "sunset over the sea",
    "a red boat at sunset",
    "a fox in the snow",
    "a lighthouse in fog",
    "night sky over the city",
    "snowy mountains at dawn",
    "a blue boat on a lake",
    "a white house on a green hill",
    "a black cat in a meadow",
    "a hot air balloon over the desert",
    "a forest at night with a full moon",
    "a beach with palm trees, highly detailed",
    "a yellow car in the city at night",
    "a castle in the mountains at sunset",
    "a pink flower",
    "a rainbow over the hills",
    "a storm over the sea with lightning",
    "a penguin on the ice",
    "a brown bear in the forest",
    "a camel in the desert at sunset",
    "an autumn tree, orange, in the countryside",
    "a whale in the ocean at night",
    "an orange tent in the forest at dusk",
    "an astronaut riding a horse",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Share of right answers to one question.

    Attributes:
        question: a field of ``Scene``.
        generated: on pictures that the model drew.
        drawings: on fresh drawings of the same scenes.
        chance: by always giving the answer that is right most often.
        count: pictures asked about.
    """

    question: str
    generated: float
    drawings: float
    chance: float
    count: int


def features(pictures: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Reduce ``(n, 128, 128, 3) uint8`` to a thumbnail and a histogram of the middle, per row."""
    n, cell = len(pictures), pictures.shape[1] // THUMB_PX
    thumbs = pictures.reshape(n, THUMB_PX, cell, THUMB_PX, cell, 3).mean((2, 4)).reshape(n, -1) / 255 - 0.5
    lo, hi = pictures.shape[1] // 6, pictures.shape[1] * 5 // 6
    bins = (pictures[:, lo:hi, lo:hi].astype(np.int64) * HISTOGRAM_BINS) // 256
    code = (bins[..., 0] * HISTOGRAM_BINS + bins[..., 1]) * HISTOGRAM_BINS + bins[..., 2]
    histogram = np.stack([np.bincount(c.ravel(), minlength=HISTOGRAM_BINS**3) for c in code])
    # The square root spreads the small counts, where a subject of a few hundred pixels shows.
    shares = np.sqrt(histogram / histogram[0].sum())
    return np.concatenate([thumbs, shares, np.ones((n, 1))], axis=1)


def fit(x: NDArray[np.float64], labels: Sequence[str]) -> tuple[NDArray[np.float64], list[str]]:
    """Fit one ridge regression per answer."""
    names = sorted(set(labels))
    y = np.array([[float(label == name) for name in names] for label in labels])
    weights = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y)
    return weights, names


def answers(x: NDArray[np.float64], judge: tuple[NDArray[np.float64], list[str]]) -> list[str]:
    """Give the judge's answer for each row."""
    weights, names = judge
    return [names[i] for i in np.argmax(x @ weights, axis=1)]


def _drawn(seed: int, count: int) -> tuple[NDArray[np.uint8], list[Scene]]:
    """Draw the first ``count`` scenes of a seed."""
    pictures: list[NDArray[np.uint8]] = []
    scenes: list[Scene] = []
    source = stream(seed)
    while len(scenes) < count:
        scene, rng = next(source)
        pictures.append(np.asarray(draw(scene, rng)))
        scenes.append(scene)
    return np.stack(pictures), scenes


def generate(
    pipe: Any, prompts: Sequence[str], *, steps: int, guidance: float, seed: int
) -> NDArray[np.uint8]:
    """Draw one picture per prompt, each from its own seed: ``(n, h, w, 3) uint8``."""
    pipe.set_progress_bar_config(disable=True)
    out = []
    for start in track(range(0, len(prompts), 16), description="drawing"):
        batch = list(prompts[start : start + 16])
        seeds = [torch.Generator().manual_seed(seed + start + i) for i in range(len(batch))]
        pictures = pipe(
            batch, num_inference_steps=steps, guidance_scale=guidance, generator=seeds, output_type="np"
        ).images
        out.append((pictures * 255).round().astype(np.uint8))
    return np.concatenate(out)


def full_caption(scene: Scene) -> str:
    """Say every attribute of a scene in the plainest words, so that each can be asked about."""
    weather = {"clear": "", "rain": " in the rain", "snowfall": " in falling snow", "fog": " in fog"}
    tail = weather.get(
        scene.weather,
        {"cloudy": " with clouds", "storm": " in a storm"}.get(scene.weather, " with a rainbow"),
    )
    where = {"sea": "on the sea", "lake": "on the lake", "beach": "on the beach", "hills": "in the hills"}
    place = where.get(scene.place, f"in the {scene.place}")
    when = {"day": "by day"}.get(scene.time, f"at {scene.time}")
    if scene.subject is None:
        return f"the {scene.place} {when}{tail}"
    return f"a {scene.paint} {scene.subject} {place} {when}{tail}"


def score(pipe: Any, *, count: int, steps: int, guidance: float) -> list[Score]:
    """Ask the judge about ``count`` generated pictures and as many drawings of the same scenes."""
    pictures, scenes = _drawn(FIT_SEED, FIT_COUNT)
    fitted = features(pictures)
    asked_pictures, asked = _drawn(ASK_SEED, count)
    made = generate(pipe, [full_caption(s) for s in asked], steps=steps, guidance=guidance, seed=1)
    x_real, x_made = features(asked_pictures), features(made)
    scores = []
    for question in QUESTIONS:
        use = [i for i, s in enumerate(scenes) if getattr(s, question) is not None]
        judge = fit(fitted[use], [getattr(scenes[i], question) for i in use])
        ask = [i for i, s in enumerate(asked) if getattr(s, question) is not None]
        truth = [getattr(asked[i], question) for i in ask]
        right = [
            float(np.mean([a == t for a, t in zip(answers(x[ask], judge), truth, strict=True)]))
            for x in (x_made, x_real)
        ]
        chance = max(truth.count(t) for t in set(truth)) / len(truth)
        scores.append(
            Score(question=question, generated=right[0], drawings=right[1], chance=chance, count=len(ask))
        )
    return scores


def contact_sheet(pipe: Any, path: Path, *, steps: int, guidance: float, seed: int = 1) -> None:
    """Draw ``SHEET_PROMPTS``, first seed, nothing picked, six a row with the prompt below each."""
    pictures = generate(pipe, SHEET_PROMPTS, steps=steps, guidance=guidance, seed=seed)
    columns, scale, label = 6, 2, 16
    side = NATIVE_PX * scale
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * side, rows * (side + label)), "white")
    pen = ImageDraw.Draw(sheet)
    for i, (prompt, picture) in enumerate(zip(SHEET_PROMPTS, pictures, strict=True)):
        x, y = i % columns * side, i // columns * (side + label)
        sheet.paste(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS), (x, y))
        pen.text((x + 3, y + side + 2), prompt, fill="black")
    sheet.save(path)
