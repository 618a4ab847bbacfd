"""What happened here in each of the last weeks.

Source: Mastodon's documentation, "instance API methods: weekly activity".
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import distinct, func, select

from fedi.db import Tx
from fedi.ids import first_id_at
from fedi.models import Login, Post, PostState

__all__ = ["WEEKS", "Week", "activity"]

WEEKS = 12
"""As many as Mastodon tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """One week, from Monday on.

    Attributes:
        begins: its Monday, in UTC.
        posts: published by people here.
        active: people here who posted; who only read leaves no trace for each week.
        joined: who got an account here.
    """

    begins: datetime
    posts: int
    active: int
    joined: int


async def activity(tx: Tx, *, now: datetime) -> list[Week]:
    """Count the last weeks, this one first."""
    today = now.astimezone(UTC).date()
    monday = datetime.combine(today - timedelta(days=today.weekday()), time(), tzinfo=UTC)
    found = []
    for back in range(WEEKS):
        begins = monday - timedelta(weeks=back)
        ends = begins + timedelta(weeks=1)
        posted = select(func.count(), func.count(distinct(Post.account_id))).where(
            Post.id >= first_id_at(begins),
            Post.id < first_id_at(ends),
            Post.local,
            Post.state == PostState.PUBLISHED,
            Post.reblog_of_id.is_(None),
        )
        joined = select(func.count()).where(Login.created_at >= begins, Login.created_at < ends)
        posts, active = (await tx.execute(posted)).one()
        made = (await tx.execute(joined)).scalar_one()
        found.append(Week(begins=begins, posts=posts, active=active, joined=made))
    return found
