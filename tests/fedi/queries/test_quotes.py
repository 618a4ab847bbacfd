"""Quoted posts and reactions as a page loads them, on both databases."""

import pytest
from sqlalchemy import event

from fedi.models import Reaction
from fedi.queries import posts, quotes
from fedi.queries.page import Page
from fedi.queries.quotes import QuoteState
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def react(town: Town, who: str, post_id: int, name: str) -> None:
    person, ctx = await town.one(who), town.server.ctx
    async with ctx.db.write() as tx:
        tx.add(
            Reaction(
                id=ctx.ids.next(), account_id=person.id, post_id=post_id, name=name, url=None,
                iri=f"{person.iri}#{name}", created_at=ctx.clock(),
            )
        )  # fmt: skip


async def test_a_page_shows_quotes_and_reactions(either_server: Server) -> None:
    town = Town(either_server)
    first = await town.posts("alice", "one #art")
    second = await town.posts("bob", "two @alice", quote_of_id=first.id)
    third = await town.posts("alice", "three", quote_of_id=second.id)
    for name, emoji in (("alice", "🦊"), ("bob", "🐺"), ("carol", "🦊")):
        await react(town, name, second.id, emoji)
    alice = await town.one("alice")
    async with either_server.ctx.db.read() as tx:
        views = await posts.load(tx, [third.id, second.id, first.id], viewer_id=alice.id)
    assert [view.quote_state for view in views] == [QuoteState.ACCEPTED, QuoteState.ACCEPTED, None]
    inner = views[0].quoted
    assert inner is not None
    assert (inner.post.id, inner.account.username, inner.quoted) == (second.id, "bob", None)
    assert (inner.quote_state, [account.username for account in inner.mentions]) == ("accepted", ["alice"])
    assert views[1].quoted is not None
    assert views[1].quoted.tags == ("art",)
    for view in (views[1], inner):
        assert [(entry.name, entry.count, entry.mine) for entry in view.reactions] == [
            ("🦊", 2, True), ("🐺", 1, False),
        ]  # fmt: skip
    assert views[0].reactions == views[2].reactions == ()


async def test_quotes_of_a_post_are_found_in_pages(either_server: Server) -> None:
    town = Town(either_server)
    first = await town.posts("alice")
    made = [(await town.posts("bob", str(number), quote_of_id=first.id)).id for number in range(3)]
    alice = await town.one("alice")
    async with either_server.ctx.db.read() as tx:
        found = await quotes.of_post(tx, alice.id, first.id, Page(limit=2))
        rest = await quotes.of_post(tx, alice.id, first.id, Page(limit=2, max_id=found.rows[-1]))
    assert (list(found.rows), found.more) == ([made[2], made[1]], True)
    assert (list(rest.rows), rest.more) == ([made[0]], False)


async def test_counts_go_with_an_account(either_server: Server) -> None:
    town = Town(either_server)
    first = await town.posts("alice")
    for number in range(2):
        quote = await town.posts("bob", str(number), quote_of_id=first.id)
    assert (await town.post(first.id)).quotes_count == 2
    await town.deletes("bob", quote)
    assert (await town.post(first.id)).quotes_count == 1


async def test_a_page_with_quotes_costs_no_other_statement(server: Server) -> None:
    town = Town(server)
    first = await town.posts("alice")
    quote = await town.posts("bob", "two", quote_of_id=first.id)
    said: list[str] = []
    engine = server.ctx.db._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *args: said.append(args[2]))
    async with server.ctx.db.read() as tx:
        await posts.load(tx, [first.id])
        alone = len([text for text in said if text.startswith("SELECT")])
        await posts.load(tx, [first.id, quote.id])
    assert alone == 3
    assert len([text for text in said if text.startswith("SELECT")]) - alone == 3
