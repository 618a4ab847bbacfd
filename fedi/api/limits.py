"""Limits on requests: how often one address, token or account may ask, and the headers that say so.

Counts are kept in memory, per process and in fixed windows: they protect this process and its passwords
from a flood, and a restart that forgets them costs nothing that matters. The table of counts is bounded,
so that a flood from many addresses cannot fill the memory either.

A stranger counts by address and a client by token; a made-up token would be a new client each time, so
every address has a wider limit over all of its tokens.

Source: the limits of Mastodon's `rack_attack.rb`.
"""

import hashlib
import ipaddress
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fedi.api.answers import json_answer
from fedi.api.routing import has_bearer
from fedi.clock import Clock, isoformat_ms
from fedi.errors import Refused

__all__ = [
    "LOGIN_PER_ACCOUNT", "SIGN_UP", "Limit", "RateLimitMiddleware", "Standing", "Tally", "address_of",
    "charge",
]  # fmt: skip

COUNTS_MAX = 100_000
"""Counts kept at once, about 20 MB; beyond that the oldest windows are forgotten first."""

IPV6_PREFIX = 64
"""Bits of an IPv6 address that count: one customer has at least so many addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many requests in so many seconds."""

    name: str
    most: int
    window_s: int


PER_ADDRESS = Limit(name="address", most=1500, window_s=300)
PER_CLIENT = Limit(name="client", most=300, window_s=300)
APPS = Limit(name="apps", most=5, window_s=600)
LOGIN = Limit(name="login", most=25, window_s=300)
LOGIN_PER_ACCOUNT = Limit(name="login_account", most=25, window_s=3600)
SIGN_UP = Limit(name="sign_up", most=5, window_s=1800)
MEDIA = Limit(name="media", most=30, window_s=1800)
PROXY = Limit(name="proxy", most=60, window_s=300)
DELETES = Limit(name="deletes", most=30, window_s=1800)

LIMITED = ("/api/", "/auth/", "/oauth/", "/authorize_interaction", "/settings", "/share")
"""Beginnings of the paths that are counted; documents for other servers and pages that anyone
may read are not."""

ACTORS = "/users/"
"""Beginning of the paths that are counted when a client asks with a token."""

SPECIAL: Sequence[tuple[str, str, Limit]] = (
    ("POST", "/api/v1/apps", APPS),
    ("POST", "/oauth/sign_in", LOGIN),
    ("POST", "/settings/sign_in", LOGIN),
    ("POST", "/api/v1/media", MEDIA),
    ("POST", "/api/v2/media", MEDIA),
    ("POST", "/api/c2s/media", MEDIA),
    ("POST", "/api/c2s/proxy", PROXY),
    ("DELETE", "/api/v1/statuses/", DELETES),
)
"""Method and beginning of the path of what has a limit of its own."""

BY_ADDRESS = frozenset({APPS, LOGIN})
"""Limits that a token does not widen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where somebody stands with a limit after a request."""

    limit: Limit
    used: int
    reset_at: datetime

    @property
    def exceeded(self) -> bool:
        """Whether this request is one too many."""
        return self.used > self.limit.most

    @property
    def remaining(self) -> int:
        """How many requests are left in this window."""
        return max(0, self.limit.most - self.used)


class Tally:
    """The counts.

    Args:
        clock: the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str, int], int] = {}

    def count(self, limit: Limit, who: str) -> Standing:
        """Count one request of somebody and return where that leaves them."""
        now_s = self._clock().timestamp()
        window = int(now_s // limit.window_s)
        key = (limit.name, who, window)
        used = self._counts[key] = self._counts.get(key, 0) + 1
        if len(self._counts) > COUNTS_MAX:
            self._forget(now_s)
        return Standing(
            limit=limit, used=used, reset_at=datetime.fromtimestamp((window + 1) * limit.window_s, tz=UTC)
        )

    def now(self) -> datetime:
        """Return the present."""
        return self._clock()

    def _forget(self, now_s: float) -> None:
        """Drop what is over; if that is not enough, the older half, which dicts keep in order."""
        windows = {
            limit.name: limit.window_s
            for limit in (
                PER_ADDRESS, PER_CLIENT, APPS, LOGIN, LOGIN_PER_ACCOUNT, SIGN_UP, MEDIA, PROXY, DELETES,
            )
        }  # fmt: skip
        current = {name: int(now_s // window_s) for name, window_s in windows.items()}
        kept = {key: used for key, used in self._counts.items() if key[2] >= current[key[0]]}
        if len(kept) > COUNTS_MAX // 2:
            kept = dict(list(kept.items())[-COUNTS_MAX // 2 :])
        self._counts = kept


class RateLimitMiddleware:
    """Counts requests to the API, refuses those beyond the limit and puts the standing into the headers.

    Args:
        app: what it protects.
        enabled: off in tests and on private networks only.
        clock: the time.
    """

    def __init__(self, app: ASGIApp, *, enabled: bool, clock: Clock) -> None:
        self._app = app
        self._tally = Tally(clock) if enabled else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        if self._tally is None or scope["type"] != "http" or not _is_limited(scope):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["tally"] = self._tally
        standing = _tightest([self._tally.count(limit, who) for limit, who in _limits_of(scope)])

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in _headers(standing).items():
                    headers[name] = value
                message["headers"] = headers.raw
            await send(message)

        if standing.exceeded:
            headers = {"Retry-After": str(_seconds_left(self._tally, standing))}
            await json_answer({"error": "Too many requests"}, status=429, headers=headers)(
                scope, receive, mark
            )
            return
        await self._app(scope, receive, mark)


def charge(request: Request, limit: Limit, who: str) -> None:
    """Count something that only an endpoint knows, such as the account of a login.

    Raises:
        Refused: 429, when it is one too many.
    """
    tally: Tally | None = getattr(request.state, "tally", None)
    if tally is None:
        return
    standing = tally.count(limit, _digest(who))
    if standing.exceeded:
        raise Refused(
            429,
            "Too many attempts. Please wait before you try again.",
            why=f"{limit.name} limit",
            headers={"Retry-After": str(_seconds_left(tally, standing))},
        )


def address_of(connection: HTTPConnection) -> str:
    """Return the address that asks, as it is counted: of IPv6 the customer's network."""
    return _address(connection.scope)


def _is_limited(scope: Scope) -> bool:
    return scope["path"].startswith(LIMITED) or (scope["path"].startswith(ACTORS) and has_bearer(scope))


def _limits_of(scope: Scope) -> list[tuple[Limit, str]]:
    address = _address(scope)
    token = Headers(scope=scope).get("authorization")
    client = _digest(token) if token else address
    found = [(PER_ADDRESS, address), (PER_CLIENT, client)]
    for method, beginning, limit in SPECIAL:
        if scope["method"] == method and scope["path"].startswith(beginning):
            found.append((limit, address if limit in BY_ADDRESS else client))
    return found


def _tightest(standings: Sequence[Standing]) -> Standing:
    """Return the limit that will stop this client first: the one to tell it about."""
    return min(
        standings, key=lambda standing: (not standing.exceeded, standing.remaining / standing.limit.most)
    )


def _headers(standing: Standing) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(standing.limit.most),
        "X-RateLimit-Remaining": str(standing.remaining),
        "X-RateLimit-Reset": isoformat_ms(standing.reset_at),
    }


def _seconds_left(tally: Tally, standing: Standing) -> int:
    return max(1, math.ceil((standing.reset_at - tally.now()).total_seconds()))


def _address(scope: Scope) -> str:
    """Return the caller's address; behind a proxy the server has put the real one there already."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return host
    if parsed.version == 4:
        return host
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
