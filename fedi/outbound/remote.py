"""Rows of what other servers own: their actors and their posts, made from wire objects.

The documents that arrive here have been judged already: they were fetched from where they live, or signed by
their author. What remains is to make rows of them: HTML is sanitised, names are cleaned, times from the
future become now, and every identifier fits an index. Nobody is told of anything here; that is the business
of `services.receiving`, which stands above.
"""

import html
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, select, update

from activitypub.errors import ForbiddenError, MalformedError
from activitypub.objects.actor import Actor
from activitypub.objects.note import Note
from activitypub.objects.policy import Approval, InteractionPolicy
from activitypub.objects.tag import Emoji, Tag
from activitypub.origin import same_origin
from activitypub.read import http_iri
from activitypub.vocab import TRAINED_ALGORITHMIC_MEDIA
from fedi import text
from fedi.config import Settings
from fedi.context import Context
from fedi.db import Id, Instant, Tx, insert, prepared, step, stepped
from fedi.ids import TAIL_BITS, first_id_at
from fedi.lean import insert_one, run, run_later
from fedi.models import Account, Post, PostState
from fedi.outbound import indexing
from fedi.outbound.fetch import is_ours
from fedi.outbound.hanging import hang_on, iptc_term
from fedi.queries import accounts as find_account
from fedi.queries import posts as find_post
from fedi.queries.domains import Rules, host_of, rules_for

__all__ = [
    "IRI_BYTES_MAX",
    "is_storable",
    "listed_keys",
    "policy_of",
    "require_storable",
    "save_actor",
    "save_note",
    "to_milliseconds",
    "update_note",
]

IRI_BYTES_MAX = 2048
"""Of an identifier in UTF-8: PostgreSQL refuses an index entry above 2704 bytes."""

ID_DRAWS_MAX = 4
"""Of an id of a past moment: posts are dated to the second, so many share one."""

SPOILER_CHARACTERS_MAX = 1000
"""Of a content warning that is kept."""

POLICY_NAMES_MAX = 50
"""People and collections that are kept of whom a post lets be quoted by; Mastodon knows two."""


async def save_actor(ctx: Context, tx: Tx, actor: Actor, *, domain: str) -> Account:
    """Write what an actor's own server says of it, and return its account.

    Args:
        ctx: the context.
        tx: a writing transaction.
        actor: fetched from its id.
        domain: of its handle, as confirmed by WebFinger.

    Raises:
        MalformedError: one of its addresses is too long to keep.
    """
    require_storable(actor.id, actor.inbox, actor.shared_inbox or "")
    rules = await rules_for(tx, ctx.settings, domain, *map(host_of, _addresses(actor)))
    verdict = rules.of(domain, host_of(actor.id))
    if verdict.suspended:
        raise ForbiddenError("its server is suspended here", iri=actor.id)
    values = _actor_columns(actor, domain, ctx.clock()) | _without_media(actor, domain, rules)
    account = await find_account.by_iri(tx, actor.id)
    holder = await find_account.by_handle(tx, actor.username, domain)
    if holder is not None and holder.iri != actor.id:
        # The handle was just confirmed to lead to this actor, so it left the account that had it before.
        holder.username = f"{holder.username}~{holder.id}"
        await tx.flush()
    if account is None:
        since = _not_later(actor.published, ctx.clock())
        statement = insert(tx, Account).values(id=ctx.ids.next(), iri=actor.id, created_at=since, **values)
        await tx.execute(statement.on_conflict_do_nothing(index_elements=[Account.iri]))
        account = await find_account.by_iri(tx, actor.id)
        assert account is not None
    for name, value in values.items():
        setattr(account, name, value)
    _take_over_suspension(ctx, account, actor)
    if verdict.limited and account.silenced_at is None:
        account.silenced_at, account.silenced_by_rule = ctx.clock(), True
    await tx.flush()
    return account


def _take_over_suspension(ctx: Context, account: Account, actor: Actor) -> None:
    """Suspend whom their own server suspended, for as long as it does; a suspension made here is left alone.

    Source: https://docs.joinmastodon.org/spec/activitypub/#suspended.
    """
    if actor.suspended and account.suspended_at is None:
        account.suspended_at, account.suspended_by_origin = ctx.clock(), True
    elif account.suspended_by_origin and not actor.suspended:
        account.suspended_at, account.suspended_by_origin = None, False


def listed_keys(actor: Actor) -> list[dict[str, str]]:
    """Return the keys that an actor signs requests with, as the row of its account keeps them."""
    return [
        {"id": key.id, "pem": key.pem} | ({"expires": key.expires.isoformat()} if key.expires else {})
        for key in actor.public_keys
        if key.owner == actor.id
    ]


def _addresses(actor: Actor) -> list[str]:
    """Return what an actor has on servers: itself and its pictures."""
    return [actor.id, *(picture.url for picture in (actor.icon, actor.image) if picture is not None)]


def _without_media(actor: Actor, domain: str, rules: Rules) -> dict[str, Any]:
    """Return the columns that are emptied: pictures of, or on, servers whose media are not shown."""
    hosts = (domain, host_of(actor.id))
    changed: dict[str, Any] = {}
    if actor.icon is not None and rules.withhold(actor.icon.url, *hosts):
        changed["avatar_url"] = None
    if actor.image is not None and rules.withhold(actor.image.url, *hosts):
        changed["header_url"] = None
    if rules.of(*hosts).rejects_media:
        changed["emojis"] = []
    return changed


def _actor_columns(actor: Actor, domain: str, now: datetime) -> dict[str, Any]:
    return {
        "username": actor.username,
        "domain": domain,
        "kind": actor.type,
        "display_name": text.clean_name(actor.name or ""),
        "note": text.sanitise(actor.summary or ""),
        "url": actor.url,
        "inbox": actor.inbox,
        "shared_inbox": actor.shared_inbox,
        "outbox": actor.outbox,
        "followers": actor.followers,
        "following": actor.following,
        "featured": actor.featured,
        "featured_tags": actor.featured_tags,
        "public_keys": listed_keys(actor),
        "avatar_url": actor.icon.url if actor.icon else None,
        "avatar_description": (actor.icon and actor.icon.alt) or "",
        "header_url": actor.image.url if actor.image else None,
        "header_description": (actor.image and actor.image.alt) or "",
        "fields": [
            {"name": text.clean_name(row.name), "value": text.sanitise(row.value), "verified_at": None}
            for row in actor.fields
        ],
        "emojis": _emojis(actor.tags),
        "also_known_as": list(actor.also_known_as),
        "attribution_domains": list(actor.attribution_domains),
        "memorial": actor.memorial,
        "moved_to": actor.moved_to,
        "locked": actor.manually_approves_followers,
        "discoverable": actor.discoverable,
        "indexable": actor.indexable,
        "fetched_at": now,
    }


async def save_note(
    ctx: Context, tx: Tx, *, author: Account, note: Note, backdated: bool = False
) -> Post | None:
    """Write a post of another server; return it, new or known, or None when it was deleted before.

    Args:
        ctx: the context.
        tx: a writing transaction.
        author: whose it is; the caller has compared it with `note.attributed_to`.
        note: signed by its author, or fetched from its id.
        backdated: give it an id of the time when it was published: for old posts that somebody looked up,
            which should not stand above newer ones. What is delivered gets the next id, because who pages by
            id must not miss it.

    Raises:
        MalformedError: one of its addresses is too long to keep.
        ForbiddenError: a post of this id is another author's.
    """
    assert note.attributed_to == author.iri, "the caller compares author and note"
    require_storable(note.id, note.in_reply_to or "")
    if await find_post.is_tombstoned(tx, note.id):
        return None
    now = ctx.clock()
    created_at = _not_later(note.published, now)
    parent = await find_post.by_iri(tx, note.in_reply_to) if note.in_reply_to else None
    values = {
        "id": await _free_id_at(ctx, tx, created_at) if backdated else ctx.ids.next(),
        "iri": note.id,
        "account_id": author.id,
        "local": False,
        "state": PostState.PUBLISHED,
        "visibility": note.visibility(followers=author.followers),
        "in_reply_to_id": parent.id if parent else None,
        "in_reply_to_account_id": parent.account_id if parent else None,
        "in_reply_to_iri": note.in_reply_to,
        "created_at": created_at,
        "edited_at": _first_edited_at(note, created_at, now),
        **_place_in_thread(ctx.settings, note, parent),
        **await _shown(ctx, note),
    }
    made: Post | None = await insert_one(tx, _new_post(tx), values, Post)
    if made is None:
        known = await find_post.by_iri(tx, note.id)
        assert known is not None, "it is in the way"
        if known.account_id != author.id:
            raise ForbiddenError("the post is known as somebody else's", iri=note.id)
        return known
    await hang_on(ctx, tx, made, note, is_edit=False)
    await indexing.index_consenting(tx, made, author)
    await _count(tx, author, made, parent)
    return made


@prepared
def _new_post(tx: Tx) -> Any:
    table = Post.__table__
    return insert(tx, table).on_conflict_do_nothing(index_elements=[table.c.iri]).returning(*table.c)


async def update_note(ctx: Context, tx: Tx, *, post: Post, note: Note, edited_at: datetime) -> None:
    """Replace what may change of a post. Its author, visibility and place in a thread may not."""
    for name, value in (await _shown(ctx, note)).items():
        setattr(post, name, value)
    post.edited_at = edited_at
    await tx.flush()
    await hang_on(ctx, tx, post, note, is_edit=True)


def to_milliseconds(moment: datetime) -> datetime:
    """Cut a time to what the database keeps, so that it compares equal when it comes again."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def require_storable(*iris: str) -> None:
    """Refuse identifiers that an index cannot hold.

    Raises:
        MalformedError: naming the beginning of the one at fault.
    """
    for iri in iris:
        if not is_storable(iri):
            raise MalformedError(f"an identifier has more than {IRI_BYTES_MAX} bytes", iri=iri[:100])


def is_storable(iri: str) -> bool:
    """Tell whether an index can hold an identifier."""
    return len(iri.encode()) <= IRI_BYTES_MAX


def _place_in_thread(settings: Settings, note: Note, parent: Post | None) -> dict[str, Any]:
    """Name the conversation: as what is answered does, else as its author's server does.

    Which posts belong to a conversation of ours is decided here, by what they answer: nobody gets into one by
    saying so.
    """
    said = [name for name in (note.context, note.conversation) if name and is_storable(name)]
    said = [name for name in said if not is_ours(settings, name)]
    replies = http_iri(note.replies)
    return {
        # Its own name, where nobody gave one: direct messages and mutes go by threads.
        "conversation": (parent.conversation or parent.iri if parent else None) or next(iter(said), note.id),
        "context_iri": (parent.context_iri if parent else None)
        or next((name for name in said if name == http_iri(note.context)), None),
        "replies_iri": replies if replies is not None and same_origin(replies, note.id) else None,
    }


async def _shown(ctx: Context, note: Note) -> dict[str, Any]:
    """Return what a post says, without the custom emoji of servers whose pictures are not shown."""
    columns, rules = _note_columns(note), await ctx.rules.now()
    columns["emojis"] = [
        entry for entry in columns["emojis"] if not rules.withhold(entry["url"], host_of(note.id))
    ]
    return columns


def _note_columns(note: Note) -> dict[str, Any]:
    warning = text.html_to_text(text.sanitise(note.summary or ""))[:SPOILER_CHARACTERS_MAX]
    return {
        "url": note.url,
        "content": _content(note),
        "spoiler_text": "" if note.is_converted else warning,
        "sensitive": note.sensitive or bool(warning and not note.is_converted),
        "language": note.language,
        "digital_source_type": _source_type_of(note),
        "emojis": _emojis(note.tags),
        "interaction_policy": policy_of(note),
    }


def policy_of(note: Note) -> dict[str, Any] | None:
    """Return what a post says about quotes, the only rule that is asked for here."""
    rule = note.policy.can_quote if note.policy is not None else None
    if rule is None:
        return None
    kept = Approval(automatic=rule.automatic[:POLICY_NAMES_MAX], manual=rule.manual[:POLICY_NAMES_MAX])
    return InteractionPolicy(can_quote=kept).to_json()


def _content(note: Note) -> str:
    """Return sanitised HTML; what is not a Note is shown as title, summary and link."""
    if not note.is_converted:
        return text.sanitise(note.content)
    title = f"<p><strong>{html.escape(note.name)}</strong></p>" if note.name else ""
    address = html.escape(note.url or note.id)
    body = text.sanitise(note.summary or ("" if note.type in {"Article", "Page"} else note.content))
    return f'{title}{body}<p><a href="{address}" rel="nofollow noopener noreferrer">{address}</a></p>'


# Built once, because they run for every post that comes in.
_PUBLISHED = (
    update(Account)
    .where(Account.id == bindparam("author", type_=Id))
    .values(last_status_at=bindparam("at", type_=Instant), statuses_count=stepped(Account.statuses_count, 1))
)
_ADOPTED = (
    update(Post)
    .where(Post.in_reply_to_iri == bindparam("parent_iri"), Post.in_reply_to_id.is_(None))
    .values(
        in_reply_to_id=bindparam("parent", type_=Id),
        in_reply_to_account_id=bindparam("author", type_=Id),
        conversation=bindparam("thread", type_=String),
        context_iri=bindparam("context", type_=String),
    )
    .returning(Post.id)
)


async def _count(tx: Tx, author: Account, post: Post, parent: Post | None) -> None:
    if parent is not None:  # posts before accounts, as everywhere (`posting`)
        await step(tx, Post, parent.id, replies_count=1)
    await run_later(tx, _PUBLISHED, {"author": author.id, "at": post.created_at})
    # Replies that came before what they answer.
    adopted = {
        "parent_iri": post.iri, "parent": post.id, "author": post.account_id, "thread": post.conversation,
        "context": post.context_iri,
    }  # fmt: skip
    if replies := len((await run(tx, _ADOPTED, adopted)).rows):
        await step(tx, Post, post.id, replies_count=replies)


def _source_type_of(note: Note) -> str | None:
    """Find out how a post's pictures were made: by its own label, one of theirs, or PieFed's `genAI`."""
    labels = [note.digital_source_type, *(entry.digital_source_type for entry in note.attachments)]
    named = next((term for term in map(iptc_term, labels) if term is not None), None)
    return named or (TRAINED_ALGORITHMIC_MEDIA if note.gen_ai else None)


def _emojis(tags: Sequence[Tag]) -> list[dict[str, Any]]:
    found = {tag.shortcode: tag.icon_url for tag in tags if isinstance(tag, Emoji)}
    return [{"shortcode": name, "url": url} for name, url in found.items()]


def _not_later(moment: datetime | None, now: datetime) -> datetime:
    """Clamp a sender's time: a post from tomorrow would stand above all others for a day."""
    return now if moment is None else min(moment, now)


def _first_edited_at(note: Note, created_at: datetime, now: datetime) -> datetime | None:
    """Tell when a post that we see for the first time was edited; None when it says no later time."""
    edited_at = to_milliseconds(min(note.updated, now)) if note.updated else None
    return edited_at if edited_at is not None and edited_at > created_at else None


async def _free_id_at(ctx: Context, tx: Tx, moment: datetime) -> int:
    """Draw an id of a moment; a fresh one when it seems full, as whoever dates their posts can see to."""
    for _ in range(ID_DRAWS_MAX):
        drawn = first_id_at(moment) | secrets.randbits(TAIL_BITS)
        if (await tx.execute(select(Post.id).where(Post.id == drawn))).first() is None:
            return drawn
    return ctx.ids.next()
