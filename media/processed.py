"""Finished files as plain values, readable where Pillow, numpy and torch must not be.

The server stores and describes pictures but never decodes one, so what it receives from
the child processes is bytes beside checked facts. A child that decodes a stranger's file
may have been taken over by it; everything it sends is therefore checked here again before
it is believed.
"""

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, Self

from media.errors import EngineError
from media.provenance import AI_SOURCE_TYPES, Provenance

__all__ = ["OUTPUT_TYPES", "FinishedPicture", "ProcessedImage"]

# media type → first bytes; peers such as Pixelfed take JPEG, PNG and GIF only
OUTPUT_TYPES: Final[Mapping[str, bytes]] = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}
# pixels a side of anything that we hand out (media.images holds the tighter bounds)
_SIDE_PX_MAX = 5000
# base 83 as media.blurhash writes it; spelled out again, because that module needs numpy
_BLURHASH = re.compile(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,54}\Z")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedImage:
    """One picture, decoded, cleaned and encoded anew, with its thumbnail.

    Attributes:
        data: the file.
        content_type: of `data`, one of `OUTPUT_TYPES`.
        width_px: of `data`.
        height_px: of `data`.
        thumbnail: a small file of the same picture.
        thumbnail_type: of `thumbnail`.
        thumbnail_width_px: of `thumbnail`.
        thumbnail_height_px: of `thumbnail`.
        blurhash: 4 by 3, 3 by 4 or 4 by 4 components.
        sha256: of `data`, 64 lower-case hexadecimal digits.
        digital_source_type: IPTC NewsCode that the file carries when a model made it, or empty.
    """

    data: bytes
    content_type: str
    width_px: int
    height_px: int
    thumbnail: bytes
    thumbnail_type: str
    thumbnail_width_px: int
    thumbnail_height_px: int
    blurhash: str
    sha256: str
    digital_source_type: str = ""

    def to_parts(self) -> tuple[dict[str, Any], bytes]:
        """Split into JSON facts and one run of bytes, for a pipe."""
        facts = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in ("data", "thumbnail")
        }
        return {**facts, "data_bytes": len(self.data)}, self.data + self.thumbnail

    @classmethod
    def from_parts(cls, facts: Mapping[str, Any], body: bytes) -> Self:
        """Join and check what `to_parts` split.

        Raises:
            EngineError: something in it is not what `media.images` would have made.
        """
        rest = dict(facts)
        data_bytes = rest.pop("data_bytes", None)
        if type(data_bytes) is not int or not 0 < data_bytes < len(body):
            raise EngineError(detail="picture from the child: sizes do not fit the bytes")
        try:
            image = cls(**rest, data=body[:data_bytes], thumbnail=body[data_bytes:])
        except TypeError as error:
            raise EngineError(detail=f"picture from the child: {error}") from error
        problem = _problem_of(image)
        if problem:
            raise EngineError(detail=f"picture from the child: {problem}")
        return image


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FinishedPicture:
    """A generated picture, ready to be stored and posted.

    Attributes:
        image: the files.
        alt: text alternative, ending in the words that say that it is generated.
        provenance: how to draw it again; `prompt` is None unless publishing it was asked for.
        unknown_words: words of the prompt that the model's closed vocabulary does not hold.
    """

    image: ProcessedImage
    alt: str
    provenance: Provenance
    unknown_words: tuple[str, ...] = ()


def _problem_of(image: ProcessedImage) -> str:
    """Return what is wrong with an image that came from a child, or an empty text."""
    for name in ("width_px", "height_px", "thumbnail_width_px", "thumbnail_height_px"):
        side_px = getattr(image, name)
        if type(side_px) is not int or not 0 < side_px <= _SIDE_PX_MAX:
            return f"{name} is {side_px!r}"
    for content_type, data in ((image.content_type, image.data), (image.thumbnail_type, image.thumbnail)):
        if content_type not in OUTPUT_TYPES or not data.startswith(OUTPUT_TYPES[content_type]):
            return f"{content_type!r} does not fit the file's first bytes"
    if not _BLURHASH.match(str(image.blurhash)):
        return "the blurhash is malformed"
    if image.digital_source_type not in {"", *AI_SOURCE_TYPES}:
        return "the source type is not a known code"
    if image.sha256 != hashlib.sha256(image.data).hexdigest():
        return "the digest does not fit the file"
    return ""
