"""`/api/fedi/v1`, described for programs (OpenAPI 3.1), with the bounds that hold on this server.

Written by hand, because it promises what clients may rely on and not whatever the code happens to do; a test
throws generated requests at the server and holds each answer to it.

Source: OpenAPI Specification 3.1.1; JSON Schema 2020-12.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api.answers import json_answer
from fedi.config import Settings
from fedi.models import Door, GenerationState
from fedi.services import generating, offering
from fedi.services.attaching import DESCRIPTION_CHARACTERS_MAX
from fedi.services.preferring import SHARES
from media import request as bounds

__all__ = ["VERSION", "document", "show"]

VERSION = "1.0.0"
"""Of this API; the first number is that of its path."""

ID = {"type": "string", "pattern": "^[0-9]{1,19}$"}
MOMENT = {"type": "string", "format": "date-time"}


async def show(request: Request) -> Response:
    """Describe this API for programs."""
    settings = context.of(request).settings
    return json_answer(document(settings), headers={"Cache-Control": "public, max-age=300"})


def document(settings: Settings) -> dict[str, Any]:
    """Build the description."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fedi: pictures on order",
            "version": VERSION,
            "description": "Ask for pictures, watch them being drawn, and post them by any client. "
            "Parameters are read from the query, a form, multipart or JSON alike.",
            "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        },
        "servers": [{"url": settings.origin}],
        "security": [{"token": []}],
        "paths": {
            "/api/fedi/v1/generations": {"get": _index(), "post": _create()},
            "/api/fedi/v1/generations/{id}": {
                "parameters": [_path_id()],
                "get": _operation("showGeneration", "How far one of your pictures is.", "Generation", 404),
                "delete": _operation(
                    "forgetGeneration",
                    "Call it off if it is not done, and forget it. Posts keep their pictures.",
                    "Empty",
                    403,
                    404,
                ),
            },
            "/api/fedi/v1/generations/{id}/cancel": {
                "parameters": [_path_id()],
                "post": _operation(
                    "cancelGeneration",
                    "Call it off, which stops the drawing. A draft that waits for it is deleted.",
                    "Generation",
                    403,
                    404,
                    422,
                ),
            },
            "/api/fedi/v1/generations/{id}/events": {"parameters": [_path_id()], "get": _events()},
            "/api/fedi/v1/openapi.json": {"get": _this()},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _SCOPES}},
            "schemas": _schemas(settings),
            "responses": {
                str(status): _refusal(text)
                for status, text in (
                    (400, "The request cannot be read."),
                    (401, "There is no token, or it is worth nothing."),
                    (403, "The token or the account may not do this, or the words are not drawn here."),
                    (404, "You have no such picture."),
                    (413, "The request is too large."),
                    (422, "A value is out of its bounds; the sentence says which and what they are."),
                    (429, "Too many requests, or too many pictures that are not done."),
                    (503, "There is no room for another stream."),
                )
            },
        },
    }


_SCOPES = "An OAuth token. `write:media` lets it do everything here, `read:statuses` lets it look."

_EVERYWHERE = (400, 401, 403, 413, 422, 429)


def _operation(name: str, summary: str, answer: str, *refusals: int) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": _answer(summary, _ref(answer)),
            **{str(status): _refused(status) for status in sorted({*_EVERYWHERE, *refusals})},
        },
    }


def _index() -> dict[str, Any]:
    described = _operation("listGenerations", "What you asked for, newest first.", "Generations")
    cursor = {"in": "query", "required": False, "schema": ID}
    described["parameters"] = [
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 40, "default": 20},
        },
        {**cursor, "name": "max_id", "description": "Those before this one."},
        {**cursor, "name": "since_id", "description": "The newest of those after this one."},
        {**cursor, "name": "min_id", "description": "Those right after this one."},
        {
            "name": "state",
            "in": "query",
            "schema": {"type": "array", "items": {"enum": list(GenerationState)}},
            "description": "Only those in one of these states.",
        },
    ]
    link = {"schema": {"type": "string"}, "description": "Addresses of the neighbouring pages (RFC 8288)."}
    described["responses"]["200"]["headers"] = {"Link": link}
    return described


def _create() -> dict[str, Any]:
    described = _operation("createGeneration", "Ask for a picture.", "Generation")
    del described["responses"]["200"]
    address = {
        "schema": {"type": "string", "format": "uri"},
        "description": "Where to look.",
        "required": True,
    }
    described["responses"]["202"] = {
        **_answer("It waits, or is drawn already.", _ref("Generation")),
        "headers": {"Location": address},
    }
    described["responses"]["404"] = _refused(404)
    key = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
    described["parameters"] = [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": key,
            "description": "The same key gives the same picture for a day.",
        }
    ]
    described["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": _ref("Wish")}},
    }
    return described


def _events() -> dict[str, Any]:
    described = _operation(
        "watchGeneration",
        "How far it is, as Server-Sent Events named by its state, until it is over.",
        "Empty",
        404,
        503,
    )
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": _ref("Progress")}
    event = _object({"event": {"enum": list(GenerationState)}, "data": data})
    stream = {"text/event-stream": {"schema": event}}
    described["responses"]["200"] = {"description": "Each `data` is a `Progress`.", "content": stream}
    return described


def _this() -> dict[str, Any]:
    described = _operation("describe", "This description.", "Document")
    return {**described, "security": []}


def _path_id() -> dict[str, Any]:
    return {"name": "id", "in": "path", "required": True, "schema": ID}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _refusal(description: str) -> dict[str, Any]:
    return _answer(description, _ref("Error"))


def _refused(status: int) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{status}"}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _whole(low: int, high: int, **more: Any) -> dict[str, Any]:
    return {"type": "integer", "minimum": low, "maximum": high, **more}


def _text(most: int, **more: Any) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, **more}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _object(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _numbers() -> dict[str, Any]:
    return {
        "width": _whole(bounds.SIDE_PX_MIN, bounds.SIDE_PX_MAX, description="In pixels; with `height`."),
        "height": _whole(bounds.SIDE_PX_MIN, bounds.SIDE_PX_MAX, description="In pixels; with `width`."),
        "steps": _whole(bounds.STEPS_MIN, bounds.STEPS_MAX),
        "guidance": {"type": "number", "minimum": bounds.GUIDANCE_MIN, "maximum": bounds.GUIDANCE_MAX},
        "seed": _whole(0, bounds.SEED_MAX, description="For the same picture again."),
    }


def _wish(settings: Settings) -> dict[str, Any]:
    models = [model.id for model in offering.models(settings)]
    prompt = _text(bounds.PROMPT_CHARS_MAX, minLength=1, description="What to draw.")
    wish = {
        "prompt": prompt,
        "negative_prompt": _text(bounds.PROMPT_CHARS_MAX, description="What to avoid."),
        **_numbers(),
        "model": {"enum": models, "description": "The first one when missing."},
        "description": _text(DESCRIPTION_CHARACTERS_MAX, description="The alt text."),
        "share": {"enum": list(SHARES), "description": "What others are told of the recipe."},
    }
    described = _object(wish, *(name for name in wish if name != "prompt"))
    return {**described, "dependentRequired": {"width": ["height"], "height": ["width"]}}


def _schemas(settings: Settings) -> dict[str, Any]:
    asked = {name: _or_null({"type": schema["type"]}) for name, schema in _numbers().items()}
    progress = {
        "id": ID,
        "state": {"enum": list(GenerationState)},
        "step": {"type": "integer", "minimum": 0},
        "steps": {"type": "integer", "minimum": 0},
        "position": _or_null({"type": "integer", "minimum": 0, "description": "How many come before it."}),
        "error": _or_null({"type": "string", "description": "Why there is no picture, in a sentence."}),
        "media_id": _or_null(ID),
        "status_id": _or_null(ID),
    }
    generation = {
        **progress,
        "door": {"enum": list(Door)},
        "share": {"enum": list(SHARES)},
        "request": _object(
            {
                "prompt": {"type": "string"},
                "negative_prompt": {"type": "string"},
                **asked,
                "model": {"type": "string"},
            }
        ),
        "recipe": _or_null({"type": "object", "description": "What it was drawn with."}),
        "media_attachment": _or_null(
            {
                **_object({"id": ID, "type": {"type": "string"}, "url": {"type": "string"}}),
                "description": "Mastodon's MediaAttachment.",
            }
        ),
        "created_at": MOMENT,
        "started_at": _or_null(MOMENT),
        "finished_at": _or_null(MOMENT),
    }
    most = f"At most {generating.OUTSTANDING_MAX} of one person are not done at a time."
    return {
        "Wish": _wish(settings),
        "Progress": _object(progress),
        "Generation": {**_object(generation), "description": most},
        "Generations": {"type": "array", "items": _ref("Generation"), "maxItems": 40},
        "Empty": {"type": "object", "maxProperties": 0},
        "Document": {"type": "object", "required": ["openapi", "paths"]},
        "Error": _object({"error": {"type": "string"}}),
    }
