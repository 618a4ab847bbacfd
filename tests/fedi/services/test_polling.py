"""Polls: what may be asked, who may vote for what, and what is counted."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from activitypub.errors import ForbiddenError
from activitypub.objects.note import Note
from activitypub.objects.question import VOTES_MAX
from activitypub.vocab import PUBLIC
from fedi.errors import Refused
from fedi.models import Account, Job, Poll, PollVote, Post
from fedi.outbound import remote
from fedi.queries import polls as find
from fedi.services import polling
from fedi.services.polling import NewPoll
from tests.fedi.looking import count
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

DAY_S = 86_400


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


def asking(*options: str, **more: Any) -> NewPoll:
    made: dict[str, Any] = {"options": options or ("red", "blue", "green"), "expires_in_s": DAY_S}
    return NewPoll(**made | more)


async def asks(town: Town, who: str = "alice", visibility: str = "public", **more: Any) -> Post:
    return await town.posts(who, "which?", visibility, poll=asking(**more))


async def poll_of(town: Town, post: Post) -> Poll:
    async with town.server.ctx.db.read() as tx:
        found = await find.by_post(tx, post.id)
    assert found is not None
    return found


async def votes(town: Town, who: str, post: Post, *choices: int) -> None:
    async with town.server.ctx.db.write() as tx:
        voter = await tx.get_one(Account, (await town.one(who)).id)
        held, poll = await tx.get_one(Post, post.id), await find.by_post(tx, post.id)
        assert poll is not None
        await polling.vote(town.server.ctx, tx, account=voter, post=held, poll=poll, choices=choices)


async def sends_votes(town: Town, who: str, post: Post, *names: str) -> int:
    voter = await town.one(who)
    said = [(name, f"{voter.iri}#votes/{name}") for name in names]
    async with town.server.ctx.db.write() as tx:
        voter = await tx.get_one(Account, voter.id)
        held = await tx.get_one(Post, post.id)
        return await polling.receive_votes(town.server.ctx, tx, voter=voter, post=held, votes=said)


async def standing(town: Town, post: Post) -> tuple[list[int], int]:
    poll = await poll_of(town, post)
    return poll.tallies, poll.voters_count


# --- Asking ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "seconds", "sentence"),
    [
        ([], DAY_S, "more than one"),
        (["a"], DAY_S, "more than one"),
        (["a", " "], DAY_S, "more than one"),
        (["a", "b", "c", "d", "e"], DAY_S, "more than 4 items"),
        (["a", "b" * 51], DAY_S, "50 characters"),
        (["a", " a"], DAY_S, "duplicate"),
        (["a", "b"], 299, "too soon"),
        (["a", "b"], 2_629_747, "too far"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_sentence(
    server: Server, options: Sequence[str], seconds: int, sentence: str
) -> None:
    town = Town(server)
    with pytest.raises(Refused, match=sentence) as refused:
        await town.posts("alice", poll=NewPoll(options=options, expires_in_s=seconds))
    assert refused.value.status == 422
    assert await count(server, Post) == 0


@pytest.mark.parametrize(("options", "seconds"), [(["a", "b" * 50], 300), (["a", "b", "c", "d"], 2_629_746)])
async def test_the_limits_themselves_are_allowed(server: Server, options: list[str], seconds: int) -> None:
    town = Town(server)
    post = await town.posts("alice", poll=NewPoll(options=options, expires_in_s=seconds))
    assert (await poll_of(town, post)).options == options


async def test_a_post_has_pictures_or_a_poll(server: Server) -> None:
    town = Town(server)
    picture = await town.picture("alice")
    with pytest.raises(Refused, match="not both"):
        await town.posts("alice", poll=asking(), attachment_ids=(picture,))


async def test_a_poll_needs_no_words(server: Server) -> None:
    town = Town(server)
    post = await town.posts("alice", "", poll=asking(" red ", "blue"))
    assert (await poll_of(town, post)).options == ["red", "blue"]


async def test_a_question_goes_out_as_one(server: Server) -> None:
    town = Town(server)
    await town.follows("far@far.test", "alice")
    await asks(town)
    created, _ = (await town.outgoing())[0]
    assert created["object"]["type"] == "Question"
    assert [option["name"] for option in created["object"]["oneOf"]] == ["red", "blue", "green"]
    assert created["object"]["votersCount"] == 0
    assert "closed" not in created["object"]


# --- Voting here ----------------------------------------------------------------------------------------------


async def test_a_vote_is_counted_once(town: Town) -> None:
    post = await asks(town)
    await votes(town, "bob", post, 1)
    with pytest.raises(Refused, match="already voted"):
        await votes(town, "bob", post, 1)
    with pytest.raises(Refused, match="already voted"):
        await votes(town, "bob", post, 0)
    await votes(town, "carol", post, 1)
    assert await standing(town, post) == ([0, 2, 0], 2)


async def test_with_one_choice_nobody_takes_two(town: Town) -> None:
    post = await asks(town)
    with pytest.raises(Refused, match="already voted"):
        await votes(town, "bob", post, 0, 1)
    assert await standing(town, post) == ([0, 0, 0], 0)


async def test_with_several_choices_more_may_be_added_and_none_twice(town: Town) -> None:
    post = await asks(town, multiple=True)
    await votes(town, "bob", post, 0, 2, 2)
    with pytest.raises(Refused, match="already voted"):
        await votes(town, "bob", post, 1, 2)
    await votes(town, "bob", post, 1)
    assert await standing(town, post) == ([1, 1, 1], 1)


@pytest.mark.parametrize("choices", [(), (3,), (-1,), (0, 7)])
async def test_what_is_not_there_cannot_be_chosen(server: Server, choices: tuple[int, ...]) -> None:
    town = Town(server)
    post = await asks(town, multiple=True)
    with pytest.raises(Refused, match="does not exist"):
        await votes(town, "bob", post, *choices)
    assert await count(server, PollVote) == 0


async def test_nobody_votes_in_their_own_poll(server: Server) -> None:
    town = Town(server)
    post = await asks(town)
    with pytest.raises(Refused, match="own polls"):
        await votes(town, "alice", post, 0)


async def test_nobody_votes_when_it_is_over(server: Server) -> None:
    town = Town(server)
    post = await asks(town)
    server.clock.advance(DAY_S)
    with pytest.raises(Refused, match="ended"):
        await votes(town, "bob", post, 0)
    assert await count(server, PollVote) == 0


async def test_a_poll_that_one_may_not_see_does_not_exist(server: Server) -> None:
    town = Town(server)
    post = await asks(town, visibility="private")
    with pytest.raises(Refused) as refused:
        await votes(town, "bob", post, 0)
    assert refused.value.status == 404
    await town.follows("bob", "alice")
    await votes(town, "bob", post, 0)


async def test_a_vote_in_a_poll_elsewhere_goes_to_its_author_alone(server: Server) -> None:
    town = Town(server)
    post = await town.keeps("otto@far.test")
    async with server.ctx.db.write() as tx:
        tx.add(
            Poll(id=1, post_id=post.id, options=["yes", "no"], tallies=[3, 4], multiple=True, voters_count=7)
        )
    await votes(town, "bob", post, 0, 1)
    (first, payload), (second, _) = await town.outgoing()
    bob, otto = await town.one("bob"), await town.one("otto@far.test")
    vote = first["object"]
    assert first["type"] == "Create"
    assert first["to"] == vote["to"] == [otto.iri]
    assert "cc" not in first
    assert (vote["type"], vote["name"], vote["inReplyTo"]) == ("Note", "yes", post.iri)
    assert "content" not in vote
    assert vote["id"].startswith(f"{bob.iri}#votes/")
    assert first["id"] == f"{vote['id']}/activity"
    assert second["object"]["name"] == "no"
    assert (payload["followers_of"], payload["account_ids"]) == (None, [otto.id])
    assert await standing(town, post) == ([4, 5], 8)


@pytest.mark.parametrize("ends", [None, "9999-12-31T23:59:59Z"])
async def test_a_poll_elsewhere_with_impossible_figures_takes_a_vote(town: Town, ends: str | None) -> None:
    note = Note.from_json(
        {
            "id": "https://far.test/1", "type": "Question", "attributedTo": "https://far.test/users/otto",
            "to": PUBLIC, "endTime": ends, "votersCount": 2**31 - 1,
            "anyOf": [{"name": name, "replies": {"totalItems": 2**31 - 1}} for name in ("yes", "no")],
        }
    )  # fmt: skip
    author = await town.one("otto@far.test")
    async with town.server.ctx.db.write() as tx:
        author = await tx.get_one(Account, author.id)
        post = await remote.save_note(town.server.ctx, tx, author=author, note=note)
    assert post is not None
    await votes(town, "bob", post, 0, 1)
    assert await standing(town, post) == ([VOTES_MAX + 1, VOTES_MAX + 1], VOTES_MAX + 1)


# --- Votes from elsewhere (threats: row 27) -------------------------------------------------------------------


async def test_votes_from_elsewhere_are_counted_once_per_voter_and_option(town: Town) -> None:
    post = await asks(town, multiple=True)
    assert await sends_votes(town, "eve@far.test", post, "red", "green") == 2
    assert await sends_votes(town, "eve@far.test", post, "red", "red", "blue") == 1
    assert await standing(town, post) == ([1, 1, 1], 1)


async def test_with_one_choice_the_first_vote_wins(town: Town) -> None:
    post = await asks(town)
    assert await sends_votes(town, "eve@far.test", post, "blue", "red") == 1
    assert await sends_votes(town, "eve@far.test", post, "red") == 0
    assert await standing(town, post) == ([0, 1, 0], 1)


async def test_a_flood_of_votes_leaves_one_row(town: Town) -> None:
    post = await asks(town)
    for _ in range(5):
        await sends_votes(town, "eve@far.test", post, *["red", "blue", "green"] * 20)
    assert await count(town.server, PollVote) == 1
    assert await standing(town, post) == ([1, 0, 0], 1)


async def test_a_vote_for_what_was_not_asked_counts_nothing(server: Server) -> None:
    town = Town(server)
    post = await asks(town)
    assert await sends_votes(town, "eve@far.test", post, "RED", "", "red ") == 0
    assert await standing(town, post) == ([0, 0, 0], 0)


async def test_a_vote_after_the_end_is_refused(server: Server) -> None:
    town = Town(server)
    post = await asks(town)
    server.clock.advance(DAY_S)
    with pytest.raises(ForbiddenError, match="over"):
        await sends_votes(town, "eve@far.test", post, "red")
    assert await standing(town, post) == ([0, 0, 0], 0)


async def test_a_vote_of_somebody_who_may_not_see_the_poll_is_refused(server: Server) -> None:
    town = Town(server)
    post = await asks(town, visibility="private")
    with pytest.raises(ForbiddenError, match="not for them"):
        await sends_votes(town, "eve@far.test", post, "red")
    await town.follows("eve@far.test", "alice")
    assert await sends_votes(town, "eve@far.test", post, "red") == 1


async def test_a_vote_in_somebody_elses_poll_is_not_counted_here(server: Server) -> None:
    town = Town(server)
    post = await town.keeps("otto@far.test")
    async with server.ctx.db.write() as tx:
        tx.add(Poll(id=1, post_id=post.id, options=["yes", "no"], tallies=[3, 4], voters_count=7))
    with pytest.raises(ForbiddenError, match="no vote in a poll of ours"):
        await sends_votes(town, "eve@far.test", post, "yes")
    assert await standing(town, post) == ([3, 4], 7)


async def test_a_post_without_a_poll_takes_no_votes(server: Server) -> None:
    town = Town(server)
    with pytest.raises(ForbiddenError):
        await sends_votes(town, "eve@far.test", await town.posts("alice"), "yes")


# --- Changing -------------------------------------------------------------------------------------------------


async def changes(town: Town, post: Post, new: NewPoll | None) -> None:
    async with town.server.ctx.db.write() as tx:
        await polling.change(town.server.ctx, tx, post=await tx.get_one(Post, post.id), new=new)


@pytest.mark.parametrize(
    ("new", "tallies"),
    [
        (asking(), [0, 1, 0]),
        (asking(hide_totals=True), [0, 1, 0]),
        (asking("red", "blue"), [0, 0]),
        (asking("blue", "red", "green"), [0, 0, 0]),
        (asking(multiple=True), [0, 0, 0]),
    ],
)
async def test_other_options_begin_with_no_votes(server: Server, new: NewPoll, tallies: list[int]) -> None:
    town = Town(server)
    post = await asks(town)
    await votes(town, "bob", post, 1)
    before = await poll_of(town, post)
    await changes(town, post, new)
    assert await standing(town, post) == (tallies, sum(tallies))
    assert await count(server, PollVote) == sum(tallies)
    assert (await poll_of(town, post)).id == before.id


async def test_a_changed_poll_runs_anew(server: Server) -> None:
    town = Town(server)
    post = await asks(town)
    server.clock.advance(DAY_S)
    await changes(town, post, asking())
    await votes(town, "bob", post, 1)
    async with server.ctx.db.read() as tx:
        ends = (await tx.execute(select(Job.run_at).where(Job.kind == "poll_close"))).scalars().all()
    assert (await poll_of(town, post)).expires_at in ends


async def test_a_poll_that_is_taken_away_is_gone_with_its_votes(server: Server) -> None:
    town = Town(server)
    post = await asks(town)
    await votes(town, "bob", post, 1)
    await changes(town, post, None)
    assert await count(server, Poll) == await count(server, PollVote) == 0
