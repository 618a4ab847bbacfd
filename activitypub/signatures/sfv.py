"""Structured field dictionaries, which Signature-Input, Signature and Content-Digest are.

Only the part that those four headers use: dictionaries of items and inner lists, with integers, decimals,
strings, tokens, byte sequences and booleans. Reading is strict, because a signature covers the
*re-serialised* value: what two parsers read differently, an attacker can use.

Source: RFC 9651 (obsoletes RFC 8941), sections 3 and 4. Dates and display strings are left out: no signature
parameter has either type.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NoReturn

from activitypub.errors import MalformedError

__all__ = [
    "BareItem",
    "Dictionary",
    "InnerList",
    "Item",
    "Parameters",
    "Token",
    "parse_dictionary",
    "serialise_inner_list",
    "serialise_item",
    "serialise_parameters",
]


class Token(str):
    """A word without quotes; a string of another kind on the wire."""

    __slots__ = ()


BareItem = int | Decimal | str | Token | bytes | bool
Parameters = Mapping[str, BareItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One value with its parameters."""

    value: BareItem
    parameters: Parameters = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerList:
    """Items in parentheses, with parameters of the whole."""

    items: tuple[Item, ...]
    parameters: Parameters = field(default_factory=dict)


Dictionary = Mapping[str, Item | InnerList]

_KEY: Final = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_NUMBER: Final = re.compile(r"(-?)([0-9]+)(?:(\.)([0-9]*))?")
_STRING: Final = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_ESCAPE: Final = re.compile(r"\\(.)")
_TOKEN: Final = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_BYTES: Final = re.compile(r":([A-Za-z0-9+/]*)(=*):")
_BOOLEAN: Final = re.compile(r"\?([01])")
_SPACES: Final = re.compile(r" *")
_WHITE_SPACE: Final = re.compile(r"[ \t]*")

_INTEGER_DIGITS_MAX: Final = 15
_DECIMAL_DIGITS_MAX: Final = 12  # before the point
_FRACTION_DIGITS_MAX: Final = 3


def parse_dictionary(text: str) -> Dictionary:
    """Read a dictionary. A key that comes twice keeps its place and takes the last value, as the RFC says.

    Raises:
        MalformedError: it is not one.
    """
    return _Parser(text).dictionary()


def serialise_item(item: Item) -> str:
    """Write an item with its parameters."""
    return _serialise_bare(item.value) + serialise_parameters(item.parameters)


def serialise_inner_list(inner: InnerList) -> str:
    """Write an inner list with its parameters."""
    return "(" + " ".join(map(serialise_item, inner.items)) + ")" + serialise_parameters(inner.parameters)


def serialise_parameters(parameters: Parameters) -> str:
    """Write `;key=value` for each parameter, in order; a true one is its key alone."""
    return "".join(
        f";{key}" if value is True else f";{key}={_serialise_bare(value)}"
        for key, value in parameters.items()
    )


def _serialise_bare(value: BareItem) -> str:
    if isinstance(value, bool):
        return f"?{int(value)}"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        whole, _, fraction = f"{value:f}".partition(".")
        return f"{whole}.{fraction.rstrip('0') or '0'}"
    if isinstance(value, Token):
        return str(value)
    if isinstance(value, bytes):
        return ":" + base64.b64encode(value).decode("ascii") + ":"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class _Parser:
    """One pass over the text, position by position; each method is one rule of RFC 9651 section 4.2."""

    def __init__(self, text: str) -> None:
        self.text = text.strip(" ")
        self.at = 0

    def dictionary(self) -> Dictionary:
        members: dict[str, Item | InnerList] = {}
        while self.at < len(self.text):
            key = self.take(_KEY)[0]
            if self.skip("="):
                members[key] = self.inner_list() if self.peek() == "(" else self.item()
            else:
                members[key] = Item(value=True, parameters=self.parameters())
            self.take(_WHITE_SPACE)
            if self.at == len(self.text):
                break
            self.expect(",")
            self.take(_WHITE_SPACE)
            if self.at == len(self.text):
                self.fail()  # a comma at the end
        return members

    def inner_list(self) -> InnerList:
        self.expect("(")
        items: list[Item] = []
        while True:
            self.take(_SPACES)
            if self.skip(")"):
                return InnerList(items=tuple(items), parameters=self.parameters())
            items.append(self.item())
            if self.peek() not in {" ", ")"}:
                self.fail()

    def item(self) -> Item:
        value = self.bare_item()
        return Item(value=value, parameters=self.parameters())

    def parameters(self) -> Parameters:
        parameters: dict[str, BareItem] = {}
        while self.skip(";"):
            self.take(_SPACES)
            key = self.take(_KEY)[0]
            parameters[key] = self.bare_item() if self.skip("=") else True
        return parameters

    def bare_item(self) -> BareItem:
        first = self.peek()
        if first == '"':
            return _ESCAPE.sub(r"\1", self.take(_STRING)[1])
        if first == ":":
            return self.byte_sequence()
        if first == "?":
            return self.take(_BOOLEAN)[1] == "1"
        if first == "-" or first.isdecimal():
            return self.number()
        return Token(self.take(_TOKEN)[0])

    def number(self) -> int | Decimal:
        match = self.take(_NUMBER)
        sign, whole, point, fraction = match.groups()
        if point is None:
            if len(whole) > _INTEGER_DIGITS_MAX:
                self.fail()
            return int(sign + whole)
        if len(whole) > _DECIMAL_DIGITS_MAX or not 0 < len(fraction) <= _FRACTION_DIGITS_MAX:
            self.fail()
        return Decimal(f"{sign}{whole}.{fraction}")

    def byte_sequence(self) -> bytes:
        # Missing padding is tolerated, as the RFC advises; misplaced padding and stray characters are not.
        characters = self.take(_BYTES)[1]
        try:
            return base64.b64decode(characters + "=" * (-len(characters) % 4), validate=True)
        except binascii.Error:
            self.fail()

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def skip(self, character: str) -> bool:
        if self.peek() != character:
            return False
        self.at += 1
        return True

    def expect(self, character: str) -> None:
        if not self.skip(character):
            self.fail()

    def take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            self.fail()
        self.at = match.end()
        return match

    def fail(self) -> NoReturn:
        raise MalformedError(f"not a structured field: unexpected text at character {self.at}")
