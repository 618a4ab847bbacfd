"""Versions of a post: keeping what it was, and taking in what somebody elsewhere made of theirs.

What is kept of a version is what a reader saw: words, warning, pictures with their descriptions and order,
and the options of a poll. A picture that was taken out of a post is not kept for its history. An edit of a
remote post counts only when its `updated` is later than the last; the same one again tells figures alone
(votes, leave to quote), because Mastodon sends those without touching it.

Source: Mastodon's `process_status_update_service`, by what it does; ActivityPub section 7.3.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from activitypub.objects.note import Note
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Attachment, Mention, Post, PostEdit
from fedi.outbound import remote
from fedi.outbound.hanging import update_tallies
from fedi.queries import polls as find_poll
from fedi.queries import posts as find
from fedi.services import airing, conversing, polling, quoting
from fedi.services.notifying import notify, retract

__all__ = ["Version", "keep_version", "tell_boosters", "update_note", "version_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What readers saw of a post; the fields are those of `models.PostEdit`."""

    content: str
    spoiler_text: str
    sensitive: bool
    attachments: list[dict[str, Any]]
    poll_options: list[str] | None
    emojis: list[dict[str, Any]]


async def version_of(tx: Tx, post: Post) -> Version:
    """Return what a post is now."""
    rows = await tx.execute(
        select(Attachment.id, Attachment.description)
        .where(Attachment.post_id == post.id)
        .order_by(Attachment.position, Attachment.id)
    )
    poll = await find_poll.by_post(tx, post.id)
    return Version(
        content=post.content,
        spoiler_text=post.spoiler_text,
        sensitive=post.sensitive,
        attachments=[{"id": row.id, "description": row.description} for row in rows],
        poll_options=list(poll.options) if poll is not None else None,
        emojis=list(post.emojis),
    )


async def keep_version(ctx: Context, tx: Tx, post: Post, version: Version, *, since: datetime) -> None:
    """Keep what a post was before it was changed.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: the post.
        version: what it was.
        since: when that version was published.
    """
    tx.add(PostEdit(id=ctx.ids.next(), post_id=post.id, created_at=since, **asdict(version)))
    await tx.flush()


async def tell_boosters(ctx: Context, tx: Tx, post: Post) -> None:
    """Tell people here who passed a post on that it is not what it was; of many edits the last counts."""
    rows = await tx.execute(
        select(Post.account_id)
        .join(Account, Account.id == Post.account_id)
        .where(Post.reblog_of_id == post.id, Account.domain == "")
        .order_by(Post.account_id)
    )
    for account_id in rows.scalars().all():
        author_id = post.account_id
        await retract(tx, account_id=account_id, from_account_id=author_id, kind="update", post_id=post.id)
        await notify(
            ctx, tx, account_id=account_id, from_account_id=author_id, kind="update", post_id=post.id
        )


async def update_note(ctx: Context, tx: Tx, *, author: Account, note: Note) -> Post | None:
    """Take in what somebody elsewhere tells of a post of theirs that we have.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: who tells it.
        note: the post, signed by its author or fetched from its id.

    Returns:
        The post, or None when it is not known, not the author's, or what came is older than what is here.
    """
    post = await find.by_iri(tx, note.id)
    if post is None or post.account_id != author.id or post.local:
        return None
    await tx.refresh(post, with_for_update=True)
    said_at = remote.to_milliseconds(min(note.updated, ctx.clock())) if note.updated else None
    # Peers tell the second in which they published: a post is not older than itself.
    last = post.edited_at or post.created_at.replace(microsecond=0)
    if said_at is not None and said_at < last:
        return None
    if said_at is None or said_at <= (post.edited_at or post.created_at):
        await _update_figures(ctx, tx, post, note)
    else:
        await _edit(ctx, tx, post, note, said_at)
    poll = await find_poll.by_post(tx, post.id)
    if poll is not None and find_poll.is_over(poll, ctx.clock()):
        await polling.tell_end(ctx, tx, post=post, poll=poll)
    return post


async def _update_figures(ctx: Context, tx: Tx, post: Post, note: Note) -> None:
    """Take over what may change without an edit."""
    await update_tallies(ctx, tx, post, note.poll)
    if note.policy is not None:
        post.interaction_policy = remote.policy_of(note)
    await tx.flush()


async def _edit(ctx: Context, tx: Tx, post: Post, note: Note, edited_at: datetime) -> None:
    before, since = await version_of(tx, post), post.edited_at or post.created_at
    known = await _mentioned(tx, post)
    await remote.update_note(ctx, tx, post=post, note=note, edited_at=edited_at)
    if await version_of(tx, post) != before:
        await keep_version(ctx, tx, post, before, since=since)
        await tell_boosters(ctx, tx, post)
        await quoting.tell_quoters(ctx, tx, post=post)
        await airing.changed(ctx, tx, post)
    new_people = sorted(await _mentioned(tx, post) - known)
    for account_id in new_people:
        await notify(
            ctx, tx, account_id=account_id, from_account_id=post.account_id, kind="mention", post_id=post.id
        )
    await conversing.withdrawn(tx, post=post)
    await conversing.arrived(ctx, tx, post=post, people=new_people)


async def _mentioned(tx: Tx, post: Post) -> set[int]:
    rows = await tx.execute(select(Mention.account_id).where(Mention.post_id == post.id))
    return set(rows.scalars())
