"""Posts, the entity that every client decodes most of.

A boost is a wrapper with an id of its own around the whole boosted post. What the viewer did with a post
(`favourited`, …) is only there when somebody asks, and `text` only when the author deletes it.

Source: Mastodon's documentation, "Status entity", "Context entity", "StatusSource entity".
"""

from typing import NotRequired, TypedDict

from fedi import iris
from fedi.api.entities.account import Account, account
from fedi.api.entities.application import PublicApplication, public_application
from fedi.api.entities.attachment import MediaAttachment, attachment, is_shown
from fedi.api.entities.emoji import CustomEmoji, custom_emojis
from fedi.api.entities.filter import FilterResult, filter_result
from fedi.api.entities.poll import Poll, poll
from fedi.api.entities.quote import (
    Extras,
    QuoteApproval,
    ShallowQuote,
    extras,
    quote_approval,
    shallow_quote,
)  # fmt: skip
from fedi.api.entities.recipe import Generated, generated
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Account as AccountRow
from fedi.models import Post
from fedi.queries.posts import PostView
from fedi.text import sanitise, with_quote_link

__all__ = [
    "Context", "Quote", "Status", "StatusMention", "StatusSource", "StatusTag", "status",
    "status_source",
]  # fmt: skip


class StatusMention(TypedDict):
    """Somebody named in a post."""

    id: str
    username: str
    url: str
    acct: str


class StatusTag(TypedDict):
    """A hashtag of a post."""

    name: str
    url: str


class Status(TypedDict):
    """A post, or the boost of one."""

    id: str
    created_at: str
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    sensitive: bool
    spoiler_text: str
    visibility: str
    language: str | None
    uri: str
    url: str | None
    replies_count: int
    reblogs_count: int
    favourites_count: int
    quotes_count: int
    edited_at: str | None
    content: str
    reblog: "Status | None"
    application: PublicApplication | None
    account: Account
    media_attachments: list[MediaAttachment]
    mentions: list[StatusMention]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    card: None
    poll: Poll | None
    quote: "Quote | ShallowQuote | None"
    quote_approval: QuoteApproval
    pleroma: Extras
    fedi: Generated | None
    favourited: NotRequired[bool]
    reblogged: NotRequired[bool]
    muted: NotRequired[bool]
    bookmarked: NotRequired[bool]
    pinned: NotRequired[bool]
    filtered: NotRequired[list[FilterResult]]
    text: NotRequired[str]


class Quote(TypedDict):
    """The quote in a post."""

    state: str
    quoted_status: Status | None


class StatusSource(TypedDict):
    """What the author typed."""

    id: str
    text: str
    spoiler_text: str


class Context(TypedDict):
    """The thread around a post."""

    ancestors: list[Status]
    descendants: list[Status]


def status(view: PostView, settings: Settings, *, marked: bool, quoted: bool = False) -> Status:
    """Build a post.

    Args:
        view: the post.
        settings: for addresses.
        marked: whether somebody asks, whose favours and boosts are in the view.
        quoted: whether it is shown inside a post that quotes it; what it quotes itself is then only named.
    """
    post = view.post
    shown = view.reblog or view
    built: Status = {
        "id": str(post.id),
        "created_at": isoformat_ms(post.created_at),
        "in_reply_to_id": str(post.in_reply_to_id) if post.in_reply_to_id else None,
        "in_reply_to_account_id": str(post.in_reply_to_account_id) if post.in_reply_to_account_id else None,
        "sensitive": shown.post.sensitive or shown.account.sensitized_at is not None,
        "spoiler_text": shown.post.spoiler_text,
        "visibility": post.visibility,
        "language": shown.post.language,
        "uri": post.iri,
        "url": post.url or post.iri,
        "replies_count": shown.post.replies_count,
        "reblogs_count": shown.post.reblogs_count,
        "favourites_count": shown.post.favourites_count,
        "quotes_count": shown.post.quotes_count,
        "edited_at": isoformat_ms(post.edited_at) if post.edited_at else None,
        "content": _content(shown),
        "reblog": status(view.reblog, settings, marked=marked) if view.reblog else None,
        "application": public_application(view.application) if view.application else None,
        "account": account(view.account, settings),
        "media_attachments": []
        if view.reblog
        else [attachment(row, settings) for row in view.attachments if is_shown(row)],
        "mentions": [] if view.reblog else [_mention(row) for row in view.mentions],
        "tags": []
        if view.reblog
        else [{"name": name, "url": iris.tag(settings, name)} for name in view.tags],
        "emojis": custom_emojis(shown.post.emojis),
        "card": None,
        "poll": None
        if view.poll is None
        else poll(view.poll, marked=marked, voted=view.voted, chosen=view.chosen),
        "quote": shallow_quote(view) if quoted else _quote(view, settings, marked=marked),
        "quote_approval": quote_approval(shown),
        "pleroma": extras(shown, marked=marked),
        "fedi": None if view.reblog else _generated(view),
    }
    if marked:
        built["favourited"] = view.favourited
        built["reblogged"] = view.boosted
        built["muted"] = view.muted
        built["bookmarked"] = view.bookmarked
        built["pinned"] = view.pinned
        built["filtered"] = [filter_result(match) for match in view.filtered]
    return built


def status_source(post: Post) -> StatusSource:
    """Build what the author typed."""
    return {"id": str(post.id), "text": post.source, "spoiler_text": post.spoiler_text}


def _poll(view: PostView, *, marked: bool) -> Poll | None:
    if view.poll is None:
        return None
    return poll(view.poll, marked=marked, voted=view.voted, chosen=view.chosen)


def _content(view: PostView) -> str:
    """Return the words; the paragraph that leads to what a post of ours quotes is not kept with them."""
    said = sanitise(view.post.content)
    if not view.post.local or view.quoted_link is None:
        return said
    return sanitise(with_quote_link(said, view.quoted_link))


def _quote(view: PostView, settings: Settings, *, marked: bool) -> Quote | None:
    if view.quote_state is None:
        return None
    shown = status(view.quoted, settings, marked=marked, quoted=True) if view.quoted is not None else None
    return {"state": view.quote_state, "quoted_status": shown}


def _mention(row: AccountRow) -> StatusMention:
    return {"id": str(row.id), "username": row.username, "url": row.url or row.iri, "acct": row.acct}


def _generated(view: PostView) -> Generated | None:
    """Return how the pictures of a post were made: what it says itself, else what the first of them says."""
    recipes = [view.post.recipe, *(row.recipe for row in view.attachments)]
    return generated(view.post.digital_source_type, next(filter(None, recipes), None))
