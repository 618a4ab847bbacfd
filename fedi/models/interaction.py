"""What people do with posts, other than boosting them."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from fedi.db import Id, Instant
from fedi.models.base import Base

__all__ = ["Favourite"]


class Favourite(Base):
    """A Like."""

    __tablename__ = "favourite"
    __table_args__ = (UniqueConstraint("account_id", "post_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(Id, ForeignKey("account.id", ondelete="CASCADE"))
    post_id: Mapped[int] = mapped_column(Id, ForeignKey("post.id", ondelete="CASCADE"), index=True)
    iri: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Instant)
