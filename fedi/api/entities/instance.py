"""This server, in the two shapes that clients read before anything else.

A client switches features on by `version` and by `api_versions.mastodon`, so the second is never more than
what is implemented: 9, with grouped notifications, quotes and `/api/v1/profile`; 10 has collections of
accounts. `fedi` is the version of our own extensions. Both shapes are kept, because clients fall back from
one to the other.

Source: Mastodon's documentation, "Instance entity" and "V1::Instance entity".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import fedi
from fedi import iris
from fedi.api.entities.account import account
from fedi.api.entities.announcement import rule
from fedi.api.entities.extension import API_VERSION, extension
from fedi.config import Settings
from fedi.models import Account as AccountRow
from fedi.models import Rule
from fedi.queries.census import Census
from fedi.services import attaching, longtexts, polling, profile
from fedi.services.featuring import TAGS_MAX
from fedi.services.pinning import PINS_MAX

__all__ = ["IMAGE_BYTES_MAX", "IMAGE_TYPES", "Facts", "instance_v1", "instance_v2"]

VERSION = f"4.5.0 (compatible; fedi {fedi.__version__})"
"""Leading number: whose API this is; clients parse it. Names of other servers in here would switch on
their dialects."""

API_VERSIONS = {"mastodon": 9, "fedi": API_VERSION}

IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
"""What an upload may be; `media.decoding` holds the other end of this list."""

IMAGE_BYTES_MAX = 16 * 1024 * 1024
"""Of an upload; Mastodon's limit, which is also that of `media.decoding`."""

IMAGE_PIXELS_MAX = 40_000_000
"""Of an upload, as `media.decoding` takes it."""

URL_CHARACTERS = 23
"""What a link counts for in a client's composer; here every character counts, so this is an upper bound
for short ones only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is looked up for the two entities.

    Attributes:
        census: the counts.
        contact: the operator's account, if there is one.
        vapid_key: what push services know us by.
        generator: handle of the bot that draws on request, if there is one.
        rules: what holds here.
        texts: which of the operator's long texts there are (`services.longtexts`).
    """

    census: Census
    contact: AccountRow | None
    vapid_key: str = ""
    generator: str | None = None
    rules: Sequence[Rule] = ()
    texts: frozenset[str] = frozenset()


def instance_v2(settings: Settings, facts: Facts) -> dict[str, Any]:
    """Build the present shape."""
    return {
        "domain": settings.domain,
        "title": settings.instance_name,
        "version": VERSION,
        "source_url": settings.source_url or f"{settings.origin}/about",
        "description": settings.instance_description,
        "usage": {"users": {"active_month": facts.census.active_month}},
        "thumbnail": {
            "url": iris.static(settings, "header.png"),
            "blurhash": None,
            "versions": {},
            "description": "",
        },
        "icon": [{"src": iris.static(settings, "avatar.png"), "size": "400x400"}],
        "languages": [settings.language],
        "configuration": _configuration_v2(settings, facts),
        "registrations": {
            "enabled": settings.registrations != "closed",
            "approval_required": settings.registrations == "approval",
            "reason_required": settings.registrations == "approval",
            "message": None,
            "min_age": None,
            "url": None,
        },
        "api_versions": API_VERSIONS,
        "contact": {
            "email": settings.contact_email,
            "account": account(facts.contact, settings) if facts.contact else None,
        },
        "rules": [rule(row) for row in facts.rules],
        "fedi": extension(settings, generator=facts.generator),
    }


def instance_v1(settings: Settings, facts: Facts) -> dict[str, Any]:
    """Build the older shape."""
    return {
        "uri": settings.domain,
        "title": settings.instance_name,
        "short_description": settings.instance_description,
        "description": settings.instance_description,
        "email": settings.contact_email,
        "version": VERSION,
        "urls": {"streaming_api": _streaming(settings)},
        "stats": _stats(facts.census),
        "thumbnail": iris.static(settings, "header.png"),
        "languages": [settings.language],
        "registrations": settings.registrations != "closed",
        "approval_required": settings.registrations == "approval",
        "invites_enabled": False,
        "configuration": _configuration(settings),
        "contact_account": account(facts.contact, settings) if facts.contact else None,
        "rules": [rule(row) for row in facts.rules],
    }


def _stats(counted: Census) -> dict[str, int]:
    return {"user_count": counted.people, "status_count": counted.posts, "domain_count": counted.servers}


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "accounts": {
            "max_featured_tags": TAGS_MAX,
            "max_pinned_statuses": PINS_MAX,
            "max_display_name_length": profile.NAME_CHARACTERS_MAX,
            "max_note_length": profile.NOTE_CHARACTERS_MAX,
            "max_avatar_description_length": attaching.DESCRIPTION_CHARACTERS_MAX,
            "max_header_description_length": attaching.DESCRIPTION_CHARACTERS_MAX,
            "max_profile_fields": profile.FIELDS_MAX,
            "profile_field_name_limit": profile.FIELD_CHARACTERS_MAX,
            "profile_field_value_limit": profile.FIELD_CHARACTERS_MAX,
        },
        "statuses": {
            "max_characters": settings.post_characters_max,
            "max_media_attachments": 4,
            "characters_reserved_per_url": URL_CHARACTERS,
        },
        "media_attachments": {
            "supported_mime_types": list(IMAGE_TYPES),
            "description_limit": 1500,
            "image_size_limit": IMAGE_BYTES_MAX,
            "image_matrix_limit": IMAGE_PIXELS_MAX,
            # No video is taken; clients decode these as numbers all the same.
            "video_size_limit": 0,
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
        },
        "polls": {
            "max_options": polling.OPTIONS_MAX,
            "max_characters_per_option": polling.OPTION_CHARACTERS_MAX,
            "min_expiration": polling.DURATION_S_MIN,
            "max_expiration": polling.DURATION_S_MAX,
        },
    }


def _page(settings: Settings, facts: Facts, name: str) -> str | None:
    """Return the address of one of the operator's long texts; None when they wrote none."""
    return f"{settings.origin}{longtexts.PAGES[name]}" if name in facts.texts else None


def _streaming(settings: Settings) -> str:
    """Return where WebSockets are opened; clients add the path."""
    return settings.origin.replace("http", "ws", 1)


def _configuration_v2(settings: Settings, facts: Facts) -> dict[str, Any]:
    return {
        **_configuration(settings),
        "urls": {
            "streaming": _streaming(settings),
            "status": None,
            "about": f"{settings.origin}/about",
            "privacy_policy": _page(settings, facts, longtexts.PRIVACY),
            "terms_of_service": _page(settings, facts, longtexts.TERMS),
        },
        "vapid": {"public_key": facts.vapid_key},
        "translation": {"enabled": bool(settings.translation_url)},
        "timelines_access": {
            "live_feeds": {"local": "public", "remote": "public"},
            "hashtag_feeds": {"local": "public", "remote": "public"},
            "trending_link_feeds": {"local": "disabled", "remote": "disabled"},
        },
        "limited_federation": settings.federation_mode == "allowlist",
    }
