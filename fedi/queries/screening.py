"""Whether somebody is told of what somebody does: at once, later if they want to, or not at all.

Whoever gets too much decides for each kind of stranger whether what these do is told, waits, or is dropped.
All that the decision needs comes in one statement, because it is asked for everything that anybody does.

Source: Mastodon's documentation, "NotificationPolicy entity"; its `notify_service` for who is a stranger.
"""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx
from fedi.models import (
    Account,
    Follow,
    FollowState,
    Login,
    Mention,
    Notification,
    NotificationPermission,
    NotificationPolicy,
    NotificationRequest,
    Post,
    Role,
    ThreadMute,
)
from fedi.queries import posts
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.posts import PostView
from fedi.queries.visibility import heard_clause, visible_clause

__all__ = [
    "DEFAULTS", "UNSCREENED", "Level", "RequestView", "Waiting", "policy", "request", "requests", "verdict",
    "waiting",
]  # fmt: skip


class Level(StrEnum):
    """What is done with what a kind of stranger does; Mastodon's words."""

    ACCEPT = "accept"
    FILTER = "filter"
    DROP = "drop"


DEFAULTS: Mapping[str, Level] = {
    "for_not_following": Level.ACCEPT,
    "for_not_followers": Level.ACCEPT,
    "for_new_accounts": Level.ACCEPT,
    "for_private_mentions": Level.FILTER,
    "for_limited_accounts": Level.FILTER,
}
"""Of who never decided: as Mastodon has it."""

UNSCREENED = frozenset({
    "admin.report", "admin.sign_up", "moderation_warning", "poll", "quoted_update", "severed_relationships",
    "status", "update",
})  # fmt: skip
"""What no policy is asked about: this server tells it, or the person wanted it or did what it is about."""

NEW_FOLLOWER = timedelta(days=3)
"""Who follows since less than this counts as no follower yet."""

NEW_ACCOUNT = timedelta(days=30)
"""How long an account is new."""

COUNTED_MAX = 100
"""Of requests in a summary: clients show no larger number."""

STAFF = (Role.MODERATOR, Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits to be let in."""

    requests: int
    notifications: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """Somebody whose notifications wait, with all that is needed to show it."""

    request: NotificationRequest
    account: Account
    count: int
    last_post: PostView | None


async def verdict(
    tx: Tx, *, account_id: int, doer_id: int, kind: str, post_id: int | None, now: datetime
) -> Level:
    """Decide what becomes of what somebody does, for one person.

    Args:
        tx: a transaction.
        account_id: who may be told; dropped when they live elsewhere.
        doer_id: who does it.
        kind: Mastodon's word for it.
        post_id: the post it is about.
        now: the present.
    """
    asked = {"viewer": account_id, "doer": doer_id, "post": post_id or 0}
    row = (await tx.execute(_facts(), asked)).first()
    if row is None or row.thread_muted:
        return Level.DROP
    if kind in UNSCREENED or row.permitted or row.is_staff:
        return Level.ACCEPT
    levels = {getattr(row, name) or DEFAULTS[name] for name in _strange(row, kind, now)}
    return next((level for level in (Level.DROP, Level.FILTER) if level in levels), Level.ACCEPT)


def _strange(row: Any, kind: str, now: datetime) -> Iterator[str]:
    """Name the kinds of stranger that somebody is for somebody."""
    if not row.follows:
        yield "for_not_following"
        if row.silenced_at is not None:
            yield "for_limited_accounts"
        if kind == "mention" and row.is_private and not row.is_answer:
            yield "for_private_mentions"
    if row.follower_since is None or row.follower_since > now - NEW_FOLLOWER:
        yield "for_not_followers"
    if row.created_at > now - NEW_ACCOUNT:
        yield "for_new_accounts"


@functools.cache
def _facts() -> Select[*tuple[Any, ...]]:
    viewer, doer, post = (bindparam(name, type_=Id) for name in ("viewer", "doer", "post"))
    told, other, about, mine = aliased(Account), aliased(Account), aliased(Post), aliased(Post)
    mine_to, back = aliased(Mention), aliased(Follow)
    accepted = Follow.state == FollowState.ACCEPTED
    follows = exists().where(Follow.account_id == viewer, Follow.target_id == doer, accepted)
    since = select(back.created_at).where(
        back.account_id == doer, back.target_id == viewer, back.state == FollowState.ACCEPTED
    )
    permitted = exists().where(
        NotificationPermission.account_id == viewer, NotificationPermission.from_account_id == doer
    )
    is_staff = exists().where(Login.account_id == doer, Login.role.in_(STAFF))
    thread = func.coalesce(about.conversation, about.iri)
    thread_muted = exists().where(
        about.id == post, ThreadMute.account_id == viewer, ThreadMute.thread == thread
    )
    is_private = exists().where(about.id == post, about.visibility == "direct")
    # They said something to that person in this thread before.
    is_answer = exists().where(
        about.id == post,
        mine.account_id == viewer,
        mine.conversation == about.conversation,
        mine_to.post_id == mine.id,
        mine_to.account_id == doer,
    )
    return (
        select(other.created_at, other.silenced_at, *(getattr(NotificationPolicy, name) for name in DEFAULTS))
        .add_columns(follows.label("follows"), since.scalar_subquery().label("follower_since"))
        .add_columns(permitted.label("permitted"), is_staff.label("is_staff"))
        .add_columns(thread_muted.label("thread_muted"), is_private.label("is_private"))
        .add_columns(is_answer.label("is_answer"))
        .select_from(told)
        .join(other, other.id == doer)
        .outerjoin(NotificationPolicy, NotificationPolicy.account_id == told.id)
        .where(told.id == viewer, told.domain == "", heard_clause(viewer, other))
    )


async def policy(tx: Tx, account_id: int) -> Mapping[str, str]:
    """Return what somebody decided about each kind of stranger."""
    row = await tx.get(NotificationPolicy, account_id)
    return {name: getattr(row, name) if row is not None else level for name, level in DEFAULTS.items()}


async def waiting(tx: Tx, account_id: int) -> Waiting:
    """Count what waits for somebody."""
    counts = select(_count_of().label("count")).where(*_waits(account_id)).limit(COUNTED_MAX).subquery()
    row = (await tx.execute(select(func.count(), func.coalesce(func.sum(counts.c.count), 0)))).one()
    return Waiting(requests=row[0], notifications=int(row[1]))


async def requests(tx: Tx, account_id: int, page: Page) -> Slice[RequestView]:
    """Return a page of those whose notifications wait."""
    found = (await tx.execute(within(_requests(account_id), NotificationRequest.id, page))).all()
    kept = cut(found, page)
    return Slice(rows=await _views(tx, account_id, kept.rows), more=kept.more)


async def request(tx: Tx, account_id: int, request_id: int) -> RequestView | None:
    """Find one of them."""
    rows = (await tx.execute(_requests(account_id).where(NotificationRequest.id == request_id))).all()
    views = await _views(tx, account_id, rows)
    return views[0] if views else None


def _requests(account_id: int) -> Select[*tuple[Any, ...]]:
    seen = exists().where(Post.id == NotificationRequest.last_post_id, visible_clause(account_id))
    shown = case((seen, NotificationRequest.last_post_id))
    return (
        select(NotificationRequest, Account, _count_of().label("count"), shown.label("shown"))
        .join(Account, Account.id == NotificationRequest.from_account_id)
        .where(*_waits(account_id))
    )


def _waits(account_id: int) -> tuple[Any, ...]:
    sender = aliased(Account)
    there = exists().where(
        sender.id == NotificationRequest.from_account_id,
        sender.suspended_at.is_(None),
        heard_clause(account_id, sender),
    )
    return NotificationRequest.account_id == account_id, there, exists().where(_of_request())


def _of_request() -> Any:
    return and_(
        Notification.account_id == NotificationRequest.account_id,
        Notification.from_account_id == NotificationRequest.from_account_id,
        Notification.filtered,
    )


def _count_of() -> Any:
    counted = select(func.count()).select_from(Notification).where(_of_request())
    return counted.correlate(NotificationRequest).scalar_subquery()


async def _views(tx: Tx, account_id: int, rows: Any) -> list[RequestView]:
    ids = sorted({row.shown for row in rows if row.shown is not None})
    loaded = {view.post.id: view for view in await posts.load(tx, ids, viewer_id=account_id)}
    return [
        RequestView(
            request=row.NotificationRequest,
            account=row.Account,
            count=row.count,
            last_post=loaded.get(row.shown),
        )
        for row in rows
    ]
