"""Stamps: every field of one is compared, because each was once forgotten somewhere."""

import pytest

from activitypub.errors import ForbiddenError, MalformedError
from activitypub.objects.authorization import Authorization

A = "https://a.example/users/alice"
POST = f"{A}/statuses/1"
QUOTE = "https://b.example/users/bob/statuses/2"
STAMP = {
    "id": f"{A}/stamps/3",
    "type": "QuoteAuthorization",
    "attributedTo": A,
    "interactingObject": QUOTE,
    "interactionTarget": POST,
}


def require(**changes):
    stamp = Authorization.from_json(STAMP | changes)
    stamp.require_allows("QuoteAuthorization", author=A, interacting=QUOTE, target=POST)


def test_a_stamp_is_read_and_written():
    stamp = Authorization.from_json(STAMP)
    assert stamp.to_json(context=False) == STAMP
    context = stamp.to_json()["@context"]
    assert {"QuoteAuthorization", "interactingObject", "interactionTarget"} <= set(context[1])


@pytest.mark.parametrize("kind", ["LikeAuthorization", "ReplyAuthorization", "AnnounceAuthorization"])
def test_gotosocials_stamps_are_defined_in_their_context(kind):
    doc = Authorization.from_json(STAMP | {"type": kind}).to_json()
    assert doc["@context"][1][kind] == f"gts:{kind}"


@pytest.mark.parametrize("kind", ["Like", "Reply", "Announce"])
def test_gotosocials_old_form_is_read(kind):
    old = {"id": STAMP["id"], "type": f"{kind}Approval", "attributedTo": A, "object": QUOTE, "target": POST}
    stamp = Authorization.from_json(old)
    assert stamp.type == f"{kind}Authorization"
    assert (stamp.interacting_object, stamp.interaction_target) == (QUOTE, POST)


@pytest.mark.parametrize("field", ["id", "type", "attributedTo", "interactingObject", "interactionTarget"])
@pytest.mark.parametrize("value", [None, 7, "Nonsense", "javascript:alert(1)", []])
def test_what_lacks_something_is_no_stamp(field, value):
    with pytest.raises(MalformedError):
        Authorization.from_json(STAMP | {field: value})


def test_the_right_stamp_is_good():
    require()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "LikeAuthorization"),
        ("attributedTo", "https://a.example/users/mallory"),
        ("interactingObject", "https://b.example/users/bob/statuses/9"),
        ("interactionTarget", f"{A}/statuses/9"),
    ],
)
def test_a_stamp_for_something_else_is_refused(field, value):
    with pytest.raises(ForbiddenError):
        require(**{field: value})
