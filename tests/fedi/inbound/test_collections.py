"""Outbox, followers, following and pinned posts: counts and pages."""

from typing import Any

import pytest

from activitypub.objects.collection import Collection, CollectionPage
from fedi.models import Account, Post
from fedi.services import following, interacting, posting
from tests.fedi import looking
from tests.fedi.remote import ACTIVITY_JSON, RemoteActor
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def get(server: Server, iri: str, status: int = 200) -> Any:
    answer = await server.client.get(iri.removeprefix("https://fedi.test"), headers={"accept": ACTIVITY_JSON})
    assert answer.status_code == status
    return answer.json()


async def write(server: Server, author: Account, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": "hello", "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def test_the_outbox_holds_what_is_public_newest_first(server: Server, alice: Account) -> None:
    posts = [await write(server, alice, visibility=v) for v in ("public", "private", "unlisted", "direct")]
    outbox = Collection.from_json(await get(server, f"{alice.iri}/outbox"))
    assert outbox.first == f"{alice.iri}/outbox?page=true"
    page = CollectionPage.from_json(await get(server, outbox.first))
    items: list[Any] = list(page.items)
    assert [item["object"]["id"] for item in items] == [posts[2].iri, posts[0].iri]
    assert page.next is None
    assert page.id == outbox.first


async def test_boosts_stand_in_the_outbox(server: Server, alice: Account) -> None:
    post = await write(server, await server.person("carol"))
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, alice.id)
        await interacting.boost(server.ctx, tx, account=me, post=await tx.get_one(Post, post.id))
    (item,) = (await get(server, f"{alice.iri}/outbox?page=true"))["orderedItems"]
    assert (item["type"], item["object"]) == ("Announce", post.iri)


async def test_pages_lead_to_the_end(server: Server, alice: Account) -> None:
    posts = [await write(server, alice) for _ in range(45)]
    seen: list[str] = []
    url: str | None = f"{alice.iri}/outbox?page=true"
    pages = 0
    while url:
        page = await get(server, url)
        seen += [item["object"]["id"] for item in page["orderedItems"]]
        url = page.get("next")
        pages += 1
    assert seen == [post.iri for post in reversed(posts)]
    assert pages == 3


async def test_followers_and_following_list_who_agreed(
    server: Server, alice: Account, bob: RemoteActor
) -> None:
    carol = await server.person("carol")
    await looking.verdict(server, bob, bob.does("Follow", alice.iri))
    await looking.follow(server, alice, bob.home.person("dan"), accepted=False)
    async with server.ctx.db.write() as tx:
        me, other = await tx.get_one(Account, alice.id), await tx.get_one(Account, carol.id)
        await following.follow(server.ctx, tx, follower=me, target=other)
    followers = await get(server, f"{alice.iri}/followers")
    assert followers["totalItems"] == 1
    assert (await get(server, followers["first"]))["orderedItems"] == [bob.iri]
    theirs = await get(server, f"{alice.iri}/following")
    assert theirs["totalItems"] == 1
    assert (await get(server, theirs["first"]))["orderedItems"] == [carol.iri]


async def test_people_come_in_pages(server: Server, alice: Account) -> None:
    for number in range(45):
        fan = await server.person(f"fan{number}")
        async with server.ctx.db.write() as tx:
            me, other = await tx.get_one(Account, fan.id), await tx.get_one(Account, alice.id)
            await following.follow(server.ctx, tx, follower=me, target=other)
    first = await get(server, f"{alice.iri}/followers?page=true")
    second = await get(server, first["next"])
    assert len(first["orderedItems"]) == 40
    assert len(second["orderedItems"]) == 5
    assert "next" not in second
    assert len({*first["orderedItems"], *second["orderedItems"]}) == 45


async def test_nothing_is_pinned(server: Server, alice: Account) -> None:
    assert (await get(server, f"{alice.iri}/collections/featured"))["orderedItems"] == []


@pytest.mark.parametrize("name", ["outbox", "followers", "following", "collections/featured"])
async def test_the_server_itself_has_empty_collections(server: Server, name: str) -> None:
    doc = await get(server, f"https://fedi.test/actor/{name}")
    assert (doc["id"], doc["totalItems"]) == (f"https://fedi.test/actor/{name}", 0)


@pytest.mark.parametrize("max_id", ["x", "-1", "1.5", "9" * 30, "9" * 19, ""])
async def test_odd_positions_are_400(server: Server, alice: Account, max_id: str) -> None:
    for name in ("outbox", "followers"):
        await get(server, f"{alice.iri}/{name}?page=true&max_id={max_id}", status=400)


async def test_collections_of_nobody_are_404(server: Server) -> None:
    for name in ("outbox", "followers", "following", "collections/featured"):
        await get(server, f"https://fedi.test/users/nobody/{name}", status=404)


async def walk(server: Server, url: str | None, direction: str) -> list[list[Any]]:
    """Return the items of the pages from one on, in a direction, until there is no further page."""
    found: list[list[Any]] = []
    while url:
        page = await get(server, url)
        found.append(page["orderedItems"])
        url = page.get(direction)
        assert len(found) < 20
    return found


async def test_the_outbox_can_be_walked_from_either_end(server: Server, alice: Account) -> None:
    posts = [await write(server, alice) for _ in range(45)]
    await write(server, alice, visibility="private")
    outbox = await get(server, f"{alice.iri}/outbox")
    assert outbox["totalItems"] == 45
    down = await walk(server, outbox["first"], "next")
    assert [item["object"]["id"] for page in down for item in page] == [post.iri for post in reversed(posts)]
    up = await walk(server, outbox["last"], "prev")
    assert [item["object"]["id"] for page in reversed(up) for item in page] == [
        post.iri for post in reversed(posts)
    ]
    assert "next" not in await get(server, outbox["last"])
    assert "prev" not in await get(server, outbox["first"])


async def test_followers_can_be_walked_from_either_end(server: Server, alice: Account) -> None:
    fans = [await server.person(f"fan{number}") for number in range(45)]
    for fan in fans:
        async with server.ctx.db.write() as tx:
            me, them = await tx.get_one(Account, fan.id), await tx.get_one(Account, alice.id)
            await following.follow(server.ctx, tx, follower=me, target=them)
    followers = await get(server, f"{alice.iri}/followers")
    assert followers["totalItems"] == 45
    expected = [fan.iri for fan in reversed(fans)]
    assert [iri for page in await walk(server, followers["first"], "next") for iri in page] == expected
    up = await walk(server, followers["last"], "prev")
    assert [iri for page in reversed(up) for iri in page] == expected


async def test_hidden_collections_are_numbers(server: Server, alice: Account) -> None:
    fan = await server.person("fan")
    async with server.ctx.db.write() as tx:
        me, them = await tx.get_one(Account, fan.id), await tx.get_one(Account, alice.id)
        await following.follow(server.ctx, tx, follower=me, target=them)
        them.hides_collections = True
    followers = await get(server, f"{alice.iri}/followers")
    assert followers["totalItems"] == 1
    assert not {"first", "last", "orderedItems"} & set(followers)
    for tail in ("followers", "following"):
        await get(server, f"{alice.iri}/{tail}?page=true", status=404)


@pytest.mark.parametrize("cursor", ["max_id=x", "min_id=x", "min_id=-1", "max_id=99999999999999999999"])
async def test_a_cursor_that_is_no_id_is_refused(server: Server, alice: Account, cursor: str) -> None:
    for tail in ("outbox", "followers", "following"):
        await get(server, f"{alice.iri}/{tail}?page=true&{cursor}", status=400)
