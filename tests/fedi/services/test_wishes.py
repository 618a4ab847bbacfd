"""What people write to the generator's account, and what it takes that for."""

import pytest

from fedi.services.wishes import Place, read
from media.request import ImageRequest

SIZE = 512
ALONE = Place(size_px=SIZE)
AMONG_OTHERS = Place(size_px=SIZE, needs_order=True)
BASE = ImageRequest(prompt="a boat", negative_prompt="rain", width_px=SIZE, height_px=SIZE, seed=7, steps=9)
UNDER_A_PICTURE = Place(size_px=SIZE, based_on=BASE)


@pytest.mark.parametrize(
    ("words", "prompt"),
    [
        ("@imagine a lighthouse in fog", "a lighthouse in fog"),
        ("a lighthouse @imagine@fedi.test in fog", "a lighthouse in fog"),
        ("@imagine draw me a lighthouse", "a lighthouse"),
        ("@imagine please draw for us: a lighthouse", "a lighthouse"),
        ("@imagine\na lighthouse,\nin #fog", "a lighthouse, in fog"),
        ("@imagine a cat for @victim@far.test and @other", "a cat for and"),
        ("@imagine a cat for ＠victim＠far.test", "a cat for"),  # noqa: RUF001 - as it is typed
        ("@imagine drawing of a cat", "drawing of a cat"),
    ],
)
def test_what_is_not_a_name_is_the_prompt(words: str, prompt: str) -> None:
    wanted = read(words, ALONE)
    assert wanted is not None
    assert (wanted.prompt, wanted.seed, wanted.width_px) == (prompt, None, None)


@pytest.mark.parametrize("words", ["@imagine", "@imagine @other", "@imagine --wide", "  "])
def test_no_words_are_no_wish(words: str) -> None:
    assert read(words, ALONE) is None


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        ("--wide", {"width_px": 512, "height_px": 288}),
        ("—wide", {"width_px": 512, "height_px": 288}),
        ("--tall", {"width_px": 288, "height_px": 512}),
        ("--square", {"width_px": 512, "height_px": 512}),
        ("--seed 7 --steps 20", {"seed": 7, "steps": 20}),
        ("--seed=7", {"seed": 7}),
        ("--no people, text", {"negative_prompt": "people, text"}),
        ("--no people --no text --WIDE", {"negative_prompt": "people, text", "width_px": 512}),
        ("--steps 900", {"steps": 900}),
    ],
)
def test_hints_are_not_part_of_the_prompt(hints: str, expected: dict[str, object]) -> None:
    for words in (
        f"@imagine a boat {hints}",
        f"@imagine {hints} a boat" if "--no" not in hints else f"a boat {hints}",
    ):
        wanted = read(words, ALONE)
        assert wanted is not None
        assert wanted.prompt == "a boat"
        assert {name: getattr(wanted, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("@imagine again", {"seed": None}),
        ("@imagine@fedi.test Again, please!", {"seed": None}),
        ("wider", {"width_px": 512, "height_px": 384}),
        ("taller", {"width_px": 384, "height_px": 512}),
        ("again and wider", {"seed": None, "width_px": 512, "height_px": 384}),
        ("square", {}),
        ("no text", {"negative_prompt": "rain, text"}),
        ("without people, no text", {"negative_prompt": "rain, people, text"}),
        ("--steps 20", {"steps": 20}),
        ("again --seed 5", {"seed": 5}),
    ],
)
def test_an_answer_to_a_picture_asks_for_its_next_version(words: str, changed: dict[str, object]) -> None:
    wanted = read(words, UNDER_A_PICTURE)
    assert wanted is not None
    kept = {
        "prompt": "a boat",
        "negative_prompt": "rain",
        "seed": 7,
        "steps": 9,
        "width_px": 512,
        "height_px": 512,
    }
    assert {name: getattr(wanted, name) for name in kept} == {**kept, **changed}


def test_wider_goes_on_until_there_is_nothing_wider() -> None:
    shape, base = [], BASE
    for _ in range(4):
        wanted = read("wider", Place(size_px=SIZE, based_on=base))
        assert wanted is not None
        base = wanted
        shape.append((wanted.width_px, wanted.height_px))
    assert shape == [(512, 384), (512, 288), (512, 288), (512, 288)]


@pytest.mark.parametrize(
    "words",
    [
        "@imagine thank you!",
        "@imagine @alice how lovely",
        "I like it wider than that",
        "again and again, always",
        "",
    ],
)
@pytest.mark.parametrize("place", [UNDER_A_PICTURE, AMONG_OTHERS])
def test_talk_among_people_is_not_drawn(words: str, place: Place) -> None:
    assert read(words, place) is None


@pytest.mark.parametrize("place", [UNDER_A_PICTURE, AMONG_OTHERS])
def test_an_order_is_drawn_anywhere(place: Place) -> None:
    wanted = read("@alice @imagine draw a tree --tall", place)
    assert wanted is not None
    assert (wanted.prompt, wanted.negative_prompt, wanted.height_px) == ("a tree", "", 512)


def test_many_dashes_are_read_in_no_time() -> None:
    read("@imagine " + "--no " * 400 + "a" * 1000, ALONE)
