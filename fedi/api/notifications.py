"""Notifications: read them, one or many, and put them away.

Source: Mastodon's documentation, "notifications API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.notification import notification
from fedi.api.params import Params
from fedi.api.viewer import admit, require
from fedi.db import Tx
from fedi.queries import markers, notifications
from fedi.queries.notifications import Narrowing
from fedi.services import notifying

__all__ = [
    "clear", "destroy_multiple", "dismiss", "dismiss_named", "index", "last_read", "narrowing", "show",
    "unread_count",
]  # fmt: skip

KINDS = frozenset({
    "admin.report", "admin.sign_up", "favourite", "follow", "follow_request", "mention",
    "moderation_warning", "poll", "quote", "quoted_update", "reblog", "severed_relationships", "status",
    "update",
})  # fmt: skip
"""Those that this server makes; others that a client names are passed over."""

UNREAD_MAX = 1000
"""How far unread notifications are counted; the number that a badge shows has three digits."""

UNREAD = 100
"""How far, when a client names no limit."""


async def index(request: Request) -> Response:
    """List notifications, newest first."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given, default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        found = await notifications.page_of(tx, viewer.id, page, narrowing(given))
    return json_answer(
        [notification(view, ctx.settings) for view in found.rows],
        headers=paging.links(request, [view.notification.id for view in found.rows], more=found.more),
    )


async def unread_count(request: Request) -> Response:
    """Count notifications above the marker, up to `limit`."""
    ctx = context.of(request)
    given = await params.read(request)
    limit = paging.wanted(given, default=UNREAD, most=UNREAD_MAX).limit
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        after = await last_read(tx, viewer.id)
        count = await notifications.count_since(
            tx, viewer.id, after=after, most=limit, narrowing=narrowing(given)
        )
    return json_answer({"count": count})


async def show(request: Request) -> Response:
    """Show one notification."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        identifier = params.as_identifier(request.path_params["id"])
        view = await notifications.find(tx, viewer.id, identifier) if identifier is not None else None
        if view is None:
            raise errors.not_found()
    return json_answer(notification(view, ctx.settings))


async def clear(request: Request) -> Response:
    """Put all notifications away."""
    ctx = context.of(request)
    viewer = await admit(request, "write:notifications")
    async with ctx.db.write() as tx:
        await notifying.clear(tx, account_id=viewer.id)
    return json_answer({})


async def dismiss(request: Request) -> Response:
    """Put one notification away; one that is gone already counts as put away."""
    identifier = params.as_identifier(request.path_params["id"])
    return await _dismiss(request, [identifier] if identifier is not None else [])


async def dismiss_named(request: Request) -> Response:
    """Put the notification away that the parameter `id` names, as clients did long ago."""
    return await _dismiss(request, (await params.read(request)).identifiers("id"))


async def destroy_multiple(request: Request) -> Response:
    """Put the notifications away that `ids[]` names."""
    return await _dismiss(request, (await params.read(request)).identifiers("ids"))


async def _dismiss(request: Request, ids: list[int]) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:notifications")
    if not ids:
        raise errors.not_found()
    async with ctx.db.write() as tx:
        await notifying.dismiss(tx, account_id=viewer.id, notification_ids=ids)
    return json_answer({})


def narrowing(given: Params) -> Narrowing:
    """Read which notifications are wanted."""
    asked = given.texts("types")
    return Narrowing(
        kinds=KINDS & set(asked) if asked else None,
        without=KINDS & set(given.texts("exclude_types")),
        from_account_id=given.identifier("account_id"),
        with_waiting=given.flag("include_filtered") or False,
    )


async def last_read(tx: Tx, account_id: int) -> int:
    """Return the notification up to which somebody has read; 0 when nothing was marked."""
    rows = await markers.of_account(tx, account_id, ["notifications"])
    return rows[0].last_read_id if rows else 0
