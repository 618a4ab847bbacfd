"""What a client needs of quotes beside the quoted post: who may quote, and the emoji under a post.

Emoji stand where Pleroma put them (`pleroma.emoji_reactions`), since that is the one shape that clients of
several kinds read; Mastodon has none for posts.

Source: Mastodon's documentation, "QuoteApproval entity", "ShallowQuote entity"; Pleroma's documentation of
its API, "Statuses".
"""

from typing import NotRequired, TypedDict

from fedi.queries.posts import PostView
from fedi.queries.quotes import QuoteState, words
from fedi.queries.reactions import ReactionCount

__all__ = [
    "EmojiReaction", "Extras", "QuoteApproval", "ShallowQuote", "emoji_reaction", "extras",
    "quote_approval", "shallow_quote",
]  # fmt: skip


class QuoteApproval(TypedDict):
    """Who may quote a post."""

    automatic: list[str]
    manual: list[str]
    current_user: str


class ShallowQuote(TypedDict):
    """The quote in a quoted post, of which no more is shown."""

    state: str
    quoted_status_id: str | None


class EmojiReaction(TypedDict):
    """One emoji under a post."""

    name: str
    count: int
    me: bool
    url: NotRequired[str]


class Extras(TypedDict):
    """Pleroma's own part of a post."""

    emoji_reactions: list[EmojiReaction]


def quote_approval(view: PostView) -> QuoteApproval:
    """Build who may quote a post, and whether the viewer may."""
    automatic, manual = words(view.post, view.account)
    return {"automatic": automatic, "manual": manual, "current_user": view.quotable}


def shallow_quote(view: PostView) -> ShallowQuote | None:
    """Build the quote in a post that is itself shown as a quote."""
    if view.quote_state is None:
        return None
    shown = view.quote_state == QuoteState.ACCEPTED and view.post.quote_of_id is not None
    return {
        "state": view.quote_state,
        "quoted_status_id": str(view.post.quote_of_id) if shown else None,
    }


def extras(view: PostView, *, marked: bool) -> Extras:
    """Build the emoji under a post."""
    return {"emoji_reactions": [emoji_reaction(entry, marked=marked) for entry in view.reactions]}


def emoji_reaction(entry: ReactionCount, *, marked: bool) -> EmojiReaction:
    """Build one emoji; only a custom one has an address."""
    built: EmojiReaction = {"name": entry.name, "count": entry.count, "me": marked and entry.mine}
    if entry.url is not None:
        built["url"] = entry.url
    return built
