"""Rows to wire objects: pure functions from models to the dataclasses of `activitypub`.

Nothing here reads the database or decides who may see what; the caller has loaded a `PostView` and knows
its audience. The identifiers of activities are made here, each from the thing it is about, so that the same
act has the same id whenever it is rendered.

A picture made by a model says so in three ways that travel with the post: the words and hashtags of its
text (written by `services.imagining`), `genAI` on the Note, and `digitalSourceType` on Note and attachments.

Source: ActivityPub section 6; Mastodon's documentation of the properties it uses; FEP-2c59 (`webfinger`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from activitypub.activities import Accept, Announce, Create, Delete, Follow, Like, Reject, Undo, Update
from activitypub.addressing import Audience, Visibility, address
from activitypub.objects.actor import Actor, Field, Picture, PublicKey
from activitypub.objects.attachment import Attachment
from activitypub.objects.note import Note
from activitypub.objects.tag import Hashtag, Mention, Tag
from activitypub.objects.tombstone import Tombstone
from activitypub.vocab import PUBLIC
from fedi import iris, models
from fedi.config import Settings
from fedi.queries.posts import PostView

__all__ = [
    "MADE_BY_A_MODEL", "accept", "actor_document", "announce", "announce_audience", "create", "delete",
    "follow", "like", "note", "reject", "tombstone", "undo", "undo_announce", "undo_follow", "undo_like",
    "update", "update_actor",
]  # fmt: skip

MADE_BY_A_MODEL = frozenset({
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
})  # fmt: skip
"""IPTC terms for pictures that a trained model made, wholly or in part: PieFed's `genAI` goes with them."""

_MEDIA_TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif",
}  # fmt: skip


def actor_document(account: models.Account, settings: Settings) -> Actor:
    """Describe a local account, or the server's own actor, to other servers."""
    return Actor(
        id=account.iri,
        type=account.kind,
        username=account.username,
        webfinger=f"{account.username}@{settings.domain}",
        inbox=account.inbox,
        outbox=account.outbox,
        followers=account.followers,
        following=account.following,
        featured=account.featured,
        shared_inbox=account.shared_inbox,
        name=account.display_name or account.username,
        summary=account.note,
        url=account.url,
        published=account.created_at,
        manually_approves_followers=account.locked,
        discoverable=account.discoverable,
        indexable=account.indexable,
        suspended=account.suspended_at is not None,
        moved_to=account.moved_to,
        also_known_as=tuple(account.also_known_as),
        public_keys=tuple(
            PublicKey(id=key["id"], owner=account.iri, pem=key["pem"]) for key in account.public_keys
        ),
        icon=_picture(settings, account.avatar_key, account.avatar_url),
        image=_picture(settings, account.header_key, account.header_url),
        fields=_fields(account),
    )


def note(view: PostView, settings: Settings) -> Note:
    """Render a local post."""
    post = view.post
    audience = _audience(view)
    return Note(
        id=post.iri,
        attributed_to=view.account.iri,
        content=post.content,
        language=post.language,
        summary=post.spoiler_text or None,
        sensitive=post.sensitive,
        in_reply_to=post.in_reply_to_iri,
        url=post.url,
        to=audience.to,
        cc=audience.cc,
        published=post.created_at,
        updated=post.edited_at,
        conversation=post.conversation,
        attachments=tuple(_attachment(settings, entry) for entry in view.attachments if _is_ready(entry)),
        tags=(*_mentions(view, settings), *_hashtags(view, settings)),
        digital_source_type=post.digital_source_type,
        gen_ai=post.digital_source_type in MADE_BY_A_MODEL,
    )


def create(view: PostView, settings: Settings) -> Create:
    """Publish a local post."""
    audience = _audience(view)
    return Create(
        id=f"{view.post.iri}/activity",
        actor=view.account.iri,
        published=view.post.created_at,
        to=audience.to,
        cc=audience.cc,
        object_id=view.post.iri,
        object_doc=note(view, settings).to_json(context=False),
    )


def update(view: PostView, settings: Settings) -> Update:
    """Publish a new version of a local post; `edited_at` says which."""
    audience = _audience(view)
    edited_at = view.post.edited_at or view.post.created_at
    return Update(
        id=f"{view.post.iri}#updates/{int(edited_at.timestamp() * 1000)}",
        actor=view.account.iri,
        published=edited_at,
        to=audience.to,
        cc=audience.cc,
        object_id=view.post.iri,
        object_doc=note(view, settings).to_json(context=False),
    )


def update_actor(account: models.Account, settings: Settings, now: datetime) -> Update:
    """Publish a new version of a local account's profile."""
    return Update(
        id=f"{account.iri}#updates/{int(now.timestamp() * 1000)}",
        actor=account.iri,
        published=now,
        to=(PUBLIC,),
        object_id=account.iri,
        object_doc=actor_document(account, settings).to_json(context=False),
    )


def delete(post: models.Post, author: models.Account) -> Delete:
    """Withdraw a local post.

    It is addressed to everyone, as Mastodon does for every post: it says nothing that was not known to those
    who get it, and a server that holds a copy must act on it whoever told it.
    """
    return Delete(
        id=f"{post.iri}#delete",
        actor=author.iri,
        to=(PUBLIC,),
        object_id=post.iri,
        object_doc=Tombstone(id=post.iri, atom_uri=post.iri).to_json(context=False),
    )


def tombstone(iri: str, deleted_at: datetime | None = None) -> Tombstone:
    """Describe what is left of a deleted post."""
    return Tombstone(id=iri, former_type="Note", deleted=deleted_at)


def announce(
    boost: models.Post, booster: models.Account, original: models.Post, author: models.Account
) -> Announce:
    """Pass a post on."""
    audience = announce_audience(boost.visibility, booster, author)
    return Announce(
        id=boost.iri,
        actor=booster.iri,
        published=boost.created_at,
        to=audience.to,
        cc=audience.cc,
        object_id=original.iri,
    )


def announce_audience(visibility: str, booster: models.Account, author: models.Account) -> Audience:
    """Address a boost: as a post of that visibility, with the author of the original named."""
    return address(Visibility(visibility), followers=booster.followers or booster.iri, mentions=[author.iri])


def undo_announce(
    boost: models.Post, booster: models.Account, original: models.Post, author: models.Account
) -> Undo:
    """Take a boost back."""
    return undo(announce(boost, booster, original, author), to=(PUBLIC,))


def like(favourite: models.Favourite, account: models.Account, post: models.Post) -> Like:
    """Favour a post."""
    return Like(id=favourite.iri, actor=account.iri, object_id=post.iri)


def undo_like(favourite: models.Favourite, account: models.Account, post: models.Post) -> Undo:
    """Take a favour back."""
    return undo(like(favourite, account, post))


def follow(relation: models.Follow, follower: models.Account, target: models.Account) -> Follow:
    """Ask to follow; also the Follow that an answer embeds, with the id that its sender gave it."""
    return Follow(id=relation.iri, actor=follower.iri, object_id=target.iri)


def undo_follow(relation: models.Follow, follower: models.Account, target: models.Account) -> Undo:
    """Stop following, or withdraw the wish to."""
    return undo(follow(relation, follower, target))


def accept(
    answer_id: int, relation: models.Follow, follower: models.Account, target: models.Account
) -> Accept:
    """Agree to being followed; each answer has an id of its own, since it may be given again."""
    return Accept(
        id=f"{target.iri}#accepts/follows/{answer_id}",
        actor=target.iri,
        to=(follower.iri,),
        object_id=relation.iri,
        object_doc=follow(relation, follower, target).to_json(context=False),
    )


def reject(
    answer_id: int, relation: models.Follow, follower: models.Account, target: models.Account
) -> Reject:
    """Decline being followed, or end it."""
    return Reject(
        id=f"{target.iri}#rejects/follows/{answer_id}",
        actor=target.iri,
        to=(follower.iri,),
        object_id=relation.iri,
        object_doc=follow(relation, follower, target).to_json(context=False),
    )


def undo(done: Announce | Follow | Like, *, to: Sequence[str] = ()) -> Undo:
    """Take an activity of ours back; it is embedded, because Mastodon finds few of them by id."""
    return Undo(
        id=f"{done.id}{'/' if '#' in str(done.id) else '#'}undo",
        actor=done.actor,
        to=tuple(to),
        object_id=done.id,
        object_doc=done.to_json(context=False),
    )


def _audience(view: PostView) -> Audience:
    followers = view.account.followers or iris.followers(view.account.iri)
    return address(
        Visibility(view.post.visibility),
        followers=followers,
        mentions=[account.iri for account in view.mentions],
    )


def _attachment(settings: Settings, row: models.Attachment) -> Attachment:
    focus = (row.focus_x, row.focus_y)
    return Attachment(
        url=iris.media(settings, row.file_key) if row.file_key else row.remote_url or "",
        media_type=row.media_type,
        alt=row.description,
        blurhash=row.blurhash,
        focal_point=(focus[0], focus[1]) if focus[0] is not None and focus[1] is not None else None,
        width=row.width,
        height=row.height,
        digital_source_type=row.digital_source_type,
    )


def _is_ready(row: models.Attachment) -> bool:
    return row.state == models.AttachmentState.READY and bool(row.file_key or row.remote_url)


def _mentions(view: PostView, settings: Settings) -> tuple[Tag, ...]:
    return tuple(
        Mention(href=account.iri, name=f"@{account.username}@{account.domain or settings.domain}")
        for account in view.mentions
    )


def _hashtags(view: PostView, settings: Settings) -> tuple[Tag, ...]:
    return tuple(Hashtag(name=f"#{name}", href=iris.tag(settings, name)) for name in view.tags)


def _picture(settings: Settings, key: str | None, url: str | None) -> Picture | None:
    address = iris.media(settings, key) if key else url
    return Picture(url=address, media_type=_media_type(address)) if address else None


def _media_type(address: str) -> str | None:
    """Tell a picture's type by its name: keys of ours end as their file does."""
    ending = address.rpartition(".")[2].lower()
    return {
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "png": "image/png",
        "webp": "image/webp",
        "gif": "image/gif",
    }.get(ending)


def _fields(account: models.Account) -> tuple[Field, ...]:
    """The lines of the profile; a bot's names who answers for it, unless a line of its own does."""
    rows: list[dict[str, Any]] = list(account.fields)
    if account.operator and not any(row["name"] == "Operator" for row in rows):
        rows.insert(0, {"name": "Operator", "value": f"@{account.operator.removeprefix('@')}"})
    return tuple(Field(name=row["name"], value=row["value"]) for row in rows)
