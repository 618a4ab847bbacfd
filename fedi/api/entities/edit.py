"""Versions of a post, oldest first; the last is what the post is now.

A picture that was taken out later is missing in the versions that had it: it is not kept.

Source: Mastodon's documentation, "StatusEdit entity".
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from fedi.api.entities.account import Account, account
from fedi.api.entities.attachment import MediaAttachment, attachment, is_shown
from fedi.api.entities.emoji import CustomEmoji, custom_emojis
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Account as AccountRow
from fedi.models import Attachment, PostEdit
from fedi.queries.posts import PostView
from fedi.text import clean_name, sanitise

__all__ = ["StatusEdit", "edits"]


class EditedPoll(TypedDict):
    """The options that a version had."""

    options: list[dict[str, str]]


class StatusEdit(TypedDict):
    """One version."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    account: Account
    poll: EditedPoll | None
    media_attachments: list[MediaAttachment]
    emojis: list[CustomEmoji]


def edits(
    view: PostView, former: Sequence[PostEdit], pictures: Mapping[int, Attachment], settings: Settings
) -> list[StatusEdit]:
    """Build all versions of a post.

    Args:
        view: the post as it is.
        former: what it was, oldest first.
        pictures: those of former versions that are still there, by id.
        settings: for addresses.
    """
    built = [_former(version, view.account, pictures, settings) for version in former]
    post = view.post
    now = _edit(
        view.account,
        settings,
        content=post.content,
        spoiler_text=post.spoiler_text,
        sensitive=post.sensitive,
        created_at=post.edited_at or post.created_at,
        options=view.poll.options if view.poll else None,
        emojis=post.emojis,
    )
    now["media_attachments"] = [attachment(row, settings) for row in view.attachments if is_shown(row)]
    return [*built, now]


def _former(
    version: PostEdit, author: AccountRow, pictures: Mapping[int, Attachment], settings: Settings
) -> StatusEdit:
    built = _edit(
        author,
        settings,
        content=version.content,
        spoiler_text=version.spoiler_text,
        sensitive=version.sensitive,
        created_at=version.created_at,
        options=version.poll_options,
        emojis=version.emojis,
    )
    for entry in version.attachments:
        row = pictures.get(entry["id"])
        if row is not None and is_shown(row):
            shown = attachment(row, settings)
            shown["description"] = entry["description"]
            built["media_attachments"].append(shown)
    return built


def _edit(
    author: AccountRow,
    settings: Settings,
    *,
    content: str,
    spoiler_text: str,
    sensitive: bool,
    created_at: datetime,
    options: Sequence[str] | None,
    emojis: list[dict[str, Any]],
) -> StatusEdit:
    return {
        "content": sanitise(content),
        "spoiler_text": spoiler_text,
        "sensitive": sensitive or author.sensitized_at is not None,
        "created_at": isoformat_ms(created_at),
        "account": account(author, settings),
        "poll": None if options is None else {"options": [{"title": clean_name(name)} for name in options]},
        "media_attachments": [],
        "emojis": custom_emojis(emojis),
    }
