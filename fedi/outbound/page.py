"""Reading an ordinary web page of a stranger, only as text.

Source: Mastodon's verification of links (`rel="me"`).
"""

from fedi.context import Context
from fedi.outbound import download

__all__ = ["PAGE_BYTES_MAX", "read"]

PAGE_BYTES_MAX = 512 * 1024
"""Of a page that is looked at, in bytes; what comes after is not read. Home pages link to people early."""

DEADLINE_S = 20.0
"""For everything together, in seconds: a person waits for it, but not for long."""

TYPES = ("text/html", "application/xhtml+xml")


async def read(ctx: Context, url: str) -> str:
    """Return the beginning of a web page.

    Raises:
        ActivityPubError: as `download.get`.
    """
    found = await download.get(
        ctx, url, types=TYPES, bytes_max=PAGE_BYTES_MAX, deadline_s=DEADLINE_S, beginning=True
    )
    return found.data.decode(_charset(found.content_type), "replace")


def _charset(content_type: str) -> str:
    """Return the encoding that a Content-Type names, among those that every page can be read in."""
    name = content_type.partition("charset=")[2].partition(";")[0].strip(" \"'").lower()
    return name if name in {"utf-8", "iso-8859-1", "windows-1252", "us-ascii"} else "utf-8"
