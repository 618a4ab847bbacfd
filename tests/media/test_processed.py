import dataclasses
import hashlib

import pytest

from media.errors import EngineError
from media.processed import ProcessedImage
from media.provenance import TRAINED_ALGORITHMIC_MEDIA

DATA, THUMBNAIL = b"\x89PNG\r\n\x1a\n main", b"\xff\xd8\xff small"
IMAGE = ProcessedImage(
    data=DATA,
    content_type="image/png",
    width_px=10,
    height_px=20,
    thumbnail=THUMBNAIL,
    thumbnail_type="image/jpeg",
    thumbnail_width_px=5,
    thumbnail_height_px=10,
    blurhash="L00000fQfQfQfQfQfQfQfQfQfQfQ",
    sha256=hashlib.sha256(DATA).hexdigest(),
    digital_source_type=TRAINED_ALGORITHMIC_MEDIA,
)


def test_image_survives_the_pipe() -> None:
    assert ProcessedImage.from_parts(*IMAGE.to_parts()) == IMAGE


@pytest.mark.parametrize(
    "change",
    [
        {"content_type": "text/html"},
        {"content_type": "image/svg+xml"},
        {"content_type": "image/jpeg"},
        {"thumbnail_type": "image/png"},
        {"width_px": 0},
        {"width_px": 5001},
        {"height_px": "20"},
        {"height_px": True},
        {"thumbnail_width_px": None},
        {"blurhash": "<script>alert(1)</script>"},
        {"blurhash": "L00000"[:5]},
        {"blurhash": None},
        {"sha256": "0" * 64},
        {"digital_source_type": "javascript:alert(1)"},
        {"data_bytes": 0},
        {"data_bytes": 1_000},
        {"data_bytes": "15"},
        {"data_bytes": True},
        {"surprise": 1},
    ],
)
def test_nothing_that_we_would_not_have_made_is_believed(change: dict) -> None:
    facts, body = IMAGE.to_parts()
    with pytest.raises(EngineError):
        ProcessedImage.from_parts({**facts, **change}, body)


def test_missing_fact_is_refused() -> None:
    facts, body = IMAGE.to_parts()
    for name in {field.name for field in dataclasses.fields(IMAGE)} & facts.keys() - {"digital_source_type"}:
        with pytest.raises(EngineError):
            ProcessedImage.from_parts({key: value for key, value in facts.items() if key != name}, body)


def test_picture_without_thumbnail_is_refused() -> None:
    facts, body = IMAGE.to_parts()
    with pytest.raises(EngineError):
        ProcessedImage.from_parts(facts, body[: len(DATA)])
