"""What clients ask about the server itself, before and after signing in.

Source: Mastodon's documentation, "instance API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api.answers import json_answer
from fedi.api.entities.instance import Facts, instance_v1, instance_v2
from fedi.context import Context
from fedi.queries import announcements, census
from fedi.services import generator, longtexts, subscribing

__all__ = ["v1", "v2"]

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


async def _facts(ctx: Context) -> Facts:
    now = ctx.clock()
    known = ctx.memory.figures.get("instance", now)
    if isinstance(known, Facts):
        return known
    vapid_key = await subscribing.public_key(ctx)
    async with ctx.db.read() as tx:
        counted = await census.take(tx, now)
        bot = await generator.account(ctx, tx)
        facts = Facts(
            census=counted,
            contact=await census.contact(tx),
            vapid_key=vapid_key,
            generator=None if bot is None else bot.acct,
            rules=await announcements.rules(tx),
            texts=frozenset([name for name in longtexts.PAGES if await longtexts.read(ctx, name)]),
        )
    ctx.memory.figures.put("instance", facts, now=now, ttl_s=FACTS_S)
    return facts
