"""Answers for machines that look after a server: is it alive, and what may crawlers read."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fedi.context import of
from fedi.db import AWAY
from fedi.migrations import HEAD
from fedi.queries import shape

__all__ = ["live", "ready", "robots"]

RETRY_AFTER_S = "5"
"""When the database is away or being migrated: most often it is back within seconds."""

TRAINERS = (
    "AI2Bot", "Amazonbot", "Applebot-Extended", "Bytespider", "CCBot", "ClaudeBot", "Diffbot", "FacebookBot",
    "Google-Extended", "GPTBot", "ImagesiftBot", "meta-externalagent", "Omgilibot", "Timpibot",
    "anthropic-ai", "cohere-ai",
)  # fmt: skip
"""Crawlers that say of themselves that they collect for training: people here were not asked."""

ROBOTS = "\n".join((
    "User-agent: *", "Disallow: /api/", "Disallow: /oauth/", "Disallow: /authorize_interaction", "",
    *(f"User-agent: {name}" for name in TRAINERS), "Disallow: /", "",
))  # fmt: skip


async def live(_request: Request) -> Response:
    """Answer 200 while this process answers at all; who gets no answer starts it anew."""
    return _said("OK")


async def ready(request: Request) -> Response:
    """Answer 200 when this process can serve, and 503 with the reason when it cannot now.

    Also `/health`, Mastodon's name for it, whose clients look for the word `OK`.
    """
    try:
        async with of(request).db.read() as tx:
            at = await shape.revision(tx)
    except AWAY as trouble:
        cause = " ".join(str(getattr(trouble, "orig", trouble)).split())
        return _said(f"the database cannot be used: {cause}", 503)
    if at != HEAD:
        return _said(f"the database is at revision {at}, this version needs {HEAD}", 503)
    return _said("OK")


def _said(line: str, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": RETRY_AFTER_S} if status == 503 else {})
    return PlainTextResponse(line, status_code=status, headers=headers)


async def robots(_request: Request) -> Response:
    """Answer `GET /robots.txt`."""
    return PlainTextResponse(ROBOTS, headers={"Cache-Control": "public, max-age=86400"})
