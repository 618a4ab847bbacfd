"""What this server tells about others: which it knows, and which it limits or suspends.

The list of blocks names servers with enemies, so the operator decides who reads it; peers are told to
everyone unless this server talks to chosen ones only.

Source: Mastodon's documentation, "instance API methods" and "DomainBlock entity".
"""

import hashlib

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.answers import json_answer
from fedi.api.viewer import admit, require
from fedi.context import Context
from fedi.models import DomainRule, Severity
from fedi.queries import census
from fedi.queries import domains as find_domains

__all__ = ["domain_blocks", "peers", "search_peers"]

FOUND_MAX = 10
"""Servers that a search names; Mastodon's figure."""

PEERS_S = 300.0
"""How long the list of peers is good enough, in seconds: strangers ask, and it reads many rows."""


async def peers(request: Request) -> Response:
    """List the servers that are known here."""
    ctx = context.of(request)
    if ctx.settings.federation_mode == "allowlist":
        await admit(request, "read")
    return json_answer(await _peers(ctx))


async def search_peers(request: Request) -> Response:
    """List servers that are known here and whose names begin so, for who chooses one."""
    ctx = context.of(request)
    begins = ((await params.read(request)).word("q") or "").lower()
    if ctx.settings.federation_mode == "allowlist" or not begins:
        return json_answer([])
    return json_answer([name for name in await _peers(ctx) if name.startswith(begins)][:FOUND_MAX])


async def domain_blocks(request: Request) -> Response:
    """List the servers that are limited or suspended here, to whom the operator shows them."""
    ctx = context.of(request)
    shown_to = ctx.settings.show_domain_blocks
    if shown_to == "nobody":
        raise errors.not_found()
    async with ctx.db.read() as tx:
        if shown_to == "users":
            await require(request, tx, "read")
        rules = await find_domains.all_rules(tx)
    return json_answer([_block(rule) for rule in rules if rule.severity != Severity.NOOP])


async def _peers(ctx: Context) -> list[str]:
    now = ctx.clock()
    known: list[str] | None = ctx.memory.figures.get("peers", now)
    if known is None:
        async with ctx.db.read() as tx:
            known = await census.servers(tx)
        ctx.memory.figures.put("peers", known, now=now, ttl_s=PEERS_S)
    rules = await ctx.rules.now()
    return [domain for domain in known if not rules.of(domain).suspended]


def _block(rule: DomainRule) -> dict[str, str]:
    return {
        "domain": _obscured(rule.domain) if rule.obfuscate else rule.domain,
        "digest": hashlib.sha256(rule.domain.encode()).hexdigest(),
        "severity": rule.severity,
        "comment": rule.public_comment,
    }


def _obscured(domain: str) -> str:
    """Return a domain of which the middle half cannot be read.

    >>> _obscured("evil.example")
    'evi*.****ple'
    """
    shown = len(domain) // 4
    middle = range(shown, len(domain) - shown)
    return "".join(
        "*" if place in middle and letter != "." else letter for place, letter in enumerate(domain)
    )
