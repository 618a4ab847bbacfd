"""Markers: how far somebody has read, shared between their devices.

Source: Mastodon's documentation, "markers API methods" and "Marker entity".
"""

from collections.abc import Sequence
from typing import TypedDict

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.viewer import admit, require
from fedi.clock import isoformat_ms
from fedi.models import Marker as MarkerRow
from fedi.queries import markers
from fedi.services import marking

__all__ = ["Marker", "save", "show"]


class Marker(TypedDict):
    """The marker of one timeline."""

    last_read_id: str
    version: int
    updated_at: str


async def show(request: Request) -> Response:
    """Tell how far the viewer has read the named timelines."""
    given = await params.read(request)
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:statuses")
        rows = await markers.of_account(tx, viewer.id, given.texts("timeline"))
    return json_answer(_built(rows))


async def save(request: Request) -> Response:
    """Remember how far the viewer has read."""
    ctx = context.of(request)
    viewer = await admit(request, "write:statuses")
    given = await params.read(request)
    read = {timeline: given.inner(timeline).identifier("last_read_id") for timeline in marking.TIMELINES}
    wanted = {timeline: last for timeline, last in read.items() if last is not None}
    if not wanted:
        raise errors.unprocessable("no last_read_id of home or notifications is given")
    async with ctx.db.write() as tx:
        for timeline, last in wanted.items():
            await marking.mark(ctx, tx, account_id=viewer.id, timeline=timeline, last_read_id=last)
        rows = await markers.of_account(tx, viewer.id, list(wanted))
    return json_answer(_built(rows))


def _built(rows: Sequence[MarkerRow]) -> dict[str, Marker]:
    return {
        row.timeline: {
            "last_read_id": str(row.last_read_id),
            "version": row.version,
            "updated_at": isoformat_ms(row.updated_at),
        }
        for row in rows
    }
