"""Lists of rules about servers, in Mastodon's columns."""

import pytest

from fedi.errors import Refused
from fedi.models import DomainRule, Severity
from fedi.services.blocklists import COLUMNS, LIST_BYTES_MAX, read_list, row_of
from fedi.services.domain_rules import Wish

HEADER = ",".join(COLUMNS)


def read(*lines: str) -> list[tuple[int, str, Wish, str | None]]:
    found = read_list("\n".join(lines).encode())
    return [(entry.line, entry.domain, entry.wanted, entry.trouble) for entry in found]


def test_a_line_says_what_should_hold() -> None:
    assert read(HEADER, 'evil.example,suspend,TRUE,false,"spam, and more",True') == [
        (
            2,
            "evil.example",
            Wish(
                severity=Severity.SUSPEND, reject_media=True, public_comment="spam, and more", obfuscate=True
            ),
            None,
        )
    ]


def test_columns_may_stand_in_any_order_and_be_missing() -> None:
    assert read("severity,#domain", "silence,a.example", ",b.example") == [
        (2, "a.example", Wish(severity=Severity.SILENCE), None),
        (3, "b.example", Wish(severity=Severity.SUSPEND), None),
    ]


def test_empty_lines_and_a_byte_order_mark_are_passed_over() -> None:
    assert [entry[:2] for entry in read("\ufeff#domain", "", "a.example", " , ")] == [(3, "a.example")]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("a.example,hate,,,,", "hate"),
        ("a.example,suspend,maybe,,,", "maybe"),
        ("a.example,,,,,2", "#obfuscate"),
    ],
)
def test_a_line_that_makes_no_sense_says_why(line: str, named: str) -> None:
    ((_, domain, wanted, trouble),) = read(HEADER, line)
    assert (domain, wanted) == ("a.example", Wish())
    assert trouble is not None
    assert named in trouble


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"#domain,#colour,#size\na.example,red,1", "#colour, #size"),
        (b"#severity\nsuspend", "#domain"),
        (b"", "#domain"),
        (b"#domain\n\xff\xfe", "UTF-8"),
        (b'#domain\n"a.example', "CSV"),
        (b"#domain\n" + b"x" * LIST_BYTES_MAX, "bytes"),
    ],
    ids=["unknown columns", "no domain", "empty", "not text", "open quote", "too large"],
)
def test_a_list_that_cannot_be_used_is_refused_as_a_whole(content: bytes, named: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_list(content)
    assert named in refusal.value.text


def test_what_is_written_can_be_read() -> None:
    rule = DomainRule(
        domain="evil.example", severity=Severity.SILENCE, reject_media=True, reject_reports=False,
        obfuscate=True, public_comment="loud",
    )  # fmt: skip
    ((_, domain, wanted, trouble),) = read(HEADER, ",".join(row_of(rule)))
    assert (domain, trouble) == ("evil.example", None)
    assert wanted == Wish(severity=Severity.SILENCE, reject_media=True, public_comment="loud", obfuscate=True)
