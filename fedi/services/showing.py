"""Where the pictures of a row are shown: always on this server, but for sound and film of others.

Pages and clients are given the same addresses by this one place.
"""

from fedi import iris
from fedi.config import Settings
from fedi.models import Account, Attachment

__all__ = ["avatar", "file", "header", "preview"]


def avatar(row: Account, settings: Settings) -> str | None:
    """Return the address of an account's avatar; None when it has none."""
    if row.avatar_key:
        return iris.media(settings, row.avatar_key)
    return iris.remote_face(settings, row.id, row.avatar_url, "avatar") if row.avatar_url else None


def header(row: Account, settings: Settings) -> str | None:
    """Return the address of an account's header; None when it has none."""
    if row.header_key:
        return iris.media(settings, row.header_key)
    return iris.remote_face(settings, row.id, row.header_url, "header") if row.header_url else None


def file(row: Attachment, settings: Settings) -> str | None:
    """Return the address of a media file; None while there is none."""
    if row.file_key:
        return iris.media(settings, row.file_key)
    if row.remote_url and row.kind == "image":
        return iris.remote_file(settings, row.id, row.remote_url)
    return row.remote_url


def preview(row: Attachment, settings: Settings) -> str | None:
    """Return the address of a media file in small, or of the file where there is no smaller one."""
    if row.thumbnail_key:
        return iris.media(settings, row.thumbnail_key)
    if row.file_key is None and row.remote_url and row.kind == "image":
        return iris.remote_file(settings, row.id, row.remote_url, small=True)
    return file(row, settings)
