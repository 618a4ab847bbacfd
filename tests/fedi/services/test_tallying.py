"""How polls stand and end: who is told, when, and how often; and what is asked of others' servers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from fedi.models import Account, Job, Poll, Post
from fedi.queries import polls as find
from fedi.services import polling, tallying
from fedi.services.polling import NewPoll
from tests.fedi import looking
from tests.fedi.remote import RemoteActor
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

DAY_S = 86_400
OPTIONS = [{"type": "Note", "name": name, "replies": {"totalItems": 1}} for name in ("yes", "no")]


@pytest.fixture
async def town(server: Server) -> Town:
    made = Town(server)
    await made.follows("fan@far.test", "alice")
    return made


async def asks(town: Town, visibility: str = "public", **more: Any) -> Post:
    new = NewPoll(options=("red", "blue"), expires_in_s=DAY_S, **more)
    return await town.posts("alice", "which?", visibility, poll=new)


async def votes(server: Server, voter: Account, post: Post, *choices: int) -> None:
    async with server.ctx.db.write() as tx:
        voter, held = await tx.get_one(Account, voter.id), await tx.get_one(Post, post.id)
        poll = await find.by_post(tx, post.id)
        assert poll is not None
        await polling.vote(server.ctx, tx, account=voter, post=held, poll=poll, choices=choices)


async def sends_vote(town: Town, who: str, post: Post, name: str) -> None:
    voter = await town.one(who)
    async with town.server.ctx.db.write() as tx:
        voter, held = await tx.get_one(Account, voter.id), await tx.get_one(Post, post.id)
        said = [(name, f"{voter.iri}#votes/1")]
        await polling.receive_votes(town.server.ctx, tx, voter=voter, post=held, votes=said)


async def poll_of(server: Server, post: Post) -> Poll:
    async with server.ctx.db.read() as tx:
        found = await find.by_post(tx, post.id)
    assert found is not None
    return found


async def updates(town: Town) -> list[dict[str, Any]]:
    """Do the jobs of polls that are due, and return the Updates that were recorded."""
    await town.server.work("default", "inbox")
    return [document for document, _ in await town.outgoing() if document["type"] == "Update"]


# --- Ours -----------------------------------------------------------------------------------------------------


async def test_many_votes_make_one_message_after_a_while(town: Town) -> None:
    post = await asks(town)
    await votes(town.server, await town.one("bob"), post, 1)
    await sends_vote(town, "eve@far.test", post, "blue")
    assert await updates(town) == []
    town.server.clock.advance(polling.TALLIES_PAUSE_S)
    (told,) = await updates(town)
    assert [option["replies"]["totalItems"] for option in told["object"]["oneOf"]] == [0, 2]
    assert told["object"]["votersCount"] == 2
    assert "updated" not in told["object"]
    assert await town.audience() == (True, {"bob", "eve@far.test"})


async def test_a_later_vote_is_told_in_a_message_of_its_own(town: Town) -> None:
    post = await asks(town)
    for voter in ("bob", "carol"):
        await votes(town.server, await town.one(voter), post, 1)
        town.server.clock.advance(polling.TALLIES_PAUSE_S)
        last = await updates(town)
    assert len({told["id"] for told in last}) == 2


async def test_how_a_private_poll_stands_is_not_told_to_who_left(town: Town) -> None:
    await town.follows("bob", "alice")
    post = await asks(town, "private")
    await votes(town.server, await town.one("bob"), post, 1)
    town.server.clock.advance(polling.TALLIES_PAUSE_S)
    assert len(await updates(town)) == 1
    assert await town.audience() == (True, set())


async def test_the_end_is_told_to_everyone_once(town: Town) -> None:
    post = await asks(town)
    bob = await town.one("bob")
    await votes(town.server, bob, post, 1)
    town.server.clock.advance(DAY_S)
    told = await updates(town)
    assert len(told) == 1  # the tallies of the last vote go with it
    assert told[0]["object"]["closed"]
    assert await looking.told(town.server, await town.one("alice")) == ["poll"]
    assert await looking.told(town.server, bob) == ["poll"]
    assert await updates(town) == told
    assert await looking.count(town.server, Job, Job.kind.like("poll%")) == 0


async def test_hidden_totals_are_told_at_the_end(town: Town) -> None:
    post = await asks(town, hide_totals=True)
    await votes(town.server, await town.one("bob"), post, 1)
    town.server.clock.advance(polling.TALLIES_PAUSE_S)
    (standing,) = await updates(town)
    assert [option["replies"]["totalItems"] for option in standing["object"]["oneOf"]] == [0, 0]
    town.server.clock.advance(DAY_S)
    *_, end = await updates(town)
    assert [option["replies"]["totalItems"] for option in end["object"]["oneOf"]] == [0, 1]


async def test_more_time_puts_the_end_off(town: Town) -> None:
    post = await asks(town)
    town.server.clock.advance(DAY_S / 2)
    async with town.server.ctx.db.write() as tx:
        new = NewPoll(options=("red", "blue"), expires_in_s=DAY_S)
        await polling.change(town.server.ctx, tx, post=await tx.get_one(Post, post.id), new=new)
    town.server.clock.advance(DAY_S / 2)
    assert await updates(town) == []
    assert (await poll_of(town.server, post)).closed_at is None
    town.server.clock.advance(DAY_S / 2)
    assert len(await updates(town)) == 1


async def test_jobs_of_a_deleted_poll_do_nothing(town: Town) -> None:
    post = await asks(town)
    await votes(town.server, await town.one("bob"), post, 1)
    await town.deletes("alice", post)
    town.server.clock.advance(DAY_S)
    assert await updates(town) == []
    assert await looking.count(town.server, Job, Job.kind.like("poll%")) == 0


# --- Others' --------------------------------------------------------------------------------------------------


async def question(
    server: Server, bob: RemoteActor, alice: Account, **changes: Any
) -> tuple[dict[str, Any], Post]:
    await looking.follow(server, alice, bob)
    note = bob.note(type="Question", oneOf=OPTIONS, votersCount=2, endTime=end_of(server, DAY_S), **changes)
    assert await looking.verdict(server, bob, bob.creates(note)) == "done"
    return note, await looking.get_post(server, note["id"])


def end_of(server: Server, seconds: float) -> str:
    return (server.clock() + timedelta(seconds=seconds)).isoformat()


def voted(note: dict[str, Any], yes: int, no: int, **more: Any) -> dict[str, Any]:
    counts = zip(("yes", "no"), (yes, no), strict=True)
    options = [{"type": "Note", "name": name, "replies": {"totalItems": votes}} for name, votes in counts]
    return note | {"oneOf": options, "votersCount": yes + no} | more


async def test_a_poll_elsewhere_is_asked_once_after_its_end_and_its_voters_are_told(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    note, post = await question(server, bob, alice)
    await votes(server, alice, post, 0)
    bob.home.serve(note["id"], voted(note, 5, 6))
    bob.home.asked.clear()
    server.clock.advance(DAY_S + polling.REMOTE_END_PAUSE_S)
    await server.work("inbox")
    assert bob.home.asked.count(note["id"]) == 1
    assert (await poll_of(server, post)).tallies == [5, 6]
    assert await looking.told(server, alice) == ["poll"]
    assert await looking.count(server, Job, Job.kind == "poll_close") == 0


async def test_an_end_that_cannot_be_asked_is_told_all_the_same(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    _, post = await question(server, bob, alice)
    await votes(server, alice, post, 0)
    del server.network.hosts[bob.home.host]
    server.clock.advance(DAY_S + polling.REMOTE_END_PAUSE_S)
    await server.work("inbox")
    assert await looking.told(server, alice) == ["poll"]


async def test_nobody_waits_for_a_poll_in_which_nobody_here_voted(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    await question(server, bob, alice)
    assert await looking.count(server, Job, Job.kind == "poll_close") == 0


async def test_a_look_at_a_poll_elsewhere_asks_for_news_once_a_minute(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    note, post = await question(server, bob, alice)
    poll = await poll_of(server, post)
    bob.home.serve(note["id"], voted(note, 8, 9))
    bob.home.asked.clear()
    await tallying.refresh_if_stale(server.ctx, poll.id)
    assert bob.home.asked == []  # it came a moment ago
    server.clock.advance(tallying.STALE_S)
    await tallying.refresh_if_stale(server.ctx, poll.id)
    await tallying.refresh_if_stale(server.ctx, poll.id)
    assert bob.home.asked == [note["id"]]
    assert (await poll_of(server, post)).tallies == [8, 9]


async def test_who_look_at_the_same_time_ask_once_and_for_that_poll_alone(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    note, post = await question(server, bob, alice)
    other = bob.note("other", type="Question", oneOf=OPTIONS)
    assert await looking.verdict(server, bob, bob.creates(other)) == "done"
    poll = await poll_of(server, post)
    second = await poll_of(server, await looking.get_post(server, other["id"]))
    bob.home.asked.clear()
    server.clock.advance(tallying.STALE_S)
    await asyncio.gather(*(tallying.refresh_if_stale(server.ctx, poll.id) for _ in range(3)))
    assert bob.home.asked == [note["id"]]
    await tallying.refresh_if_stale(server.ctx, second.id)
    assert bob.home.asked == [note["id"], other["id"]]


async def test_a_failed_look_is_not_repeated_at_once(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    note, post = await question(server, bob, alice)
    poll = await poll_of(server, post)
    bob.home.documents.pop(note["id"])
    server.clock.advance(tallying.STALE_S)
    bob.home.asked.clear()
    for _ in range(3):
        await tallying.refresh_if_stale(server.ctx, poll.id)
    assert bob.home.asked.count(note["id"]) == 1
    assert (await poll_of(server, post)).tallies == [1, 1]


async def test_a_poll_that_was_read_after_its_end_is_not_asked_again(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    note, post = await question(server, bob, alice)
    poll = await poll_of(server, post)
    server.clock.advance(DAY_S)
    bob.home.asked.clear()
    for _ in range(2):
        await tallying.refresh_if_stale(server.ctx, poll.id)
        server.clock.advance(tallying.STALE_S)
    assert bob.home.asked == [note["id"]]


@pytest.mark.parametrize("lie", ["author", "options"])
async def test_news_from_elsewhere_count_only_for_the_same_question(
    server: Server, bob: RemoteActor, alice: Account, lie: str
) -> None:
    note, post = await question(server, bob, alice)
    poll = await poll_of(server, post)
    forged = voted(note, 8, 9)
    if lie == "author":
        forged["attributedTo"] = f"{bob.home.origin}/users/carol"
    else:
        forged["oneOf"][0]["name"] = "maybe"
    bob.home.serve(note["id"], forged)
    server.clock.advance(tallying.STALE_S)
    await tallying.refresh_if_stale(server.ctx, poll.id)
    assert (await poll_of(server, post)).tallies == [1, 1]


async def test_our_own_polls_are_never_asked_over_the_network(town: Town) -> None:
    post = await asks(town)
    poll = await poll_of(town.server, post)
    town.server.clock.advance(tallying.STALE_S)
    await tallying.refresh_if_stale(town.server.ctx, poll.id)
    assert town.server.network.requests == []
    assert (await poll_of(town.server, post)).tallies == [0, 0]
