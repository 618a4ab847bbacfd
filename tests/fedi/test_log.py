"""Log lines: one for each event, whatever is in its values, and all of them as the operator wants them."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from fedi import log

early = log.get("early")
"""Made when the module is loaded, as every logger of ours is."""

NASTY = "a\nb\rc\x1b[31m\u2028d\x85e\x00f"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    known = structlog.get_config()
    was = logging.root.handlers[:]
    yield
    structlog.configure(**known)
    logging.root.handlers[:] = was


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what was logged, and see that nothing went to standard output, which is for answers."""
    told = capsys.readouterr()
    assert told.out == ""
    return told.err.split("\n")[:-1]


def test_loggers_that_were_made_before_obey_the_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("warning", "json")
    early.info("quiet")
    early.warning("loud", n=1)
    [line] = lines(capsys)
    told = json.loads(line)
    assert (told["event"], told["level"], told["module"], told["n"]) == ("loud", "warning", "early", 1)
    assert told["timestamp"].endswith("Z")


def test_a_value_cannot_forge_a_line_or_speak_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    log.get("l").info("hello", name=NASTY, names=[NASTY], also={"deep": NASTY})
    [line] = lines(capsys)
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert "event=hello module=l" in line


def test_text_is_read_by_people(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", "text")
    log.get("l").info("hello", who="zoë", ok=True, n=3)
    [line] = lines(capsys)
    assert line.endswith("level=info event=hello module=l who=zoë ok=true n=3")


@pytest.mark.parametrize("style", ["text", "json"])
def test_a_traceback_is_one_line_too(style: str, capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("info", style)
    try:
        int(NASTY)
    except ValueError as trouble:
        log.get("l").exception("failed", why=f"{NASTY}{trouble}")
    [line] = lines(capsys)
    assert "ValueError" in line
    assert "\x1b" not in line


def test_other_peoples_libraries_warn_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    logging.root.handlers[:] = []
    log.configure("info", "text")
    logging.getLogger("some.library").warning("careful")
    logging.getLogger("some.library").info("chatter")
    [line] = lines(capsys)
    assert "careful" in line
