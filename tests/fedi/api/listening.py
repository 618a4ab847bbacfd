"""Clients of streams without a network: what an ASGI server would do for a WebSocket and for an EventSource."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from tests.servers import Server

WAIT_S = 10.0
"""How long a frame may take before a test fails, in seconds."""

QUIET_S = 0.3
"""How long nothing may come for it to count as nothing, in seconds."""


class RefusalError(Exception):
    """The server did not let a stream begin."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Connection:
    """One ASGI connection; `sent` has what the server says."""

    def __init__(self, server: "Server", scope: dict[str, Any]) -> None:
        self.sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.held = asyncio.Event()
        self.held.set()
        self.task = asyncio.create_task(server.app(scope, self.said.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        await self.held.wait()
        self.sent.put_nowait(message)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(WAIT_S):
            return await self.sent.get()

    async def quiet(self) -> bool:
        try:
            async with asyncio.timeout(QUIET_S):
                await self.sent.get()
        except TimeoutError:
            return True
        return False


def scope_of(kind: str, path: str, headers: Mapping[str, str], query: Mapping[str, str]) -> dict[str, Any]:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {
        "type": kind, "path": path, "raw_path": path.encode(), "query_string": urlencode(query).encode(),
        "headers": [(b"host", b"fedi.test"), *raw], "scheme": "https", "server": ("fedi.test", 443),
        "client": ("192.0.2.7", 1234), "root_path": "", "http_version": "1.1", "method": "GET",
        "asgi": {"version": "3.0", "spec_version": "2.3"}, "extensions": {"websocket.http.response": {}},
        "subprotocols": [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",") if name],
        "state": {},
    }  # fmt: skip


class Socket:
    """A WebSocket."""

    def __init__(self, connection: _Connection, subprotocol: str | None) -> None:
        self._connection = connection
        self.subprotocol = subprotocol

    @classmethod
    async def open(
        cls,
        server: "Server",
        *,
        path: str = "/api/v1/streaming",
        headers: Mapping[str, str] | None = None,
        **query: str,
    ) -> "Socket":
        connection = _Connection(server, scope_of("websocket", path, headers or {}, query))
        connection.said.put_nowait({"type": "websocket.connect"})
        first = await connection.next()
        if first["type"] != "websocket.accept":
            raise RefusalError(first.get("status", 403))
        return cls(connection, first.get("subprotocol"))

    def say(self, **words: Any) -> None:
        self._connection.said.put_nowait({"type": "websocket.receive", "text": json.dumps(words)})

    def say_text(self, text: str) -> None:
        self._connection.said.put_nowait({"type": "websocket.receive", "text": text})

    async def settled(self) -> None:
        """Return when everything that was said so far was obeyed."""
        self.say(type="subscribe", stream="nonsense")
        assert (await self.next())["error"]

    async def next(self) -> dict[str, Any]:
        message = await self._connection.next()
        assert message["type"] == "websocket.send", message
        found: dict[str, Any] = json.loads(message["text"])
        return found

    async def heard(self, *events: str) -> list[Any]:
        """Return the payloads of the next events, which must be these."""
        frames = [await self.next() for _ in events]
        assert [frame["event"] for frame in frames] == list(events), frames
        return [read(frame["payload"]) for frame in frames]

    async def quiet(self) -> bool:
        return await self._connection.quiet()

    def hold(self) -> None:
        """Read nothing more, as a client does that sleeps."""
        self._connection.held.clear()

    async def ended(self) -> int:
        """Return the code with which the server ended it, passing over what came before."""
        self._connection.held.set()
        while (message := await self._connection.next())["type"] == "websocket.send":
            pass
        assert message["type"] == "websocket.close"
        code: int = message["code"]
        return code

    async def close(self) -> None:
        self._connection.said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(WAIT_S):
            await self._connection.task


class Events:
    """An EventSource."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    @classmethod
    async def open(cls, server: "Server", path: str, token: str, **query: str) -> "Events":
        headers = {"authorization": f"Bearer {token}"} if token else {}
        scope = scope_of("http", f"/api/v1/streaming/{path}", headers, query)
        connection = _Connection(server, scope)
        connection.said.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        first = await connection.next()
        if first["status"] != 200:
            await connection.next()
            raise RefusalError(first["status"])
        assert (b"content-type", b"text/event-stream; charset=utf-8") in first["headers"]
        events = cls(connection)
        assert await events.text() == ":)\n"
        return events

    async def text(self) -> str:
        message = await self._connection.next()
        assert message["type"] == "http.response.body"
        return str(message["body"].decode())

    async def heard(self, *names: str) -> list[Any]:
        found = []
        for name in names:
            event, data, *rest = (await self.text()).split("\n")
            assert (event, rest) == (f"event: {name}", ["", ""])
            found.append(read(data.removeprefix("data: ")))
        return found

    async def ended(self) -> None:
        """Return when the server ended it."""
        while (await self._connection.next()).get("more_body"):
            pass

    async def close(self) -> None:
        self._connection.said.put_nowait({"type": "http.disconnect"})
        async with asyncio.timeout(WAIT_S):
            await self._connection.task


def read(payload: str) -> Any:
    """Read a payload: JSON, except for an id."""
    return payload if payload.isdigit() or payload == "undefined" else json.loads(payload)


def ids(statuses: Sequence[dict[str, Any]]) -> list[str]:
    return [status["id"] for status in statuses]
