"""Whose notifications come at once, and letting in those that wait.

Source: Mastodon's documentation, "notifications API methods", from "Get the filtering policy" on.
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.screening import (
    FLAGS,
    notification_flags,
    notification_policy,
    notification_request,
)
from fedi.api.viewer import admit, require
from fedi.db import Tx
from fedi.queries import screening as find
from fedi.queries.screening import DEFAULTS, Level
from fedi.services import screening

__all__ = [
    "accept", "accept_several", "change_flags", "change_policy", "dismiss", "dismiss_several", "merged",
    "request", "requests", "show_flags", "show_policy",
]  # fmt: skip

Build = Callable[..., Any]


async def show_policy(request: Request) -> Response:
    """Tell what becomes of the notifications of strangers."""
    return await _show(request, notification_policy)


async def show_flags(request: Request) -> Response:
    """Tell it in the first version of the policy."""
    return await _show(request, notification_flags)


async def change_policy(request: Request) -> Response:
    """Change what becomes of them: `accept`, `filter` or `drop` for each kind."""
    given = await params.read(request)
    levels = {name: word for name in DEFAULTS if (word := given.word(name)) is not None}
    return await _change(request, levels, notification_policy)


async def change_flags(request: Request) -> Response:
    """Change it in the first version of the policy."""
    given = await params.read(request)
    flags = {name: flag for name in FLAGS if (flag := given.flag(name)) is not None}
    levels = {FLAGS[name]: Level.FILTER if flag else Level.ACCEPT for name, flag in flags.items()}
    return await _change(request, levels, notification_flags)


async def requests(request: Request) -> Response:
    """List those of whom notifications wait, newest first."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=40, most=80)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        found = await find.requests(tx, viewer.id, page)
    return json_answer(
        [notification_request(view, ctx.settings) for view in found.rows],
        headers=paging.links(request, [view.request.id for view in found.rows], more=found.more),
    )


async def request(request: Request) -> Response:
    """Show one of them."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        identifier = params.as_identifier(request.path_params["id"])
        view = await find.request(tx, viewer.id, identifier) if identifier is not None else None
    if view is None:
        raise errors.not_found()
    return json_answer(notification_request(view, ctx.settings))


async def accept(request: Request) -> Response:
    """Let somebody in, for good."""
    return await _answer(request, lets_in=True)


async def dismiss(request: Request) -> Response:
    """Turn somebody away, with what waited of theirs."""
    return await _answer(request, lets_in=False)


async def accept_several(request: Request) -> Response:
    """Let in everyone whom `id[]` names."""
    return await _close(request, (await params.read(request)).identifiers("id"), lets_in=True)


async def dismiss_several(request: Request) -> Response:
    """Turn everyone away whom `id[]` names."""
    return await _close(request, (await params.read(request)).identifiers("id"), lets_in=False)


async def merged(request: Request) -> Response:
    """Tell whether all that was let in is among the notifications, which here it is at once."""
    await admit(request, "read:notifications")
    return json_answer({"merged": True})


async def _show(request: Request, build: Build) -> Response:
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:notifications")
        return json_answer(await _policy(tx, viewer.id, build))


async def _change(request: Request, levels: Mapping[str, str], build: Build) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:notifications")
    async with ctx.db.write() as tx:
        await screening.decide(tx, account_id=viewer.id, levels=levels)
        return json_answer(await _policy(tx, viewer.id, build))


async def _policy(tx: Tx, account_id: int, build: Build) -> Any:
    return build(await find.policy(tx, account_id), await find.waiting(tx, account_id))


async def _answer(request: Request, *, lets_in: bool) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:notifications")
    identifier = params.as_identifier(request.path_params["id"])
    async with ctx.db.read() as tx:
        if identifier is None or await find.request(tx, viewer.id, identifier) is None:
            raise errors.not_found()
    return await _close(request, [identifier], lets_in=lets_in)


async def _close(request: Request, ids: list[int], *, lets_in: bool) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:notifications")
    async with ctx.db.write() as tx:
        if lets_in:
            await screening.accept(ctx, tx, account_id=viewer.id, request_ids=ids)
        else:
            await screening.dismiss(tx, account_id=viewer.id, request_ids=ids)
    return json_answer({})
