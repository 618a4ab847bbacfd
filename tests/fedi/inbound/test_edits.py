"""Update, as it comes from another server: what counts as an edit, what is kept, and who is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activitypub.read import rfc3339
from fedi.models import Account, ActivityState, Attachment, Mention, Poll, PollVote, Post, PostEdit
from fedi.queries import polls as find_poll
from fedi.services import interacting, notifying, polling
from tests.fedi import looking
from tests.fedi.looking import find_post, get_post, verdict
from tests.fedi.remote import RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio

PICTURE = {"type": "Document", "mediaType": "image/png", "url": "https://remote.test/1.png", "name": "a boat"}
OTHER = PICTURE | {"url": "https://remote.test/2.png", "name": "a bird"}
FEBRUARY, MARCH = "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"
CURIOUS = {"type": "Mention", "name": "@alice@fedi.test"}


@pytest.fixture
async def followed(server: Server, bob: RemoteActor, alice: Account) -> RemoteActor:
    """Bob, whom alice follows."""
    await looking.follow(server, alice, bob)
    return bob


def asked(*counts: int, names: tuple[str, ...] = ("yes", "no"), **more: Any) -> dict[str, Any]:
    options = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
        for name, votes in zip(names, counts or (0, 0), strict=True)
    ]
    return {"type": "Question", "oneOf": options, "votersCount": sum(counts)} | more


async def created(server: Server, bob: RemoteActor, **changes: Any) -> dict[str, Any]:
    note = bob.note(**changes)
    assert await verdict(server, bob, bob.creates(note)) == ActivityState.DONE
    return note


async def edit(server: Server, bob: RemoteActor, note: dict[str, Any], **changes: Any) -> str:
    return await verdict(server, bob, bob.does("Update", note | changes))


async def history(server: Server) -> list[PostEdit]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(PostEdit).order_by(PostEdit.id))).scalars())


async def poll_of(server: Server, note: dict[str, Any]) -> Poll | None:
    post = await get_post(server, note["id"])
    async with server.ctx.db.read() as tx:
        return await find_poll.by_post(tx, post.id)


async def standing(server: Server, note: dict[str, Any]) -> list[int]:
    poll = await poll_of(server, note)
    assert poll is not None
    return poll.tallies


async def pictures(server: Server) -> dict[str | None, Attachment]:
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(select(Attachment).order_by(Attachment.position))
        return {row.remote_url: row for row in rows.scalars()}


# --- What is kept ---------------------------------------------------------------------------------------------


async def test_what_a_post_was_is_kept(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, summary="cw", sensitive=True, attachment=[PICTURE, OTHER])
    first = await pictures(server)
    swapped = [OTHER, PICTURE | {"name": "a ship"}]
    await edit(
        server, followed, note, updated=FEBRUARY, content="<p>new</p>", summary=None, attachment=swapped
    )
    (former,) = await history(server)
    assert (former.content, former.spoiler_text, former.sensitive) == ("<p>hello</p>", "cw", True)
    assert [entry["description"] for entry in former.attachments] == ["a boat", "a bird"]
    assert rfc3339(former.created_at) == note["published"]
    now = await pictures(server)
    assert [(url, row.description) for url, row in now.items()] == [
        (OTHER["url"], "a bird"), (PICTURE["url"], "a ship"),
    ]  # fmt: skip
    assert {row.id for row in now.values()} == {row.id for row in first.values()}


async def test_a_picture_that_is_taken_out_is_gone_and_a_twin_stays_one(
    server: Server, followed: RemoteActor
) -> None:
    note = await created(server, followed, attachment=[PICTURE, PICTURE, OTHER])
    await edit(server, followed, note, updated=FEBRUARY, attachment=[PICTURE])
    assert await looking.count(server, Attachment) == 1


async def test_versions_are_kept_in_their_order(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed)
    await edit(server, followed, note, updated=FEBRUARY, content="<p>two</p>")
    await edit(server, followed, note, updated=MARCH, content="<p>three</p>")
    former = await history(server)
    assert [version.content for version in former] == ["<p>hello</p>", "<p>two</p>"]
    assert rfc3339(former[1].created_at) == FEBRUARY


async def test_the_same_edit_twice_is_one(server: Server, followed: RemoteActor) -> None:
    precise = "2026-02-01T00:00:00.1234567Z"
    note = await created(server, followed)
    for content in ("<p>two</p>", "<p>three</p>"):
        await edit(server, followed, note, updated=precise, content=content)
    assert (await get_post(server, note["id"])).content == "<p>two</p>"
    assert len(await history(server)) == 1


async def test_an_edit_from_tomorrow_is_from_now(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed)
    tomorrow = rfc3339(server.clock() + timedelta(days=1))
    await edit(server, followed, note, updated=tomorrow, content="<p>two</p>")
    edited_at = (await get_post(server, note["id"])).edited_at
    assert edited_at is not None
    assert edited_at <= server.clock()


async def test_an_edit_that_nobody_sees_is_no_version(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed)
    await edit(server, followed, note, updated=FEBRUARY)
    post = await get_post(server, note["id"])
    assert post.edited_at == datetime.fromisoformat(FEBRUARY)
    assert await history(server) == []


async def test_a_post_that_comes_edited_takes_no_older_edit(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, updated=MARCH)
    assert await edit(server, followed, note, updated=FEBRUARY, content="<p>old</p>") == ActivityState.IGNORED
    assert (await get_post(server, note["id"])).content == "<p>hello</p>"


# --- Figures alone --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("updated", [None, FEBRUARY])
async def test_the_same_updated_tells_figures_alone(
    server: Server, followed: RemoteActor, updated: str | None
) -> None:
    note = await created(server, followed, updated=updated, **asked(1, 2))
    policy = {"canQuote": {"automaticApproval": ["https://remote.test/users/bob"]}}
    forged = asked(3, 4) | {"content": "<p>changed</p>", "interactionPolicy": policy}
    assert await edit(server, followed, note, **forged) == ActivityState.DONE
    post = await get_post(server, note["id"])
    assert post.content == "<p>hello</p>"
    assert post.interaction_policy is not None
    assert await standing(server, note) == [3, 4]
    assert await history(server) == []


async def test_other_options_are_no_figures(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, **asked(1, 2))
    await edit(server, followed, note, **asked(3, 4, names=("yes", "maybe")))
    assert await standing(server, note) == [1, 2]


async def test_figures_older_than_what_is_here_are_ignored(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, **asked(1, 2))
    await edit(server, followed, note, updated=MARCH, **asked(5, 5))
    assert await edit(server, followed, note, updated=FEBRUARY, **asked(3, 3)) == ActivityState.IGNORED
    assert await standing(server, note) == [5, 5]


# --- Polls ----------------------------------------------------------------------------------------------------


async def test_a_question_is_kept_with_its_poll(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, endTime=MARCH, **asked(1, 2))
    poll = await poll_of(server, note)
    assert poll is not None
    assert (poll.options, poll.tallies, poll.multiple) == (["yes", "no"], [1, 2], False)
    assert (poll.voters_count, poll.expires_at) == (3, datetime.fromisoformat(MARCH))
    assert (await get_post(server, note["id"])).content == "<p>hello</p>"


@pytest.mark.parametrize(
    ("said", "over"),
    [
        ({}, False),
        ({"closed": True}, True),
        ({"closed": FEBRUARY}, True),
        ({"closed": "2100-01-01T00:00:00Z"}, False),
        ({"endTime": FEBRUARY}, True),
    ],
)
async def test_the_end_of_a_poll_is_understood(
    server: Server, followed: RemoteActor, said: dict[str, Any], over: bool
) -> None:
    note = await created(server, followed, **asked(1, 2), **said)
    poll = await poll_of(server, note)
    assert poll is not None
    assert find_poll.is_over(poll, server.clock()) is over


async def vote(server: Server, alice: Account, note: dict[str, Any]) -> None:
    post = await get_post(server, note["id"])
    async with server.ctx.db.write() as tx:
        me, held = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
        poll = await find_poll.by_post(tx, post.id)
        assert poll is not None
        await polling.vote(server.ctx, tx, account=me, post=held, poll=poll, choices=[0])


async def test_other_options_are_an_edit_that_takes_the_votes_along(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = await created(server, followed, **asked(1, 2))
    await vote(server, alice, note)
    before = await poll_of(server, note)
    await edit(server, followed, note, updated=FEBRUARY, **asked(0, 0, names=("yes", "maybe")))
    after = await poll_of(server, note)
    assert before is not None
    assert after is not None
    assert (after.id, after.options, after.tallies) == (before.id, ["yes", "maybe"], [0, 0])
    assert await looking.count(server, PollVote) == 0
    assert (await history(server))[0].poll_options == ["yes", "no"]


async def test_an_edit_with_the_same_options_keeps_the_votes(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = await created(server, followed, **asked(1, 2))
    await vote(server, alice, note)
    await edit(server, followed, note, updated=FEBRUARY, content="<p>new</p>", **asked(4, 2))
    assert await standing(server, note) == [4, 2]
    assert await looking.count(server, PollVote) == 1


async def test_a_poll_may_be_taken_away(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, **asked(1, 2))
    await edit(server, followed, note, updated=FEBRUARY, type="Note")
    assert await poll_of(server, note) is None


async def test_its_end_is_told_to_who_voted_here(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = await created(server, followed, **asked(1, 2))
    await vote(server, alice, note)
    await edit(server, followed, note, closed=True, **asked(2, 2))
    assert await looking.told(server, alice) == ["poll"]
    async with server.ctx.db.write() as tx:
        poll = await find_poll.by_post(tx, (await get_post(server, note["id"])).id)
    assert poll is not None
    assert poll.closed_at is not None


# --- Who is told ----------------------------------------------------------------------------------------------


async def test_who_passed_it_on_is_told(server: Server, followed: RemoteActor, alice: Account) -> None:
    note = await created(server, followed)
    post = await get_post(server, note["id"])
    async with server.ctx.db.write() as tx:
        me, held = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
        await interacting.boost(server.ctx, tx, account=me, post=held)
    await edit(server, followed, note, updated=FEBRUARY)
    assert await looking.told(server, alice) == []
    await edit(server, followed, note, updated=MARCH, content="<p>new</p>")
    assert await looking.told(server, alice) == ["update"]


async def test_who_passed_another_post_on_is_not_told(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note, other = await created(server, followed), followed.note("other")
    await verdict(server, followed, followed.creates(other))
    post = await get_post(server, other["id"])
    async with server.ctx.db.write() as tx:
        me, held = await tx.get_one(Account, alice.id), await tx.get_one(Post, post.id)
        await interacting.boost(server.ctx, tx, account=me, post=held)
    await edit(server, followed, note, updated=FEBRUARY, content="<p>new</p>")
    assert await looking.told(server, alice) == []


async def test_who_is_mentioned_only_now_is_told_once(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = await created(server, followed)
    mention = CURIOUS | {"href": alice.iri}
    await edit(server, followed, note, updated=FEBRUARY, tag=[mention])
    assert await looking.told(server, alice) == ["mention"]
    async with server.ctx.db.write() as tx:
        await notifying.clear(tx, account_id=alice.id)
    await edit(server, followed, note, updated=MARCH, tag=[mention], content="<p>again</p>")
    assert await looking.told(server, alice) == []


@pytest.mark.parametrize("field", ["to", "cc"])
async def test_nobody_gets_into_a_direct_post_by_the_addresses_of_an_edit(
    server: Server, followed: RemoteActor, alice: Account, field: str
) -> None:
    carol = await server.person("carol")
    note = await created(server, followed, to=[alice.iri], cc=[])
    await edit(server, followed, note, **{"updated": FEBRUARY, field: [alice.iri, carol.iri]})
    assert await looking.count(server, Mention, Mention.account_id == carol.id) == 0
    assert await looking.count(server, Mention, Mention.account_id == alice.id) == 1


async def test_who_has_a_direct_post_sees_what_becomes_of_it(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = await created(server, followed, to=[alice.iri], cc=[])
    await edit(server, followed, note, updated=FEBRUARY, to=[], content="<p>new</p>")
    assert await looking.count(server, Mention, Mention.account_id == alice.id) == 1


async def test_who_is_no_longer_mentioned_leaves_an_open_post(
    server: Server, followed: RemoteActor, alice: Account
) -> None:
    note = await created(server, followed, tag=[CURIOUS | {"href": alice.iri}])
    await edit(server, followed, note, updated=FEBRUARY, tag=[])
    assert await looking.count(server, Mention) == 0


# --- What is not known here -----------------------------------------------------------------------------------


def lately(server: Server, hours: float = 1) -> str:
    return rfc3339(server.clock() - timedelta(hours=hours))


async def test_a_new_post_whose_create_was_lost_is_fetched(server: Server, followed: RemoteActor) -> None:
    note = followed.note(published=lately(server), content="<p>as it is served</p>")
    followed.home.asked.clear()
    said = note | {"updated": lately(server, 0), "content": "<p>as it was sent</p>"}
    assert await verdict(server, followed, followed.does("Update", said)) == ActivityState.DONE
    assert (await get_post(server, note["id"])).content == "<p>as it is served</p>"
    assert followed.home.asked.count(note["id"]) == 1


@pytest.mark.parametrize("published", ["old", "missing", "served old"])
async def test_what_is_old_or_does_not_say_is_left(
    server: Server, followed: RemoteActor, published: str
) -> None:
    old, new = lately(server, 25), lately(server)
    said, served = {"old": (old, new), "missing": (None, new), "served old": (new, old)}[published]
    note = followed.note(published=served)
    answer = await verdict(server, followed, followed.does("Update", note | {"published": said}))
    assert answer == ActivityState.IGNORED
    assert await find_post(server, note["id"]) is None


async def test_what_concerns_nobody_here_is_not_fetched(server: Server, bob: RemoteActor) -> None:
    note = bob.note(published=lately(server))
    assert await verdict(server, bob, bob.does("Update", note)) == ActivityState.IGNORED
    assert note["id"] not in bob.home.asked
    assert await find_post(server, note["id"]) is None


async def test_a_stranger_may_come_to_mention_somebody_here(
    server: Server, bob: RemoteActor, alice: Account
) -> None:
    note = bob.note(published=lately(server), tag=[CURIOUS | {"href": alice.iri}])
    assert await verdict(server, bob, bob.does("Update", note)) == ActivityState.DONE
    assert await looking.told(server, alice) == ["mention"]


async def test_what_was_deleted_does_not_come_back(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed, published=lately(server))
    await verdict(server, followed, followed.does("Delete", note["id"]))
    assert await edit(server, followed, note, updated=lately(server, 0)) == ActivityState.IGNORED
    assert await find_post(server, note["id"]) is None


@pytest.mark.parametrize("lie", ["author", "id", "vote"])
async def test_what_is_served_is_judged_as_well(server: Server, followed: RemoteActor, lie: str) -> None:
    note = followed.note(published=lately(server))
    served: dict[str, dict[str, Any]] = {
        "author": note | {"attributedTo": f"{followed.home.origin}/users/carol"},
        "id": note | {"id": f"{followed.iri}/notes/other"},
        "vote": note | {"name": "yes", "content": "", "inReplyTo": f"{followed.iri}/notes/q"},
    }
    followed.home.serve(note["id"], served[lie])
    assert await verdict(server, followed, followed.does("Update", note)) != ActivityState.DONE
    assert await find_post(server, note["id"]) is None


async def test_a_post_does_not_become_an_actor(server: Server, followed: RemoteActor) -> None:
    note = await created(server, followed)
    answer = await edit(server, followed, note, type=["Note", "Person"], updated=FEBRUARY, content="<p>x</p>")
    assert answer == ActivityState.IGNORED
    assert (await get_post(server, note["id"])).content == "<p>hello</p>"


async def test_the_profile_of_somebody_unknown_is_not_kept(server: Server, bob: RemoteActor) -> None:
    assert await verdict(server, bob, bob.does("Update", bob.doc)) == ActivityState.IGNORED
    assert await looking.find_account(server, bob.iri) is None
