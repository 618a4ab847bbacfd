"""Golden wire documents: what we send is these, field for field and in this order; what we read includes them all."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from activitypub import activities, nodeinfo
from activitypub.activities import Accept, Create, Delete, Like, QuoteRequest, Undo, Update
from activitypub.objects.actor import Actor
from activitypub.objects.authorization import Authorization
from activitypub.objects.collection import Collection, CollectionPage
from activitypub.objects.note import Note
from activitypub.objects.tombstone import Tombstone
from webfinger.acct import Acct
from webfinger.jrd import Jrd, actor_jrd

SHAPES = Path(__file__).parent.parent / "data" / "wire-shapes"


def golden(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SHAPES / f"{name}.json").read_text("utf-8"))
    return document


def through_activity(doc: dict[str, Any]) -> dict[str, Any]:
    activity = activities.parse(doc)
    assert not isinstance(activity, activities.Unknown)
    return activity.to_json()


def through_embedded_note(doc: dict[str, Any]) -> dict[str, Any]:
    activity = activities.parse(doc)
    assert isinstance(activity, Create | Update)
    assert activity.object_doc is not None
    note = Note.from_json(activity.object_doc)
    return type(activity)(
        id=activity.id,
        actor=note.attributed_to,
        object_id=note.id,
        object_doc=note.to_json(context=False),
        to=note.to,
        cc=note.cc,
        published=note.updated or note.published,
    ).to_json()


def through_embedded_actor(doc: dict[str, Any]) -> dict[str, Any]:
    activity = activities.parse(doc)
    assert isinstance(activity, Update)
    assert activity.object_doc is not None
    actor = Actor.from_json(activity.object_doc)
    return Update(
        id=activity.id,
        actor=actor.id,
        object_id=actor.id,
        object_doc=actor.to_json(context=False),
        to=activity.to,
    ).to_json()


def through_tombstone(doc: dict[str, Any]) -> dict[str, Any]:
    activity = activities.parse(doc)
    assert isinstance(activity, Delete)
    assert activity.object_doc is not None
    tombstone = Tombstone.from_json(activity.object_doc)
    return Delete(
        id=activity.id,
        actor=activity.actor,
        object_id=tombstone.id,
        object_doc=tombstone.to_json(context=False),
        to=activity.to,
    ).to_json()


def through_inner(doc: dict[str, Any]) -> dict[str, Any]:
    activity = activities.parse(doc)
    assert isinstance(activity, activities.Accept | activities.Reject | Undo)
    inner = activity.inner()
    assert inner is not None
    assert not isinstance(inner, activities.Unknown)
    return type(activity)(
        id=activity.id,
        actor=activity.actor,
        object_id=inner.id,
        object_doc=inner.to_json(context=False),
        to=activity.to,
    ).to_json()


ROUND_TRIPS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "accept-follow": through_inner,
    "accept-quote-request": through_activity,
    "actor-service": lambda doc: Actor.from_json(doc).to_json(),
    "add-pin": through_activity,
    "announce": through_activity,
    "block": through_activity,
    "create-note-image-unlisted": through_embedded_note,
    "delete-actor": through_activity,
    "delete-note": through_tombstone,
    "delete-quote-authorization": through_activity,
    "flag": through_activity,
    "follow": through_activity,
    "followers-synchronization": lambda doc: Collection.from_json(doc).to_json(),
    "like": through_activity,
    "move": through_activity,
    "nodeinfo-2.1": lambda doc: nodeinfo.NodeInfo.from_json(doc).to_json("2.1"),
    "outbox": lambda doc: Collection.from_json(doc).to_json(),
    "outbox-page": lambda doc: CollectionPage.from_json(doc).to_json(),
    "reject-follow": through_inner,
    "reject-quote-request": through_activity,
    "relay-follow": through_activity,
    "remove-pin": through_activity,
    "tombstone-410": lambda doc: Tombstone.from_json(doc).to_json(),
    "undo-announce": through_inner,
    "undo-block": through_inner,
    "undo-follow": through_inner,
    "undo-like": through_inner,
    "update-actor": through_embedded_actor,
    "update-note": through_embedded_note,
    "webfinger-jrd": lambda doc: Jrd.from_json(doc).to_json(),
}


@pytest.mark.parametrize("name", ROUND_TRIPS)
def test_reading_and_writing_gives_the_golden_document_back(name):
    doc = golden(name)
    written = ROUND_TRIPS[name](doc)
    # As text, so that the order of fields counts, and 0.0 is not 0.
    assert json.dumps(written, indent=1, ensure_ascii=False) == json.dumps(doc, indent=1, ensure_ascii=False)


def test_every_golden_document_is_either_written_or_only_read_here():
    only_read = {
        "create-note-image-with-proof",
        "emoji-react-inbound",
        "misskey-reaction-inbound",
        "nodeinfo-discovery",
        "poll-vote",
        "question-inbound",
        "quote-authorization",
        "quote-request-inbound",
    }
    assert {path.stem for path in SHAPES.glob("*.json")} == only_read | ROUND_TRIPS.keys()


def test_nodeinfo_discovery_is_the_golden_document():
    written = nodeinfo.discovery("https://ai.example", application="https://ai.example/actor")
    assert json.dumps(written) == json.dumps(golden("nodeinfo-discovery"))


def test_our_own_webfinger_answer_is_the_golden_document():
    written = actor_jrd(
        Acct(user="alice", host="ai.example"),
        actor_id="https://ai.example/users/alice",
        profile_url="https://ai.example/@alice",
        interaction_url="https://ai.example/authorize_interaction",
        avatar_url="https://ai.example/media/avatar/alice.png",
        avatar_type="image/png",
    )
    assert json.dumps(written.to_json()) == json.dumps(golden("webfinger-jrd"))


def test_a_note_that_carries_a_proof_reads_as_one_without():
    with_proof = activities.parse(golden("create-note-image-with-proof"))
    without = activities.parse(golden("create-note-image-unlisted"))
    assert with_proof == without


def test_an_emoji_reaction_is_read_with_its_picture():
    reaction = activities.parse(golden("emoji-react-inbound"))
    assert isinstance(reaction, activities.EmojiReact)
    assert reaction.content == ":fox:"
    assert reaction.emoji is not None
    assert reaction.emoji.shortcode == "fox"
    assert reaction.emoji.icon_url == "https://a.example/emoji/fox.png"


def test_a_misskey_reaction_is_a_like_with_content():
    reaction = activities.parse(golden("misskey-reaction-inbound"))
    assert isinstance(reaction, Like)
    assert reaction.content == "🦊"


def test_a_poll_vote_is_recognised_and_is_no_post():
    vote = activities.parse(golden("poll-vote"))
    assert isinstance(vote, Create)
    assert vote.object_doc is not None
    note = Note.from_json(vote.object_doc)
    assert note.is_vote
    assert note.name == "Yes"
    assert note.to == ("https://m.example/users/bob",)


def test_a_question_is_read_with_its_poll():
    question = Note.from_json(golden("question-inbound"))
    assert not question.is_converted
    assert question.content == "<p>?</p>"
    assert question.poll is not None
    assert [(option.name, option.votes) for option in question.poll.options] == [("Yes", 2), ("No", 1)]
    assert question.poll.voters_count == 3


def test_a_quote_request_is_read_with_its_quoting_post():
    request = activities.parse(golden("quote-request-inbound"))
    assert isinstance(request, QuoteRequest)
    assert request.instrument == "https://m.example/users/bob/statuses/9"
    assert request.to_json() == golden("quote-request-inbound")


def test_accepting_a_quote_keeps_the_stamp():
    accept = activities.parse(golden("accept-quote-request"))
    assert isinstance(accept, Accept)
    assert accept.result == "https://ai.example/users/alice/quote_authorizations/1"
    assert isinstance(accept.inner(), QuoteRequest)


def test_a_quote_authorization_is_no_activity_that_we_know():
    unknown = activities.parse(golden("quote-authorization"))
    assert unknown == activities.Unknown(
        type="QuoteAuthorization", id="https://ai.example/users/alice/quote_authorizations/1"
    )


def test_a_stamp_is_read_and_written_back():
    doc = golden("quote-authorization")
    assert json.dumps(Authorization.from_json(doc).to_json()) == json.dumps(doc)
