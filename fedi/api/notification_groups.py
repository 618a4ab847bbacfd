"""Notifications as newer clients read them: what is alike in one line.

Source: Mastodon's documentation, "grouped notifications API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, notifications, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.entities.notification import grouped
from fedi.api.params import Params
from fedi.api.viewer import admit, require
from fedi.queries import notification_groups
from fedi.queries.notifications import GROUPED
from fedi.services import notifying

__all__ = ["accounts", "dismiss", "index", "show", "unread_count"]


async def index(request: Request) -> Response:
    """List groups of notifications, newest first."""
    ctx = context.of(request)
    given = await params.read(request)
    page = paging.wanted(given, default=40, most=80)
    faces = given.word("expand_accounts") or "full"
    if faces not in {"full", "partial_avatars"}:
        raise errors.malformed("expand_accounts must be full or partial_avatars")
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        found = await notification_groups.page_of(
            tx, viewer.id, page, narrowing=notifications.narrowing(given), grouped=_grouped(given)
        )
    return json_answer(
        grouped(found, ctx.settings, faces=faces == "partial_avatars"),
        headers=paging.links(request, found.keys, more=found.more),
    )


async def unread_count(request: Request) -> Response:
    """Count groups above the marker, up to `limit`."""
    ctx = context.of(request)
    given = await params.read(request)
    limit = paging.wanted(given, default=notifications.UNREAD, most=notifications.UNREAD_MAX).limit
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        count = await notification_groups.count_since(
            tx,
            viewer.id,
            after=await notifications.last_read(tx, viewer.id),
            most=limit,
            narrowing=notifications.narrowing(given),
            grouped=_grouped(given),
        )
    return json_answer({"count": count})


async def show(request: Request) -> Response:
    """Show one group."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        found = await notification_groups.find(tx, viewer.id, _key(request))
    if not found.groups:
        raise errors.not_found()
    return json_answer(grouped(found, ctx.settings))


async def accounts(request: Request) -> Response:
    """List everyone who caused what a group holds, last first."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        found = await notification_groups.accounts_of(tx, viewer.id, _key(request), page)
    return json_answer(
        [account(row, ctx.settings) for _, row in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )


async def dismiss(request: Request) -> Response:
    """Put a group away; one that is gone already counts as put away."""
    ctx = context.of(request)
    viewer = await admit(request, "write:notifications")
    async with ctx.db.write() as tx:
        await notifying.dismiss_group(tx, account_id=viewer.id, group_key=_key(request))
    return json_answer({})


def _grouped(given: Params) -> frozenset[str]:
    """Read which kinds a client can show together; all that are, when it does not say."""
    named = given.texts("grouped_types")
    return GROUPED & set(named) if named else GROUPED


def _key(request: Request) -> str:
    key: str = request.path_params["key"]
    return key.replace("\x00", "")
