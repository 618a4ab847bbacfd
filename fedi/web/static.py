"""Files that ship with the server: the style sheet and a few drawings.

They are few and small, so they are read once and served from memory; only names that are in the table are
served, so no path can lead out of it. Pages name them with a digest in the query, which lets browsers keep
them for ever and still get the next version at once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from fedi.errors import Refused

__all__ = ["address", "favicon", "serve"]

TYPES: Mapping[str, str] = {"css": "text/css; charset=utf-8", "png": "image/png"}

KEEP = "public, max-age=31536000, immutable"
"""For a file named with its digest: a year is as good as for ever."""

LOOK_AGAIN = "public, max-age=3600"
"""For one named without, as other servers name our placeholder avatar: an hour."""

DIGEST_CHARACTERS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file in memory."""

    content: bytes
    media_type: str
    digest: str


def _load() -> dict[str, StaticFile]:
    files = {}
    for entry in resources.files("fedi.web").joinpath("static").iterdir():
        media_type = TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            content = entry.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:DIGEST_CHARACTERS]
            files[entry.name] = StaticFile(content=content, media_type=media_type, digest=digest)
    return files


_FILES = _load()


def address(name: str) -> str:
    """Return the path of a file, with its digest; a KeyError is a mistake of ours."""
    return f"/static/{name}?v={_FILES[name].digest}"


async def serve(request: Request) -> Response:
    """Answer `GET /static/NAME`."""
    return _answer(request, request.path_params["name"])


async def favicon(request: Request) -> Response:
    """Answer `GET /favicon.ico`, which browsers ask for unasked."""
    return _answer(request, "icon.png")


def _answer(request: Request, name: str) -> Response:
    file = _FILES.get(name)
    if file is None:
        raise Refused(404, "There is no such file.")
    named = request.query_params.get("v") == file.digest
    headers = {
        "Cache-Control": KEEP if named else LOOK_AGAIN,
        "ETag": f'"{file.digest}"',
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
