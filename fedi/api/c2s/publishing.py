"""Create and Delete from a client.

A Note or a Question becomes a post by the same verb that a Mastodon client reaches, drawing by `/imagine`
included, so that limits, labels, notifications and delivery are the same. Other kinds of objects are refused
by name: this is a place for pictures, and an Article that came out as something else would be a surprise.

Source: ActivityPub sections 6.2, 6.2.1 (objects without a Create) and 6.4.
"""

import dataclasses

from activitypub import read
from activitypub.errors import ActivityPubError
from activitypub.objects.question import Poll
from activitypub.read import Doc
from fedi.api import errors
from fedi.api.c2s import voting, writing
from fedi.api.c2s.addressing import address
from fedi.api.c2s.deed import Deed, Effect, embedded, named, named_post, require_own
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Attachment, Post
from fedi.outbound import translate
from fedi.queries import posts as find_post
from fedi.services import attaching, composing, interacting, polling, posting

__all__ = ["OBJECTS", "create", "delete"]

OBJECTS = ("Note", "Question")
"""Types that can be published."""


async def create(ctx: Context, deed: Deed) -> Effect:
    """Publish a post, or vote; ids, author and time are ours to give."""
    deed.require("write:statuses")
    doc = embedded(deed)
    require_own(deed, doc, "attributedTo")
    kinds = read.types(doc)
    if not set(kinds) & set(OBJECTS):
        said = kinds[0][:100] if kinds else "An object without type"
        raise Refused(422, f"{said} cannot be published here; what can is {' and '.join(OBJECTS)}")
    if voting.is_vote(doc):
        return await voting.vote(ctx, deed, doc)
    new = await _new_post(ctx, deed, doc)
    if new.html is None:
        await composing.meet_mentioned(ctx, new.text)

    async def effect(tx: Tx, me: Account) -> str:
        known = deed.key and await composing.made_before(tx, author=me, idempotency_key=deed.key)
        if known:  # its pictures are taken
            return f"{known.iri}/activity"
        pictures = await writing.pictures(ctx, tx, me, doc)
        for key, alt in pictures.items():
            attaching.describe(await tx.get_one(Attachment, key), description=alt, focus=None)
        whole = dataclasses.replace(new, attachment_ids=tuple(pictures))
        post = await composing.compose(ctx, tx, author=me, new=whole, idempotency_key=deed.key)
        return f"{post.iri}/activity"

    return effect


async def _new_post(ctx: Context, deed: Deed, doc: Doc) -> posting.NewPost:
    """Read a post; its pictures are looked for in the transaction that takes them."""
    words, html, language = writing.read_words(doc)
    addressed = await address(ctx, deed, doc, mentioned=writing.mentions(doc))
    parent = await _related(ctx, deed, doc, "inReplyTo")
    quoted = await _related(ctx, deed, doc, "quote")
    return posting.NewPost(
        text=words,
        html=html,
        hashtags=tuple(writing.hashtags(doc)),
        visibility=addressed.visibility,
        addressed=addressed.named,
        blind=addressed.blind,
        spoiler_text=writing.warning(doc),
        sensitive=read.boolean(doc.get("sensitive")) or False,
        language=language,
        in_reply_to_id=None if parent is None else parent.id,
        application_id=deed.viewer.app.id,
        digital_source_type=writing.label(doc),
        poll=_poll(ctx, doc) if "Question" in read.types(doc) else None,
        quote_of_id=None if quoted is None else quoted.id,
        quote_policy=writing.quote_policy(deed.me, doc),
    )


async def _related(ctx: Context, deed: Deed, doc: Doc, name: str) -> Post | None:
    """Return the post that a member names; None when it names none."""
    iri = read.http_iri(doc.get(name))
    if iri is None and doc.get(name) is not None:
        raise Refused(422, f"{name} must be the id of one post")
    return None if iri is None else await named_post(ctx, deed, iri)


def _poll(ctx: Context, doc: Doc) -> polling.NewPoll:
    """Read what a Question asks; its limits are those of `polling`."""
    try:
        asked = Poll.from_json(doc)
    except ActivityPubError as refusal:
        raise Refused(422, refusal.message) from None
    if asked.end_time is None:
        raise Refused(422, "A Question needs an endTime")
    return polling.NewPoll(
        options=[option.name for option in asked.options],
        expires_in_s=round((asked.end_time - ctx.clock()).total_seconds()),
        multiple=asked.multiple,
    )


async def delete(ctx: Context, deed: Deed) -> Effect:
    """Delete a post, or take a boost back, everywhere it may be."""
    deed.require("write:statuses")
    iri = named(deed.doc)

    async def effect(tx: Tx, me: Account) -> str:
        post = await find_post.by_iri(tx, iri)
        if post is None or post.account_id != me.id:
            raise errors.not_found()
        if post.reblog_of_id is None:
            where = str(translate.delete(post, me).id)
            await posting.delete(ctx, tx, post=post, author=me)
            return where
        boosted = await find_post.by_id(tx, post.reblog_of_id)
        if boosted is None:
            raise errors.not_found()
        await interacting.unboost(ctx, tx, account=me, post=boosted)
        return f"{iri}#undo"

    return effect
