"""Visibility and addresses are two forms of one thing."""

import pytest

from activitypub.addressing import Audience, Visibility, address, recipients, visibility_of
from activitypub.vocab import PUBLIC

FOLLOWERS = "https://ai.example/users/alice/followers"
BOB = "https://m.example/users/bob"
EVE = "https://m.example/users/eve"


@pytest.mark.parametrize(
    ("visibility", "expected"),
    [
        (Visibility.PUBLIC, Audience(to=(PUBLIC,), cc=(FOLLOWERS, BOB))),
        (Visibility.UNLISTED, Audience(to=(FOLLOWERS,), cc=(PUBLIC, BOB))),
        (Visibility.PRIVATE, Audience(to=(FOLLOWERS,), cc=(BOB,))),
        (Visibility.DIRECT, Audience(to=(BOB,))),
    ],
)
def test_each_visibility_has_its_addresses(visibility, expected):
    assert address(visibility, followers=FOLLOWERS, mentions=[BOB, BOB]) == expected


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("mentions", [(), (BOB,), (BOB, EVE)])
def test_addressing_and_reading_back_agree(visibility, mentions):
    audience = address(visibility, followers=FOLLOWERS, mentions=mentions)
    assert visibility_of(audience.to, audience.cc, followers=FOLLOWERS) is visibility


@pytest.mark.parametrize("public", [PUBLIC, "as:Public", "Public"])
def test_every_spelling_of_public_counts(public):
    assert visibility_of([public], [], followers=FOLLOWERS) is Visibility.PUBLIC
    assert visibility_of([], [public], followers=FOLLOWERS) is Visibility.UNLISTED


@pytest.mark.parametrize(
    ("to", "cc", "followers", "expected"),
    [
        ([PUBLIC], [PUBLIC], FOLLOWERS, Visibility.PUBLIC),
        ([], [FOLLOWERS], FOLLOWERS, Visibility.PRIVATE),
        ([FOLLOWERS, BOB], [], FOLLOWERS, Visibility.PRIVATE),
        ([BOB], [EVE], FOLLOWERS, Visibility.DIRECT),
        ([], [], FOLLOWERS, Visibility.DIRECT),
        # Whose followers these are is not known: the narrowest reading is the safe one.
        ([FOLLOWERS], [], None, Visibility.DIRECT),
        (["https://other.example/followers"], [], FOLLOWERS, Visibility.DIRECT),
    ],
)
def test_what_cannot_be_told_is_direct(to, cc, followers, expected):
    assert visibility_of(to, cc, followers=followers) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("as:Public", (PUBLIC,)),
        (["Public", PUBLIC, BOB], (PUBLIC, BOB)),
        ({"id": BOB}, (BOB,)),
        (None, ()),
        (7, ()),
    ],
)
def test_recipients_are_read_with_public_in_full(value, expected):
    assert recipients(value) == expected


def test_recipients_are_bounded():
    assert len(recipients([f"{BOB}/{number}" for number in range(5000)])) == 1000


def test_visibilities_are_the_words_of_the_client_api():
    assert [str(entry) for entry in Visibility] == ["public", "unlisted", "private", "direct"]
