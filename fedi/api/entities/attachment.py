"""Media attachments: address, size and shape of a picture, for clients that lay out before they load.

`meta.original` with all four figures is fatal when it is missing in one client, so a remote picture of
unknown size gets a square.

Source: Mastodon's documentation, "MediaAttachment entity".
"""

from typing import Any, TypedDict

from fedi.api.entities.recipe import Generated, generated
from fedi.config import Settings
from fedi.models import Attachment, AttachmentState
from fedi.services import showing

__all__ = ["MediaAttachment", "attachment", "is_shown"]

UNKNOWN_SIDE_PX = 400
"""Assumed for a remote picture whose sender did not say how large it is."""

KINDS = frozenset({"image", "gifv", "video", "audio", "unknown"})


class MediaAttachment(TypedDict):
    """One media file."""

    id: str
    type: str
    url: str | None
    preview_url: str | None
    remote_url: str | None
    preview_remote_url: str | None
    text_url: str | None
    meta: dict[str, Any]
    description: str | None
    blurhash: str | None
    fedi: Generated | None
    """Our own extension: how the picture was made."""


def is_shown(row: Attachment) -> bool:
    """Tell whether a post can show this yet: some clients refuse a post with an attachment without `url`."""
    return row.state == AttachmentState.READY and bool(row.file_key or row.remote_url)


def attachment(row: Attachment, settings: Settings) -> MediaAttachment:
    """Build an attachment; `url` is null while the picture is not finished."""
    width, height = row.width or UNKNOWN_SIDE_PX, row.height or UNKNOWN_SIDE_PX
    small = (row.thumbnail_width or width, row.thumbnail_height or height)
    return {
        "id": str(row.id),
        "type": row.kind if row.kind in KINDS else "unknown",
        "url": showing.file(row, settings),
        "preview_url": showing.preview(row, settings),
        "remote_url": row.remote_url,
        "preview_remote_url": None,
        "text_url": None,
        "meta": {
            "original": _size(width, height),
            "small": _size(*small),
            "focus": {"x": row.focus_x or 0.0, "y": row.focus_y or 0.0},
        },
        "description": row.description,
        "blurhash": row.blurhash,
        "fedi": generated(row.digital_source_type, row.recipe),
    }


def _size(width: int, height: int) -> dict[str, Any]:
    return {"width": width, "height": height, "size": f"{width}x{height}", "aspect": width / height}
