"""Every field with every odd value: the document is refused or the field dropped, and nothing else happens.

Wrong-typed actor documents took whole servers down (Mastodon GHSA-gg8q-rcg7-p79g).
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub.errors import ActivityPubError, MalformedError
from activitypub.objects.actor import Actor
from activitypub.objects.attachment import Attachment
from activitypub.objects.collection import Collection, CollectionPage
from activitypub.objects.note import Note
from activitypub.objects.question import Poll
from activitypub.objects.tombstone import Tombstone

pytestmark = pytest.mark.slow  # thousands of shapes

SHAPES = Path(__file__).parents[2] / "data" / "wire-shapes"
ACTOR = json.loads((SHAPES / "actor-service.json").read_text("utf-8"))
NOTE = json.loads((SHAPES / "create-note-image-unlisted.json").read_text("utf-8"))["object"]
QUESTION = json.loads((SHAPES / "question-inbound.json").read_text("utf-8"))

ACTOR_FIELDS = sorted(
    ACTOR.keys()
    | {"authentication", "endpoints", "memorial", "movedTo", "nameMap", "summaryMap", "suspended"}
)
NOTE_FIELDS = sorted(
    NOTE.keys()
    | {
        "actor",
        "generator",
        "name",
        "nameMap",
        "quote",
        "quoteAuthorization",
        "quoteUri",
        "summaryMap",
        "updated",
    }
)

IRI = "https://evil.example/x"
ODD = [
    None, True, False, 0, 1, -1, 2**31, 2**63, 10**400, 0.5, -0.0, 1e308, float("inf"), float("-inf"), float("nan"),
    "", " ", "x", "\x00", "\n", "null", "true", "1", "\u202eabc", "👩\u200d🚀", "x" * 300_000, "https://", "https://[::1",
    "https://a..b/", "javascript:alert(1)", "acct:a@b.example", IRI, "as:Public", "2026-99-99T00:00:00Z",
    "9999-12-31T23:59:59-23:59", [], [None], [[]], [[[]]], [IRI, 5, {}], ["x"] * 5000, {}, {"id": None}, {"id": IRI},
    {"type": "Note", "id": {"id": IRI}}, {"@value": 5}, {"en": 5, "de": ["x"]}, {"href": [], "url": {}, "name": {"a": {}}},
    [{"type": "Mention"}, {"type": ["Emoji"], "icon": [], "name": ":x:"}, {"type": "PropertyValue", "name": [], "value": {}}],
]  # fmt: skip


def assert_stays_the_same(cls, doc):
    """What was made of it is well formed: it can be written, and reads back to the same document."""
    try:
        first = cls.from_json(doc)
    except MalformedError:
        return
    written = first.to_json()
    json.dumps(written, allow_nan=False).encode("utf-8")
    assert cls.from_json(written).to_json() == written


@pytest.mark.parametrize("field", ACTOR_FIELDS)
def test_an_actor_with_one_odd_field_is_refused_or_read_without_it(field):
    assert len(ODD) >= 46
    for odd in ODD:
        assert_stays_the_same(Actor, {**ACTOR, field: odd})


@pytest.mark.parametrize("field", NOTE_FIELDS)
def test_a_note_with_one_odd_field_is_refused_or_read_without_it(field):
    for odd in ODD:
        assert_stays_the_same(Note, {**NOTE, field: odd})


def test_at_least_33_fields_of_an_actor_are_tried():
    assert len(ACTOR_FIELDS) >= 33


@pytest.mark.parametrize(
    "field", [name for name in ACTOR_FIELDS if name not in {"id", "type", "inbox", "preferredUsername"}]
)
def test_an_odd_optional_field_never_costs_the_actor(field):
    for odd in ODD:
        assert Actor.from_json({**ACTOR, field: odd}).id == ACTOR["id"]


@pytest.mark.parametrize(
    "field", [name for name in NOTE_FIELDS if name not in {"id", "type", "attributedTo"}]
)
def test_an_odd_optional_field_never_costs_the_note(field):
    for odd in ODD:
        assert Note.from_json({**NOTE, field: odd}).id == NOTE["id"]


@pytest.mark.parametrize("inner", sorted(NOTE["attachment"][0].keys()))
def test_an_attachment_with_one_odd_field_never_costs_the_note(inner):
    for odd in ODD:
        assert_stays_the_same(Note, {**NOTE, "attachment": [{**NOTE["attachment"][0], inner: odd}]})


@pytest.mark.parametrize("field", ["oneOf", "anyOf", "endTime", "closed", "votersCount"])
def test_a_question_with_one_odd_field_is_read(field):
    for odd in ODD:
        assert Note.from_json({**QUESTION, field: odd}).id == QUESTION["id"]
        assert_stays_the_same(Note, {**QUESTION, field: odd})


@pytest.mark.parametrize("field", ["type", "name", "nameMap", "replies", "totalItems"])
def test_an_option_with_one_odd_field_never_costs_the_question(field):
    option = QUESTION["oneOf"][0]
    for odd in ODD:
        changed = {**option, "replies": {field: odd}} if field == "totalItems" else {**option, field: odd}
        assert_stays_the_same(Note, {**QUESTION, "oneOf": [changed]})


@pytest.mark.parametrize("outer", ["publicKey", "assertionMethod", "icon", "attachment", "tag", "generator"])
def test_an_inner_object_with_one_odd_field_never_costs_the_actor(outer):
    whole = ACTOR[outer]
    inner = whole[0] if isinstance(whole, list) else whole
    for field in inner:
        for odd in ODD:
            assert_stays_the_same(Actor, {**ACTOR, outer: [{**inner, field: odd}]})


WORDS = st.sampled_from(
    [
        *ACTOR_FIELDS, *NOTE_FIELDS, "href", "mediaType", "value", "owner", "publicKeyPem", "items", "orderedItems",
        "first", "blurhash", "focalPoint", "icon", "rel", "totalItems", "formerType", "deleted", "automaticApproval",
        "oneOf", "anyOf", "closed", "endTime", "votersCount",
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    [
        *sorted(
            {"Note", "Person", "Emoji", "Mention", "Image", "Collection", "CollectionPage", "Question", IRI}
        )
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | VALUES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("cls", [Actor, Note, Attachment, Collection, CollectionPage, Poll, Tombstone])
@given(value=JSON)
def test_any_json_is_read_or_refused_and_never_anything_else(cls, value):
    try:
        cls.from_json(value)
    except ActivityPubError:
        return


@pytest.mark.parametrize(
    ("cls", "base"), [(Actor, ACTOR), (Note, NOTE), (Note, QUESTION)], ids=["actor", "note", "question"]
)
@given(fields=st.dictionaries(WORDS, JSON, max_size=8))
def test_any_mixture_of_good_and_odd_fields_is_read_or_refused(cls, base, fields):
    assert_stays_the_same(cls, {**base, **fields})
