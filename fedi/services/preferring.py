"""Preferences: what somebody chose for their posts, and for how clients show those of others.

Clients know them by Mastodon's names, with colons. What decides about posts has columns of its own, because
posting asks for it; all the rest stands under its name in one JSON value. What was never chosen has the
default, and is not stored, so that a default can change.

Source: Mastodon's documentation, "Preferences entity".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Login

__all__ = [
    "AUTOPLAY", "EXPAND_MEDIA", "EXPAND_SPOILERS", "IMAGINE", "SHARE", "SHARES", "change", "everything",
    "get", "stored",
]  # fmt: skip

EXPAND_MEDIA = "reading:expand:media"
EXPAND_SPOILERS = "reading:expand:spoilers"
AUTOPLAY = "reading:autoplay:gifs"
IMAGINE = "fedi:imagine"
"""Whether `/imagine` at the beginning of a post asks for a picture."""
SHARE = "fedi:share"
"""What others are told about how a picture was made."""

SHARES = ("all", "no_prompt", "nothing")
"""All; all but the prompts; nothing but that it was generated (`services.sharing`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a preference may be; without `words` it is yes or no."""

    default: str | bool
    words: tuple[str, ...] = ()


KNOWN: Mapping[str, Preference] = {
    EXPAND_MEDIA: Preference(default="default", words=("default", "show_all", "hide_all")),
    EXPAND_SPOILERS: Preference(default=False),
    AUTOPLAY: Preference(default=False),
    IMAGINE: Preference(default=True),
    SHARE: Preference(default=SHARES[0], words=SHARES),
}

COLUMNS: Mapping[str, tuple[str, Any]] = {
    "posting:default:visibility": ("default_visibility", "public"),
    "posting:default:sensitive": ("default_sensitive", False),
    "posting:default:language": ("default_language", None),
    "posting:default:quote_policy": ("default_quote_policy", "public"),
}
"""Preferences with a column of `Login`, and what holds where there is no login; `services.profile` changes
them."""


async def get(tx: Tx, account_id: int, name: str) -> Any:
    """Return a preference of somebody by its name; the default, when they did not choose."""
    login = await tx.get(Login, account_id)
    return everything(login)[name]


def everything(login: Login | None) -> dict[str, Any]:
    """Return all preferences by name; the defaults of one who cannot sign in."""
    posting = {
        name: default if login is None else getattr(login, column)
        for name, (column, default) in COLUMNS.items()
    }
    return posting | stored(login)


def stored(login: Login | None) -> dict[str, Any]:
    """Return the preferences that have no column, by name."""
    chosen: Mapping[str, Any] = login.preferences if login is not None else {}
    return {name: chosen.get(name, known.default) for name, known in KNOWN.items()}


async def change(tx: Tx, account_id: int, wishes: Mapping[str, Any]) -> None:
    """Choose some preferences that have no column.

    Args:
        tx: a writing transaction.
        account_id: somebody who can sign in here; nothing happens for others.
        wishes: by name: a word, or yes or no.

    Raises:
        Refused: 422 for a preference that does not exist, or cannot be so.
    """
    for name, value in wishes.items():
        _require_possible(name, value)
    # Held, so that two changes at once do not lose one another.
    held = select(Login).where(Login.account_id == account_id).with_for_update()
    login = (await tx.execute(held.execution_options(populate_existing=True))).scalar_one_or_none()
    if login is not None:
        login.preferences = {**login.preferences, **wishes}
        await tx.flush()


def _require_possible(name: str, value: Any) -> None:
    known = KNOWN.get(name)
    if known is None:
        raise Refused(422, f"Validation failed: there is no preference '{name[:100]}'")
    if known.words:
        if value not in known.words:
            raise Refused(422, f"Validation failed: {name} must be one of {', '.join(known.words)}")
    elif not isinstance(value, bool):
        raise Refused(422, f"Validation failed: {name} must be true or false")
