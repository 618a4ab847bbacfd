"""Finding posts, and loading all that is needed to show them in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from fedi.db import Tx
from fedi.models import Account, Attachment, Mention, OAuthApp, Placeholder, Post, PostTag, Tombstone

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
    return (await tx.execute(select(Placeholder.post_id).where(Placeholder.draft_id == draft_id))).scalar_one_or_none()


async def load(tx: Tx, ids: Sequence[int]) -> list[PostView]:
    """Load posts in the order given, in five statements at most, whatever their number.

    Posts that do not exist (any more) are left out. Visibility is the caller's business.
    """
    if not ids:
        return []
    # 1. The posts, with those that they boost.
    boosted = select(Post.reblog_of_id).where(Post.id.in_(ids), Post.reblog_of_id.is_not(None))
    rows = await tx.execute(select(Post).where(Post.id.in_(ids) | Post.id.in_(boosted)))
    posts = {post.id: post for post in rows.scalars()}
    # 2. to 5. What hangs on them.
    attachments = await _attachments(tx, posts)
    tags = await _tags(tx, posts)
    mentioned = await _mentions(tx, posts)
    people = {post.account_id for post in posts.values()} | {who for group in mentioned.values() for who in group}
    accounts = {row.id: row for row in (await tx.execute(select(Account).where(Account.id.in_(people)))).scalars()}
    apps = await _applications(tx, posts.values())

    def view(post: Post) -> PostView:
        original = posts.get(post.reblog_of_id) if post.reblog_of_id is not None else None
        return PostView(
            post=post,
            account=accounts[post.account_id],
            attachments=tuple(attachments[post.id]),
            mentions=tuple(accounts[who] for who in mentioned[post.id] if who in accounts),
            tags=tuple(tags[post.id]),
            application=apps.get(post.application_id) if post.application_id is not None else None,
            reblog=view(original) if original is not None else None,
        )

    return [view(posts[identifier]) for identifier in ids if identifier in posts]


async def load_one(tx: Tx, post_id: int) -> PostView | None:
    """Load one post; None when it does not exist."""
    views = await load(tx, [post_id])
    return views[0] if views else None


async def _attachments(tx: Tx, posts: Iterable[int]) -> dict[int, list[Attachment]]:
    found: dict[int, list[Attachment]] = defaultdict(list)
    rows = await tx.execute(
        select(Attachment).where(Attachment.post_id.in_(posts)).order_by(Attachment.position, Attachment.id)
    )
    for attachment in rows.scalars():
        assert attachment.post_id is not None
        found[attachment.post_id].append(attachment)
    return found


async def _tags(tx: Tx, posts: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = await tx.execute(select(PostTag.post_id, PostTag.name).where(PostTag.post_id.in_(posts)).order_by(PostTag.name))
    for post_id, name in rows:
        found[post_id].append(name)
    return found


async def _mentions(tx: Tx, posts: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = await tx.execute(
        select(Mention.post_id, Mention.account_id).where(Mention.post_id.in_(posts)).order_by(Mention.account_id)
    )
    for post_id, account_id in rows:
        found[post_id].append(account_id)
    return found


async def _applications(tx: Tx, posts: Iterable[Post]) -> dict[int, OAuthApp]:
    ids = {post.application_id for post in posts if post.application_id is not None}
    if not ids:
        return {}
    return {app.id: app for app in (await tx.execute(select(OAuthApp).where(OAuthApp.id.in_(ids)))).scalars()}
