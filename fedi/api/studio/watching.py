"""How far one picture is, as Server-Sent Events that end with it.

The first event is how it stands, so nothing is missed that happened before; then each change as it is
committed, in whatever process; and a look at the row every few seconds, for the place in the queue, which is
nobody's event, and for what a broken connection between processes swallowed.

Source: HTML Living Standard section 9.2; our own otherwise.
"""

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fedi import context
from fedi.api import errors, scopes
from fedi.api.streaming import door
from fedi.api.streaming.channels import Channel
from fedi.api.streaming.exchange import Exchange, Listener, Told
from fedi.api.studio import generations
from fedi.bus.events import EventKind
from fedi.models import Generation
from fedi.queries import generations as find
from fedi.services import generating

__all__ = ["watch"]

LOOK_S = 3.0
"""How often the row is looked at when nothing is heard of it, in seconds."""

HEADERS = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
"""No proxy may keep it, nor wait until there is more."""

USER = Channel("user")


async def watch(request: Request) -> Response:
    """Tell how far a picture is, until it is done or there will be none."""
    exchange = door.exchange_of(request)
    granted = await door.admit(request)
    if not any(scopes.covers(granted.scopes, scope) for scope in generations.READ):
        raise errors.outside_scopes(generations.READ)
    assert granted.account is not None
    async with context.of(request).db.read() as tx:
        row = await generations.own(request, tx, granted.account.id)
    return _Watch(exchange, door.listener(request, granted, _text), row)


def _text(told: Told, _channel: Channel) -> str:
    return told.payload or "" if told.event == EventKind.GENERATION else ""


class _Watch(Response):
    """An answer that goes on until the picture is done, or one side leaves."""

    def __init__(self, exchange: Exchange, listener: Listener, row: Generation) -> None:
        super().__init__(headers=HEADERS, media_type="text/event-stream")
        del self.headers["content-length"]  # nobody knows it
        self._exchange, self._listener = exchange, listener
        self._id, self._account_id = row.id, row.account_id
        self._said: dict[str, Any] | None = None

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send how it stands whenever that changes."""
        self._exchange.enter(self._listener)
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            # Before the first look, or what is committed between the two would be missed.
            self._exchange.subscribe(self._listener, USER)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            goes_on = True
            while goes_on:
                lines, is_over = await self._look()
                await send({"type": "http.response.body", "body": lines.encode(), "more_body": True})
                goes_on = not is_over and await self._wait(gone)
            if not gone.done():
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            self._exchange.leave(self._listener)

    async def _wait(self, gone: asyncio.Future[None]) -> bool:
        """Wait until something is heard of it, or for a while; False when one side leaves."""
        heard = asyncio.ensure_future(self._hear())
        first: set[asyncio.Future[Any]] = {heard, gone}
        await asyncio.wait(first, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        if gone.done() or not heard.done():
            heard.cancel()
            return not gone.done()
        return heard.result()

    async def _hear(self) -> bool:
        """Return when something is heard of it; False when the stream is to end."""
        while (text := await self._listener.next()) is not None:
            if text and msgspec.json.decode(text).get("id") == str(self._id):
                return True
        return False

    async def _look(self) -> tuple[str, bool]:
        """Return what is to be said, and whether it is the last."""
        async with self._exchange.ctx.db.read() as tx:
            row = await find.find(tx, self._account_id, self._id)
            ahead = {} if row is None else await find.ahead_of(tx, [row])
        if row is None:  # forgotten meanwhile
            return "", True
        now = {**generating.told(row), "position": ahead.get(row.id)}
        is_over = row.state not in find.ACTIVE
        if now == self._said:
            return ":thump\n\n", is_over
        self._said = now
        return f"event: {row.state}\ndata: {msgspec.json.encode(now).decode()}\n\n", is_over


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
