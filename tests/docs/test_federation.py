"""What FEDERATION.md says is what the server does."""

import re

import pytest

from activitypub.activities import Unknown
from fedi.inbound.dispatch import HANDLERS, IGNORED
from tests.tidy.sources import ROOT

PAGE = (ROOT / "FEDERATION.md").read_text()
ROWS = re.findall(r"^\| ([^|]*`[^|]*) \| (\w+) \| (\w+) \|", PAGE, re.MULTILINE)
"""Cells of the table of activities: what, in, out."""


@pytest.mark.parametrize("kind", HANDLERS, ids=lambda kind: kind.__name__)
def test_what_is_handled_is_listed_as_understood(kind: type) -> None:
    assert "yes" in {taken for what, taken, _ in ROWS if re.search(rf"`{kind.__name__}\b", what)}


def test_what_is_ignored_is_listed_as_ignored() -> None:
    assert Unknown in IGNORED
    for kind in IGNORED.keys() - {Unknown}:
        taken = {taken for what, taken, _ in ROWS if re.search(rf"`{kind.__name__}\b", what)}
        assert taken == {"ignored"}, kind


def test_nothing_else_is_listed() -> None:
    named = {word for what, _, _ in ROWS for word in re.findall(r"`(\w+)", what)}
    known = {kind.__name__ for kind in (*HANDLERS, *IGNORED)}
    assert named
    assert sorted(named - known) == []


@pytest.mark.parametrize("heading", ["Supported federation protocols and standards", "Supported FEPs"])
def test_it_has_the_sections_of_fep_67ff(heading: str) -> None:
    assert f"\n## {heading}\n" in PAGE
