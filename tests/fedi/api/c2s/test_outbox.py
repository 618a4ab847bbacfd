"""The outbox from its owner's side: who may post there, what, and what stands in it."""

import gzip
from typing import TYPE_CHECKING, Any

import pytest

from activitypub.limits import BODY_BYTES_MAX
from fedi.api.c2s import deed
from fedi.api.c2s import outbox as module
from fedi.models import Account, Activity, Follow, Post, Reaction, Report
from tests.fedi import looking
from tests.fedi.api.c2s.conftest import AS, C2S, PUBLIC
from tests.fedi.api.conftest import Enter
from tests.fedi.remote import RemoteActor

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

NOTE = {"type": "Note", "content": "<p>hello</p>", "to": [PUBLIC]}


async def test_a_stranger_is_asked_for_a_token(server: "Server", alice: C2S) -> None:
    answer = await server.client.post(f"{alice.me}/outbox", json=NOTE)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await looking.count(server, Post) == 0


async def test_a_bad_token_is_401_and_says_so(server: "Server", alice: C2S) -> None:
    answer = await alice.post(NOTE, authorization="Bearer wrong")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


async def test_somebody_elses_outbox_is_403(server: "Server", alice: C2S, carol: C2S) -> None:
    answer = await carol.post(NOTE, outbox=f"{alice.me}/outbox")
    assert (answer.status_code, answer.json()["error"]) == (403, "This belongs to somebody else")
    assert await looking.count(server, Post) == 0


async def test_reading_is_no_right_to_write(server: "Server", enter: Enter) -> None:
    person = await enter("dora", "read", "follow")
    answer = await C2S(account=person.account, http=person.http).post(NOTE)
    assert answer.status_code == 403


RIGHTS = [
    ("write:statuses", NOTE),
    ("write:statuses", {"type": "Create", "object": NOTE}),
    ("write:statuses", {"type": "Delete", "object": "https://fedi.test/x"}),
    ("write:statuses", {"type": "Announce", "object": "https://fedi.test/x"}),
    ("write:favourites", {"type": "Like", "object": "https://fedi.test/x"}),
    ("write:favourites", {"type": "EmojiReact", "object": "https://fedi.test/x", "content": "🦊"}),
    ("write:follows", {"type": "Follow", "object": "https://fedi.test/x"}),
    ("write:follows", {"type": "Accept", "object": "https://fedi.test/x"}),
    ("write:follows", {"type": "Reject", "object": "https://fedi.test/x"}),
    ("write:blocks", {"type": "Block", "object": "https://fedi.test/x"}),
    ("write:reports", {"type": "Flag", "object": "https://fedi.test/x"}),
    ("write:accounts", {"type": "Add", "object": "https://fedi.test/x", "target": "https://fedi.test/y"}),
    ("write:accounts", {"type": "Remove", "object": "https://fedi.test/x", "target": "https://fedi.test/y"}),
    ("write:statuses", {"type": "Update", "object": {"id": "https://fedi.test/x"}}),
]


@pytest.mark.parametrize(
    ("right", "doc"), RIGHTS, ids=lambda value: value if isinstance(value, str) else value["type"]
)
async def test_each_deed_needs_its_own_right(
    server: "Server", enter: Enter, right: str, doc: dict[str, Any]
) -> None:
    without = await enter("dora", *(scope for scope in module.SCOPES if scope != right))
    answer = await C2S(account=without.account, http=without.http).post(doc)
    assert (answer.status_code, answer.json()["error"]) == (
        403,
        "This action is outside the authorized scopes",
    )
    with_it = await enter("emma", right)
    assert (await C2S(account=with_it.account, http=with_it.http).post(doc)).status_code in {201, 404, 422}


async def test_the_right_to_take_back_is_the_right_to_do(server: "Server", enter: Enter, carol: C2S) -> None:
    person = await enter("dora", "write:favourites", "write:statuses")
    dora = C2S(account=person.account, http=person.http)
    like = await dora.done({"type": "Like", "object": await carol.note()})
    narrow = await enter("emma", "write:follows")
    emma = C2S(account=narrow.account, http=narrow.http)
    assert (await emma.post({"type": "Undo", "object": like})).status_code == 404
    follow = await emma.done({"type": "Follow", "object": carol.me})
    assert (await dora.post({"type": "Undo", "object": follow})).status_code == 404
    assert await emma.done({"type": "Undo", "object": follow})


async def test_a_bare_note_is_wrapped_and_gets_its_own_id(server: "Server", alice: C2S) -> None:
    where = await alice.done({**NOTE, "id": "https://fedi.test/mine", "published": "2001-01-01T00:00:00Z"})
    created = await alice.get(where)
    assert (created["type"], created["actor"], created["id"]) == ("Create", alice.me, where)
    note = created["object"]
    assert note["id"].startswith(f"{alice.me}/statuses/")
    assert note["attributedTo"] == alice.me
    assert note["to"] == created["to"] == [PUBLIC]
    assert not note["published"].startswith("2001")


async def test_a_create_is_addressed_with_its_object(server: "Server", alice: C2S, carol: C2S) -> None:
    note = {"type": "Note", "content": "psst", "cc": [carol.me]}
    where = await alice.done({"type": "Create", "object": note, "to": [alice.followers]})
    created = await alice.get(where)
    assert (created["to"], created["cc"]) == ([alice.followers], [carol.me])
    assert (created["object"]["to"], created["object"]["cc"]) == ([alice.followers], [carol.me])


@pytest.mark.parametrize(
    "doc",
    [
        {"type": "Create", "actor": "https://fedi.test/users/carol", "object": NOTE},
        {**NOTE, "attributedTo": "https://fedi.test/users/carol"},
        {**NOTE, "attributedTo": ["https://fedi.test/users/carol", "https://fedi.test/users/alice"]},
        {"type": "Create", "object": {**NOTE, "attributedTo": "https://remote.test/users/bob"}},
        {"type": "Like", "actor": {"id": "https://remote.test/users/bob"}, "object": "https://fedi.test/x"},
        {"type": "Like", "actor": 5, "object": "https://fedi.test/x"},
    ],
)
async def test_nobody_speaks_as_somebody_else(server: "Server", alice: C2S, doc: dict[str, Any]) -> None:
    assert (await alice.post(doc)).status_code == 403
    assert await looking.count(server, Post) == 0


async def test_ones_own_name_may_be_written(server: "Server", alice: C2S) -> None:
    assert await alice.done(
        {"type": "Create", "actor": alice.me, "object": {**NOTE, "attributedTo": alice.me}}
    )


@pytest.mark.parametrize(
    "doc",
    [
        {"type": "Travel", "object": "https://fedi.test/x"},
        {"type": "Article", "content": "long"},
        {"type": "View"},
        {"content": "no type"},
        {"type": []},
        {"type": {"id": "x"}},
    ],
)
async def test_what_is_not_understood_is_told_with_what_is(
    server: "Server", alice: C2S, doc: dict[str, Any]
) -> None:
    answer = await alice.post(doc)
    assert answer.status_code == 422
    for name in (*module.ACTS, "Note"):
        assert name in answer.json()["error"]


async def test_an_article_inside_a_create_is_refused_by_name(server: "Server", alice: C2S) -> None:
    answer = await alice.post(
        {"type": "Create", "object": {"type": "Article", "content": "long", "to": PUBLIC}}
    )
    assert answer.status_code == 422
    assert "Article" in answer.json()["error"]


@pytest.mark.parametrize("kind", sorted(module.ACTS))
@pytest.mark.parametrize("thing", [None, 5, [], {}, "x", "javascript:1", {"id": 5}, [[]], True])
async def test_a_deed_about_nothing_is_422(server: "Server", alice: C2S, kind: str, thing: Any) -> None:
    assert (await alice.post({"type": kind, "object": thing})).status_code == 422


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "multipart/form-data"])
async def test_other_media_types_are_415(server: "Server", alice: C2S, content_type: str) -> None:
    assert (await alice.post(NOTE, content_type=content_type)).status_code == 415


@pytest.mark.parametrize("content_type", ["application/ld+json", f'application/ld+json; profile="{AS}"'])
async def test_the_other_spelling_of_activity_json_is_taken(
    server: "Server", alice: C2S, content_type: str
) -> None:
    assert await alice.done(NOTE, content_type=content_type)


async def test_bodies_are_limited_and_plain(server: "Server", alice: C2S) -> None:
    assert (await alice.post(b"{" + b" " * BODY_BYTES_MAX + b"}")).status_code == 413
    packed = await alice.post(gzip.compress(b"{}"), **{"content-encoding": "gzip"})
    assert packed.status_code == 415
    for body in (b"", b"[]", b"{", b'{"type":"Note","type":"Note"}', b'"x"', b"\xff", b"[" * 5000):
        assert (await alice.post(body)).status_code in {400, 413}, body[:20]


async def test_a_suspended_person_cannot_post(server: "Server", alice: C2S) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.account.id)).suspended_at = server.clock()
    assert (await alice.post(NOTE)).status_code == 403


async def test_the_same_key_posts_once(server: "Server", alice: C2S) -> None:
    first, again = [await alice.done(NOTE, **{"idempotency-key": "k"}) for _ in range(2)]
    assert first == again
    assert await alice.done(NOTE, **{"idempotency-key": "other"}) != first
    assert await looking.count(server, Post) == 2


async def test_following_asks_and_taking_back_ends(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    where = await alice.done({"type": "Follow", "object": bob.iri})
    assert await alice.done({"type": "Follow", "object": bob.iri}) == where
    await server.work()
    (sent,) = bob.home.bodies
    assert (sent["type"], sent["id"], sent["object"]) == ("Follow", where, bob.iri)
    await alice.done({"type": "Undo", "object": where})
    await server.work()
    assert [one["type"] for one in bob.home.bodies] == ["Follow", "Undo"]
    assert await looking.count(server, Follow) == 0


async def test_who_asks_is_let_in_or_not(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.account.id)).locked = True
    ask = bob.does("Follow", alice.me)
    assert await looking.verdict(server, bob, ask) == "done"
    where = await alice.done({"type": "Accept", "object": ask["id"]})
    await server.work()
    assert (bob.home.bodies[-1]["type"], bob.home.bodies[-1]["id"]) == ("Accept", where)
    where = await alice.done({"type": "Reject", "object": {"type": "Follow", "id": ask["id"]}})
    await server.work()
    assert (bob.home.bodies[-1]["type"], bob.home.bodies[-1]["id"]) == ("Reject", where)
    assert await looking.count(server, Follow) == 0
    assert (await alice.post({"type": "Accept", "object": ask["id"]})).status_code == 404


async def test_nobody_answers_for_somebody_else(
    server: "Server", alice: C2S, carol: C2S, bob: RemoteActor
) -> None:
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.account.id)).locked = True
    ask = bob.does("Follow", alice.me)
    await looking.verdict(server, bob, ask)
    for kind in ("Accept", "Reject"):
        assert (await carol.post({"type": kind, "object": ask["id"]})).status_code == 404


async def test_liking_and_boosting_go_out_and_are_taken_back(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    note = bob.note()
    like = await alice.done({"type": "Like", "object": note["id"]})
    boost = await alice.done({"type": "Announce", "object": note["id"], "to": [PUBLIC]})
    await alice.done({"type": "Undo", "object": {"type": "Like", "object": note["id"]}})
    await alice.done({"type": "Undo", "object": boost})
    await server.work()
    sent = {one["id"]: one["type"] for one in bob.home.bodies}
    assert (sent[like], sent[boost]) == ("Like", "Announce")
    assert sorted(sent.values()) == ["Announce", "Like", "Undo", "Undo"]
    post = await looking.get_post(server, note["id"])
    assert (post.favourites_count, post.reblogs_count) == (0, 0)


async def test_a_boost_for_one_person_is_refused(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    answer = await alice.post({"type": "Announce", "object": bob.note()["id"], "to": [bob.iri]})
    assert answer.status_code == 422


async def test_a_boost_is_as_wide_as_it_is_addressed(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    where = await alice.done({"type": "Announce", "object": bob.note()["id"], "to": [alice.followers]})
    assert (await looking.get_post(server, where)).visibility == "private"


async def test_what_was_never_done_cannot_be_taken_back(server: "Server", alice: C2S, carol: C2S) -> None:
    note = await carol.note()
    like = await carol.done({"type": "Like", "object": note})
    assert (await alice.post({"type": "Undo", "object": like})).status_code == 404
    unknown = {"type": "EmojiReact", "id": f"{alice.me}#x", "object": note}
    assert (await alice.post({"type": "Undo", "object": unknown})).status_code == 404


async def test_deleting_leaves_a_tombstone_and_tells_everyone(
    server: "Server", alice: C2S, bob: RemoteActor
) -> None:
    await looking.meet(server, bob)
    note = await alice.note(cc=[bob.iri])
    where = await alice.done({"type": "Delete", "object": note})
    await server.work()
    assert [(one["type"], one["id"]) for one in bob.home.bodies][-1] == ("Delete", where)
    assert (await server.client.get(note, headers={"accept": "application/activity+json"})).status_code == 410


async def test_nobody_deletes_what_is_somebody_elses(server: "Server", alice: C2S, carol: C2S) -> None:
    note = await carol.note()
    assert (await alice.post({"type": "Delete", "object": note})).status_code == 404
    assert await looking.count(server, Post) == 1


async def test_a_boost_is_deleted_by_taking_it_back(server: "Server", alice: C2S, carol: C2S) -> None:
    boost = await alice.done({"type": "Announce", "object": await carol.note()})
    await alice.done({"type": "Delete", "object": boost})
    assert await looking.count(server, Post) == 1


async def test_the_owner_reads_what_is_not_for_everyone(server: "Server", alice: C2S, carol: C2S) -> None:
    public = await alice.note()
    letter = await alice.note(to=[carol.me])
    secret = await alice.note(to=[])
    outbox = f"{alice.me}/outbox?page=true"

    async def listed(who: C2S) -> list[str]:
        return [item["object"]["id"] for item in (await who.get(outbox))["orderedItems"]]

    assert await listed(alice) == [secret, letter, public]
    assert await listed(carol) == [letter, public]
    stranger = (await server.client.get(outbox)).json()["orderedItems"]
    assert [item["object"]["id"] for item in stranger] == [public]
    assert (await alice.get(f"{alice.me}/outbox"))["first"] == outbox
    assert (await alice.http.get(letter)).headers["cache-control"] == "private, no-store"
    assert (await server.client.get(letter)).status_code == 307
    assert (await carol.http.get(secret)).status_code == 404


async def test_the_outbox_is_walked_to_its_end(
    server: "Server", alice: C2S, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POSTS_PER_PAGE", 2)
    made = [await alice.note(to=[]) for _ in range(5)]
    found, page = [], f"{alice.me}/outbox?page=true"
    while page:
        document = await alice.get(page)
        found += [item["object"]["id"] for item in document["orderedItems"]]
        page = document.get("next")
    assert found == made[::-1]
    assert (await alice.http.get(f"{alice.me}/outbox?page=true&max_id=x")).status_code == 400


async def test_a_drawing_is_asked_for_in_words(server: "Server", alice: C2S) -> None:
    where = await alice.done({**NOTE, "content": "<p>/imagine a fox in the snow</p>"})
    assert "Drawing: a fox" in (await alice.get(where))["object"]["content"]
    await server.work()
    note = (await alice.get(where))["object"]
    assert "AI-generated" in note["content"]
    assert note["genAI"] is True
    assert note["attachment"][0]["digitalSourceType"].endswith("trainedAlgorithmicMedia")


async def test_reactions_go_out_and_are_taken_back(
    server: "Server", alice: C2S, carol: C2S, bob: RemoteActor
) -> None:
    theirs, here = bob.note()["id"], await carol.note()
    for note in (theirs, here):
        where = await alice.done({"type": "EmojiReact", "object": note, "content": "🦊"})
        assert await alice.done({"type": "Like", "object": note, "content": "🦊"}) == where
        assert await looking.count(server, Reaction) == 1
        await alice.done({"type": "Undo", "object": where})
        assert await looking.count(server, Reaction) == 0
    await server.work()
    assert [sent["type"] for sent in bob.home.bodies] == ["Like", "Undo"]
    for content in (None, "", "no emoji", 5, {"en": []}):
        answer = await alice.post({"type": "EmojiReact", "object": here, "content": content})
        assert answer.status_code == 422, content


async def test_who_is_deleted_meanwhile_is_not_there(
    server: "Server", alice: C2S, bob: RemoteActor, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = deed.resolve.actor

    async def and_then_gone(*given: Any, **how: Any) -> Account:
        account = await found(*given, **how)
        async with server.ctx.db.write() as tx:
            await tx.delete(await tx.get_one(Account, account.id))
        return account

    monkeypatch.setattr(deed.resolve, "actor", and_then_gone)
    assert (await alice.post({"type": "Follow", "object": bob.iri})).status_code == 404


async def test_a_report_reaches_the_moderators_and_the_other_server(
    server: "Server", alice: C2S, carol: C2S, bob: RemoteActor
) -> None:
    note = bob.note()
    await alice.done({"type": "Like", "object": note["id"]})
    await alice.done({"type": "Flag", "object": [bob.iri, note["id"]], "content": "spam"})
    await server.work()
    (flag,) = [sent for sent in bob.home.bodies if sent["type"] == "Flag"]
    assert (flag["actor"], flag["content"]) == ("https://fedi.test/actor", "spam")
    assert alice.me not in str(flag)
    for wrong in ([bob.iri, carol.me], [alice.me], [bob.iri, await carol.note()], ["https://fedi.test/x"]):
        assert (await alice.post({"type": "Flag", "object": wrong})).status_code in {404, 422}
    assert await looking.count(server, Report) == 1


async def test_nothing_goes_out_for_what_is_refused(server: "Server", alice: C2S, bob: RemoteActor) -> None:
    await looking.meet(server, bob)
    answer = await alice.post({**NOTE, "to": [bob.iri], "content": "x" * 5000})
    assert answer.status_code == 422
    assert await looking.count(server, Activity) == 0
