"""Attachments: shapes, alternative text, and values that decoders must not stumble over."""

import pytest

from activitypub.errors import MalformedError
from activitypub.limits import ALT_TEXT_CHARS_MAX, ATTACHMENTS_MAX
from activitypub.objects.attachment import Attachment, read_attachments
from activitypub.vocab import TRAINED_ALGORITHMIC_MEDIA

URL = "https://m.example/a.jpg"
HASH = "LKO2?U%2Tw=w]~RBVZRi};RPxuwH"


def attachment(**fields):
    return Attachment.from_json({"type": "Document", "url": URL, **fields})


@pytest.mark.parametrize("kind", ["Document", "Image", "Video", "Audio"])
def test_all_four_types_are_taken(kind):
    assert attachment(type=kind).type == kind


@pytest.mark.parametrize("kind", [None, "Link", "PropertyValue", 5, []])
def test_other_types_are_refused(kind):
    with pytest.raises(MalformedError, match="type"):
        attachment(type=kind)


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        (URL, None),
        ({"type": "Link", "href": URL, "mediaType": "image/jpeg"}, "image/jpeg"),
        ([{"type": "Link", "href": URL, "mediaType": "image/jpeg"}], "image/jpeg"),
        ([None, 5, URL], None),
    ],
)
def test_the_address_is_found_in_every_shape(url, media_type):
    found = attachment(url=url)
    assert found.url == URL
    assert found.media_type == media_type


@pytest.mark.parametrize("url", [None, 5, "", "javascript:alert(1)", "data:image/png;base64,x", [], {}])
def test_without_an_http_address_it_is_refused(url):
    with pytest.raises(MalformedError, match="url"):
        attachment(url=url)


def test_href_stands_in_for_url():
    assert Attachment.from_json({"type": "Image", "href": URL}).url == URL


def test_the_attachments_own_media_type_wins():
    found = attachment(url={"href": URL, "mediaType": "image/png"}, mediaType="Image/JPEG")
    assert found.media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "N"}, "N"),
        ({"summary": "S"}, "S"),
        ({"name": "N", "summary": "S"}, "S"),
        ({"name": "N", "summary": ""}, "N"),
        ({"name": "N", "summary": None}, "N"),
        ({"nameMap": {"de": "Fuchs"}}, "Fuchs"),
        ({"name": ""}, ""),
        ({"name": 5}, None),
        ({}, None),
    ],
)
def test_alternative_text_from_either_field(fields, expected):
    assert attachment(**fields).alt == expected


def test_alternative_text_is_written_twice_and_cut():
    doc = attachment(name="n" * 20_000).to_json()
    assert doc["name"] == doc["summary"] == "n" * ALT_TEXT_CHARS_MAX


def test_no_alternative_text_is_written_as_nothing():
    assert attachment().to_json() == {"type": "Document", "url": URL}


@pytest.mark.parametrize("value", [HASH, "00000j", "e" + "0" * 53])
def test_good_blurhashes_are_kept(value):
    assert attachment(blurhash=value).blurhash == value


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "00000",  # shorter than one component
        HASH[:-1],  # does not fit its own component count
        HASH + "xx",
        HASH.replace("U", '"'),  # outside the alphabet
        "é" + HASH[1:],
        "5" + "0" * 15,  # six components across
        "~" + "0" * 165,
        "|" + "0" * 163,  # nine by nine
    ],
)
def test_bad_blurhashes_are_dropped(value):
    assert attachment(blurhash=value).blurhash is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([0.0, 0.25], (0.0, 0.25)),
        ([0, 1], (0.0, 1.0)),
        ([-7, 10**400], (-1.0, 1.0)),
        ({"@list": [0.5, 0.5]}, (0.5, 0.5)),
        ([0.5], None),
        ([0.5, 0.5, 0.5], None),
        ([float("nan"), 0], None),
        (["0", "0"], None),
        ([True, False], None),
        ("0,0", None),
        (None, None),
    ],
)
def test_focal_points_are_clamped(value, expected):
    assert attachment(focalPoint=value).focal_point == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1536, 1536),
        (1536.0, 1536),
        (0, None),
        (-5, None),
        (70_000, None),
        ("1536", None),
        (None, None),
        (1.5, None),
    ],
)
def test_sizes_are_whole_and_believable(value, expected):
    found = attachment(width=value, height=value)
    assert found.width == found.height == expected


def test_the_source_type_is_kept():
    assert (
        attachment(digitalSourceType=TRAINED_ALGORITHMIC_MEDIA).digital_source_type
        == TRAINED_ALGORITHMIC_MEDIA
    )


def test_a_field_of_attachments_is_bounded():
    assert len(read_attachments([{"type": "Image", "url": URL}] * 100)) == ATTACHMENTS_MAX
