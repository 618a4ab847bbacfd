"""Captioned scenes: choose what a picture shows, draw it, and say it.

A ``Scene`` is data; ``sample`` chooses one, ``draw`` paints it, ``captions.caption`` puts it in words.
All three take an explicit ``random.Random``, so that one seed always gives the same picture and the
same words. The drawings are the whole training set: nothing is downloaded.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from media.training.palette import LIGHTS, PAINTS, Canvas, Light, jitter, mix, tint
from media.training.places import PLACES
from media.training.subjects import SUBJECTS, Spot

NATIVE_PX = 128

TIMES = tuple(LIGHTS)
WEATHERS = ("clear", "cloudy", "rain", "snowfall", "fog", "storm", "rainbow")
# Clear skies are the rule; the rest only has to be seen often enough to be learned.
WEATHER_WEIGHTS = (58, 14, 7, 5, 9, 4, 3)
TIME_WEIGHTS = (28, 14, 24, 12, 22)
PLACE_WEIGHTS = (18, 9, 9, 12, 10, 8, 10, 7, 12, 10)
SUBJECT_SHARE = 0.62
NIGHT_SKY_FACTOR = 0.55
# Where sun or moon stands, in units of the width: fixed per time so that the reflection lies below it.
ORB_X = {"day": 0.76, "dawn": 0.3, "sunset": 0.5, "dusk": 0.68, "night": 0.72}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What one picture shows.

    Attributes:
        time: a key of ``palette.LIGHTS``.
        place: a key of ``places.PLACES``.
        weather: one of ``WEATHERS``.
        subject: a key of ``subjects.SUBJECTS`` or None for a bare landscape.
        paint: a key of ``palette.PAINTS`` when there is a subject.
        orb: whether the sun (or the moon at night) is in the sky.
    """

    time: str
    place: str
    weather: str
    subject: str | None
    paint: str | None
    orb: bool


def sample(rng: random.Random) -> Scene:
    """Choose a scene at random, keeping to combinations that make sense."""
    time = rng.choices(TIMES, TIME_WEIGHTS)[0]
    weather = rng.choices(WEATHERS, WEATHER_WEIGHTS)[0]
    place = rng.choices(tuple(PLACES), PLACE_WEIGHTS)[0]
    subject = paint = None
    if rng.random() < SUBJECT_SHARE:
        subject = rng.choices(tuple(SUBJECTS), [s.weight for s in SUBJECTS.values()])[0]
        chosen = SUBJECTS[subject]
        # The first place and the first colour are the usual ones: seen more often than the rest.
        place = chosen.places[0] if rng.random() < 0.3 else rng.choice(chosen.places)
        paint = chosen.paints[0] if rng.random() < 0.25 else rng.choice(chosen.paints)
    if weather == "rainbow" and time != "day":
        weather = "clear"
    if weather == "snowfall" and place in {"desert", "beach", "sea"}:
        weather = "clear"
    orb = weather in {"clear", "cloudy"} and rng.random() < (0.75 if time in {"sunset", "night"} else 0.45)
    return Scene(time=time, place=place, weather=weather, subject=subject, paint=paint, orb=orb)


def draw(scene: Scene, rng: random.Random, size_px: int = NATIVE_PX) -> Image.Image:
    """Paint a scene as an RGB image of ``size_px`` squared.

    Args:
        scene: what to show.
        rng: decides everything that the scene leaves open.
        size_px: side of the result.
    """
    light = _under(LIGHTS[scene.time], scene.weather)
    canvas = Canvas(size_px)
    _sky(canvas, scene, light, rng)
    ground = PLACES[scene.place](canvas, light, rng)
    if scene.orb and scene.place in {"sea", "lake", "beach"}:
        _glitter(canvas, light, ORB_X[scene.time], rng)
    if scene.weather == "fog":
        canvas.wash(mix(light.sky[2], light.sky[1], 0.3), 0.5)
    if scene.subject is not None and scene.paint is not None:
        _subject(canvas, scene, light, ground, rng)
    _weather_front(canvas, scene, light, rng)
    return canvas.finish()


def _under(light: Light, weather: str) -> Light:
    """Return the light as this weather changes it."""
    greys = {"cloudy": 0.12, "rain": 0.5, "snowfall": 0.35, "fog": 0.45, "storm": 0.7}
    share = greys.get(weather, 0.0)
    if not share:
        return light
    brightness = sum(light.sky[1]) / 765 * (0.5 if weather == "storm" else 0.85)
    grey = round(255 * brightness)
    top, mid, low = (mix(c, (grey, grey, min(255, grey + 8)), share) for c in light.sky)
    dim = 0.66 if weather == "storm" else 1 - 0.25 * share
    r, g, b = (f * dim for f in light.ground)
    return Light(sky=(top, mid, low), ground=(r, g, b), subject=light.subject, glow=light.glow)


def _sky(canvas: Canvas, scene: Scene, light: Light, rng: random.Random) -> None:
    top, mid, low = (jitter(c, rng, 7) for c in light.sky)
    canvas.gradient(0.0, 0.7, (top, mid, low))
    canvas.box(0, 0.69, 1, 1, low)
    if scene.time == "night" and scene.weather in {"clear", "cloudy"}:
        for _ in range(34):
            r = rng.choice((0.004, 0.005, 0.008))
            canvas.ellipse(rng.random(), 0.6 * rng.random(), r, r, (250, 248, 226))
    if scene.orb:
        _orb(canvas, scene, light, rng)
    if scene.weather == "rainbow":
        _rainbow(canvas, rng)
    if scene.weather in {"cloudy", "storm", "rain", "snowfall"}:
        _clouds(canvas, scene, light, rng)
    if scene.weather == "storm":
        x = rng.uniform(0.2, 0.8)
        bolt = [(x, 0.1), (x - 0.05, 0.26), (x + 0.03, 0.28), (x - 0.05, 0.5)]
        canvas.line(bolt, 0.016, (255, 250, 200))


def _orb(canvas: Canvas, scene: Scene, light: Light, rng: random.Random) -> None:
    x = ORB_X[scene.time] + rng.uniform(-0.03, 0.03)
    low = scene.time in {"sunset", "dawn"}
    y = rng.uniform(0.4, 0.47) if low else rng.uniform(0.14, 0.22)
    r = 0.1 if scene.time == "sunset" else 0.08
    canvas.halo(x, y, r * 2.6, light.glow, 0.6 if scene.time != "night" else 0.35)
    canvas.ellipse(x, y, r, r, light.glow)
    if scene.time in {"night", "dusk"}:
        for dx, dy, k in ((-0.03, -0.02, 0.016), (0.025, 0.03, 0.02), (0.03, -0.035, 0.012)):
            canvas.ellipse(x + dx, y + dy, k, k, mix(light.glow, (120, 120, 120), 0.3))


def _glitter(canvas: Canvas, light: Light, x: float, rng: random.Random) -> None:
    """Lay the orb's broken reflection on the water."""
    y = 0.6
    while y < 0.97:
        half = rng.uniform(0.02, 0.06) + 0.08 * (y - 0.55)
        dx = rng.uniform(-0.02, 0.02)
        canvas.line([(x + dx - half, y), (x + dx + half, y)], 0.012, mix(light.glow, light.sky[1], 0.25))
        y += 0.034


def _rainbow(canvas: Canvas, rng: random.Random) -> None:
    x = rng.uniform(0.4, 0.6)
    bands = ("red", "orange", "yellow", "green", "blue", "purple")
    for i, name in enumerate(bands):
        r = 0.46 - 0.028 * i
        s = canvas.side_px
        canvas.draw.arc(
            ((x - r) * s, (0.62 - r) * s, (x + r) * s, (0.62 + r) * s),
            180,
            360,
            fill=PAINTS[name],
            width=round(0.03 * s),
        )


def _clouds(canvas: Canvas, scene: Scene, light: Light, rng: random.Random) -> None:
    base = (250, 250, 252) if scene.weather == "cloudy" else (120, 124, 136)
    if scene.weather == "storm":
        base = (64, 66, 80)
    colour = mix(tint(base, light.subject), light.sky[1], 0.25)
    if scene.time == "night":
        colour = tint(colour, (NIGHT_SKY_FACTOR,) * 3)
    for _ in range(4 if scene.weather == "cloudy" else 8):
        x, y, r = rng.random(), rng.uniform(0.06, 0.3), rng.uniform(0.05, 0.08)
        for dx, dy, k in ((-1.4, 0.3, 0.7), (-0.5, -0.2, 1.0), (0.6, 0.0, 0.9), (1.5, 0.35, 0.6)):
            canvas.ellipse(x + dx * r, y + dy * r, k * r * 1.25, k * r * 0.85, colour)


def _subject(canvas: Canvas, scene: Scene, light: Light, ground: float, rng: random.Random) -> None:
    assert scene.subject is not None
    assert scene.paint is not None
    subject = SUBJECTS[scene.subject]
    size = rng.uniform(*subject.size)
    y = ground + rng.uniform(-0.02, 0.03)
    if subject.flies:
        y = rng.uniform(0.12, 0.2) + size
    paint = jitter(PAINTS[scene.paint], rng, 8)
    spot = Spot(
        x=rng.uniform(0.38, 0.62),
        y=y,
        size=size,
        light=light,
        paint=tint(paint, light.subject),
        flip=rng.choice((-1, 1)),
        dark=scene.time in {"dusk", "night"},
    )
    subject.draw(canvas, spot, rng)
    if scene.weather == "fog":
        canvas.wash(mix(light.sky[2], light.sky[1], 0.3), 0.18)


def _weather_front(canvas: Canvas, scene: Scene, light: Light, rng: random.Random) -> None:
    """Draw what falls in front of everything."""
    if scene.weather in {"rain", "storm"}:
        streak = mix(light.sky[2], (220, 232, 250), 0.5)
        for _ in range(60):
            x, y = rng.random(), rng.random()
            canvas.line([(x, y), (x - 0.02, y + 0.07)], 0.005, streak)
    if scene.weather == "snowfall":
        flake = tint((255, 255, 255), light.subject)
        for _ in range(70):
            r = rng.choice((0.006, 0.008, 0.011))
            canvas.ellipse(rng.random(), rng.random(), r, r, flake)


def stream(seed: int) -> Iterator[tuple[Scene, random.Random]]:
    """Yield scenes for ever, each with the generator that draws and captions it."""
    index = 0
    while True:
        rng = random.Random(f"{seed}/{index}")
        yield sample(rng), rng
        index += 1
