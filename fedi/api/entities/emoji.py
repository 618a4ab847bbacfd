"""Custom emoji in names and posts: pictures that stand for `:shortcode:`.

Source: Mastodon's documentation, "CustomEmoji entity".
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

__all__ = ["CustomEmoji", "custom_emojis"]


class CustomEmoji(TypedDict):
    """One emoji; `category` exists only in the list of a server's own."""

    shortcode: str
    url: str
    static_url: str
    visible_in_picker: bool


def custom_emojis(stored: Iterable[Mapping[str, Any]]) -> list[CustomEmoji]:
    """Build the emojis of an account or a post from what was stored with it."""
    found: list[CustomEmoji] = []
    for emoji in stored:
        shortcode, url = str(emoji.get("shortcode") or "").strip(":"), emoji.get("url")
        if shortcode and isinstance(url, str):
            found.append({"shortcode": shortcode, "url": url, "static_url": url, "visible_in_picker": False})
    return found
