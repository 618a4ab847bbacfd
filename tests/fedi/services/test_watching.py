"""Being told of each post of somebody whom one follows."""

import pytest
from sqlalchemy import select, update

from fedi.models import Account, Follow, Mute, Notification
from tests.fedi import looking
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(either_server: Server) -> Town:
    return Town(either_server)


async def watch(town: Town, who: str, whom: str) -> None:
    await town.follows(who, whom)
    async with town.server.ctx.db.write() as tx:
        pair = (Follow.account_id == town.people[who].id, Follow.target_id == town.people[whom].id)
        await tx.execute(update(Follow).where(*pair).values(notify=True))


async def rung(town: Town, who: str) -> list[int]:
    """Return the posts of which somebody was told as such."""
    async with town.server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Notification.post_id)
            .where(Notification.account_id == town.people[who].id, Notification.kind == "status")
            .order_by(Notification.id)
        )
        return [post_id for post_id in rows.scalars() if post_id is not None]


async def test_only_who_asked_is_told(town: Town) -> None:
    await watch(town, "ben", "anna")
    await town.follows("carl", "anna")
    post = await town.posts("anna")
    quiet = await town.posts("anna", visibility="private")
    assert await rung(town, "ben") == [post.id, quiet.id]
    assert await rung(town, "carl") == []


async def test_a_request_to_follow_hears_nothing(town: Town) -> None:
    await watch(town, "ben", "anna")
    async with town.server.ctx.db.write() as tx:
        await tx.execute(update(Follow).values(state="pending"))
    await town.posts("anna")
    told = await town.posts("anna", "@ben, only you", visibility="private")
    assert await town.home_of(told) == {"anna", "ben"}
    assert await rung(town, "ben") == []


async def test_answers_to_others_and_letters_are_no_news(town: Town) -> None:
    await watch(town, "ben", "anna")
    await town.follows("ben", "carl")
    other = await town.posts("carl")
    await town.posts("anna", "an answer", in_reply_to_id=other.id)
    await town.posts("anna", "@ben hush", visibility="direct")
    first = await town.posts("anna", "one")
    second = await town.posts("anna", "two", in_reply_to_id=first.id)
    assert await rung(town, "ben") == [first.id, second.id]


async def test_what_does_not_come_home_does_not_ring(town: Town) -> None:
    await watch(town, "ben", "anna")
    async with town.server.ctx.db.write() as tx:
        await tx.execute(update(Follow).values(languages="|de|"))
    await town.posts("anna", language="fr")
    assert await rung(town, "ben") == []


async def test_who_muted_them_since_is_not_told(town: Town) -> None:
    await watch(town, "ben", "anna")
    async with town.server.ctx.db.write() as tx:
        tx.add(
            Mute(
                id=1,
                account_id=town.people["ben"].id,
                target_id=town.people["anna"].id,
                created_at=town.server.clock(),
            )
        )
    await town.posts("anna")
    assert await rung(town, "ben") == []


async def test_a_post_from_elsewhere_rings_once(server: Server, remote: RemoteServer) -> None:
    bob: RemoteActor = remote.person("bob")
    alice = await server.person("alice")
    await looking.follow(server, alice, bob)
    async with server.ctx.db.write() as tx:
        await tx.execute(update(Follow).where(Follow.account_id == alice.id).values(notify=True))
    note = bob.note()
    for _ in range(2):
        await looking.verdict(server, bob, bob.creates(note))
    await looking.verdict(server, bob, bob.does("Announce", bob.note("2")["id"]))
    assert await looking.told(server, alice) == ["status"]
    async with server.ctx.db.read() as tx:
        (row,) = (await tx.execute(select(Notification))).scalars()
        assert (await tx.get_one(Account, row.from_account_id)).iri == bob.iri
