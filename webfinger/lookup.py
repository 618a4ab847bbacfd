"""Ask a host who `user@host` is, and make sure that the answer is meant.

A handle's host and the host of its actor may differ ("split domain"). Then the answer names another
subject, and only that subject's own host can confirm it: it is asked once more, and must lead to the same
actor. Without the second question, any host could hand out somebody else's handle. The caller's client
decides which addresses may be reached at all; here are the bounds of one look-up: redirects, bytes, seconds.

Source: RFC 7033 §4 and §10.2; https://docs.joinmastodon.org/spec/webfinger/; RFC 6415 §3 (host-meta).
"""

import asyncio
import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import httpx

from webfinger import hostmeta
from webfinger.acct import Acct, parse
from webfinger.errors import (
    GoneResourceError,
    MalformedAnswerError,
    MalformedResourceError,
    MismatchError,
    UnknownResourceError,
    UnreachableError,
)
from webfinger.jrd import Jrd

__all__ = ["Resource", "lookup"]

# As Mastodon follows; an honest host needs one, from its bare name to its social one.
REDIRECTS_MAX: Final = 3
# Bytes of one answer after decompression; real ones have about one thousand.
ANSWER_BYTES_MAX: Final = 64 * 1024
# Seconds for everything: two questions, their redirects and a host-meta.
LOOKUP_S_MAX: Final = 20.0

_REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
# Statuses that say "not now" rather than "nobody": RFC 9110 §15.5.9, RFC 6585 §4; 421 is a wrong connection.
_PASSING_STATUSES: Final = frozenset({408, 421, 425, 429})
_JRD_ACCEPT: Final = "application/jrd+json, application/json"
_XRD_ACCEPT: Final = "application/xrd+xml, application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Who a handle turned out to be.

    Args:
        subject: the handle by which to know them; differs from the one asked for on a split domain.
        self_iri: their actor's identifier.
        profile_url: their page for browsers.
        jrd: the whole answer for `subject`.
    """

    subject: Acct
    self_iri: str
    profile_url: str | None
    jrd: Jrd


async def lookup(client: httpx.AsyncClient, acct: Acct, *, scheme: str = "https") -> Resource:
    """Look a handle up.

    Args:
        client: makes the requests; it must refuse addresses that may not be reached, on each hop.
        acct: the handle.
        scheme: `http` only for peers of a test; with `https`, nothing but https is asked or accepted.

    Raises:
        UnknownResourceError: the host knows nobody of that name (`GoneResourceError`: any more).
        MalformedAnswerError: its answer cannot be used.
        MismatchError: the subject that it names does not confirm it.
        UnreachableError: there was no answer, or none in time.
    """
    try:
        async with asyncio.timeout(LOOKUP_S_MAX):
            return await _lookup(client, acct, scheme)
    except TimeoutError as error:
        raise UnreachableError("the look-up took too long", resource=str(acct)) from error


async def _lookup(client: httpx.AsyncClient, acct: Acct, scheme: str) -> Resource:
    """Look up, and once more where the subject differs."""
    first = await _ask(client, acct, scheme)
    if first.subject.same(acct):
        return first
    second = await _ask(client, first.subject, scheme)
    if not second.subject.same(first.subject):
        raise MismatchError("the subject that was named names yet another one", resource=str(acct))
    if second.self_iri != first.self_iri:
        raise MismatchError("the subject that was named has another actor", resource=str(acct))
    return second


async def _ask(client: httpx.AsyncClient, acct: Acct, scheme: str) -> Resource:
    """Ask one host about one handle, by host-meta if its WebFinger is not where it should be."""
    url = f"{scheme}://{acct.host}/.well-known/webfinger?resource={_quoted(acct)}"
    try:
        body = await _get(client, url, _JRD_ACCEPT, acct, scheme)
    except GoneResourceError:
        raise
    except UnknownResourceError as unknown:
        # Some hosts keep only host-meta on the bare name. If that has nothing new, the 404 stands.
        other = await _template_url(client, acct, scheme)
        if other is None or other == url:
            raise UnknownResourceError(unknown.message, resource=unknown.resource) from unknown
        body = await _get(client, other, _JRD_ACCEPT, acct, scheme)
    return _read(body, acct, scheme)


async def _template_url(client: httpx.AsyncClient, acct: Acct, scheme: str) -> str | None:
    """Fetch host-meta and fill its template; None if there is no usable one."""
    try:
        url = f"{scheme}://{acct.host}/.well-known/host-meta"
        body = await _get(client, url, _XRD_ACCEPT, acct, scheme)
        template = hostmeta.read_template(body.decode("utf-8"))
    except (UnknownResourceError, UnreachableError, MalformedAnswerError, UnicodeDecodeError):
        return None
    if template is None or not _may_ask(template, scheme):
        return None
    return template.replace("{uri}", _quoted(acct))


def _read(body: bytes, acct: Acct, scheme: str) -> Resource:
    """Read an answer and require what a look-up is for: a subject and an actor."""
    try:
        document: object = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError is a ValueError
        raise MalformedAnswerError("the answer is not JSON", resource=str(acct)) from error
    jrd = Jrd.from_json(document)
    try:
        subject = parse(jrd.subject or "", allow_port=acct.is_local_peer)
    except MalformedResourceError as error:
        raise MalformedAnswerError("the answer names no handle as its subject", resource=str(acct)) from error
    self_iri = jrd.self_href
    if self_iri is None or not _may_ask(self_iri, scheme):
        raise MalformedAnswerError("the answer has no usable link to an actor", resource=str(acct))
    page = jrd.profile_href
    profile_url = page if page is not None and page.startswith(("https://", "http://")) else None
    return Resource(subject=subject, self_iri=self_iri, profile_url=profile_url, jrd=jrd)


async def _get(client: httpx.AsyncClient, url: str, accept: str, acct: Acct, scheme: str) -> bytes:
    """Fetch a document, following redirects ourselves so that each hop is checked and counted."""
    resource = str(acct)
    for _ in range(REDIRECTS_MAX + 1):
        try:
            # Uncompressed, because a decoder turns 64 kB into 64 MB before anyone can count.
            headers = {"Accept": accept, "Accept-Encoding": "identity"}
            request = client.build_request("GET", url, headers=headers)
            response = await client.send(request, stream=True, follow_redirects=False)
            try:
                if response.status_code not in _REDIRECT_STATUSES:
                    _require_success(response.status_code, resource)
                    return await _read_bounded(response, resource)
                target = response.headers.get("Location")
                if not target:
                    raise MalformedAnswerError("a redirect leads nowhere", resource=resource)
                url = str(response.url.join(target))
            finally:
                await response.aclose()
        except httpx.InvalidURL as error:
            raise MalformedAnswerError("a redirect leads to no usable address", resource=resource) from error
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise UnreachableError(
                f"the host did not answer: {type(error).__name__}", resource=resource
            ) from error
        if not _may_ask(url, scheme):
            raise MalformedAnswerError("a redirect leads off https", resource=resource)
    raise UnreachableError("too many redirects", resource=resource)


def _require_success(status: int, resource: str) -> None:
    """Turn a status other than 200 into the error that it means."""
    if status == 200:
        return
    if status == 410:
        raise GoneResourceError("the host says that they are gone", resource=resource)
    if 400 <= status < 500 and status not in _PASSING_STATUSES:
        raise UnknownResourceError("the host does not know them", resource=resource)
    raise UnreachableError(f"the host answered with status {status}", resource=resource)


async def _read_bounded(response: httpx.Response, resource: str) -> bytes:
    """Read a body, decoded, up to the limit."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > ANSWER_BYTES_MAX:
            raise MalformedAnswerError("the answer is too large", resource=resource)
    return bytes(body)


def _quoted(acct: Acct) -> str:
    """Write a handle for a query; `:` and `@` may stand there as they are, and Mastodon leaves them so."""
    return quote(acct.uri, safe=":@")


def _may_ask(url: str, scheme: str) -> bool:
    """Whether an address has the scheme that this look-up is bound to; https is never worse."""
    return url.startswith(("https://", f"{scheme}://"))
