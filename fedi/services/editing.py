"""Editing local posts.

One transaction changes the post and what hangs on it, keeps what it was, and sends the new version to
everyone who has the old one. `edited_at` only grows, by a millisecond at least: peers take an edit for known
unless its time is later than the last. What a post is for (its visibility, what it answers) stays, and so do
the labels of a picture that was drawn here.

Source: Mastodon's `UpdateStatusService` and its documentation of editing, by what they do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from fedi import text
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Attachment, Mention, Post, PostState, PostTag
from fedi.outbound import indexing, translate
from fedi.outbound.outbox import Audience, record
from fedi.outbound.remote import to_milliseconds
from fedi.queries import polls as find_poll
from fedi.queries import posts as find
from fedi.services import (
    airing,
    attaching,
    conversing,
    labelling,
    polling,
    posting,
    quoting,
    revising,
    wording,
)  # fmt: skip
from fedi.services.notifying import notify
from fedi.services.reaching import OPEN, everyone_who_has

__all__ = ["Change", "Described", "edit"]

STEP = timedelta(milliseconds=1)
"""Between two edits at least: what the database keeps and `updated` tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What is told anew of a picture; None leaves it as it is."""

    description: str | None = None
    focus: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a post is to be; what is not named here is taken out of it, but its language."""

    text: str
    html: str | None = None
    """The text as the client marked it up; made from the text when missing."""
    hashtags: Sequence[str] = ()
    """Beside those in the text."""
    addressed: Sequence[int] = ()
    """Accounts that it names beside those whom the text mentions."""
    spoiler_text: str = ""
    sensitive: bool = False
    language: str | None = None
    attachment_ids: Sequence[int] = ()
    described: Mapping[int, Described] = field(default_factory=dict)
    poll: polling.NewPoll | None = None


async def edit(ctx: Context, tx: Tx, *, author: Account, post: Post, change: Change) -> Post:
    """Change a post, keep what it was and tell everyone who has it; nothing happens when nothing changes.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: who edits.
        post: a local post.
        change: what it is to be.

    Raises:
        Refused: 404 for what is not theirs to edit, 422 with a sentence for the person.
    """
    held = await tx.get(Post, post.id, with_for_update=True, populate_existing=True)
    if held is None or held.account_id != author.id or held.reblog_of_id is not None:
        raise Refused(404, "Record not found")
    if held.state != PostState.PUBLISHED:
        raise Refused(422, "Validation failed: the picture is not out yet.")
    _require_within_limits(ctx, change)
    before, fine_before = await revising.version_of(tx, held), await _fine_print(tx, held)
    audience = await everyone_who_has(tx, held, with_words=True)
    new_people = await _set_words(ctx, tx, held, change)
    await _set_attachments(ctx, tx, author, held, change)
    await polling.change(ctx, tx, post=held, new=change.poll)
    await tx.flush()
    is_seen = await revising.version_of(tx, held) != before
    if not is_seen and await _fine_print(tx, held) == fine_before:
        return held
    last = held.edited_at or held.created_at
    if is_seen:
        await revising.keep_version(ctx, tx, held, before, since=last)
        await revising.tell_boosters(ctx, tx, held)
        await quoting.tell_quoters(ctx, tx, post=held)
    held.edited_at = _later(ctx.clock(), last)
    await tx.flush()
    await indexing.index(tx, held)
    for account_id in new_people:
        await notify(
            ctx, tx, account_id=account_id, from_account_id=author.id, kind="mention", post_id=held.id
        )
    await conversing.withdrawn(tx, post=held)
    await conversing.arrived(ctx, tx, post=held, people=new_people)
    await airing.changed(ctx, tx, held)
    await _announce(ctx, tx, author, held, audience)
    return held


def _require_within_limits(ctx: Context, change: Change) -> None:
    has_more = bool(change.attachment_ids) or change.poll is not None
    wording.require_within_limits(
        ctx, source=change.text, spoiler_text=change.spoiler_text, has_more=has_more
    )
    if len(change.attachment_ids) > posting.ATTACHMENTS_MAX:
        raise Refused(422, f"A post may have {posting.ATTACHMENTS_MAX} pictures at most.")
    if change.poll is not None and change.attachment_ids:
        raise Refused(422, "Validation failed: a post may have pictures or a poll, not both.")


async def _fine_print(tx: Tx, post: Post) -> Any:
    """Return what a version does not hold and an edit may change all the same."""
    rows = await tx.execute(
        select(Attachment.id, Attachment.focus_x, Attachment.focus_y)
        .where(Attachment.post_id == post.id)
        .order_by(Attachment.id)
    )
    poll = await find_poll.by_post(tx, post.id)
    asked = poll and (poll.multiple, poll.hide_totals, poll.expires_at)
    return post.source, post.language, [tuple(row) for row in rows], asked


async def _set_words(ctx: Context, tx: Tx, post: Post, change: Change) -> list[int]:
    """Change the text and what is derived from it; return the accounts that it mentions only now."""
    gone = await wording.mentioned(ctx, tx, post.source)
    source = labelling.relabelled(ctx.settings, post, change.text)
    # The label cannot be marked up by a client, so a text that carries one is plain.
    html = change.html if source == change.text else None
    people = await wording.mentioned(ctx, tx, source, by=post.account_id) if html is None else {}
    post.source = source
    post.content = wording.render(ctx, source, people) if html is None else text.sanitise(html)
    post.spoiler_text = change.spoiler_text
    post.sensitive = change.sensitive or bool(change.spoiler_text)
    post.language = change.language or post.language
    await tx.execute(delete(PostTag).where(PostTag.post_id == post.id))
    tags = dict.fromkeys([*text.find_hashtags(source), *change.hashtags])
    tx.add_all(PostTag(post_id=post.id, name=name) for name in tags)
    named = {account.id for account in people.values()} | set(await wording.addressed(tx, change.addressed))
    return await _set_mentions(tx, post, named, {account.id for account in gone.values()} - named)


async def _set_mentions(tx: Tx, post: Post, named: set[int], gone: set[int]) -> list[int]:
    """Mention these people and no longer those; return who was not mentioned before.

    Whom a post that is not open was sent to stays among those for whom it is.
    """
    mine = Mention.post_id == post.id
    rows = await tx.execute(select(Mention.account_id).where(mine))
    held = set(rows.scalars())
    if post.visibility in OPEN and gone:
        await tx.execute(delete(Mention).where(mine, Mention.account_id.in_(gone)))
    loud = update(Mention).where(mine, Mention.account_id.in_(named)).values(silent=False)
    await tx.execute(loud.execution_options(synchronize_session=False))
    new = sorted(named - held)
    tx.add_all(Mention(post_id=post.id, account_id=account_id) for account_id in new)
    await tx.flush()
    return new


async def _set_attachments(ctx: Context, tx: Tx, author: Account, post: Post, change: Change) -> None:
    rows = await tx.execute(select(Attachment).where(Attachment.post_id == post.id))
    held = {row.id: row for row in rows.scalars()}
    kept = [identifier for identifier in change.attachment_ids if identifier in held]
    fresh = [identifier for identifier in change.attachment_ids if identifier not in held]
    taken = {row.id: row for row in await posting.take_attachments(tx, author, fresh)}
    shown = [held.get(identifier) or taken[identifier] for identifier in change.attachment_ids]
    for position, row in enumerate(shown):
        row.post_id, row.position = post.id, position
        said = change.described.get(row.id, Described())
        attaching.describe(row, description=said.description, focus=said.focus)
    post.digital_source_type = post.digital_source_type or wording.source_type_of(shown)
    await tx.flush()
    if removed := sorted(held.keys() - set(kept)):
        await tx.execute(update(Attachment).where(Attachment.id.in_(removed)).values(post_id=None))
        await attaching.erase_later(ctx, tx, removed, wait_s=0.0)


def _later(now: datetime, last: datetime) -> datetime:
    """Return the time of an edit: now, and in any case after the last one."""
    return max(to_milliseconds(now), to_milliseconds(last) + STEP)


async def _announce(ctx: Context, tx: Tx, author: Account, post: Post, had_it: Audience) -> None:
    view = await find.load_one(tx, post.id)
    assert view is not None
    now_has = await everyone_who_has(tx, post, with_words=True)
    audience = Audience(
        followers_of=now_has.followers_of,
        account_ids=tuple(sorted({*had_it.account_ids, *now_has.account_ids})),
    )
    said = translate.update(view, ctx.settings)
    await record(ctx, tx, sender=author, activity=said, audience=audience, order_on=post.iri)
