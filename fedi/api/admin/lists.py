"""The lists of who is kept out or let in: servers, domains and addresses for mail, addresses on the network.

They are alike: a page, one row, adding, changing and taking off; administrators only.

Source: Mastodon's documentation, "admin/domain_blocks", "admin/domain_allows", "admin/email_domain_blocks",
"admin/ip_blocks" and "admin/canonical_email_blocks API methods".
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, paging, params
from fedi.api.answers import json_answer
from fedi.api.entities import admin
from fedi.api.params import Params
from fedi.api.viewer import admit_staff, require_staff
from fedi.context import Context
from fedi.db import Tx
from fedi.domains import normal
from fedi.models import (
    Account,
    CanonicalEmailBlock,
    DomainAllow,
    DomainRule,
    EmailDomainBlock,
    IpBlock,
    Role,
    Severity,
)  # fmt: skip
from fedi.queries import barring as find_barred
from fedi.queries import domains as find_rule
from fedi.queries import moderation
from fedi.services import barring, domain_rules
from fedi.services.domain_rules import Wish

__all__ = [
    "CANONICAL_EMAIL_BLOCKS",
    "DOMAIN_ALLOWS",
    "DOMAIN_BLOCKS",
    "EMAIL_DOMAIN_BLOCKS",
    "IP_BLOCKS",
    "Listing",
    "test_email",
]  # fmt: skip

Row = Any
"""A row of the list's model; `moderation.rows` says of which."""

Make = Callable[[Context, Tx, Params, Account], Awaitable[Row]]
Change = Callable[[Context, Tx, Row, Params, Account], Awaitable[None]]
Lift = Callable[[Context, Tx, Row, Account], Awaitable[None]]


class Listing:
    """The endpoints of one list.

    Args:
        model: what its rows are.
        scope: the last part of its scopes.
        shown: what a row looks like.
        make: adds one.
        lift: takes one off.
        change: changes one, where that can be done.
    """

    def __init__(
        self,
        model: type[Any],
        scope: str,
        shown: Callable[[Any], dict[str, Any]],
        *,
        make: Make,
        lift: Lift,
        change: Change | None = None,
    ) -> None:
        self._model, self._scope, self._shown = model, scope, shown
        self._make, self._lift, self._change = make, lift, change

    async def index(self, request: Request) -> Response:
        """Answer with a page."""
        ctx = context.of(request)
        page = paging.wanted(await params.read(request), default=100, most=200)
        async with ctx.db.read() as tx:
            await require_staff(request, tx, f"admin:read:{self._scope}", least=Role.ADMIN)
            found = await moderation.rows(tx, self._model, page)
        return json_answer(
            [self._shown(row) for row in found.rows],
            headers=paging.links(request, [row.id for row in found.rows], more=found.more),
        )

    async def show(self, request: Request) -> Response:
        """Answer with one row."""
        async with context.of(request).db.read() as tx:
            await require_staff(request, tx, f"admin:read:{self._scope}", least=Role.ADMIN)
            return json_answer(self._shown(await self._require(tx, request)))

    async def create(self, request: Request) -> Response:
        """Add one."""
        ctx = context.of(request)
        viewer = await admit_staff(request, f"admin:write:{self._scope}", least=Role.ADMIN)
        given = await params.read(request)
        async with ctx.db.write() as tx:
            made = await self._make(ctx, tx, given, await viewer.present(tx))
            await tx.refresh(made)  # moments as they are kept: whoever asks again gets the same
            answer = self._shown(made)
        return json_answer(answer)

    async def update(self, request: Request) -> Response:
        """Change one."""
        assert self._change is not None, "no route leads here"
        ctx = context.of(request)
        viewer = await admit_staff(request, f"admin:write:{self._scope}", least=Role.ADMIN)
        given = await params.read(request)
        async with ctx.db.write() as tx:
            found = await self._require(tx, request)
            await self._change(ctx, tx, found, given, await viewer.present(tx))
            answer = self._shown(found)
        return json_answer(answer)

    async def destroy(self, request: Request) -> Response:
        """Take one off."""
        ctx = context.of(request)
        viewer = await admit_staff(request, f"admin:write:{self._scope}", least=Role.ADMIN)
        async with ctx.db.write() as tx:
            found = await self._require(tx, request)
            await self._lift(ctx, tx, found, await viewer.present(tx))
        return json_answer({})

    async def _require(self, tx: Tx, request: Request) -> Row:
        row_id = params.as_identifier(request.path_params["id"])
        found = await moderation.row(tx, self._model, row_id) if row_id is not None else None
        if found is None:
            raise errors.not_found()
        return found


async def test_email(request: Request) -> Response:
    """Tell which rows bar an address for mail."""
    given = await params.read(request)
    email = given.word("email")
    async with context.of(request).db.read() as tx:
        await require_staff(request, tx, "admin:read:canonical_email_blocks", least=Role.ADMIN)
        if email is None:
            raise errors.unprocessable("email is missing")
        found = await find_barred.by_email(tx, email)
    return json_answer([admin.canonical_email_block(row) for row in found])


def _word(given: Params) -> str:
    word = given.word("domain")
    if word is None:
        raise errors.unprocessable("domain is missing")
    return word


def _wish(given: Params, *, severity: Severity | None) -> Wish:
    word = given.word("severity")
    if word is not None and word not in set(Severity):
        raise errors.unprocessable(f"severity must be one of {', '.join(Severity)}")
    return Wish(
        severity=Severity(word) if word is not None else severity,
        reject_media=given.flag("reject_media"),
        reject_reports=given.flag("reject_reports"),
        obfuscate=given.flag("obfuscate"),
        public_comment=given.text("public_comment"),
        private_comment=given.text("private_comment"),
    )


async def _block_domain(ctx: Context, tx: Tx, given: Params, me: Account) -> DomainRule:
    wanted, domain = _wish(given, severity=Severity.SILENCE), _word(given)
    if await find_rule.find_rule(tx, normal(domain)) is not None:
        raise errors.unprocessable("Domain has already been taken")
    name, _ = await domain_rules.wish(ctx, tx, domain=domain, wanted=wanted, by=me)
    found = await find_rule.find_rule(tx, name)
    assert found is not None, "it was made"
    return found


async def _change_domain(ctx: Context, tx: Tx, found: DomainRule, given: Params, me: Account) -> None:
    await domain_rules.wish(ctx, tx, domain=found.domain, wanted=_wish(given, severity=None), by=me)


async def _unblock_domain(ctx: Context, tx: Tx, found: DomainRule, me: Account) -> None:
    await domain_rules.remove(ctx, tx, domain=found.domain, by=me)


async def _allow_domain(ctx: Context, tx: Tx, given: Params, me: Account) -> DomainAllow:
    name, _ = await domain_rules.allow(ctx, tx, domain=_word(given), by=me)
    found = await find_rule.find_allow(tx, name)
    assert found is not None, "it is there now"
    return found


async def _disallow_domain(ctx: Context, tx: Tx, found: DomainAllow, me: Account) -> None:
    await domain_rules.disallow(ctx, tx, domain=found.domain, by=me)


async def _bar_email_domain(ctx: Context, tx: Tx, given: Params, me: Account) -> EmailDomainBlock:
    return await barring.bar_email_domain(ctx, tx, domain=_word(given), by=me)


async def _bar_email(ctx: Context, tx: Tx, given: Params, me: Account) -> CanonicalEmailBlock:
    digest = given.word("canonical_email_hash")
    return await barring.bar_email(ctx, tx, email=given.word("email"), digest=digest, by=me)


async def _bar_address(ctx: Context, tx: Tx, given: Params, me: Account) -> IpBlock:
    return await barring.bar_address(
        ctx,
        tx,
        ip=given.word("ip") or "",
        severity=given.word("severity") or "",
        comment=given.text("comment") or "",
        expires_s=given.number("expires_in"),
        by=me,
    )


async def _change_address(ctx: Context, tx: Tx, found: IpBlock, given: Params, me: Account) -> None:
    await barring.change_address(
        ctx,
        tx,
        found=found,
        ip=given.word("ip"),
        severity=given.word("severity"),
        comment=given.text("comment"),
        expires_s=given.number("expires_in"),
        by=me,
    )


async def _lift(ctx: Context, tx: Tx, found: Any, me: Account) -> None:
    await barring.lift(ctx, tx, found=found, by=me)


DOMAIN_BLOCKS = Listing(
    DomainRule,
    "domain_blocks",
    admin.domain_block,
    make=_block_domain,
    change=_change_domain,
    lift=_unblock_domain,
)
DOMAIN_ALLOWS = Listing(
    DomainAllow, "domain_allows", admin.domain_allow, make=_allow_domain, lift=_disallow_domain
)
EMAIL_DOMAIN_BLOCKS = Listing(
    EmailDomainBlock,
    "email_domain_blocks",
    admin.email_domain_block,
    make=_bar_email_domain,
    lift=_lift,
)
IP_BLOCKS = Listing(
    IpBlock, "ip_blocks", admin.ip_block, make=_bar_address, change=_change_address, lift=_lift
)
CANONICAL_EMAIL_BLOCKS = Listing(
    CanonicalEmailBlock,
    "canonical_email_blocks",
    admin.canonical_email_block,
    make=_bar_email,
    lift=_lift,
)
