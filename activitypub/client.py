"""Fetch a document by its id, and deliver one to an inbox.

Whatever another server answers is untrusted until it was found where it says it lives: a document counts
only under the address that it was finally fetched from, and only with a media type that nobody can upload by
accident. Redirects are followed here and not by httpx, because every hop has to be judged and signed anew.
Addresses (which host may be asked at all) are the transport's business; everything about the answer is
decided here.

The verdict about a delivery is a pure function of the status, so that the queue's behaviour is a table.

Source: ActivityPub section 3.2; FEP-fe34; Mastodon CVE-2024-25623 (media type), Fedify CVE-2026-77632
(redirects).
"""

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import httpx

from activitypub import limits
from activitypub.auth import NOT_UNDERSTOOD, SignatureAuth, other
from activitypub.errors import (
    FetchError,
    ForbiddenError,
    GoneError,
    MalformedError,
    NotFoundError,
    TooLargeError,
    UnreachableError,
    WrongTypeError,
)
from activitypub.httpdate import parse_http_date
from activitypub.normalise import media_type_allowed, normalise
from activitypub.origin import origin, same_origin, without_fragment
from activitypub.post import Answer, Poster
from activitypub.signatures.message import Scheme
from activitypub.vocab import ACCEPT, ACTIVITY_JSON

__all__ = [
    "DeliveryResult", "Document", "HttpxPoster", "Verdict", "classify", "deliver", "fetch", "retry_after_s",
    "utc_now",
]  # fmt: skip

# These two keep the method and the body; the other redirects would turn a delivery into a GET.
_REDIRECTS_OF_POST: Final = frozenset({307, 308})
_POST_HEADERS: Final = {"content-type": ACTIVITY_JSON, "accept": ACCEPT, "accept-encoding": "identity"}
_SPELT_MAX: Final = 10_000  # inboxes whose spelling is remembered; most servers know fewer
_DETAIL_CHARS_MAX: Final = 300  # of a peer's answer, for the log


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that was fetched from where it lives.

    Attributes:
        data: compact form, from `normalise`.
        final_iri: the address that answered, after redirects; equal to `data["id"]` apart from a fragment.
        raw: the bytes; what a proof inside is checked over.
    """

    data: dict[str, Any]
    final_iri: str
    raw: bytes


class Verdict(StrEnum):
    """What becomes of a delivery after one attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"  #: later, with back-off
    DROP = "drop"  #: the peer will never take this activity
    INBOX_GONE = "inbox-gone"  #: 404 or 410: drop, and fetch the actor again; it may have moved or be deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The outcome of one attempt.

    Attributes:
        verdict: what to do now.
        status: the answer's, or None where there was none.
        retry_after_s: how long the peer asked us to wait, if it did.
        scheme: how the last request was signed, or None where it never went out.
        detail: the beginning of the answer or the kind of failure, for the log only: a peer wrote it.
    """

    verdict: Verdict
    status: int | None
    retry_after_s: float | None
    scheme: Scheme | None
    detail: str

    @property
    def delivered(self) -> bool:
        """Whether the peer took it."""
        return self.verdict is Verdict.DELIVERED


# 401 stays in the queue: the key may be newly made and not yet fetched again by the peer. 421 speaks of the
# connection, 425 of early data; both ask for another try.
_RETRIED_4XX: Final = frozenset({401, 408, 421, 425, 429})
_GONE: Final = frozenset({404, 410})


def classify(status: int) -> Verdict:
    """Turn an answer's status into a verdict.

    | status | verdict |
    |---|---|
    | 2xx | delivered |
    | 404, 410 | inbox gone |
    | 401, 408, 421, 425, 429 | retry |
    | other 4xx, 501, 3xx | drop |
    | other 5xx | retry |

    Source: Mastodon's delivery worker (4xx but 401, 408, 429, and 501, are final).
    """
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status in _GONE:
        return Verdict.INBOX_GONE
    if status in _RETRIED_4XX or (status >= 500 and status != 501):
        return Verdict.RETRY
    return Verdict.DROP


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or a date.

    Returns:
        Seconds from now, 0 to `limits.RETRY_AFTER_S_MAX`; None where it is absent or unreadable.
    """
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        # The length first: int() of thousands of digits is slow.
        seconds = float(value) if len(value) < 10 else limits.RETRY_AFTER_S_MAX
    else:
        try:
            seconds = (parse_http_date(value) - now).total_seconds()
        except MalformedError:
            return None
    return min(max(seconds, 0.0), limits.RETRY_AFTER_S_MAX)


def utc_now() -> datetime:
    """The present. The only clock of this module, and replaceable in each call."""
    return datetime.now(UTC)


async def fetch(
    client: httpx.AsyncClient,
    iri: str,
    *,
    auth: httpx.Auth | None = None,
    http_allowed: bool = False,
    deadline_s: float = limits.DEADLINE_S,
    clock: Callable[[], datetime] = utc_now,
) -> Document:
    """Fetch the document that an identifier names.

    A document whose `id` is another address is not believed: that address is asked once, and must then agree.

    Args:
        client: makes the connections and guards which addresses may be reached.
        iri: what to fetch; its fragment is not sent.
        auth: signs each hop.
        http_allowed: whether http addresses may be asked, for tests on loopback.
        deadline_s: for everything together.
        clock: the present, to read a Retry-After date.

    Raises:
        GoneError: 410, or a Tombstone.
        NotFoundError: 404.
        UnreachableError: no connection, too slow, 408, 425, 429 or 5xx; carries `retry_after_s`.
        WrongTypeError: not an ActivityPub media type.
        MalformedError: `iri` or the document cannot be read; TooLargeError where it is too large.
        ForbiddenError: the document's `id` is not where it was found.
        FetchError: anything else, such as 401, 403 or too many redirects.
    """
    fetcher = _Fetcher(client=client, auth=auth, http_allowed=http_allowed, clock=clock)
    try:
        async with asyncio.timeout(deadline_s):
            document = await fetcher.document(iri)
            claimed = document.data.get("id")
            if not _lives_at(claimed, document.final_iri):
                document = await fetcher.document(_require_id(claimed, iri))
                if not _lives_at(document.data.get("id"), document.final_iri):
                    raise ForbiddenError("the document's id is not where it was found", iri=iri)
            return document
    except TimeoutError as error:
        raise UnreachableError("the server took too long", iri=iri) from error


async def deliver(
    poster: Poster,
    inbox_iri: str,
    body: bytes,
    *,
    auth: SignatureAuth,
    extra: Mapping[str, str] | None = None,
    http_allowed: bool = False,
    deadline_s: float = limits.DEADLINE_S,
    clock: Callable[[], datetime] = utc_now,
) -> DeliveryResult:
    """Post an activity to an inbox, once. Every outcome is a result; nothing that the peer does raises.

    Args:
        poster: makes the connections and guards which addresses may be reached.
        inbox_iri: where to.
        body: the activity, rendered once and sent as it is.
        auth: signs, and knocks twice where needed.
        extra: further headers.
        http_allowed: whether an http inbox may be asked, for tests on loopback.
        deadline_s: for everything together.
        clock: the present, to read a Retry-After date.
    """
    headers = _POST_HEADERS if extra is None else {**_POST_HEADERS, **extra}
    try:
        async with asyncio.timeout(deadline_s):
            _require_fetchable(inbox_iri, http_allowed=http_allowed)
            target = _spelt(inbox_iri)
            answer, scheme = await _knock(poster, target, headers, body, auth)
            if answer.status in _REDIRECTS_OF_POST and answer.location is not None:
                moved = _spelt(str(httpx.URL(target).join(answer.location)))
                if same_origin(moved, target):
                    answer, scheme = await _knock(poster, moved, headers, body, auth)
    except (httpx.HTTPError, TimeoutError) as error:
        return _not_delivered(Verdict.RETRY, type(error).__name__)
    except (httpx.InvalidURL, FetchError, MalformedError) as error:
        return _not_delivered(Verdict.DROP, type(error).__name__)
    return DeliveryResult(
        verdict=classify(answer.status),
        status=answer.status,
        retry_after_s=retry_after_s(answer.retry_after, clock()),
        scheme=scheme,
        detail=answer.beginning.decode("utf-8", errors="replace")[:_DETAIL_CHARS_MAX],
    )


async def _knock(
    poster: Poster, target: str, headers: Mapping[str, str], body: bytes, auth: SignatureAuth
) -> tuple[Answer, Scheme]:
    """Send one POST, and once more under the other scheme where the first was not understood."""
    scheme = auth.first
    answer = await poster.post(target, auth.sign_post(target, headers, body, scheme=scheme), body)
    if answer.status in NOT_UNDERSTOOD:
        scheme, wish = other(scheme), answer.accept_signature
        signed = auth.sign_post(target, headers, body, scheme=scheme, wish=wish)
        answer = await poster.post(target, signed, body)
    return answer, scheme


@functools.lru_cache(maxsize=_SPELT_MAX)
def _spelt(iri: str) -> str:
    """Spell an address as it goes over the wire: ASCII, percent-encoded, without fragment."""
    url = httpx.URL(iri)
    return f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}"


def _not_delivered(verdict: Verdict, detail: str) -> DeliveryResult:
    return DeliveryResult(verdict=verdict, status=None, retry_after_s=None, scheme=None, detail=detail)


class HttpxPoster:
    """Posts through an httpx client.

    Args:
        client: makes the connections and guards which addresses may be reached.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send one POST; see `Poster`."""
        request = self._client.build_request("POST", url, content=body, headers=headers)
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            # The answer is read so that the connection can be used again, and its beginning is kept for the
            # log. The status has decided already: whatever is wrong with the rest does not undo a delivery.
            beginning = await _read(response, limits.DELIVERY_ANSWER_BYTES_MAX, url)
        except (TooLargeError, FetchError, httpx.HTTPError):
            beginning = b""
        finally:
            await response.aclose()
        return Answer(
            status=response.status_code,
            retry_after=response.headers.get("retry-after"),
            location=response.headers.get("location"),
            accept_signature=response.headers.get("accept-signature"),
            beginning=beginning,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fetcher:
    client: httpx.AsyncClient
    auth: httpx.Auth | None
    http_allowed: bool
    clock: Callable[[], datetime]

    async def document(self, iri: str) -> Document:
        """Follow redirects to a document and read it, whatever its id says."""
        target = without_fragment(iri)
        for _ in range(limits.REDIRECTS_MAX + 1):
            _require_fetchable(target, http_allowed=self.http_allowed)
            response = await self._get(target)
            try:
                location = _location(response)
                if location is None:
                    return await self._read_document(response, target, iri)
            except httpx.HTTPError as error:
                raise UnreachableError(f"the answer broke off: {type(error).__name__}", iri=iri) from error
            finally:
                await response.aclose()
            target = _next_hop(target, location, iri)
        raise FetchError("too many redirects", iri=iri)

    async def _get(self, target: str) -> httpx.Response:
        headers = {"accept": ACCEPT, "accept-encoding": "identity"}
        try:
            request = self.client.build_request("GET", target, headers=headers)
        except httpx.InvalidURL as error:
            raise MalformedError("the address cannot be read", iri=target) from error
        try:
            return await self.client.send(request, auth=self.auth, stream=True, follow_redirects=False)
        except httpx.InvalidURL as error:  # httpx reads a Location even where it is not to follow it
            raise FetchError("a redirect to what is no address", iri=target) from error
        except httpx.HTTPError as error:
            raise UnreachableError(f"no answer: {type(error).__name__}", iri=target) from error

    async def _read_document(self, response: httpx.Response, target: str, iri: str) -> Document:
        _require_ok(response, iri, self.clock())
        if not media_type_allowed(response.headers.get("content-type")):
            raise WrongTypeError("the answer is not an ActivityPub document", iri=iri)
        raw = await _read(response, limits.BODY_BYTES_MAX, iri)
        data = normalise(raw)
        kind = data.get("type")
        if kind == "Tombstone" or (isinstance(kind, list) and "Tombstone" in kind):
            raise GoneError("the document was deleted", iri=iri)
        return Document(data=data, final_iri=target, raw=raw)


def _require_fetchable(iri: str, *, http_allowed: bool) -> None:
    if origin(iri).scheme != "https" and not http_allowed:
        raise FetchError("only https addresses are asked", iri=iri)


def _next_hop(target: str, location: str, iri: str) -> str:
    """Judge a redirect; the address that it gives is then judged like any other."""
    try:
        leaves_https = origin(target).scheme == "https" and origin(location).scheme != "https"
    except MalformedError as error:
        raise FetchError("a redirect to what is no address", iri=iri) from error
    if leaves_https:
        raise FetchError("a redirect leaves https", iri=iri)
    return without_fragment(location)


def _require_ok(response: httpx.Response, iri: str, now: datetime) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 410:
        raise GoneError("the server says that it is gone", iri=iri)
    if status == 404:
        raise NotFoundError("the server does not know it", iri=iri)
    if status in {408, 421, 425, 429} or status >= 500:
        wait_s = retry_after_s(response.headers.get("retry-after"), now)
        raise UnreachableError(f"the server answers {status}", iri=iri, retry_after_s=wait_s)
    raise FetchError(f"the server answers {status}", iri=iri)


def _location(response: httpx.Response) -> str | None:
    """The address that a redirect points to, made absolute by httpx; None for any other answer."""
    return None if response.next_request is None else str(response.next_request.url)


def _lives_at(claimed: object, final_iri: str) -> bool:
    """Compare a document's id with where it was found, both without fragment and in the client's spelling."""
    if not isinstance(claimed, str):
        return False
    try:
        return httpx.URL(without_fragment(claimed)) == httpx.URL(without_fragment(final_iri))
    except httpx.InvalidURL:
        return False


def _require_id(claimed: object, iri: str) -> str:
    if not isinstance(claimed, str):
        raise ForbiddenError("the document has no id", iri=iri)
    return claimed


async def _read(response: httpx.Response, bytes_max: int, iri: str) -> bytes:
    """Read a body within a budget.

    We ask for no compression, and take none: decoding is where a small answer becomes a large one.

    Raises:
        TooLargeError: it is longer.
        FetchError: it is encoded in some way.
    """
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise FetchError("the answer has an encoding that was not asked for", iri=iri)
    if response.is_stream_consumed:  # a transport that answers from memory has read it already
        body = bytearray(response.content)
    else:
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > bytes_max:
                break
    if len(body) > bytes_max:
        raise TooLargeError(f"the answer is larger than {bytes_max} bytes", iri=iri)
    return bytes(body)
