"""Signing outgoing requests, with a second knock where the first signature was not understood.

Nobody can tell from outside which of the two schemes a server reads. Nearly all read draft-cavage, so it
goes first; some servers answer a signature that they cannot read with 202 and drop the activity, which is
why RFC 9421 first would lose deliveries to them for good. On 400 or 401 the request is sent once more under
the other scheme, and the caller is told which one was accepted, to begin with it next time.

The signature is made when the request goes out, not when it is queued: peers accept a Date for as little as
a minute.

Source: SWICG ActivityPub HTTP Signatures report (double-knocking); RFC 9421 section 5 (Accept-Signature).
"""

from collections.abc import AsyncIterator, Callable, Generator, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Final

import httpx

from activitypub import limits
from activitypub.httpdate import format_http_date
from activitypub.keys import PrivateKey
from activitypub.origin import origin
from activitypub.signatures import cavage, rfc9421
from activitypub.signatures.digest import content_digest, digest
from activitypub.signatures.message import Message, Scheme

__all__ = ["NOT_UNDERSTOOD", "SignatureAuth", "other"]

NOT_UNDERSTOOD: Final = frozenset({400, 401})
"""Statuses that may mean that the signature could not be read: then the other scheme is tried."""
# The headers of one scheme, taken off before the other signs: a server must not find half of each.
_SCHEME_HEADERS: Final = ("signature", "signature-input", "digest", "content-digest")
# Headers that say something themselves and are covered where they are sent (FEP-8fcf).
_ALSO_COVERED: Final = ("collection-synchronization",)
# Parts of the target that a peer may ask for beside the whole.
_DERIVED: Final = frozenset({"@authority", "@scheme", "@request-target", "@path", "@query"})


class SignatureAuth(httpx.Auth):
    """Sign each request at the moment it is sent.

    One instance may serve many requests at once; it holds no state of any of them.

    Args:
        key_id: where the peer finds the public key.
        key: our private key.
        clock: gives the present, with a zone.
        first: the scheme to begin with; draft-cavage unless this host is known to read the other.
        on_accepted: called with the host (as in a Host header) and the scheme whenever an answer is 2xx.
    """

    requires_request_body = True

    def __init__(
        self,
        *,
        key_id: str,
        key: PrivateKey,
        clock: Callable[[], datetime],
        first: Scheme = Scheme.CAVAGE,
        on_accepted: Callable[[str, Scheme], None] | None = None,
    ) -> None:
        self._key_id = key_id
        self._key = key
        self._clock = clock
        self._first = first
        self._on_accepted = on_accepted

    @property
    def first(self) -> Scheme:
        """The scheme to begin with."""
        return self._first

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the signed request, and after 400 or 401 once more, signed in the other way."""
        scheme = self._first
        self._sign_request(request, scheme, wish=None)
        response = yield request
        if response.status_code in NOT_UNDERSTOOD:
            assert isinstance(response.stream, httpx.AsyncByteStream), "only async clients are served"
            response.stream = _Drained(response.stream)
            scheme = other(scheme)
            self._sign_request(request, scheme, wish=response.headers.get("accept-signature"))
            response = yield request
        if response.is_success and self._on_accepted is not None:
            self._on_accepted(request.headers["host"], scheme)

    def sign_post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, scheme: Scheme, wish: str | None = None
    ) -> dict[str, str]:
        """Return the headers of a POST with its signature.

        Args:
            url: in ASCII, as it goes over the wire.
            headers: those of the request itself, lower-case names.
            body: the bytes.
            scheme: how to sign.
            wish: the Accept-Signature of the answer to an earlier knock.
        """
        signed = {"host": origin(url).authority, **headers}
        self._sign(signed, method="POST", target=url, body=body, scheme=scheme, wish=wish)
        return signed

    def _sign_request(self, request: httpx.Request, scheme: Scheme, *, wish: str | None) -> None:
        for name in _SCHEME_HEADERS:
            request.headers.pop(name, None)
        url = request.url
        # Path and query as they go over the wire.
        target = f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}"
        body = None if request.method in {"GET", "HEAD"} else request.content
        self._sign(request.headers, method=request.method, target=target, body=body, scheme=scheme, wish=wish)

    def _sign(
        self,
        headers: MutableMapping[str, str],
        *,
        method: str,
        target: str,
        body: bytes | None,
        scheme: Scheme,
        wish: str | None,
    ) -> None:
        """Add what belongs to a signature to the headers of a request, which has a body or None."""
        now = self._clock()
        headers["date"] = format_http_date(now)
        is_cavage = scheme is Scheme.CAVAGE
        if body is not None:
            if is_cavage:
                headers["digest"] = digest(body)
            else:
                headers["content-digest"] = content_digest(body)
        message = Message.of(method=method, target_uri=target, headers=headers.items(), body=body or b"")
        if is_cavage:
            names = cavage.GET_HEADERS if body is None else (*cavage.POST_HEADERS, *_ALSO_COVERED)
            covered = [name for name in names if name.startswith("(") or name in message.headers]
            headers["signature"] = cavage.sign(message, key=self._key, key_id=self._key_id, headers=covered)
        else:
            components = rfc9421.GET_COMPONENTS if body is None else rfc9421.POST_COMPONENTS
            headers["signature-input"], headers["signature"] = self._rfc9421(message, components, now, wish)

    def _rfc9421(
        self, message: Message, usual: Sequence[str], now: datetime, wish: str | None
    ) -> tuple[str, str]:
        components = [*usual, *(name for name in _ALSO_COVERED if name in message.headers)]
        wanted = None if wish is None else rfc9421.read_accept_signature(wish)
        if wanted is not None:
            # Ours stay in any case: a peer may ask for more to be covered, never for less.
            components += [
                name for name in wanted.components if name not in components and _can_cover(name, message)
            ]
        return rfc9421.sign(
            message,
            key=self._key,
            key_id=self._key_id,
            components=components,
            created=now,
            label="sig1" if wanted is None else wanted.label,
            nonce=None if wanted is None else wanted.nonce,
            tag=None if wanted is None else wanted.tag,
        )


class _Drained(httpx.AsyncByteStream):
    """Read an answer that nobody wants, so that its connection can be used again, but only so far.

    httpx reads the whole answer to the first knock into memory before it sends the second, and how long that
    answer is the other server decides.
    """

    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for chunk in self._inner:
            seen += len(chunk)
            if seen > limits.DELIVERY_ANSWER_BYTES_MAX:
                break
        yield b""

    async def aclose(self) -> None:
        await self._inner.aclose()


def other(scheme: Scheme) -> Scheme:
    """Return the scheme of the second knock."""
    return Scheme.RFC9421 if scheme is Scheme.CAVAGE else Scheme.CAVAGE


def _can_cover(name: str, message: Message) -> bool:
    return name in _DERIVED or name in message.headers
