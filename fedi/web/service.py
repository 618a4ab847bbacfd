"""Answers for machines that look after a server: is it alive, and what may crawlers read."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fedi.context import of
from fedi.queries import accounts as find_account

__all__ = ["health", "robots"]

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


async def health(request: Request) -> Response:
    """Answer 200 when this process can read its database; otherwise the boundary answers 500."""
    ctx = of(request)
    async with ctx.db.read() as tx:
        await find_account.instance_actor(tx, ctx.settings)
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def robots(_request: Request) -> Response:
    """Answer `GET /robots.txt`."""
    return PlainTextResponse(ROBOTS, headers={"Cache-Control": "public, max-age=86400"})
