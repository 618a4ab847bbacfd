"""Say inside the file that a machine drew it, in the words that other programs look for.

Regulation (EU AI Act, article 50) and the large platforms ask for a machine-readable mark;
they read the IPTC property DigitalSourceType in the XMP packet. Re-encoding peers drop it,
so the server says the same in the post as well; this is the layer that travels with the
file. The prompt goes in only where its author asked for it: prompts leaking through files
are a standing complaint about other tools.

Sources: IPTC Photo Metadata Standard 2025.1 (DigitalSourceType, AISystemUsed,
AISystemVersionUsed, AIPromptInformation, AltTextAccessibility); XMP Specification Part 1;
the NewsCodes at http://cv.iptc.org/newscodes/digitalsourcetype/.
"""

import dataclasses
import html
import re
from collections.abc import Mapping
from typing import Any, Final, Self

from media.engine import Picture
from media.errors import EngineError

__all__ = ["AI_SOURCE_TYPES", "TRAINED_ALGORITHMIC_MEDIA", "Marks", "Provenance", "read_marks", "xmp_packet"]

_NEWSCODES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
TRAINED_ALGORITHMIC_MEDIA: Final = _NEWSCODES + "trainedAlgorithmicMedia"
# the codes that say that a model made all or part of a picture; uploads keep these marks
AI_SOURCE_TYPES: Final = frozenset(
    _NEWSCODES + code
    for code in (
        "trainedAlgorithmicMedia",
        "compositeWithTrainedAlgorithmicMedia",
        "algorithmicallyEnhanced",
        "algorithmicMedia",
    )
)
# bytes of one XMP packet that are read; a JPEG segment holds 64 KiB, and ours are under 8
XMP_BYTES_MAX = 64 * 1024
# packets looked at in one file: hostile files hold thousands of openings
XMP_PACKETS_MAX = 4
# characters of a value taken from a foreign packet
MARK_CHARS_MAX = 1000

_PACKET_OPEN, _PACKET_CLOSE = b"<x:xmpmeta", b"</x:xmpmeta>"
_SOURCE_TYPE = re.compile(r"digitalsourcetype/([A-Za-z]{1,64})")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """The recipe of a generated picture: what must be known to draw it again.

    Attributes:
        model: name of the model for people.
        model_digest: `sha256:…` over the model's files, or empty.
        revision: version of the model, or empty.
        seed: that was used.
        steps: that were done.
        guidance: that was used.
        versions: library versions that the pixels depend on.
        width_px: of the finished picture.
        height_px: of the finished picture.
        prompt: None keeps it out of the file and of everything built from this value.
        digital_source_type: IPTC NewsCode.
    """

    model: str
    model_digest: str
    revision: str
    seed: int
    steps: int
    guidance: float
    versions: Mapping[str, str]
    width_px: int
    height_px: int
    prompt: str | None = None
    digital_source_type: str = TRAINED_ALGORITHMIC_MEDIA

    @classmethod
    def of(cls, picture: Picture, *, prompt: str | None = None) -> Self:
        """Take the facts from a picture; `prompt` only when its author wants it published."""
        shared = {f.name for f in dataclasses.fields(cls)} & {f.name for f in dataclasses.fields(picture)}
        return cls(**{name: getattr(picture, name) for name in shared}, prompt=prompt)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, for a database column."""
        return {**dataclasses.asdict(self), "versions": dict(self.versions)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            EngineError: a name is missing or unknown.
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise EngineError(detail=f"provenance: {error}") from error


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a file says about its making; empty texts where it says nothing.

    Anyone can write or remove these: they inform, they prove nothing.
    """

    digital_source_type: str = ""
    ai_system: str = ""
    ai_system_version: str = ""
    prompt: str = ""

    @property
    def says_ai(self) -> bool:
        """Whether the file says that a model made all or part of it."""
        return self.digital_source_type in AI_SOURCE_TYPES or bool(self.ai_system)


def xmp_packet(
    digital_source_type: str,
    *,
    ai_system: str = "",
    ai_system_version: str = "",
    prompt: str = "",
    alt: str = "",
) -> bytes:
    """Return an XMP packet for `PIL.Image.Image.save(xmp=…)`; empty texts are left out.

    The packet holds no date and no id, so that the same picture gives the same bytes and
    with them the same key in the blob store.
    """
    attributes = {
        "Iptc4xmpExt:DigitalSourceType": digital_source_type,
        "Iptc4xmpExt:AISystemUsed": ai_system,
        "Iptc4xmpExt:AISystemVersionUsed": ai_system_version,
        "Iptc4xmpExt:AIPromptInformation": prompt,
    }
    written = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items() if value)
    alt_text = (
        '<Iptc4xmpCore:AltTextAccessibility><rdf:Alt><rdf:li xml:lang="x-default">'
        f"{html.escape(alt)}</rdf:li></rdf:Alt></Iptc4xmpCore:AltTextAccessibility>"
        if alt
        else ""
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about=""'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/"'
        f"{written}>{alt_text}</rdf:Description></rdf:RDF></x:xmpmeta>"
        '<?xpacket end="r"?>'
    ).encode()


def read_marks(data: bytes) -> Marks:
    """Read the marks of a picture file of any format, without decoding or parsing it.

    The packet is found by its opening bytes and searched for the few values that matter. No
    XML parser sees a stranger's file, so there are no entities to expand. Compressed PNG
    text is not looked into.
    """
    found = Marks()
    for packet in _packets(data):
        source_type = _SOURCE_TYPE.search(packet)
        found = Marks(
            digital_source_type=_NEWSCODES + source_type[1] if source_type else found.digital_source_type,
            ai_system=_value(packet, "AISystemUsed") or found.ai_system,
            ai_system_version=_value(packet, "AISystemVersionUsed") or found.ai_system_version,
            prompt=_value(packet, "AIPromptInformation") or found.prompt,
        )
    return found


def _packets(data: bytes) -> list[str]:
    """Return the first XMP packets of a file as text."""
    packets: list[str] = []
    start = data.find(_PACKET_OPEN)
    while start >= 0 and len(packets) < XMP_PACKETS_MAX:
        end = data.find(_PACKET_CLOSE, start, start + XMP_BYTES_MAX)
        if end < 0:
            break
        packets.append(data[start:end].decode("utf-8", "replace"))
        start = data.find(_PACKET_OPEN, end)
    return packets


def _value(packet: str, name: str) -> str:
    """Return an IPTC extension property written as attribute or as element; XMP allows both."""
    pattern = rf"Iptc4xmpExt:{name}(?:\s*=\s*\"([^\"<]{{1,6000}})\"|>([^<]{{1,6000}})<)"
    match = re.search(pattern, packet)
    if not match:
        return ""
    text = html.unescape(match[1] or match[2])
    return "".join(c for c in text if c.isprintable()).strip()[:MARK_CHARS_MAX]
