"""Accounts, as everyone sees them and as their owner does.

Several clients refuse an account whose avatar is not the address of a picture, so those without one get
the server's own.

Source: Mastodon's documentation, "Account entity", "CredentialAccount entity", "Role entity".
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from fedi import iris
from fedi.api.entities.emoji import CustomEmoji, custom_emojis
from fedi.clock import isoformat_ms
from fedi.config import Settings
from fedi.models import Account as AccountRow
from fedi.models import Login, Mute
from fedi.models import Role as RoleName
from fedi.services import showing
from fedi.text import html_to_text, sanitise

__all__ = [
    "ROLES",
    "Account",
    "CredentialAccount",
    "Field",
    "MutedAccount",
    "Role",
    "Source",
    "account",
    "credential_account",
    "muted_account",
    "role",
    "typed_field",
]

ROLES: Mapping[RoleName, tuple[str, str, int]] = {
    RoleName.USER: ("-99", "", 0),
    RoleName.MODERATOR: ("1", "Moderator", 0x4 | 0x8 | 0x10 | 0x100 | 0x400),
    RoleName.ADMIN: ("3", "Admin", 0x1),
}
"""Mastodon's id, name and permissions of each role. Moderators see the log and the figures and deal with
reports, hashtags and people; administrators do everything."""


class Field(TypedDict):
    """A line of a profile's table."""

    name: str
    value: str
    verified_at: str | None


class Role(TypedDict):
    """What somebody may do here."""

    id: str
    name: str
    permissions: str
    color: str
    highlighted: bool


class Source(TypedDict):
    """What the owner typed, and the defaults of the composer."""

    privacy: str
    sensitive: bool
    language: str | None
    note: str
    fields: list[Field]
    follow_requests_count: int
    hide_collections: bool
    discoverable: bool
    indexable: bool
    attribution_domains: list[str]
    quote_policy: str


class Wishes(TypedDict):
    """Our own extension: what else somebody may decide."""

    tells_of_blocks: bool


class Account(TypedDict):
    """An account as everyone sees it."""

    id: str
    username: str
    acct: str
    url: str
    uri: str
    display_name: str
    note: str
    avatar: str
    avatar_static: str
    avatar_description: str
    header: str
    header_static: str
    header_description: str
    locked: bool
    fields: list[Field]
    emojis: list[CustomEmoji]
    bot: bool
    group: bool
    discoverable: bool
    indexable: bool
    noindex: bool
    hide_collections: bool
    suspended: bool
    limited: bool
    memorial: bool
    moved: "Account | None"
    roles: list[Role]
    created_at: str
    last_status_at: str | None
    statuses_count: int
    followers_count: int
    following_count: int


class MutedAccount(Account):
    """An account that the viewer mutes."""

    mute_expires_at: str | None


class CredentialAccount(Account):
    """An account as its owner sees it."""

    source: Source
    role: Role
    fedi: Wishes


def account(row: AccountRow, settings: Settings, *, successor: AccountRow | None = None) -> Account:
    """Build an account; `successor` is the one that it moved to, where that is of interest."""
    avatar = showing.avatar(row, settings) or iris.static(settings, "avatar.png")
    header = showing.header(row, settings) or iris.static(settings, "header.png")
    return {
        "id": str(row.id),
        "username": row.username,
        "acct": row.acct,
        "url": row.url or row.iri,
        "uri": row.iri,
        "display_name": row.display_name,
        "note": sanitise(row.note),
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": row.avatar_description,
        "header": header,
        "header_static": header,
        "header_description": row.header_description,
        "locked": row.locked,
        "fields": [_field(stored) for stored in row.fields],
        "emojis": custom_emojis(row.emojis),
        "bot": row.is_bot,
        "group": row.kind == "Group",
        "discoverable": row.discoverable,
        "indexable": row.indexable,
        "noindex": not row.indexable,
        "hide_collections": row.hides_collections,
        "suspended": row.suspended_at is not None,
        "limited": row.silenced_at is not None,
        "memorial": row.memorial,
        "moved": account(successor, settings) if successor is not None else None,
        "roles": [],
        "created_at": isoformat_ms(row.created_at),
        "last_status_at": row.last_status_at.date().isoformat() if row.last_status_at else None,
        "statuses_count": row.statuses_count,
        "followers_count": row.followers_count,
        "following_count": row.following_count,
    }


def muted_account(row: AccountRow, mute: Mute, settings: Settings) -> MutedAccount:
    """Build an account for who mutes it."""
    expires_at = isoformat_ms(mute.expires_at) if mute.expires_at is not None else None
    return {**account(row, settings), "mute_expires_at": expires_at}


def credential_account(
    row: AccountRow,
    login: Login | None,
    settings: Settings,
    *,
    follow_requests_count: int,
    successor: AccountRow | None = None,
) -> CredentialAccount:
    """Build an account for its owner."""
    return {
        **account(row, settings, successor=successor),
        "source": {
            "privacy": login.default_visibility if login else "public",
            "sensitive": login.default_sensitive if login else False,
            "language": login.default_language if login else None,
            "note": row.note_source,
            "fields": [typed_field(stored) for stored in row.fields],
            "follow_requests_count": follow_requests_count,
            "hide_collections": row.hides_collections,
            "discoverable": row.discoverable,
            "indexable": row.indexable,
            "attribution_domains": row.attribution_domains,
            "quote_policy": login.default_quote_policy if login else "public",
        },
        "role": role(RoleName(login.role) if login else RoleName.USER),
        "fedi": {"tells_of_blocks": login.tells_of_blocks if login else False},
    }


def role(name: RoleName) -> Role:
    """Build a role; none is shown beside a name here, so none is highlighted."""
    identifier, shown_as, permissions = ROLES[name]
    return {
        "id": identifier,
        "name": shown_as,
        "permissions": str(permissions),
        "color": "",
        "highlighted": False,
    }


def _field(stored: dict[str, Any]) -> Field:
    return {
        "name": str(stored.get("name") or ""),
        "value": sanitise(str(stored.get("value") or "")),
        "verified_at": stored.get("verified_at"),
    }


def typed_field(stored: dict[str, Any]) -> Field:
    """Build a line as its owner typed it."""
    field = _field(stored)
    typed = stored.get("source")
    return {**field, "value": typed if isinstance(typed, str) else html_to_text(field["value"])}
