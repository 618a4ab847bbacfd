"""What chains load against what a session loads, on both databases."""

from typing import Any

import pytest
from sqlalchemy import update

from fedi.lean import ask
from fedi.models import (
    Account,
    Attachment,
    Bookmark,
    Favourite,
    Filter,
    FilterKeyword,
    OAuthApp,
    Poll,
    PollVote,
    Post,
    Reaction,
)
from fedi.queries import posts, timelines
from fedi.queries.page import Page
from fedi.queries.shown import Shown, show
from fedi.queries.views import PostView
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio

ANNA, BEN, CARL = 1, 2, 3
FULL, PLAIN, BOOST, QUOTE, BOOSTED_QUOTE, HIDDEN, QUOTES_HIDDEN = 10, 11, 12, 13, 14, 15, 16


@pytest.fixture
async def peopled(world: World) -> World:
    """Posts with everything that can be in one, all of them in everybody's home."""
    now = world.server.clock()
    app = OAuthApp(
        id=7, client_id="c", secret_hash="s", name="App", redirect_uris=[], scopes=[], created_at=now
    )
    quote = {"quote_state": "accepted"}
    await world.add(
        world.account(ANNA, "anna", private_key_pem="secret", display_name="Änna", last_status_at=now),
        world.account(BEN, "ben", "far.test"),
        world.account(CARL, "carl"),
        app,
        world.post(FULL, ANNA, application_id=7, recipe={"prompt": "x"}, interaction_policy={"canQuote": {}}),
        world.post(PLAIN, ANNA, in_reply_to_id=FULL, edited_at=now),
        world.post(HIDDEN, ANNA, "private", content="<p>hidden</p>"),
        world.post(BOOST, BEN, reblog_of_id=FULL),
        world.post(QUOTE, BEN, quote_of_id=FULL, quote_iri="https://fedi.test/posts/10", local=False, **quote),
        world.post(QUOTES_HIDDEN, ANNA, quote_of_id=HIDDEN, quote_iri="https://fedi.test/posts/15", **quote),
        world.post(BOOSTED_QUOTE, ANNA, reblog_of_id=QUOTE),
        world.follow(1, CARL, ANNA),
        *(world.mention(FULL, who) for who in (BEN, ANNA)),
        *(world.tag(name, FULL) for name in ("b", "a")),
        *(
            Attachment(
                id=key, account_id=ANNA, post_id=FULL, position=place, kind="image", focus_x=0.5, created_at=now
            )
            for key, place in ((3, 2), (4, 1), (5, 0))
        ),
        Poll(id=1, post_id=FULL, options=["x", "y"], tallies=[1, 0], expires_at=now),
        PollVote(id=1, poll_id=1, account_id=BEN, choice=1, iri="https://far.test/1", created_at=now),
        Reaction(id=1, account_id=BEN, post_id=PLAIN, name="🐘", iri="https://far.test/1", created_at=now),
        Favourite(id=1, account_id=BEN, post_id=FULL, iri="https://fedi.test/likes/1", created_at=now),
        Bookmark(id=1, account_id=BEN, post_id=PLAIN, created_at=now),
        *(world.home(who, post) for who in (ANNA, BEN, CARL) for post in range(FULL, QUOTES_HIDDEN + 1)),
    )  # fmt: skip
    return world


async def at_home(world: World, viewer: int, limit: int = 40) -> list[Shown]:
    db = world.server.ctx.db
    found = await ask(db, timelines.home(viewer, Page(limit=limit)))
    return await ask(db, show(found.rows, viewer))


def told(value: Any) -> Any:
    """Return all that a view holds, as values that compare; of models only what a chain loads."""
    if isinstance(value, tuple):
        return [told(one) for one in value]
    if isinstance(value, PostView):
        return {name: told(getattr(value, name)) for name in value.__dataclass_fields__}
    return (
        {key: one for key, one in vars(value).items() if key[0] != "_"}
        if hasattr(value, "__table__")
        else value
    )


def is_within(part: Any, whole: Any) -> bool:
    """Tell whether all that a chain loaded is what a session loaded."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return bool(part) == bool(whole) and all(is_within(one, whole[key]) for key, one in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(is_within, part, whole))
    return bool(part == whole)


@pytest.mark.parametrize("viewer", [ANNA, BEN, CARL])
async def test_a_chain_loads_what_a_session_loads(peopled: World, viewer: int) -> None:
    chained = [one.view() for one in await at_home(peopled, viewer)]
    async with peopled.server.ctx.db.read() as tx:
        loaded = await posts.load(tx, [view.post.id for view in chained], viewer_id=viewer)
    assert len(chained) >= 6
    for mine, theirs in zip(chained, loaded, strict=True):
        assert is_within(told(mine), told(theirs)), (told(mine), told(theirs))


async def test_who_may_not_see_a_quoted_post_is_not_shown_it(peopled: World) -> None:
    async def quoted_by(viewer: int) -> tuple[str | None, bool]:
        (view,) = (one.view() for one in await at_home(peopled, viewer) if one.members[0] == QUOTES_HIDDEN)
        return view.quote_state, view.quoted is not None

    assert await quoted_by(CARL) == ("accepted", True)
    assert await quoted_by(BEN) == ("unauthorized", False)


async def test_keys_are_not_loaded(peopled: World) -> None:
    views = [one.view() for one in await at_home(peopled, CARL)]
    assert all(view.account.private_key_pem is None for view in views)
    assert not any("private_key_pem" in vars(view.account) for view in views)


async def test_inputs_differ_when_anything_shown_does(peopled: World) -> None:
    async def inputs(post: int) -> tuple[Any, ...]:
        (found,) = (
            (*one.marks, one.inputs) for one in await at_home(peopled, CARL) if one.members[0] == post
        )
        return found

    now = peopled.server.clock()
    word = Filter(id=1, account_id=CARL, title="t", contexts=["home"], action="warn", created_at=now)
    for post, change in (
        (PLAIN, update(Post).where(Post.id == PLAIN).values(replies_count=3)),
        (BOOST, update(Post).where(Post.id == FULL).values(content="<p>new</p>")),
        (BOOSTED_QUOTE, update(Account).where(Account.id == ANNA).values(display_name="Anna")),
        (BOOST, update(Attachment).where(Attachment.id == 4).values(description="seen")),
        (QUOTES_HIDDEN, update(Post).where(Post.id == HIDDEN).values(visibility="direct")),
        (
            PLAIN,
            Favourite(id=2, account_id=CARL, post_id=PLAIN, iri="https://fedi.test/likes/2", created_at=now),
        ),
        (PLAIN, Bookmark(id=2, account_id=CARL, post_id=PLAIN, created_at=now)),
        (
            PLAIN,
            Reaction(
                id=2, account_id=CARL, post_id=PLAIN, name="🐘", iri="https://far.test/2", created_at=now
            ),
        ),
        (PLAIN, word),
        (PLAIN, FilterKeyword(id=1, filter_id=1, keyword="word", whole_word=True)),
    ):
        before = await inputs(post)
        assert await inputs(post) == before
        async with peopled.server.ctx.db.write() as tx:
            if isinstance(change, (Favourite, Bookmark, Reaction, Filter, FilterKeyword)):
                tx.add(change)
            else:
                await tx.execute(change)
        if change is not word:  # without keywords it hits nothing
            assert await inputs(post) != before, change


async def test_what_depends_on_the_clock_does_not_last(peopled: World) -> None:
    lasting = {one.members[0]: one.lasting for one in await at_home(peopled, CARL)}
    assert lasting == {
        PLAIN: True,
        HIDDEN: True,
        QUOTES_HIDDEN: True,
        FULL: False,
        BOOST: False,
        QUOTE: False,
        BOOSTED_QUOTE: False,
    }
    now = peopled.server.clock()
    soon = Filter(
        id=1, account_id=CARL, title="t", contexts=["home"], action="warn", expires_at=now, created_at=now
    )
    await peopled.add(soon, FilterKeyword(id=1, filter_id=1, keyword="word", whole_word=True))
    assert not any(one.lasting for one in await at_home(peopled, CARL))


async def test_a_page_of_nothing_asks_nothing(peopled: World) -> None:
    assert await ask(peopled.server.ctx.db, show([], ANNA)) == []
