"""Blocking whole servers: doing it, ending it, and the list of those that are blocked.

Source: Mastodon's documentation, "domain_blocks API methods".
"""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.params import Params
from fedi.api.viewer import admit, require
from fedi.queries import relations
from fedi.services import blocking

__all__ = ["block", "index", "unblock"]


async def index(request: Request) -> Response:
    """List the servers that the viewer blocks."""
    ctx = context.of(request)
    page = paging.wanted(await params.read(request), default=100, most=200)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "read:blocks")
        found = await relations.blocked_domains(tx, viewer.id, page)
    return json_answer(
        [domain for _, domain in found.rows],
        headers=paging.links(request, [key for key, _ in found.rows], more=found.more),
    )


async def block(request: Request) -> Response:
    """Block a server."""
    ctx = context.of(request)
    viewer = await admit(request, "write:blocks")
    domain = _domain(await params.read(request))
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        await blocking.block_domain(ctx, tx, account=me, domain=domain)
    return json_answer({})


async def unblock(request: Request) -> Response:
    """Block a server no longer."""
    ctx = context.of(request)
    viewer = await admit(request, "write:blocks")
    domain = _domain(await params.read(request))
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        await blocking.unblock_domain(tx, account=me, domain=domain)
    return json_answer({})


def _domain(given: Params) -> str:
    domain = given.word("domain")
    if domain is None:
        raise errors.unprocessable("Validation failed: Domain can't be blank")
    return domain
