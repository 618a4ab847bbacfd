"""Work that must happen, and will, whoever is killed meanwhile.

One table, written in the transaction that wants the work done. A job is claimable when it is `ready`,
its time has come and nobody holds a lease on it; a worker that died leaves a lease that runs out, so
no separate rescuer is needed. Finished jobs are deleted; those that were given up stay as `dead`, where
an operator sees them (`fedi queue status`).
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Instant, Json
from fedi.models.base import Base

__all__ = ["Job", "JobState"]


class JobState(StrEnum):
    """Where a job stands."""

    READY = "ready"
    DEAD = "dead"


class Job(Base):
    """One piece of work."""

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "ix_job_claim",
            "queue",
            "run_at",
            sqlite_where=text("state = 'ready'"),
            postgresql_where=text("state = 'ready'"),
        ),
        Index("ix_job_order", "order_key", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    """Given by the database: for one `order_key`, the later transaction gets the greater id."""
    queue: Mapped[str]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(server_default=JobState.READY)
    run_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it was claimed."""
    host: Mapped[str | None] = mapped_column(index=True)
    """The server that the work talks to, for limits per host."""
    order_key: Mapped[str | None]
    """Jobs of one key run one after the other, in order of id."""
    dedupe_key: Mapped[str | None] = mapped_column(unique=True)
    """While a job of this key exists, another is not made."""
    claim_token: Mapped[str | None]
    """Fences the lease: only who claimed may finish."""
    claimed_until: Mapped[datetime | None] = mapped_column(Instant)
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
