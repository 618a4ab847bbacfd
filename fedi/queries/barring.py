"""Who may not sign up: by address on the network, and by address for mail.

Source: Mastodon's documentation, "Admin::IpBlock", "Admin::EmailDomainBlock" and
"Admin::CanonicalEmailBlock".
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from fedi import domains
from fedi.db import Tx
from fedi.models import CanonicalEmailBlock, EmailDomainBlock, IpBlock, Login

__all__ = ["by_email", "canonical_digest", "email_is_barred", "email_is_taken", "severities"]


def canonical_digest(email: str) -> str:
    """Return what stands for all spellings of an address: without case, dots and what follows a plus.

    >>> canonical_digest("A.Na+x@Mail.example") == canonical_digest("ana@mail.example")
    True
    """
    name, _, domain = email.strip().lower().rpartition("@")
    plain = name.partition("+")[0].replace(".", "")
    return hashlib.sha256(f"{plain}@{domain}".encode()).hexdigest()


async def by_email(tx: Tx, email: str) -> Sequence[CanonicalEmailBlock]:
    """Return the rows that bar this very address in any spelling."""
    digest = canonical_digest(email)
    found = select(CanonicalEmailBlock).where(CanonicalEmailBlock.digest == digest)
    return (await tx.execute(found)).scalars().all()


async def email_is_barred(tx: Tx, email: str) -> bool:
    """Tell whether nobody may sign up with this address: itself, its domain, or one above that."""
    above = domains.lineage(email.rpartition("@")[2].lower())
    by_domain = select(EmailDomainBlock.id).where(EmailDomainBlock.domain.in_(above))
    by_address = select(CanonicalEmailBlock.id).where(CanonicalEmailBlock.digest == canonical_digest(email))
    return (await tx.execute(by_domain.union_all(by_address))).first() is not None


async def email_is_taken(tx: Tx, email: str) -> bool:
    """Tell whether somebody here has this address."""
    return (
        await tx.execute(select(Login.account_id).where(Login.email == email).limit(1))
    ).first() is not None


async def severities(tx: Tx, address: str, *, now: datetime) -> set[str]:
    """Return what is laid on an address of the network, in Mastodon's words."""
    try:
        asked = ipaddress.ip_address(address)
    except ValueError:
        return set()
    rules = select(IpBlock.ip, IpBlock.severity).where(
        or_(IpBlock.expires_at.is_(None), IpBlock.expires_at > now)
    )
    found = await tx.execute(rules)
    return {row.severity for row in found if asked in ipaddress.ip_network(row.ip, strict=False)}
