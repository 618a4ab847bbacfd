"""Finding posts, and loading all that is needed to show them in a fixed number of statements.

A page of posts names people, pictures, hashtags and applications. They are loaded in three statements
whatever the size of the page, because each statement costs more than the rows that it brings: one joins what
a post has one of, one brings the pictures, one the names in the text. The statements are built once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Select, String, bindparam, cast, exists, func, null, select, union_all
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx
from fedi.models import (
    Account,
    Attachment,
    Favourite,
    Mention,
    OAuthApp,
    Pin,
    Placeholder,
    Poll,
    Post,
    PostTag,
    Tombstone,
)  # fmt: skip
from fedi.queries import polls

__all__ = ["PostView", "by_id", "by_iri", "is_tombstoned", "load", "load_one", "published_as"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """A post with everything that a page, an API entity or a Note needs of it."""

    post: Post
    account: Account
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[Account, ...] = ()
    tags: tuple[str, ...] = ()
    application: OAuthApp | None = None
    reblog: "PostView | None" = None
    """The boosted post, when this is a boost."""
    favourited: bool = False
    """Whether the viewer favoured it, or the post that it boosts."""
    boosted: bool = False
    """Whether the viewer boosted it, or the post that it boosts."""
    pinned: bool = False
    """Whether the viewer, who wrote it, shows it first on their profile."""
    poll: Poll | None = None
    chosen: tuple[int, ...] = ()
    """What the viewer chose in the poll: the places of the options."""


async def by_id(tx: Tx, post_id: int) -> Post | None:
    """Find a post by its id."""
    return await tx.get(Post, post_id)


async def by_iri(tx: Tx, iri: str) -> Post | None:
    """Find a post by its ActivityPub id."""
    return (await tx.execute(select(Post).where(Post.iri == iri))).scalar_one_or_none()


async def is_tombstoned(tx: Tx, iri: str) -> bool:
    """Tell whether this object was deleted."""
    return (await tx.execute(select(Tombstone.iri).where(Tombstone.iri == iri))).first() is not None


async def published_as(tx: Tx, draft_id: int) -> int | None:
    """Return the id under which a draft was published, if it was."""
    return (
        await tx.execute(select(Placeholder.post_id).where(Placeholder.draft_id == draft_id))
    ).scalar_one_or_none()


async def load(tx: Tx, ids: Sequence[int], *, viewer_id: int | None = None) -> list[PostView]:
    """Load posts in the order given, in three statements, whatever their number; a fourth if there are polls.

    Posts that do not exist (any more) are left out. Visibility is the caller's business.

    Args:
        tx: a transaction.
        ids: of the posts.
        viewer_id: whose favours and boosts are of interest.
    """
    if not ids:
        return []
    # 1. What a post has one of: author, application, and the same of the post that it boosts.
    rows = (await tx.execute(_POSTS, {"ids": list(ids), "viewer": viewer_id or 0})).all()
    named = [post.id for row in rows for post in (row.Post, row.boosted) if post is not None]
    # 2. and 3. What it has many of.
    attachments = await _attachments(tx, named)
    mentions, tags = await _names(tx, named)

    # 4. What the viewer chose, which few pages ask for.
    asked = [row.Poll.id for row in rows if row.Poll is not None] if viewer_id is not None else []
    chosen = await polls.choices(tx, asked, viewer_id) if asked and viewer_id is not None else {}

    def view(row: Any, post: Post, account: Account, app: OAuthApp | None, held: PostView | None) -> PostView:
        poll = row.Poll if held is None else None
        return PostView(
            post=post,
            account=account,
            attachments=tuple(attachments[post.id]),
            mentions=tuple(mentions[post.id]),
            tags=tuple(tags[post.id]),
            application=app,
            reblog=held,
            favourited=row.favoured,
            boosted=row.passed_on,
            pinned=row.pinned,
            poll=poll,
            chosen=chosen.get(poll.id, ()) if poll is not None else (),
        )

    views: dict[int, PostView] = {}
    for row in rows:
        held = row.boosted and view(row, row.boosted, row.boosted_author, row.boosted_app, None)
        views[row.Post.id] = view(row, row.Post, row.Account, row.OAuthApp, held)
    return [views[identifier] for identifier in ids if identifier in views]


async def load_one(tx: Tx, post_id: int) -> PostView | None:
    """Load one post; None when it does not exist."""
    views = await load(tx, [post_id])
    return views[0] if views else None


def _posts() -> Select[*tuple[Any, ...]]:
    """Build the first statement: joins by primary keys, as an OR over two sets of ids reads the table."""
    boosted, mine = aliased(Post, name="boosted"), aliased(Post)
    author, app = aliased(Account, name="boosted_author"), aliased(OAuthApp, name="boosted_app")
    viewer, shown = bindparam("viewer", type_=Id), func.coalesce(Post.reblog_of_id, Post.id)
    favoured = exists().where(Favourite.account_id == viewer, Favourite.post_id == shown)
    passed_on = exists().where(mine.account_id == viewer, mine.reblog_of_id == shown)
    pinned = exists().where(Pin.post_id == shown, Pin.account_id == viewer)
    return (
        select(Post, Account, OAuthApp, boosted, author, app, Poll)
        .add_columns(favoured.label("favoured"), passed_on.label("passed_on"), pinned.label("pinned"))
        .join(Account, Account.id == Post.account_id)
        .outerjoin(OAuthApp, OAuthApp.id == Post.application_id)
        .outerjoin(boosted, boosted.id == Post.reblog_of_id)
        .outerjoin(author, author.id == boosted.account_id)
        .outerjoin(app, app.id == boosted.application_id)
        .outerjoin(Poll, Poll.post_id == shown)
        .where(Post.id.in_(bindparam("ids", expanding=True)))
    )


def _names_in_posts() -> Select[*tuple[Any, ...]]:
    """Build the third statement: hashtags and mentioned accounts in one, as most posts have few."""
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    found = union_all(
        select(PostTag.post_id, PostTag.name, cast(null(), Id).label("account_id")).where(
            PostTag.post_id.in_(ids)
        ),
        select(Mention.post_id, cast(null(), String), Mention.account_id).where(
            Mention.post_id.in_(ids), ~Mention.silent
        ),
    ).subquery()
    return (
        select(found.c.post_id, found.c.name, Account)
        .outerjoin(Account, Account.id == found.c.account_id)
        .order_by(found.c.name, found.c.account_id)
    )


_POSTS = _posts()
_ATTACHMENTS = (
    select(Attachment)
    .where(Attachment.post_id.in_(bindparam("ids", expanding=True)))
    .order_by(Attachment.position, Attachment.id)
)
_NAMES = _names_in_posts()


async def _attachments(tx: Tx, ids: Sequence[int]) -> dict[int, list[Attachment]]:
    found: dict[int, list[Attachment]] = defaultdict(list)
    for attachment in (await tx.execute(_ATTACHMENTS, {"ids": ids})).scalars():
        assert attachment.post_id is not None
        found[attachment.post_id].append(attachment)
    return found


async def _names(tx: Tx, ids: Sequence[int]) -> tuple[dict[int, list[Account]], dict[int, list[str]]]:
    """Return the mentioned accounts and the hashtags of posts."""
    mentions: dict[int, list[Account]] = defaultdict(list)
    tags: dict[int, list[str]] = defaultdict(list)
    for row in await tx.execute(_NAMES, {"ids": ids}):
        if row.Account is not None:
            mentions[row.post_id].append(row.Account)
        elif row.name is not None:
            tags[row.post_id].append(row.name)
    return mentions, tags
