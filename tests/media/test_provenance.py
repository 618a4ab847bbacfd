import re
from xml.etree import ElementTree as ET

import pytest

from media.engine import Picture
from media.errors import EngineError
from media.provenance import (
    AI_SOURCE_TYPES,
    TRAINED_ALGORITHMIC_MEDIA,
    Marks,
    Provenance,
    read_marks,
    xmp_packet,
)

PICTURE = Picture(
    rgb=bytes(12),
    width_px=2,
    height_px=2,
    model="tiny",
    model_digest="sha256:0",
    revision="r1",
    seed=7,
    steps=8,
    guidance=3.0,
    versions={"torch": "2"},
)
IPTC_EXT = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


def description(packet: bytes) -> ET.Element:
    found = ET.fromstring(packet.decode().lstrip("\ufeff")).find(".//{*}Description")
    assert found is not None
    return found


def test_provenance_holds_the_recipe_without_the_prompt() -> None:
    provenance = Provenance.of(PICTURE)
    assert (provenance.model, provenance.seed, provenance.steps, provenance.width_px) == ("tiny", 7, 8, 2)
    assert provenance.prompt is None
    assert provenance.digital_source_type == TRAINED_ALGORITHMIC_MEDIA


def test_provenance_holds_the_prompt_when_asked_to() -> None:
    assert Provenance.of(PICTURE, prompt="a boat").prompt == "a boat"


def test_provenance_survives_json() -> None:
    provenance = Provenance.of(PICTURE, prompt="a boat")
    assert Provenance.from_json(provenance.to_json()) == provenance


@pytest.mark.parametrize("values", [{}, {**Provenance.of(PICTURE).to_json(), "unknown": 1}])
def test_provenance_with_missing_or_unknown_names_is_refused(values: dict) -> None:
    with pytest.raises(EngineError):
        Provenance.from_json(values)


def test_packet_is_xml_with_the_iptc_properties() -> None:
    packet = xmp_packet(
        TRAINED_ALGORITHMIC_MEDIA,
        ai_system='fedi, <tiny> & "co"',
        ai_system_version="r1",
        prompt="it's",
        alt="A <b>",
    )
    element = description(packet)
    assert element.get(IPTC_EXT + "DigitalSourceType") == TRAINED_ALGORITHMIC_MEDIA
    assert element.get(IPTC_EXT + "AISystemUsed") == 'fedi, <tiny> & "co"'
    assert element.get(IPTC_EXT + "AISystemVersionUsed") == "r1"
    assert element.get(IPTC_EXT + "AIPromptInformation") == "it's"
    assert element.findtext(".//{*}li") == "A <b>"


def test_packet_leaves_out_what_is_empty() -> None:
    packet = xmp_packet(TRAINED_ALGORITHMIC_MEDIA)
    assert list(description(packet).attrib) == [
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about",
        IPTC_EXT + "DigitalSourceType",
    ]
    assert len(description(packet)) == 0


def test_packet_is_the_same_every_time_and_small() -> None:
    assert xmp_packet(TRAINED_ALGORITHMIC_MEDIA) == xmp_packet(TRAINED_ALGORITHMIC_MEDIA)
    assert len(xmp_packet(TRAINED_ALGORITHMIC_MEDIA, ai_system="fedi, tiny")) < 700


def test_own_marks_are_read_back_anywhere_in_a_file() -> None:
    packet = xmp_packet(
        TRAINED_ALGORITHMIC_MEDIA, ai_system='a "b" & c', ai_system_version="2", prompt="it's"
    )
    marks = read_marks(b"\xff\xd8 junk" + packet + b"junk")
    assert marks == Marks(
        digital_source_type=TRAINED_ALGORITHMIC_MEDIA,
        ai_system='a "b" & c',
        ai_system_version="2",
        prompt="it's",
    )
    assert marks.says_ai


def test_marks_written_as_elements_are_read() -> None:
    xmp = (
        "<x:xmpmeta><Iptc4xmpExt:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/"
        "compositeWithTrainedAlgorithmicMedia</Iptc4xmpExt:DigitalSourceType>"
        "<Iptc4xmpExt:AISystemUsed>Other &amp; Co</Iptc4xmpExt:AISystemUsed></x:xmpmeta>"
    )
    marks = read_marks(xmp.encode())
    assert marks.digital_source_type in AI_SOURCE_TYPES
    assert marks.ai_system == "Other & Co"


def test_photograph_says_nothing_of_ai() -> None:
    camera = b"<x:xmpmeta>http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture</x:xmpmeta>"
    assert not read_marks(camera).says_ai
    assert read_marks(camera).digital_source_type.endswith("/digitalCapture")
    assert read_marks(b"no packet at all") == Marks()


def test_mark_in_a_later_packet_is_found() -> None:
    assert read_marks(b"<x:xmpmeta></x:xmpmeta>" + xmp_packet(TRAINED_ALGORITHMIC_MEDIA)).says_ai


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "data",
    [
        b"<x:xmpmeta" * 1_000_000,
        b"<x:xmpmeta></x:xmpmeta>" * 500_000,
        b"<x:xmpmeta" + b"Iptc4xmpExt:AISystemUsed " * 2500 + b"</x:xmpmeta>",
        b"<x:xmpmeta" + b' Iptc4xmpExt:AISystemUsed="' * 2000 + b"</x:xmpmeta>",
        b"<x:xmpmeta Iptc4xmpExt:AISystemUsed" + b" " * 60_000 + b"</x:xmpmeta>",
    ],
)
def test_hostile_packets_cost_no_time(data: bytes) -> None:
    assert not read_marks(data).digital_source_type


def test_control_characters_and_length_of_foreign_values_are_bounded() -> None:
    packet = xmp_packet("x", ai_system="a\x1b\u202eb" + "c" * 5000)
    assert re.fullmatch("abc{998}", read_marks(packet).ai_system)
