"""Other servers, and what we learnt of how to talk to them."""

from datetime import date, datetime

from sqlalchemy import Date, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Instant
from fedi.models.base import Base

__all__ = ["Peer"]


class Peer(Base):
    """One other server, by host and port."""

    __tablename__ = "peer"

    host: Mapped[str] = mapped_column(primary_key=True)
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    last_success_at: Mapped[datetime | None] = mapped_column(Instant)
    last_failure_on: Mapped[date | None] = mapped_column(Date)
    failure_days: Mapped[int] = mapped_column(server_default=text("0"))
    """Different days with failures since the last success."""
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    """Failures in a row."""
    paused_until: Mapped[datetime | None] = mapped_column(Instant)
    """The breaker: nothing is sent before."""
    refusals: Mapped[int] = mapped_column(server_default=text("0"))
    """Deliveries in a row that it answered with 403."""
    refused_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when it blocks us, as far as its answers tell: nothing is sent, but for a probe now and then."""
    reacts: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether it ever sent a reaction with an emoji, and so understands them (FEP-c0e0)."""
    scheme: Mapped[str | None]
    """Signature scheme that it accepted last."""
    scheme_until: Mapped[datetime | None] = mapped_column(Instant)
    """When that memory ends."""
