"""The WebSocket: who may open it, what is said on it, and when it ends."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from fedi.api.streaming import exchange as exchanges
from fedi.api.streaming import sockets
from fedi.models import OAuthToken
from fedi.services import authorizing, leaving, suspending
from tests.conftest import MakeServer
from tests.fedi.api.conftest import Person, token_for
from tests.fedi.api.listening import Events, RefusalError, Socket

if TYPE_CHECKING:
    from tests.fedi.api.conftest import Enter
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_the_token_may_be_in_three_places_and_a_subprotocol_is_repeated(
    server: "Server", enter: "Enter"
) -> None:
    alice = await enter("alice")
    for given in (
        {"headers": {"sec-websocket-protocol": alice.token}},
        {"headers": {"authorization": f"Bearer {alice.token}"}},
        {"access_token": alice.token},
        {"path": "/api/v1/streaming/", "access_token": alice.token},
    ):
        socket = await Socket.open(server, **given)
        assert socket.subprotocol == (alice.token if "sec-websocket-protocol" in str(given) else None)
        await socket.close()
    assert len(server.app.state.exchange) == 0
    assert not server.ctx.hub.is_open, "nobody listens, so nothing is told"


async def test_without_a_good_token_of_a_person_nobody_comes_in(server: "Server", enter: "Enter") -> None:
    alice = await enter("alice")
    for token in ("", "nonsense", await token_for(server, None, "read")):
        with pytest.raises(RefusalError) as refused:
            await Socket.open(server, access_token=token, stream="public")
        assert refused.value.status == 401
        with pytest.raises(RefusalError) as refused:
            await Events.open(server, "public", token)
        assert refused.value.status == 401
    with pytest.raises(RefusalError) as refused:  # a browser's own login is no token
        await Socket.open(server, headers={"cookie": f"fedi_session={alice.token}"})
    assert refused.value.status == 401


async def test_streams_are_chosen_and_left_by_frames(server: "Server", enter: "Enter") -> None:
    alice = await enter("alice")
    socket = await Socket.open(server, access_token=alice.token)
    await alice.post("nobody listens")
    socket.say(type="subscribe", stream="user")
    socket.say(type="subscribe", stream="hashtag", tag="cats")
    await socket.settled()
    await alice.post("a #cats")
    assert {tuple((await socket.next())["stream"]) for _ in range(2)} == {("user",), ("hashtag", "cats")}
    socket.say(type="unsubscribe", stream="user")
    await socket.settled()
    await alice.post("b #cats")
    assert (await socket.next())["stream"] == ["hashtag", "cats"]
    assert await socket.quiet()


async def test_what_makes_no_sense_is_answered_and_the_connection_stays(
    server: "Server", enter: "Enter"
) -> None:
    alice, bob = await enter("alice"), await enter("bob")
    made = (await bob.http.post("/api/v1/lists", json={"title": "mine"})).json()
    socket = await Socket.open(server, access_token=alice.token, stream="nonsense")
    assert await socket.next() == {"error": "Unknown channel requested", "status": 400}
    for words, status in (
        ({"stream": "hashtag"}, 400),
        ({"stream": "hashtag", "tag": "x" * 101}, 400),
        ({"stream": "list"}, 400),
        ({"stream": "list", "list": "999"}, 404),
        ({"stream": "list", "list": made["id"]}, 404),
        ({"stream": ["user"]}, 400),
    ):
        socket.say(type="subscribe", **words)
        assert (await socket.next())["status"] == status, words
    for text in ("", "{", "[]", "7", '{"type": "dance"}', '{"type": "unsubscribe", "stream": "no"}'):
        socket.say_text(text)
    socket.say(type="subscribe", stream="user")
    await socket.settled()
    await alice.post("hello")
    await socket.heard("update")


@pytest.mark.parametrize(
    ("granted", "stream", "allowed"),
    [
        ("read:statuses", "user", True),
        ("read:notifications", "user", False),
        ("read:notifications", "user:notification", True),
        ("read:statuses", "user:notification", False),
        ("write", "direct", False),
        ("write", "list", False),
        ("write", "public", True),
        ("read", "direct", True),
    ],
)
async def test_a_stream_needs_its_scope(
    server: "Server", enter: "Enter", granted: str, stream: str, allowed: bool
) -> None:
    alice = await enter("alice", granted)
    socket = await Socket.open(server, access_token=alice.token, stream=stream, list="1")
    if allowed:
        assert await socket.quiet()
    else:
        assert (await socket.next())["status"] == 403
    path = stream.replace(":", "/")
    if not allowed:
        with pytest.raises(RefusalError) as refused:
            await Events.open(server, path, alice.token, list="1")
        assert refused.value.status == 403


@pytest.mark.parametrize("how", ["revoke", "suspend", "delete", "behind our back"])
async def test_a_stream_ends_with_its_token(server: "Server", enter: "Enter", how: str) -> None:
    alice, bob = await enter("alice"), await enter("bob")
    socket, other = [await Socket.open(server, access_token=who.token, stream="user") for who in (alice, bob)]
    events = await Events.open(server, "user", alice.token)
    ctx = server.ctx
    async with ctx.db.write() as tx:
        account = await tx.get_one(type(alice.account), alice.account.id)
        granted = await authorizing.find_granted(tx, alice.token)
        assert granted is not None
        match how:
            case "revoke":
                await authorizing.revoke(ctx, tx, app=granted.app, token=alice.token)
            case "suspend":
                await suspending.suspend(ctx, tx, account=account)
            case "delete":
                await leaving.leave(ctx, tx, account=account)
            case _:
                (await tx.get_one(OAuthToken, granted.token_id)).revoked_at = server.clock()
    async with asyncio.timeout(5 if how == "behind our back" else exchanges.RECHECK_S / 2):
        assert await socket.ended() == sockets.ENDED
        await events.ended()
    assert await other.quiet()
    with pytest.raises(RefusalError):
        await Socket.open(server, access_token=alice.token)


async def test_who_reads_nothing_is_closed_before_it_fills_the_memory(
    server: "Server", enter: "Enter", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanges, "MAILBOX_FRAMES", 3)
    alice = await enter("alice")
    slow, quick = [await Socket.open(server, access_token=alice.token, stream="user") for _ in range(2)]
    slow.hold()
    for number in range(6):
        await alice.post(f"{number}")
        await quick.heard("update")
    assert await slow.ended() == sockets.ENDED


async def test_one_account_or_address_may_not_take_all_room(
    make_server: MakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await make_server(rate_limits=True)
    people = []
    for name in ("alice", "bob"):
        account = await server.person(name)
        people.append(await token_for(server, account, "read"))
    alice, bob = people
    monkeypatch.setattr(exchanges, "PER_ACCOUNT_MAX", 1)
    first = await Socket.open(server, access_token=alice)
    with pytest.raises(RefusalError) as refused:
        await Socket.open(server, access_token=alice)
    assert refused.value.status == 429
    second = await Socket.open(server, access_token=bob)
    await second.close()
    monkeypatch.setattr(exchanges, "PER_ADDRESS_MAX", 1)
    with pytest.raises(RefusalError) as refused:
        await Socket.open(server, access_token=bob)
    assert refused.value.status == 429
    await first.close()
    await Socket.open(server, access_token=bob)
    monkeypatch.setattr(exchanges, "ALL_MAX", 1)
    with pytest.raises(RefusalError) as refused:
        await Events.open(server, "user", alice)
    assert refused.value.status == 503


async def test_one_connection_has_so_many_streams(
    server: "Server", enter: "Enter", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHANNELS_MAX", 1)
    alice = await enter("alice")
    socket = await Socket.open(server, access_token=alice.token, stream="user")
    socket.say(type="subscribe", stream="public")
    assert (await socket.next())["status"] == 429


async def test_a_server_that_stops_ends_all_streams(server: "Server", enter: "Enter") -> None:
    alice: Person = await enter("alice")
    socket = await Socket.open(server, access_token=alice.token, stream="user")
    events = await Events.open(server, "user", alice.token)
    await server.app.state.exchange.close()
    assert await socket.ended() == sockets.GOING_AWAY
    await events.ended()
    with pytest.raises(RefusalError) as refused:
        await Socket.open(server, access_token=alice.token)
    assert refused.value.status == 503
