import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from media.training.palette import LIGHTS, PAINTS, mix, tint
from media.training.places import PLACES
from media.training.scenes import NATIVE_PX, PLACE_WEIGHTS, Scene, draw, sample, stream
from media.training.subjects import SUBJECTS


def scene(**values: Any) -> Scene:
    usual: dict[str, Any] = {
        "time": "day",
        "place": "sea",
        "weather": "clear",
        "subject": None,
        "paint": None,
        "orb": False,
    }
    return Scene(**{**usual, **values})


def pixels(shown: Scene, seed: int = 1) -> np.ndarray:
    return np.asarray(draw(shown, random.Random(seed))).astype(int)


def near(picture: np.ndarray, colour: tuple[int, int, int], distance: int = 40) -> int:
    """Count the pixels of about this colour."""
    return int((np.abs(picture - np.array(colour)).max(axis=-1) < distance).sum())


def test_one_seed_always_gives_the_same_scenes_and_pixels() -> None:
    first, second = stream(5), stream(5)
    for _ in range(20):
        (scene_a, rng_a), (scene_b, rng_b) = next(first), next(second)
        assert scene_a == scene_b
        assert draw(scene_a, rng_a).tobytes() == draw(scene_b, rng_b).tobytes()


def test_another_seed_gives_other_scenes() -> None:
    first, second = stream(5), stream(6)
    assert [next(first)[0] for _ in range(10)] != [next(second)[0] for _ in range(10)]


def test_a_drawing_is_rgb_of_the_asked_size() -> None:
    assert draw(scene(), random.Random(1)).size == (NATIVE_PX, NATIVE_PX)
    assert draw(scene(), random.Random(1), size_px=64).size == (64, 64)
    assert draw(scene(), random.Random(1)).mode == "RGB"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("time", LIGHTS)
def test_every_place_can_be_drawn_at_every_time(place: str, time: str) -> None:
    assert pixels(scene(place=place, time=time)).std() > 5


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_changes_the_picture_where_it_stands(subject: str) -> None:
    place, paint = SUBJECTS[subject].places[0], SUBJECTS[subject].paints[0]
    bare = pixels(scene(place=place))
    shown = pixels(scene(place=place, subject=subject, paint=paint))
    assert (np.abs(bare - shown).max(axis=-1) > 30).mean() > 0.01


@pytest.mark.parametrize("paint", SUBJECTS["boat"].paints)
def test_a_boat_has_the_colour_that_its_caption_names(paint: str) -> None:
    picture = pixels(scene(subject="boat", paint=paint))
    bare = pixels(scene())
    wanted = tint(PAINTS[paint], LIGHTS["day"].subject)
    assert near(picture, wanted) - near(bare, wanted) > 150


def test_sunset_is_warmer_than_day_and_night_is_darker() -> None:
    warmth = {t: (pixels(scene(time=t))[..., 0] - pixels(scene(time=t))[..., 2]).mean() for t in LIGHTS}
    light = {t: pixels(scene(time=t)).mean() for t in LIGHTS}
    assert warmth["sunset"] == max(warmth.values())
    assert light["night"] == min(light.values())


def test_fog_takes_contrast_away() -> None:
    assert pixels(scene(place="city", weather="fog")).std() < pixels(scene(place="city")).std()


def test_the_water_shows_the_sun_below_the_sun() -> None:
    below = slice(int(0.65 * NATIVE_PX), None)
    glitter = mix(LIGHTS["sunset"].glow, LIGHTS["sunset"].sky[1], 0.25)
    shining, dry = (pixels(scene(time="sunset", orb=orb))[below] for orb in (True, False))
    assert near(shining[:, NATIVE_PX // 4 : 3 * NATIVE_PX // 4], glitter) > 100
    assert near(shining[:, : NATIVE_PX // 4], glitter) == near(dry, glitter) == 0


def test_samples_keep_to_what_makes_sense() -> None:
    drawn = [sample(random.Random(i)) for i in range(2000)]
    assert all(s.place in SUBJECTS[s.subject].places for s in drawn if s.subject)
    assert all(s.paint in SUBJECTS[s.subject].paints for s in drawn if s.subject)
    assert all(s.time == "day" for s in drawn if s.weather == "rainbow")
    assert not any(s.weather == "snowfall" and s.place == "desert" for s in drawn)
    assert len(Counter(s.subject for s in drawn)) == len(SUBJECTS) + 1


def test_every_place_has_a_weight_and_every_colour_a_meaning() -> None:
    assert len(PLACE_WEIGHTS) == len(PLACES)
    for subject in SUBJECTS.values():
        assert set(subject.paints) <= set(PAINTS)
        assert set(subject.places) <= set(PLACES)
