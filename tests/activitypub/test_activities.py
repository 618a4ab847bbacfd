"""Activities: what each requires, what each tolerates, and what stays unknown."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub import activities
from activitypub.activities import (
    PARSERS,
    Accept,
    Activity,
    Announce,
    Create,
    Delete,
    EmojiReact,
    Flag,
    Follow,
    Like,
    Move,
    QuoteRequest,
    Undo,
    Unknown,
    parse,
)
from activitypub.errors import ActivityPubError, MalformedError
from activitypub.objects.tag import Emoji
from activitypub.vocab import PUBLIC

ALICE = "https://ai.example/users/alice"
BOB = "https://m.example/users/bob"
POST = "https://m.example/users/bob/statuses/1"
NEW = "https://new.example/users/bob"
FOLLOW = {"type": "Follow", "id": f"{BOB}#follows/1", "actor": BOB, "object": ALICE}

# Whatever any type requires, so that one change at a time can be tried.
COMPLETE = {
    "id": f"{BOB}#activities/1",
    "actor": BOB,
    "object": POST,
    "target": NEW,
    "content": "🦊",
    "instrument": POST,
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just(BOB)
    | st.just("Note"),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*COMPLETE, "type", "to", "tag", "name", "href"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


def complete(kind, **changes):
    return {"type": kind, **COMPLETE, **changes}


def test_the_table_parses_every_type_of_the_union_and_no_other():
    assert {kind.__name__ for kind in get_args(Activity)} == PARSERS.keys()


@pytest.mark.parametrize("kind", PARSERS)
def test_a_complete_document_gives_the_class_of_its_type(kind):
    activity = parse(complete(kind))
    assert type(activity).__name__ == kind
    assert activity.actor == BOB
    assert activity.object_id == POST
    assert activity.object_doc is None


@pytest.mark.parametrize("kind", PARSERS)
def test_what_is_written_reads_back_equal(kind):
    doc = complete(
        kind, to=["as:Public"], object={"id": POST, "type": "Note"}, published="2026-11-23T12:00:00Z"
    )
    first = parse(doc)
    assert not isinstance(first, Unknown)
    second = parse(first.to_json())
    assert not isinstance(second, Unknown)
    assert second.to_json() == first.to_json()


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("field", ["actor", "object"])
@pytest.mark.parametrize("odd", [None, 5, "", "not an id", [], {}, [[BOB]], {"id": 5}, "as:Public", True])
def test_without_a_usable_actor_or_object_it_is_refused_by_name(kind, field, odd):
    with pytest.raises(MalformedError, match=field):
        parse(complete(kind, **{field: odd}))


@pytest.mark.parametrize("kind", PARSERS)
@pytest.mark.parametrize("field", ["actor", "object"])
def test_without_an_actor_or_object_at_all_it_is_refused_by_name(kind, field):
    doc = complete(kind)
    del doc[field]
    with pytest.raises(MalformedError, match=field):
        parse(doc)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("Move", "target"),
        ("Add", "target"),
        ("Remove", "target"),
        ("EmojiReact", "content"),
        ("QuoteRequest", "instrument"),
    ],
)
@pytest.mark.parametrize("odd", [None, "", 5, []])
def test_what_only_one_type_requires_is_refused_by_name(kind, field, odd):
    with pytest.raises(MalformedError, match=field):
        parse(complete(kind, **{field: odd}))


@pytest.mark.parametrize("actor", [BOB, {"id": BOB, "type": "Person"}, [BOB], [{"id": BOB}, ALICE]])
def test_an_actor_may_be_an_id_an_object_or_a_list(actor):
    assert parse(complete("Like", actor=actor)).actor == BOB


@pytest.mark.parametrize("identifier", [None, 5, "", "tag:x", ["https://a.example"]])
def test_an_activity_without_usable_id_is_still_read(identifier):
    accept = parse(complete("Accept", id=identifier))
    assert isinstance(accept, Accept)
    assert accept.id in (None, "https://a.example")


def test_an_embedded_object_is_kept_beside_its_id():
    note = {"id": POST, "type": "Note", "content": "hi"}
    create = parse(complete("Create", object=note))
    assert isinstance(create, Create)
    assert create.object_id == POST
    assert create.object_doc == note


def test_an_object_in_a_list_counts_if_it_is_the_first_usable_one():
    create = parse(complete("Create", object=[7, {"id": POST, "type": "Note"}, ALICE]))
    assert create.object_doc == {"id": POST, "type": "Note"}


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete", "Announce", "Like", "Follow", "Block"])
def test_an_anonymous_object_is_refused_where_authority_hangs_on_its_id(kind):
    with pytest.raises(MalformedError, match="object"):
        parse(complete(kind, object={"type": "Note", "content": "hi"}))


@pytest.mark.parametrize("kind", ["Undo", "Accept", "Reject"])
def test_an_answer_may_embed_an_activity_without_id(kind):
    answer = parse(complete(kind, object={"type": "Follow", "actor": BOB, "object": ALICE}))
    assert answer.object_id is None
    assert answer.inner() == Follow(actor=BOB, object_id=ALICE)


def test_an_answer_that_only_names_an_activity_has_no_inner_one():
    undo = parse(complete("Undo", object=f"{BOB}#follows/1"))
    assert isinstance(undo, Undo)
    assert undo.inner() is None
    assert undo.object_id == f"{BOB}#follows/1"


def test_an_undone_activity_that_is_malformed_is_refused_when_it_is_looked_at():
    undo = parse(complete("Undo", object={"type": "Follow", "id": f"{BOB}#follows/1", "actor": BOB}))
    with pytest.raises(MalformedError, match="object"):
        undo.inner()


def test_undo_of_something_unknown_has_an_unknown_inner():
    undo = parse(complete("Undo", object={"type": "Bite", "id": f"{BOB}#bites/1", "actor": BOB}))
    assert undo.inner() == Unknown(type="Bite", id=f"{BOB}#bites/1", actor=BOB)


def test_addresses_are_read_from_strings_and_public_is_written_in_full():
    announce = parse(complete("Announce", to="as:Public", cc=f"{BOB}/followers"))
    assert isinstance(announce, Announce)
    assert announce.to == (PUBLIC,)
    assert announce.to_json()["cc"] == [f"{BOB}/followers"]


def test_blind_copies_are_neither_kept_nor_written():
    like = parse(complete("Like", bto=[ALICE], bcc=[ALICE]))
    assert ALICE not in str(like.to_json())


def test_times_are_aware_and_written_in_utc():
    create = parse(complete("Create", published="2026-11-23T13:00:00+01:00"))
    assert create.published == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert create.to_json()["published"] == "2026-11-23T12:00:00Z"


def test_flag_keeps_everything_that_is_reported():
    flag = parse(complete("Flag", object=[BOB, {"id": POST, "type": "Note"}], content="spam"))
    assert isinstance(flag, Flag)
    assert flag.object_ids == (BOB, POST)
    assert flag.object_id == BOB
    assert flag.content == "spam"


def test_flag_comment_is_cut_and_objects_are_bounded():
    flag = parse(complete("Flag", object=[f"{POST}{n}" for n in range(500)], content="x" * 9000))
    assert len(flag.content) == activities.FLAG_CONTENT_CHARS_MAX
    assert len(flag.object_ids) == activities.FLAG_OBJECTS_MAX


def test_a_plain_like_has_no_reaction():
    like = parse({"type": "Like", "id": f"{BOB}#likes/1", "actor": BOB, "object": POST})
    assert like == Like(id=f"{BOB}#likes/1", actor=BOB, object_id=POST)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"content": "🦊"}, "🦊"),
        ({"content": None, "_misskey_reaction": "🦊"}, "🦊"),
        ({"_misskey_reaction": "🦊"}, "🦊"),
        ({"content": 5}, None),
        ({"content": ""}, None),
    ],
)
def test_reactions_are_found_in_either_field(fields, expected):
    like = parse({"type": "Like", "id": f"{BOB}#likes/1", "actor": BOB, "object": POST, **fields})
    assert like.content == expected


def test_a_reaction_writes_its_custom_emoji():
    fox = Emoji(shortcode="fox", icon_url="https://m.example/fox.png")
    react = EmojiReact(id=f"{BOB}#r/1", actor=BOB, object_id=POST, content=":fox:", emoji=fox)
    assert parse(react.to_json()) == react
    like = Like(id=f"{BOB}#r/1", actor=BOB, object_id=POST, content=":fox:", emoji=fox)
    assert parse(like.to_json()) == like


def test_a_quote_request_may_embed_the_quoting_post():
    request = parse(complete("QuoteRequest", instrument={"id": f"{BOB}/2", "type": "Note"}))
    assert isinstance(request, QuoteRequest)
    assert request.instrument == f"{BOB}/2"
    assert request.to_json()["instrument"] == {"id": f"{BOB}/2", "type": "Note"}


@pytest.mark.parametrize("kind", ["QuoteRequest", "LikeRequest", "ReplyRequest", "AnnounceRequest"])
@pytest.mark.parametrize("instrument", [POST, {"id": POST, "type": "Note"}])
def test_a_request_defines_every_term_that_it_uses(kind, instrument):
    doc = parse(complete(kind, instrument=instrument)).to_json()
    assert kind in doc["@context"][-1]
    assert ("interactionPolicy" in doc["@context"][-1]) == isinstance(instrument, dict)


@pytest.mark.parametrize("kind", ["QuoteRequest", "LikeRequest", "ReplyRequest", "AnnounceRequest"])
@pytest.mark.parametrize("instrument", [None, 7, {"type": "Note"}, "tag:nothing"])
def test_a_request_without_what_it_asks_for_is_malformed(kind, instrument):
    with pytest.raises(MalformedError):
        parse(complete(kind, instrument=instrument))


def test_a_request_that_embeds_no_note_adds_its_term_to_a_plain_context():
    request = parse(complete("LikeRequest", instrument={"id": f"{BOB}/2", "type": "Like"}))
    assert request.to_json()["@context"] == [
        "https://www.w3.org/ns/activitystreams",
        {"gts": "https://gotosocial.org/ns#", "LikeRequest": "gts:LikeRequest"},
    ]


def test_move_names_where_to():
    move = parse(complete("Move", object=BOB))
    assert isinstance(move, Move)
    assert move.target == NEW


def test_delete_of_an_id_and_of_a_tombstone_name_the_same_object():
    by_id = parse(complete("Delete"))
    by_tombstone = parse(complete("Delete", object={"id": POST, "type": "Tombstone"}))
    assert isinstance(by_id, Delete)
    assert by_id.object_id == by_tombstone.object_id


def test_of_several_types_the_first_known_one_counts():
    assert isinstance(parse(complete(["Bite", "Like", "Follow"])), Like)


@pytest.mark.parametrize("kind", ["Bite", "View", "Note", "like"])
def test_a_type_that_we_do_not_know_is_a_named_case(kind):
    assert parse(complete(kind)) == Unknown(type=kind, id=COMPLETE["id"], actor=BOB)


@pytest.mark.parametrize("kind", [None, 5, "", [], {}])
def test_without_a_type_it_is_malformed(kind):
    with pytest.raises(MalformedError, match="type"):
        parse(complete(kind))


@pytest.mark.parametrize("doc", [None, [], "Follow", 5])
def test_what_is_no_object_is_malformed(doc):
    with pytest.raises(MalformedError, match="not a JSON object"):
        parse(doc)
    with pytest.raises(MalformedError, match="not a JSON object"):
        Follow.from_json(doc)


def test_embedded_activities_carry_no_context():
    follow = Follow.from_json(FOLLOW)
    assert "@context" in follow.to_json()
    assert "@context" not in follow.to_json(context=False)


@given(
    st.sampled_from([*PARSERS, "Bite"]),
    st.dictionaries(st.sampled_from([*COMPLETE, "to", "cc", "tag"]), JSON),
)
def test_any_json_is_read_or_refused_and_never_anything_else(kind, fields):
    try:
        activity = parse({"type": kind, **COMPLETE, **fields})
    except ActivityPubError:
        return
    if not isinstance(activity, Unknown):
        again = parse(activity.to_json())
        assert not isinstance(again, Unknown)
        assert again.to_json() == activity.to_json()


@given(JSON)
def test_any_json_at_all_is_read_or_refused(value):
    try:
        activity = parse(value)
    except ActivityPubError:
        return
    assert isinstance(activity, Unknown | activities.Envelope)


def test_a_create_keeps_what_else_it_embeds():
    votes = [{"id": f"https://m.example/users/bob#votes/{number}", "type": "Note"} for number in (1, 2, 3)]
    doc = {"type": "Create", "id": "https://m.example/c", "actor": "https://m.example/users/bob"}
    found = parse({**doc, "object": votes})
    assert isinstance(found, Create)
    assert found.object_id == votes[0]["id"]
    assert list(found.others) == votes[1:]
    alone = parse({**doc, "object": votes[0]})
    assert isinstance(alone, Create)
    assert alone.others == ()
