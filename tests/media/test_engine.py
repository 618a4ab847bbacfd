from dataclasses import asdict, replace

import pytest

from media.engine import EngineInfo, Picture
from media.errors import EngineError

INFO = EngineInfo(
    model="m", model_digest="sha256:0", native_size_px=64, default_steps=3, default_guidance=2.5
)
PICTURE = Picture(
    rgb=bytes(2 * 3 * 3),
    width_px=2,
    height_px=3,
    model="m",
    model_digest="sha256:0",
    revision="r",
    seed=1,
    steps=4,
    guidance=1.5,
    versions={"torch": "2"},
    unknown_words=("dragon",),
)


def test_info_survives_json() -> None:
    assert EngineInfo.from_json(asdict(INFO)) == INFO


def test_whole_number_is_taken_where_a_fraction_may_stand() -> None:
    assert EngineInfo.from_json({**asdict(INFO), "default_guidance": 2}).default_guidance == 2


@pytest.mark.parametrize(
    "change",
    [{"model": 1}, {"default_steps": "3"}, {"default_steps": True}, {"default_guidance": None}, {"extra": 1}],
)
def test_info_with_a_wrong_value_is_refused(change: dict) -> None:
    with pytest.raises(EngineError):
        EngineInfo.from_json({**asdict(INFO), **change})


def test_picture_survives_the_pipe() -> None:
    assert Picture.from_parts(PICTURE.facts(), PICTURE.rgb) == PICTURE


@pytest.mark.parametrize("rgb", [b"", bytes(17), bytes(19)])
def test_pixels_that_do_not_fit_the_size_are_refused(rgb: bytes) -> None:
    with pytest.raises(EngineError) as error:
        replace(PICTURE, rgb=rgb)
    assert "2x3" in error.value.detail


def test_picture_of_no_size_is_refused() -> None:
    with pytest.raises(EngineError):
        replace(PICTURE, rgb=b"", width_px=0)


@pytest.mark.parametrize(
    "change", [{"seed": None}, {"versions": []}, {"unknown_words": "dragon"}, {"guidance": "1"}, {"rgb2": 0}]
)
def test_picture_with_a_wrong_fact_is_refused(change: dict) -> None:
    with pytest.raises(EngineError):
        Picture.from_parts({**PICTURE.facts(), **change}, PICTURE.rgb)
