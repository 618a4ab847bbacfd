"""Pictures that were asked for, from the words to the file or the reason why there is none."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant, Json
from fedi.models.base import Base

__all__ = ["Door", "Generation", "GenerationState"]


class GenerationState(StrEnum):
    """Where a generation stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Door(StrEnum):
    """By which way somebody asked, which decides what becomes of the picture."""

    POST = "post"
    """`/imagine` in a composer: it is published as theirs."""
    API = "api"
    """`/api/fedi/v1/generations`: it waits for whatever post of theirs takes it."""
    MENTION = "mention"
    """They wrote to the generator's account, from here or elsewhere: it answers with the picture."""


class Generation(Base):
    """One request for a picture."""

    __tablename__ = "generation"
    __table_args__ = (
        Index("ix_generation_account_id_id", "account_id", "id"),
        Index("ix_generation_state_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    """Who asked; the picture may be the generator's."""
    door: Mapped[str] = mapped_column(server_default=Door.POST)
    attachment_id: Mapped[int | None] = mapped_column(Id, index=True)
    """The picture that is made, or to be made; no foreign key, for it may be erased later."""
    post_id: Mapped[int | None] = mapped_column(Id, index=True)
    """The draft or post that waits for it, if one does."""
    asked_in_id: Mapped[int | None] = mapped_column(Id, unique=True)
    """The post that asked the generator's account, of which each is answered once."""
    state: Mapped[str] = mapped_column(server_default=GenerationState.QUEUED)
    share: Mapped[str] = mapped_column(server_default="all")
    """What others are told of the recipe, in the words of `services.sharing`."""
    request: Mapped[dict[str, Any]] = mapped_column(Json)
    """Prompt, negative prompt, seed, steps, guidance, size, model: what was asked for."""
    recipe: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What was drawn with, once it is."""
    step: Mapped[int] = mapped_column(server_default=text("0"))
    steps: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None]
    """In words for the person who asked."""
    refusal: Mapped[str | None]
    """The limit for which it was refused, if it was; counted, so that each is told once."""
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
