"""Web push: where a client wants its notifications sent.

One subscription for each token, so there is nothing to name: the token says which.

Source: Mastodon's documentation, "push API methods" and "WebPushSubscription entity".
"""

from typing import TypedDict

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.params import Params
from fedi.api.viewer import Viewer, bearer, identify, require
from fedi.context import Context
from fedi.db import Tx
from fedi.models import PushSubscription
from fedi.services import subscribing

__all__ = ["WebPushSubscription", "create", "destroy", "show", "update"]

SCOPE = "push"


class WebPushSubscription(TypedDict):
    """What a client gets to hear, and from whom."""

    id: int
    endpoint: str
    standard: bool
    alerts: dict[str, bool]
    policy: str
    server_key: str


async def create(request: Request) -> Response:
    """Subscribe, in the place of what this token had."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        viewer, token_id = await _who(request, tx)
    asked, data = given.inner("subscription"), given.inner("data")
    keys = asked.inner("keys")
    wanted = subscribing.Wanted(
        endpoint=asked.word("endpoint") or "",
        p256dh=keys.word("p256dh") or "",
        auth=keys.word("auth") or "",
        standard=bool(asked.flag("standard")),
        alerts=_alerts(data),
        policy=data.word("policy") or "all",
    )
    async with ctx.db.write() as tx:
        made = await subscribing.subscribe(
            ctx, tx, account_id=viewer.id, token_id=token_id, token=bearer(request) or "", wanted=wanted
        )
    return json_answer(await _built(ctx, made))


async def show(request: Request) -> Response:
    """Show the subscription of this token."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        _, token_id = await _who(request, tx)
        found = await subscribing.find(tx, token_id)
    if found is None:
        raise errors.not_found()
    return json_answer(await _built(ctx, found))


async def update(request: Request) -> Response:
    """Change what is sent."""
    ctx = context.of(request)
    given = await params.read(request)
    async with ctx.db.read() as tx:
        _, token_id = await _who(request, tx)
    data = given.inner("data")
    async with ctx.db.write() as tx:
        found = await subscribing.find(tx, token_id)
        if found is None:
            raise errors.not_found()
        policy = data.word("policy") or given.word("policy")
        await subscribing.change(tx, found, alerts=_alerts(data), policy=policy)
    return json_answer(await _built(ctx, found))


async def destroy(request: Request) -> Response:
    """End the subscription."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        _, token_id = await _who(request, tx)
    async with ctx.db.write() as tx:
        await subscribing.unsubscribe(tx, token_id)
    return json_answer({})


async def _who(request: Request, tx: Tx) -> tuple[Viewer, int]:
    """Return who asks, and the id of their token."""
    viewer = await require(request, tx, SCOPE)
    granted = await identify(request, tx)
    assert granted is not None, "there is a viewer"
    return viewer, granted.token_id


def _alerts(data: Params) -> dict[str, bool]:
    asked = data.inner("alerts")
    return {name: bool(asked.flag(name)) for name in subscribing.ALERTS}


async def _built(ctx: Context, row: PushSubscription) -> WebPushSubscription:
    return {
        "id": row.id,
        "endpoint": row.endpoint,
        "standard": row.standard,
        "alerts": {name: bool(row.alerts.get(name)) for name in subscribing.ALERTS},
        "policy": row.policy,
        "server_key": await subscribing.public_key(ctx),
    }
