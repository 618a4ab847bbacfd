"""Flag from a client: a report of somebody and of posts of theirs, for the moderators.

It is passed on to the server of the person reported, who is told nothing, by the server itself.

Source: ActivityStreams vocabulary, Flag; Mastodon's shape of it.
"""

from activitypub import read
from activitypub.activities import FLAG_OBJECTS_MAX
from fedi import iris
from fedi.api import errors
from fedi.api.c2s.deed import Deed, Effect
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.services import reporting

__all__ = ["flag"]


async def flag(ctx: Context, deed: Deed) -> Effect:
    """Report the one person, and the posts, that the object names."""
    deed.require("write:reports")
    given = read.many_ids(deed.doc.get("object"), FLAG_OBJECTS_MAX)
    named = [iri for iri in given if read.http_iri(iri)]
    if not named:
        raise Refused(422, "object must name a person, and may name posts of theirs")
    comment = read.text(deed.doc.get("content")) or ""

    async def effect(tx: Tx, me: Account) -> str:
        people: dict[int, Account] = {}
        posts: list[int] = []
        for iri in named:
            if (account := await find_account.by_iri(tx, iri)) is not None:
                people[account.id] = account
            elif (post := await find_post.by_iri(tx, iri)) is not None:
                posts.append(post.id)
            else:
                raise errors.not_found()
        if not people and posts:
            author = (await find_post.load(tx, posts[:1]))[0].account
            people[author.id] = author
        if len(people) != 1:
            raise Refused(422, "A Flag reports one person at a time")
        complaint = reporting.Complaint(comment=comment, post_ids=posts, forward=True)
        (target,) = people.values()
        made = await reporting.report(ctx, tx, reporter=me, target=target, complaint=complaint)
        return iris.report(ctx.settings, made.id)

    return effect
