"""Rules about other servers, for tests that live under them."""

from typing import Any

from fedi.models import Severity
from fedi.services import domain_rules
from fedi.services.domain_rules import Wish
from tests.servers import Server

__all__ = ["allow", "limit", "remove", "rule", "suspend"]


async def rule(server: Server, domain: str, **wished: Any) -> None:
    """Make or change a rule, and let what follows from it be done."""
    async with server.ctx.db.write() as tx:
        await domain_rules.wish(server.ctx, tx, domain=domain, wanted=Wish(**wished))
    await server.work("default")


async def suspend(server: Server, domain: str) -> None:
    """Have nothing to do with a server."""
    await rule(server, domain, severity=Severity.SUSPEND)


async def limit(server: Server, domain: str) -> None:
    """Show its people to their followers only."""
    await rule(server, domain, severity=Severity.SILENCE)


async def remove(server: Server, domain: str) -> None:
    """Take a rule back."""
    async with server.ctx.db.write() as tx:
        await domain_rules.remove(server.ctx, tx, domain=domain)
    await server.work("default")


async def allow(server: Server, domain: str) -> None:
    """Put a server on the list of those that are talked to."""
    async with server.ctx.db.write() as tx:
        await domain_rules.allow(server.ctx, tx, domain=domain)
    await server.work("default")
