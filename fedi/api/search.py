"""Search: by name, by hashtag, by words, and by the address or handle of something that may live elsewhere.

With `resolve`, a handle or an address that is not known here is asked of its own server; this is how every
client follows somebody new and opens a link "in the app". Only people who are signed in may make this server
ask others.

Source: Mastodon's documentation, "search API methods" and "accounts API methods: search".
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from activitypub.errors import ActivityPubError
from fedi import context
from fedi.api import errors, params, rendering, tags
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.params import Params
from fedi.api.viewer import admit, find
from fedi.context import Context
from fedi.db import Tx
from fedi.log import get
from fedi.models import Account, FollowState, Post
from fedi.outbound import resolve
from fedi.outbound.fetch import is_ours
from fedi.queries import accounts as find_account
from fedi.queries import follows, fulltext, search
from fedi.queries import posts as find_post
from fedi.queries.visibility import can_see

__all__ = ["accounts", "everything", "everything_v1"]

OFFSET_MAX = 1000
"""Of a search: nobody turns so many pages, and each costs as much as all before it."""

log = get(__name__)


@dataclass(slots=True)
class Found:
    """What a search brought."""

    people: list[Account] = field(default_factory=list)
    post_ids: list[int] = field(default_factory=list)
    tags: Sequence[str] = ()


async def everything(request: Request) -> Response:
    """Search people, posts and hashtags."""
    return json_answer(await _everything(request))


async def everything_v1(request: Request) -> Response:
    """Search as above, with hashtags as names only: the older shape."""
    found = await _everything(request)
    return json_answer({**found, "hashtags": [tag["name"] for tag in found["hashtags"]]})


async def _everything(request: Request) -> dict[str, list[Any]]:
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:search")
    given = await params.read(request)
    kind = given.word("type")
    words = _words(given)
    limit, offset = _extent(given)
    if viewer is None and (given.flag("resolve") or offset):
        raise errors.no_token()
    viewer_id = viewer.id if viewer else None
    found = Found()
    if offset == 0:
        await _look_up(ctx, found, words, ask_others=bool(given.flag("resolve")))
    async with ctx.db.read() as tx:
        if kind in {None, "accounts"}:
            following = bool(given.flag("following"))
            if following:
                await _keep_followed(tx, found, viewer_id)
            found.people += await search.accounts(
                tx, words, viewer_id=viewer_id, limit=limit, offset=offset, following=following
            )
        if kind in {None, "hashtags"}:
            found.tags = await search.hashtags(tx, words, limit=limit, offset=offset)
        hashtags = await tags.marked(tx, ctx.settings, viewer_id, found.tags)
        statuses: list[Any] = []
        if kind in {None, "statuses"}:
            seen = [one for one in found.post_ids if await _may_see(tx, viewer_id, one)]
            seen += await _with_words(tx, words, viewer_id, _wanted_posts(given, limit, offset))
            ids = list(dict.fromkeys(seen))[:limit]
            statuses = list(await rendering.statuses(tx, ctx.settings, viewer_id, ids))
    people = _distinct(found.people)[:limit] if kind in {None, "accounts"} else []
    return {
        "accounts": [account(row, ctx.settings) for row in people],
        "statuses": statuses,
        "hashtags": hashtags,
    }


async def accounts(request: Request) -> Response:
    """Search people."""
    ctx = context.of(request)
    viewer = await admit(request, "read:accounts")
    given = await params.read(request)
    words = _words(given)
    limit, offset = _extent(given, default=40, most=80)
    found = Found()
    if offset == 0:
        await _look_up(ctx, found, words, ask_others=bool(given.flag("resolve")))
    following = bool(given.flag("following"))
    async with ctx.db.read() as tx:
        if following:
            await _keep_followed(tx, found, viewer.id)
        found.people += await search.accounts(
            tx, words, viewer_id=viewer.id, limit=limit, offset=offset, following=following
        )
    return json_answer([account(row, ctx.settings) for row in _distinct(found.people)[:limit]])


async def _keep_followed(tx: Tx, found: Found, viewer_id: int | None) -> None:
    """Leave out whom the viewer does not follow of those whom an address or a handle named."""
    pairs = await follows.between(tx, viewer_id or 0, [row.id for row in found.people])
    followed = {
        key for key, (mine, _) in pairs.items() if mine is not None and mine.state == FollowState.ACCEPTED
    }
    found.people = [row for row in found.people if row.id in followed]


async def _look_up(ctx: Context, found: Found, words: str, *, ask_others: bool) -> None:
    """Add what an address or a handle names, asking its server if that is wanted and needed."""
    try:
        thing = await _named(ctx, words, ask_others=ask_others)
    except ActivityPubError as trouble:
        log.info("not_resolved", query=words, error=str(trouble))
        return
    if isinstance(thing, Account) and thing.suspended_at is None:
        found.people.append(thing)
    elif isinstance(thing, Post):
        found.post_ids.append(thing.id)


async def _named(ctx: Context, words: str, *, ask_others: bool) -> Account | Post | None:
    if words.startswith(("http://", "https://")):
        if ask_others or is_ours(ctx.settings, words):
            return await resolve.url(ctx, words)
        async with ctx.db.read() as tx:
            return await find_account.by_iri(tx, words) or await find_post.by_iri(tx, words)
    if not search.is_handle(words):
        return None
    if ask_others:
        return await resolve.handle(ctx, words.removeprefix("@"))
    username, _, domain = words.removeprefix("@").partition("@")
    ours = domain.lower() in {ctx.settings.domain, ctx.settings.host}
    async with ctx.db.read() as tx:
        return await find_account.by_handle(
            tx, username.lower() if ours else username, "" if ours else domain.lower()
        )


async def _with_words(tx: Tx, words: str, viewer_id: int | None, extent: fulltext.Extent) -> Sequence[int]:
    """Return posts with these words, to people who are signed in: it is about what they had to do with."""
    if viewer_id is None or words.startswith(("http://", "https://")) or search.is_handle(words):
        return []
    return await fulltext.find(tx, fulltext.parse(words), viewer_id=viewer_id, extent=extent)


def _wanted_posts(given: Params, limit: int, offset: int) -> fulltext.Extent:
    return fulltext.Extent(
        limit=limit,
        offset=offset,
        account_id=given.identifier("account_id"),
        max_id=given.identifier("max_id"),
        min_id=given.identifier("min_id"),
    )


async def _may_see(tx: Tx, viewer_id: int | None, post_id: int) -> bool:
    post = await find_post.by_id(tx, post_id)
    return post is not None and await can_see(tx, viewer_id, post)


def _words(given: Params) -> str:
    words = given.word("q")
    if words is None:
        raise errors.unprocessable("q is missing")
    return words


def _extent(given: Params, *, default: int = 20, most: int = 40) -> tuple[int, int]:
    limit, offset = given.number("limit"), given.number("offset")
    if limit is not None and limit < 1:
        raise errors.unprocessable("limit must be at least 1")
    if offset is not None and not 0 <= offset <= OFFSET_MAX:
        raise errors.unprocessable(f"offset must lie between 0 and {OFFSET_MAX}")
    return min(limit or default, most), offset or 0


def _distinct(people: Sequence[Account]) -> list[Account]:
    return list({row.id: row for row in people}.values())
