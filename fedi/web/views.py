"""From rows to what a page prints: pure, so that templates decide nothing.

All HTML that strangers wrote passes the sanitiser once more here; whatever is marked safe for a template is
marked in this file. Addresses of other servers become links, and only when they are http(s); their pictures
are never loaded by a visitor's browser, which would tell that server who reads what.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from fedi import iris, text
from fedi.config import Settings
from fedi.models import Account, Attachment, AttachmentState, Post
from fedi.queries.posts import PostView
from fedi.services import showing
from fedi.web.polls import Poll, poll
from fedi.web.static import address

__all__ = ["Card", "Moment", "Person", "Picture", "card", "cards", "html", "person", "summary"]

NO_DESCRIPTION = "Picture without a description"
"""Said to those who do not see it: an empty text would tell them that there is no picture."""

SUMMARY_CHARACTERS = 200
"""Of the text in a link preview; those who show previews cut about there."""

AI_SOURCE = "digitalsourcetype/"
MADE = frozenset({"trainedAlgorithmicMedia", "algorithmicMedia"})
CHANGED = frozenset({"compositeWithTrainedAlgorithmicMedia", "algorithmicallyEnhanced"})
"""IPTC terms of pictures that a machine made, or changed."""

RECIPE = (("model", "Model"), ("steps", "Steps"), ("seed", "Seed"), ("guidance", "Guidance"))
"""What of a recipe is shown, beside the prompt and the size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time, for a machine and for a person."""

    iso: str
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who posted."""

    name: str
    handle: str
    """With both parts, as people elsewhere write it."""
    url: str | None
    avatar: str
    header: str
    is_local: bool
    is_bot: bool
    operator: str | None
    note: Markup
    fields: tuple[tuple[str, Markup], ...]
    posts: int
    followers: int
    following: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One attachment. `src` is None when this server does not have the file."""

    alt: str
    described: bool
    src: str | None
    width: int | None
    height: int | None
    thumbnail: str | None
    thumbnail_width: int | None
    thumbnail_height: int | None
    elsewhere: str | None
    """Address at the server that has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One post, ready to print."""

    id: int
    url: str | None
    iri: str
    author: Person
    boosted_by: Person | None
    content: Markup
    quoted: "Card | None"
    """The post that it quotes, when its author lets it and everyone may see it."""
    warning: str
    """Shown first, with the rest behind it; empty when there is nothing to warn of."""
    language: str | None
    pictures: tuple[Picture, ...]
    poll: Poll | None
    posted: Moment
    edited: Moment | None
    ai: str | None
    """The label of pictures made by a machine."""
    recipe: tuple[tuple[str, str], ...]
    prompt: str | None
    answers_to: str | None
    replies: int
    boosts: int
    favourites: int


def person(account: Account, settings: Settings) -> Person:
    """Describe an account."""
    url = iris.profile(settings, account.username) if account.is_local else _link(account.url or account.iri)
    return Person(
        name=text.clean_name(account.display_name) or account.username,
        handle=f"@{account.username}@{account.domain or settings.domain}",
        url=url,
        avatar=_here(showing.avatar(account, settings), settings) or address("avatar.png"),
        header=_here(showing.header(account, settings), settings) or address("header.png"),
        is_local=account.is_local,
        is_bot=account.is_bot,
        operator=account.operator,
        note=html(account.note),
        fields=tuple(_field(row, own=account.is_local) for row in account.fields),
        posts=account.statuses_count,
        followers=account.followers_count,
        following=account.following_count,
    )


def cards(views: Iterable[PostView], settings: Settings) -> list[Card]:
    """Describe posts, in order."""
    return [card(view, settings) for view in views]


def card(view: PostView, settings: Settings) -> Card:
    """Describe a post; of a boost, the post that it holds and who boosted it."""
    shown = view.reblog or view
    post = shown.post
    return Card(
        id=post.id,
        url=_post_url(shown, settings),
        iri=post.iri,
        author=person(shown.account, settings),
        boosted_by=person(view.account, settings) if view.reblog else None,
        content=_content(shown),
        quoted=card(shown.quoted, settings) if shown.quoted else None,
        warning=_warning(post, shown.account),
        language=post.language,
        pictures=tuple(_picture(attachment, settings) for attachment in shown.attachments),
        poll=poll(shown.poll) if shown.poll else None,
        posted=moment(post.created_at),
        edited=moment(post.edited_at) if post.edited_at else None,
        ai=_ai_label(post, shown.attachments),
        recipe=_recipe(post.recipe or {}),
        prompt=(post.recipe or {}).get("prompt"),
        answers_to=_link(post.in_reply_to_iri or ""),
        replies=post.replies_count,
        boosts=post.reblogs_count,
        favourites=post.favourites_count,
    )


def _content(view: PostView) -> Markup:
    """Return the words of a post; one of ours that quotes gets the link that others bring along."""
    said = view.post.content
    if view.post.local and view.quoted_link is not None:
        said = text.with_quote_link(said, view.quoted_link)
    return html(said)


def moment(at: datetime) -> Moment:
    """Describe a point in time, in UTC: the page does not know where its reader is."""
    at = at.astimezone(UTC)
    return Moment(iso=at.strftime("%Y-%m-%dT%H:%M:%SZ"), shown=f"{at.day} {at:%B %Y, %H:%M} UTC")


def summary(content: str) -> str:
    """Return the beginning of a post as one line of plain text."""
    line = " ".join(text.html_to_text(content).split())
    return line if len(line) <= SUMMARY_CHARACTERS else line[: SUMMARY_CHARACTERS - 1].rstrip() + "…"


def _picture(attachment: Attachment, settings: Settings) -> Picture:
    ready = attachment.state == AttachmentState.READY
    source = _here(showing.file(attachment, settings), settings) if ready else None
    thumbnail = _here(showing.preview(attachment, settings), settings) if ready else None
    return Picture(
        alt=attachment.description or NO_DESCRIPTION,
        described=bool(attachment.description),
        src=source,
        width=attachment.width,
        height=attachment.height,
        thumbnail=thumbnail or source,
        thumbnail_width=attachment.thumbnail_width or attachment.width,
        thumbnail_height=attachment.thumbnail_height or attachment.height,
        elsewhere=_link(attachment.remote_url or ""),
    )


def _field(row: dict[str, Any], *, own: bool) -> tuple[str, Markup]:
    """Return a line of a profile; a link of our own people's says `me`, so that its page can check it."""
    value = html(str(row.get("value", "")))
    if own:
        value = value.replace(Markup('rel="nofollow'), Markup('rel="me nofollow'))
    return text.clean_name(str(row.get("name", ""))), value


def _warning(post: Post, author: Account) -> str:
    sensitive = post.sensitive or author.sensitized_at is not None
    return text.clean_name(post.spoiler_text) or ("Sensitive content" if sensitive else "")


def _ai_label(post: Post, attachments: Sequence[Attachment]) -> str | None:
    sources = {post.digital_source_type, *(attachment.digital_source_type for attachment in attachments)}
    terms = {source.rpartition(AI_SOURCE)[2] for source in sources if source and AI_SOURCE in source}
    if post.recipe or terms & MADE:
        return "AI-generated"
    return "Changed with AI" if terms & CHANGED else None


def _recipe(recipe: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    rows = [(label, str(recipe[key])) for key, label in RECIPE if recipe.get(key)]
    if recipe.get("width_px") and recipe.get("height_px"):
        rows.append(("Size", f"{recipe['width_px']} × {recipe['height_px']}"))
    return tuple(rows)


def _post_url(view: PostView, settings: Settings) -> str | None:
    if view.post.local:
        return iris.post(settings, view.account.username, view.post.id)
    return _link(view.post.url or view.post.iri)


def _here(url: str | None, settings: Settings) -> str | None:
    """Return an address of ours as a path; None for one elsewhere, which a page never loads."""
    return (
        url.removeprefix(settings.origin)
        if url is not None and url.startswith(settings.origin + "/")
        else None
    )


def html(source: str) -> Markup:
    """Return sanitised HTML, which a template prints as it is."""
    return Markup(text.sanitise(source))  # noqa: S704 - the one place, and it was sanitised in this expression


def _link(url: str) -> str | None:
    return url if url.startswith(("https://", "http://")) else None
