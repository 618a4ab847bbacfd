"""What moderators do about single people: letting in, warning, covering, shutting out, and taking it back.

Nobody acts on themselves, and nobody on who has as much to say as they: a stolen moderator's token then
shuts out no other moderator, and no administrator. Each act goes into the log, and whoever lives here is
told what was done and why, but not by whom.

Source: Mastodon's documentation, "Moderation actions" and "admin/accounts API methods".
"""

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy import delete

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, AccountWarning, Login, Report, Role
from fedi.services import auditing, leaving, notifying, receiving, reporting, suspending

__all__ = [
    "ACTIONS", "TEXT_CHARACTERS_MAX", "act", "approve", "enable", "forget", "reject", "uncover",
    "unsilence", "unsuspend",
]  # fmt: skip

ACTIONS = ("none", "disable", "sensitive", "silence", "suspend")
"""Mastodon's words for what is done, from the mildest: a warning only, no sign-in, pictures covered, shown to
followers only, gone."""

TEXT_CHARACTERS_MAX = 5000
"""Of what the person is told."""

RANKS: Mapping[str, int] = {Role.USER: 0, Role.MODERATOR: 1, Role.ADMIN: 2}


async def act(
    ctx: Context,
    tx: Tx,
    *,
    account: Account,
    by: Account,
    action: str,
    text: str = "",
    report: Report | None = None,
) -> None:
    """Do something about an account, tell it, and close the report that led to it.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: here or elsewhere.
        by: who decides.
        action: one of `ACTIONS`.
        text: what the account is told, and the log.
        report: what it is about, if somebody complained.

    Raises:
        Refused: 403, when they may not; 422, when it makes no sense.
    """
    if action not in ACTIONS:
        raise Refused(422, f"Validation failed: type must be one of {', '.join(ACTIONS)}")
    if len(text) > TEXT_CHARACTERS_MAX:
        raise Refused(422, f"Validation failed: text may have {TEXT_CHARACTERS_MAX} characters at most")
    if report is not None and report.target_id != account.id:
        raise Refused(422, "Validation failed: the report is about somebody else")
    await _require_authority(tx, by, account)
    await DEEDS[action](ctx, tx, account, by, text)
    if account.is_local:
        await _warn(ctx, tx, account=account, by=by, action=action, text=text, report=report)
    if report is not None and report.resolved_at is None:
        await reporting.resolve(ctx, tx, found=report, target=account, by=by, reason=text)


async def approve(ctx: Context, tx: Tx, *, account: Account, by: Account | None) -> None:
    """Let somebody in who waits for that.

    Raises:
        Refused: 403, when nobody of that name waits.
    """
    login = await _require_pending(tx, account)
    login.approved = True
    await _note(ctx, tx, "account.approve", account, by=by)


async def reject(ctx: Context, tx: Tx, *, account: Account, by: Account | None) -> None:
    """Turn somebody away who waits: nothing of them is kept, and the name is free again.

    Raises:
        Refused: 403, when nobody of that name waits.
    """
    await _require_pending(tx, account)
    await _note(ctx, tx, "account.reject", account, by=by)
    await tx.execute(delete(Account).where(Account.id == account.id))  # nobody knew them: no Delete goes out


async def enable(ctx: Context, tx: Tx, *, account: Account, by: Account | None) -> None:
    """Let somebody sign in again; who can already stays so."""
    await _require_authority(tx, by, account)
    login = await tx.get(Login, account.id)
    if login is None or login.disabled_at is None:
        return
    login.disabled_at = None
    await _note(ctx, tx, "account.enable", account, by=by)


async def uncover(ctx: Context, tx: Tx, *, account: Account, by: Account | None) -> None:
    """Cover their pictures no longer."""
    await _require_authority(tx, by, account)
    if account.sensitized_at is None:
        return
    account.sensitized_at = None
    await _note(ctx, tx, "account.unsensitive", account, by=by)


async def unsilence(ctx: Context, tx: Tx, *, account: Account, by: Account | None) -> None:
    """Show an account to everyone again; one that is shown stays so.

    Raises:
        Refused: 422, when its whole server is limited.
    """
    await _require_authority(tx, by, account)
    if account.silenced_at is not None:
        await suspending.unlimit(ctx, tx, account=account, by=by)


async def unsuspend(ctx: Context, tx: Tx, *, account: Account, by: Account | None) -> None:
    """Take a suspension back; one that is not suspended stays so.

    Raises:
        Refused: 422, as `suspending.unsuspend`.
    """
    await _require_authority(tx, by, account)
    if account.suspended_at is not None:
        await suspending.unsuspend(ctx, tx, account=account, by=by)


async def forget(ctx: Context, tx: Tx, *, account: Account, by: Account | None) -> None:
    """Delete all that is here of an account, which must be suspended: nobody does that by one slip.

    Raises:
        Refused: 403, when it is not, or they may not.
    """
    await _require_authority(tx, by, account)
    if account.suspended_at is None:
        raise Refused(403, "This action is not allowed", why="only suspended accounts are deleted")
    if account.is_local:
        await leaving.leave(ctx, tx, account=account)
        await _note(ctx, tx, "account.delete", account, by=by)
        return
    await _note(ctx, tx, "account.delete", account, by=by)
    await receiving.delete_actor(ctx, tx, account=account)


async def _none(ctx: Context, tx: Tx, account: Account, by: Account, text: str) -> None:
    if not account.is_local:
        raise Refused(422, "Validation failed: somebody elsewhere cannot be warned from here")
    await _note(ctx, tx, "account.warn", account, by=by, reason=text)


async def _disable(ctx: Context, tx: Tx, account: Account, by: Account, text: str) -> None:
    login = await tx.get(Login, account.id)
    if login is None:
        raise Refused(422, "Validation failed: this account does not sign in here")
    login.disabled_at = login.disabled_at or ctx.clock()
    await publish(tx, EventKind.REVOKED, now=ctx.clock(), account_id=account.id)
    await _note(ctx, tx, "account.disable", account, by=by, reason=text)


async def _cover(ctx: Context, tx: Tx, account: Account, by: Account, text: str) -> None:
    account.sensitized_at = account.sensitized_at or ctx.clock()
    await _note(ctx, tx, "account.sensitive", account, by=by, reason=text)


async def _silence(ctx: Context, tx: Tx, account: Account, by: Account, text: str) -> None:
    await suspending.limit(ctx, tx, account=account, by=by, reason=text)


async def _suspend(ctx: Context, tx: Tx, account: Account, by: Account, text: str) -> None:
    await suspending.suspend(ctx, tx, account=account, by=by, reason=text)


DEEDS: Mapping[str, Callable[[Context, Tx, Account, Account, str], Awaitable[None]]] = {
    "none": _none,
    "disable": _disable,
    "sensitive": _cover,
    "silence": _silence,
    "suspend": _suspend,
}


async def _warn(
    ctx: Context,
    tx: Tx,
    *,
    account: Account,
    by: Account,
    action: str,
    text: str,
    report: Report | None,
) -> None:
    warning = AccountWarning(
        id=ctx.ids.next(),
        account_id=by.id,
        target_id=account.id,
        action=action,
        note=text,
        post_ids=list(report.post_ids) if report is not None else [],
        report_id=report.id if report is not None else None,
        created_at=ctx.clock(),
    )
    tx.add(warning)
    await tx.flush()
    # It comes from themselves: who among the moderators decided is nobody's business.
    await notifying.notify(
        ctx,
        tx,
        account_id=account.id,
        from_account_id=account.id,
        kind="moderation_warning",
        detail={"warning": str(warning.id)},
    )


async def _require_pending(tx: Tx, account: Account) -> Login:
    login = await tx.get(Login, account.id)
    if login is None or login.approved:
        raise Refused(403, "This action is not allowed", why="nobody waits to be let in")
    return login


async def _require_authority(tx: Tx, by: Account | None, account: Account) -> None:
    if account.is_local and account.kind == "Application":
        raise Refused(403, "This action is not allowed", why="this server itself")
    if by is None:  # whoever can run commands on the server has as much to say as can be
        return
    theirs, mine = await _rank(tx, account), await _rank(tx, by)
    if theirs > 0 and theirs >= mine:  # oneself among them
        raise Refused(403, "This action is not allowed", why=f"@{account.acct} is not below @{by.acct}")


async def _rank(tx: Tx, account: Account) -> int:
    login = await tx.get(Login, account.id)
    return RANKS[login.role] if login is not None else 0


async def _note(
    ctx: Context, tx: Tx, action: str, account: Account, *, by: Account | None, reason: str = ""
) -> None:
    await auditing.record(ctx, tx, action=action, target=account.acct, by=by, reason=reason)
