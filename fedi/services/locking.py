"""Shutting out what has access to one's own account: applications, browsers, and everything but this browser.

Open streams hear of it and end (`EventKind.REVOKED`); a token that is revoked is worth nothing from the next
request on.

Source: OWASP Application Security Verification Standard, "Session termination".
"""

from sqlalchemy import delete, update

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, OAuthCode, OAuthToken, WebSession
from fedi.services import accounts, authorizing

__all__ = ["change_password", "shut_out_app", "shut_out_browser"]


async def shut_out_app(ctx: Context, tx: Tx, *, account: Account, app_id: int) -> bool:
    """Revoke all tokens and codes that an application has for somebody; False when it has none."""
    await tx.execute(delete(OAuthCode).where(OAuthCode.account_id == account.id, OAuthCode.app_id == app_id))
    gone = await tx.execute(
        update(OAuthToken)
        .where(
            OAuthToken.account_id == account.id,
            OAuthToken.app_id == app_id,
            OAuthToken.revoked_at.is_(None),
        )
        .values(revoked_at=ctx.clock())
        .returning(OAuthToken.id)
    )
    token_ids = gone.scalars().all()
    for token_id in token_ids:
        await publish(tx, EventKind.REVOKED, now=ctx.clock(), subject_id=token_id)
    return bool(token_ids)


async def shut_out_browser(tx: Tx, *, account: Account, key: str) -> bool:
    """Sign a browser of somebody out; False when there is none of that key."""
    gone = await tx.execute(
        delete(WebSession)
        .where(WebSession.account_id == account.id, WebSession.token_hash == key)
        .returning(WebSession.token_hash)
    )
    return gone.first() is not None


async def change_password(ctx: Context, tx: Tx, *, account: Account, password_hash: str, keep: str) -> None:
    """Give an account another password, and sign it out everywhere but in this browser.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: whose password.
        password_hash: from `accounts.hash_password`.
        keep: the key of the browser that stays.
    """
    await accounts.set_password(tx, account, password_hash)
    await authorizing.forget_everything(ctx, tx, account_id=account.id, keep=keep)
