"""Finding posts, and loading all that is needed to show them in a fixed number of statements.

A page of posts names people, pictures, hashtags and applications. They are loaded in three statements
whatever the size of the page, because each statement costs more than the rows that it brings: one joins what
a post has one of, one brings the pictures, one the names in the text and the emoji under it. Where a page has
quotes or polls, one more each. The statements are built once.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    exists,
    func,
    null,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import aliased

from fedi.db import Id, Tx
from fedi.models import (
    Account,
    Attachment,
    Favourite,
    Follow,
    FollowState,
    Mention,
    OAuthApp,
    Pin,
    Placeholder,
    Poll,
    Post,
    PostTag,
    Reaction,
    Tombstone,
)  # fmt: skip
from fedi.queries import polls
from fedi.queries.quotes import QuoteState, Verdict, verdict
from fedi.queries.reactions import ReactionCount
from fedi.queries.visibility import visible_clause

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
    voted: bool = False
    """Whether the viewer has no vote left to cast in the poll, because they did or asked the question."""
    quote_state: str | None = None
    """What became of the quote in it, for this viewer; None when it quotes nothing."""
    quoted: "PostView | None" = None
    """The quoted post, when its author agreed and the viewer may see it; what that quotes is not loaded."""
    quoted_link: str | None = None
    """Where a person finds the quoted post."""
    quotable: Verdict = Verdict.DENIED
    """Whether the viewer may quote it."""
    reactions: tuple[ReactionCount, ...] = ()


# Built once, because they are asked for everything that comes in.
_BY_IRI = select(Post).where(Post.iri == bindparam("iri"))
_TOMBSTONED = select(Tombstone.iri).where(Tombstone.iri == bindparam("iri"))


async def by_id(tx: Tx, post_id: int) -> Post | None:
    """Find a post by its id."""
    return await tx.get(Post, post_id)


async def by_iri(tx: Tx, iri: str) -> Post | None:
    """Find a post by its ActivityPub id."""
    return (await tx.execute(_BY_IRI, {"iri": iri})).scalar_one_or_none()


async def is_tombstoned(tx: Tx, iri: str) -> bool:
    """Tell whether this object was deleted."""
    return (await tx.execute(_TOMBSTONED, {"iri": iri})).first() is not None


async def published_as(tx: Tx, draft_id: int) -> int | None:
    """Return the id under which a draft was published, if it was."""
    return (
        await tx.execute(select(Placeholder.post_id).where(Placeholder.draft_id == draft_id))
    ).scalar_one_or_none()


async def load(tx: Tx, ids: Sequence[int], *, viewer_id: int | None = None) -> list[PostView]:
    """Load posts in the order given, in three statements, whatever their number; five with quotes and polls.

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
    posts = [post for row in rows for post in (row.Post, row.boosted) if post is not None]
    quoted = await _quoted(tx, posts, viewer_id)
    named = list({post.id for post in posts} | {key for key, row in quoted.items() if row.visible})
    # 2. and 3. What it has many of.
    attachments = await _attachments(tx, named)
    names = await _names(tx, named, viewer_id)

    # 4. What the viewer chose, which few pages ask for.
    seen = [*rows, *quoted.values()] if viewer_id is not None else []
    asked = [row.Poll.id for row in seen if row.Poll is not None]
    chosen = await polls.choices(tx, asked, viewer_id) if asked and viewer_id is not None else {}

    def view(
        row: Any,
        post: Post,
        account: Account,
        app: OAuthApp | None,
        held: PostView | None,
        *,
        nested: bool = False,
    ) -> PostView:
        poll = row.Poll if held is None else None
        mine = chosen.get(poll.id, ()) if poll is not None else ()
        return PostView(
            post=post,
            account=account,
            attachments=tuple(attachments[post.id]),
            mentions=tuple(names.mentions[post.id]),
            tags=tuple(names.tags[post.id]),
            application=app,
            reblog=held,
            favourited=row.favoured,
            boosted=row.passed_on,
            pinned=row.pinned,
            poll=poll,
            chosen=mine,
            voted=bool(mine) or account.id == viewer_id,
            reactions=tuple(names.reactions[post.id]),
            quotable=verdict(post, account, account=viewer_id, follows=row.follows),
            **quote_in(post, nested=nested),
        )

    def quote_in(post: Post, *, nested: bool) -> dict[str, Any]:
        if post.quote_iri is None:
            return {}
        row = quoted.get(post.quote_of_id) if post.quote_of_id is not None and not nested else None
        state = post.quote_state if nested else _state_of_quote(post, row)
        shown = row if state == QuoteState.ACCEPTED else None
        return {
            "quote_state": state,
            "quoted": shown and view(shown, shown.Post, shown.Account, shown.OAuthApp, None, nested=True),
            "quoted_link": (row and row.visible and row.Post.url) or post.quote_iri,
        }

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
    follows = exists().where(
        Follow.account_id == viewer,
        Follow.target_id == func.coalesce(boosted.account_id, Post.account_id),
        Follow.state == FollowState.ACCEPTED,
    )
    return (
        select(Post, Account, OAuthApp, boosted, author, app, Poll)
        .add_columns(favoured.label("favoured"), passed_on.label("passed_on"), pinned.label("pinned"))
        .add_columns(follows.label("follows"))
        .join(Account, Account.id == Post.account_id)
        .outerjoin(OAuthApp, OAuthApp.id == Post.application_id)
        .outerjoin(boosted, boosted.id == Post.reblog_of_id)
        .outerjoin(author, author.id == boosted.account_id)
        .outerjoin(app, app.id == boosted.application_id)
        .outerjoin(Poll, Poll.post_id == shown)
        .where(Post.id.in_(bindparam("ids", expanding=True)))
    )


def _names_in_posts() -> Select[*tuple[Any, ...]]:
    """Build the third statement: hashtags, mentioned accounts and emoji in one, as most posts have few."""
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    nobody, nothing, none = cast(null(), Id), cast(null(), String), cast(null(), Integer)
    mine = func.max(case((Reaction.account_id == bindparam("viewer", type_=Id), 1), else_=0))
    found = union_all(
        select(
            PostTag.post_id,
            PostTag.name,
            nobody.label("account_id"),
            none.label("number"),
            none.label("mine"),
            nothing.label("url"),
            nobody.label("first"),
        ).where(PostTag.post_id.in_(ids)),
        select(Mention.post_id, nothing, Mention.account_id, none, none, nothing, nobody).where(
            Mention.post_id.in_(ids), ~Mention.silent
        ),
        select(
            Reaction.post_id,
            Reaction.name,
            nobody,
            func.count(),
            mine,
            func.max(Reaction.url),
            func.min(Reaction.id),
        )
        .where(Reaction.post_id.in_(ids))
        .group_by(Reaction.post_id, Reaction.name),
    ).subquery()
    columns = (found.c.post_id, found.c.name, found.c.number, found.c.mine, found.c.url)
    return (
        select(*columns, Account)
        .outerjoin(Account, Account.id == found.c.account_id)
        .order_by(found.c.first, found.c.name, found.c.account_id)
    )


_POSTS = _posts()
_QUOTED = _POSTS.add_columns(visible_clause(bindparam("viewer", type_=Id)).label("visible"))
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


async def _quoted(tx: Tx, posts: Sequence[Post], viewer_id: int | None) -> dict[int, Any]:
    """Return the quoted posts by id, each with whether the viewer may see it."""
    ids = sorted({post.quote_of_id for post in posts if post.quote_of_id is not None})
    if not ids:
        return {}
    rows = (await tx.execute(_QUOTED, {"ids": ids, "viewer": viewer_id or 0})).all()
    return {row.Post.id: row for row in rows}


def _state_of_quote(post: Post, row: Any | None) -> str | None:
    """Tell what became of a quote, for one viewer: an accepted one may be gone, or not for them."""
    if post.quote_state != QuoteState.ACCEPTED:
        return post.quote_state
    if row is None:
        return QuoteState.DELETED
    return QuoteState.ACCEPTED if row.visible else QuoteState.UNAUTHORIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What is named in posts and under them, by the id of the post."""

    mentions: dict[int, list[Account]]
    tags: dict[int, list[str]]
    reactions: dict[int, list[ReactionCount]]


async def _names(tx: Tx, ids: Sequence[int], viewer_id: int | None) -> _Names:
    names = _Names(mentions=defaultdict(list), tags=defaultdict(list), reactions=defaultdict(list))
    for row in await tx.execute(_NAMES, {"ids": ids, "viewer": viewer_id or 0}):
        if row.Account is not None:
            names.mentions[row.post_id].append(row.Account)
        elif row.number is not None:
            names.reactions[row.post_id].append(
                ReactionCount(name=row.name, count=row.number, mine=bool(row.mine), url=row.url)
            )
        elif row.name is not None:
            names.tags[row.post_id].append(row.name)
    return names
