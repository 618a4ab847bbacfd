"""What a client's Note says: words, pictures and the warning before them, in the shape that `posting` takes.

With `source` (plain text, or Markdown, which is taken for plain text) the server marks up: links, mentions
and hashtags. Without it `content` is HTML and stays as it is but for what the sanitiser removes. Pictures
must have been uploaded here before, because what nobody here has decoded is not passed on; how they were
made is read out of the file, so what a client says can add a label and never remove one.

Source: ActivityPub section 3.3 (source); SocialCG's "ActivityPub Media Upload".
"""

from collections.abc import Mapping, Sequence
from typing import Any

from activitypub import read
from activitypub.limits import ALT_TEXT_CHARS_MAX, ATTACHMENTS_MAX
from activitypub.objects.policy import InteractionPolicy
from activitypub.objects.tag import Hashtag, Mention, Tag, read_tags
from activitypub.read import Doc
from activitypub.vocab import PUBLIC
from fedi import iris, text
from fedi.api.params import as_identifier
from fedi.context import Context
from fedi.db import Tx
from fedi.errors import Refused
from fedi.models import Account, Attachment
from fedi.outbound.translate import MADE_BY_A_MODEL
from fedi.queries import deeds

__all__ = [
    "Words",
    "alternative_text",
    "hashtags",
    "label",
    "mentions",
    "pictures",
    "quote_policy",
    "read_words",
    "upload",
    "warning",
]

SOURCE_TYPES = ("text/plain", "text/markdown")
"""Media types of `source`."""

Words = tuple[str, str | None, str | None]
"""Plain text, HTML (None when the text is to be marked up here), and language."""


def read_words(doc: Doc) -> Words:
    """Read what a post says.

    Raises:
        Refused: 422, for a `source` of a type that we do not know.
    """
    content, language = read.language_text(doc, "content")
    source = doc.get("source")
    if isinstance(source, Mapping) and isinstance(source.get("content"), str):
        kind = read.media_type(source.get("mediaType")) or SOURCE_TYPES[0]
        if kind not in SOURCE_TYPES:
            raise Refused(422, f"source has to be one of {', '.join(SOURCE_TYPES)}; or leave it out")
        return read.text(source["content"]) or "", None, language
    if content is None:
        return "", None, language
    html = text.sanitise(content)
    return text.html_to_text(html), html, language


def warning(doc: Doc) -> str:
    """Return the content warning of a post as plain text."""
    summary, _ = read.language_text(doc, "summary")
    return text.html_to_text(text.sanitise(summary or ""))


def mentions(doc: Doc) -> list[str]:
    """Return the ids of the actors whom a post mentions by `tag`."""
    return [tag.href for tag in _tags(doc) if isinstance(tag, Mention)]


def hashtags(doc: Doc) -> list[str]:
    """Return the hashtags that a post has by `tag`, as they are kept."""
    named = [tag.name.removeprefix("#") for tag in _tags(doc) if isinstance(tag, Hashtag)]
    return [found for name in named for found in text.find_hashtags(f"#{name}")]


def quote_policy(me: Account, doc: Doc) -> str | None:
    """Read who may quote a post, in Mastodon's words; None when the client does not say.

    Raises:
        Refused: 422, when it is something that Mastodon has no word for.
    """
    policy = InteractionPolicy.from_json(doc.get("interactionPolicy"))
    if policy is None or policy.can_quote is None:
        return None
    named = policy.can_quote.automatic
    if PUBLIC in named:
        return "public"
    if me.followers in named:
        return "followers"
    if set(named) <= {me.iri} and not policy.can_quote.manual:
        return "nobody"
    raise Refused(422, "canQuote may approve Public, your followers, or you alone, at once")


def label(doc: Doc) -> str | None:
    """Return how a client says that the pictures were made, when that is a label that we know."""
    said = read.http_iri(doc.get("digitalSourceType"))
    return said if said in MADE_BY_A_MODEL else None


def alternative_text(doc: Doc) -> str | None:
    """Return what a picture shows, by `summary`, or by `name` as older software has it."""
    said = (read.language_text(doc, name, ALT_TEXT_CHARS_MAX)[0] for name in ("summary", "name"))
    return next((words for words in said if words), None)


async def pictures(
    ctx: Context, tx: Tx, me: Account, doc: Doc, *, post_id: int | None = None
) -> dict[int, str | None]:
    """Return the ids of the uploads that a post has, each with the alternative text given with it, if any.

    Args:
        ctx: the context.
        tx: a transaction.
        me: whose uploads.
        doc: the post as the client wrote it.
        post_id: of the post, when it has pictures already.

    Raises:
        Refused: 422, when one is not an upload of this person that waits for its post.
    """
    found: dict[int, str | None] = {}
    for entry in _entries(doc):
        row = await upload(ctx, tx, me, entry, post_id=post_id)
        if row is None:
            raise Refused(422, "attachment must be what you uploaded before, through uploadMedia")
        found[row.id] = alternative_text(entry) if isinstance(entry, Mapping) else None
    return found


async def upload(
    ctx: Context, tx: Tx, me: Account, entry: Any, *, post_id: int | None = None
) -> Attachment | None:
    """Find an upload of somebody's by its id, or by the address of its file."""
    names = [read.one_id(entry.get("id") if isinstance(entry, Mapping) else entry)]
    if isinstance(entry, Mapping):
        names += [link.href for link in read.links(entry.get("url", entry.get("href")))]
    prefix, files = iris.attachment(me.iri, 0)[:-1], iris.media(ctx.settings, "")
    for name in names:
        if name is None:
            continue
        if (tail := name.removeprefix(prefix)) != name:
            key = as_identifier(tail)
            row = None if key is None else await tx.get(Attachment, key)
            return row if row is not None and row.account_id == me.id else None
        if (file_key := name.removeprefix(files)) != name:
            return await deeds.upload(tx, account_id=me.id, file_key=file_key, post_id=post_id)
    return None


def _entries(doc: Doc) -> Sequence[Any]:
    entries = read.as_list(doc.get("attachment"), ATTACHMENTS_MAX + 1)
    if len(entries) > ATTACHMENTS_MAX:
        raise Refused(422, f"attachment has more than {ATTACHMENTS_MAX} entries")
    return entries


def _tags(doc: Doc) -> tuple[Tag, ...]:
    return read_tags(doc.get("tag"))
