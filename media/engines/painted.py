"""Paint a deterministic picture in a millisecond, for tests of everything around an engine.

It knows nothing of the prompt's meaning and must never be a default: a server without a
model says so instead of showing stripes. Same request, same bytes, on every machine: only
whole numbers go into the drawing.
"""

import hashlib
import random

from PIL import Image, ImageDraw

from media.engine import Cancelled, EngineInfo, OnStep, Picture
from media.errors import CancelledError
from media.request import ImageRequest

__all__ = ["PaintedEngine", "load"]

NATIVE_SIZE_PX = 256
DEFAULT_STEPS = 4


class PaintedEngine:
    """Bands of sky over discs, coloured by a hash of prompt and seed."""

    info = EngineInfo(
        model="painted",
        model_digest="sha256:" + hashlib.sha256(b"media.engines.painted 1").hexdigest(),
        revision="1",
        licence="AGPL-3.0-or-later",
        native_size_px=NATIVE_SIZE_PX,
        default_steps=DEFAULT_STEPS,
    )

    def generate(self, request: ImageRequest, on_step: OnStep, cancelled: Cancelled) -> Picture:
        """Paint one disc a step; see `media.engine.Engine.generate`."""
        width_px = request.width_px or NATIVE_SIZE_PX
        height_px = request.height_px or NATIVE_SIZE_PX
        steps = request.steps or DEFAULT_STEPS
        seed = request.seed or 0
        key = f"{request.prompt}\0{request.negative_prompt}\0{seed}"
        chance = random.Random(key)  # noqa: S311 (a drawing, not a secret)
        image = _sky(width_px, height_px, chance)
        on_step(0, steps)
        for done in range(1, steps + 1):
            if cancelled():
                raise CancelledError
            _disc(image, chance)
            on_step(done, steps)
        return Picture(
            rgb=image.tobytes(),
            width_px=width_px,
            height_px=height_px,
            model=self.info.model,
            model_digest=self.info.model_digest,
            revision=self.info.revision,
            seed=seed,
            steps=steps,
            guidance=request.guidance or 0.0,
            versions={},
        )


def load(folder: str | None = None) -> PaintedEngine:  # noqa: ARG001 (every engine's factory takes one)
    """Return the engine; there is nothing to load."""
    return PaintedEngine()


def _colour(chance: random.Random) -> tuple[int, int, int]:
    """Pick a colour."""
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def _sky(width_px: int, height_px: int, chance: random.Random) -> Image.Image:
    """Blend two colours from top to bottom."""
    image = Image.new("RGB", (width_px, height_px))
    draw = ImageDraw.Draw(image)
    top, bottom = _colour(chance), _colour(chance)
    for y in range(height_px):
        mixed = tuple((a * (height_px - y) + b * y) // height_px for a, b in zip(top, bottom, strict=True))
        draw.line((0, y, width_px, y), fill=mixed)
    return image


def _disc(image: Image.Image, chance: random.Random) -> None:
    """Put one filled circle somewhere."""
    radius_px = max(1, min(image.size) // 6)
    x, y = chance.randrange(image.width), chance.randrange(image.height)
    box = (x - radius_px, y - radius_px, x + radius_px, y + radius_px)
    ImageDraw.Draw(image).ellipse(box, fill=_colour(chance))
