"""Structured logs: one line per decision, `key=value` for people and JSON for machines.

Control characters are escaped, so that a display name with a line feed or a terminal's escape in it cannot
forge a second line or colour the first.
"""

import logging
import sys
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

__all__ = ["configure", "get"]


def configure(level: str, style: Literal["text", "json"]) -> None:
    """Set up logging for a process; called once, by the CLI."""
    renderer: Any = structlog.processors.JSONRenderer() if style == "json" else _render_text
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def get(name: str) -> Any:
    """Return a logger whose lines carry `module=NAME`; modules make theirs before `configure` is called."""
    # Not `.bind(module=name)`: that would make up its mind about level and style here and now.
    return structlog.get_logger(module=name)


_logfmt = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)


def _render_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    """Render one printable line; structlog's own renderer escapes line feeds only."""
    line = _logfmt(logger, method, event)
    if line.isprintable():
        return line
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in line
    )
