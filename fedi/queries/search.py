"""Finding people by the beginning of their handle or of a word of their name, and hashtags by theirs.

Only what is known here; asking other servers is the edge's business. `queries.fulltext` finds posts.
"""

from collections.abc import Sequence

from sqlalchemy import case, distinct, exists, func, or_, select

from fedi.db import Tx
from fedi.models import Account, Follow, FollowState, Post, PostTag
from fedi.queries.limited import unlimited_accounts, unlimited_posts
from fedi.queries.visibility import met_clause, public_clause

__all__ = ["accounts", "hashtags", "is_handle"]

QUERY_CHARACTERS_MAX = 200
"""Of a search; longer ones find nothing here and would only be work."""


def is_handle(words: str) -> bool:
    """Tell whether this looks like `name@domain`, with or without an @ before it.

    >>> is_handle("@Anna@example.org"), is_handle("anna"), is_handle("two words@example.org")
    (True, False, False)
    """
    name, _, domain = words.strip().removeprefix("@").partition("@")
    bare = name.replace("_", "").replace(".", "").replace("-", "")
    if not domain or any(character.isspace() or character in "@/" for character in domain):
        return False
    return bare.isascii() and bare.isalnum()


async def accounts(
    tx: Tx, words: str, *, viewer_id: int | None, limit: int, offset: int = 0, following: bool = False
) -> Sequence[Account]:
    """Find accounts whose handle, or a word of whose name, begins so.

    Whom the viewer follows stands first, then who has most followers. Nobody finds whom
    they are apart from.
    """
    words = words.strip().removeprefix("@")
    if not words or len(words) > QUERY_CHARACTERS_MAX:
        return []
    beginning = func.lower(_escaped(words)) + "%"
    handle = Account.username + "@" + Account.domain
    followed = exists().where(
        Follow.account_id == (viewer_id or 0),
        Follow.target_id == Account.id,
        Follow.state == FollowState.ACCEPTED,
    )
    statement = (
        select(Account)
        .where(
            or_(
                func.lower(handle).like(beginning, escape="\\"),
                func.lower(Account.display_name).like(beginning, escape="\\"),
                func.lower(Account.display_name).like("% " + beginning, escape="\\"),
            ),
            met_clause(viewer_id, Account),
            unlimited_accounts(viewer_id),
            Account.kind != "Application",
        )
        .order_by(case((followed, 0), else_=1), Account.followers_count.desc(), Account.id)
        .limit(limit)
        .offset(offset)
    )
    if following:
        statement = statement.where(followed)
    return (await tx.execute(statement)).scalars().all()


async def hashtags(tx: Tx, words: str, *, limit: int, offset: int = 0) -> Sequence[str]:
    """Find hashtags of public posts that begin so, the most used first."""
    words = words.strip().removeprefix("#").casefold()
    if not words or len(words) > QUERY_CHARACTERS_MAX:
        return []
    statement = (
        select(PostTag.name)
        .join(Post, Post.id == PostTag.post_id)
        .where(
            PostTag.name.like(_escaped(words) + "%", escape="\\"),
            Post.visibility == "public",
            public_clause(),
            unlimited_posts(None),
        )
        .group_by(PostTag.name)
        .order_by(func.count(distinct(PostTag.post_id)).desc(), PostTag.name)
        .limit(limit)
        .offset(offset)
    )
    return (await tx.execute(statement)).scalars().all()


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
