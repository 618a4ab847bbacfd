"""A post with all that is shown of it, from the rows that three statements bring.

A page of posts names people, pictures, hashtags and applications. They come in three statements whatever the
size of the page and whatever is in it, because each statement costs more than the rows that it brings: which
posts belong to it, what a post has one of, and what it has many of. `posts` asks them in a session, `shown`
without one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)  # fmt: skip
from sqlalchemy.orm import aliased

from fedi.db import Id
from fedi.lean import among
from fedi.models import (
    Account,
    Attachment,
    Bookmark,
    Favourite,
    Filter,
    FilterKeyword,
    FilterStatus,
    Follow,
    FollowState,
    Mention,
    OAuthApp,
    Pin,
    Poll,
    PollVote,
    Post,
    PostTag,
    Reaction,
    ThreadMute,
)  # fmt: skip
from fedi.queries import filters
from fedi.queries.quotes import QuoteState, Verdict, verdict
from fedi.queries.reactions import ReactionCount
from fedi.queries.visibility import visible_clause

__all__ = [
    "BOOSTED", "WHICH", "Loaded", "Needed", "PostView", "hanging_of", "needed_for", "posts_of", "which_of",
]  # fmt: skip


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
    bookmarked: bool = False
    """Whether the viewer wants to find it again, or the post that it boosts."""
    muted: bool = False
    """Whether the viewer wants to hear no more of its thread, or of that of the post that it boosts."""
    pinned: bool = False
    """Whether the viewer, who wrote it, shows it first on their profile."""
    filtered: tuple[filters.Match, ...] = ()
    """Which filters of the viewer it meets, or the post that it boosts."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Posts to load for some posts: themselves, what they boost, and what one of these quotes."""

    ids: list[int]
    quoted: list[int]

    def parameters(self, viewer_id: int | None) -> dict[str, Any]:
        """Return the parameters of the statements that load them."""
        return {"ids": self.ids, "quoted": self.quoted, "viewer": viewer_id or 0}


BOOSTED, _MINE = aliased(Post), aliased(Post)
_NO_POST = cast(literal(0), Id)
"""In place of a post: what belongs to the viewer."""

WHICH = (Post.id, Post.reblog_of_id, Post.quote_of_id, BOOSTED.quote_of_id.label("boosted_quote"))
"""A post, and what is shown in it; `BOOSTED` is joined for the last."""


def needed_for(rows: Iterable[Sequence[Any]]) -> Needed:
    """Read the answer to `which_of`."""
    named: set[int] = set()
    quoted: set[int] = set()
    for post_id, boosted_id, *quotes in rows:
        named.update((post_id,) if boosted_id is None else (post_id, boosted_id))
        quoted.update(key for key in quotes if key is not None)
    return Needed(ids=sorted(named | quoted), quoted=sorted(quoted))


def which_of(dialect: str) -> Select[*tuple[Any, ...]]:
    """Build the first statement: what else is shown with some posts."""
    joined = select(*WHICH).outerjoin(BOOSTED, BOOSTED.id == Post.reblog_of_id)
    return joined.where(among(dialect, Post.id, "ids"))


def posts_of(dialect: str) -> Select[*tuple[Any, ...]]:
    """Build the second statement: what a post has one of, and what the viewer did with it or may.

    All that a view takes from the viewer stands in these rows, because `shown` compares them.
    """
    viewer, shown = bindparam("viewer", type_=Id), func.coalesce(Post.reblog_of_id, Post.id)
    favoured = exists().where(Favourite.account_id == viewer, Favourite.post_id == shown)
    passed_on = exists().where(_MINE.account_id == viewer, _MINE.reblog_of_id == shown)
    bookmarked = exists().where(Bookmark.account_id == viewer, Bookmark.post_id == shown)
    pinned = exists().where(Pin.post_id == shown, Pin.account_id == viewer)
    follows = exists().where(
        Follow.account_id == viewer,
        Follow.target_id == Post.account_id,
        Follow.state == FollowState.ACCEPTED,
    )
    muted = exists().where(
        ThreadMute.account_id == viewer, ThreadMute.thread == func.coalesce(Post.conversation, Post.iri)
    )
    own = Post.account_id == viewer
    # Only of what is quoted: of the others that was asked before, and it is the costliest condition of all.
    visible = case((among(dialect, Post.id, "quoted"), visible_clause(viewer)), else_=true())
    return (
        select(Post, Account, OAuthApp, Poll)
        .add_columns(favoured.label("favoured"), passed_on.label("passed_on"), pinned.label("pinned"))
        .add_columns(follows.label("follows"), visible.label("visible"), bookmarked.label("bookmarked"))
        .add_columns(own.label("own"), muted.label("muted"))
        .join(Account, Account.id == Post.account_id)
        .outerjoin(OAuthApp, OAuthApp.id == Post.application_id)
        .outerjoin(Poll, Poll.post_id == Post.id)
        .where(among(dialect, Post.id, "ids"))
    )


def hanging_of(dialect: str) -> Select[*tuple[Any, ...]]:
    """Build the third statement: what a post has many of, in one, as most posts have little of each."""
    viewer = bindparam("viewer", type_=Id)
    nobody, nothing, none = cast(null(), Id), cast(null(), String), cast(null(), Integer)

    def some(kind: str, post_id: Any, /, **given: Any) -> Select[*tuple[Any, ...]]:
        empty = {
            "name": nothing, "account_id": nobody, "attachment_id": nobody, "number": none, "mine": none,
            "url": nothing, "place": nobody, "filter_id": nobody,
        }  # fmt: skip
        columns = [value.label(label) for label, value in {**empty, **given}.items()]
        wanted = select(literal(kind, String).label("kind"), post_id.label("post_id"), *columns)
        return wanted if post_id is _NO_POST else wanted.where(among(dialect, post_id, "ids"))

    position, choice = cast(Attachment.position, Id), cast(PollVote.choice, Id)
    counted = {
        "name": Reaction.name, "number": func.count(), "url": func.max(Reaction.url),
        "mine": func.max(case((Reaction.account_id == viewer, 1), else_=0)), "place": func.min(Reaction.id),
    }  # fmt: skip
    found = union_all(
        some("attachment", Attachment.post_id, attachment_id=Attachment.id, place=position),
        some("tag", PostTag.post_id, name=PostTag.name),
        some("mention", Mention.post_id, account_id=Mention.account_id).where(~Mention.silent),
        some("reaction", Reaction.post_id, **counted).group_by(Reaction.post_id, Reaction.name),
        some("choice", Poll.post_id, number=PollVote.choice, place=choice)
        .join(PollVote, PollVote.poll_id == Poll.id)
        .where(PollVote.account_id == viewer),
        some(
            "keyword",
            _NO_POST,
            name=FilterKeyword.keyword,
            number=cast(FilterKeyword.whole_word, Integer),
            place=FilterKeyword.id,
            filter_id=Filter.id,
        )
        .join(FilterKeyword, FilterKeyword.filter_id == Filter.id)
        .where(Filter.account_id == viewer),
        some("named", FilterStatus.post_id, place=FilterStatus.id, filter_id=Filter.id)
        .join(Filter, Filter.id == FilterStatus.filter_id)
        .where(Filter.account_id == viewer),
    ).subquery()
    return (
        select(found.c.kind, found.c.post_id, found.c.name, found.c.number, found.c.mine, found.c.url)
        .add_columns(found.c.filter_id, Filter.title, Filter.contexts, Filter.action, Filter.expires_at)
        .add_columns(Account, Attachment)
        .outerjoin(Filter, Filter.id == found.c.filter_id)
        .outerjoin(Account, Account.id == found.c.account_id)
        .outerjoin(Attachment, Attachment.id == found.c.attachment_id)
        .order_by(found.c.place, found.c.name, found.c.account_id, found.c.attachment_id)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The rows of some posts, of which views are made.

    Attributes:
        viewer_id: who looks; None is a stranger.
        posts: by the id of the post, what it has one of.
        hanging: by the id of the post, what it has many of.
    """

    viewer_id: int | None
    posts: Mapping[int, Any]
    hanging: Mapping[int, Sequence[Any]]

    def view(self, post_id: int, *, boosted: bool = False, nested: bool = False) -> PostView:
        """Return the view of a post, which may be one that is boosted, or quoted (`nested`).

        What a quoted post quotes itself is not loaded.
        """
        row = self.posts[post_id]
        post, account = row.Post, row.Account
        of_kind: dict[str, list[Any]] = defaultdict(list)
        for one in self.hanging.get(post_id, ()):
            of_kind[one.kind].append(one)
        mine = tuple(one.number for one in of_kind["choice"])
        holds = not (boosted or nested) and post.reblog_of_id in self.posts
        held = self.view(post.reblog_of_id, boosted=True) if holds else None
        attachments = tuple(one.Attachment for one in of_kind["attachment"])
        return PostView(
            post=post,
            account=account,
            attachments=attachments,
            mentions=tuple(one.Account for one in of_kind["mention"]),
            tags=tuple(one.name for one in of_kind["tag"]),
            application=row.OAuthApp,
            reblog=held,
            favourited=row.favoured,
            boosted=row.passed_on,
            bookmarked=row.bookmarked,
            muted=held.muted if held is not None else row.muted,
            pinned=row.pinned,
            filtered=held.filtered if held is not None else self._met(row, attachments, of_kind["named"]),
            poll=row.Poll,
            chosen=mine,
            voted=bool(mine) or row.own,
            reactions=tuple(
                ReactionCount(name=one.name, count=one.number, mine=bool(one.mine), url=one.url)
                for one in of_kind["reaction"]
            ),
            quotable=verdict(post, account, account=self.viewer_id, follows=row.follows),
            **({} if post.quote_iri is None else self._quote(post, nested=nested)),
        )

    def _met(
        self, row: Any, attachments: Sequence[Attachment], named: Sequence[Any]
    ) -> tuple[filters.Match, ...]:
        rules = filters.rules(self.hanging.get(0, ()))
        if not rules and not named:
            return ()
        words = filters.words_of(row.Post, attachments, row.Poll) if rules else ""
        return filters.met(rules, named, row.Post.id, words)

    def _quote(self, post: Post, *, nested: bool) -> dict[str, Any]:
        row = self.posts.get(post.quote_of_id) if post.quote_of_id is not None and not nested else None
        state = post.quote_state if nested else _state_of_quote(post, row)
        shown = row is not None and state == QuoteState.ACCEPTED
        return {
            "quote_state": state,
            "quoted": self.view(row.Post.id, nested=True) if row is not None and shown else None,
            "quoted_link": (row and row.visible and row.Post.url) or post.quote_iri,
        }


def _state_of_quote(post: Post, row: Any | None) -> str | None:
    """Tell what became of a quote, for one viewer: an accepted one may be gone, or not for them."""
    if post.quote_state != QuoteState.ACCEPTED:
        return post.quote_state
    if row is None:
        return QuoteState.DELETED
    return QuoteState.ACCEPTED if row.visible else QuoteState.UNAUTHORIZED
