"""Server-Sent Events: one stream for each connection, named by its path.

Source: Mastodon's documentation, "Streaming API", "Server-sent events"; HTML Living Standard section 9.2.
"""

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from fedi.api import params
from fedi.api.streaming import door
from fedi.api.streaming.channels import Channel
from fedi.api.streaming.exchange import Exchange, Listener, Told

__all__ = ["health", "stream"]

THUMP_S = 15.0
"""How often a silent stream gives a sign of life, in seconds: proxies end what is silent for a minute."""

HEADERS = {"Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
"""No proxy may keep it, nor wait until there is more."""


async def health(_request: Request) -> Response:
    """Say that streams are to be had."""
    return PlainTextResponse("OK")


async def stream(request: Request) -> Response:
    """Begin the stream that the path names."""
    exchange = door.exchange_of(request)
    granted = await door.admit(request)
    given = await params.read(request)
    name = request.path_params["name"].strip("/").replace("/", ":")
    if given.flag("only_media") and name.startswith("public") and not name.endswith(":media"):
        name += ":media"
    asked = {"stream": name, "tag": given.text("tag") or "", "list": given.text("list") or ""}
    channel = await door.channel_of(exchange.ctx, granted, asked)
    return _Stream(exchange, door.listener(request, granted, Told.lines), channel)


class _Stream(Response):
    """An answer that goes on until one side ends it."""

    def __init__(self, exchange: Exchange, listener: Listener, channel: Channel) -> None:
        super().__init__(headers=HEADERS, media_type="text/event-stream")
        del self.headers["content-length"]  # nobody knows it
        self._exchange, self._listener, self._channel = exchange, listener, channel

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes, and a sign of life where nothing does."""
        self._exchange.enter(self._listener)
        gone = asyncio.ensure_future(_until_gone(receive))
        waiting = asyncio.ensure_future(self._listener.next())
        try:
            self._exchange.subscribe(self._listener, self._channel)
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            text: str | None = ":)\n"
            while text is not None:
                await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
                await asyncio.wait({waiting, gone}, timeout=THUMP_S, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                text = ":thump\n"
                if waiting.done():
                    text = waiting.result()
                    waiting = asyncio.ensure_future(self._listener.next())
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()
            waiting.cancel()
            self._exchange.leave(self._listener)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
