"""People, as moderators look after them.

Source: Mastodon's documentation, "admin/accounts API methods", version 1 and 2.
"""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities.account import ROLES
from fedi.api.entities.admin import admin_account
from fedi.api.params import Params
from fedi.api.viewer import admit_staff, require_staff
from fedi.db import Tx
from fedi.models import Account, Role
from fedi.queries import moderation, roster
from fedi.queries.roster import Known, Search
from fedi.services import moderating

__all__ = [
    "act", "approve", "destroy", "enable", "index", "index_v1", "reject", "show", "unsensitive", "unsilence",
    "unsuspend",
]  # fmt: skip

READ, WRITE = "admin:read:accounts", "admin:write:accounts"

STAFF = (Role.MODERATOR, Role.ADMIN)

NEVER_KNOWN = ("ip", "invited_by")
"""What may be asked for and is kept of nobody here; leaving it out would answer with everybody."""

Verb = Callable[..., Awaitable[None]]


async def index(request: Request) -> Response:
    """List accounts: version 2, in which each filter is a word."""
    given = await params.read(request)
    return await _list(request, given, _wanted(given))


async def index_v1(request: Request) -> Response:
    """List accounts: version 1, in which each filter is a yes."""
    given = await params.read(request)
    return await _list(request, given, _wanted_v1(given))


async def show(request: Request) -> Response:
    """Show one account."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        await require_staff(request, tx, READ)
        known = await _require_known(tx, request)
    return json_answer(admin_account(known, ctx.settings))


async def act(request: Request) -> Response:
    """Do something about an account."""
    ctx = context.of(request)
    viewer = await admit_staff(request, WRITE)
    given = await params.read(request)
    action, report_id = given.word("type"), given.identifier("report_id")
    if action is None:
        raise errors.unprocessable("type is missing")
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        known = await _require_known(tx, request)
        view = await moderation.find_report(tx, report_id) if report_id is not None else None
        if report_id is not None and view is None:
            raise errors.not_found()
        await moderating.act(
            ctx,
            tx,
            account=known.account,
            by=me,
            action=action,
            text=(given.text("text") or "").strip(),
            report=view.report if view is not None else None,
        )
    return json_answer({})


async def approve(request: Request) -> Response:
    """Let somebody in who waits for that."""
    return await _change(request, moderating.approve)


async def reject(request: Request) -> Response:
    """Turn somebody away who waits."""
    return await _remove(request, moderating.reject)


async def enable(request: Request) -> Response:
    """Let somebody sign in again."""
    return await _change(request, moderating.enable)


async def unsilence(request: Request) -> Response:
    """Show somebody to everyone again."""
    return await _change(request, moderating.unsilence)


async def unsuspend(request: Request) -> Response:
    """Take a suspension back."""
    return await _change(request, moderating.unsuspend)


async def unsensitive(request: Request) -> Response:
    """Cover somebody's pictures no longer."""
    return await _change(request, moderating.uncover)


async def destroy(request: Request) -> Response:
    """Delete all of a suspended account, for good; administrators only."""
    return await _remove(request, moderating.forget, least=Role.ADMIN)


async def _list(request: Request, given: Params, wanted: Search) -> Response:
    ctx = context.of(request)
    page = paging.wanted(given, default=100, most=200)
    async with ctx.db.read() as tx:
        await require_staff(request, tx, READ)
        if any(given.word(name) is not None for name in NEVER_KNOWN):
            return json_answer([])
        found = await roster.search(tx, wanted, page)
    return json_answer(
        [admin_account(known, ctx.settings) for known in found.rows],
        headers=paging.links(request, [known.account.id for known in found.rows], more=found.more),
    )


async def _change(request: Request, verb: Verb) -> Response:
    """Do something to an account and answer with how it stands then."""
    ctx = context.of(request)
    viewer = await admit_staff(request, WRITE)
    async with ctx.db.write() as tx:
        known = await _require_known(tx, request)
        await verb(ctx, tx, account=known.account, by=await viewer.present(tx))
        answer = admin_account(await _again(tx, known.account), ctx.settings)
    return json_answer(answer)


async def _remove(request: Request, verb: Verb, *, least: Role = Role.MODERATOR) -> Response:
    """Take an account away and answer with how it stood."""
    ctx = context.of(request)
    viewer = await admit_staff(request, WRITE, least=least)
    async with ctx.db.write() as tx:
        known = await _require_known(tx, request)
        answer = admin_account(known, ctx.settings)
        await verb(ctx, tx, account=known.account, by=await viewer.present(tx))
    return json_answer(answer)


async def _again(tx: Tx, account: Account) -> Known:
    await tx.flush()
    known = await roster.find(tx, account.id)
    assert known is not None
    return known


async def _require_known(tx: Tx, request: Request) -> Known:
    account_id = params.as_identifier(request.path_params["id"])
    known = await roster.find(tx, account_id) if account_id is not None else None
    if known is None:
        raise errors.not_found()
    return known


def _wanted(given: Params) -> Search:
    origin, status, permissions = given.word("origin"), given.word("status"), given.word("permissions")
    if status is not None and status not in roster.STATUSES:
        raise errors.unprocessable(f"status must be one of {', '.join(roster.STATUSES)}")
    if origin not in {None, "local", "remote"}:
        raise errors.unprocessable("origin must be local or remote")
    names = {identifier: name for name, (identifier, _, _) in ROLES.items()}
    roles = [names[text] for text in given.texts("role_ids") if text in names]
    if permissions == "staff":
        roles = [*STAFF]
    return Search(
        local=None if origin is None else origin == "local",
        status=status,
        roles=roles if roles or "role_ids" in given else None,
        **_names(given),
    )


def _wanted_v1(given: Params) -> Search:
    status = next((word for word in roster.STATUSES if given.flag(word)), None)
    local, remote = given.flag("local"), given.flag("remote")
    return Search(
        local=None if bool(local) == bool(remote) else bool(local),
        status=status,
        roles=STAFF if given.flag("staff") else None,
        **_names(given),
    )


def _names(given: Params) -> dict[str, str | None]:
    domain = given.word("by_domain")
    return {
        "domain": domain.lower() if domain is not None else None,
        "username": given.word("username"),
        "display_name": given.word("display_name"),
        "email": given.word("email"),
    }
