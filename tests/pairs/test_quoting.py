"""A quote between two of our servers: asked for, shown, taken back; and a reaction."""

from typing import Any

import pytest

from fedi.models import Account, Activity, ActivityState, Post
from fedi.outbound import resolve
from fedi.queries import posts as find
from fedi.queries.quotes import QuoteState
from fedi.services import following, posting, quoting, reacting
from tests.fedi import looking
from tests.pairs.conftest import Pair
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # whole servers


async def publish(server: Server, author: Account, text: str, **changes: Any) -> Post:
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        new = posting.NewPost(**{"text": text, "visibility": "public"} | changes)
        return await posting.publish(server.ctx, tx, author=me, new=new)


async def follow(server: Server, who: Account, handle: str) -> None:
    target = await resolve.handle(server.ctx, handle)
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, who.id)
        await following.follow(server.ctx, tx, follower=me, target=target)


async def state(server: Server, iri: str) -> tuple[str | None, bool]:
    """Return what became of a quote, and whether the quoted post is shown."""
    post = await looking.get_post(server, iri)
    async with server.ctx.db.read() as tx:
        view = await find.load_one(tx, post.id)
    assert view is not None
    return view.quote_state, view.quoted is not None


async def troubles(server: Server) -> list[tuple[str, str | None]]:
    bad = (Activity.state != ActivityState.DONE, Activity.direction == "in")
    if not await looking.count(server, Activity, *bad):
        return []
    row = await looking.first(server, Activity, *bad)
    return [(row.kind, row.reason)]


async def test_from_the_quote_to_its_end(pair: Pair) -> None:
    # Given a post on one server, and somebody on the other who has followers on both,
    painter, quoter = await pair.b.person("painter"), await pair.a.person("quoter")
    fan_here, fan_there = await pair.a.person("fan"), await pair.b.person("fan")
    await follow(pair.a, fan_here, "quoter")
    await follow(pair.b, fan_there, "quoter@a.test")
    await pair.settle()
    original = await publish(pair.b, painter, "the original")

    # when it is quoted,
    known = await resolve.note(pair.a.ctx, original.iri)
    quote = await publish(pair.a, quoter, "look", quote_of_id=known.id)
    assert await state(pair.a, quote.iri) == (QuoteState.PENDING, False)
    await pair.settle()

    # then both servers show it, and the quoted author is told,
    for server in (pair.a, pair.b):
        assert await state(server, quote.iri) == (QuoteState.ACCEPTED, True)
        assert (await looking.get_post(server, original.iri)).quotes_count == 1
    assert await looking.told(pair.b, painter) == ["quote"]
    assert quote.iri in await looking.home(pair.b, fan_there)

    # and when leave is taken back, neither does.
    async with pair.b.ctx.db.write() as tx:
        me, mine = await tx.get_one(Account, painter.id), await tx.get_one(Post, original.id)
        theirs = await tx.get_one(Post, (await looking.get_post(pair.b, quote.iri)).id)
        await quoting.revoke(pair.b.ctx, tx, author=me, post=mine, quoting=theirs)
    await pair.settle()
    for server in (pair.a, pair.b):
        assert await state(server, quote.iri) == (QuoteState.REVOKED, False)
        assert (await looking.get_post(server, original.iri)).quotes_count == 0
        assert await troubles(server) == []


async def test_a_third_server_verifies_the_stamp_itself(pair: Pair, make_server: Any) -> None:
    third: Server = await make_server("https://c.test")
    painter, quoter, reader = (
        await pair.b.person("painter"),
        await pair.a.person("quoter"),
        await third.person("fan"),
    )
    await follow(third, reader, "quoter@a.test")
    await pair.settle()
    await third.work()
    await pair.settle()
    original = await publish(pair.b, painter, "the original")
    known = await resolve.note(pair.a.ctx, original.iri)
    quote = await publish(pair.a, quoter, "look", quote_of_id=known.id)
    for _ in range(4):
        await pair.settle()
        await third.work()
    assert await state(third, quote.iri) == (QuoteState.ACCEPTED, True)
    stamp = (await looking.get_post(third, quote.iri)).quote_authorization
    assert stamp is not None
    asked = [str(request.url) for request in third.network.requests if request.method == "GET"]
    assert stamp in asked


async def test_a_reaction_is_one_where_they_are_known(pair: Pair) -> None:
    painter, fan = await pair.b.person("painter"), await pair.a.person("fan")
    first, second = await publish(pair.b, painter, "one"), await publish(pair.b, painter, "two")
    known = [await resolve.note(pair.a.ctx, post.iri) for post in (first, second)]

    async def react(post: Post) -> None:
        async with pair.a.ctx.db.write() as tx:
            me = await tx.get_one(Account, fan.id)
            await reacting.react(pair.a.ctx, tx, account=me, post=post, name="🦊")
        await pair.settle()

    async def seen(post: Post) -> tuple[int, list[str]]:
        async with pair.b.ctx.db.read() as tx:
            view = await find.load_one(tx, post.id)
        assert view is not None
        return view.post.favourites_count, [entry.name for entry in view.reactions]

    # The first goes out as a Like: nothing is known of the other server yet.
    await react(known[0])
    assert await seen(first) == (1, [])
    # Once it has sent one itself it gets them.
    mine = await publish(pair.a, fan, "mine")
    theirs = await resolve.note(pair.b.ctx, mine.iri)
    async with pair.b.ctx.db.write() as tx:
        peer_knows = await tx.get_one(Account, painter.id)
        await reacting._note_that_it_reacts(pair.b.ctx, tx, await tx.get_one(Account, theirs.account_id))
        await reacting.react(pair.b.ctx, tx, account=peer_knows, post=theirs, name="🐺")
    await pair.settle()
    await react(known[1])
    assert await seen(second) == (0, ["🦊"])
