"""Addresses, for mail and on the network, with which nobody signs up: putting them on lists and off.

Source: Mastodon's documentation, "admin/email_domain_blocks", "admin/ip_blocks" and
"admin/canonical_email_blocks API methods".
"""

import ipaddress
import re
from datetime import timedelta
from typing import TypeVar

from sqlalchemy import select

from fedi import domains
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, CanonicalEmailBlock, EmailDomainBlock, IpBlock
from fedi.queries.barring import canonical_digest
from fedi.services import auditing

__all__ = ["SEVERITIES", "bar_address", "bar_email", "bar_email_domain", "change_address", "lift"]

SEVERITIES = ("sign_up_requires_approval", "sign_up_block", "no_access")
"""Mastodon's words, from the mildest to the strictest."""

PREFIX_MIN = {4: 8, 6: 16}
"""Shortest prefix of a network by the version of its addresses: a shorter one is a slip."""

EXPIRES_S_MAX = 10 * 365 * 24 * 3600
"""Longest time after which a rule ends by itself, in seconds; one that shall never end has none."""

DIGEST = re.compile(r"[0-9a-f]{64}\Z")

Bar = TypeVar("Bar", EmailDomainBlock, IpBlock, CanonicalEmailBlock)


async def bar_email_domain(ctx: Context, tx: Tx, *, domain: str, by: Account) -> EmailDomainBlock:
    """Let nobody sign up with an address of this domain.

    Raises:
        Refused: 422, when this is no domain or on the list already.
    """
    name = domains.normal(domain)
    if await _exists(tx, EmailDomainBlock, EmailDomainBlock.domain == name):
        raise Refused(422, "Validation failed: Domain has already been taken")
    made = EmailDomainBlock(id=ctx.ids.next(), domain=name, created_at=ctx.clock())
    return await _add(ctx, tx, made, "email_domain.block", name, by=by)


async def bar_email(
    ctx: Context, tx: Tx, *, email: str | None, digest: str | None, by: Account
) -> CanonicalEmailBlock:
    """Let nobody sign up with this address in any spelling, given in clear or as its digest.

    Raises:
        Refused: 422, when neither is given, or it is on the list already.
    """
    if email is not None and "@" in email:
        digest = canonical_digest(email)
    if digest is None or not DIGEST.match(digest):
        raise Refused(422, "Validation failed: email must be an address, or canonical_email_hash its SHA-256")
    if await _exists(tx, CanonicalEmailBlock, CanonicalEmailBlock.digest == digest):
        raise Refused(422, "Validation failed: Canonical email hash has already been taken")
    made = CanonicalEmailBlock(id=ctx.ids.next(), digest=digest, created_at=ctx.clock())
    return await _add(ctx, tx, made, "email.block", digest, by=by)


async def bar_address(
    ctx: Context,
    tx: Tx,
    *,
    ip: str,
    severity: str,
    comment: str,
    expires_s: int | None,
    by: Account,
) -> IpBlock:
    """Say what people at an address or in a network may not do.

    Raises:
        Refused: 422, when one of these makes no sense, or the address has a rule already.
    """
    made = IpBlock(id=ctx.ids.next(), ip="", severity="", created_at=ctx.clock())
    await _write(ctx, tx, made, ip=ip, severity=severity, comment=comment, expires_s=expires_s)
    return await _add(ctx, tx, made, "ip.block", made.ip, by=by)


async def change_address(
    ctx: Context,
    tx: Tx,
    *,
    found: IpBlock,
    ip: str | None,
    severity: str | None,
    comment: str | None,
    expires_s: int | None,
    by: Account,
) -> None:
    """Change a rule about an address; None leaves a part as it is.

    Raises:
        Refused: 422, as `bar_address`.
    """
    await _write(
        ctx,
        tx,
        found,
        ip=ip if ip is not None else found.ip,
        severity=severity if severity is not None else found.severity,
        comment=comment if comment is not None else found.comment,
        expires_s=expires_s,
    )
    await tx.flush()
    detail = {"severity": found.severity}
    await auditing.record(ctx, tx, action="ip.change", target=found.ip, by=by, detail=detail)


async def lift(ctx: Context, tx: Tx, *, found: Bar, by: Account) -> None:
    """Take one off its list."""
    match found:
        case EmailDomainBlock():
            action, target = "email_domain.unblock", found.domain
        case CanonicalEmailBlock():
            action, target = "email.unblock", found.digest
        case IpBlock():
            action, target = "ip.unblock", found.ip
    await tx.delete(found)
    await tx.flush()
    await auditing.record(ctx, tx, action=action, target=target, by=by)


async def _write(
    ctx: Context, tx: Tx, block: IpBlock, *, ip: str, severity: str, comment: str, expires_s: int | None
) -> None:
    if severity not in SEVERITIES:
        raise Refused(422, f"Validation failed: severity must be one of {', '.join(SEVERITIES)}")
    network = _network(ip)
    if await _exists(tx, IpBlock, (IpBlock.ip == network) & (IpBlock.id != block.id)):
        raise Refused(422, "Validation failed: Ip has already been taken")
    if expires_s is not None and not 0 < expires_s <= EXPIRES_S_MAX:
        raise Refused(422, "Validation failed: expires_in must be a positive number of seconds")
    block.ip, block.severity, block.comment = network, severity, comment
    if expires_s is not None:
        block.expires_at = ctx.clock() + timedelta(seconds=expires_s)


def _network(text: str) -> str:
    """Return an address or a network in its normal form, always with a prefix."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise Refused(422, "Validation failed: ip must be an address or a network") from None
    if network.prefixlen < PREFIX_MIN[network.version]:
        raise Refused(422, f"Validation failed: a network needs /{PREFIX_MIN[network.version]} or more")
    return str(network)


async def _exists(tx: Tx, model: type[Bar], condition: object) -> bool:
    statement = select(model.id).where(condition)  # type: ignore[arg-type] # any condition over the model
    return (await tx.execute(statement.limit(1))).first() is not None


async def _add(ctx: Context, tx: Tx, made: Bar, action: str, target: str, *, by: Account) -> Bar:
    tx.add(made)
    await tx.flush()
    await auditing.record(ctx, tx, action=action, target=target, by=by)
    return made
