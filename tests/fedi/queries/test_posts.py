"""Loading posts with all that is shown of them, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from fedi.db import Tx
from fedi.models import Attachment, Favourite, OAuthApp, Placeholder
from fedi.queries import posts
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, BEN = 1, 2


@contextmanager
def counted(tx: Tx) -> Iterator[list[str]]:
    """Collect the statements of a transaction."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement != "BEGIN":
            sent.append(statement)

    engine = tx.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
async def peopled(world: World) -> World:
    """A post with everything, a plain one, and a boost of the first."""
    now = world.server.clock()
    app = OAuthApp(
        id=7, client_id="c", secret_hash="s", name="App", redirect_uris=[], scopes=[], created_at=now
    )
    await world.add(
        world.account(ANNA, "anna"),
        world.account(BEN, "ben"),
        app,
        world.post(10, ANNA, application_id=7),
        world.post(11, ANNA),
        world.post(12, BEN, reblog_of_id=10),
        world.mention(10, BEN),
        world.mention(10, ANNA),
        *(world.tag(name, 10) for name in ("b", "a")),
        *(
            Attachment(id=key, account_id=ANNA, post_id=10, position=place, kind="image", created_at=now)
            for key, place in ((3, 2), (4, 1), (5, 0))
        ),
        Favourite(id=1, account_id=BEN, post_id=10, iri="https://fedi.test/likes/1", created_at=now),
    )
    return world


async def test_everything_hangs_on_its_post_in_order(peopled: World) -> None:
    async with peopled.server.ctx.db.read() as tx:
        plain, full, boost = await posts.load(tx, [11, 999, 10, 12])
    assert [view.post.id for view in (plain, full, boost)] == [11, 10, 12]
    assert (plain.attachments, plain.mentions, plain.tags, plain.application) == ((), (), (), None)
    assert [row.id for row in full.attachments] == [5, 4, 3]
    assert [row.username for row in full.mentions] == ["anna", "ben"]
    assert full.tags == ("a", "b")
    assert full.application is not None
    assert full.account.username == "anna"
    assert boost.account.username == "ben"
    assert boost.reblog is not None
    assert (boost.reblog.post.id, boost.reblog.account.username, boost.reblog.tags) == (
        10,
        "anna",
        ("a", "b"),
    )
    assert boost.reblog.application is not None


async def test_three_statements_whatever_the_number(peopled: World) -> None:
    async with peopled.server.ctx.db.read() as tx:
        assert await posts.load(tx, []) == []
        for ids in ([11], [10, 11, 12], list(range(500))):
            with counted(tx) as sent:
                await posts.load(tx, ids)
            assert len(sent) == 3


@pytest.mark.parametrize(
    ("viewer", "marks"), [(BEN, (True, True)), (ANNA, (False, False)), (None, (False, False))]
)
async def test_the_viewers_marks_are_on_the_boost_and_on_what_it_holds(
    peopled: World, viewer: int | None, marks: tuple[bool, bool]
) -> None:
    async with peopled.server.ctx.db.read() as tx:
        full, plain, boost = await posts.load(tx, [10, 11, 12], viewer_id=viewer)
    assert (plain.favourited, plain.boosted) == (False, False)
    for view in (full, boost, boost.reblog):
        assert view is not None
        assert (view.favourited, view.boosted) == marks


async def test_a_draft_leads_to_what_became_of_it(peopled: World) -> None:
    await peopled.add(Placeholder(draft_id=5, post_id=10))
    async with peopled.server.ctx.db.read() as tx:
        assert await posts.published_as(tx, 5) == 10
        assert await posts.published_as(tx, 6) is None
        view = await posts.load_one(tx, 10)
        assert await posts.load_one(tx, 5) is None
    assert view is not None
