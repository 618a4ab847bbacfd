"""Update of the person's own actor by a client.

Clients send what they changed, or the whole actor document with it. So what is as we serve it already counts
as left out, what can be changed is, and what differs otherwise is refused by its name.

Source: ActivityPub section 6.3.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from activitypub import read
from activitypub.read import Doc
from fedi import text
from fedi.api.c2s import writing
from fedi.api.c2s.deed import Deed, Effect
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account
from fedi.outbound import translate
from fedi.queries import deeds
from fedi.services import profile
from media.errors import BlobMissingError

__all__ = ["update"]

KINDS: Final = {"Person": False, "Service": True}
"""Types of actor that a person may choose: whether it is a bot."""


async def update(ctx: Context, deed: Deed, doc: Doc) -> Effect:
    """Change the profile."""
    deed.require("write:accounts")
    given = _changed(ctx, deed, doc)
    if strange := sorted(given.keys() - CHANGEABLE.keys() - {"icon", "image"}):
        raise Refused(422, f"Update cannot change {', '.join(strange)[:200]} of an actor")
    values = {name: value for key in given.keys() & CHANGEABLE.keys()
              for name, value in CHANGEABLE[key](given[key]).items()}  # fmt: skip
    for key, store in (("icon", profile.store_avatar), ("image", profile.store_header)):
        if key in given:
            part = "avatar" if key == "icon" else "header"
            data, alt = await _picture(ctx, deed, key, given[key])
            values |= {f"{part}_key": await store(ctx, data) if data else "", f"{part}_description": alt}

    async def effect(tx: Tx, me: Account) -> str:
        since = ctx.ids.next()
        await profile.edit(ctx, tx, account=me, wish=profile.Edit(**values))
        return await deeds.last_sent(tx, account_id=me.id, since=since) or f"{me.iri}#updates/{since}"

    return effect


def _changed(ctx: Context, deed: Deed, doc: Doc) -> dict[str, Any]:
    """Return what differs from the document that we serve."""
    now = translate.actor_document(deed.me, ctx.settings).to_json()
    return {key: value for key, value in doc.items() if key != "@context" and now.get(key) != value}


def _kind(value: Any) -> dict[str, Any]:
    if value not in KINDS:
        raise Refused(422, f"type must be one of {', '.join(KINDS)}")
    return {"bot": KINDS[value]}


def _flag(name: str) -> Any:
    def read_flag(value: Any) -> dict[str, Any]:
        return {name: read.boolean(value) or False}

    return read_flag


def _name(value: Any) -> dict[str, Any]:
    return {"display_name": read.text(value) or ""}


def _summary(value: Any) -> dict[str, Any]:
    return {"note": text.html_to_text(text.sanitise(read.text(value) or ""))}


def _fields(value: Any) -> dict[str, Any]:
    rows: Sequence[Any] = read.as_list(value)
    pairs = [(read.text(row.get("name")) or "", read.text(row.get("value")) or "")
             for row in rows if isinstance(row, Mapping) and "PropertyValue" in read.types(row)]  # fmt: skip
    return {"fields": [(name, text.html_to_text(text.sanitise(shown))) for name, shown in pairs]}


def _domains(value: Any) -> dict[str, Any]:
    return {"attribution_domains": read.many_ids(value)}


CHANGEABLE: Final[Mapping[str, Any]] = {
    "attachment": _fields,
    "attributionDomains": _domains,
    "discoverable": _flag("discoverable"),
    "indexable": _flag("indexable"),
    "manuallyApprovesFollowers": _flag("locked"),
    "name": _name,
    "summary": _summary,
    "type": _kind,
}
"""What can be changed, and how it is read into a `profile.Edit`."""


async def _picture(ctx: Context, deed: Deed, key: str, value: Any) -> tuple[bytes, str]:
    """Return the bytes of an upload and what it shows; none when the picture is taken away.

    Raises:
        Refused: 422, when it is not an upload of this person.
    """
    if value is None:
        return b"", ""
    async with ctx.db.read() as tx:
        row = await writing.upload(ctx, tx, deed.me, value)
    if row is None or row.file_key is None:
        raise Refused(422, f"{key} must be what you uploaded before, through uploadMedia")
    alt = writing.alternative_text(value) if isinstance(value, Mapping) else None
    try:
        return await ctx.blobs.get(row.file_key), alt or row.description or ""
    except BlobMissingError:
        raise Refused(422, f"{key} was erased meanwhile; upload it again") from None
