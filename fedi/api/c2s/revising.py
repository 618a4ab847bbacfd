"""Update from a client: of a post, or of the person's own profile.

What is left out of the object stays and what is null is taken away, as ActivityPub has it for clients
(between servers an Update replaces the whole object). For whom a post is, what it answers and what it asks
stay anyhow: those who have it were promised that.

Source: ActivityPub section 6.3.
"""

from activitypub import read
from activitypub.addressing import recipients, visibility_of
from activitypub.read import Doc
from fedi.api import errors
from fedi.api.c2s import profiling, writing
from fedi.api.c2s.deed import Deed, Effect, embedded, named, named_account, require_own
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account
from fedi.queries import deeds, polls
from fedi.queries import posts as find_post
from fedi.queries.posts import PostView
from fedi.services import composing, editing, quoting, wording

__all__ = ["update"]

WORDS = frozenset({"content", "contentMap", "source"})


async def update(ctx: Context, deed: Deed) -> Effect:
    """Change a post, or the profile."""
    doc = embedded(deed)
    iri = named(deed.doc)
    if iri == deed.me.iri:
        return await profiling.update(ctx, deed, doc)
    deed.require("write:statuses")
    require_own(deed, doc, "attributedTo")
    words = writing.read_words(doc) if WORDS & doc.keys() else None
    if words is not None and words[1] is None:
        await composing.meet_mentioned(ctx, words[0])
    mentioned = [(await named_account(ctx, deed, one)).id for one in writing.mentions(doc)]

    async def effect(tx: Tx, me: Account) -> str:
        post = await find_post.by_iri(tx, iri)
        view = None if post is None else await find_post.load_one(tx, post.id)
        if post is None or view is None or post.account_id != me.id or view.reblog is not None:
            raise errors.not_found()
        _require_same_audience(doc, me, post.visibility)
        if await polls.by_post(tx, post.id) is not None:
            raise Refused(422, "A post with a poll cannot be changed by Update")
        change = await _change(ctx, tx, me, doc, view, words=words, mentioned=mentioned)
        since = ctx.ids.next()
        await editing.edit(ctx, tx, author=me, post=post, change=change)
        if "interactionPolicy" in doc:
            await quoting.set_policy(ctx, tx, author=me, post=post, word=writing.quote_policy(me, doc))
        return await deeds.last_sent(tx, account_id=me.id, since=since) or f"{iri}#updates/{since}"

    return effect


def _require_same_audience(doc: Doc, me: Account, visibility: str) -> None:
    to, cc = recipients(doc.get("to")), recipients(doc.get("cc"))
    if (to or cc) and visibility_of(to, cc, followers=me.followers) != visibility:
        raise Refused(422, "For whom a post is cannot be changed; leave to and cc out")


async def _change(
    ctx: Context,
    tx: Tx,
    me: Account,
    doc: Doc,
    view: PostView,
    *,
    words: writing.Words | None,
    mentioned: list[int],
) -> editing.Change:
    """Lay what the client gave over what the post is."""
    post = view.post
    named = mentioned if "tag" in doc else [account.id for account in view.mentions]
    if words is None:
        people = await wording.mentioned(ctx, tx, post.source, by=me.id)
        is_plain = wording.render(ctx, post.source, people) == post.content
        words = (post.source, None if is_plain else post.content, None)
    elif words[1] is None:
        named = mentioned
    pictures = dict.fromkeys(row.id for row in view.attachments)
    if "attachment" in doc:
        pictures = await writing.pictures(ctx, tx, me, doc, post_id=post.id)
    sensitive = read.boolean(doc.get("sensitive"))
    return editing.Change(
        text=words[0],
        html=words[1],
        language=words[2],
        hashtags=tuple(writing.hashtags(doc)) if "tag" in doc else view.tags,
        addressed=tuple(named),
        spoiler_text=writing.warning(doc) if {"summary", "summaryMap"} & doc.keys() else post.spoiler_text,
        sensitive=post.sensitive if sensitive is None else sensitive,
        attachment_ids=tuple(pictures),
        described={key: editing.Described(description=alt) for key, alt in pictures.items() if alt},
    )
