"""Posts in other languages.

Source: Mastodon's documentation, "Translate a status", "Translation entity" and "View translation languages".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params, rendering
from fedi.api.answers import json_answer
from fedi.api.viewer import admit
from fedi.models import Login
from fedi.queries import posts
from fedi.services import translating

__all__ = ["create", "languages"]


async def create(request: Request) -> Response:
    """Translate a post into a language that the viewer reads."""
    ctx = context.of(request)
    viewer = await admit(request, "read:statuses")
    given = await params.read(request)
    async with ctx.db.read() as tx:
        named = params.as_identifier(request.path_params["id"])
        post = await rendering.require_visible(tx, viewer.id, named)
        view = await posts.load_one(tx, post.reblog_of_id or post.id)
        login = await tx.get(Login, viewer.id)
    if view is None:
        raise errors.not_found()
    usual = login.default_language if login is not None else None
    made = await translating.translate(ctx, view, target=given.word("lang") or usual or ctx.settings.language)
    poll = view.poll
    return json_answer(
        {
            "content": made.content,
            "spoiler_text": made.spoiler_text,
            "poll": None
            if poll is None
            else {"id": str(poll.id), "options": [{"title": title} for title in made.options]},
            "media_attachments": [
                {"id": str(identifier), "description": words}
                for identifier, words in made.descriptions.items()
            ],
            "language": made.target,
            "detected_source_language": made.source,
            "provider": translating.PROVIDER,
        }
    )


async def languages(request: Request) -> Response:
    """Tell which languages can be translated into which."""
    return json_answer(await translating.languages(context.of(request)))
