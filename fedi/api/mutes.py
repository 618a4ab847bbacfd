"""Muting people: doing it, ending it, and the list of those who are muted.

Source: Mastodon's documentation, "accounts API methods: mute" and "mutes API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import paging, params
from fedi.api.accounts import relation_to, require_account
from fedi.api.answers import json_answer
from fedi.api.entities.account import muted_account
from fedi.api.viewer import admit, require
from fedi.queries import relations
from fedi.services import muting

__all__ = ["index", "mute", "unmute"]


async def index(request: Request) -> Response:
    """List whom the viewer mutes."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:mutes")
        found = await relations.muted(tx, viewer.id, page)
    return json_answer(
        [muted_account(row, mute, ctx.settings) for mute, row in found.rows],
        headers=paging.links(request, [mute.id for mute, _ in found.rows], more=found.more),
    )


async def mute(request: Request) -> Response:
    """Mute an account, for ever or for `duration` seconds, with its notifications unless they are wanted."""
    ctx = context.of(request)
    viewer = await admit(request, "write:mutes")
    given = await params.read(request)
    notifications, duration_s = given.flag("notifications"), given.number("duration")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await muting.mute(
            ctx,
            tx,
            account=me,
            target=target,
            notifications=notifications is not False,
            duration_s=duration_s or 0,
        )
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)


async def unmute(request: Request) -> Response:
    """Mute an account no longer."""
    ctx = context.of(request)
    viewer = await admit(request, "write:mutes")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        target = await require_account(tx, request)
        await muting.unmute(tx, account=me, target=target)
        built = await relation_to(tx, me.id, target.id)
    return json_answer(built)
