"""Where remote pictures lie: by the row that names them."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import select, union

from fedi.db import Tx
from fedi.models import Account, Attachment, AttachmentState

__all__ = ["Find", "avatar_of", "header_of", "of_attachment", "stored"]

Find = Callable[[Tx, int], Awaitable[str | None]]


async def of_attachment(tx: Tx, attachment_id: int) -> str | None:
    """Return the address of a remote picture; None when there is none to show."""
    wanted = (
        select(Attachment.remote_url)
        .join(Account, Account.id == Attachment.account_id)
        .where(
            Attachment.id == attachment_id,
            Attachment.kind == "image",
            Attachment.state == AttachmentState.READY,
            Attachment.file_key.is_(None),
            Account.suspended_at.is_(None),
        )
    )
    return (await tx.execute(wanted)).scalar_one_or_none()


async def avatar_of(tx: Tx, account_id: int) -> str | None:
    """Return the address of an account's remote avatar; None when there is none to show."""
    return await _face(tx, account_id, Account.avatar_url)


async def header_of(tx: Tx, account_id: int) -> str | None:
    """Return the address of an account's remote header; None when there is none to show."""
    return await _face(tx, account_id, Account.header_url)


async def _face(tx: Tx, account_id: int, column: Any) -> str | None:
    wanted = select(column).where(Account.id == account_id, Account.suspended_at.is_(None))
    found: str | None = (await tx.execute(wanted)).scalar_one_or_none()
    return found


async def stored(tx: Tx) -> list[str]:
    """Return the keys of all files that people here need, in order; the cache is not among them."""
    held = Attachment.state == AttachmentState.READY
    columns = (
        (Attachment.file_key, held),
        (Attachment.thumbnail_key, held),
        (Account.avatar_key, Account.avatar_key.is_not(None)),
        (Account.header_key, Account.header_key.is_not(None)),
    )
    wanted = union(*(select(column).where(column.is_not(None), also) for column, also in columns))
    return sorted(key for key in (await tx.execute(wanted)).scalars() if key)
