"""Like, EmojiReact and Announce from a client.

Whom a boost is for follows from how it is addressed, as for a post; without an address it is public.

A Like with `content` is a reaction too, as Misskey has it.

Source: ActivityPub sections 6.8 and 7.11; FEP-c0e0.
"""

from activitypub import read
from activitypub.addressing import recipients, visibility_of
from fedi.api.c2s.deed import Deed, Effect, here, named, named_post
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Post
from fedi.queries import reactions
from fedi.services import interacting, reacting

__all__ = ["announce", "like", "react"]


async def like(ctx: Context, deed: Deed) -> Effect:
    """Favour a post."""
    if deed.doc.get("content"):
        return await react(ctx, deed)
    deed.require("write:favourites")
    post = await named_post(ctx, deed, named(deed.doc))

    async def effect(tx: Tx, me: Account) -> str:
        return (await interacting.favourite(ctx, tx, account=me, post=await here(tx, Post, post))).iri

    return effect


async def react(ctx: Context, deed: Deed) -> Effect:
    """React to a post with an emoji; a second time changes nothing and has the same id."""
    deed.require("write:favourites")
    emoji = read.text(deed.doc.get("content"))
    if not emoji:
        raise Refused(422, "content must be an emoji")
    post = await named_post(ctx, deed, named(deed.doc))

    async def effect(tx: Tx, me: Account) -> str:
        theirs = await here(tx, Post, post)
        await reacting.react(ctx, tx, account=me, post=theirs, name=emoji)
        mine = await reactions.find(tx, account_id=me.id, post_id=theirs.id)
        wanted = {reacting.one_emoji(emoji), emoji.strip(":")}
        return next(one.iri for one in mine if one.name in wanted)

    return effect


async def announce(ctx: Context, deed: Deed) -> Effect:
    """Boost a post."""
    deed.require("write:statuses")
    to, cc = recipients(deed.doc.get("to")), recipients(deed.doc.get("cc"))
    visibility = visibility_of(to, cc, followers=deed.me.followers) if to or cc else "public"
    if visibility == "direct":
        raise Refused(422, "An Announce goes to Public or to your followers collection, in to or cc.")
    post = await named_post(ctx, deed, named(deed.doc))

    async def effect(tx: Tx, me: Account) -> str:
        theirs = await here(tx, Post, post)
        boost = await interacting.boost(ctx, tx, account=me, post=theirs, visibility=str(visibility))
        return boost.iri

    return effect
