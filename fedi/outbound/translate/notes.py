"""Posts of this server as Notes, and the activities that publish, change and withdraw them.

A picture made by a model says so in three ways that travel with the post: the words and hashtags of its
text (written by `services.imagining`), `genAI` on the Note, and `digitalSourceType` on Note and attachments.

Source: ActivityPub sections 6.2 to 6.4; Mastodon's documentation of the properties it uses; FEP-044f
and FEP-e232 (quotes).
"""

from datetime import datetime

from activitypub.activities import Create, Delete, Update
from activitypub.addressing import Audience, Visibility, address
from activitypub.objects.attachment import Attachment
from activitypub.objects.collection import Tally
from activitypub.objects.note import Note
from activitypub.objects.policy import InteractionPolicy
from activitypub.objects.tag import Hashtag, Link, Mention, Tag
from activitypub.objects.tombstone import Tombstone
from activitypub.vocab import LD_JSON, PUBLIC
from fedi import iris, models, text
from fedi.config import Settings
from fedi.outbound.translate.polls import poll
from fedi.queries.posts import PostView

__all__ = ["MADE_BY_A_MODEL", "attachment", "create", "delete", "note", "tombstone", "update"]

MADE_BY_A_MODEL = frozenset({
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
})  # fmt: skip
"""IPTC terms for pictures that a trained model made, wholly or in part: PieFed's `genAI` goes with them."""

MISSKEY_QUOTE = "https://misskey-hub.net/ns#_misskey_quote"
"""What a Link is to a post that quotes (FEP-e232)."""


def note(view: PostView, settings: Settings) -> Note:
    """Render a local post."""
    post = view.post
    audience = _audience(view)
    return Note(
        id=post.iri,
        type="Note" if view.poll is None else "Question",
        attributed_to=view.account.iri,
        content=_content(view),
        language=post.language,
        summary=post.spoiler_text or None,
        sensitive=post.sensitive or view.account.sensitized_at is not None,
        in_reply_to=post.in_reply_to_iri,
        url=post.url,
        to=audience.to,
        cc=audience.cc,
        published=post.created_at,
        updated=post.edited_at,
        conversation=post.conversation,
        context=post.context_iri,
        replies=iris.replies(post.iri),
        likes=Tally(id=iris.likes(post.iri), total_items=post.favourites_count),
        shares=Tally(id=iris.shares(post.iri), total_items=post.reblogs_count),
        attachments=tuple(attachment(settings, entry) for entry in view.attachments if _is_ready(entry)),
        tags=(*_mentions(view, settings), *_hashtags(view, settings), *_quote_link(view)),
        policy=InteractionPolicy.from_json(post.interaction_policy),
        quote=post.quote_iri,
        quote_authorization=post.quote_authorization,
        digital_source_type=post.digital_source_type,
        gen_ai=post.digital_source_type in MADE_BY_A_MODEL,
        poll=None if view.poll is None else poll(view.poll),
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


def tombstone(iri: str, deleted_at: datetime | None = None, *, former_type: str = "Note") -> Tombstone:
    """Describe what is left of a deleted post, or of something else."""
    return Tombstone(id=iri, former_type=former_type, deleted=deleted_at)


def _audience(view: PostView) -> Audience:
    followers = view.account.followers or iris.followers(view.account.iri)
    return address(
        Visibility(view.post.visibility),
        followers=followers,
        mentions=[account.iri for account in view.mentions],
    )


def attachment(settings: Settings, row: models.Attachment) -> Attachment:
    """Render a file of ours, or one that we show of others."""
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


def _content(view: PostView) -> str:
    if view.quoted_link is None:
        return view.post.content
    return text.with_quote_link(view.post.content, view.quoted_link)


def _quote_link(view: PostView) -> tuple[Tag, ...]:
    """Name the quoted post once more, for those who know Misskey's or FEP-e232's way only."""
    iri = view.post.quote_iri
    if iri is None:
        return ()
    return (Link(href=iri, media_type=LD_JSON, rel=(MISSKEY_QUOTE,), name=f"RE: {view.quoted_link or iri}"),)


def _mentions(view: PostView, settings: Settings) -> tuple[Tag, ...]:
    return tuple(
        Mention(href=account.iri, name=f"@{account.username}@{account.domain or settings.domain}")
        for account in view.mentions
    )


def _hashtags(view: PostView, settings: Settings) -> tuple[Tag, ...]:
    return tuple(Hashtag(name=f"#{name}", href=iris.tag(settings, name)) for name in view.tags)
