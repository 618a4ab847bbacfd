"""What clients ask about the server itself, before and after signing in.

Source: Mastodon's documentation, "instance API methods" and "preferences API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api.answers import json_answer
from fedi.api.entities.instance import Facts, instance_v1, instance_v2
from fedi.api.viewer import require
from fedi.context import Context
from fedi.models import Login
from fedi.queries import census

__all__ = ["preferences", "translation_languages", "v1", "v2"]

FACTS_S = 300.0
"""How long counts are good enough, in seconds: strangers ask, and each count reads many rows."""


async def v1(request: Request) -> Response:
    """Describe the server in the older shape."""
    ctx = context.of(request)
    return json_answer(instance_v1(ctx.settings, await _facts(ctx)))


async def v2(request: Request) -> Response:
    """Describe the server."""
    ctx = context.of(request)
    return json_answer(instance_v2(ctx.settings, await _facts(ctx)))


async def preferences(request: Request) -> Response:
    """Tell the viewer's defaults."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:accounts")
        login = await tx.get(Login, viewer.id)
    return json_answer(
        {
            "posting:default:visibility": login.default_visibility if login else "public",
            "posting:default:sensitive": login.default_sensitive if login else False,
            "posting:default:language": login.default_language if login else None,
            "posting:default:quote_policy": login.default_quote_policy if login else "public",
            "reading:expand:media": "default",
            "reading:expand:spoilers": False,
            "reading:autoplay:gifs": False,
        }
    )


async def translation_languages(_request: Request) -> Response:
    """Say that nothing is translated."""
    return json_answer({})


async def _facts(ctx: Context) -> Facts:
    now = ctx.clock()
    known = ctx.memory.figures.get("instance", now)
    if isinstance(known, Facts):
        return known
    async with ctx.db.read() as tx:
        counted = await census.take(tx, now)
        facts = Facts(census=counted, contact=await census.contact(tx))
    ctx.memory.figures.put("instance", facts, now=now, ttl_s=FACTS_S)
    return facts
