"""From ids to entities for one viewer: load what is needed, once, and build.

A page of posts costs the same number of statements whatever its size: what the page names is loaded
together, and then what the viewer did with it.
"""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fedi.api import errors, paging
from fedi.api.answers import json_answer
from fedi.api.entities.status import Status, status
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Post
from fedi.queries import posts
from fedi.queries.page import Slice
from fedi.queries.shown import Shown
from fedi.queries.visibility import can_see

__all__ = ["encoded", "page_of_statuses", "require_visible", "statuses", "the_status"]

KEPT_S = 3600.0
"""How long the JSON of a post is kept for those who see the same, in seconds."""

KEPT_BYTES_MAX = 16 * 1024
"""Of JSON that is kept: nearly all posts have less, and few that have more shall not fill the memory."""


async def statuses(tx: Tx, settings: Settings, viewer_id: int | None, ids: Sequence[int]) -> list[Status]:
    """Build posts, in the order of their ids here; whether the viewer may see them was asked before."""
    views = await posts.load(tx, ids, viewer_id=viewer_id)
    return [status(view, settings, marked=viewer_id is not None) for view in views]


def encoded(ctx: Context, shown: Sequence[Shown], *, marked: bool) -> list[msgspec.Raw]:
    """Return posts as JSON, made again only where something of what they are made of is another.

    Args:
        ctx: the context.
        shown: the posts.
        marked: whether somebody asks.
    """
    now, kept = ctx.clock(), ctx.memory.statuses
    answers = []
    for one in shown:
        key = (marked, one.members[0], *one.marks)
        found = kept.get(key, now)
        if found is not None and found[0] == one.inputs:
            answers.append(msgspec.Raw(found[1]))
            continue
        made = msgspec.json.encode(status(one.view(), ctx.settings, marked=marked))
        if one.lasting and len(made) <= KEPT_BYTES_MAX:
            kept.put(key, (one.inputs, made), now=now, ttl_s=KEPT_S)
        answers.append(msgspec.Raw(made))
    return answers


async def the_status(tx: Tx, settings: Settings, viewer_id: int | None, post_id: int) -> Status:
    """Build one post.

    Raises:
        Refused: 404, when it is gone.
    """
    built = await statuses(tx, settings, viewer_id, [post_id])
    if not built:
        raise errors.not_found()
    return built[0]


async def page_of_statuses(
    request: Request, tx: Tx, settings: Settings, viewer_id: int | None, found: Slice[int]
) -> Response:
    """Answer with a page of posts and the links to its neighbours."""
    built = await statuses(tx, settings, viewer_id, found.rows)
    return json_answer(built, headers=paging.links(request, found.rows, more=found.more))


async def require_visible(tx: Tx, viewer_id: int | None, post_id: int | None) -> Post:
    """Return a post that the viewer may see; the id of a draft leads to what became of it.

    Raises:
        Refused: 404, when there is none, or none for this viewer.
    """
    if post_id is None:
        raise errors.not_found()
    post = await posts.by_id(tx, post_id)
    if post is None:
        published_id = await posts.published_as(tx, post_id)
        post = await posts.by_id(tx, published_id) if published_id is not None else None
    if post is None or not await can_see(tx, viewer_id, post):
        raise errors.not_found()
    return post
