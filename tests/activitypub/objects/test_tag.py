"""Tags: mentions, hashtags, emoji and links in every shape, and nothing from the unusable."""

from datetime import UTC, datetime

import pytest

from activitypub.limits import TAGS_MAX
from activitypub.objects.tag import Emoji, Hashtag, Link, Mention, read_tags

BOB = "https://m.example/users/bob"
PNG = "https://cdn.m.example/fox.png"
EMOJI = {"type": "Emoji", "name": ":fox:", "icon": {"type": "Image", "url": PNG}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            {"type": "Mention", "href": BOB, "name": "@bob@m.example"},
            Mention(href=BOB, name="@bob@m.example"),
        ),
        ({"type": "Mention", "href": BOB}, Mention(href=BOB)),
        ({"type": ["Mention"], "href": BOB}, Mention(href=BOB)),
        ({"type": "Hashtag", "name": "#Fox", "href": BOB}, Hashtag(name="#Fox", href=BOB)),
        ({"type": "Hashtag", "name": "Fox"}, Hashtag(name="#Fox")),
        ({"type": "Hashtag", "name": {"en": "#Fox"}}, Hashtag(name="#Fox")),
        (EMOJI, Emoji(shortcode="fox", icon_url=PNG)),
        ({**EMOJI, "name": "fox"}, Emoji(shortcode="fox", icon_url=PNG)),
        ({**EMOJI, "icon": PNG}, Emoji(shortcode="fox", icon_url=PNG)),
        (
            {**EMOJI, "icon": {"url": PNG, "mediaType": "image/png"}},
            Emoji(shortcode="fox", icon_url=PNG, icon_type="image/png"),
        ),
        ({**EMOJI, "icon": [{"url": PNG}]}, Emoji(shortcode="fox", icon_url=PNG)),
        (
            {**EMOJI, "id": f"{BOB}/fox", "updated": "2026-11-23T12:00:00Z"},
            Emoji(
                shortcode="fox", icon_url=PNG, id=f"{BOB}/fox", updated=datetime(2026, 11, 23, 12, tzinfo=UTC)
            ),
        ),
        ({"type": "Link", "href": BOB, "rel": "x", "name": "RE"}, Link(href=BOB, rel=("x",), name="RE")),
        (
            {
                "type": "Link",
                "href": BOB,
                "mediaType": 'application/ld+json; profile="x"',
                "rel": ["x", "y", 5],
            },
            Link(href=BOB, media_type='application/ld+json; profile="x"', rel=("x", "y")),
        ),
    ],
)
def test_each_shape_is_read_and_reads_back_equal(value, expected):
    assert read_tags([value]) == (expected,)
    assert read_tags(expected.to_json()) == (expected,)


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Mention"},
        {"type": "Mention", "href": "javascript:alert(1)"},
        {"type": "Hashtag"},
        {"type": "Hashtag", "name": "#"},
        {"type": "Hashtag", "name": "two words"},
        {"type": "Hashtag", "name": "a/b"},
        {"type": "Hashtag", "name": 5},
        {"type": "Hashtag", "name": "x" * 256},
        {"type": "Emoji", "name": ":fox:"},
        {**EMOJI, "name": ":f:"},
        {**EMOJI, "name": ":fox-red:"},
        {**EMOJI, "name": None},
        {**EMOJI, "icon": {"url": "data:image/png,x"}},
        {**EMOJI, "icon": 5},
        {"type": "Link"},
        {"type": "Link", "href": 5},
        {"type": "Place", "href": BOB},
        {"href": BOB},
        "#fox",
        5,
        None,
        [[EMOJI]],
    ],
)
def test_the_unusable_is_skipped(value):
    assert read_tags([value]) == ()


def test_a_single_tag_need_not_be_in_a_list():
    assert read_tags({"type": "Hashtag", "name": "fox"}) == (Hashtag(name="#fox"),)


def test_tags_are_bounded():
    assert len(read_tags([{"type": "Hashtag", "name": f"t{n}"} for n in range(1000)])) == TAGS_MAX


@pytest.mark.parametrize(
    ("name", "key"), [("#AIart", "aiart"), ("#\uff21\uff29", "ai"), ("#Straße", "strasse")]
)
def test_hashtags_are_compared_folded(name, key):
    assert Hashtag(name=name).key == key
