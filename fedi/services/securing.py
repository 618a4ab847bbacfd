"""The second factor of somebody's login: switching it on and off, and asking for it.

The secret is sealed under a key that is not in the database; recovery codes are long and random and kept as
their SHA-256. Each code, of either kind, is taken once: whoever looked over a shoulder comes too late.

Sources: RFC 6238 section 5.2; NIST SP 800-63B section 3.1.2 (look-up secrets) and 3.1.4 (single-factor OTP).
"""

import base64
import hashlib
import secrets

from sqlalchemy import or_, select, update

from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Login
from fedi.services import totp

__all__ = ["RECOVERY_CODES", "codes_left", "disable", "enable", "is_on", "passes", "renew_codes"]

RECOVERY_CODES = 10
"""Codes that are made at once, for who lost their authenticator; Mastodon's figure."""

RECOVERY_BYTES = 10
"""Of one: 80 bits, which nobody finds again from its hash."""

GROUP = 4
"""Characters between the hyphens that make it easier to copy."""

PURPOSE = "totp"
"""What secrets of this kind are sealed for."""


async def is_on(tx: Tx, account: Account) -> bool:
    """Tell whether somebody is asked for a code when they sign in."""
    login = await tx.get(Login, account.id)
    return login is not None and login.totp_secret is not None


async def codes_left(tx: Tx, account: Account) -> int:
    """Return how many recovery codes were not used yet."""
    login = await tx.get(Login, account.id)
    return len(login.recovery_codes) if login is not None else 0


async def enable(ctx: Context, tx: Tx, *, account: Account, secret: str, code: str) -> list[str] | None:
    """Switch it on, if the code shows that their authenticator has the secret.

    Returns:
        The recovery codes, in the only moment in which they are known; None when the code is wrong.
    """
    step = totp.matching_step(secret, _plain(code), now=ctx.clock(), used=None)
    if step is None:
        return None
    login = await tx.get_one(Login, account.id)
    login.totp_secret = ctx.sealer.seal(secret, purpose=PURPOSE)
    login.totp_step = step
    return await renew_codes(tx, account=account)


async def renew_codes(tx: Tx, *, account: Account) -> list[str]:
    """Make new recovery codes; the old ones are worth nothing from then on."""
    login = await tx.get_one(Login, account.id)
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    login.recovery_codes = [_digest(code) for code in codes]
    await tx.flush()
    return codes


async def disable(tx: Tx, *, account: Account) -> None:
    """Switch it off."""
    login = await tx.get_one(Login, account.id)
    login.totp_secret, login.totp_step, login.recovery_codes = None, None, []
    await tx.flush()


async def passes(ctx: Context, tx: Tx, *, account_id: int, code: str) -> bool:
    """Tell whether a code opens a login, and use it up.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account_id: whose login.
        code: from the authenticator, or one of the recovery codes.
    """
    # Locked until the end: of two who bring the same recovery code at once, one is let in.
    found = await tx.execute(select(Login).where(Login.account_id == account_id).with_for_update())
    login = found.scalar_one_or_none()
    if login is None or login.totp_secret is None:
        return False
    typed = _plain(code)
    secret = ctx.sealer.open(login.totp_secret, purpose=PURPOSE)
    step = totp.matching_step(secret, typed, now=ctx.clock(), used=login.totp_step) if secret else None
    if step is not None:
        return await _use(tx, account_id, step)
    digest = _digest(code)
    if digest not in login.recovery_codes:
        return False
    login.recovery_codes = [kept for kept in login.recovery_codes if kept != digest]
    await tx.flush()
    return True


async def _use(tx: Tx, account_id: int, step: int) -> bool:
    """Write down that a step was used; False when another request was first."""
    taken = await tx.execute(
        update(Login)
        .where(Login.account_id == account_id, or_(Login.totp_step.is_(None), Login.totp_step < step))
        .values(totp_step=step)
        .returning(Login.account_id)
    )
    return taken.first() is not None


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode("ascii").lower()
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _digest(code: str) -> str:
    return hashlib.sha256(_plain(code).encode("utf-8", "surrogatepass")).hexdigest()
