"""The WebSocket: one connection, any number of streams.

Streams are chosen in the address, by frames later, or both. What cannot be had is answered in a frame and
leaves the connection as it is.

Source: Mastodon's documentation, "Streaming API", "WebSocket"; its streaming server for the words of errors.
"""

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from fedi.api.streaming import door
from fedi.api.streaming.exchange import STOPPING, Exchange, Listener, Told
from fedi.errors import Refused
from fedi.services.authorizing import Granted

__all__ = ["stream"]

CHANNELS_MAX = 64
"""Streams of one connection: all that there are, and some dozens of hashtags and lists."""

ENDED = 1008
"""Close code of a connection whose token ended, or that is too slow: policy (RFC 6455 section 7.4.1)."""

GOING_AWAY = 1001
"""Close code when the server stops."""


async def stream(websocket: WebSocket) -> None:
    """Take a connection, or refuse it before it is one."""
    exchange = door.exchange_of(websocket)
    try:
        granted = await door.admit(websocket)
    except Refused as refusal:
        await websocket.send_denial_response(
            JSONResponse({"error": refusal.text}, status_code=refusal.status, headers=dict(refusal.headers))
        )
        return
    listener = door.listener(websocket, granted, Told.frame)
    exchange.enter(listener)
    try:
        await websocket.accept(subprotocol=door.offered(websocket))
        if "stream" in websocket.query_params:
            await _subscribe(exchange, listener, granted, dict(websocket.query_params))
        await _serve(websocket, exchange, listener, granted)
    except WebSocketDisconnect:
        return
    finally:
        exchange.leave(listener)


async def _serve(websocket: WebSocket, exchange: Exchange, listener: Listener, granted: Granted) -> None:
    """Send what comes, and obey what is asked, until one side ends it.

    A task of its own sends: it is what wakes most, and every middleware above an endpoint makes that dearer.
    """
    sending = asyncio.create_task(_send(websocket, listener))
    hearing = asyncio.create_task(_listen(websocket, exchange, listener, granted))
    try:
        await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        listener.close("gone")
        for task in (sending, hearing):
            task.cancel()
        await asyncio.gather(sending, hearing, return_exceptions=True)


async def _send(websocket: WebSocket, listener: Listener) -> None:
    while (text := await listener.next()) is not None:
        await websocket.send({"type": "websocket.send", "text": text})
    why = listener.closed
    await websocket.close(GOING_AWAY if why == STOPPING else ENDED, why)


async def _listen(websocket: WebSocket, exchange: Exchange, listener: Listener, granted: Granted) -> None:
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        await _obey(exchange, listener, granted, message.get("text") or "")


async def _obey(exchange: Exchange, listener: Listener, granted: Granted, text: str) -> None:
    """Do what a frame asks; what makes no sense is passed over, as Mastodon does."""
    try:
        asked = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return
    if not isinstance(asked, dict):
        return
    words = {name: str(value) for name, value in asked.items() if isinstance(value, str | int)}
    match words.get("type"):
        case "subscribe":
            await _subscribe(exchange, listener, granted, words)
        case "unsubscribe":
            with suppress(Refused):
                exchange.unsubscribe(listener, await door.channel_of(exchange.ctx, granted, words))


async def _subscribe(exchange: Exchange, listener: Listener, granted: Granted, asked: dict[str, Any]) -> None:
    try:
        channel = await door.channel_of(exchange.ctx, granted, asked)
        _require_few(listener)
    except Refused as refusal:
        listener.put(msgspec.json.encode({"error": refusal.text, "status": refusal.status}).decode())
        return
    exchange.subscribe(listener, channel)


def _require_few(listener: Listener) -> None:
    if len(listener.channels) >= CHANNELS_MAX:
        raise Refused(429, "Too many streams on this connection")
