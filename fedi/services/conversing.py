"""Conversations: which threads of direct messages somebody has, and whether there is something new in them.

A row names the newest message of a thread that its owner may see. It is kept in the transaction in which a
message comes, changes or goes; the messages themselves are posts like any other. What waits to be let in, or
comes from a thread of which its owner wants to hear no more, makes none.

Source: Mastodon's documentation, "conversations API methods"; its `account_conversation`.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from fedi.bus.events import EventKind, publish
from fedi.context import Context
from fedi.db import Tx, insert
from fedi.models import Account, Conversation, Mention, Post, PostState
from fedi.queries.screening import Level, verdict

__all__ = ["arrived", "drop_account", "goes", "mark", "remove", "withdrawn"]


async def arrived(ctx: Context, tx: Tx, *, post: Post, people: Collection[int] | None = None) -> None:
    """Put a direct message into the conversations of the people here; others are no message.

    A message that comes again, or late, changes nothing.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: the message.
        people: only theirs; the conversations of its author and of all whom it names when missing.
    """
    if not _is_message(post):
        return
    named = exists().where(Mention.post_id == post.id, Mention.account_id == Account.id)
    here = select(Account.id).where(Account.domain == "", or_(Account.id == post.account_id, named))
    if people is not None:
        here = here.where(Account.id.in_(people))
    for account_id in (await tx.execute(here.order_by(Account.id))).scalars().all():
        if account_id == post.account_id or await _is_let_in(ctx, tx, account_id, post):
            await _put(ctx, tx, account_id, post)


async def goes(tx: Tx, *, post: Post) -> None:
    """Let the message before it take the place of one that is about to go."""
    if _is_message(post):
        await _replace(tx, Conversation.last_post_id == post.id, _MESSAGE.id == post.id)


async def withdrawn(tx: Tx, *, post: Post) -> None:
    """Take a message that was edited from those whom it names no longer."""
    if not _is_message(post):
        return
    named = exists().where(Mention.post_id == post.id, Mention.account_id == Conversation.account_id)
    lost = and_(Conversation.last_post_id == post.id, Conversation.account_id != post.account_id, ~named)
    await _replace(tx, lost, _MESSAGE.id == post.id)


async def drop_account(tx: Tx, *, account_id: int) -> None:
    """Let older messages take the place of those of an account that is about to go."""
    written = select(Post.id).where(Post.account_id == account_id, Post.visibility == "direct")
    await _replace(tx, Conversation.last_post_id.in_(written), _MESSAGE.account_id == account_id)


async def mark(tx: Tx, *, account_id: int, conversation_id: int, unread: bool) -> None:
    """Say that somebody has read a conversation, or has not."""
    mine = (Conversation.id == conversation_id, Conversation.account_id == account_id)
    await tx.execute(update(Conversation).where(*mine).values(unread=unread))


async def remove(tx: Tx, *, account_id: int, conversation_id: int) -> None:
    """Take a conversation out of somebody's list; a new message brings it back."""
    mine = (Conversation.id == conversation_id, Conversation.account_id == account_id)
    await tx.execute(delete(Conversation).where(*mine))


_MESSAGE = aliased(Post)


def _is_message(post: Post) -> bool:
    return post.visibility == "direct" and post.state == PostState.PUBLISHED and post.reblog_of_id is None


async def _is_let_in(ctx: Context, tx: Tx, account_id: int, post: Post) -> bool:
    level = await verdict(
        tx,
        account_id=account_id,
        doer_id=post.account_id,
        kind="mention",
        post_id=post.id,
        now=ctx.clock(),
    )
    return level == Level.ACCEPT


async def _put(ctx: Context, tx: Tx, account_id: int, post: Post) -> None:
    thread = post.conversation or post.iri
    # Messages that came before what they answer had a thread of their own until now.
    astray = select(Post.id).where(Post.conversation == thread)
    found = await tx.execute(
        delete(Conversation)
        .where(
            Conversation.account_id == account_id,
            Conversation.thread != thread,
            Conversation.last_post_id.in_(astray),
        )
        .returning(Conversation.last_post_id)
    )
    made = insert(tx, Conversation).values(
        id=ctx.ids.next(),
        account_id=account_id,
        thread=thread,
        last_post_id=max([post.id, *found.scalars()]),
        unread=post.account_id != account_id,
    )
    newer = made.excluded.last_post_id
    changed = made.on_conflict_do_update(
        index_elements=[Conversation.account_id, Conversation.thread],
        set_={"last_post_id": newer, "unread": made.excluded.unread},
        where=Conversation.last_post_id < newer,
    )
    row_id = (await tx.execute(changed.returning(Conversation.id))).scalar()
    if row_id is not None:
        now = ctx.clock()
        await publish(tx, EventKind.CONVERSATION, now=now, account_id=account_id, subject_id=row_id)


async def _replace(tx: Tx, lost: ColumnElement[bool], gone: ColumnElement[bool]) -> None:
    """Name the newest message that is left where the last one is lost; without any, the row goes.

    Args:
        tx: a writing transaction.
        lost: the condition over `Conversation`.
        gone: the condition over `_MESSAGE` for what does not count any more.
    """
    message: Any = _MESSAGE
    named = exists().where(Mention.post_id == message.id, Mention.account_id == Conversation.account_id)
    left = (
        select(func.max(message.id))
        .where(
            or_(
                message.conversation == Conversation.thread,
                and_(message.conversation.is_(None), message.iri == Conversation.thread),
            ),
            message.visibility == "direct",
            message.state == PostState.PUBLISHED,
            or_(message.account_id == Conversation.account_id, named),
            ~gone,
        )
        .correlate(Conversation)
        .scalar_subquery()
    )
    unsynchronized = {"synchronize_session": False}
    await tx.execute(delete(Conversation).where(lost, left.is_(None)).execution_options(**unsynchronized))
    await tx.execute(
        update(Conversation).where(lost).values(last_post_id=left).execution_options(**unsynchronized)
    )
