"""Publishing and deleting local posts.

One transaction holds the post, what hangs on it, the home timelines of local followers, the
notifications and the outgoing activity. After its commit the post exists everywhere or will.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from fedi import iris, text
from fedi.context import Context
from fedi.db import Tx, insert, step, stepped
from fedi.errors import Refused
from fedi.models import (
    Account,
    Attachment,
    AttachmentState,
    Mention,
    Post,
    PostState,
    PostTag,
    Tombstone,
)  # fmt: skip
from fedi.outbound import indexing, quotations, translate
from fedi.outbound.outbox import Audience, record
from fedi.queries import posts as find
from fedi.queries.visibility import can_see
from fedi.services import (
    airing,
    attaching,
    conversing,
    generating,
    generator,
    polling,
    quoting,
    sharing,
    watching,
    wording,
)
from fedi.services.homing import fan_out_home
from fedi.services.moving import require_present
from fedi.services.notifying import notify
from fedi.services.reaching import OPEN, everyone_who_has

__all__ = ["ATTACHMENTS_MAX", "NewPost", "check", "delete", "publish", "take_attachments", "uncount_boosts"]

ATTACHMENTS_MAX = 4
"""Pictures of one post: what Mastodon takes and its clients lay out."""

VISIBILITIES = ("public", "unlisted", "private", "direct")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """What a person wants to say."""

    text: str
    visibility: str
    html: str | None = None
    """The text as the client marked it up; made from the text when missing."""
    hashtags: Sequence[str] = ()
    """Beside those in the text."""
    addressed: Sequence[int] = ()
    """Accounts that are addressed beside those whom the text mentions."""
    blind: Sequence[int] = ()
    """Accounts that get it without anybody else being told."""
    spoiler_text: str = ""
    sensitive: bool = False
    language: str | None = None
    in_reply_to_id: int | None = None
    attachment_ids: Sequence[int] = ()
    application_id: int | None = None
    digital_source_type: str | None = None
    recipe: dict[str, Any] | None = field(default=None)
    share: str | None = None
    """What others are told of how its pictures were made (`services.sharing`); what was chosen for each, or
    the author's preference, when missing."""
    poll: polling.NewPoll | None = None
    quote_of_id: int | None = None
    quote_policy: str | None = None
    """Who may quote it, in Mastodon's words; the author's own choice when missing."""


async def publish(ctx: Context, tx: Tx, *, author: Account, new: NewPost, post_id: int | None = None) -> Post:
    """Write a post and everything that follows from it.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: a local account.
        new: the post.
        post_id: an id drawn before; a fresh one when missing.

    Raises:
        Refused: 403, 404 or 422 with a sentence for the person.
    """
    require_present(author)
    _require_within_limits(ctx, new)
    parent = await _answered(tx, author, new.in_reply_to_id)
    attachments = await take_attachments(tx, author, new.attachment_ids)
    await sharing.apply(tx, attachments, new.share)
    mentioned = await wording.mentioned(ctx, tx, new.text, by=author.id) if new.html is None else {}
    named = {account.id: account for account in mentioned.values()} | await wording.addressed(
        tx, new.addressed, by=author.id
    )
    others = await wording.addressed(tx, new.blind, by=author.id)
    blind = {key: who for key, who in others.items() if key not in named}
    people = named | blind
    proposal = await quoting.propose(
        tx, author=author, quoted_id=new.quote_of_id, visibility=new.visibility, named=people
    )
    visibility = proposal.visibility if proposal is not None else new.visibility
    post_id = post_id or ctx.ids.next()
    iri, thread = iris.note(author.iri, post_id), iris.context(ctx.settings, post_id)
    post = Post(
        id=post_id,
        iri=iri,
        url=iris.post(ctx.settings, author.username, post_id),
        account_id=author.id,
        local=True,
        visibility=visibility,
        source=new.text,
        content=wording.render(ctx, new.text, mentioned) if new.html is None else text.sanitise(new.html),
        spoiler_text=new.spoiler_text,
        sensitive=new.sensitive or bool(new.spoiler_text),
        language=new.language or ctx.settings.language,
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_account_id=parent.account_id if parent else None,
        in_reply_to_iri=parent.iri if parent else None,
        conversation=parent.conversation or parent.iri if parent else thread,
        context_iri=parent.context_iri if parent else thread,
        application_id=new.application_id,
        digital_source_type=new.digital_source_type or wording.source_type_of(attachments),
        recipe=new.recipe,
        interaction_policy=await quoting.policy_for(tx, author, visibility, new.quote_policy),
        emojis=[],
        created_at=ctx.clock(),
    )
    tx.add(post)
    await tx.flush()
    tx.add_all(
        Mention(post_id=post_id, account_id=account_id, silent=account_id in blind) for account_id in people
    )
    tags = dict.fromkeys([*text.find_hashtags(new.text), *new.hashtags])
    tx.add_all(PostTag(post_id=post_id, name=name) for name in tags)
    for position, attachment in enumerate(attachments):
        attachment.post_id, attachment.position = post_id, position
    await tx.flush()
    if new.poll is not None:
        await polling.ask(ctx, tx, post=post, new=new.poll)
    if proposal is not None:
        await quoting.attach(ctx, tx, post=post, author=author, proposal=proposal)
    await _count(ctx, tx, author, post)
    await fan_out_home(tx, post)
    await airing.came(ctx, tx, post)
    await watching.ring(ctx, tx, post=post)
    for account_id in people:
        await notify(
            ctx, tx, account_id=account_id, from_account_id=author.id, kind="mention", post_id=post_id
        )
    await conversing.arrived(ctx, tx, post=post)
    await generator.hear(ctx, tx, post=post, named=people.values())
    # A shared inbox would not tell the other side for whom it is, when the post does not.
    unseen = tuple(sorted(account.inbox for account in blind.values() if not account.is_local))
    await _announce(ctx, tx, author, post, parent, inboxes=unseen)
    await indexing.index(tx, post)
    if parent is not None:
        await indexing.remember(tx, parent)
    if proposal is not None:
        await quoting.ask(ctx, tx, post=post, author=author, proposal=proposal)
    return post


async def check(ctx: Context, tx: Tx, *, author: Account, new: NewPost) -> None:
    """Refuse what cannot be published.

    Raises:
        Refused: 403, 404 or 422 with a sentence for the person.
    """
    require_present(author)
    _require_within_limits(ctx, new)
    await _answered(tx, author, new.in_reply_to_id)
    await quoting.policy_for(tx, author, new.visibility, new.quote_policy)
    # Whom the words will name is not known yet, which matters for a direct message only.
    seen_by = "private" if new.visibility == "direct" else new.visibility
    await quoting.propose(tx, author=author, quoted_id=new.quote_of_id, visibility=seen_by, named=())


async def delete(ctx: Context, tx: Tx, *, post: Post, author: Account, redraft: bool = False) -> None:
    """Delete a local post everywhere it may be.

    The tombstone stays, so that its address answers 410 and no late copy comes back.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: the post.
        author: who wrote it.
        redraft: keep the pictures for a day, since the client may post them again ("delete and redraft").

    Raises:
        Refused: 404, when somebody else was quicker.
    """
    held = select(Post.id).where(Post.id == post.id).with_for_update()
    if (await tx.execute(held)).first() is None:
        raise Refused(404, "Record not found")
    if post.state == PostState.DRAFT:
        await generating.stop_for(ctx, tx, post_id=post.id)
    await airing.goes(ctx, tx, post)
    await conversing.goes(tx, post=post)
    audience = await everyone_who_has(tx, post, with_words=False)
    await tx.execute(
        insert(tx, Tombstone)
        .values(iri=post.iri, local=True, deleted_at=ctx.clock())
        .on_conflict_do_nothing(index_elements=[Tombstone.iri])
    )
    await _detach_files(ctx, tx, post, keep_s=attaching.UNPOSTED_S if redraft else 0.0)
    if post.state == PostState.PUBLISHED:
        if post.in_reply_to_id is not None:
            await step(tx, Post, post.in_reply_to_id, replies_count=-1)
        await quotations.uncount(tx, post)
        await step(tx, Account, author.id, statuses_count=-1)
        await uncount_boosts(tx, post)
        gone = translate.delete(post, author)
        await record(ctx, tx, sender=author, activity=gone, audience=audience, order_on=post.iri)
    await tx.delete(post)
    await tx.flush()


async def uncount_boosts(tx: Tx, post: Post) -> None:
    """Take the boosts of a post that goes out of the counters of those who boosted it."""
    boosters = select(Post.account_id).where(Post.reblog_of_id == post.id)
    changed = update(Account).where(Account.id.in_(boosters))
    await tx.execute(
        changed.values(statuses_count=stepped(Account.statuses_count, -1)).execution_options(
            synchronize_session=False
        )
    )


def _require_within_limits(ctx: Context, new: NewPost) -> None:
    if new.visibility not in VISIBILITIES:
        raise Refused(422, f"Visibility must be one of {', '.join(VISIBILITIES)}.")
    has_more = bool(new.attachment_ids) or new.poll is not None or new.quote_of_id is not None
    if new.poll is not None:
        if new.attachment_ids:
            raise Refused(422, "Validation failed: a post may have pictures or a poll, not both.")
        polling.check(new.poll)
    wording.require_within_limits(ctx, source=new.text, spoiler_text=new.spoiler_text, has_more=has_more)


async def _answered(tx: Tx, author: Account, post_id: int | None) -> Post | None:
    """Return the post that is answered: of a boost the boosted one, of a draft what became of it."""
    if post_id is None:
        return None
    post = await find.by_id(tx, post_id)
    if post is None and (published := await find.published_as(tx, post_id)) is not None:
        post = await find.by_id(tx, published)
    if post is None or not await can_see(tx, author.id, post):
        raise Refused(404, "The post that this answers does not exist.")
    if post.state != PostState.PUBLISHED:
        raise Refused(422, "The post that this answers is not out yet.")
    return post if post.reblog_of_id is None else await find.by_id(tx, post.reblog_of_id)


async def take_attachments(tx: Tx, author: Account, ids: Sequence[int]) -> list[Attachment]:
    """Return pictures of this author's that wait for a post, and hold them.

    Raises:
        Refused: 422, when there are too many or one cannot be had.
    """
    if len(ids) > ATTACHMENTS_MAX:
        raise Refused(422, f"A post may have {ATTACHMENTS_MAX} pictures at most.")
    taken: list[Attachment] = []
    for identifier in ids:
        attachment = await tx.get(Attachment, identifier, with_for_update=True)
        if attachment is None or attachment.account_id != author.id or attaching.is_taken(attachment):
            raise Refused(422, "One of the pictures does not exist or belongs to another post.")
        if attachment.state != AttachmentState.READY:
            raise Refused(
                422, "Cannot attach files that have not finished processing. Try again in a moment!"
            )
        taken.append(attachment)
    return taken


async def _count(ctx: Context, tx: Tx, author: Account, post: Post) -> None:
    # Posts before accounts, as everywhere: PostgreSQL ends one of two transactions that do it crosswise.
    if post.in_reply_to_id is not None:
        await step(tx, Post, post.in_reply_to_id, replies_count=1)
    await step(tx, Account, author.id, statuses_count=1)
    author.last_status_at = ctx.clock()


async def _announce(
    ctx: Context, tx: Tx, author: Account, post: Post, parent: Post | None, *, inboxes: tuple[str, ...]
) -> None:
    view = await find.load_one(tx, post.id)
    assert view is not None
    others = {account.id for account in view.mentions}
    if parent is not None and post.visibility in OPEN:
        others.add(parent.account_id)
    audience = Audience(
        followers_of=None if post.visibility == "direct" else author.id,
        account_ids=tuple(sorted(others)),
        inboxes=inboxes,
    )
    created = translate.create(view, ctx.settings)
    await record(ctx, tx, sender=author, activity=created, audience=audience, order_on=post.iri)


async def _detach_files(ctx: Context, tx: Tx, post: Post, *, keep_s: float) -> None:
    """Take the pictures from a post that goes, and have them erased once nobody wanted them again."""
    rows = await tx.execute(
        update(Attachment).where(Attachment.post_id == post.id).values(post_id=None).returning(Attachment.id)
    )
    ids = sorted(rows.scalars())
    if ids:
        await attaching.erase_later(ctx, tx, ids, wait_s=keep_s)
