"""One's profile: what somebody here says of themselves, and the defaults of their posts.

What follows from a change (telling other servers, letting in who waits, checking links) is done by jobs that
are written with it: `services.renewing` and `services.linking`.

Source: Mastodon's documentation, "Update account credentials", and its limits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fedi import text
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Login
from fedi.outbound import translate
from fedi.services import attaching, linking, preferring, renewing, wording
from media.errors import MediaError

__all__ = [
    "FIELDS_MAX", "FIELD_CHARACTERS_MAX", "NAME_CHARACTERS_MAX", "NOTE_CHARACTERS_MAX", "Edit", "check",
    "edit", "store_avatar", "store_header",
]  # fmt: skip

NAME_CHARACTERS_MAX = 30
"""Of a display name; Mastodon's figure, which clients cut at."""

NOTE_CHARACTERS_MAX = 500
"""Of a biography; Mastodon's figure."""

FIELDS_MAX = 4
"""Lines of a profile's table; Mastodon's figure, and what clients lay out."""

FIELD_CHARACTERS_MAX = 255
"""Of a field's name, and of its value; Mastodon's figure."""

ATTRIBUTION_DOMAINS_MAX = 100
"""Sites that may name somebody as an author; Mastodon's figure."""

DOMAIN_CHARACTERS_MAX = 253
"""Of a host name, RFC 1035 section 2.3.4."""

VISIBILITIES = ("public", "unlisted", "private")
"""That a person may choose for all new posts; letters are chosen one by one."""

QUOTE_POLICIES = ("public", "followers", "nobody")

FLAGS = (
    "locked", "discoverable", "indexable", "hides_collections", "shows_media", "shows_media_replies",
    "shows_featured",
)  # fmt: skip
"""Of an account that an edit changes as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What changes; None leaves a thing as it is.

    Attributes:
        display_name: plain text.
        note: biography in plain text.
        fields: pairs of name and value in plain text; those without both are left out.
        avatar_key: a stored picture (`store_avatar`); empty takes it away.
        header_key: the same of the header.
        avatar_description: what the avatar shows.
        header_description: the same of the header.
        locked: whether followers are let in by hand.
        bot: whether it says of itself that no person types there.
        visibility: of new posts.
        quote_policy: who may quote new posts.
        language: of new posts; empty for the server's.
        tells_of_blocks: whether the server of somebody blocked gets the Block.
        shows_media: whether the profile has a tab of pictures.
        shows_media_replies: whether that has pictures of answers too.
        shows_featured: whether the profile has a tab of what they feature.
        preferences: by name, those of `services.preferring`.
    """

    display_name: str | None = None
    note: str | None = None
    fields: Sequence[tuple[str, str]] | None = None
    avatar_key: str | None = None
    header_key: str | None = None
    avatar_description: str | None = None
    header_description: str | None = None
    locked: bool | None = None
    bot: bool | None = None
    discoverable: bool | None = None
    indexable: bool | None = None
    hides_collections: bool | None = None
    attribution_domains: Sequence[str] | None = None
    visibility: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    quote_policy: str | None = None
    tells_of_blocks: bool | None = None
    shows_media: bool | None = None
    shows_media_replies: bool | None = None
    shows_featured: bool | None = None
    preferences: Mapping[str, Any] | None = None


def check(wish: Edit) -> None:
    """Refuse what cannot stand in a profile.

    Raises:
        Refused: 422 with a sentence for the person.
    """
    _require_short("Display name", wish.display_name, NAME_CHARACTERS_MAX)
    _require_short("Note", wish.note, NOTE_CHARACTERS_MAX)
    attaching.check_description(wish.avatar_description)
    attaching.check_description(wish.header_description)
    fields = _kept(wish.fields or ())
    if len(fields) > FIELDS_MAX:
        raise Refused(422, f"Validation failed: a profile may have {FIELDS_MAX} fields at most")
    for name, value in fields:
        _require_short("Field name", name, FIELD_CHARACTERS_MAX)
        _require_short("Field value", value, FIELD_CHARACTERS_MAX)
    domains = wish.attribution_domains or ()
    if len(domains) > ATTRIBUTION_DOMAINS_MAX:
        raise Refused(422, f"Validation failed: {ATTRIBUTION_DOMAINS_MAX} attribution domains at most")
    for domain in domains:
        if not _is_domain(_as_domain(domain)):
            raise Refused(422, f"Validation failed: '{domain[:100]}' is not a domain")
    if wish.visibility is not None and wish.visibility not in VISIBILITIES:
        raise Refused(422, f"Validation failed: privacy must be one of {', '.join(VISIBILITIES)}")
    if wish.quote_policy is not None and wish.quote_policy not in QUOTE_POLICIES:
        raise Refused(422, f"Validation failed: quote_policy must be one of {', '.join(QUOTE_POLICIES)}")


async def store_avatar(ctx: Context, data: bytes) -> str:
    """Store a picture of at most 400 pixels a side from what somebody uploaded; opens no transaction.

    Raises:
        Refused: 422 with a sentence about what is wrong with the file.
    """
    try:
        image = await ctx.decoder.ingest(data, first_frame=True)
    except MediaError as refusal:
        raise Refused(422, f"Validation failed: {refusal.message}", why=str(refusal)) from None
    return await ctx.blobs.put(image.thumbnail, image.thumbnail_type)


async def store_header(ctx: Context, data: bytes) -> str:
    """Store a picture for the top of the profile; as `store_avatar`, but not made small.

    Raises:
        Refused: 422 with a sentence about what is wrong with the file.
    """
    try:
        image = await ctx.decoder.ingest(data, first_frame=True)
    except MediaError as refusal:
        raise Refused(422, f"Validation failed: {refusal.message}", why=str(refusal)) from None
    return await ctx.blobs.put(image.data, image.content_type)


async def edit(ctx: Context, tx: Tx, *, account: Account, wish: Edit) -> None:
    """Change the profile and the defaults of somebody here.

    Args:
        ctx: the context.
        tx: a writing transaction.
        account: a local account.
        wish: what changes.

    Raises:
        Refused: 422 with a sentence for the person.
    """
    check(wish)
    before = translate.actor_document(account, ctx.settings)
    opened = account.locked and wish.locked is False
    await _change_words(ctx, tx, account, wish)
    await _change_pictures(ctx, tx, account, wish)
    _change_flags(ctx, account, wish)
    await _change_defaults(tx, account, wish)
    if wish.preferences:
        await preferring.change(tx, account.id, wish.preferences)
    await tx.flush()  # the row is held from here on, so that the Update has this edit, or is made anew
    if opened:
        await renewing.admit_soon(ctx, tx, account=account)
    if wish.fields is not None:
        await linking.plan(ctx, tx, account=account)
    if translate.actor_document(account, ctx.settings) != before:
        await renewing.announce_soon(ctx, tx, account=account)


async def _change_words(ctx: Context, tx: Tx, account: Account, wish: Edit) -> None:
    if wish.display_name is not None:
        account.display_name = text.clean_name(wish.display_name)
    if wish.note is not None:
        account.note_source = wish.note
        account.note = await _rendered(ctx, tx, wish.note)
    if wish.fields is not None:
        known = {(row["name"], row.get("source")): row.get("verified_at") for row in account.fields}
        account.fields = [
            {
                "name": text.clean_name(name),
                "value": await _field(ctx, tx, value),
                "source": value,
                "verified_at": known.get((text.clean_name(name), value)),
            }
            for name, value in _kept(wish.fields)
        ]


async def _change_pictures(ctx: Context, tx: Tx, account: Account, wish: Edit) -> None:
    replaced = []
    if wish.avatar_key is not None:
        replaced.append(account.avatar_key)
        account.avatar_key, account.avatar_description = wish.avatar_key or None, ""
    if wish.header_key is not None:
        replaced.append(account.header_key)
        account.header_key, account.header_description = wish.header_key or None, ""
    if wish.avatar_description is not None and account.avatar_key:
        account.avatar_description = wish.avatar_description.strip()
    if wish.header_description is not None and account.header_key:
        account.header_description = wish.header_description.strip()
    keys = [key for key in replaced if key and key not in {account.avatar_key, account.header_key}]
    await renewing.discard_later(ctx, tx, keys)


def _change_flags(ctx: Context, account: Account, wish: Edit) -> None:
    for name in FLAGS:
        value = getattr(wish, name)
        if value is not None:
            setattr(account, name, value)
    if wish.attribution_domains is not None:
        account.attribution_domains = list(dict.fromkeys(map(_as_domain, wish.attribution_domains)))
    if wish.bot is not None and wish.bot != account.is_bot:
        # Whoever signs in and calls their account a bot is the person who answers for it.
        own = f"{account.username}@{ctx.settings.domain}"
        account.kind = "Service" if wish.bot else "Person"
        if wish.bot:
            account.operator = account.operator or own
        elif account.operator == own:
            account.operator = None


async def _change_defaults(tx: Tx, account: Account, wish: Edit) -> None:
    login = await tx.get(Login, account.id)
    if login is None:
        return
    values: dict[str, Any] = {
        "default_visibility": wish.visibility,
        "default_sensitive": wish.sensitive,
        "default_quote_policy": wish.quote_policy,
        "tells_of_blocks": wish.tells_of_blocks,
    }
    for name, value in values.items():
        if value is not None:
            setattr(login, name, value)
    if wish.language is not None:
        login.default_language = wish.language or None


async def _rendered(ctx: Context, tx: Tx, source: str) -> str:
    return wording.render(ctx, source, await wording.mentioned(ctx, tx, source))


async def _field(ctx: Context, tx: Tx, value: str) -> str:
    """Render a field on one line; an address that is its whole value says that it is theirs (`rel="me"`)."""
    shown = (await _rendered(ctx, tx, value)).removeprefix("<p>").removesuffix("</p>")
    return shown.replace('rel="nofollow', 'rel="me nofollow', 1) if linking.is_link(value) else shown


def _kept(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    pairs = [(name.strip(), " ".join(value.split())) for name, value in fields]
    return [(name, value) for name, value in pairs if name and value]


def _require_short(what: str, value: str | None, characters_max: int) -> None:
    if value is not None and len(value) > characters_max:
        raise Refused(422, f"Validation failed: {what} is too long (maximum is {characters_max} characters)")


def _as_domain(typed: str) -> str:
    """Bring what somebody typed for a site into its plain form: people paste addresses."""
    bare = typed.strip().lower().removeprefix("https://").removeprefix("http://").removeprefix("*.")
    return bare.partition("/")[0]


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    return (
        len(domain) <= DOMAIN_CHARACTERS_MAX
        and len(labels) > 1
        and all(label and label.replace("-", "").isalnum() for label in labels)
    )
