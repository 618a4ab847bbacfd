"""Reading a file of a stranger: guarded, bounded, unsigned.

The client's guard looks at every address, also of each redirect, and lets nothing of ours be asked; this
module adds the bounds on size, redirects and time. The request is not signed, since it is not for an
ActivityPub server, and says nothing about who wants it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from activitypub.errors import FetchError, ForbiddenError, TooLargeError, UnreachableError, WrongTypeError
from fedi.context import Context
from fedi.http import RefusedAddressError

__all__ = ["File", "get"]

REDIRECTS_MAX = 3
"""One to https, one to www, one to a language or a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What came.

    Attributes:
        content_type: with its parameters, as the server says.
        data: the body, or its beginning.
    """

    content_type: str
    data: bytes


async def get(
    ctx: Context,
    url: str,
    *,
    types: Sequence[str],
    bytes_max: int,
    deadline_s: float,
    beginning: bool = False,
) -> File:
    """Return a file.

    Args:
        ctx: the context.
        url: where it lies.
        types: media types that it may have; one that ends in `/` stands for all that begin so.
        bytes_max: of the body.
        deadline_s: for everything together, in seconds.
        beginning: cut off what is longer, instead of refusing it.

    Raises:
        UnreachableError: it does not answer, or says that it cannot now.
        ForbiddenError: it is an address that we do not ask.
        WrongTypeError: it is of another type.
        TooLargeError: it is larger.
        FetchError: it answers otherwise than with a file.
    """
    try:
        async with asyncio.timeout(deadline_s):
            response = await _follow(ctx, url, types)
            try:
                _check(response, url, types)
                data = await _body(response, url, bytes_max, beginning=beginning)
            finally:
                await response.aclose()
            return File(content_type=response.headers.get("content-type", ""), data=data)
    except RefusedAddressError as refusal:
        raise ForbiddenError(str(refusal), iri=url) from None
    except httpx.DecodingError as trouble:
        raise FetchError("the answer has an encoding that was not asked for", iri=url) from trouble
    except (httpx.HTTPError, TimeoutError) as trouble:
        raise UnreachableError(f"no answer: {type(trouble).__name__}", iri=url) from trouble
    except httpx.InvalidURL as trouble:
        raise FetchError("what is no address", iri=url[:200]) from trouble


async def _follow(ctx: Context, url: str, types: Sequence[str]) -> httpx.Response:
    target = url
    accept = ", ".join(f"{kind}*" if kind.endswith("/") else kind for kind in types)
    for _ in range(REDIRECTS_MAX + 1):
        request = ctx.http.build_request("GET", target, headers={"accept": accept})
        response = await ctx.http.send(request, stream=True, follow_redirects=False)
        if response.next_request is None:
            return response
        target = str(response.next_request.url)
        await response.aclose()
    raise FetchError("too many redirects", iri=url)


def _check(response: httpx.Response, url: str, types: Sequence[str]) -> None:
    status = response.status_code
    if status >= 500 or status in {408, 429}:
        raise UnreachableError(f"the server answers {status}", iri=url)
    if status != 200:
        raise FetchError(f"the server answers {status}", iri=url)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not any(kind == wanted or (wanted.endswith("/") and kind.startswith(wanted)) for wanted in types):
        raise WrongTypeError(f"not {' or '.join(types)}", iri=url)


async def _body(response: httpx.Response, url: str, bytes_max: int, *, beginning: bool) -> bytes:
    body = bytearray()
    if response.is_stream_consumed:  # a transport that answers from memory has read it already
        body += response.content
    else:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > bytes_max:
                break
    if len(body) > bytes_max and not beginning:
        raise TooLargeError(f"more than {bytes_max} bytes", iri=url)
    return bytes(body[:bytes_max])
