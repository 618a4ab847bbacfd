"""What a process remembers only to spare work: bounded, ageing, and safe to lose.

Keys of other servers, refusals and figures are asked for again and again. Each memory here has a size and
an age, because strangers choose what goes in: a memory that only grows is a way to fill ours. Nothing here
is the only place where something is known; a restart costs time and nothing else.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from activitypub.keys import PublicKey

__all__ = ["PEERS_MAX", "Guesses", "InFlight", "Memory", "Places", "Refusal", "Remembered", "RemoteKey"]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

REMOTE_KEYS_MAX = 10_000
"""Parsed public keys of other servers' actors: about 1 kB each."""

REFUSALS_MAX = 10_000
"""Keys that could not be had; about 300 bytes each."""

OUTGOING_MAX = 64
"""Activities whose deliveries are under way, with their bytes: 64 MB at the very most."""

PEERS_MAX = 10_000
"""Servers that we deliver to; about 300 bytes each."""

DIGESTS_MAX = 256
"""Accounts that posted for their followers lately; about 100 bytes for each of a few thousand servers."""

STATUSES_MAX = 2000
"""Posts as clients get them, with the rows that they were made of: about 8 kB each, and 60 at the most."""

DOWNLOADS_MAX = 8
"""Remote pictures that are fetched at a time: each may take 16 MB and more while it is decoded."""

DOWNLOADS_WAITING_MAX = 200
"""Remote pictures that wait to be fetched: some pages full of people and pictures."""

TRANSLATIONS_MAX = 500
"""Posts in other languages; about 2 kB each."""

GUESSERS_MAX = 50_000
"""Names and addresses of which wrong guesses are remembered; about 200 bytes each."""

GUESS_PAUSE_S_MAX = 900.0
"""Longest pause between two guesses, in seconds: longer ones would let anybody lock others out for hours."""

GUESSES_FORGOTTEN_AFTER = timedelta(hours=1)
"""How long after the last wrong guess all are forgotten."""

FIGURES_MAX = 16
"""Answers that are costly to count."""


class Remembered(Generic[Key, Value]):
    """A dictionary whose entries end by themselves, and of which the oldest goes when it is full.

    Args:
        size_max: entries kept.
    """

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._entries: OrderedDict[Key, tuple[datetime, Value]] = OrderedDict()

    def get(self, key: Key, now: datetime) -> Value | None:
        """Return what is remembered, or None when it is unknown or too old."""
        found = self._entries.get(key)
        if found is None:
            return None
        until, value = found
        if until <= now:
            del self._entries[key]
            return None
        return value

    def put(self, key: Key, value: Value, *, now: datetime, ttl_s: float) -> None:
        """Remember a value for `ttl_s` seconds."""
        self._entries.pop(key, None)
        while len(self._entries) >= self._size_max:
            self._entries.popitem(last=False)
        self._entries[key] = (now + timedelta(seconds=ttl_s), value)

    def forget(self, key: Key) -> None:
        """Remember it no longer."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)


class InFlight:
    """Lets those who want the same thing at the same time wait for one piece of work."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def share(self, key: Hashable, make: Callable[[], Awaitable[Value]]) -> Value:
        """Return what `make` gives, or what a `make` of the same key that is under way gives.

        Somebody who stops waiting does not stop the work: others wait for it.
        """
        task = self._tasks.get(key)
        if task is None or task.done():  # done, but not yet taken off
            task = asyncio.ensure_future(_awaited(make))
            self._tasks[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        result: Value = await asyncio.shield(task)
        return result

    def is_under_way(self, key: Hashable) -> bool:
        """Tell whether somebody waits for this already."""
        return key in self._tasks

    def _done(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if self._tasks.get(key) is task:
            del self._tasks[key]
        if not task.cancelled():
            task.exception()  # looked at here, so that work that nobody waits for any more is no warning


class Places:
    """A few places for work that takes memory, and a line of a bounded length before them.

    Args:
        places: how many work at a time.
        line_max: how many may wait.
    """

    def __init__(self, places: int, line_max: int) -> None:
        self._free = asyncio.Semaphore(places)
        self._line_max = line_max
        self._waiting = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[bool]:
        """Wait for a place and hold it; gives False, and holds none, when the line is full."""
        if self._waiting >= self._line_max:
            yield False
            return
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield True
        finally:
            self._free.release()


class Guesses:
    """Wrong passwords and codes: after a few free ones, each makes whoever guesses wait twice as long.

    Counts are per process, so with several the first guesses are as many times more; what comes after doubles
    all the same. A restart forgives everything: nobody outside can make one happen.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def wait_s(self, who: str, *, free: int, now: datetime) -> float:
        """Return how long somebody must still wait before they may guess again; 0 when they may."""
        times, last = self._failed.get(who, (0, now))
        if times < free or now - last >= GUESSES_FORGOTTEN_AFTER:
            return 0.0
        pause_s = min(2.0 ** (times - free), GUESS_PAUSE_S_MAX)
        return max(0.0, pause_s - (now - last).total_seconds())

    def failed(self, who: str, *, now: datetime) -> None:
        """Count a wrong guess."""
        times, last = self._failed.pop(who, (0, now))
        if now - last >= GUESSES_FORGOTTEN_AFTER:
            times = 0
        self._failed[who] = (times + 1, now)
        if len(self._failed) > GUESSERS_MAX:
            self._failed.popitem(last=False)

    def succeeded(self, who: str) -> None:
        """Forget the wrong guesses of somebody who got it right."""
        self._failed.pop(who, None)


async def _awaited(make: Callable[[], Awaitable[Value]]) -> Value:
    return await make()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteKey:
    """A public key of another server's actor, parsed, and whose it is."""

    public_key: PublicKey
    owner: str
    signs_documents: bool = False
    """Whether its owner lists it in `assertionMethod`; other keys sign requests only."""
    expires_at: datetime | None = None
    """From when on it vouches for nothing any more."""

    def keep_for_s(self, now: datetime, most_s: float) -> float:
        """Return how long it may be used without looking again: never beyond its end, in seconds."""
        return most_s if self.expires_at is None else min(most_s, (self.expires_at - now).total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a key could not be had: the status and words that the asker was told."""

    status: int
    text: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The memories of one process."""

    keys: Remembered[str, RemoteKey] = field(default_factory=lambda: Remembered(REMOTE_KEYS_MAX))
    """By key id."""
    refusals: Remembered[str, Refusal] = field(default_factory=lambda: Remembered(REFUSALS_MAX))
    """By key id: not asked for again for a while."""
    refreshed: Remembered[str, bool] = field(default_factory=lambda: Remembered(REFUSALS_MAX))
    """By key id: fetched anew lately, because a signature did not verify."""
    outgoing: Remembered[int, Any] = field(default_factory=lambda: Remembered(OUTGOING_MAX))
    """By activity: what a delivery of it needs."""
    peers: Remembered[str, Any] = field(default_factory=lambda: Remembered(PEERS_MAX))
    """By host: how it stands and how it wants to be signed for, for a few seconds."""
    unread_peers: set[str] = field(default_factory=set)
    """Hosts that the next look at the database asks for."""
    cleared: Remembered[str, bool] = field(default_factory=lambda: Remembered(PEERS_MAX))
    """By host: sent us something lately, so nothing is held against it."""
    digests: Remembered[int, dict[str, str]] = field(default_factory=lambda: Remembered(DIGESTS_MAX))
    """By account here: digests of its followers, by server (FEP-8fcf)."""
    agreed: Remembered[str, str] = field(default_factory=lambda: Remembered(PEERS_MAX))
    """By actor elsewhere: the digest of its followers here that was looked into lately."""
    arrivals: Remembered[tuple[str, int], int] = field(default_factory=lambda: Remembered(PEERS_MAX))
    """By host and window of time: how many activities it sent."""
    statuses: Remembered[tuple[Any, ...], tuple[Any, bytes]] = field(
        default_factory=lambda: Remembered(STATUSES_MAX)
    )
    """By post and what of it depends on the viewer: the rows that it is made of, and its JSON."""
    unshown: Remembered[str, str] = field(default_factory=lambda: Remembered(REFUSALS_MAX))
    """By digest of its address: why a remote picture could not be had."""
    downloads: Places = field(default_factory=lambda: Places(DOWNLOADS_MAX, DOWNLOADS_WAITING_MAX))
    """For remote pictures."""
    figures: Remembered[str, Any] = field(default_factory=lambda: Remembered(FIGURES_MAX))
    """Counts for NodeInfo."""
    translations: Remembered[tuple[int, str, str], Any] = field(
        default_factory=lambda: Remembered(TRANSLATIONS_MAX)
    )
    """By post, its version and the language wanted."""
    guesses: Guesses = field(default_factory=Guesses)
    """Wrong passwords and codes."""
    in_flight: InFlight = field(default_factory=InFlight)
    """Fetches under way."""
