"""Polls on pages."""

from datetime import UTC, datetime
from typing import Any

import pytest

from fedi.models import Poll
from fedi.services import posting
from fedi.services.polling import NewPoll
from fedi.web.polls import poll
from tests.servers import Server


def row(**changes: Any) -> Poll:
    made: dict[str, Any] = {"options": ["red\u202e", "blue"], "tallies": [2, 1], "hide_totals": False}
    return Poll(**made | changes)


def test_a_poll_is_shown_with_its_votes() -> None:
    shown = poll(row())
    assert [(choice.name, choice.votes) for choice in shown.choices] == [("red", 2), ("blue", 1)]
    assert (shown.votes, shown.closed) == (3, False)


@pytest.mark.parametrize(("closed_at", "votes"), [(None, None), (datetime(2026, 1, 1, tzinfo=UTC), 2)])
def test_hidden_totals_are_shown_when_it_is_closed(closed_at: datetime | None, votes: int | None) -> None:
    assert poll(row(hide_totals=True, closed_at=closed_at)).choices[0].votes == votes


@pytest.mark.anyio
async def test_a_page_shows_the_poll_of_a_post(server: Server) -> None:
    alice = await server.person("alice")
    async with server.ctx.db.write() as tx:
        new = posting.NewPost(
            text="which?",
            visibility="public",
            poll=NewPoll(options=("<b>red</b>", "blue"), expires_in_s=300),
        )
        alice = await tx.get_one(type(alice), alice.id)
        post = await posting.publish(server.ctx, tx, author=alice, new=new)
    page = (await server.client.get(f"/@alice/{post.id}")).text
    assert "&lt;b&gt;red&lt;/b&gt;" in page
    assert "0 votes" in page
