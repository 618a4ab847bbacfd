"""Parameters, wherever a client puts them: query, form, multipart or JSON, for every method alike.

Clients disagree about all of it. The same DELETE carries its ids in the query (one), in a form (another) or
in JSON (a third); booleans arrive as `true`, `"True"`, `1` and `on`; lists as `id[]=1`, `id=1&id=2` and
arrays; hashes as `source[privacy]`. So everything is read into one tree, Rails-fashion, and typed only when
an endpoint asks for a value. Unknown names are never looked at. The body wins over the query, and null
means absent.

Sources: Rack's nested queries; Mastodon's documentation, "Using Mastodon with HTTP requests".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from fedi.api import errors

__all__ = ["BODY_BYTES_MAX", "ID_MAX", "Params", "as_identifier", "bounded", "nest", "read"]

BODY_BYTES_MAX = 1024 * 1024
"""Of a request without a file, in bytes: the longest post in any encoding, many times over."""

FIELDS_MAX = 500
"""Names in one request; the largest real form (a profile with its fields) has thirty."""

NESTING_MAX = 8
"""Brackets in one name; real ones have three."""

FILES_MAX = 4
"""Files in one multipart body; an upload has its picture and a thumbnail."""

ID_MAX = 2**63 - 1
"""Of an id: what both databases keep in one integer."""

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")
_DIGITS = re.compile(r"[0-9]{1,19}\Z")
_FALSE = frozenset({"0", "f", "false", "off", "n", "no"})


class Params(Mapping[str, Any]):
    """The tree of values of one request, with readers that say what they accept.

    Args:
        values: names to text, numbers, lists and inner hashes.
        files: uploaded files, by the name of their field.
    """

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> None:
        self._values = values
        self._files = files or {}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, name: str) -> str | None:
        """Return a text; of several the last. NUL, which PostgreSQL cannot keep, is dropped.

        Raises:
            Refused: 422, for a hash.
        """
        value = self._last(name)
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value).replace("\x00", "")
        raise errors.unprocessable(f"{name} is not a text")

    def word(self, name: str) -> str | None:
        """Return a text without the spaces around it; an empty one counts as absent."""
        return (self.text(name) or "").strip() or None

    def flag(self, name: str) -> bool | None:
        """Return a boolean: Rails' reading, in which everything that is not false is true."""
        value = self.word(name)
        return None if value is None else value.lower() not in _FALSE

    def number(self, name: str) -> int | None:
        """Return a whole number.

        Raises:
            Refused: 422, when it is none or beyond 64 bits.
        """
        value = self.word(name)
        if value is None:
            return None
        sign, digits = (-1, value[1:]) if value.startswith("-") else (1, value)
        if not _DIGITS.match(digits) or int(digits) > ID_MAX:
            raise errors.unprocessable(f"{name} is not a whole number")
        return sign * int(digits)

    def identifier(self, name: str) -> int | None:
        """Return an id.

        Raises:
            Refused: 422, when it cannot be one.
        """
        value = self.word(name)
        if value is None:
            return None
        found = as_identifier(value)
        if found is None:
            raise errors.unprocessable(f"{name} is not an id")
        return found

    def texts(self, name: str) -> list[str]:
        """Return a list of texts, however it was written; what is not a text in it is left out."""
        return [str(value).replace("\x00", "") for value in self._all(name) if isinstance(value, str | int)]

    def identifiers(self, name: str) -> list[int]:
        """Return a list of ids in the order given, each once.

        Raises:
            Refused: 422, when one cannot be an id.
        """
        found: dict[int, None] = {}
        for text in self.texts(name):
            identifier = as_identifier(text.strip())
            if identifier is None:
                raise errors.unprocessable(f"{name} holds something that is not an id")
            found[identifier] = None
        return list(found)

    def inner(self, name: str) -> "Params":
        """Return an inner hash (`source[privacy]`); an empty one when there is none."""
        value = self._values.get(name)
        return Params(value if isinstance(value, dict) else {})

    def hashes(self, name: str) -> list["Params"]:
        """Return a list of inner hashes, however it was written: `a[][x]`, `a[0][x]` or a JSON array."""
        return [Params(value) for value in self._all(name) if isinstance(value, dict)]

    def file(self, name: str) -> bytes | None:
        """Return the bytes of an uploaded file. Name and type are what a stranger says: nobody asks."""
        return self._files.get(name)

    def _last(self, name: str) -> Any:
        value = self._values.get(name)
        if isinstance(value, list):
            return value[-1] if value else None
        return value

    def _all(self, name: str) -> list[Any]:
        value = self._values.get(name)
        if value is None:
            return []
        if isinstance(value, dict):  # `id[0]=1&id[1]=2`
            return list(value.values())
        return value if isinstance(value, list) else [value]


async def read(request: Request, *, body_bytes_max: int = BODY_BYTES_MAX) -> Params:
    """Read all parameters of a request.

    Raises:
        Refused: 400 for a body that cannot be read, 413 for one that is too large.
    """
    query = _pairs(request.scope["query_string"].decode("latin-1"))
    values = nest(query)
    files: dict[str, bytes] = {}
    if "content-length" in request.headers or "transfer-encoding" in request.headers:
        within = bounded(request, body_bytes_max)
        try:
            body, files = await _read_body(within)
        except ClientDisconnect:
            raise errors.malformed("The request ended early") from None
        values = {**values, **body}
    return Params(values, files)


def as_identifier(text: str) -> int | None:
    """Read the text form of an id; None when it is none."""
    return int(text) if _DIGITS.match(text) and int(text) <= ID_MAX else None


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Build the tree that bracketed names describe.

    >>> nest([("id[]", "1"), ("id[]", "2"), ("source[privacy]", "direct")])
    {'id': ['1', '2'], 'source': {'privacy': 'direct'}}

    Raises:
        Refused: 400, when there are too many names or brackets.
    """
    root: dict[str, Any] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= FIELDS_MAX:
            raise errors.malformed(f"A request may have {FIELDS_MAX} parameters at most")
        match = _KEY.match(name)
        path = [match[1], *_SEGMENT.findall(match[2])] if match else [name]
        if len(path) > NESTING_MAX:
            raise errors.malformed(f"Parameters may be nested {NESTING_MAX} deep at most")
        _put(root, path, value)
    return root


def _put(node: dict[str, Any], path: list[str], value: Any) -> None:
    head, rest = path[0], path[1:]
    if not rest:
        if head in node:  # `id=1&id=2`
            earlier = node[head]
            node[head] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
        else:
            node[head] = value
    elif rest[0] == "":
        earlier = node.get(head)
        items = node[head] = earlier if isinstance(earlier, list) else []
        if len(rest) == 1:
            items.append(value)
            return
        # `media[][id]=1&media[][text]=a&media[][id]=2`: a name that comes again begins the next hash.
        if not items or not isinstance(items[-1], dict) or rest[1] in items[-1]:
            items.append({})
        _put(items[-1], rest[1:], value)
    else:
        child = node.get(head)
        if not isinstance(child, dict):
            child = node[head] = {}
        _put(child, rest, value)


def bounded(request: Request, bytes_max: int) -> Request:
    """Return the request with a body that ends in a refusal when it grows too large.

    Raises:
        Refused: 400 or 413, when its Content-Length says so already.
    """
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise errors.malformed("Content-Length is not a number")
    if len(declared) > 19 or int(declared) > bytes_max:
        raise errors.too_large(bytes_max)
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > bytes_max:
            raise errors.too_large(bytes_max)
        return message

    return Request(request.scope, receive)


async def _read_body(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_multipart(request)
    body = await request.body()
    # A few clients send a form or JSON without saying which.
    looks_like_json = kind != "application/x-www-form-urlencoded" and body.lstrip()[:1] == b"{"
    if kind == "application/json" or kind.endswith("+json") or looks_like_json:
        return _read_json(body), {}
    return nest(_pairs(body.decode("utf-8", "replace"))), {}


async def _read_multipart(request: Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    reading = request.form(max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=BODY_BYTES_MAX)
    try:
        async with reading as form:  # closes the files, which lie on the disk when they are large
            items = form.multi_items()
            files = {name: await file.read() for name, file in items if isinstance(file, UploadFile)}
    except (HTTPException, MultiPartException):
        raise errors.malformed("The multipart body cannot be read") from None
    return nest((name, value) for name, value in items if isinstance(value, str)), files


def _read_json(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise errors.malformed("The body is not valid JSON") from None
    if not isinstance(document, dict):
        raise errors.malformed("The body is not a JSON object")
    # Clients write bracketed names into JSON as well, and `null` for what they leave out.
    return nest((name, value) for name, value in document.items() if value is not None)


def _pairs(encoded: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(encoded, keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        raise errors.malformed(f"A request may have {FIELDS_MAX} parameters at most") from None
