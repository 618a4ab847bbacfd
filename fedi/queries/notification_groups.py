"""Notifications shown together: favours of one post, boosts of one, follows, within half a day each.

A page is a stretch of notifications, and a group on it is what of a group lies in that stretch: its newest
one says where it stands, and the next page begins below the stretch. So a group may come again on an older
page with its older members, which apps put together by the key, and nothing is lost or told twice.

Source: Mastodon's documentation, "grouped notifications API methods" and "NotificationGroup entity".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from fedi.db import Tx
from fedi.models import Account, Notification
from fedi.queries.notifications import (
    EVERYTHING,
    GROUPED,
    Narrowing,
    NotificationView,
    alone,
    by_ids,
    key_is,
    seen,
)
from fedi.queries.page import Page, Slice, cut, within

__all__ = ["Group", "Stretch", "accounts_of", "count_since", "find", "page_of"]

SAMPLE = 8
"""People named of one group: as many faces as apps show in a line."""

ID_MAX = 2**63 - 1

CHUNK = 80
"""Notifications looked at in the first statement: two pages of groups with one member each."""

GROWTH = 4
"""How many times as many each further statement looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Notifications shown as one."""

    key: str
    newest: NotificationView
    count: int
    """Of its members up to the newest, also those that older pages show."""
    lowest_id: int
    """Of its members on this page."""
    sample: Sequence[int]
    """Ids of those who caused the newest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A page of groups, newest first, with the notifications at its ends and whether older ones follow."""

    groups: Sequence[Group]
    keys: Sequence[int]
    more: bool
    accounts: Mapping[int, Account]
    """Everyone who is named in a sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The first notification of a group that a search came upon."""

    id: int
    group_key: str | None
    """None when it is shown alone."""
    from_account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Members:
    newest_id: int
    count: int
    lowest_id: int
    sample: Sequence[int]


async def page_of(
    tx: Tx,
    viewer_id: int,
    page: Page,
    *,
    narrowing: Narrowing = EVERYTHING,
    grouped: Collection[str] = GROUPED,
) -> Stretch:
    """Return a page of groups.

    Args:
        tx: a transaction.
        viewer_id: whose they are.
        page: which part; its limit is one of groups.
        narrowing: which notifications.
        grouped: the kinds that are shown together.
    """
    heads, is_whole = await _heads(tx, viewer_id, page, narrowing, grouped)
    if not heads:
        return Stretch(groups=[], keys=[], more=False, accounts={})
    upward = page.min_id is not None
    low, high = heads[-1].id, heads[0].id
    if upward:
        low, high = high, low
    if is_whole and upward:
        high = page.max_id - 1 if page.max_id is not None else ID_MAX
    elif is_whole:
        low = page.since_id + 1 if page.since_id is not None else 0
    keys = {head.group_key for head in heads if head.group_key is not None}
    members = await _members(tx, viewer_id, keys, narrowing, grouped, low=low, high=high)
    groups = await _groups(tx, viewer_id, heads, members)
    if not groups:  # put away meanwhile
        return Stretch(groups=[], keys=[], more=False, accounts={})
    ends = [max(group.newest.notification.id for group in groups), min(group.lowest_id for group in groups)]
    return Stretch(
        groups=groups,
        keys=ends,
        more=upward or not is_whole,
        accounts=await _people(tx, {person for group in groups for person in group.sample}),
    )


async def find(tx: Tx, viewer_id: int, group_key: str) -> Stretch:
    """Find one group, with all of it; empty when there is none."""
    statement = _light(viewer_id, EVERYTHING).where(key_is(group_key)).order_by(Notification.id.desc())
    rows = (await tx.execute(statement)).all()
    if not rows:
        return Stretch(groups=[], keys=[], more=False, accounts={})
    people = [row.from_account_id for row in rows]
    (newest,) = await by_ids(tx, viewer_id, [rows[0].id])
    group = Group(
        key=group_key, newest=newest, count=len(rows), lowest_id=rows[-1].id, sample=people[:SAMPLE]
    )
    accounts = await _people(tx, set(group.sample))
    return Stretch(groups=[group], keys=[rows[0].id, rows[-1].id], more=False, accounts=accounts)


async def accounts_of(tx: Tx, viewer_id: int, group_key: str, page: Page) -> Slice[tuple[int, Account]]:
    """Return a page of those who caused what a group holds, each with the id of their notification."""
    statement = (
        select(Notification.id, Account)
        .join(Account, Account.id == Notification.from_account_id)
        .where(seen(viewer_id, EVERYTHING), key_is(group_key))
    )
    rows = (await tx.execute(within(statement, Notification.id, page))).all()
    return cut([(row.id, row.Account) for row in rows], page)


async def count_since(
    tx: Tx,
    viewer_id: int,
    *,
    after: int,
    most: int,
    narrowing: Narrowing = EVERYTHING,
    grouped: Collection[str] = GROUPED,
) -> int:
    """Count groups of the notifications above one, up to a number."""
    heads, _ = await _heads(tx, viewer_id, Page(limit=most, min_id=after), narrowing, grouped)
    return len(heads)


async def _heads(
    tx: Tx, viewer_id: int, page: Page, narrowing: Narrowing, grouped: Collection[str]
) -> tuple[list[_Head], bool]:
    """Return the first notification of each group, from the cursor on, and whether that is all there is.

    What belongs to a group that was met is not looked at again, and pieces grow: a statement costs more than
    the rows that it brings.
    """
    heads: dict[str, _Head] = {}
    met: set[str] = set()
    after: int | None = None
    piece = max(CHUNK, page.limit + 1)
    while len(heads) <= page.limit:
        statement = _from(_light(viewer_id, narrowing), page, after)
        if met:
            known = Notification.group_key.in_(met) & Notification.kind.in_(grouped)
            statement = statement.where(or_(Notification.group_key.is_(None), ~known))
        rows = (await tx.execute(statement.limit(piece))).all()
        for row in rows:
            key = row.group_key if row.kind in grouped else None
            head = _Head(id=row.id, group_key=key, from_account_id=row.from_account_id)
            heads.setdefault(key or alone(row.id), head)
            if key is not None:
                met.add(key)
        if len(rows) < piece:
            break
        after, piece = rows[-1].id, piece * GROWTH
    found = list(heads.values())
    return found[: page.limit], len(found) <= page.limit


def _from(statement: Select[*tuple[Any, ...]], page: Page, after: int | None) -> Select[*tuple[Any, ...]]:
    key = Notification.id
    if page.max_id is not None:
        statement = statement.where(key < page.max_id)
    if page.min_id is not None:
        return statement.where(key > (page.min_id if after is None else after)).order_by(key)
    if page.since_id is not None:
        statement = statement.where(key > page.since_id)
    if after is not None:
        statement = statement.where(key < after)
    return statement.order_by(key.desc())


def _light(viewer_id: int, narrowing: Narrowing) -> Select[*tuple[Any, ...]]:
    return (
        select(Notification.id, Notification.kind, Notification.group_key, Notification.from_account_id)
        .join(Account, Account.id == Notification.from_account_id)
        .where(seen(viewer_id, narrowing))
    )


async def _members(
    tx: Tx,
    viewer_id: int,
    keys: Collection[str],
    narrowing: Narrowing,
    grouped: Collection[str],
    *,
    low: int,
    high: int,
) -> Mapping[str, _Members]:
    if not keys:
        return {}
    key, on_page = Notification.group_key, func.min(case((Notification.id >= low, Notification.id)))
    by_age = Notification.id.desc()
    inner = (
        _light(viewer_id, narrowing)
        .where(Notification.group_key.in_(keys), Notification.kind.in_(grouped), Notification.id <= high)
        .add_columns(
            func.row_number().over(partition_by=key, order_by=by_age).label("place"),
            func.count().over(partition_by=key).label("count"),
            on_page.over(partition_by=key).label("lowest"),
        )
    )
    ranked = inner.subquery()
    statement = select(ranked).where(ranked.c.place <= SAMPLE).order_by(ranked.c.id.desc())
    found: dict[str, list[Any]] = {}
    for row in await tx.execute(statement):
        found.setdefault(row.group_key, []).append(row)
    return {
        key: _Members(
            newest_id=rows[0].id,
            count=rows[0].count,
            lowest_id=rows[0].lowest,
            sample=[row.from_account_id for row in rows],
        )
        for key, rows in found.items()
    }


async def _groups(
    tx: Tx, viewer_id: int, heads: Sequence[_Head], members: Mapping[str, _Members]
) -> list[Group]:
    shapes = {}
    for head in heads:
        key = head.group_key or alone(head.id)
        single = _Members(newest_id=head.id, count=1, lowest_id=head.id, sample=[head.from_account_id])
        shape = members.get(key, single)
        shapes[shape.newest_id] = (key, shape)
    return [
        Group(key=key, newest=view, count=shape.count, lowest_id=shape.lowest_id, sample=shape.sample)
        for view in await by_ids(tx, viewer_id, shapes)
        for key, shape in [shapes[view.notification.id]]
    ]


async def _people(tx: Tx, ids: Collection[int]) -> Mapping[int, Account]:
    if not ids:
        return {}
    rows = await tx.execute(select(Account).where(Account.id.in_(ids)))
    return {row.id: row for row in rows.scalars()}
