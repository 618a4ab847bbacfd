"""Add: somebody elsewhere shows a post or a hashtag first on their profile.

It counts only for the collections that their own document names, and only for what is theirs. The post is
one that is known here or fetched from where it lives, and fetched only when somebody here follows them; who
opens the profile of anybody else has the whole collection read (`services.visiting`).
"""

from enum import StrEnum

from activitypub.activities import Add, Remove
from activitypub.errors import ForbiddenError
from activitypub.objects.tag import Hashtag, read_tags
from activitypub.origin import require_same_origin
from fedi.context import Context
from fedi.db import Tx
from fedi.inbound.received import Effect, Ignored, Received
from fedi.models import Account, Post
from fedi.outbound import resolve
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.services import featuring, pinning, receiving

__all__ = ["Shelf", "handle", "owner_and_shelf", "tag_name"]


class Shelf(StrEnum):
    """Which collection of a profile is meant."""

    POSTS = "posts"
    TAGS = "tags"


async def handle(ctx: Context, received: Received[Add]) -> Effect:
    """Take a pin or a featured hashtag."""
    activity = received.activity
    account, shelf = await owner_and_shelf(ctx, activity)
    if shelf is Shelf.TAGS:
        name = tag_name(activity)

        async def feature(tx: Tx) -> None:
            await featuring.receive_feature(ctx, tx, account=account, name=name)

        return feature
    require_same_origin(activity.actor, activity.object_id)
    post = await _post(ctx, received)
    if not pinning.is_pinnable(account, post):
        raise ForbiddenError("not a post of theirs that a profile may show", iri=activity.object_id)

    async def pin(tx: Tx) -> None:
        held = await tx.get(Post, post.id)
        if held is None:
            raise Ignored("it was deleted meanwhile")
        await pinning.receive_pin(ctx, tx, account=account, post=held)

    return pin


async def owner_and_shelf(ctx: Context, activity: Add | Remove) -> tuple[Account, Shelf]:
    """Return who acts, and which of the collections that their document names is the target.

    Raises:
        Ignored: nobody here knows them.
        ForbiddenError: the target is no collection of theirs.
    """
    async with ctx.db.read() as tx:
        account = await find_account.by_iri(tx, activity.actor)
    if account is None:
        raise Ignored("its actor is not known here")
    if activity.target == account.featured:
        return account, Shelf.POSTS
    if activity.target == account.featured_tags:
        return account, Shelf.TAGS
    raise ForbiddenError("the target is not a collection of theirs", iri=activity.target)


def tag_name(activity: Add | Remove) -> str:
    """Return the name of the hashtag that an activity is about.

    Raises:
        Ignored: it is about something else.
    """
    tags = [tag for tag in read_tags([activity.object_doc]) if isinstance(tag, Hashtag)]
    if not tags:
        raise Ignored("not a hashtag")
    return tags[0].key


async def _post(ctx: Context, received: Received[Add]) -> Post:
    iri = received.activity.object_id
    async with ctx.db.read() as tx:
        known = await find_post.by_iri(tx, iri)
        followed = await receiving.is_followed_here(tx, received.activity.actor)
    if known is not None:
        return known
    if not followed:
        raise Ignored("nobody here follows them")
    return await resolve.note(ctx, iri, budget=received.budget, parents=0)
