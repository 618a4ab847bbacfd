"""Posts that come out later.

What could not be published when its time came carries the reason in `fedi.error`; other clients see a time
that is past.

Source: Mastodon's documentation, "ScheduledStatus entity".
"""

from collections.abc import Sequence
from typing import Any, TypedDict

from fedi.api.entities.attachment import MediaAttachment, attachment
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Attachment, ScheduledPost

__all__ = ["ScheduledStatus", "scheduled_status"]


class Trouble(TypedDict):
    """Our own extension: why it could not be published."""

    error: str | None


class ScheduledStatus(TypedDict):
    """A post that comes out later."""

    id: str
    scheduled_at: str
    params: dict[str, Any]
    media_attachments: list[MediaAttachment]
    fedi: Trouble


def scheduled_status(
    row: ScheduledPost, pictures: Sequence[Attachment], settings: Settings
) -> ScheduledStatus:
    """Build a post that comes out later, with the pictures that wait for it."""
    return {
        "id": str(row.id),
        "scheduled_at": isoformat_ms(row.scheduled_at),
        "params": row.params,
        "media_attachments": [attachment(one, settings) for one in pictures],
        "fedi": {"error": row.error},
    }
