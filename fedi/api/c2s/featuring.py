"""Add and Remove from a client: to and from what one's profile shows first, posts and hashtags.

The target says which of the two collections is meant; it is named in the actor document.

Source: ActivityPub sections 6.6 and 6.7; Mastodon's `featured` and `featuredTags`.
"""

from collections.abc import Mapping

from activitypub import read
from fedi import iris
from fedi.api import errors
from fedi.api.c2s.deed import Deed, Effect, named
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Post
from fedi.queries import deeds
from fedi.queries import posts as find_post
from fedi.services import featuring, pinning

__all__ = ["add", "remove"]


async def add(ctx: Context, deed: Deed) -> Effect:
    """Pin a post, or show a hashtag."""
    return _effect(ctx, deed, is_added=True)


async def remove(ctx: Context, deed: Deed) -> Effect:
    """Unpin a post, or show a hashtag no longer."""
    return _effect(ctx, deed, is_added=False)


def _effect(ctx: Context, deed: Deed, *, is_added: bool) -> Effect:
    deed.require("write:accounts")
    target, me = named(deed.doc, "target"), deed.me
    if target == me.featured:
        iri = named(deed.doc)
    elif target == me.featured_tags:
        iri = _hashtag(ctx, deed)
    else:
        raise Refused(422, f"target must be {me.featured} or {me.featured_tags}")

    async def effect(tx: Tx, me: Account) -> str:
        since = ctx.ids.next()
        if target == me.featured:
            verb = pinning.pin if is_added else pinning.unpin
            await verb(ctx, tx, account=me, post=await _own(tx, me, iri))
        elif is_added:
            await featuring.feature(ctx, tx, account=me, name=iri)
        else:
            row = await deeds.featured_tag(tx, account_id=me.id, name=iri.casefold())
            if row is None:
                raise errors.not_found()
            await featuring.unfeature(ctx, tx, account=me, tag_id=row.id)
        return await deeds.last_sent(tx, account_id=me.id, since=since) or iris.pin(me.iri, since)

    return effect


def _hashtag(ctx: Context, deed: Deed) -> str:
    """Return the hashtag that is meant, without `#`: by its object, or by the address of its page."""
    thing = deed.doc.get("object")
    name = read.text(thing.get("name")) if isinstance(thing, Mapping) else None
    page = iris.tag(ctx.settings, "")
    if name is None and isinstance(thing, str) and thing.startswith(page):
        name = thing.removeprefix(page)
    if not name:
        raise Refused(422, "object must be a Hashtag with a name, or the address of a hashtag's page here")
    return name.removeprefix("#")


async def _own(tx: Tx, me: Account, iri: str) -> Post:
    post = await find_post.by_iri(tx, iri)
    if post is None or post.account_id != me.id:
        raise errors.not_found()
    return post
