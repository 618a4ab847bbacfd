"""Quotes on pages."""

import pytest

from fedi.models import Post
from fedi.queries.quotes import QuoteState
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def town(server: Server) -> Town:
    return Town(server)


@pytest.mark.parametrize("path", ["/@carol/{id}", "/@carol"])
async def test_a_page_shows_the_quoted_post(town: Town, path: str) -> None:
    first = await town.posts("bob", "the very first")
    quoted = await town.posts("alice", "the original", quote_of_id=first.id)
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    page = (await town.server.client.get(path.format(id=quote.id))).text
    assert '<article class="quoted">' in page
    assert "the original" in page
    assert "the very first" not in page
    assert f'<p class="quote-inline">RE: <a href="https://fedi.test/@alice/{quoted.id}"' in page


@pytest.mark.parametrize("state", [state for state in QuoteState if state is not QuoteState.ACCEPTED])
async def test_a_page_shows_no_quoted_post_without_leave(town: Town, state: QuoteState) -> None:
    quoted = await town.posts("alice", "the original")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    async with town.server.ctx.db.write() as tx:
        (await tx.get_one(Post, quote.id)).quote_state = state
    page = (await town.server.client.get(f"/@carol/{quote.id}")).text
    assert "quoted" not in page
    assert "the original" not in page


async def test_a_page_shows_no_quoted_post_that_is_not_for_everyone(town: Town) -> None:
    quoted = await town.posts("alice", "the original")
    quote = await town.posts("carol", "look", quote_of_id=quoted.id)
    async with town.server.ctx.db.write() as tx:
        (await tx.get_one(Post, quoted.id)).visibility = "private"
    page = (await town.server.client.get(f"/@carol/{quote.id}")).text
    assert "the original" not in page
