"""A picture that was asked for, as its asker sees it: everything, whatever is shared of it with others.

Source: none; this is our own, described in `/api/fedi/v1/openapi.json`.
"""

from typing import Any, TypedDict

from fedi.api.entities.attachment import MediaAttachment, attachment, is_shown
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Attachment, Generation

__all__ = ["GenerationEntity", "GenerationRequest", "generation"]


class GenerationRequest(TypedDict):
    """What was asked for."""

    prompt: str
    negative_prompt: str
    width: int | None
    height: int | None
    steps: int | None
    guidance: float | None
    seed: int | None
    model: str


class GenerationEntity(TypedDict):
    """One picture that was asked for."""

    id: str
    state: str
    door: str
    step: int
    steps: int
    position: int | None
    error: str | None
    share: str
    request: GenerationRequest
    recipe: dict[str, Any] | None
    media_id: str | None
    media_attachment: MediaAttachment | None
    status_id: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None


def generation(
    row: Generation, settings: Settings, *, picture: Attachment | None, ahead: int | None
) -> GenerationEntity:
    """Build a picture that was asked for.

    Args:
        row: it.
        settings: for addresses.
        picture: what was made of it, as far as it is.
        ahead: how many come before it, while it waits.
    """
    return {
        "id": str(row.id),
        "state": row.state,
        "door": row.door,
        "step": row.step,
        "steps": row.steps,
        "position": ahead,
        "error": row.error,
        "share": row.share,
        "request": _request(row.request),
        "recipe": row.recipe,
        "media_id": str(row.attachment_id) if row.attachment_id is not None else None,
        "media_attachment": attachment(picture, settings)
        if picture is not None and is_shown(picture)
        else None,
        "status_id": str(row.post_id) if row.post_id is not None else None,
        "created_at": isoformat_ms(row.created_at),
        "started_at": isoformat_ms(row.started_at) if row.started_at else None,
        "finished_at": isoformat_ms(row.finished_at) if row.finished_at else None,
    }


def _request(asked: dict[str, Any]) -> GenerationRequest:
    return {
        "prompt": asked.get("prompt", ""),
        "negative_prompt": asked.get("negative_prompt", ""),
        "width": asked.get("width_px"),
        "height": asked.get("height_px"),
        "steps": asked.get("steps"),
        "guidance": asked.get("guidance"),
        "seed": asked.get("seed"),
        "model": asked.get("model", ""),
    }
