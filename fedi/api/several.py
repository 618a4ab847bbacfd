"""Several posts or accounts by their ids, in one request (Mastodon 4.3).

Source: Mastodon's documentation, "View multiple statuses" and "Get multiple accounts".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, rendering
from fedi.api.answers import json_answer
from fedi.api.entities.account import account
from fedi.api.viewer import find
from fedi.queries import accounts as find_account
from fedi.queries.visibility import seen_among

__all__ = ["accounts", "statuses"]

STATUSES_MAX = 20
"""Posts of one request; Mastodon's figure."""

ACCOUNTS_MAX = 40
"""Accounts of one request; Mastodon's figure."""


async def statuses(request: Request) -> Response:
    """Show several posts, as many of them as the viewer may see."""
    ctx = context.of(request)
    ids = await _ids(request, STATUSES_MAX)
    async with ctx.db.read() as tx:
        viewer = await find(request, tx, "read:statuses")
        viewer_id = viewer.id if viewer else None
        seen = await seen_among(tx, viewer_id, ids)
        built = await rendering.statuses(tx, ctx.settings, viewer_id, [one for one in ids if one in seen])
    return json_answer(built)


async def accounts(request: Request) -> Response:
    """Show several accounts, as many of them as are here."""
    ctx = context.of(request)
    ids = await _ids(request, ACCOUNTS_MAX)
    async with ctx.db.read() as tx:
        await find(request, tx, "read:accounts")
        known = await find_account.by_ids(tx, ids)
    shown = [known[one] for one in ids if one in known and known[one].suspended_at is None]
    return json_answer([account(row, ctx.settings) for row in shown])


async def _ids(request: Request, most: int) -> list[int]:
    given = await params.read(request)
    found = given.identifiers("id") or given.identifiers("ids")
    if len(found) > most:
        raise errors.unprocessable(f"More than {most} at once cannot be had")
    return found
