"""Forgetting what has served its time: old activities, old tombstones, keys of requests, dead sessions.

One job a day, which makes the next. It works in pieces, so that the database's writer is never held for
long, and goes on at once while there is more. Tombstones of our own posts stay for ever: their addresses
answer 410.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, delete, select

from fedi.context import Context
from fedi.db import Tx
from fedi.jobs import queue
from fedi.log import get
from fedi.models import Activity, ActivityState, Base, Event, Idempotency, OAuthCode, Tombstone, WebSession
from fedi.services import caching

__all__ = ["plan", "run"]

REMOTE_TOMBSTONES_KEPT = timedelta(days=90)
"""How long a remote object is known to be deleted: late copies of it come within days, and a server that was
away for a month may still bring one."""

ACTIVITIES_KEPT = timedelta(days=30)
"""How long activities are kept as they crossed the wire: for knowing a repeated one (7 days would do), for
deliveries that wait, and for the operator who looks for what happened."""

IDEMPOTENCY_KEPT = timedelta(days=1)
"""How long the same `Idempotency-Key` gives the same post; clients repeat within minutes, Mastodon keeps an
hour."""

SPENT_KEPT = timedelta(days=1)
"""How long codes and sessions are kept after they ended, to tell a late use from an unknown one."""

EVENTS_KEPT = timedelta(hours=1)
"""How long events are kept: listeners look back half a minute, and throw old ones away themselves while there
are any."""

EVERY_S = 24 * 3600.0
"""Between two sweeps, in seconds."""

ROWS_AT_ONCE = 1000
"""Rows deleted in one transaction."""

DEDUPE_KEY = "sweep"

log = get(__name__)


class Rule(NamedTuple):
    """What goes when.

    Attributes:
        table: its rows.
        key: its primary key.
        moment: the column that says since when.
        kept: for how long after that.
        also: what else must hold for a row to go.
    """

    table: Table
    key: str
    moment: str
    kept: timedelta
    also: Mapping[str, Any]


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


RULES = (
    Rule(_table(Tombstone), "iri", "deleted_at", REMOTE_TOMBSTONES_KEPT, {"local": False}),
    *(
        Rule(_table(Activity), "id", "created_at", ACTIVITIES_KEPT, {"state": state})
        for state in (ActivityState.DONE, ActivityState.IGNORED, ActivityState.REFUSED)
    ),
    Rule(_table(Event), "id", "created_at", EVENTS_KEPT, {}),
    Rule(_table(Idempotency), "key", "created_at", IDEMPOTENCY_KEPT, {}),
    Rule(_table(OAuthCode), "code_hash", "expires_at", SPENT_KEPT, {}),
    Rule(_table(WebSession), "token_hash", "expires_at", SPENT_KEPT, {}),
)
"""An activity that was received and not yet understood stays whatever its age: its job needs it."""


async def plan(ctx: Context) -> None:
    """Have the next sweep done, if none is planned; called when a server starts to work."""
    async with ctx.db.write() as tx:
        await _enqueue(ctx, tx, wait_s=0.0)
        await caching.plan(ctx, tx, wait_s=0.0)


async def run(ctx: Context, job: queue.Claim) -> None:
    """Delete some of what has served its time, and plan the next time."""
    async with ctx.db.write() as tx:
        gone: dict[str, int] = {}
        for rule in RULES:
            gone[rule.table.name] = gone.get(rule.table.name, 0) + await _sweep(ctx, tx, rule)
        more = max(gone.values()) >= ROWS_AT_ONCE
        await queue.finish(tx, job)
        await _enqueue(ctx, tx, wait_s=0.0 if more else EVERY_S)
    log.info("swept", **{name: count for name, count in gone.items() if count})


async def _sweep(ctx: Context, tx: Tx, rule: Rule) -> int:
    columns = rule.table.c
    due = and_(
        columns[rule.moment] < ctx.clock() - rule.kept,
        *(columns[name] == value for name, value in rule.also.items()),
    )
    some = select(columns[rule.key]).where(due).limit(ROWS_AT_ONCE)
    rows = await tx.execute(
        delete(rule.table).where(columns[rule.key].in_(some), due).returning(columns[rule.key])
    )
    return len(rows.all())


async def _enqueue(ctx: Context, tx: Tx, *, wait_s: float) -> None:
    job = queue.NewJob(
        queue="default",
        kind="sweep",
        run_at=ctx.clock() + timedelta(seconds=wait_s),
        dedupe_key=DEDUPE_KEY,
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())
