"""Who hears what in which stream, and how it is rendered for them."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from fedi.api import rendering
from fedi.bus.events import EventKind, publish
from fedi.queries import audience
from fedi.services import announcing
from tests.fedi.api.listening import Events, Socket

if TYPE_CHECKING:
    from tests.fedi.api.conftest import Enter, Person
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def listen(server: "Server", person: "Person", stream: str, **query: Any) -> Socket:
    return await Socket.open(server, access_token=person.token, stream=stream, **query)


async def act(who: "Person", path: str, **words: Any) -> Any:
    answer = await who.http.post(f"/api/v1/{path}", json=words)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def follow(who: "Person", whom: "Person") -> None:
    await act(who, f"accounts/{whom.account.id}/follow")


async def tell(server: "Server", kind: EventKind, **more: Any) -> None:
    async with server.ctx.db.write() as tx:
        await publish(tx, kind, now=server.clock(), **more)


async def test_a_private_post_comes_to_its_author_and_followers_and_to_nobody_else(
    server: "Server", enter: "Enter"
) -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    await follow(bob, alice)
    home, mine = await listen(server, bob, "user"), await listen(server, alice, "user")
    others = [await listen(server, carol, name) for name in ("user", "public", "public:local")]
    others.append(await listen(server, carol, "hashtag", tag="secret"))
    post = await alice.post("for followers #secret", visibility="private")
    frame = await home.next()
    assert (frame["stream"], frame["event"]) == (["user"], "update")
    loaded = (await bob.http.get(f"/api/v1/statuses/{post['id']}")).json()
    assert json.loads(frame["payload"]) == loaded, "it is what a client would load"
    [own] = await mine.heard("update")
    assert own["id"] == post["id"]
    await act(bob, f"statuses/{post['id']}/favourite")
    for other in others:
        assert await other.quiet()


async def test_a_direct_message_comes_to_those_it_names(server: "Server", enter: "Enter") -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    for who in (bob, carol):
        await follow(who, alice)
    named, other = await listen(server, bob, "user"), await listen(server, carol, "user")
    await alice.post("@bob between us", visibility="direct")
    update, mention = [await named.next() for _ in range(2)]
    assert {update["event"], mention["event"]} == {"update", "notification"}
    assert await other.quiet()


@pytest.mark.parametrize("how", ["block", "blocked", "mute", "mute the boosted"])
async def test_who_is_kept_apart_hears_nothing(server: "Server", enter: "Enter", how: str) -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    for whom in (alice, carol):
        await follow(bob, whom)
    home, public = await listen(server, bob, "user"), await listen(server, bob, "public")
    post = await carol.post("before")
    await home.heard("update")
    await public.heard("update")
    who, whom = (alice, bob) if how == "blocked" else (bob, carol if "boosted" in how else alice)
    await act(who, f"accounts/{whom.account.id}/{'mute' if 'mute' in how else 'block'}")
    if how == "mute the boosted":
        await act(alice, f"statuses/{post['id']}/reblog")
    else:
        await alice.post("hello")
    assert await home.quiet()
    assert await public.quiet()


async def test_public_streams_hold_what_their_timelines_do(server: "Server", enter: "Enter") -> None:
    alice, bob = await enter("alice"), await enter("bob")
    sockets = {
        name: await listen(server, bob, name)
        for name in ("public", "public:local", "public:remote", "public:media")
    }
    tags = [await listen(server, bob, name, tag="#Cats") for name in ("hashtag", "hashtag:local")]
    post = await alice.post("look #cats")
    for name in ("public", "public:local"):
        frame = await sockets[name].next()
        assert (frame["stream"], frame["event"]) == ([name], "update")
    assert [(await tag.next())["stream"] for tag in tags] == [["hashtag", "cats"], ["hashtag:local", "cats"]]
    await alice.post("unlisted", visibility="unlisted")
    await act(bob, f"statuses/{post['id']}/reblog")
    await act(bob, "statuses", status="an answer", in_reply_to_id=post["id"])
    for socket in (*sockets.values(), *tags):
        assert await socket.quiet()


async def test_a_limited_person_is_in_the_streams_of_followers_only(server: "Server", enter: "Enter") -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    await follow(bob, alice)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(type(alice.account), alice.account.id)).silenced_at = server.clock()
    following, strange = await listen(server, bob, "public"), await listen(server, carol, "public")
    await alice.post("hello")
    await following.heard("update")
    assert await strange.quiet()


async def test_edits_and_ends_of_posts_are_told_where_the_post_was(server: "Server", enter: "Enter") -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    await follow(bob, alice)
    home, public = await listen(server, bob, "user"), await listen(server, carol, "public")
    tag, strange = await listen(server, carol, "hashtag", tag="cats"), await listen(server, carol, "user")
    post = await alice.post("one #cats")
    assert (await alice.http.put(f"/api/v1/statuses/{post['id']}", json={"status": "two #cats"})).is_success
    assert (await alice.http.delete(f"/api/v1/statuses/{post['id']}")).is_success
    for socket in (home, public, tag):
        first, second, gone = await socket.heard("update", "status.update", "delete")
        assert (first["content"] != second["content"], gone) == (True, post["id"])
    assert await strange.quiet()


async def test_the_end_of_a_private_post_is_told_to_those_who_had_it(
    server: "Server", enter: "Enter"
) -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    await follow(bob, alice)
    for visibility, hearing in (("private", bob), ("direct", carol)):
        post = await alice.post("@carol hush" if visibility == "direct" else "hush", visibility=visibility)
        sockets = {who.account.id: await listen(server, who, "user") for who in (bob, carol)}
        public = await listen(server, carol, "public")
        await alice.http.delete(f"/api/v1/statuses/{post['id']}")
        assert await sockets.pop(hearing.account.id).heard("delete") == [post["id"]]
        for socket in (*sockets.values(), public):
            assert await socket.quiet()


async def test_a_boost_and_its_end_come_to_followers(server: "Server", enter: "Enter") -> None:
    alice, bob = await enter("alice"), await enter("bob")
    await follow(bob, alice)
    post = await (await enter("carol")).post("hello")
    await act(bob, f"statuses/{post['id']}/favourite")
    home = await listen(server, bob, "user")
    boost = await act(alice, f"statuses/{post['id']}/reblog")
    await act(alice, f"statuses/{post['id']}/unreblog")
    update, gone = await home.heard("update", "delete")
    assert (update["id"], update["reblog"]["favourited"], gone) == (boost["id"], True, boost["id"])


async def test_notifications_come_to_whom_they_tell(server: "Server", enter: "Enter") -> None:
    alice, bob = await enter("alice"), await enter("bob")
    post = await alice.post("hello")
    home, own = await listen(server, alice, "user"), await listen(server, alice, "user:notification")
    other = await listen(server, bob, "user:notification")
    await act(bob, f"statuses/{post['id']}/favourite")
    for socket in (home, own):
        [told] = await socket.heard("notification")
        loaded = (await alice.http.get("/api/v1/notifications")).json()
        assert [told] == loaded
    await act(bob, f"statuses/{post['id']}/unfavourite")
    await act(bob, f"statuses/{post['id']}/favourite")
    await own.heard("notification")
    assert await other.quiet()


async def test_a_token_for_posts_alone_hears_no_notifications(server: "Server", enter: "Enter") -> None:
    alice, bob = await enter("alice", "read:statuses", "write:statuses"), await enter("bob")
    post = await alice.post("hello")
    home = await listen(server, alice, "user")
    await act(bob, f"statuses/{post['id']}/favourite")
    assert await home.quiet()


async def test_what_concerns_one_account_comes_to_it_alone(server: "Server", enter: "Enter") -> None:
    alice, bob = await enter("alice"), await enter("bob")
    home, other = await listen(server, alice, "user"), await listen(server, bob, "user")
    whose = {"account_id": alice.account.id}
    await tell(server, EventKind.FILTERS_CHANGED, **whose)
    assert await home.next() == {"stream": ["user"], "event": "filters_changed"}
    await tell(server, EventKind.NOTIFICATIONS_MERGED, **whose)
    assert await home.heard("notifications_merged") == ["1"]
    await tell(server, EventKind.GENERATION, detail={"id": "7", "step": 3}, **whose)
    assert await home.heard("generation.progress") == [{"id": "7", "step": 3}]
    assert await other.quiet()


async def test_a_conversation_comes_to_those_in_it(server: "Server", enter: "Enter") -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    await follow(bob, alice)  # messages of strangers wait to be let in
    socket, other = await listen(server, bob, "direct"), await listen(server, carol, "direct")
    post = await alice.post("@bob between us", visibility="direct")
    frame = await socket.next()
    assert (frame["stream"], frame["event"]) == (["direct"], "conversation")
    told = json.loads(frame["payload"])
    assert (told["last_status"]["id"], told["unread"]) == (post["id"], True)
    assert [one["id"] for one in told["accounts"]] == [str(alice.account.id)]
    assert await other.quiet()


async def test_announcements_come_to_everyone_at_home(server: "Server", enter: "Enter") -> None:
    alice, bob = await enter("alice"), await enter("bob")
    homes = [await listen(server, who, "user") for who in (alice, bob)]
    public = await listen(server, bob, "public")
    ctx = server.ctx
    async with ctx.db.write() as tx:
        made = await announcing.announce(ctx, tx, said="hello, all")
    assert (await alice.http.put(f"/api/v1/announcements/{made.id}/reactions/😀")).is_success
    async with ctx.db.write() as tx:
        await announcing.remove(ctx, tx, announcement_id=made.id)
    for home in homes:
        told, reaction, gone = await home.heard(
            "announcement", "announcement.reaction", "announcement.delete"
        )
        assert (told["id"], told["content"], "read" in told) == (str(made.id), "<p>hello, all</p>", False)
        assert reaction == {"name": "😀", "count": 1, "announcement_id": str(made.id)}
        assert gone == str(made.id)
    assert await public.quiet()


async def test_a_list_streams_who_is_on_it_to_its_owner(server: "Server", enter: "Enter") -> None:
    alice, bob = await enter("alice"), await enter("bob")
    await follow(bob, alice)
    made = await act(bob, "lists", title="friends")
    await act(bob, f"lists/{made['id']}/accounts", account_ids=[str(alice.account.id)])
    socket = await listen(server, bob, "list", list=made["id"])
    post = await alice.post("hello", visibility="private")
    frame = await socket.next()
    assert (frame["stream"], frame["event"]) == (["list", made["id"]], "update")
    await alice.http.delete(f"/api/v1/statuses/{post['id']}")
    assert await socket.heard("delete") == [post["id"]]


async def test_filters_are_those_of_each_listener(server: "Server", enter: "Enter") -> None:
    alice, bob, carol = await enter("alice"), await enter("bob"), await enter("carol")
    for who in (bob, carol):
        await follow(who, alice)
    words = {"title": "cats", "context": ["home"], "keywords_attributes": [{"keyword": "cats"}]}
    answer = await bob.http.post("/api/v2/filters", json=words)
    assert answer.status_code == 200, answer.text
    filtering, plain = await listen(server, bob, "user"), await listen(server, carol, "user")
    await alice.post("look: cats")
    [theirs], [others] = await filtering.heard("update"), await plain.heard("update")
    assert [found["filter"]["title"] for found in theirs["filtered"]] == ["cats"]
    assert others["filtered"] == []


async def test_however_many_listen_a_post_costs_few_statements_and_one_rendering(
    server: "Server", enter: "Enter", monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await enter("alice")
    people = [await enter(f"p{number}") for number in range(6)]
    for who in people:
        await follow(who, alice)
    sockets = [await listen(server, who, name) for who in people for name in ("user", "public")]
    rendered: list[int] = []
    asked: list[int] = []
    statuses, hearers = rendering.statuses, audience.hearers

    async def count_rendering(tx: Any, settings: Any, viewer_id: int, ids: Any) -> Any:
        rendered.append(viewer_id)
        return await statuses(tx, settings, viewer_id, ids)

    async def count_asking(*given: Any, **more: Any) -> Any:
        asked.append(1)
        return await hearers(*given, **more)

    monkeypatch.setattr(rendering, "statuses", count_rendering)
    monkeypatch.setattr(audience, "hearers", count_asking)
    seen: list[str] = []
    engine = server.ctx.db._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, said, *_: seen.append(said))
    post = await alice.post("hello")
    seen.clear()
    for socket in sockets:
        assert [one["id"] for one in await socket.heard("update")] == [post["id"]]
    assert len(asked) == 1
    assert len([viewer for viewer in rendered if viewer != alice.account.id]) == 1
    assert len([one for one in seen if not one.startswith("BEGIN")]) <= 7


async def test_a_post_that_is_delivered_twice_comes_out_once(server: "Server", enter: "Enter") -> None:
    alice = await enter("alice")
    home = await Events.open(server, "user", alice.token)
    post = await alice.post("hello")
    await tell(server, EventKind.UPDATE, subject_id=int(post["id"]))
    await tell(server, EventKind.FILTERS_CHANGED, account_id=alice.account.id)
    first, second = await home.heard("update", "filters_changed")
    assert (first["id"], second) == (post["id"], "undefined")


async def test_a_mistake_with_one_event_does_not_silence_the_next(server: "Server", enter: "Enter") -> None:
    alice = await enter("alice")
    home = await listen(server, alice, "user")
    await tell(server, EventKind.DELETE, detail={"nonsense": 1})
    post = await alice.post("hello")
    [told] = await home.heard("update")
    assert told["id"] == post["id"]
