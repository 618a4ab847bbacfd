"""Posts that come out later: listing them, giving them another time, throwing them away.

Source: Mastodon's documentation, "scheduled_statuses API methods".
"""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.scheduled import scheduled_status
from fedi.api.params import Params
from fedi.api.viewer import Viewer, admit, require
from fedi.context import Context
from fedi.db import Tx
from fedi.models import ScheduledPost
from fedi.queries import scheduled
from fedi.services import scheduling
from fedi.services.posting import NewPost

__all__ = ["create", "destroy", "index", "moment", "show", "update"]


async def index(request: Request) -> Response:
    """List the viewer's posts that come out later."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request))
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        found = await scheduled.page_of(tx, viewer.id, page)
        keys = [row.id for row in found.rows]
        pictures = await scheduled.pictures(tx, keys)
    built = [scheduled_status(row, pictures[row.id], ctx.settings) for row in found.rows]
    return json_answer(built, headers=paging.links(request, keys, more=found.more))


async def show(request: Request) -> Response:
    """Show one of them."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        return await _answer(ctx, tx, await _own(request, tx, viewer.id))


async def update(request: Request) -> Response:
    """Give one of them another time."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    at = moment(await params.read(request))
    if at is None:
        raise errors.unprocessable("scheduled_at is missing")
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        row = await _own(request, tx, viewer.id, hold=True)
        await scheduling.postpone(ctx, tx, row=row, author=author, at=at)
        return await _answer(ctx, tx, row)


async def destroy(request: Request) -> Response:
    """Throw one of them away."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    async with ctx.db.write() as tx:
        await scheduling.cancel(ctx, tx, row=await _own(request, tx, viewer.id, hold=True))
    return json_answer({})


async def create(ctx: Context, viewer: Viewer, new: NewPost, *, at: datetime, key: str | None) -> Response:
    """Keep a post until its time, and answer with what is kept."""
    async with ctx.db.write() as tx:
        author = await viewer.present(tx)
        row = await scheduling.schedule(ctx, tx, author=author, new=new, at=at, idempotency_key=key)
        return await _answer(ctx, tx, row)


def moment(given: Params) -> datetime | None:
    """Read `scheduled_at`; without a zone it is UTC.

    Raises:
        Refused: 422, when it is no moment.
    """
    text = given.word("scheduled_at")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)  # what is kept, and shown
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise errors.unprocessable("scheduled_at is not a date and time") from None


async def _own(request: Request, tx: Tx, viewer_id: int, *, hold: bool = False) -> ScheduledPost:
    identifier = params.as_identifier(request.path_params["id"])
    row = None if identifier is None else await scheduled.find(tx, viewer_id, identifier, hold=hold)
    if row is None:
        raise errors.not_found()
    return row


async def _answer(ctx: Context, tx: Tx, row: ScheduledPost) -> Response:
    pictures = await scheduled.pictures(tx, [row.id])
    return json_answer(scheduled_status(row, pictures[row.id], ctx.settings))
