"""Votes from other servers, in each shape in which they come, and those that count nothing."""

from typing import Any

import pytest
from sqlalchemy import select

from activitypub.vocab import PUBLIC
from fedi.models import Account, ActivityState, Poll, PollVote, Post
from fedi.services import posting
from fedi.services.polling import NewPoll
from tests.fedi import looking
from tests.fedi.looking import verdict
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

DAY_S = 86_400


async def ask(server: Server, alice: Account, visibility: str = "public", **more: Any) -> Post:
    made: dict[str, Any] = {"options": ("red", "blue", "green"), "expires_in_s": DAY_S}
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        new = posting.NewPost(text="which?", visibility=visibility, poll=NewPoll(**made | more))
        return await posting.publish(server.ctx, tx, author=me, new=new)


def vote(bob: RemoteActor, post: Post, name: str, **changes: Any) -> dict[str, Any]:
    """Write a vote as Mastodon does: a Note without content, in the actor's own name."""
    bob.home.count += 1
    return {
        "id": f"{bob.iri}#votes/{bob.home.count}", "type": "Note", "name": name, "attributedTo": bob.iri,
        "inReplyTo": post.iri, "to": "https://fedi.test/users/alice",
    } | changes  # fmt: skip


async def standing(server: Server) -> tuple[list[int], int]:
    async with server.ctx.db.read() as tx:
        poll = (await tx.execute(select(Poll))).scalar_one()
    return poll.tallies, poll.voters_count


async def test_a_vote_is_counted_and_is_no_post(server: Server, bob: RemoteActor, alice: Account) -> None:
    post = await ask(server, alice)
    said = vote(bob, post, "blue")
    assert await verdict(server, bob, bob.does("Create", said)) == ActivityState.DONE
    assert await standing(server) == ([0, 1, 0], 1)
    assert await looking.count(server, Post) == 1
    assert await looking.told(server, alice) == []
    async with server.ctx.db.read() as tx:
        assert (await tx.execute(select(PollVote.iri))).scalar_one() == said["id"]


async def test_several_votes_in_one_create_are_counted(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await ask(server, alice, multiple=True)
    said = [vote(bob, post, name) for name in ("red", "green", "red")]
    assert await verdict(server, bob, bob.does("Create", said)) == ActivityState.DONE
    assert await standing(server) == ([1, 0, 1], 1)


async def test_of_several_votes_in_a_poll_with_one_choice_the_first_counts(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await ask(server, alice)
    said = [vote(bob, post, name) for name in ("blue", "green")]
    await verdict(server, bob, bob.does("Create", said))
    assert await standing(server) == ([0, 1, 0], 1)


async def test_a_second_vote_is_ignored(server: Server, bob: RemoteActor, alice: Account) -> None:
    post = await ask(server, alice)
    await verdict(server, bob, bob.does("Create", vote(bob, post, "blue")))
    for name in ("blue", "red"):
        assert await verdict(server, bob, bob.does("Create", vote(bob, post, name))) == ActivityState.IGNORED
    assert await standing(server) == ([0, 1, 0], 1)


@pytest.mark.parametrize("place", [0, 1])
async def test_nobody_votes_for_somebody_else(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account, place: int
) -> None:
    carol = remote.person("carol")
    evil = RemoteServer(server.network, host="evil.test").person("mallory")
    post = await ask(server, alice, multiple=True)
    for victim in (carol, evil):
        said = [vote(bob, post, "red"), vote(bob, post, "blue")]
        said[place] = vote(victim, post, "green")
        assert await verdict(server, bob, bob.does("Create", said)) == ActivityState.REFUSED
    assert await standing(server) == ([0, 0, 0], 0)


async def test_a_vote_that_lives_elsewhere_does_not_count(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await ask(server, alice, multiple=True)
    said = [vote(bob, post, "red"), vote(bob, post, "blue", id="https://third.test/votes/1")]
    assert await verdict(server, bob, bob.does("Create", said)) == ActivityState.REFUSED
    assert await standing(server) == ([0, 0, 0], 0)


async def test_a_vote_beside_one_in_another_poll_counts_alone(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await ask(server, alice, multiple=True)
    elsewhere = vote(bob, post, "blue", inReplyTo="https://third.test/q")
    text = vote(bob, post, "green", content="<p>green</p>")
    await verdict(server, bob, bob.does("Create", [vote(bob, post, "red"), elsewhere, text]))
    assert await standing(server) == ([1, 0, 0], 1)


async def test_what_is_forwarded_beside_a_vote_does_not_count(
    server: Server, bob: RemoteActor, remote: RemoteServer, alice: Account
) -> None:
    post = await ask(server, alice, multiple=True)
    carol = remote.person("carol")
    first = vote(bob, post, "red", id=f"{bob.iri}/votes/1")
    bob.home.serve(first["id"], first)
    forwarded = bob.does("Create", [first, vote(bob, post, "blue")])
    await looking.meet(server, carol)
    assert await verdict(server, carol, forwarded) == ActivityState.DONE
    assert await standing(server) == ([1, 0, 0], 1)


async def test_a_vote_after_the_end_counts_nothing(server: Server, bob: RemoteActor, alice: Account) -> None:
    post = await ask(server, alice)
    server.clock.advance(DAY_S)
    assert await verdict(server, bob, bob.does("Create", vote(bob, post, "red"))) == ActivityState.REFUSED
    assert await standing(server) == ([0, 0, 0], 0)


async def test_a_vote_in_a_poll_that_they_cannot_see_counts_nothing(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await ask(server, alice, "private")
    assert await verdict(server, bob, bob.does("Create", vote(bob, post, "red"))) == ActivityState.REFUSED
    assert await standing(server) == ([0, 0, 0], 0)


@pytest.mark.parametrize("question", ["elsewhere", "unknown", "no poll"])
async def test_a_vote_in_no_poll_of_ours_is_ignored_and_nobody_is_asked(
    server: Server, bob: RemoteActor, alice: Account, question: str
) -> None:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        post = await posting.publish(
            server.ctx, tx, author=me, new=posting.NewPost(text="no poll", visibility="public")
        )
    targets = {"elsewhere": "https://third.test/q", "unknown": f"{alice.iri}/statuses/1", "no poll": post.iri}
    said = vote(bob, post, "red", inReplyTo=targets[question])
    assert await verdict(server, bob, bob.does("Create", said)) == ActivityState.IGNORED
    assert bob.home.asked == [bob.iri]  # for the key alone
    assert await looking.count(server, Post) == 1


async def test_the_figures_of_our_polls_are_not_for_others_to_tell(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    post = await ask(server, alice)
    await looking.meet(server, bob)
    forged = {
        "id": post.iri, "type": "Question", "attributedTo": alice.iri, "content": "<p>which?</p>", "to": [PUBLIC],
        "oneOf": [{"type": "Note", "name": name, "replies": {"totalItems": 999}} for name in ("red", "blue", "green")],
        "votersCount": 999,
    }  # fmt: skip
    assert await verdict(server, bob, bob.does("Update", forged)) == ActivityState.REFUSED
    claimed = forged | {"attributedTo": bob.iri}
    assert await verdict(server, bob, bob.does("Update", claimed)) == ActivityState.REFUSED
    assert await standing(server) == ([0, 0, 0], 0)
