"""Conversations of one person, the one with the newest message first.

They are ordered by that message, so a page is cut by its id, which is not the id of the conversation.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select

from fedi.db import Tx
from fedi.models import Account, Conversation, Post
from fedi.queries import posts
from fedi.queries.page import Page, Slice, cut, within
from fedi.queries.posts import PostView
from fedi.queries.visibility import visible_clause, wanted_clause

__all__ = ["ConversationView", "find", "page_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """A conversation with its last message, and who else takes part in that."""

    conversation: Conversation
    last: PostView
    accounts: tuple[Account, ...]


async def page_of(tx: Tx, viewer_id: int, page: Page) -> Slice[ConversationView]:
    """Return a page of conversations whose last message the viewer sees."""
    statement = within(_visible(viewer_id), Conversation.last_post_id, page)
    found = cut((await tx.execute(statement)).scalars().all(), page)
    return Slice(rows=await _views(tx, viewer_id, found.rows), more=found.more)


async def find(tx: Tx, viewer_id: int, conversation_id: int) -> ConversationView | None:
    """Find one of a person's conversations."""
    rows = await tx.execute(_visible(viewer_id).where(Conversation.id == conversation_id))
    views = await _views(tx, viewer_id, rows.scalars().all())
    return views[0] if views else None


def _visible(viewer_id: int) -> Select[Conversation]:
    return (
        select(Conversation)
        .join(Post, Post.id == Conversation.last_post_id)
        .where(Conversation.account_id == viewer_id, visible_clause(viewer_id), wanted_clause(viewer_id))
    )


async def _views(tx: Tx, viewer_id: int, rows: Sequence[Conversation]) -> list[ConversationView]:
    ids = [row.last_post_id for row in rows]
    loaded = {view.post.id: view for view in await posts.load(tx, ids, viewer_id=viewer_id)}
    return [
        ConversationView(conversation=row, last=last, accounts=_others(viewer_id, last))
        for row in rows
        if (last := loaded.get(row.last_post_id)) is not None
    ]


def _others(viewer_id: int, last: PostView) -> tuple[Account, ...]:
    """Return who takes part beside the viewer; who writes to themselves is alone with themselves."""
    people = {account.id: account for account in (last.account, *last.mentions)}
    return tuple(account for key, account in people.items() if key != viewer_id) or (last.account,)
