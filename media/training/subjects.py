"""Subjects: boats, houses, animals and so on, as large flat shapes with one telling silhouette each.

A picture of 128 pixels leaves a subject about fifty: so one pose per subject, one main colour, and
the features that tell it from the others (a fox's white-tipped tail, a rabbit's ears) exaggerated.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from media.training.palette import RGB, Canvas, Light, mix, tint


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where and how a subject is drawn.

    Attributes:
        x: centre, in units of the picture's width.
        y: the ground line under the subject, in units of its height.
        size: height of the subject in units.
        light: the time of day.
        paint: the main colour, already tinted.
        flip: -1 to look left, 1 to look right.
        dark: whether lamps and windows are lit.
    """

    x: float
    y: float
    size: float
    light: Light
    paint: RGB
    flip: int
    dark: bool

    def at(self, u: float, v: float) -> tuple[float, float]:
        """Map the subject's own coordinates (u to the right, v upwards, height 1) to the canvas."""
        return self.x + u * self.size * self.flip, self.y - v * self.size

    def lit(self, colour: RGB) -> RGB:
        """Tint a secondary colour as the subject is tinted."""
        return tint(colour, self.light.subject)


Draw = Callable[[Canvas, Spot, random.Random], None]
INK: RGB = (30, 28, 34)


def _shape(canvas: Canvas, spot: Spot, fill: RGB, *points: tuple[float, float]) -> None:
    canvas.polygon([spot.at(u, v) for u, v in points], fill)


def _blob(  # noqa: PLR0917 - called for every round part below; names would drown the numbers
    canvas: Canvas, spot: Spot, fill: RGB, u: float, v: float, ru: float, rv: float
) -> None:
    x, y = spot.at(u, v)
    canvas.ellipse(x, y, ru * spot.size, rv * spot.size, fill)


def boat(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A sailing boat; the hull and the small sail carry the colour."""
    del rng
    white = spot.lit((250, 248, 240))
    _shape(canvas, spot, spot.lit((96, 66, 44)), (-0.03, 0.1), (-0.03, 1.0), (0.02, 1.0), (0.02, 0.1))
    _shape(canvas, spot, white, (0.05, 0.3), (0.05, 0.96), (0.48, 0.34))
    _shape(canvas, spot, spot.paint, (-0.06, 0.3), (-0.06, 0.84), (-0.38, 0.32))
    _shape(canvas, spot, spot.paint, (-0.56, 0.24), (0.6, 0.24), (0.42, 0.0), (-0.4, 0.0))
    _shape(canvas, spot, mix(spot.paint, INK, 0.35), (-0.45, 0.07), (0.47, 0.07), (0.42, 0.0), (-0.4, 0.0))


def lighthouse(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A white tower with coloured bands on a rock; its beam shows in the dark."""
    del rng
    if spot.dark:
        beam = mix(spot.light.sky[1], (255, 240, 170), 0.55)
        _shape(canvas, spot, beam, (0.0, 0.9), (1.6, 1.12), (1.6, 0.72))
        _shape(canvas, spot, beam, (0.0, 0.9), (-1.6, 1.12), (-1.6, 0.72))
    rock = tint((96, 92, 96), spot.light.ground)
    _shape(canvas, spot, rock, (-0.5, -0.06), (-0.3, 0.1), (0.0, 0.14), (0.28, 0.1), (0.5, -0.06))
    white = spot.lit((250, 250, 246))
    half = (0.17, 0.11)
    for band in range(5):
        lo, hi = band / 5, (band + 1) / 5
        a, b = (half[0] + (half[1] - half[0]) * t for t in (lo, hi))
        v0, v1 = 0.1 + 0.7 * lo, 0.1 + 0.7 * hi
        _shape(canvas, spot, white if band % 2 else spot.paint, (-a, v0), (-b, v1), (b, v1), (a, v0))
    _shape(canvas, spot, spot.lit(INK), (-0.15, 0.8), (-0.15, 0.83), (0.15, 0.83), (0.15, 0.8))
    lamp = (255, 236, 140) if spot.dark else spot.lit((250, 226, 130))
    _shape(canvas, spot, lamp, (-0.08, 0.83), (-0.08, 0.94), (0.08, 0.94), (0.08, 0.83))
    _shape(canvas, spot, spot.paint, (-0.12, 0.94), (0.0, 1.06), (0.12, 0.94))


def house(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A house: coloured walls, dark roof, chimney, door and two windows."""
    del rng
    roof = spot.lit((92, 60, 56))
    pane = (255, 220, 120) if spot.dark else spot.lit((200, 228, 244))
    _shape(canvas, spot, spot.lit((110, 96, 92)), (0.26, 0.7), (0.26, 1.02), (0.4, 1.02), (0.4, 0.6))
    _shape(canvas, spot, spot.paint, (-0.52, 0.0), (-0.52, 0.55), (0.52, 0.55), (0.52, 0.0))
    _shape(canvas, spot, roof, (-0.66, 0.52), (0.0, 1.0), (0.66, 0.52))
    _shape(canvas, spot, spot.lit((84, 56, 40)), (-0.1, 0.0), (-0.1, 0.34), (0.1, 0.34), (0.1, 0.0))
    for u in (-0.4, 0.2):
        _shape(canvas, spot, pane, (u, 0.2), (u, 0.4), (u + 0.2, 0.4), (u + 0.2, 0.2))


def castle(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A keep between two round towers with coloured pointed roofs."""
    del rng
    stone = spot.lit((176, 172, 176))
    shade = spot.lit((140, 136, 146))
    pane = (255, 220, 120) if spot.dark else spot.lit((70, 70, 90))
    _shape(canvas, spot, shade, (-0.4, 0.0), (-0.4, 0.46), (0.4, 0.46), (0.4, 0.0))
    for u, h, w in ((-0.46, 0.64, 0.14), (0.46, 0.64, 0.14), (0.0, 0.74, 0.17)):
        _shape(canvas, spot, stone, (u - w, 0.0), (u - w, h), (u + w, h), (u + w, 0.0))
        _shape(canvas, spot, spot.paint, (u - w * 1.35, h), (u, h + 0.3), (u + w * 1.35, h))
        _shape(
            canvas,
            spot,
            pane,
            (u - 0.04, h - 0.2),
            (u - 0.04, h - 0.08),
            (u + 0.04, h - 0.08),
            (u + 0.04, h - 0.2),
        )
    _shape(canvas, spot, spot.lit((70, 52, 44)), (-0.1, 0.0), (-0.1, 0.26), (0.1, 0.26), (0.1, 0.0))


def tree(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A broad round-crowned tree; the crown carries the colour."""
    _shape(canvas, spot, spot.lit((104, 72, 48)), (-0.09, 0.0), (-0.05, 0.5), (0.05, 0.5), (0.09, 0.0))
    dark = mix(spot.paint, INK, 0.22)
    for u, v, r in ((-0.24, 0.52, 0.24), (0.24, 0.52, 0.24), (0.0, 0.6, 0.3)):
        _blob(canvas, spot, dark, u, v, r, r * 0.95)
    for u, v, r in ((-0.18, 0.62, 0.22), (0.2, 0.62, 0.2), (0.0, 0.76, 0.24)):
        _blob(canvas, spot, spot.paint, u + rng.uniform(-0.03, 0.03), v, r, r * 0.95)


def fox(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A sitting fox: white chest and muzzle, pointed ears, a thick tail with a white tip."""
    del rng
    white = spot.lit((252, 248, 240))
    ink = spot.lit((50, 34, 30))
    _blob(canvas, spot, spot.paint, -0.4, 0.16, 0.3, 0.14)
    _blob(canvas, spot, white, -0.63, 0.2, 0.13, 0.1)
    _shape(canvas, spot, spot.paint, (-0.3, 0.0), (-0.22, 0.36), (0.0, 0.6), (0.24, 0.5), (0.26, 0.0))
    _shape(canvas, spot, white, (0.06, 0.16), (0.06, 0.52), (0.22, 0.52), (0.24, 0.16))
    _shape(canvas, spot, ink, (0.06, 0.0), (0.06, 0.14), (0.27, 0.14), (0.27, 0.0))
    _shape(canvas, spot, spot.paint, (-0.14, 0.7), (-0.12, 1.02), (0.06, 0.88))
    _shape(canvas, spot, spot.paint, (0.12, 0.88), (0.3, 1.02), (0.32, 0.7))
    _shape(canvas, spot, spot.paint, (-0.2, 0.7), (-0.06, 0.9), (0.24, 0.9), (0.38, 0.7), (0.12, 0.44))
    _shape(canvas, spot, white, (-0.16, 0.66), (0.06, 0.66), (0.09, 0.48), (0.0, 0.52))
    _shape(canvas, spot, white, (0.34, 0.66), (0.13, 0.66), (0.15, 0.48), (0.2, 0.52))
    _face(canvas, spot, (0.0, 0.18), 0.7, ink)
    _blob(canvas, spot, ink, 0.12, 0.48, 0.045, 0.045)


def _face(canvas: Canvas, spot: Spot, us: tuple[float, ...], v: float, ink: RGB) -> None:
    for u in us:
        _blob(canvas, spot, ink, u, v, 0.04, 0.045)


def cat(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A sitting cat: round head, small ears, whisker-light muzzle, a thin upright tail."""
    del rng
    eye = (190, 220, 90)
    canvas.line(
        [spot.at(-0.2, 0.1), spot.at(-0.46, 0.2), spot.at(-0.46, 0.6), spot.at(-0.36, 0.72)],
        0.09 * spot.size,
        spot.paint,
    )
    _blob(canvas, spot, spot.paint, 0.0, 0.26, 0.27, 0.32)
    _shape(canvas, spot, spot.paint, (-0.22, 0.66), (-0.22, 1.0), (-0.02, 0.86))
    _shape(canvas, spot, spot.paint, (0.02, 0.86), (0.22, 1.0), (0.22, 0.66))
    _blob(canvas, spot, spot.paint, 0.0, 0.68, 0.26, 0.23)
    _face(canvas, spot, (-0.1, 0.1), 0.71, eye)
    for u in (-0.1, 0.1):
        _blob(canvas, spot, INK, u, 0.71, 0.018, 0.04)
    _blob(canvas, spot, spot.lit((236, 150, 160)), 0.0, 0.61, 0.035, 0.025)


def rabbit(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A sitting rabbit with two long ears and a round tail."""
    del rng
    pink = spot.lit((244, 180, 186))
    _blob(canvas, spot, mix(spot.paint, (255, 255, 255), 0.4), -0.32, 0.16, 0.1, 0.1)
    _blob(canvas, spot, spot.paint, -0.04, 0.24, 0.3, 0.25)
    for u in (0.06, 0.24):
        _blob(canvas, spot, spot.paint, u, 0.84, 0.075, 0.22)
        _blob(canvas, spot, pink, u, 0.84, 0.03, 0.16)
    _blob(canvas, spot, spot.paint, 0.15, 0.54, 0.2, 0.18)
    _face(canvas, spot, (0.2,), 0.58, spot.lit(INK))
    _blob(canvas, spot, pink, 0.33, 0.52, 0.03, 0.025)
    _blob(canvas, spot, spot.paint, 0.14, 0.06, 0.14, 0.06)


def bear(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A walking bear: heavy body, four legs, round ears."""
    del rng
    shade = mix(spot.paint, INK, 0.2)
    for u in (-0.42, 0.14):
        _shape(canvas, spot, shade, (u, 0.0), (u, 0.4), (u + 0.18, 0.4), (u + 0.18, 0.0))
    _blob(canvas, spot, spot.paint, -0.1, 0.54, 0.52, 0.31)
    for u in (-0.58, 0.26):
        _shape(canvas, spot, spot.paint, (u, 0.0), (u, 0.5), (u + 0.2, 0.5), (u + 0.2, 0.0))
    for u in (0.36, 0.58):
        _blob(canvas, spot, spot.paint, u, 0.93, 0.08, 0.08)
    _blob(canvas, spot, spot.paint, 0.48, 0.74, 0.23, 0.21)
    _blob(canvas, spot, mix(spot.paint, (255, 240, 220), 0.35), 0.64, 0.66, 0.12, 0.1)
    _blob(canvas, spot, INK, 0.74, 0.69, 0.04, 0.035)
    _face(canvas, spot, (0.5,), 0.8, INK)


def deer(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A standing deer with thin legs and branched antlers."""
    del rng
    horn = spot.lit((92, 66, 46))
    for u in (-0.3, -0.2, 0.1, 0.19):
        _shape(
            canvas, spot, mix(spot.paint, INK, 0.25), (u, 0.0), (u, 0.36), (u + 0.06, 0.36), (u + 0.06, 0.0)
        )
    _blob(canvas, spot, spot.paint, -0.03, 0.4, 0.33, 0.15)
    _shape(canvas, spot, spot.paint, (0.12, 0.36), (0.24, 0.7), (0.36, 0.7), (0.3, 0.38))
    _blob(canvas, spot, spot.paint, 0.36, 0.7, 0.14, 0.08)
    _blob(canvas, spot, spot.lit((250, 246, 236)), -0.35, 0.45, 0.06, 0.06)
    for du in (0.0, 0.1):
        canvas.line(
            [spot.at(0.27 + du, 0.74), spot.at(0.2 + du * 2.4, 0.88), spot.at(0.2 + du * 2.2, 1.02)],
            0.035 * spot.size,
            horn,
        )
        canvas.line([spot.at(0.21 + du * 2.2, 0.87), spot.at(0.1 + du * 4.2, 0.95)], 0.03 * spot.size, horn)
    _face(canvas, spot, (0.36,), 0.72, INK)


def penguin(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A penguin from the front: black coat, white belly, orange beak and feet."""
    del rng
    beak = spot.lit((244, 150, 40))
    for u in (-0.13, 0.13):
        _blob(canvas, spot, beak, u, 0.02, 0.11, 0.04)
    for side in (-1, 1):
        _shape(canvas, spot, spot.paint, (side * 0.22, 0.62), (side * 0.42, 0.24), (side * 0.24, 0.26))
    _blob(canvas, spot, spot.paint, 0.0, 0.4, 0.29, 0.39)
    _blob(canvas, spot, spot.paint, 0.0, 0.8, 0.2, 0.2)
    _blob(canvas, spot, spot.lit((252, 252, 248)), 0.0, 0.34, 0.2, 0.31)
    _blob(canvas, spot, spot.lit((252, 252, 248)), -0.08, 0.79, 0.09, 0.1)
    _blob(canvas, spot, spot.lit((252, 252, 248)), 0.08, 0.79, 0.09, 0.1)
    _face(canvas, spot, (-0.08, 0.08), 0.82, INK)
    _shape(canvas, spot, beak, (-0.08, 0.75), (0.08, 0.75), (0.0, 0.64))


def whale(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A whale at the surface: a long back, a raised tail and a spout."""
    del rng
    spray = spot.lit((236, 246, 252))
    for du in (-0.16, 0.0, 0.16):
        canvas.line(
            [spot.at(0.4, 0.5), spot.at(0.4 + du * 0.8, 0.86), spot.at(0.4 + du * 1.7, 0.8)],
            0.05 * spot.size,
            spray,
        )
    canvas.polygon(
        [
            spot.at(0.1 + 0.75 * math.cos(t * math.pi / 12), 0.52 * math.sin(t * math.pi / 12))
            for t in range(13)
        ],
        spot.paint,
    )
    _shape(
        canvas,
        spot,
        spot.paint,
        (-0.6, 0.0),
        (-0.7, 0.5),
        (-0.98, 0.66),
        (-0.72, 0.62),
        (-0.5, 0.74),
        (-0.58, 0.5),
        (-0.36, 0.0),
    )
    _shape(
        canvas,
        spot,
        mix(spot.paint, (240, 246, 250), 0.55),
        (0.2, 0.0),
        (0.5, 0.13),
        (0.84, 0.1),
        (0.85, 0.0),
    )
    _face(canvas, spot, (0.58,), 0.24, INK)


def bird(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A bird in flight with raised wings."""
    del rng
    wing = mix(spot.paint, INK, 0.18)
    _shape(canvas, spot, wing, (-0.04, 0.46), (0.22, 1.0), (0.3, 0.46))
    _blob(canvas, spot, spot.paint, 0.08, 0.42, 0.36, 0.14)
    _shape(canvas, spot, spot.paint, (-0.2, 0.42), (-0.6, 0.56), (-0.56, 0.34))
    _blob(canvas, spot, spot.paint, 0.44, 0.5, 0.14, 0.13)
    _shape(canvas, spot, spot.lit((244, 160, 40)), (0.56, 0.54), (0.74, 0.47), (0.56, 0.44))
    _shape(canvas, spot, spot.paint, (-0.06, 0.42), (-0.24, 0.98), (0.2, 0.44))
    _face(canvas, spot, (0.48,), 0.53, INK)


def balloon(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A hot-air balloon with two pale stripes and a basket."""
    del rng
    _shape(canvas, spot, spot.paint, (-0.34, 0.54), (-0.1, 0.2), (0.1, 0.2), (0.34, 0.54))
    _blob(canvas, spot, spot.paint, 0.0, 0.64, 0.38, 0.36)
    pale = mix(spot.paint, (255, 255, 255), 0.55)
    _blob(canvas, spot, pale, 0.0, 0.62, 0.2, 0.36)
    _blob(canvas, spot, spot.paint, 0.0, 0.62, 0.08, 0.36)
    for u in (-0.08, 0.08):
        canvas.line([spot.at(u, 0.22), spot.at(u * 0.8, 0.1)], 0.02 * spot.size, spot.lit(INK))
    _shape(canvas, spot, spot.lit((120, 80, 46)), (-0.09, 0.0), (-0.09, 0.11), (0.09, 0.11), (0.09, 0.0))


def car(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A small car from the side."""
    del rng
    pane = spot.lit((190, 222, 240))
    _shape(canvas, spot, spot.paint, (-0.5, 0.5), (-0.34, 0.98), (0.3, 0.98), (0.54, 0.5))
    _shape(canvas, spot, spot.paint, (-0.9, 0.18), (-0.86, 0.56), (0.84, 0.56), (0.94, 0.18))
    _shape(canvas, spot, pane, (-0.38, 0.56), (-0.26, 0.86), (-0.05, 0.86), (-0.05, 0.56))
    _shape(canvas, spot, pane, (0.04, 0.56), (0.04, 0.86), (0.24, 0.86), (0.4, 0.56))
    for u in (-0.5, 0.52):
        _blob(canvas, spot, spot.lit(INK), u, 0.18, 0.21, 0.21)
        _blob(canvas, spot, spot.lit((180, 180, 186)), u, 0.18, 0.09, 0.09)
    _blob(canvas, spot, (255, 240, 170), 0.88, 0.42, 0.06, 0.07)


def tent(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A ridge tent with an open front; lit from inside in the dark."""
    del rng
    inside = (255, 214, 110) if spot.dark else spot.lit((70, 56, 52))
    _shape(canvas, spot, mix(spot.paint, INK, 0.25), (-0.2, 0.86), (0.5, 0.74), (0.98, 0.0), (0.3, 0.0))
    _shape(canvas, spot, spot.paint, (-0.86, 0.0), (-0.2, 0.92), (0.46, 0.0))
    _shape(canvas, spot, inside, (-0.42, 0.0), (-0.2, 0.62), (0.02, 0.0))


def cactus(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A saguaro with two arms."""
    del rng
    w = 0.13 * spot.size
    canvas.line([spot.at(-0.34, 0.72), spot.at(-0.34, 0.42), spot.at(0.0, 0.38)], w, spot.paint)
    canvas.line([spot.at(0.34, 0.84), spot.at(0.34, 0.54), spot.at(0.0, 0.5)], w, spot.paint)
    canvas.line([spot.at(0.0, 0.0), spot.at(0.0, 0.95)], 0.2 * spot.size, spot.paint)
    _blob(canvas, spot, spot.paint, 0.0, 0.94, 0.1, 0.1)
    for u, v in ((-0.34, 0.72), (0.34, 0.84)):
        _blob(canvas, spot, spot.paint, u, v, 0.065, 0.065)
    canvas.line([spot.at(0.04, 0.04), spot.at(0.04, 0.94)], 0.03 * spot.size, mix(spot.paint, INK, 0.25))


def camel(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """A camel with two humps and a raised neck."""
    del rng
    for u in (-0.36, -0.24, 0.1, 0.2):
        _shape(
            canvas, spot, mix(spot.paint, INK, 0.2), (u, 0.0), (u, 0.44), (u + 0.08, 0.44), (u + 0.08, 0.0)
        )
    _blob(canvas, spot, spot.paint, -0.06, 0.5, 0.38, 0.16)
    for u in (-0.22, 0.1):
        _blob(canvas, spot, spot.paint, u, 0.66, 0.14, 0.17)
    canvas.line([spot.at(0.24, 0.48), spot.at(0.44, 0.5), spot.at(0.5, 0.86)], 0.12 * spot.size, spot.paint)
    _blob(canvas, spot, spot.paint, 0.56, 0.88, 0.16, 0.08)
    _face(canvas, spot, (0.54,), 0.91, INK)


def flower(canvas: Canvas, spot: Spot, rng: random.Random) -> None:
    """One large flower of six petals on a stem with two leaves."""
    del rng
    leaf = spot.lit((48, 128, 58))
    canvas.line([spot.at(0, 0), spot.at(0, 0.7)], 0.05 * spot.size, leaf)
    _shape(canvas, spot, leaf, (0.0, 0.12), (0.3, 0.38), (0.06, 0.3))
    _shape(canvas, spot, leaf, (0.0, 0.06), (-0.3, 0.3), (-0.06, 0.24))
    for i in range(6):
        a = i * math.pi / 3
        _blob(canvas, spot, spot.paint, 0.19 * math.cos(a), 0.72 + 0.19 * math.sin(a), 0.13, 0.13)
    _blob(
        canvas,
        spot,
        spot.lit((250, 214, 80) if spot.paint[1] < 190 else (150, 96, 40)),
        0.0,
        0.72,
        0.11,
        0.11,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the sampler needs to know about a subject.

    Attributes:
        draw: the function that draws it.
        places: where it may stand, most fitting first.
        paints: colours it may have; the first is the one meant when the caption names none.
        size: smallest and largest height in units.
        weight: how often it is chosen relative to the others.
        flies: drawn in the sky instead of on the ground.
    """

    draw: Draw
    places: tuple[str, ...]
    paints: tuple[str, ...]
    size: tuple[float, float]
    weight: float = 1.0
    flies: bool = False


_GREEN = ("hills", "meadow")
_BRIGHT = ("red", "blue", "yellow", "green", "white", "orange", "purple", "black", "pink")

SUBJECTS: dict[str, Subject] = {
    "boat": Subject(draw=boat, places=("sea", "lake"), paints=_BRIGHT, size=(0.3, 0.4), weight=2.2),
    "lighthouse": Subject(
        draw=lighthouse,
        places=("sea", "beach"),
        paints=("red", "blue", "black", "green"),
        size=(0.46, 0.56),
        weight=1.8,
    ),
    "house": Subject(
        draw=house,
        places=(*_GREEN, "snow", "forest", "lake", "mountains", "beach"),
        paints=("white", "red", "blue", "yellow", "green", "pink", "orange", "brown"),
        size=(0.3, 0.4),
        weight=1.8,
    ),
    "castle": Subject(
        draw=castle,
        places=("hills", "mountains", "forest", "snow"),
        paints=("red", "blue", "purple", "green"),
        size=(0.4, 0.5),
    ),
    "tree": Subject(
        draw=tree,
        places=(*_GREEN, "lake", "desert", "snow"),
        paints=("green", "red", "orange", "yellow", "pink", "white"),
        size=(0.44, 0.56),
        weight=1.4,
    ),
    "fox": Subject(
        draw=fox,
        places=("snow", "forest", *_GREEN),
        paints=("orange", "red", "white", "black"),
        size=(0.4, 0.5),
        weight=2.0,
    ),
    "cat": Subject(
        draw=cat,
        places=(*_GREEN, "beach", "city", "snow"),
        paints=("black", "white", "orange", "grey", "brown"),
        size=(0.38, 0.48),
        weight=1.6,
    ),
    "rabbit": Subject(
        draw=rabbit,
        places=(*_GREEN, "snow", "forest"),
        paints=("white", "brown", "grey", "black"),
        size=(0.36, 0.46),
    ),
    "bear": Subject(
        draw=bear,
        places=("forest", "snow", "mountains", *_GREEN),
        paints=("brown", "white", "black"),
        size=(0.34, 0.42),
    ),
    "deer": Subject(
        draw=deer,
        places=("forest", *_GREEN, "snow", "mountains"),
        paints=("brown", "white"),
        size=(0.44, 0.54),
    ),
    "penguin": Subject(draw=penguin, places=("snow", "beach"), paints=("black", "blue"), size=(0.38, 0.48)),
    "whale": Subject(
        draw=whale, places=("sea",), paints=("blue", "grey", "white", "pink", "purple"), size=(0.28, 0.36)
    ),
    "bird": Subject(
        draw=bird,
        places=("sea", "beach", *_GREEN, "city", "forest", "mountains"),
        paints=("white", "blue", "red", "black", "yellow", "green"),
        size=(0.24, 0.32),
        flies=True,
    ),
    "balloon": Subject(
        draw=balloon,
        places=(*_GREEN, "mountains", "desert", "city", "sea", "lake"),
        paints=_BRIGHT,
        size=(0.38, 0.48),
        weight=1.6,
        flies=True,
    ),
    "car": Subject(
        draw=car, places=("city", "desert", "hills", "beach"), paints=_BRIGHT, size=(0.22, 0.28), weight=1.4
    ),
    "tent": Subject(
        draw=tent,
        places=("forest", "mountains", *_GREEN, "beach", "lake"),
        paints=("orange", "red", "blue", "green", "yellow"),
        size=(0.28, 0.36),
    ),
    "cactus": Subject(draw=cactus, places=("desert",), paints=("green",), size=(0.4, 0.52)),
    "camel": Subject(draw=camel, places=("desert",), paints=("brown", "white"), size=(0.38, 0.46)),
    "flower": Subject(
        draw=flower,
        places=(*_GREEN,),
        paints=("red", "yellow", "pink", "purple", "white", "blue", "orange"),
        size=(0.5, 0.62),
        weight=1.4,
    ),
}
