"""The colours of a scene: times of day, paint names, and the canvas that they are put on.

A time of day is a light: three stops of sky, a tint that multiplies everything on the ground, and a
milder tint for the subject, which must keep its own colour to match its caption at night. All colours
are sRGB triples 0-255; no colour management is attempted, the drawings are flat illustrations.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

RGB = tuple[int, int, int]
Point = tuple[float, float]

# Drawn at twice the size and averaged down: the cheapest good antialiasing for PIL shapes.
OVERSAMPLE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One time of day.

    Attributes:
        sky: colours at the zenith, half way down and at the horizon.
        ground: factor per channel for land and water.
        subject: factor per channel for the subject, nearer to 1 than ``ground``.
        glow: colour of sun or moon and of their glitter on water.
    """

    sky: tuple[RGB, RGB, RGB]
    ground: tuple[float, float, float]
    subject: tuple[float, float, float]
    glow: RGB


LIGHTS: dict[str, Light] = {
    "day": Light(
        sky=((62, 138, 222), (120, 186, 240), (196, 228, 248)),
        ground=(1.0, 1.0, 1.0),
        subject=(1.0, 1.0, 1.0),
        glow=(255, 240, 170),
    ),
    "dawn": Light(
        sky=((130, 168, 222), (226, 190, 214), (255, 214, 196)),
        ground=(0.95, 0.84, 0.9),
        subject=(1.0, 0.92, 0.95),
        glow=(255, 236, 214),
    ),
    "sunset": Light(
        sky=((104, 52, 112), (236, 98, 62), (255, 196, 84)),
        ground=(0.82, 0.5, 0.42),
        subject=(0.96, 0.76, 0.68),
        glow=(255, 232, 130),
    ),
    "dusk": Light(
        sky=((40, 38, 96), (100, 70, 140), (196, 120, 158)),
        ground=(0.52, 0.45, 0.66),
        subject=(0.82, 0.74, 0.88),
        glow=(240, 214, 226),
    ),
    "night": Light(
        sky=((8, 12, 40), (16, 26, 66), (34, 52, 100)),
        ground=(0.32, 0.37, 0.55),
        subject=(0.74, 0.76, 0.88),
        glow=(240, 240, 216),
    ),
}

# What a paint word means. The names are the ones that captions use.
PAINTS: dict[str, RGB] = {
    "red": (214, 40, 40),
    "orange": (240, 132, 30),
    "yellow": (248, 210, 50),
    "green": (56, 150, 70),
    "blue": (40, 92, 206),
    "purple": (132, 66, 176),
    "pink": (244, 140, 180),
    "white": (246, 246, 242),
    "black": (34, 34, 40),
    "brown": (130, 82, 46),
    "grey": (142, 146, 152),
}


def tint(colour: RGB, factor: Sequence[float]) -> RGB:
    """Multiply a colour by a light's factor per channel."""
    r, g, b = (min(255, max(0, round(c * f))) for c, f in zip(colour, factor, strict=True))
    return r, g, b


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """Blend ``share`` (0-1) of ``b`` into ``a``."""
    r, g, bl = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return r, g, bl


def jitter(colour: RGB, rng: random.Random, spread: int = 10) -> RGB:
    """Vary each channel by at most ``spread``, so that one name is a small family of colours."""
    r, g, b = (min(255, max(0, c + rng.randint(-spread, spread))) for c in colour)
    return r, g, b


class Canvas:
    """A square drawing surface addressed in units: x and y run from 0 to 1, y downwards."""

    __slots__ = ("draw", "image", "side_px")

    def __init__(self, size_px: int) -> None:
        self.side_px = size_px * OVERSAMPLE
        self.image = Image.new("RGB", (self.side_px, self.side_px))
        self.draw = ImageDraw.Draw(self.image)

    def _px(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.side_px, y * self.side_px) for x, y in points]

    def gradient(self, top: float, bottom: float, stops: Sequence[RGB]) -> None:
        """Fill the band between two heights with a vertical gradient through ``stops``."""
        y0, y1 = round(top * self.side_px), round(bottom * self.side_px)
        rows = np.linspace(0, 1, max(1, y1 - y0))
        where = np.linspace(0, 1, len(stops))
        channels = [np.interp(rows, where, [s[c] for s in stops]) for c in range(3)]
        band: NDArray[np.uint8] = np.stack(channels, axis=-1)[:, None, :].round().astype(np.uint8)
        self.image.paste(Image.fromarray(band).resize((self.side_px, max(1, y1 - y0))), (0, y0))

    def polygon(self, points: Sequence[Point], fill: RGB) -> None:
        """Fill a closed shape."""
        self.draw.polygon(self._px(points), fill=fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: RGB) -> None:
        """Fill an ellipse around (x, y)."""
        s = self.side_px
        self.draw.ellipse(((x - rx) * s, (y - ry) * s, (x + rx) * s, (y + ry) * s), fill=fill)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: RGB) -> None:
        """Fill an upright rectangle given by two corners, the upper left first."""
        s = self.side_px
        if x1 > x0 and y1 > y0:
            self.draw.rectangle((x0 * s, y0 * s, x1 * s, y1 * s), fill=fill)

    def line(self, points: Sequence[Point], width: float, fill: RGB) -> None:
        """Stroke a polyline; ``width`` in units."""
        self.draw.line(self._px(points), width=max(1, round(width * self.side_px)), fill=fill, joint="curve")

    def wash(self, colour: RGB, share: float) -> None:
        """Blend one colour over everything drawn so far, as fog or gloom does."""
        self._replace(Image.blend(self.image, Image.new("RGB", self.image.size, colour), share))

    def halo(self, x: float, y: float, radius: float, colour: RGB, strength: float) -> None:
        """Add a soft round glow around (x, y)."""
        s = self.side_px
        ys, xs = np.mgrid[0:s:4, 0:s:4]
        falloff = np.exp(-((xs / s - x) ** 2 + (ys / s - y) ** 2) / (radius * radius))
        mask = Image.fromarray((falloff * strength * 255).astype(np.uint8)).resize((s, s))
        self.image.paste(Image.new("RGB", (s, s), colour), (0, 0), mask)

    def _replace(self, image: Image.Image) -> None:
        self.image = image
        self.draw = ImageDraw.Draw(image)

    def finish(self) -> Image.Image:
        """Average down to the asked size."""
        return self.image.reduce(OVERSAMPLE)
