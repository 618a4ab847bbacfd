"""Activities as they crossed the wire: what came in and what goes out, byte for byte."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Activity", "ActivityState", "Direction", "InboxSet", "Reach"]


class Direction(StrEnum):
    """Which way it went."""

    IN = "in"
    OUT = "out"


class ActivityState(StrEnum):
    """What became of it."""

    RECEIVED = "received"
    DONE = "done"
    IGNORED = "ignored"
    REFUSED = "refused"


class Activity(Base):
    """One activity; unique per sending server and id, so that a repeated delivery has one effect."""

    __tablename__ = "activity"
    __table_args__ = (UniqueConstraint("direction", "signer_origin", "iri"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    direction: Mapped[str]
    iri: Mapped[str]
    """The activity's id; for one that came without, a digest of its bytes."""
    kind: Mapped[str]
    signer_origin: Mapped[str] = mapped_column(server_default="")
    """Origin of who signed it in; empty for what goes out."""
    signer: Mapped[str | None]
    """Actor whose key signed it in."""
    key_id: Mapped[str | None]
    scheme: Mapped[str | None]
    """How it was signed: the name of an `activitypub.verify` scheme."""
    account_id: Mapped[int | None] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    """Local account that sends it out."""
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str]
    reason: Mapped[str | None]
    """Why it was ignored or refused."""
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class InboxSet(Base):
    """A set of inboxes that activities went to: most posts of a person go to the same one."""

    __tablename__ = "inbox_set"

    digest: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the sorted inboxes."""
    inboxes: Mapped[list[str]] = mapped_column(Json)


class Reach(Base):
    """Where an object was sent, so that its Update and its Delete go there too."""

    __tablename__ = "reach"

    iri: Mapped[str] = mapped_column(primary_key=True)
    """The object's id; the row outlives the object until its Delete has gone out."""
    digest: Mapped[str] = mapped_column(ForeignKey("inbox_set.digest"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
