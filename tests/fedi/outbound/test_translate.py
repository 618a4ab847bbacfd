"""Rows to wire objects: shapes, labels, audiences and ids, held to the golden documents."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from activitypub import activities
from activitypub.objects.actor import Actor
from activitypub.objects.note import Note
from activitypub.vocab import PUBLIC
from fedi.config import Settings
from fedi.models import Account, Attachment, AttachmentState, Favourite, Follow, Post
from fedi.outbound import translate
from fedi.queries.posts import PostView

SHAPES = Path(__file__).parents[2] / "data" / "wire-shapes"
SETTINGS = Settings(origin="https://ai.example")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def account(name: str = "alice", *, domain: str = "", **changes: Any) -> Account:
    iri = f"https://{domain or 'ai.example'}/users/{name}"
    values = {
        "id": 1, "username": name, "domain": domain, "iri": iri, "kind": "Person", "display_name": name.title(),
        "note": "", "url": f"https://{domain or 'ai.example'}/@{name}", "inbox": f"{iri}/inbox",
        "shared_inbox": f"https://{domain or 'ai.example'}/inbox", "outbox": f"{iri}/outbox",
        "followers": f"{iri}/followers", "following": f"{iri}/following", "featured": f"{iri}/collections/featured",
        "public_keys": [{"id": f"{iri}#main-key", "pem": "PEM"}], "private_key_pem": "SECRET", "fields": [],
        "emojis": [], "also_known_as": [], "attribution_domains": [], "memorial": False, "locked": False, "discoverable": True, "indexable": False,
        "created_at": NOW,
    }  # fmt: skip
    return Account(**values | changes)


def post(**changes: Any) -> Post:
    iri = "https://ai.example/users/alice/statuses/7"
    values = {
        "id": 7, "iri": iri, "url": "https://ai.example/@alice/7", "account_id": 1, "local": True,
        "visibility": "public", "content": "<p>hello</p>", "spoiler_text": "", "sensitive": False, "language": "en",
        "created_at": NOW, "conversation": f"{iri}/context", "emojis": [],
    }  # fmt: skip
    return Post(**values | changes)


def picture(**changes: Any) -> Attachment:
    values = {
        "id": 9, "account_id": 1, "post_id": 7, "kind": "image", "state": AttachmentState.READY,
        "media_type": "image/jpeg", "file_key": "ab/cd.jpg", "width": 1536, "height": 1024, "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        "description": "a red boat", "focus_x": 0.0, "focus_y": 0.25, "digital_source_type": TRAINED,
    }  # fmt: skip
    return Attachment(**values | changes)


def view(**changes: Any) -> PostView:
    return PostView(**{"post": post(), "account": account()} | changes)


def test_an_actor_has_what_every_peer_needs() -> None:
    doc = translate.actor_document(account(), SETTINGS).to_json()
    assert doc["@context"][:2] == ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"]
    assert {"id", "type", "preferredUsername", "inbox", "publicKey", "endpoints"} <= set(doc)
    assert doc["publicKey"] == {
        "id": "https://ai.example/users/alice#main-key", "owner": "https://ai.example/users/alice",
        "publicKeyPem": "PEM",
    }  # fmt: skip
    assert doc["webfinger"] == "alice@ai.example"
    assert "SECRET" not in json.dumps(doc)


def test_our_actor_has_the_shape_of_the_golden_one() -> None:
    golden = json.loads((SHAPES / "actor-service.json").read_text())
    bot = account(
        "imagine", kind="Service", note="<p>draws</p>", avatar_key="a.png", operator="kim@ai.example"
    )
    ours = translate.actor_document(bot, SETTINGS).to_json()
    unsupported = {"featuredTags", "assertionMethod", "generator", "attributionDomains", "image", "tag"}
    assert set(golden) - set(ours) <= unsupported
    assert ours["icon"] == {
        "type": "Image",
        "mediaType": "image/png",
        "url": "https://ai.example/media/a.png",
    }


def test_actors_say_what_their_server_keeps_to() -> None:
    rfc = {
        "href": "https://datatracker.ietf.org/doc/html/rfc9421",
        "name": "RFC-9421: HTTP Message Signatures",
    }
    person = translate.actor_document(account(), SETTINGS).to_json()
    assert person["generator"] == {
        "type": "Application", "id": "https://ai.example/actor", "name": "fedi", "implements": [rfc],
    }  # fmt: skip
    server = account("ai.example", kind="Application", iri="https://ai.example/actor")
    doc = translate.actor_document(server, SETTINGS).to_json()
    assert doc["implements"] == [rfc]
    assert "generator" not in doc


def test_a_bots_own_operator_line_is_not_doubled() -> None:
    own = [{"name": "Operator", "value": "Kim"}]
    doc = translate.actor_document(account(kind="Service", operator="kim@x", fields=own), SETTINGS)
    assert [(row.name, row.value) for row in doc.fields] == [("Operator", "Kim")]


def test_a_picture_made_by_a_model_says_so_on_note_and_attachment() -> None:
    doc = translate.note(
        view(post=post(digital_source_type=TRAINED), attachments=(picture(),)), SETTINGS
    ).to_json()
    assert (doc["genAI"], doc["digitalSourceType"]) == (True, TRAINED)
    (attachment,) = doc["attachment"]
    assert attachment == {
        "type": "Document", "mediaType": "image/jpeg", "url": "https://ai.example/media/ab/cd.jpg",
        "name": "a red boat", "summary": "a red boat", "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "focalPoint": [0.0, 0.25],
        "width": 1536, "height": 1024, "digitalSourceType": TRAINED,
    }  # fmt: skip
    terms = doc["@context"][1]
    assert terms["genAI"].startswith("https://ai.example/")
    assert all(isinstance(entry, (str, dict)) for entry in doc["@context"])


def test_a_photo_says_nothing_of_the_kind() -> None:
    doc = translate.note(view(attachments=(picture(digital_source_type=None),)), SETTINGS).to_json()
    assert "genAI" not in doc
    assert "digitalSourceType" not in doc
    assert "digitalSourceType" not in doc["attachment"][0]


def test_an_algorithm_that_was_not_trained_is_no_ai() -> None:
    term = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
    doc = translate.note(view(post=post(digital_source_type=term)), SETTINGS).to_json()
    assert (doc["digitalSourceType"], "genAI" in doc) == (term, False)


def test_a_picture_that_is_not_ready_is_left_out() -> None:
    waiting = picture(state=AttachmentState.QUEUED, file_key=None)
    assert translate.note(view(attachments=(waiting,)), SETTINGS).attachments == ()


@pytest.mark.parametrize(
    ("visibility", "to", "cc"),
    [
        ("public", [PUBLIC], ["F", "B"]), ("unlisted", ["F"], [PUBLIC, "B"]), ("private", ["F"], ["B"]),
        ("direct", ["B"], []),
    ],
)  # fmt: skip
def test_note_and_create_are_addressed_alike(visibility: str, to: list[str], cc: list[str]) -> None:
    bob = account("bob", domain="remote.example")
    said = translate.create(view(post=post(visibility=visibility), mentions=(bob,)), SETTINGS)
    names = {"F": "https://ai.example/users/alice/followers", "B": bob.iri}
    for doc in (said.to_json(), said.to_json()["object"]):
        assert doc.get("to", []) == [names.get(entry, entry) for entry in to]
        assert doc.get("cc", []) == [names.get(entry, entry) for entry in cc]


def test_mentions_and_hashtags_are_tags() -> None:
    people = (account("bob", domain="remote.example"), account("carol"))
    doc = translate.note(view(mentions=people, tags=("art",)), SETTINGS).to_json()
    assert doc["tag"] == [
        {"type": "Mention", "href": "https://remote.example/users/bob", "name": "@bob@remote.example"},
        {"type": "Mention", "href": "https://ai.example/users/carol", "name": "@carol@ai.example"},
        {"type": "Hashtag", "name": "#art", "href": "https://ai.example/tags/art"},
    ]


def test_what_we_write_reads_back() -> None:
    shown = view(
        post=post(spoiler_text="cw", sensitive=True, edited_at=NOW), attachments=(picture(),), tags=("a",)
    )
    written = translate.note(shown, SETTINGS)
    assert Note.from_json(written.to_json()) == written
    actor = translate.actor_document(account(), SETTINGS)
    assert Actor.from_json(actor.to_json()) == actor
    create = translate.create(shown, SETTINGS)
    read = activities.parse(create.to_json())
    assert isinstance(read, activities.Create)
    assert (read.id, read.object_id, read.actor) == (create.id, create.object_id, create.actor)


def test_nesting_and_size_stay_what_the_strictest_peer_takes() -> None:
    def depth(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max(map(depth, inner), default=0) if isinstance(value, (dict, list)) else 0

    doc = translate.create(view(attachments=(picture(),) * 4, tags=("a",)), SETTINGS).to_json()
    assert depth(doc) <= 8, "Pixelfed refuses more"


def test_activities_have_the_ids_of_what_they_are_about() -> None:
    me, bob = account(), account("bob", domain="remote.example")
    edited = post(edited_at=NOW)
    relation = Follow(id=3, account_id=1, target_id=2, iri="https://ai.example/users/alice#follows/x")
    favour = Favourite(id=4, iri="https://ai.example/users/alice#likes/4")
    boost = post(id=8, iri="https://ai.example/users/alice/statuses/8/activity", reblog_of_id=7)
    said: dict[str, Any] = {
        "create": translate.create(view(), SETTINGS),
        "update": translate.update(view(post=edited), SETTINGS),
        "update actor": translate.update_actor(me, SETTINGS, NOW),
        "delete": translate.delete(post(), me),
        "announce": translate.announce(boost, me, post(), bob),
        "undo announce": translate.undo_announce(boost, me, post(), bob),
        "like": translate.like(favour, me, post()),
        "undo like": translate.undo_like(favour, me, post()),
        "follow": translate.follow(relation, me, bob),
        "undo follow": translate.undo_follow(relation, me, bob),
        "accept": translate.accept(5, relation, bob, me),
        "reject": translate.reject(6, relation, bob, me),
    }
    alice = "https://ai.example/users/alice"
    assert {name: activity.id.removeprefix(alice) for name, activity in said.items()} == {
        "create": "/statuses/7/activity",
        "update": f"/statuses/7#updates/{int(NOW.timestamp() * 1000)}",
        "update actor": f"#updates/{int(NOW.timestamp() * 1000)}",
        "delete": "/statuses/7#delete",
        "announce": "/statuses/8/activity",
        "undo announce": "/statuses/8/activity#undo",
        "like": "#likes/4",
        "undo like": "#likes/4/undo",
        "follow": "#follows/x",
        "undo follow": "#follows/x/undo",
        "accept": "#accepts/follows/5",
        "reject": "#rejects/follows/6",
    }
    for activity in said.values():
        assert activities.parse(activity.to_json()).id == activity.id
        assert activity.actor == alice


def test_a_deletion_is_a_tombstone_for_everyone() -> None:
    doc = translate.delete(post(visibility="direct"), account()).to_json()
    assert doc["to"] == [PUBLIC]
    assert doc["object"] == {"id": post().iri, "type": "Tombstone", "atomUri": post().iri}


def test_a_follow_inside_an_answer_keeps_its_own_id() -> None:
    relation = Follow(id=3, account_id=2, target_id=1, iri="https://remote.example/f/1")
    bob = account("bob", domain="remote.example")
    doc = translate.accept(5, relation, bob, account()).to_json()
    assert doc["to"] == [bob.iri]
    assert doc["object"] == {
        "id": "https://remote.example/f/1", "type": "Follow", "actor": bob.iri, "object": account().iri,
    }  # fmt: skip
