"""Deleting the account of somebody here: for good, everywhere, and in pieces.

At once nothing of it is seen any more, nobody is signed in, and a Delete is on its way to every server that
we know of, since any may hold a copy. A job then takes away posts, pictures and everything else, some at a
time, because an account may have a hundred thousand posts and the database one writer. Last goes the key: as
long as a delivery waits it must sign, and until then the actor answers with the key and nothing else; then it
answers 410. The row stays, so that the name stays taken: another person under it would get what was meant for
the first.

Source: ActivityPub section 7.4 (Delete); Mastodon's `delete_account_service`, by what it does.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, delete, exists, or_, select, update

from fedi.context import Context
from fedi.db import Tx, insert, step
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import (
    Account,
    Activity,
    Attachment,
    Base,
    Direction,
    Job,
    JobState,
    Login,
    Post,
    PostState,
    Tombstone,
)
from fedi.outbound import translate
from fedi.outbound.outbox import Audience, record
from fedi.queries import interactors
from fedi.services import attaching, authorizing, receiving, renewing

__all__ = ["leave", "run"]

POSTS_AT_ONCE = 50
"""Posts taken away in one transaction: about a tenth of a second of the database's writer."""

DRAIN_POLL_S = 3600.0
"""Between two looks whether deliveries still wait for the key, in seconds."""

KEPT = frozenset({"activity", "attachment", "post", "report"})
"""Tables whose rows are not simply deleted with the account's others: deliveries need activities, pictures go
with their files, posts leave tombstones, and of a complaint the operator still has to answer for."""

SCRUBBED: dict[str, Any] = {
    "display_name": "", "note": "", "note_source": "", "avatar_key": None, "avatar_description": "",
    "header_key": None, "header_description": "", "fields": [], "emojis": [], "also_known_as": [],
    "attribution_domains": [], "operator": None, "discoverable": False, "indexable": False, "moved_to": None,
    "followers_count": 0, "following_count": 0, "statuses_count": 0, "last_status_at": None,
}  # fmt: skip
"""What is left of a profile."""


async def leave(ctx: Context, tx: Tx, *, account: Account) -> None:
    """Delete the account of somebody here.

    Raises:
        Refused: 422, when it is the server's own or was deleted before.
    """
    if not account.is_local or account.kind == "Application":
        raise Refused(422, "Only people and bots of this server can be deleted here.")
    if account.deleted_at is not None:
        raise Refused(422, f"'{account.username}' was deleted before.")
    now = ctx.clock()
    account.deleted_at, account.suspended_at = now, account.suspended_at or now
    await authorizing.forget_everything(ctx, tx, account_id=account.id)
    await tx.execute(delete(Login).where(Login.account_id == account.id))
    everyone = await interactors.inboxes(tx)
    said = translate.delete_actor(account)
    audience = Audience(inboxes=tuple(everyone))
    await record(ctx, tx, sender=account, activity=said, audience=audience, order_on=account.iri)
    await _go_on(ctx, tx, account)


async def run(ctx: Context, job: queue.Claim) -> None:
    """Take one step of a deletion, and have the next one taken."""
    async with ctx.db.write() as tx:
        account = await tx.get(Account, job.payload["account_id"])
        await queue.finish(tx, job)
        if account is None or account.deleted_at is None or account.private_key_pem is None:
            return
        posts = await _next_posts(tx, account)
        if posts:
            await _bury_posts(ctx, tx, posts)
            await _go_on(ctx, tx, account)
        elif not job.payload["is_empty"]:
            await _empty(ctx, tx, account)
            await _go_on(ctx, tx, account, is_empty=True)
        elif await _is_signing(tx, account):
            await _go_on(ctx, tx, account, is_empty=True, wait_s=DRAIN_POLL_S)
        else:
            await _forget_keys(ctx, tx, account)


async def _go_on(
    ctx: Context, tx: Tx, account: Account, *, is_empty: bool = False, wait_s: float = 0.0
) -> None:
    job = queue.NewJob(
        queue="default",
        kind="leave",
        payload={"account_id": account.id, "is_empty": is_empty},
        run_at=ctx.clock() + timedelta(seconds=wait_s),
        dedupe_key=f"leave:{account.id}",
    )
    await queue.enqueue(tx, ctx.wake, [job], now=ctx.clock())


async def _next_posts(tx: Tx, account: Account) -> Sequence[Post]:
    some = select(Post).where(Post.account_id == account.id).order_by(Post.id).limit(POSTS_AT_ONCE)
    return (await tx.execute(some)).scalars().all()


async def _bury_posts(ctx: Context, tx: Tx, posts: Sequence[Post]) -> None:
    """Take posts and their pictures away, and leave tombstones of what others may have seen."""
    ids = [post.id for post in posts]
    pictures = update(Attachment).where(Attachment.post_id.in_(ids)).values(post_id=None)
    freed = (await tx.execute(pictures.returning(Attachment.id))).scalars().all()
    if freed:
        await attaching.erase_later(ctx, tx, sorted(freed), wait_s=0.0)
    for post in posts:
        if post.state != PostState.PUBLISHED:
            await tx.delete(post)
            continue
        await tx.execute(
            insert(tx, Tombstone)
            .values(iri=post.iri, local=True, deleted_at=ctx.clock())
            .on_conflict_do_nothing(index_elements=[Tombstone.iri])
        )
        if post.reblog_of_id is not None:
            await step(tx, Post, post.reblog_of_id, reblogs_count=-1)
        await receiving.forget(tx, post)
    await tx.flush()


async def _empty(ctx: Context, tx: Tx, account: Account) -> None:
    """Take away everything else that hangs on an account, whatever tables there will be, and its profile."""
    # Those that wait for a scheduled post too: it goes as well.
    waiting = update(Attachment).where(Attachment.account_id == account.id).values(scheduled_post_id=None)
    pictures = (await tx.execute(waiting.returning(Attachment.id))).scalars().all()
    if pictures:
        await attaching.erase_later(ctx, tx, sorted(pictures), wait_s=0.0)
    faces = [key for key in (account.avatar_key, account.header_key) if key]
    await renewing.discard_later(ctx, tx, faces, wait_s=0.0)
    await receiving.uncount(tx, account)
    for table, column in _hanging_on_accounts():
        await tx.execute(delete(table).where(table.c[column] == account.id))
    for name, value in SCRUBBED.items():
        setattr(account, name, value)
    await tx.flush()


def _hanging_on_accounts() -> list[tuple[Table, str]]:
    """Return the columns that name an account whose end is the end of the row, dependent tables first."""
    return [
        (table, column.name)
        for table in reversed(Base.metadata.sorted_tables)
        if table.name not in KEPT
        for column in table.columns
        if any(
            key.column.table is Account.__table__ and key.ondelete == "CASCADE" for key in column.foreign_keys
        )
    ]


async def _is_signing(tx: Tx, account: Account) -> bool:
    """Tell whether the Delete still waits to be delivered somewhere."""
    said = translate.delete_actor(account).id
    statement = select(Activity.id).where(
        Activity.direction == Direction.OUT, Activity.account_id == account.id, Activity.iri == said
    )
    activity_id = (await tx.execute(statement)).scalar_one_or_none()
    fanout = (Job.kind == "fanout") & (Job.order_key == account.iri)
    deliveries = Job.dedupe_key.startswith(f"deliver:{activity_id}:")
    waiting = exists().where(Job.state == JobState.READY, or_(fanout, deliveries))
    return (await tx.execute(select(waiting))).scalar_one()


async def _forget_keys(ctx: Context, tx: Tx, account: Account) -> None:
    """End what is left: from here on the actor is gone, and nothing is signed in its name."""
    account.private_key_pem, account.proof_key_pem, account.public_keys = None, None, []
    await tx.execute(
        insert(tx, Tombstone)
        .values(iri=account.iri, local=True, deleted_at=account.deleted_at or ctx.clock())
        .on_conflict_do_nothing(index_elements=[Tombstone.iri])
    )
    await tx.execute(delete(Activity).where(Activity.account_id == account.id))
    await tx.flush()
