"""Holds an answer of the client API against the table of entities."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.conformance.entities import ENTITIES

__all__ = ["faults"]

WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
EXTENSIONS = {"fedi", "pleroma"}
"""Objects of our own, which every client passes over."""

DIGITS = re.compile(r"-?\d+")


def faults(answer: Any, kind: str, where: str = "$") -> Iterator[str]:
    """Say what is wrong with an answer, one line for each key.

    Args:
        answer: decoded JSON.
        kind: what it should be, in the words of `tests.conformance.entities`.
        where: its place in the whole answer.
    """
    if kind.startswith("?"):
        parts = [] if answer is None else [(answer, kind[1:], where)]
    elif kind.startswith("{}"):
        if not isinstance(answer, dict):
            yield f"{where}: no mapping but {answer!r}"
            return
        parts = [(part, kind[2:], f"{where}.{key}") for key, part in answer.items()]
    elif kind.endswith("[]"):
        if not isinstance(answer, list):
            yield f"{where}: no list but {answer!r}"
            return
        parts = [(part, kind[:-2], f"{where}[{place}]") for place, part in enumerate(answer)]
    elif kind in ENTITIES:
        yield from _entity_faults(answer, kind, where)
        return
    else:
        if not _is(answer, kind):
            yield f"{where}: not {kind} but {answer!r}"
        return
    for part in parts:
        yield from faults(*part)


def _entity_faults(answer: Any, kind: str, where: str) -> Iterator[str]:
    if not isinstance(answer, dict):
        yield f"{where}: no {kind} but {answer!r}"
        return
    known = set()
    for key, expected in ENTITIES[kind].items():
        name = key.removesuffix("?")
        known.add(name)
        if name in answer:
            yield from faults(answer[name], expected, f"{where}.{name}")
        elif not key.endswith("?"):
            yield f"{where}: {kind} lacks {name}"
    for name in answer.keys() - known - EXTENSIONS:
        yield f"{where}: {kind} has no {name}"


def _is(answer: Any, kind: str) -> bool:
    if kind in PLAIN:
        return PLAIN[kind](answer)
    assert "|" in kind or kind == "Bearer", f"{kind} is no type"
    return isinstance(answer, str) and answer in kind.split("|")


def _matches(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda answer: isinstance(answer, str) and pattern.fullmatch(answer) is not None


def _is_moment(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    def is_moment(answer: Any) -> bool:
        if not _matches(pattern)(answer):
            return False
        try:
            datetime.fromisoformat(answer)
        except ValueError:
            return False
        return True

    return is_moment


PLAIN: Mapping[str, Callable[[Any], bool]] = {
    "any": lambda _: True,
    "bool": lambda answer: isinstance(answer, bool),
    "day": _is_moment(DAY),
    "digits": _matches(DIGITS),
    "float": lambda answer: isinstance(answer, int | float) and not isinstance(answer, bool),
    "id": _matches(DIGITS),
    "int": lambda answer: isinstance(answer, int) and not isinstance(answer, bool),
    "str": lambda answer: isinstance(answer, str),
    "unix": _matches(DIGITS),
    "uri": lambda answer: isinstance(answer, str) and bool(urlsplit(answer).netloc),
    "url": lambda answer: isinstance(answer, str) and urlsplit(answer).scheme in {"http", "https"},
    "when": _is_moment(WHEN),
}
