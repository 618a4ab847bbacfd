"""Structured fields: the working group's own cases, so far as they concern dictionaries."""

import base64
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub.errors import MalformedError
from activitypub.signatures import sfv
from tests.signing import DATA

FILES = sorted((DATA / "sfv").glob("*.json"))
# RFC 9651 added these two; `sfv` leaves them out, so their cases must be refused.
UNSUPPORTED_FILES = {"date.json", "display-string.json"}


def as_dictionary(case: dict[str, Any]) -> str | None:
    """The case's text as a dictionary; an item becomes the value of a key `x`, where that means the same."""
    text = ", ".join(case["raw"])
    if case["header_type"] == "dictionary":
        return text
    # Nothing at all, a comma or a tab mean something else around a value in a dictionary than around an item.
    text = text.strip(" ")
    return f"x={text}" if text and not text.endswith("\t") and ", " not in text else None


CASES = [
    pytest.param(
        {**case, "text": text, "must_fail": case.get("must_fail") or path.name in UNSUPPORTED_FILES},
        id=f"{path.stem}: {case['name']}",
    )
    for path in FILES
    for case in json.loads(path.read_text("utf-8"))
    if case["header_type"] in {"dictionary", "item"} and (text := as_dictionary(case)) is not None
]
REFUSED = [case for case in CASES if case.values[0]["must_fail"]]
TAKEN = [case for case in CASES if not case.values[0]["must_fail"]]


def plain(member: sfv.Item | sfv.InnerList) -> Any:
    """A value in the notation of the cases."""
    parameters = [[key, plain_bare(value)] for key, value in member.parameters.items()]
    if isinstance(member, sfv.InnerList):
        return [[plain(item) for item in member.items], parameters]
    return [plain_bare(member.value), parameters]


def plain_bare(value: sfv.BareItem) -> Any:
    if isinstance(value, sfv.Token):
        return {"__type": "token", "value": str(value)}
    if isinstance(value, bytes):
        return {"__type": "binary", "value": base64.b32encode(value).decode()}
    return float(value) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_working_group_refuses(case):
    with pytest.raises(MalformedError):
        sfv.parse_dictionary(case["text"])


@pytest.mark.parametrize("case", TAKEN)
def test_what_the_working_group_reads(case):
    found = [[key, plain(member)] for key, member in sfv.parse_dictionary(case["text"]).items()]
    assert found == (case["expected"] if case["header_type"] == "dictionary" else [["x", case["expected"]]])


@pytest.mark.parametrize("case", TAKEN)
def test_what_was_read_is_written_in_canonical_form(case):
    parsed = sfv.parse_dictionary(case["text"])
    written = ", ".join(written_member(key, member) for key, member in parsed.items())
    canonical = ", ".join(case.get("canonical", case["raw"]))
    assert written == (canonical if case["header_type"] == "dictionary" else written_item(canonical))


def written_item(canonical: str) -> str:
    # In a dictionary a true value is not written at all.
    return "x" + canonical[2:] if canonical.startswith("?1") else f"x={canonical}"


def written_member(key: str, member: sfv.Item | sfv.InnerList) -> str:
    if isinstance(member, sfv.InnerList):
        return f"{key}={sfv.serialise_inner_list(member)}"
    if member.value is True:
        return key + sfv.serialise_parameters(member.parameters)
    return f"{key}={sfv.serialise_item(member)}"


def test_a_signature_input_is_read_and_written():
    text = 'sig1=("@method" "@query-param";name="Pet");created=1618884473;keyid="a\\\\b\\"c";x=?0;y;z=1.5;t=*tok/en:'
    (label, covered), *rest = sfv.parse_dictionary(text).items()
    assert (label, rest) == ("sig1", [])
    assert isinstance(covered, sfv.InnerList)
    assert covered.items[1] == sfv.Item(value="@query-param", parameters={"name": "Pet"})
    assert covered.parameters == {
        "created": 1618884473, "keyid": 'a\\b"c', "x": False, "y": True, "z": Decimal("1.5"), "t": "*tok/en:",
    }  # fmt: skip
    assert "sig1=" + sfv.serialise_inner_list(covered) == text


@pytest.mark.parametrize(
    "text", ["a=(1", "a=(1,2)", "a=(1)2", "a=(\t1)", "a=(1\t2)", "a=(((1)))", "a=;b", "a=(:A:)", 'a=("x""y")']
)
def test_inner_lists_are_read_strictly(text):
    with pytest.raises(MalformedError):
        sfv.parse_dictionary(text)


@pytest.mark.parametrize(
    "value", [Decimal("1.0"), Decimal("-0.125"), Decimal(100), 10**15 - 1, 0, -1, b"", b"\0", ""]
)
def test_values_survive(value):
    written = sfv.serialise_item(sfv.Item(value=value))
    member = sfv.parse_dictionary(f"x={written}")["x"]
    assert isinstance(member, sfv.Item)
    assert member.value == value
    assert sfv.serialise_item(member) == written


@given(st.text(max_size=60) | st.text('abc"\\:;=,()?-.0123 \t*', max_size=60))
def test_any_text_is_read_or_refused_and_reads_the_same_again(text):
    try:
        parsed = sfv.parse_dictionary(text)
    except MalformedError:
        return
    written = ", ".join(written_member(key, member) for key, member in parsed.items())
    assert sfv.parse_dictionary(written) == parsed
