"""What open streams should hear of: one small fact, told in the transaction that makes it true.

An event names rows and holds none: who hears it looks up what each viewer may see of them, so that nothing
private travels here. It costs nothing while nobody listens. Listeners of this process are told from memory
after the commit; a row is written (and PostgreSQL's NOTIFY sent) only while another process listens, or when
that is not known, as in a command of the operator's.

Source: Mastodon's documentation, "Streaming API"; PostgreSQL's NOTIFY for what a commit promises.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import text

from fedi.db import Tx, on_commit
from fedi.models import Event

__all__ = ["CHANNEL", "HUB", "Ear", "EventKind", "News", "is_heard", "publish", "write"]

CHANNEL = "fedi_events"
"""PostgreSQL notification channel; the payload is the row's id and its kind."""

HUB = "hub"
"""Under this name a transaction carries the hub of its process (`Database.carried`)."""


class EventKind(StrEnum):
    """What happened; the words are those that clients hear, where they hear of it.

    Beside each: what `publish` is given.
    """

    UPDATE = "update"
    """A post or boost came out. subject: the post."""
    STATUS_UPDATE = "status.update"
    """A post was edited. subject: the post."""
    DELETE = "delete"
    """A post is about to go. subject: the post; detail: who could see it (`services.airing`)."""
    NOTIFICATION = "notification"
    """Somebody was told something. account: who; subject: the notification."""
    NOTIFICATIONS_MERGED = "notifications_merged"
    """Accepted requests are among the notifications now. account: whose."""
    FILTERS_CHANGED = "filters_changed"
    """account: whose filters."""
    CONVERSATION = "conversation"
    """account: whose; subject: the row of that person's conversation."""
    ANNOUNCEMENT = "announcement"
    """One came out or was changed. subject: the announcement."""
    ANNOUNCEMENT_REACTION = "announcement.reaction"
    """subject: the announcement; detail: {"name": the emoji}."""
    ANNOUNCEMENT_DELETE = "announcement.delete"
    """subject: the announcement that is gone."""
    GENERATION = "generation.progress"
    """account: who asked; subject: the generation; detail: the payload as it is sent."""
    REVOKED = "revoked"
    """Rights ended. account: whose sockets must close; or subject: the one token."""
    LISTENING = "listening"
    """Some process has open streams. subject: the process. The bus tells this itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An event as it is heard; the fields are those of `models.Event`."""

    kind: str
    at: datetime
    id: int | None = None
    """None when it never was a row."""
    account_id: int | None = None
    subject_id: int | None = None
    detail: Mapping[str, Any] | None = None


class Ear(Protocol):
    """The hub, as far as publishing knows it."""

    @property
    def is_open(self) -> bool:
        """Whether somebody in this process listens."""
        ...

    def is_wanted_elsewhere(self, now: datetime) -> bool:
        """Tell whether another process listens, or may."""
        ...

    def take(self, news: News) -> None:
        """Hear what was committed."""
        ...


def is_heard(tx: Tx, now: datetime) -> bool:
    """Tell whether somebody listens, for who has to find out what to tell."""
    hub: Ear | None = tx.info.get(HUB)
    return hub is None or hub.is_open or hub.is_wanted_elsewhere(now)


async def publish(
    tx: Tx,
    kind: EventKind,
    *,
    now: datetime,
    account_id: int | None = None,
    subject_id: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Tell every open stream, in every process, once this transaction is committed.

    Args:
        tx: a writing transaction.
        kind: what happened; `EventKind` says what goes with it.
        now: the present.
        account_id: whom it is for; None for everyone who may see it.
        subject_id: the row that it is about.
        detail: what can be read nowhere else.
    """
    hub: Ear | None = tx.info.get(HUB)
    news = News(kind=kind, account_id=account_id, subject_id=subject_id, detail=detail, at=now)
    if hub is None or hub.is_wanted_elsewhere(now):
        news = await write(tx, news)
    if hub is not None and hub.is_open:
        on_commit(tx, lambda: hub.take(news))


async def write(tx: Tx, news: News) -> News:
    """Write the row, and tell the other processes when it is committed; return the event with its id."""
    table: Any = Event.__table__  # not the model: nobody here needs the object
    statement = table.insert().values(
        kind=news.kind,
        account_id=news.account_id,
        subject_id=news.subject_id,
        detail=None if news.detail is None else dict(news.detail),
        created_at=news.at,
    )
    row_id: int = (await tx.execute(statement.returning(table.c.id))).scalar_one()
    if tx.get_bind().dialect.name == "postgresql":
        # Delivered at the commit, so whoever hears it finds the row.
        told = {"channel": CHANNEL, "what": f"{row_id} {news.kind}"}
        await tx.execute(text("SELECT pg_notify(:channel, :what)"), told)
    return replace(news, id=row_id)
