"""Who has access to an account: applications and browsers, and shutting them out."""

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import scopes
from fedi.api.settings import menu
from fedi.errors import Refused
from fedi.queries import grants
from fedi.services import locking

__all__ = ["applications", "browsers", "shut_out_app", "shut_out_browser"]


async def applications(request: Request) -> Response:
    """List the applications that were let in, with what they may do."""
    signed_in = await menu.opened(request)
    if signed_in is None:
        return menu.to_sign_in(request)
    async with context.of(request).db.read() as tx:
        found = await grants.grants(tx, signed_in.account.id)
    rows = [(grant, scopes.describe(sorted(grant.scopes, key=scopes.KNOWN.index))) for grant in found]
    return menu.show(request, "applications.html", signed_in, {"rows": rows})


async def shut_out_app(request: Request) -> Response:
    """Take an application's access away.

    Raises:
        Refused: 403 for a form that is not ours, 404 when it has none.
    """
    found = await menu.submitted(request)
    if found is None:
        return menu.to_sign_in(request)
    signed_in, given = found
    ctx, app_id = context.of(request), given.identifier("app")
    async with ctx.db.write() as tx:
        done = app_id is not None and await locking.shut_out_app(
            ctx, tx, account=signed_in.account, app_id=app_id
        )
    if not done:
        raise Refused(404, "That application has no access to your account.")
    return menu.see("/settings/applications")


async def browsers(request: Request) -> Response:
    """List the browsers that are signed in."""
    ctx = context.of(request)
    signed_in = await menu.opened(request)
    if signed_in is None:
        return menu.to_sign_in(request)
    async with ctx.db.read() as tx:
        found = await grants.browsers(tx, signed_in.account.id, now=ctx.clock())
    return menu.show(request, "browsers.html", signed_in, {"browsers": found, "mine": signed_in.key})


async def shut_out_browser(request: Request) -> Response:
    """Sign a browser out.

    Raises:
        Refused: 403 for a form that is not ours, 404 when it is not signed in.
    """
    found = await menu.submitted(request)
    if found is None:
        return menu.to_sign_in(request)
    signed_in, given = found
    async with context.of(request).db.write() as tx:
        key = given.text("browser") or ""
        done = await locking.shut_out_browser(tx, account=signed_in.account, key=key)
    if not done:
        raise Refused(404, "That browser is not signed in.")
    return menu.see("/settings/browsers")
