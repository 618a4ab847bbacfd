"""Whom a person follows, blocks and mutes, and which servers they block, as CSV in Mastodon's columns.

People take these lists along when they move, so columns and their absence are Mastodon's: lists of blocks and
of domains have no header there, the others do, and either is read. A line that cannot be used is passed over
by itself, with its number and the reason.

Source: Mastodon's documentation, "Moving or leaving accounts"; its `export.rb` and `form/import.rb`.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Block, DomainBlock, Follow, FollowState, Mute
from fedi.outbound import resolve
from fedi.services import blocking, following, muting

__all__ = ["Kind", "Line", "read_list", "take_in", "written"]

LIST_BYTES_MAX = 10 * 1024 * 1024
"""Of a list, in bytes."""

LINES_MAX = 20_000
"""Of a list; Mastodon's figure."""

_ADDRESS, _DOMAIN = "account address", "domain"
_BOOSTS, _NOTIFY, _HIDE = "show boosts", "notify on new posts", "hide notifications"
_LANGUAGES = "languages"
_YES = frozenset({"true", "t", "1", "yes", "on"})


class Kind(StrEnum):
    """What a list is of."""

    FOLLOWING = "following"
    BLOCKS = "blocks"
    MUTES = "mutes"
    DOMAINS = "domains"


HEADERS: Mapping[Kind, Sequence[str]] = {
    Kind.FOLLOWING: ("Account address", "Show boosts", "Notify on new posts", "Languages"),
    Kind.MUTES: ("Account address", "Hide notifications"),
}
"""Those that Mastodon writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a list.

    Attributes:
        number: of the line, the first being 1.
        name: a handle or a domain, as it is written there.
        show_reblogs: of a follow; None when it does not say.
        notify_posts: of a follow.
        languages: of a follow.
        hide_notifications: of a mute.
    """

    number: int
    name: str
    show_reblogs: bool | None = None
    notify_posts: bool | None = None
    languages: Sequence[str] | None = None
    hide_notifications: bool = True


def read_list(content: bytes) -> list[Line]:
    """Read a list of any kind. Columns that are not known are passed over.

    Raises:
        Refused: 422, when it is too long, or no CSV in UTF-8.
    """
    if len(content) > LIST_BYTES_MAX:
        raise Refused(422, f"A list may have {LIST_BYTES_MAX} bytes at most.")
    columns: list[str] = [_ADDRESS]
    lines: list[Line] = []
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        for row in rows:
            names = [cell.strip().lower().removeprefix("#") for cell in row]
            if not any(names):
                continue
            if not lines and columns == [_ADDRESS] and names[0] in {_ADDRESS, _DOMAIN}:
                columns = [_ADDRESS if name == _DOMAIN else name for name in names]
                continue
            lines.append(_line(rows.line_num, dict(zip(columns, map(str.strip, row), strict=False))))
            if len(lines) > LINES_MAX:
                raise Refused(422, f"A list may have {LINES_MAX} lines at most.")
    except UnicodeDecodeError:
        raise Refused(422, "The list is not UTF-8.") from None
    except csv.Error as trouble:
        raise Refused(422, f"The list is not CSV: {trouble}.") from None
    return lines


async def take_in(ctx: Context, kind: Kind, line: Line, *, account_id: int) -> str:
    """Do what a line says for a local person, and return whom it was done to; opens its own transactions.

    Raises:
        Refused: when it cannot be done.
        ActivityPubError: when the account cannot be found.
    """
    if kind is Kind.DOMAINS:
        async with ctx.db.write() as tx:
            account = await tx.get_one(Account, account_id)
            return await blocking.block_domain(ctx, tx, account=account, domain=line.name)
    found = await resolve.handle(ctx, line.name.removeprefix("@"))
    async with ctx.db.write() as tx:
        account, target = await tx.get_one(Account, account_id), await tx.get_one(Account, found.id)
        if kind is Kind.BLOCKS:
            await blocking.block(ctx, tx, account=account, target=target)
        elif kind is Kind.MUTES:
            await muting.mute(ctx, tx, account=account, target=target, notifications=line.hide_notifications)
        else:
            await following.follow(
                ctx,
                tx,
                follower=account,
                target=target,
                show_reblogs=line.show_reblogs,
                notify_posts=line.notify_posts,
                languages=line.languages,
            )
    return target.acct


async def written(tx: Tx, kind: Kind, *, account_id: int, settings: Settings) -> str:
    """Return a person's list, the oldest first."""
    if kind is Kind.DOMAINS:
        domains = select(DomainBlock.domain).where(DomainBlock.account_id == account_id)
        rows: Iterable[Sequence[str]] = [
            (domain,) for domain in (await tx.execute(domains.order_by(DomainBlock.id))).scalars()
        ]
    else:
        rows = await _people(tx, kind, account_id, settings)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if kind in HEADERS:
        writer.writerow(HEADERS[kind])
    writer.writerows(rows)
    return out.getvalue()


async def _people(tx: Tx, kind: Kind, account_id: int, settings: Settings) -> list[tuple[str, ...]]:
    models: dict[Kind, Any] = {Kind.FOLLOWING: Follow, Kind.BLOCKS: Block, Kind.MUTES: Mute}
    model = models[kind]
    statement = (
        select(model, Account)
        .join(Account, Account.id == model.target_id)
        .where(model.account_id == account_id)
        .order_by(model.id)
    )
    if model is Follow:
        statement = statement.where(Follow.state == FollowState.ACCEPTED)
    rows = []
    for relation, account in await tx.execute(statement):
        address = f"{account.username}@{account.domain or settings.domain}"
        rows.append((address, *_how(relation)))
    return rows


def _how(relation: Follow | Block | Mute) -> tuple[str, ...]:
    if isinstance(relation, Follow):
        languages = ", ".join(following.wanted_languages(relation))
        return (_said(relation.show_reblogs), _said(relation.notify), languages)
    if isinstance(relation, Mute):
        return (_said(relation.notifications),)
    return ()


def _line(number: int, row: Mapping[str, str]) -> Line:
    codes = row.get(_LANGUAGES, "")
    return Line(
        number=number,
        name=row.get(_ADDRESS, ""),
        show_reblogs=_flag(row, _BOOSTS),
        notify_posts=_flag(row, _NOTIFY),
        languages=[code.strip() for code in codes.split(",")] if codes else None,
        hide_notifications=_flag(row, _HIDE) is not False,
    )


def _flag(row: Mapping[str, str], column: str) -> bool | None:
    said = row.get(column, "").lower()
    return said in _YES if said else None


def _said(flag: bool) -> str:  # noqa: FBT001 - a cell
    return str(flag).lower()
