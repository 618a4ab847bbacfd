import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import InvalidRequestError
from media.request import (
    GUIDANCE_MAX,
    PROMPT_CHARS_MAX,
    SEED_MAX,
    SIDE_PX_MAX,
    SIDE_PX_MIN,
    STEPS_MAX,
    ImageRequest,
    normalise_prompt,
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("  a\tred \n boat  ", "a red boat"),
        ("cafe\u0301", "caf\u00e9"),
        ("a\x00b\x1b[31mc", "a b [31mc"),
        ("one\u2028two\u2029three", "one two three"),
        ("\u202eevil\u200b", "evil"),
        ("\ud800lone", "lone"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        ),
        ("", ""),
    ],
)
def test_prompt_is_one_line_of_visible_characters_in_nfc(written: str, read: str) -> None:
    assert normalise_prompt(written) == read


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise_prompt(text)
    assert normalise_prompt(once) == once
    once.encode()  # no surrogate is left


def test_enormous_prompt_is_cut_before_it_costs_anything() -> None:
    assert PROMPT_CHARS_MAX < len(normalise_prompt("a" * 10_000_000)) < 10_000


def test_both_prompts_are_normalised_on_construction() -> None:
    request = ImageRequest(prompt=" a\nb ", negative_prompt="c\x07d")
    assert (request.prompt, request.negative_prompt) == ("a b", "c d")


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"width_px": SIDE_PX_MIN, "height_px": SIDE_PX_MAX},
        {"steps": 1},
        {"steps": STEPS_MAX},
        {"guidance": 0},
        {"guidance": GUIDANCE_MAX},
        {"seed": 0},
        {"seed": SEED_MAX},
        {"model": "flux.2-klein_4b"},
        {"negative_prompt": "x" * PROMPT_CHARS_MAX},
    ],
)
def test_values_at_their_bounds_are_taken(values: dict) -> None:
    request = ImageRequest(prompt="x" * PROMPT_CHARS_MAX, **values)
    assert request.validate() is request


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"prompt": " \n "}, "the prompt is empty"),
        ({"prompt": "x" * (PROMPT_CHARS_MAX + 1)}, "prompt may have at most 1000 characters"),
        ({"negative_prompt": "x" * (PROMPT_CHARS_MAX + 1)}, "negative prompt may have at most 1000"),
        ({"width_px": 512}, "both the width and the height"),
        ({"height_px": 512}, "both the width and the height"),
        ({"width_px": 63, "height_px": 64}, "width in pixels must be a whole number from 64 to 2048"),
        ({"width_px": 64, "height_px": 2049}, "height in pixels must be a whole number from 64 to 2048"),
        ({"width_px": True, "height_px": 64}, "width"),
        ({"width_px": 512.0, "height_px": 512}, "width"),
        ({"steps": 0}, "number of steps must be a whole number from 1 to 100"),
        ({"steps": STEPS_MAX + 1}, "number of steps"),
        ({"guidance": -0.1}, "guidance must be a number from 0 to 30"),
        ({"guidance": 30.5}, "guidance"),
        ({"guidance": math.nan}, "guidance"),
        ({"guidance": math.inf}, "guidance"),
        ({"guidance": "7"}, "guidance"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295"),
        ({"seed": SEED_MAX + 1}, "seed"),
        ({"model": "../etc/passwd"}, "no model of this name"),
        ({"model": "https://host/model"}, "no model of this name"),
        ({"model": "a" * 65}, "no model of this name"),
        ({"model": "tiny\n"}, "no model of this name"),
    ],
)
def test_value_out_of_bounds_is_refused_with_the_bound(values: dict, said: str) -> None:
    with pytest.raises(InvalidRequestError, match=said):
        ImageRequest(**{"prompt": "a boat", **values}).validate()


def test_seed_is_set_once() -> None:
    request = ImageRequest(prompt="a boat").with_seed(5)
    assert request.seed == 5
    assert request.with_seed(6) is request


def test_request_is_frozen() -> None:
    request = ImageRequest(prompt="a boat")
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.steps = 4  # type: ignore[misc]  # that is the test


def test_request_survives_json() -> None:
    request = ImageRequest(
        prompt="a boat", width_px=64, height_px=128, steps=3, guidance=1.5, seed=9, model="m"
    )
    assert ImageRequest.from_json(request.to_json()) == request


def test_unknown_keys_of_another_version_are_left_out() -> None:
    assert ImageRequest.from_json({"prompt": "a boat", "upscale": 4}) == ImageRequest(prompt="a boat")


@pytest.mark.parametrize("values", [{}, {"prompt": 1}, {"prompt": "a", "model": None}, {"prompt": None}])
def test_json_without_text_where_text_belongs_is_refused(values: dict) -> None:
    with pytest.raises(InvalidRequestError):
        ImageRequest.from_json(values)
