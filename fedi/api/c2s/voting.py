"""A vote from a client: a Note without content, whose name is the text of an option.

It is one choice; in a poll with several each is a vote of its own, as between servers.

Source: Mastodon's documentation, "Question"; ActivityStreams vocabulary section 5.6.1.
"""

from activitypub import read
from activitypub.read import Doc
from fedi import iris
from fedi.api.c2s.deed import Deed, Effect, here, named, named_post
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Post
from fedi.queries import deeds, polls
from fedi.services import polling

__all__ = ["is_vote", "vote"]


def is_vote(doc: Doc) -> bool:
    """Tell whether a Note answers a poll."""
    return (
        isinstance(doc.get("name"), str)
        and doc.get("inReplyTo") is not None
        and not {"content", "contentMap", "source", "attachment"}
        & {key for key, value in doc.items() if value}
    )


async def vote(ctx: Context, deed: Deed, doc: Doc) -> Effect:
    """Choose one option of a poll."""
    asked = await named_post(ctx, deed, named(doc, "inReplyTo"))
    option = read.text(doc.get("name")) or ""

    async def effect(tx: Tx, me: Account) -> str:
        post = await here(tx, Post, asked)
        poll = await polls.by_post(tx, post.id)
        if poll is None:
            raise Refused(422, "What you answer is no poll; a post needs content")
        if option not in poll.options:
            raise Refused(422, "The poll has no such option")
        since = ctx.ids.next()
        choices = [poll.options.index(option)]
        await polling.vote(ctx, tx, account=me, post=post, poll=poll, choices=choices)
        return await deeds.last_sent(tx, account_id=me.id, since=since) or iris.vote(me.iri, since)

    return effect
