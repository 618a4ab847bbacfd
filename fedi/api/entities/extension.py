"""What this server adds to Mastodon's API, told where clients look first: under `fedi` in the instance.

Source: none; docs/generations.md describes it.
"""

from typing import Any

from fedi.config import Settings
from fedi.services import generating, offering
from fedi.services.preferring import SHARES
from media import request as bounds

__all__ = ["API_VERSION", "extension"]

API_VERSION = 1
"""Of `/api/fedi`: what `api_versions.fedi` says as well."""


def extension(settings: Settings, *, generator: str | None) -> dict[str, Any]:
    """Build the object.

    Args:
        settings: for addresses and the size of pictures.
        generator: handle of the bot that draws on request, if there is one.
    """
    return {
        "api_version": API_VERSION,
        "imagine": {"command": "/imagine", "escape": "//imagine", "preference": "fedi:imagine"},
        "account": generator,
        "generations": {
            "url": f"{settings.origin}/api/fedi/v1/generations",
            "openapi": f"{settings.origin}/api/fedi/v1/openapi.json",
            "event": "generation.progress",
            "shares": list(SHARES),
            "models": [
                {
                    "id": model.id,
                    "name": model.name,
                    "licence": model.licence or None,
                    "steps": model.steps or None,
                    "guidance": model.guidance,
                    "default": place == 0,
                }
                for place, model in enumerate(offering.models(settings))
            ],
            "bounds": {
                "prompt_characters": [1, bounds.PROMPT_CHARS_MAX],
                "side_px": [bounds.SIDE_PX_MIN, bounds.SIDE_PX_MAX],
                "steps": [bounds.STEPS_MIN, bounds.STEPS_MAX],
                "guidance": [bounds.GUIDANCE_MIN, bounds.GUIDANCE_MAX],
                "seed": [0, bounds.SEED_MAX],
                "outstanding": generating.OUTSTANDING_MAX,
                "default_side_px": settings.picture_size,
            },
        },
    }
