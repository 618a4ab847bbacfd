"""One's own profile: showing it as it was typed, and changing it.

Parameters come as a form, as multipart with pictures, or as JSON; what is missing stays as it is, and an
empty text empties. Fields come as a list or as a hash by number, and replace all that were there.

Source: Mastodon's documentation, "Update account credentials", "profile API methods", "Profile entity" and
"preferences API methods".
"""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from fedi import context
from fedi.api import errors, params
from fedi.api.accounts import own_account
from fedi.api.answers import json_answer
from fedi.api.entities.instance import IMAGE_BYTES_MAX
from fedi.api.entities.profile import Profile
from fedi.api.entities.profile import profile as profile_entity
from fedi.api.params import Params
from fedi.api.viewer import Viewer, admit, require
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Login
from fedi.queries import pins
from fedi.services import preferring, profile
from fedi.services.profile import Edit

__all__ = [
    "change", "change_preferences", "delete_avatar", "delete_header", "preferences", "read_preferences",
    "show", "update",
]  # fmt: skip

FORM_BYTES = 256 * 1024
"""What a form may have beside two pictures, in bytes."""

LANGUAGE_CHARACTERS_MAX = 35
"""Of a language tag, RFC 5646 section 4.4.1."""


Answered = Callable[[Tx, Settings, Account], Awaitable[Any]]


async def show(request: Request) -> Response:
    """Show the viewer's profile as they typed it."""
    ctx = context.of(request)
    async with ctx.db.read() as tx:
        viewer = await require(request, tx, "profile", "read:accounts")
        return json_answer(await _profile(tx, ctx.settings, viewer.account))


async def change(request: Request) -> Response:
    """Change the viewer's profile and answer with it as they typed it."""
    return await _change(request, _profile)


async def update(request: Request) -> Response:
    """Change the viewer's profile and defaults."""
    return await _change(request, own_account)


async def delete_avatar(request: Request) -> Response:
    """Take the viewer's avatar away."""
    return await _edit(request, await admit(request, "write:accounts"), Edit(avatar_key=""), own_account)


async def delete_header(request: Request) -> Response:
    """Take the viewer's header away."""
    return await _edit(request, await admit(request, "write:accounts"), Edit(header_key=""), own_account)


async def preferences(request: Request) -> Response:
    """Tell the viewer's preferences."""
    async with context.of(request).db.read() as tx:
        viewer = await require(request, tx, "read:accounts")
        login = await tx.get(Login, viewer.id)
    return json_answer(preferring.everything(login))


async def change_preferences(request: Request) -> Response:
    """Change some of the viewer's preferences by their names, and tell all; Mastodon has none of this."""
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    given = await params.read(request)
    wish = read_preferences(given)
    async with ctx.db.write() as tx:
        await profile.edit(ctx, tx, account=await viewer.present(tx), wish=wish)
        login = await tx.get(Login, viewer.id)
    return json_answer(preferring.everything(login))


def read_preferences(given: Params) -> Edit:
    """Read the preferences that are named by their own names.

    Raises:
        Refused: 422, when a language is none.
    """
    return Edit(
        visibility=given.word("posting:default:visibility"),
        sensitive=given.flag("posting:default:sensitive"),
        language=_language(given.text("posting:default:language")),
        quote_policy=given.word("posting:default:quote_policy"),
        preferences=_preferences(given),
    )


async def _change(request: Request, answered: Answered) -> Response:
    ctx = context.of(request)
    viewer = await admit(request, "write:accounts")
    given = await params.read(request, body_bytes_max=2 * IMAGE_BYTES_MAX + FORM_BYTES)
    wish = _wish(given)
    profile.check(wish)  # before pictures are stored for nothing
    return await _edit(request, viewer, await _with_pictures(ctx, given, wish), answered)


async def _edit(request: Request, viewer: Viewer, wish: Edit, answered: Answered) -> Response:
    ctx = context.of(request)
    async with ctx.db.write() as tx:
        me = await viewer.present(tx)
        await profile.edit(ctx, tx, account=me, wish=wish)
        built = await answered(tx, ctx.settings, me)
    return json_answer(built)


async def _profile(tx: Tx, settings: Settings, me: Account) -> Profile:
    return profile_entity(me, settings, featured=await pins.tags(tx, me.id))


def _wish(given: Params) -> Edit:
    source = given.inner("source")
    return Edit(
        display_name=given.text("display_name"),
        note=given.text("note"),
        fields=_fields(given),
        avatar_description=given.text("avatar_description"),
        header_description=given.text("header_description"),
        locked=given.flag("locked"),
        bot=given.flag("bot"),
        discoverable=given.flag("discoverable"),
        indexable=given.flag("indexable"),
        hides_collections=given.flag("hide_collections"),
        attribution_domains=_domains(given),
        visibility=source.word("privacy"),
        sensitive=source.flag("sensitive"),
        language=_language(source.text("language")),
        quote_policy=source.word("quote_policy"),
        tells_of_blocks=given.inner("fedi").flag("tells_of_blocks"),
        shows_media=given.flag("show_media"),
        shows_media_replies=given.flag("show_media_replies"),
        shows_featured=given.flag("show_featured"),
        preferences=_preferences(source),
    )


def _preferences(given: Params) -> dict[str, str | bool]:
    """Read the preferences that are named; one without words is yes or no, however it is written."""
    found: dict[str, str | bool] = {}
    for name, known in preferring.KNOWN.items():
        value = given.word(name) if known.words else given.flag(name)
        if value is not None:
            found[name] = value
    return found


def _fields(given: Params) -> list[tuple[str, str]] | None:
    if "fields_attributes" not in given:
        return None
    return [(row.text("name") or "", row.text("value") or "") for row in given.hashes("fields_attributes")]


def _domains(given: Params) -> list[str] | None:
    if "attribution_domains" not in given:
        return None
    typed = [word for text in given.texts("attribution_domains") for word in text.split()]
    return list(dict.fromkeys(typed))


def _language(text: str | None) -> str | None:
    """Read a language tag; an empty one means the server's.

    Raises:
        Refused: 422, when it is none.
    """
    if text is None or not text.strip():
        return text if text is None else ""
    code = text.strip()
    parts = code.split("-")
    good = len(code) <= LANGUAGE_CHARACTERS_MAX and len(parts[0]) in {2, 3} and parts[0].isalpha()
    if not good or not all(part.isascii() and part.isalnum() for part in parts):
        raise errors.unprocessable("language must be a code such as en or pt-BR")
    return code


async def _with_pictures(ctx: Context, given: Params, wish: Edit) -> Edit:
    avatar, header = given.file("avatar"), given.file("header")
    return dataclasses.replace(
        wish,
        avatar_key=await profile.store_avatar(ctx, avatar) if avatar else None,
        header_key=await profile.store_header(ctx, header) if header else None,
    )
