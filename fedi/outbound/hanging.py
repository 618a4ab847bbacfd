"""What hangs on a remote post: mentions, hashtags, media and its poll, written anew or brought up to date.

An edit keeps the rows of what stays (a picture by its address, a poll by its post), because clients hold
their ids and the history of the post names them. Whom a post that is not open mentioned keeps their mention:
they have it, and would otherwise not see what became of it; but nobody gets in by `to` or `cc` of an edit.
"""

import mimetypes
import re
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import delete, or_, select

from activitypub.objects.attachment import Attachment as WireAttachment
from activitypub.objects.note import Note
from activitypub.objects.question import Poll as WirePoll
from fedi.context import Context
from fedi.db import Tx
from fedi.models import Account, Attachment, AttachmentState, Mention, Poll, PollVote, Post, PostTag
from fedi.outbound import indexing
from fedi.outbound.fetch import is_ours
from fedi.queries import polls as find_poll
from fedi.queries.domains import host_of

__all__ = ["addressed_accounts", "hang_on", "iptc_term", "set_poll", "update_tallies"]

HASHTAGS_MAX = 60
"""Of one post that are kept; more is flooding."""

HASHTAG_CHARACTERS_MAX = 200
"""Of one hashtag; longer ones are nobody's topic."""

OPEN = ("public", "unlisted")

POLL_RUNS_FOR = timedelta(days=36_500)
"""How long a poll may still run: a later end is a joke, and there is no moment after the year 9999."""

_IPTC = re.compile(r"https?://cv\.iptc\.org/newscodes/digitalsourcetype/([A-Za-z]{1,60})")


async def hang_on(ctx: Context, tx: Tx, post: Post, note: Note, *, is_edit: bool) -> None:
    """Write what hangs on a post, or bring it up to date.

    Args:
        ctx: the context.
        tx: a writing transaction.
        post: the post, which is written already.
        note: its document.
        is_edit: it hung before.
    """
    await _set_mentions(ctx, tx, post, note, is_edit=is_edit)
    if is_edit:
        await tx.execute(delete(PostTag).where(PostTag.post_id == post.id))
    names = dict.fromkeys(tag.key for tag in note.hashtags if 0 < len(tag.key) <= HASHTAG_CHARACTERS_MAX)
    tx.add_all(PostTag(post_id=post.id, name=name) for name in list(names)[:HASHTAGS_MAX])
    if is_edit or note.attachments:
        await _set_attachments(ctx, tx, post, note)
    if is_edit or note.poll is not None:
        await set_poll(ctx, tx, post, note.poll)
    await tx.flush()
    if is_edit:
        await indexing.reindex(tx, post)


async def addressed_accounts(ctx: Context, tx: Tx, note: Note, *, only_here: bool = False) -> list[Account]:
    """Return the known accounts that a post mentions, and the people here that it is addressed to.

    The server itself is none of them. A mention counts by its tag; GoToSocial and Pixelfed address direct
    posts without one.

    Args:
        ctx: the context.
        tx: a transaction.
        note: the post.
        only_here: leave out those of other servers.
    """
    tagged = {mention.href for mention in note.mentions}
    here = {iri for iri in (*tagged, *note.to, *note.cc) if is_ours(ctx.settings, iri)}
    iris = here if only_here else here | tagged
    if not iris:
        return []
    somebody = or_(Account.domain != "", Account.kind != "Application")
    rows = await tx.execute(select(Account).where(Account.iri.in_(iris), somebody).order_by(Account.id))
    return list(rows.scalars())


async def set_poll(ctx: Context, tx: Tx, post: Post, said: WirePoll | None) -> None:
    """Write the poll of a remote post, change it or take it away; other options begin with no votes."""
    assert not post.local, "the votes in our own polls are counted here"
    poll = await find_poll.by_post(tx, post.id)
    if said is None:
        if poll is not None:
            await tx.delete(poll)
            await tx.flush()
        return
    names = [option.name for option in said.options]
    if poll is None:
        poll = Poll(id=ctx.ids.next(), post_id=post.id, options=names, multiple=said.multiple)
        tx.add(poll)
    elif poll.options != names or poll.multiple != said.multiple:
        await tx.execute(delete(PollVote).where(PollVote.poll_id == poll.id))
        poll.options, poll.multiple = names, said.multiple
    _count(poll, said, ctx.clock())
    await tx.flush()


async def update_tallies(ctx: Context, tx: Tx, post: Post, said: WirePoll | None) -> Poll | None:
    """Take over how a remote poll stands; one with other options is an edit, and waits for it.

    Returns:
        The poll, when there is one that the figures are about.
    """
    assert not post.local, "the votes in our own polls are counted here"
    poll = await find_poll.by_post(tx, post.id)
    if poll is None or said is None or poll.options != [option.name for option in said.options]:
        return None
    _count(poll, said, ctx.clock())
    await tx.flush()
    return poll


def iptc_term(iri: str | None) -> str | None:
    """Bring one of IPTC's terms into their own spelling, which begins with http; others say nothing to us."""
    match = _IPTC.fullmatch(iri or "")
    return f"http://cv.iptc.org/newscodes/digitalsourcetype/{match[1]}" if match else None


def _count(poll: Poll, said: WirePoll, now: datetime) -> None:
    """Copy the figures and the end. Pleroma writes into `closed` when the poll will be closed."""
    poll.tallies = [option.votes for option in said.options]
    poll.voters_count = said.voters_count or 0
    is_closed = said.is_closed or (said.closed is not None and said.closed <= now)
    end = said.end_time or (None if is_closed else said.closed)
    poll.expires_at = end and min(end, now + POLL_RUNS_FOR)
    poll.closed_at = (said.closed or poll.closed_at or now) if is_closed else None
    poll.fetched_at = now


async def _set_mentions(ctx: Context, tx: Tx, post: Post, note: Note, *, is_edit: bool) -> None:
    tagged = {mention.href for mention in note.mentions}
    is_open = post.visibility in OPEN
    held: set[int] = set()
    if is_edit:
        held = set((await tx.execute(select(Mention.account_id).where(Mention.post_id == post.id))).scalars())
    meant = {
        account.id
        for account in await addressed_accounts(ctx, tx, note)
        if account.iri in tagged or (not is_edit and not is_open and account.is_local)
    }
    if is_open and held - meant:
        gone = Mention.account_id.in_(held - meant)
        await tx.execute(delete(Mention).where(Mention.post_id == post.id, gone))
    tx.add_all(Mention(post_id=post.id, account_id=account_id) for account_id in sorted(meant - held))


async def _set_attachments(ctx: Context, tx: Tx, post: Post, note: Note) -> None:
    held: dict[str | None, list[Attachment]] = defaultdict(list)
    for known in (await tx.execute(select(Attachment).where(Attachment.post_id == post.id))).scalars():
        held[known.remote_url].append(known)
    owners = await _hosts_of_author(tx, post) if note.attachments else ()
    rules = await ctx.rules.now()
    for position, entry in enumerate(note.attachments):
        columns = _attachment_columns(entry, position)
        withheld = rules.withhold(entry.url, *owners)
        columns["state"] = AttachmentState.WITHHELD if withheld else AttachmentState.READY
        row = held[entry.url].pop(0) if held[entry.url] else None
        if row is None:
            row = Attachment(
                id=ctx.ids.next(), account_id=post.account_id, post_id=post.id, created_at=ctx.clock()
            )  # fmt: skip
            tx.add(row)
        for name, value in columns.items():
            setattr(row, name, value)
    for gone in chain.from_iterable(held.values()):
        await tx.delete(gone)


async def _hosts_of_author(tx: Tx, post: Post) -> tuple[str, str]:
    author = await tx.get_one(Account, post.account_id)
    return author.domain, host_of(author.iri)


def _attachment_columns(entry: WireAttachment, position: int) -> dict[str, Any]:
    media_type = entry.media_type or mimetypes.guess_type(entry.url.partition("?")[0])[0]
    focus_x, focus_y = entry.focal_point or (None, None)
    return {
        "position": position,
        "kind": _kind(media_type, entry.type),
        "media_type": media_type,
        "remote_url": entry.url,
        "width": entry.width,
        "height": entry.height,
        "blurhash": entry.blurhash,
        "description": entry.alt,
        "focus_x": focus_x,
        "focus_y": focus_y,
        "digital_source_type": iptc_term(entry.digital_source_type),
    }


def _kind(media_type: str | None, wire_type: str) -> str:
    """Name a file in the words of the Mastodon API, by its media type or, without one, by its AS2 type."""
    family = (media_type or wire_type.lower()).partition("/")[0]
    return family if family in {"image", "video", "audio"} else "unknown"
