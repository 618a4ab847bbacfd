"""Backdrops: each place draws everything between the sky and the subject.

Places are kept few, large and distinct, because the denoiser that learns them has few parameters and
sees each of them a few thousand times. A place returns the ground height at which a subject stands.
"""

import math
import random
from collections.abc import Callable

from media.training.palette import RGB, Canvas, Light, jitter, mix, tint

Place = Callable[[Canvas, Light, random.Random], float]


def ridge(canvas: Canvas, rng: random.Random, *, base: float, height: float, bumps: float, fill: RGB) -> None:
    """Fill a rolling silhouette from the bottom edge up to about ``base``."""
    a, b, c = (rng.uniform(0, 2 * math.pi) for _ in range(3))
    points = []
    for i in range(33):
        x = i / 32
        wave = (
            math.sin(x * bumps * 6.3 + a) + 0.5 * math.sin(x * bumps * 11 + b) + 0.25 * math.sin(x * 29 + c)
        )
        points.append((x, base - height * (wave + 1.2) / 2.4))
    canvas.polygon([(0.0, 1.0), *points, (1.0, 1.0)], fill)


def peaks(canvas: Canvas, rng: random.Random, *, base: float, rock: RGB, cap: RGB) -> None:
    """Draw three to five triangular mountains with snow caps."""
    count = rng.randint(3, 4)
    for i in rng.sample(range(count), count):
        x = (i + rng.uniform(0.3, 0.7)) / count
        h = rng.uniform(0.24, 0.42)
        w = h * rng.uniform(0.75, 0.95)
        shade = jitter(rock, rng, 8)
        canvas.polygon([(x - w, base), (x, base - h), (x + w, base)], shade)
        canvas.polygon([(x, base - h), (x + w, base), (x + w * 0.2, base)], mix(shade, (20, 24, 40), 0.22))
        k = 0.34
        canvas.polygon(
            [
                (x - w * k, base - h * (1 - k)),
                (x, base - h),
                (x + w * k, base - h * (1 - k)),
                (x + w * 0.14, base - h * 0.74),
                (x, base - h * 0.6),
                (x - w * 0.14, base - h * 0.74),
            ],
            cap,
        )


def conifer(canvas: Canvas, x: float, base: float, height: float, *, fill: RGB, trunk: RGB) -> None:
    """Draw one fir of three tiers standing on ``base``."""
    canvas.box(x - height * 0.04, base - height * 0.16, x + height * 0.04, base, trunk)
    for tier in range(3):
        bottom = base - height * (0.12 + 0.24 * tier)
        half = height * (0.28 - 0.06 * tier)
        canvas.polygon([(x - half, bottom), (x, bottom - height * 0.42), (x + half, bottom)], fill)


def _water(canvas: Canvas, light: Light, rng: random.Random, *, top: float, bottom: float, body: RGB) -> None:
    near = tint(body, light.ground)
    far = mix(near, light.sky[2], 0.5)
    canvas.gradient(top, bottom, (far, near))
    for _ in range(rng.randint(8, 14)):
        y = rng.uniform(top + 0.02, bottom)
        x, half = rng.random(), rng.uniform(0.03, 0.09) * (0.5 + y - top)
        canvas.line([(x - half, y), (x + half, y)], 0.006, mix(near, light.sky[2], 0.45))


def sea(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """Open water to the horizon."""
    horizon = rng.uniform(0.5, 0.6)
    _water(canvas, light, rng, top=horizon, bottom=1.0, body=jitter((28, 104, 170), rng))
    return horizon + 0.2


def lake(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """Still water below wooded hills, with their reflection."""
    shore = rng.uniform(0.54, 0.6)
    hill = tint(jitter((74, 122, 92), rng), light.ground)
    ridge(
        canvas, rng, base=shore, height=rng.uniform(0.14, 0.22), bumps=0.8, fill=mix(hill, light.sky[2], 0.35)
    )
    ridge(canvas, rng, base=shore, height=0.08, bumps=1.6, fill=hill)
    _water(canvas, light, rng, top=shore, bottom=1.0, body=jitter((60, 140, 178), rng))
    canvas.gradient(shore, shore + 0.06, (mix(hill, (10, 20, 30), 0.2), mix(hill, light.sky[2], 0.4)))
    bank = tint(jitter((92, 150, 70), rng), light.ground)
    ridge(canvas, rng, base=1.02, height=0.1, bumps=0.5, fill=bank)
    return shore + 0.2


def beach(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """A strip of sea, foam and a wide foreground of sand."""
    horizon = rng.uniform(0.46, 0.54)
    _water(canvas, light, rng, top=horizon, bottom=0.78, body=jitter((40, 160, 190), rng))
    sand = tint(jitter((240, 214, 150), rng), light.ground)
    foam = tint((250, 250, 246), light.subject)
    ridge(canvas, rng, base=0.75, height=0.04, bumps=0.5, fill=foam)
    ridge(canvas, rng, base=0.785, height=0.04, bumps=0.5, fill=sand)
    if rng.random() < 0.6:
        palm(canvas, rng.choice((0.12, 0.86)) + rng.uniform(-0.04, 0.04), 0.9, 0.5, light)
    return 0.88


def palm(canvas: Canvas, x: float, base: float, height: float, light: Light) -> None:
    """Draw one leaning palm."""
    lean = 0.08 if x < 0.5 else -0.08
    top = (x + lean, base - height)
    canvas.line(
        [(x, base), (x + lean * 0.4, base - height * 0.5), top], 0.022, tint((122, 88, 56), light.ground)
    )
    leaf = tint((50, 130, 60), light.ground)
    for angle in (-2.9, -2.3, -1.5, -0.8, -0.25, 0.35, 2.8):
        dx, dy = math.cos(angle) * 0.15, math.sin(angle) * 0.1
        canvas.polygon(
            [top, (top[0] + dx * 0.5, top[1] + dy * 0.6 - 0.04), (top[0] + dx, top[1] + dy + 0.035)], leaf
        )


def mountains(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """Snow-capped peaks behind a green foreground."""
    base = rng.uniform(0.66, 0.72)
    rock = mix(tint(jitter((116, 122, 142), rng), light.ground), light.sky[2], 0.12)
    peaks(canvas, rng, base=base, rock=rock, cap=tint((250, 250, 255), light.subject))
    green = tint(jitter((86, 146, 82), rng), light.ground)
    ridge(canvas, rng, base=base + 0.06, height=0.1, bumps=0.7, fill=mix(green, light.sky[2], 0.15))
    ridge(canvas, rng, base=0.88, height=0.08, bumps=0.5, fill=green)
    return 0.9


def forest(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """Three rows of firs, paler with distance, around a clearing."""
    floor = tint(jitter((82, 124, 58), rng), light.ground)
    trunk = tint((86, 60, 40), light.ground)
    canvas.box(0, 0.66, 1, 1, floor)
    for row, (base, height, count) in enumerate(((0.68, 0.36, 9), (0.76, 0.46, 7), (0.86, 0.58, 6))):
        needle = tint(jitter((40, 104, 62), rng, 8), light.ground)
        fill = mix(needle, light.sky[2], (0.4, 0.18, 0.0)[row])
        for i in range(count):
            x = (i + rng.uniform(0.2, 0.8)) / count
            if row == 2 and 0.24 < x < 0.76:  # the clearing keeps a subject in sight
                continue
            conifer(
                canvas,
                x,
                base + rng.uniform(-0.01, 0.02),
                height * rng.uniform(0.8, 1.05),
                fill=fill,
                trunk=trunk,
            )
    return 0.9


def desert(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """Dunes, each with a lit and a shaded flank."""
    sand = tint(jitter((232, 184, 108), rng), light.ground)
    ridge(canvas, rng, base=0.64, height=0.12, bumps=0.6, fill=mix(sand, light.sky[2], 0.35))
    ridge(canvas, rng, base=0.76, height=0.14, bumps=0.5, fill=mix(sand, (120, 60, 30), 0.18))
    ridge(canvas, rng, base=0.92, height=0.14, bumps=0.4, fill=sand)
    return 0.9


def hills(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """Rolling green hills in three layers."""
    green = jitter((104, 176, 76), rng)
    for base, height, share in ((0.66, 0.16, 0.4), (0.78, 0.16, 0.18), (0.94, 0.16, 0.0)):
        fill = mix(tint(jitter(green, rng, 8), light.ground), light.sky[2], share)
        ridge(canvas, rng, base=base, height=height, bumps=0.45, fill=fill)
    return 0.9


def meadow(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """A flat field with flowers, larger towards the viewer."""
    green = tint(jitter((112, 178, 74), rng), light.ground)
    ridge(
        canvas,
        rng,
        base=0.66,
        height=0.08,
        bumps=1.4,
        fill=mix(tint((60, 120, 70), light.ground), light.sky[2], 0.3),
    )
    canvas.gradient(0.64, 1.0, (mix(green, light.sky[2], 0.15), green))
    petals = [
        tint(c, light.subject) for c in ((236, 70, 70), (250, 214, 70), (250, 250, 250), (200, 110, 210))
    ]
    for _ in range(46):
        y = 0.67 + 0.32 * rng.random() ** 0.7
        r = 0.005 + 0.016 * (y - 0.66) / 0.34
        canvas.ellipse(rng.random(), y, r, r, rng.choice(petals))
    return 0.9


def city(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """A skyline in two rows over a street; windows glow when it is dark."""
    dark = sum(light.ground) < 1.7  # dusk and night: between the two middle lights
    for row, (count, low, high, share) in enumerate(((8, 0.34, 0.56, 0.4), (6, 0.24, 0.46, 0.0))):
        width = 1 / count
        for i in range(count):
            body = tint(
                jitter(rng.choice(((120, 126, 146), (150, 132, 128), (104, 112, 136))), rng), light.ground
            )
            wall = mix(body, light.sky[2], share)
            x0, top = i * width + rng.uniform(0, 0.02), 0.82 - rng.uniform(low, high)
            x1 = x0 + width * rng.uniform(0.84, 1.0)
            canvas.box(x0, top, x1, 0.84, wall)
            if row:
                _windows(canvas, rng, (x0, top, x1), wall, dark=dark)
    canvas.box(0, 0.82, 1, 1, tint((92, 94, 104), light.ground))
    for i in range(5):
        canvas.box(i * 0.22 + 0.02, 0.925, i * 0.22 + 0.12, 0.94, tint((226, 220, 190), light.ground))
    return 0.93


def _windows(
    canvas: Canvas, rng: random.Random, wall_box: tuple[float, float, float], wall: RGB, *, dark: bool
) -> None:
    x0, top, x1 = wall_box
    lit, unlit = (255, 214, 110), mix(wall, (200, 226, 246), 0.5)
    columns, step = 3, 0.062
    y = top + 0.03
    while y < 0.79:
        for c in range(columns):
            x = x0 + (x1 - x0) * (c + 0.28) / columns
            on = dark and rng.random() < 0.65
            canvas.box(
                x,
                y,
                x + (x1 - x0) * 0.16,
                y + 0.03,
                lit if on else (mix(wall, (0, 0, 0), 0.3) if dark else unlit),
            )
        y += step


def snow(canvas: Canvas, light: Light, rng: random.Random) -> float:
    """White slopes with a few snow-laden firs."""
    white = tint((244, 248, 255), mild(light))
    ridge(canvas, rng, base=0.66, height=0.12, bumps=0.6, fill=mix(white, light.sky[1], 0.3))
    needle, trunk = tint((52, 102, 84), light.ground), tint((86, 60, 40), light.ground)
    for _ in range(rng.randint(3, 6)):
        x = rng.choice((rng.uniform(0.02, 0.3), rng.uniform(0.7, 0.98)))
        h = rng.uniform(0.2, 0.36)
        base = rng.uniform(0.7, 0.78)
        conifer(canvas, x, base, h, fill=needle, trunk=trunk)
        canvas.polygon(
            [(x - h * 0.1, base - h * 0.78), (x, base - h * 1.03), (x + h * 0.1, base - h * 0.78)], white
        )
    ridge(canvas, rng, base=0.84, height=0.12, bumps=0.45, fill=mix(white, light.sky[1], 0.1))
    ridge(canvas, rng, base=0.98, height=0.12, bumps=0.4, fill=white)
    return 0.9


def mild(light: Light) -> tuple[float, float, float]:
    """Return the factor half way between ground and subject, for snow, which stays bright at night."""
    a, b, c = ((g + s) / 2 for g, s in zip(light.ground, light.subject, strict=True))
    return a, b, c


PLACES: dict[str, Place] = {
    "sea": sea,
    "lake": lake,
    "beach": beach,
    "mountains": mountains,
    "forest": forest,
    "desert": desert,
    "hills": hills,
    "meadow": meadow,
    "city": city,
    "snow": snow,
}
