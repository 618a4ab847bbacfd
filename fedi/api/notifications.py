"""Notifications: read them, one or many, and put them away.

Source: Mastodon's documentation, "notifications API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.notification import notification
from fedi.api.viewer import admit, require
from fedi.queries import notifications
from fedi.services import notifying

__all__ = ["clear", "dismiss", "index", "show"]

KINDS = frozenset({
    "favourite", "follow", "follow_request", "mention", "poll", "quote", "quoted_update", "reblog", "status",
    "update",
})  # fmt: skip
"""Those that this server makes; others that a client names are passed over."""


async def index(request: Request) -> Response:
    """List notifications, newest first."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given, default=40, most=80)
    asked = given.texts("types")
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        found = await notifications.page_of(
            tx,
            viewer.id,
            page,
            kinds=KINDS & set(asked) if asked else None,
            without=KINDS & set(given.texts("exclude_types")),
            from_account_id=given.identifier("account_id"),
        )
    return json_answer(
        [notification(view, ctx.settings) for view in found.rows],
        headers=paging.links(request, [view.notification.id for view in found.rows], more=found.more),
    )


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
    ctx = context.of(request)
    viewer = await admit(request, "write:notifications")
    identifier = params.as_identifier(request.path_params["id"])
    if identifier is None:
        raise errors.not_found()
    async with ctx.db.write() as tx:
        await notifying.dismiss(tx, account_id=viewer.id, notification_id=identifier)
    return json_answer({})
