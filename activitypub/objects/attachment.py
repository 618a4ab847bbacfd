"""Media that hangs on a post: an address, what it is, what it shows, and how it was made.

The alternative text goes out as both `name` and `summary`: Mastodon prefers the second, Pixelfed and
Takahe read only the first. Coming in, either will do. The label `digitalSourceType` rides on each
attachment, because posts mix drawn and generated pictures.

Source: https://docs.joinmastodon.org/spec/activitypub/#media; https://blurha.sh (string form);
https://schema.org/digitalSourceType with IPTC's values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from activitypub import read
from activitypub.errors import MalformedError
from activitypub.limits import ALT_TEXT_CHARS_MAX, ATTACHMENTS_MAX
from activitypub.vocab import MEDIA_TYPES

__all__ = ["Attachment", "read_attachments"]

# Largest side in px that we believe; JPEG, WebP and AVIF end at or below it.
SIDE_PX_MAX: Final = 65_535

_BASE83: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
# Components per axis that Mastodon renders; more is refused there.
BLURHASH_COMPONENTS_MAX: Final = 5
# Characters: Pixelfed refuses anything shorter or longer.
BLURHASH_CHARS_MIN: Final = 6
BLURHASH_CHARS_MAX: Final = 164


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """One file of a post.

    Args:
        url: where the file is.
        type: Document, Image, Video or Audio. We send Document, as Mastodon does.
        media_type: what the sender says it is; only the file itself can tell.
        alt: what it shows, as plain text; None says that the sender gave nothing.
        blurhash: a blurred preview as text.
        focal_point: (x, y) from -1 to 1, the part to keep when cropping.
        width: px.
        height: px.
        digital_source_type: IPTC's IRI for how it was made.
    """

    url: str
    type: str = "Document"
    media_type: str | None = None
    alt: str | None = None
    blurhash: str | None = None
    focal_point: tuple[float, float] | None = None
    width: int | None = None
    height: int | None = None
    digital_source_type: str | None = None

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read a Document, Image, Video or Audio.

        `url` may be a string, a Link or a list of these; `summary` or `name` (or a map of either) is the
        alternative text.

        Raises:
            MalformedError: it is none of the four types, or has no http(s) address.
        """
        doc = read.document(doc, "attachment")
        kind = next((entry for entry in read.types(doc) if entry in MEDIA_TYPES), None)
        found = read.links(doc.get("url", doc.get("href")))
        if kind is None or not found:
            raise MalformedError(
                "attachment has no known type, or no http(s) url", iri=read.one_id(doc.get("id"))
            )
        return cls(
            url=found[0].href,
            type=kind,
            media_type=read.media_type(doc.get("mediaType")) or found[0].media_type,
            alt=_alt(doc),
            blurhash=_blurhash(doc.get("blurhash")),
            focal_point=_focal_point(doc.get("focalPoint")),
            width=read.integer(doc.get("width"), minimum=1, maximum=SIDE_PX_MAX),
            height=read.integer(doc.get("height"), minimum=1, maximum=SIDE_PX_MAX),
            digital_source_type=read.http_iri(doc.get("digitalSourceType")),
        )

    def to_json(self) -> dict[str, Any]:
        """Render it for an `attachment` list; what is None is left out."""
        doc: dict[str, Any] = {
            "type": self.type,
            "mediaType": self.media_type,
            "url": self.url,
            "name": self.alt,
            "summary": self.alt,
            "blurhash": self.blurhash,
            "focalPoint": None if self.focal_point is None else list(self.focal_point),
            "width": self.width,
            "height": self.height,
            "digitalSourceType": self.digital_source_type,
        }
        return {key: value for key, value in doc.items() if value is not None}


def read_attachments(value: object) -> tuple[Attachment, ...]:
    """Read an `attachment` field: one object or a list; what is no usable media file is skipped.

    A post keeps its text when an attachment is broken. (A profile's fields stand in the same list of an
    actor document, and are read there.)
    """
    found = []
    for entry in read.as_list(value, ATTACHMENTS_MAX):
        try:
            found.append(Attachment.from_json(entry))
        except MalformedError:
            continue
    return tuple(found)


def _alt(doc: read.Doc) -> str | None:
    """Read the alternative text: `summary` first, as Mastodon does, then `name`; empty falls through."""
    summary, _ = read.language_text(doc, "summary", ALT_TEXT_CHARS_MAX)
    name, _ = read.language_text(doc, "name", ALT_TEXT_CHARS_MAX)
    return summary or name or (summary if summary is not None else name)


def _blurhash(value: object) -> str | None:
    """Keep a blurhash that decoders will not stumble over: alphabet, length and component counts agree."""
    if not isinstance(value, str) or not BLURHASH_CHARS_MIN <= len(value) <= BLURHASH_CHARS_MAX:
        return None
    if any(char not in _BASE83 for char in value):
        return None
    rows, columns = divmod(_BASE83.index(value[0]), 9)
    across, down = columns + 1, rows + 1
    fits = max(across, down) <= BLURHASH_COMPONENTS_MAX and len(value) == 4 + 2 * across * down
    return value if fits else None


def _focal_point(value: object) -> tuple[float, float] | None:
    """Read `[x, y]`, clamped to -1…1; also `{"@list": [x, y]}`, the same in JSON-LD's long form."""
    pair = value.get("@list") if isinstance(value, Mapping) else value
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        return None
    x, y = (read.number(entry, minimum=-1.0, maximum=1.0) for entry in pair)
    return None if x is None or y is None else (x, y)
