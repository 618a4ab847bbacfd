"""Reading an ordinary web page of a stranger: guarded, bounded, and only as text.

The client's guard looks at every address, also of each redirect, and lets no page of ours be asked; this
module adds the bounds that a page needs, which is larger and less regular than a document. The request is not
signed, since it is not for an ActivityPub server.

Source: Mastodon's verification of links (`rel="me"`).
"""

import asyncio

import httpx

from activitypub.errors import FetchError, ForbiddenError, UnreachableError, WrongTypeError
from fedi.context import Context
from fedi.http import RefusedAddressError

__all__ = ["PAGE_BYTES_MAX", "read"]

PAGE_BYTES_MAX = 512 * 1024
"""Of a page that is looked at, in bytes; what comes after is not read. Home pages link to people early."""

REDIRECTS_MAX = 3
"""One to https, one to www, one to a language."""

DEADLINE_S = 20.0
"""For everything together, in seconds: a person waits for it, but not for long."""

TYPES = ("text/html", "application/xhtml+xml")


async def read(ctx: Context, url: str) -> str:
    """Return the beginning of a web page.

    Raises:
        UnreachableError: it does not answer, or says that it cannot now.
        ForbiddenError: it is an address that we do not ask.
        WrongTypeError: it is no web page.
        FetchError: it answers otherwise than with a page.
    """
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await _follow(ctx, url)
    except RefusedAddressError as refusal:
        raise ForbiddenError(str(refusal), iri=url) from None
    except httpx.DecodingError as trouble:
        raise FetchError("the answer has an encoding that was not asked for", iri=url) from trouble
    except (httpx.HTTPError, TimeoutError) as trouble:
        raise UnreachableError(f"no answer: {type(trouble).__name__}", iri=url) from trouble
    except httpx.InvalidURL as trouble:
        raise FetchError("what is no address", iri=url[:200]) from trouble


async def _follow(ctx: Context, url: str) -> str:
    target = url
    for _ in range(REDIRECTS_MAX + 1):
        request = ctx.http.build_request("GET", target, headers={"accept": ", ".join(TYPES)})
        response = await ctx.http.send(request, stream=True, follow_redirects=False)
        try:
            if response.next_request is None:
                return await _text(response, url)
            target = str(response.next_request.url)
        finally:
            await response.aclose()
    raise FetchError("too many redirects", iri=url)


async def _text(response: httpx.Response, url: str) -> str:
    status = response.status_code
    if status >= 500 or status in {408, 429}:
        raise UnreachableError(f"the server answers {status}", iri=url)
    if status != 200:
        raise FetchError(f"the server answers {status}", iri=url)
    kind, _, parameters = response.headers.get("content-type", "").partition(";")
    if kind.strip().lower() not in TYPES:
        raise WrongTypeError("not a web page", iri=url)
    body = bytearray()
    if response.is_stream_consumed:  # a transport that answers from memory has read it already
        body += response.content
    else:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > PAGE_BYTES_MAX:
                break
    return bytes(body[:PAGE_BYTES_MAX]).decode(_charset(parameters), "replace")


def _charset(parameters: str) -> str:
    """Return the encoding that a Content-Type names, among those that every page can be read in."""
    name = parameters.partition("charset=")[2].partition(";")[0].strip(" \"'").lower()
    return name if name in {"utf-8", "iso-8859-1", "windows-1252", "us-ascii"} else "utf-8"
