"""Structured logs: one line per decision, `key=value` for people and JSON for machines.

structlog escapes control characters in values, so that a display name with a line feed in it cannot
forge a second line.
"""

import logging
import sys
from typing import Any, Literal

import structlog

__all__ = ["configure", "get"]


def configure(level: str, style: Literal["text", "json"]) -> None:
    """Set up logging for a process; called once, by the CLI."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "event"], bool_as_flag=False
        )
    )
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
    """Return a logger whose lines carry `logger=NAME`."""
    return structlog.get_logger().bind(logger=name)
