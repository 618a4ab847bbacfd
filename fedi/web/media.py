"""`GET /media/KEY`: stored pictures, for browsers and for the servers of followers.

A key is the digest of the content, so an answer never goes stale. Everything that strangers may have made
leaves with a type from a fixed table, `nosniff` and a sandbox, so that nothing in a file can act as a page
of ours; web clients of other origins may show it.

Sources: RFC 9110 section 14 (ranges); Mastodon CVE-2023-36460 (files that pass for something else);
Starlette CVE-2025-62727 (many ranges in one request: here one is honoured at most).
"""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from fedi.context import Context, of
from fedi.errors import Refused
from fedi.web.headers import MEDIA_POLICY
from media.errors import BlobKeyError, BlobMissingError

__all__ = ["Span", "answer_file", "read_range", "serve"]

KEEP_S = 365 * 24 * 3600
"""How long caches may keep a picture, in seconds: its content cannot change."""

_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Bytes from `start` up to, not including, `end`; empty when nothing of the file was asked for."""

    start: int
    end: int


def read_range(header: str | None, size_bytes: int) -> Span | None:
    """Return the part of a file that a Range header asks for; None means the whole file.

    What is not exactly one range of bytes is ignored, as RFC 9110 section 14.2 allows; a range outside the
    file gives an empty span, which is answered 416.
    """
    match = _RANGE.fullmatch((header or "").replace(" ", ""))
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return Span(start=max(0, size_bytes - int(match[2])), end=size_bytes)
    start = int(match[1])
    end = size_bytes if match[2] == "" else min(size_bytes, int(match[2]) + 1)
    if match[2] != "" and int(match[2]) < start:
        return None
    return Span(start=start, end=max(start, end))


async def serve(request: Request) -> Response:
    """Answer for one file; 404 for a key that is none, or that is not stored."""
    return await answer_file(request, request.path_params["key"], f"public, max-age={KEEP_S}, immutable")


async def answer_file(request: Request, key: str, caching: str) -> Response:
    """Answer with a stored file, or the part of it that is asked for.

    Args:
        request: with its conditions and ranges.
        key: of the file.
        caching: for the header `Cache-Control`.

    Raises:
        Refused: 404, for a key that is none, or that is not stored.
    """
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": caching,
        "Content-Disposition": "inline",
        "Content-Security-Policy": MEDIA_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": f'"{key}"',
    }
    try:
        return await _answer(of(request), request, key, headers)
    except (BlobKeyError, BlobMissingError):
        raise Refused(404, "There is no such file.") from None


async def _answer(ctx: Context, request: Request, key: str, headers: dict[str, str]) -> Response:
    blob = await ctx.blobs.open(key)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range") if request.method == "GET" else None
    if request.headers.get("if-range", headers["ETag"]) != headers["ETag"]:
        wanted = None
    span = read_range(wanted, blob.size_bytes)
    if span is None:
        headers["Content-Length"] = str(blob.size_bytes)
        if request.method == "HEAD":
            return Response(media_type=blob.content_type, headers=headers)
        return StreamingResponse(blob.chunks, media_type=blob.content_type, headers=headers)
    if span.start >= span.end:
        headers = {"Content-Range": f"bytes */{blob.size_bytes}", "Cache-Control": "no-store"}
        return Response(status_code=416, headers=headers)
    content = await ctx.blobs.range(key, span.start, span.end)
    headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{blob.size_bytes}"
    return Response(content, status_code=206, media_type=blob.content_type, headers=headers)
