"""Who listens in this process, and the task that brings events to them.

A listener has a mailbox of bounded size: whoever does not keep up is closed, since one slow phone must not
fill the memory. The texts are made once for each channel and handed to all who listen to it. Tokens are
looked at again every few seconds, all in one statement; news of a revocation only makes it sooner. So a
socket outlives its token by a few seconds at most, whatever took the token away.
"""

import asyncio
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from fedi.api.streaming.channels import OF_ACCOUNT, Channel
from fedi.bus.events import EventKind, News
from fedi.context import Context
from fedi.db import AWAY
from fedi.errors import Refused
from fedi.log import get
from fedi.services import authorizing

__all__ = ["STOPPING", "Exchange", "Listener", "Told"]

MAILBOX_FRAMES = 256
"""Frames that wait for one listener, about 1 MB: a minute of a busy public timeline."""

NEWS_MAX = 10_000
"""Events that wait to be looked at; beyond that the oldest are dropped."""

AIRED_MAX = 10_000
"""Posts remembered as aired, about 1 MB; repeated deliveries come within minutes."""

PER_ACCOUNT_MAX = 64
"""Open streams of one account: a dozen devices with a few tabs each."""

PER_ADDRESS_MAX = 256
"""Open streams from one address: a school, or a client that runs on a server."""

ALL_MAX = 20_000
"""Open streams of one process, at about 60 kB each."""

RECHECK_S = 2.0
"""How often all tokens are looked at again, in seconds; a socket may outlive its token by less than five."""

STOPPING = "the server stops"
"""Why streams end when it does."""

log = get(__name__)


class Told:
    """One event as it is sent: the same text for everyone who listens to the same channel."""

    __slots__ = ("_frames", "_lines", "event", "payload")

    def __init__(self, event: str, payload: str | None) -> None:
        self.event = event
        self.payload = payload
        self._frames: dict[Channel, str] = {}
        self._lines: str | None = None

    def frame(self, channel: Channel) -> str:
        """Return the text of a WebSocket frame."""
        if channel not in self._frames:
            said: dict[str, Any] = {"stream": channel.labels, "event": self.event}
            if self.payload is not None:
                said["payload"] = self.payload
            self._frames[channel] = msgspec.json.encode(said).decode()
        return self._frames[channel]

    def lines(self, _channel: Channel) -> str:
        """Return the text of a Server-Sent Event; one without data would be none to a browser."""
        if self._lines is None:
            payload = "undefined" if self.payload is None else self.payload
            self._lines = f"event: {self.event}\ndata: {payload}\n\n"
        return self._lines


@dataclass(eq=False, slots=True, kw_only=True)
class Listener:
    """An open stream.

    Attributes:
        account_id: who listens.
        token_id: with which token.
        address: from where.
        hears_notifications: whether the token lets them.
        text_of: makes the text of an event.
    """

    account_id: int
    token_id: int
    address: str
    hears_notifications: bool
    text_of: Callable[[Told, Channel], str]
    channels: set[Channel] = field(default_factory=set)
    closed: str = ""
    """Why it ends; empty while it does not."""
    _mail: deque[str] = field(default_factory=deque)
    _waiting: asyncio.Future[None] | None = None

    def tell(self, told: Told, channel: Channel) -> None:
        """Put an event into the mailbox; a full one ends the stream."""
        self.put(self.text_of(told, channel))

    def put(self, text: str) -> None:
        """Put a text into the mailbox."""
        if self.closed:
            return
        if len(self._mail) >= MAILBOX_FRAMES:
            self._mail.clear()
            self.close("too slow")
            return
        self._mail.append(text)
        self._wake()

    def close(self, why: str) -> None:
        """End the stream, after what is in the mailbox."""
        self.closed = self.closed or why
        self._wake()

    async def next(self) -> str | None:
        """Return the next text, when there is one; None at the end."""
        while not self._mail:
            if self.closed:
                return None
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._mail.popleft()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


_OWN = {name: Channel(name) for name in OF_ACCOUNT}

Handle = Callable[["Exchange", News], Awaitable[None]]
Key = TypeVar("Key", int, str)


class Exchange:
    """All open streams of a process.

    Args:
        ctx: the context.
        handle: brings one event to those who should hear it.
    """

    def __init__(self, ctx: Context, handle: Handle) -> None:
        self.ctx = ctx
        self._handle = handle
        self._listeners: set[Listener] = set()
        self._by_name: dict[str, dict[str, set[Listener]]] = defaultdict(dict)
        self._accounts: Counter[int] = Counter()
        self._addresses: Counter[str] = Counter()
        self._news: deque[News] = deque(maxlen=NEWS_MAX)
        self._some = asyncio.Event()
        self._recheck = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closing = False
        self._aired: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        """Return how many streams are open."""
        return len(self._listeners)

    def require_room(self, account_id: int, address: str) -> None:
        """Refuse one stream too many.

        Raises:
            Refused: 429 for whoever has too many, 503 when all have or the server stops.
        """
        if self._is_closing or len(self._listeners) >= ALL_MAX:
            raise Refused(503, "This server has no room for another stream", headers={"Retry-After": "30"})
        if not self.ctx.settings.rate_limits:
            return
        if self._accounts[account_id] >= PER_ACCOUNT_MAX or self._addresses[address] >= PER_ADDRESS_MAX:
            raise Refused(429, "Too many open streams", headers={"Retry-After": "30"})

    def enter(self, listener: Listener) -> None:
        """Let somebody listen."""
        self._listeners.add(listener)
        self._accounts[listener.account_id] += 1
        self._addresses[listener.address] += 1
        if len(self._listeners) == 1:
            self.ctx.hub.open(self._hear)
            self._tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._watch_tokens())]

    def leave(self, listener: Listener) -> None:
        """Let somebody go; the last one puts out the light."""
        for channel in list(listener.channels):
            self.unsubscribe(listener, channel)
        self._listeners.discard(listener)
        _uncount(self._accounts, listener.account_id)
        _uncount(self._addresses, listener.address)
        if not self._listeners:
            self.ctx.hub.close(self._hear)
            for task in self._tasks:
                task.cancel()
            self._tasks.clear()
            self._news.clear()

    def subscribe(self, listener: Listener, channel: Channel) -> None:
        """Have somebody hear a channel."""
        listener.channels.add(channel)
        name, of = channel.key(listener.account_id)
        self._by_name[name].setdefault(of, set()).add(listener)

    def unsubscribe(self, listener: Listener, channel: Channel) -> None:
        """Have somebody hear a channel no more."""
        listener.channels.discard(channel)
        name, of = channel.key(listener.account_id)
        listening = self._by_name[name].get(of, set())
        listening.discard(listener)
        if not listening:
            self._by_name[name].pop(of, None)

    def is_news(self, post_id: int) -> bool:
        """Tell whether a post was not aired before: what is delivered twice comes out once."""
        if post_id in self._aired:
            return False
        self._aired[post_id] = None
        if len(self._aired) > AIRED_MAX:
            self._aired.popitem(last=False)
        return True

    def keys(self, name: str) -> list[str]:
        """Return for which accounts, lists or hashtags a channel is open."""
        return list(self._by_name[name])

    def listening(self, name: str, of: str = "") -> list[Listener]:
        """Return who listens to a channel."""
        return list(self._by_name[name].get(of, ()))

    def tell_account(self, account_id: int, name: str, told: Told, *, notifies: bool = False) -> None:
        """Tell somebody, in a channel of their own."""
        channel = _OWN[name]
        for listener in self.listening(name, str(account_id)):
            if not notifies or listener.hears_notifications:
                listener.tell(told, channel)

    async def close(self) -> None:
        """End all streams, because the process stops."""
        self._is_closing = True
        for listener in list(self._listeners):
            listener.close(STOPPING)

    def _hear(self, news: News) -> None:
        if news.kind == EventKind.REVOKED:
            self._recheck.set()
            return
        self._news.append(news)
        self._some.set()

    async def _work(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            while self._news:
                news = self._news.popleft()
                try:
                    await self._handle(self, news)
                except AWAY as trouble:  # streams are not promised: clients load what they miss
                    log.warning("event_lost", kind=news.kind, error=str(trouble) or type(trouble).__name__)
                except Exception:  # a mistake with one event must not silence the others
                    log.exception("event_failed", kind=news.kind, subject=news.subject_id)

    async def _watch_tokens(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RECHECK_S):
                    await self._recheck.wait()
            self._recheck.clear()
            try:
                await self.check_tokens()
            except AWAY as trouble:
                log.warning("tokens_not_checked", error=str(trouble) or type(trouble).__name__)

    async def check_tokens(self) -> None:
        """End the streams whose token is worth nothing any more."""
        by_token: Mapping[int, list[Listener]] = defaultdict(list)
        for listener in self._listeners:
            by_token[listener.token_id].append(listener)
        async with self.ctx.db.read() as tx:
            good = await authorizing.still_good(tx, list(by_token))
        for token_id in by_token.keys() - good:
            for listener in by_token[token_id]:
                listener.close("the token was revoked")


def _uncount(counts: Counter[Key], key: Key) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
