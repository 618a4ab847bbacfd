"""Lists of rules about servers as CSV, in Mastodon's columns.

Operators hand such lists around, so the columns are given; a column that is not known may mean something that
would get lost, so a list with one is refused as a whole. A line that cannot be used is passed over by itself.

Source: Mastodon's documentation, "Domain blocks", import and export.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from fedi.errors import Refused
from fedi.models import DomainRule, Severity
from fedi.services.domain_rules import Wish

__all__ = ["COLUMNS", "Entry", "read_list", "row_of"]

COLUMNS = (
    "#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate",
)  # fmt: skip

LIST_BYTES_MAX = 10 * 1024 * 1024
"""Of a list, in bytes: the longest that are handed around have some thousand lines."""

_YES = frozenset({"true", "t", "1", "yes", "on"})
_NO = frozenset({"false", "f", "0", "no", "off", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a list.

    Attributes:
        line: its number, the header being 1.
        domain: as it is written there.
        wanted: what should hold.
        trouble: why it cannot be used; None when it can.
    """

    line: int
    domain: str
    wanted: Wish
    trouble: str | None = None


def read_list(content: bytes) -> list[Entry]:
    """Read a list.

    Columns may stand in any order and with or without `#`; of those that are missing, severity means
    suspend and the others no.

    Raises:
        Refused: 422, when it is no CSV in UTF-8, has a column that is not known, or none for the domain.
    """
    if len(content) > LIST_BYTES_MAX:
        raise Refused(422, f"A list may have {LIST_BYTES_MAX} bytes at most.")
    try:
        rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = [_column(name) for name in next(rows, [])]
        _require_known(header)
        return [
            _entry(rows.line_num, dict(zip(header, row, strict=False)))
            for row in rows
            if any(map(str.strip, row))
        ]
    except UnicodeDecodeError:
        raise Refused(422, "The list is not UTF-8.") from None
    except csv.Error as trouble:
        raise Refused(422, f"The list is not CSV: {trouble}.") from None


def row_of(rule: DomainRule) -> tuple[str, ...]:
    """Return a rule as a line."""
    return (
        rule.domain,
        rule.severity,
        str(rule.reject_media).lower(),
        str(rule.reject_reports).lower(),
        rule.public_comment,
        str(rule.obfuscate).lower(),
    )


def _require_known(header: list[str]) -> None:
    unknown = sorted(set(header) - set(COLUMNS))
    if unknown:
        raise Refused(422, f"The list has columns that are not known: {', '.join(unknown)}.")
    if "#domain" not in header:
        raise Refused(422, f"The list has no column #domain; it may have {', '.join(COLUMNS)}.")


def _column(name: str) -> str:
    return "#" + name.strip().lower().removeprefix("#")


def _entry(line: int, row: Mapping[str, str]) -> Entry:
    given = {name: text.strip() for name, text in row.items()}
    domain = given["#domain"]
    try:
        wanted = Wish(
            severity=_severity(given.get("#severity", "")),
            reject_media=_flag("#reject_media", given.get("#reject_media", "")),
            reject_reports=_flag("#reject_reports", given.get("#reject_reports", "")),
            public_comment=given.get("#public_comment") or None,
            obfuscate=_flag("#obfuscate", given.get("#obfuscate", "")),
        )
    except ValueError as trouble:
        return Entry(line=line, domain=domain, wanted=Wish(), trouble=str(trouble))
    return Entry(line=line, domain=domain, wanted=wanted)


def _severity(text: str) -> Severity:
    try:
        return Severity(text.lower()) if text else Severity.SUSPEND
    except ValueError:
        raise ValueError(f"#severity is {text[:40]!r}, not {', '.join(Severity)}") from None


def _flag(column: str, text: str) -> bool | None:
    """Read yes or no; no means that nothing is wished for, since what is stricter here stays so."""
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return None
    raise ValueError(f"{column} is {text[:40]!r}, not true or false")
