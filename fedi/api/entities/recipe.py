"""How a picture was made, as far as its author tells: our own object on posts and media.

Clients pass over keys that they do not know, so it stands under this server's own name. That a machine drew
it is always said; everything else may be null, because the author keeps it or because it came from elsewhere.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

__all__ = ["Generated", "generated"]


class Generated(TypedDict):
    """How a picture was made."""

    generated: bool
    digital_source_type: str | None
    share: str | None
    prompt: str | None
    negative_prompt: str | None
    model: str | None
    model_digest: str | None
    revision: str | None
    seed: int | None
    steps: int | None
    guidance: float | None
    width: int | None
    height: int | None
    asked_by: str | None


def generated(digital_source_type: str | None, recipe: Mapping[str, Any] | None) -> Generated | None:
    """Build the object; None where nothing says that a machine had to do with it.

    Args:
        digital_source_type: IPTC term of the post or picture.
        recipe: what its author tells.
    """
    if digital_source_type is None and recipe is None:
        return None
    told = recipe or {}
    return {
        "generated": True,
        "digital_source_type": digital_source_type,
        "share": told.get("share"),
        "prompt": told.get("prompt"),
        "negative_prompt": told.get("negative_prompt"),
        "model": told.get("model"),
        "model_digest": told.get("model_digest"),
        "revision": told.get("revision"),
        "seed": told.get("seed"),
        "steps": told.get("steps"),
        "guidance": told.get("guidance"),
        "width": told.get("width_px"),
        "height": told.get("height_px"),
        "asked_by": told.get("asked_by"),
    }
