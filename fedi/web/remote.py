"""`GET /media/remote/…`: pictures of other servers, from our cache.

The address names a row and carries a digest of the file's own address: a picture of a post that somebody was
not given cannot be guessed, and a profile's new picture has a new address. What is not a picture, is withheld
by a rule, or belongs to somebody suspended is 404.
"""

from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from fedi import iris
from fedi.context import of
from fedi.errors import Refused
from fedi.queries import pictures
from fedi.services import caching
from fedi.web.media import answer_file

__all__ = ["serve"]

KEEP_S = 7 * 24 * 3600
"""How long browsers may keep one, in seconds: its server may put another file at the same address."""


class Shown(NamedTuple):
    """What an address may ask for."""

    find: pictures.Find
    small: bool


SHOWN = {
    "original": Shown(pictures.of_attachment, small=False),
    "small": Shown(pictures.of_attachment, small=True),
    "avatar": Shown(pictures.avatar_of, small=True),
    "header": Shown(pictures.header_of, small=False),
}


async def serve(request: Request) -> Response:
    """Answer for one picture of a post or an account."""
    row_id, digest = request.path_params["id"], request.path_params["digest"]
    shown = SHOWN.get(request.path_params["what"])
    url = None
    if shown is not None and row_id <= iris.ID_MAX:
        async with of(request).db.read() as tx:
            url = await shown.find(tx, row_id)
    if shown is None or url is None or not iris.is_remote_file(url, digest):
        raise Refused(404, "There is no such file.")
    kept = await caching.picture(of(request), url)
    key = kept.thumbnail_key if shown.small else kept.file_key
    try:
        return await answer_file(request, key, f"public, max-age={KEEP_S}")
    except Refused:  # its file is gone: the next look fetches it again
        await caching.forget(of(request), kept)
        raise
