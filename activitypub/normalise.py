"""Bytes from a stranger to one plain JSON object in compact form.

Readers downstream want `type`, `id` and bare property names; peers may write `@type`, `as:Note` or full IRIs
and mean the same. This module accepts those spellings and nothing that could be understood in two ways:
duplicate keys, numbers that no database holds, text that is no Unicode, and the JSON-LD keywords that
rearrange a graph (`@graph`, `@included`, `@reverse`) are refused. A context is never fetched and never
interpreted: that would be a request to an address that the sender chose, and it buys nothing but LD
signatures, which we do not trust.

`parse` is the strict JSON reader alone. A proof inside the document (FEP-8b32) is checked over its result,
because renaming keys would change what was signed.

Source: RFC 8259, RFC 7493 (I-JSON); ActivityPub section 3.2 (media types); ActivityStreams 2.0 section 2.1.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from activitypub import limits
from activitypub.errors import MalformedError, TooLargeError
from activitypub.vocab import ACTIVITY_JSON, AS_CONTEXT

__all__ = ["media_type_allowed", "normalise", "parse"]

# Names under these are ours without the prefix. `as` and its IRI are what AS2 defines; the others are the
# vocabularies that actors and notes carry in practice (inbox is an LDP term, publicKey a security one).
_NAMESPACES: Final = (
    "https://www.w3.org/ns/activitystreams#",
    "http://www.w3.org/ns/activitystreams#",
    "http://www.w3.org/ns/ldp#",
    "https://w3id.org/security#",
    "http://joinmastodon.org/ns#",
    "http://schema.org#",
    "http://schema.org/",
    "https://schema.org/",
)
_PREFIXES: Final = ("as", "ldp", "sec", "toot", "schema")
_PREFIXED: Final = re.compile(rf"(?:{'|'.join(_PREFIXES)}):([A-Za-z][A-Za-z0-9_]*)")
_LOCAL_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

_KEYWORDS: Final = {"@id": "id", "@type": "type"}
# Mastodon GHSA-53m7-2wrh-q839, Fedify CVE-2026-42462: these move nodes about, so that what a reader sees is
# not what a JSON-LD processor sees.
_REFUSED_KEYWORDS: Final = frozenset({"@graph", "@included", "@reverse", "@nest"})

_BRACKETS: Final = b"[]{}"
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in _BRACKETS)
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
# Escapes that can yield what no database stores: half a surrogate pair, or NUL (PostgreSQL has neither).
_SUSPICIOUS_ESCAPE: Final = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")

_LD_JSON: Final = "application/ld+json"
_PARAMETER: Final = re.compile(r';[ \t]*([A-Za-z0-9_-]+)=(?:"([^"\\]*)"|([^\s";,]+))[ \t]*')


def parse(body: bytes) -> dict[str, Any]:
    """Read one JSON object strictly and change nothing in it.

    Args:
        body: the bytes as received, after any decompression.

    Raises:
        TooLargeError: more bytes, levels, members or larger numbers than `limits` allows.
        MalformedError: not strict UTF-8, not JSON, not an object, a duplicate key, NaN, or text that is no
            Unicode.
    """
    if len(body) > limits.BODY_BYTES_MAX:
        raise TooLargeError(f"the document is larger than {limits.BODY_BYTES_MAX} bytes")
    _require_shallow(body)
    try:
        document = _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise MalformedError("the document is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise MalformedError(f"the document is not JSON: {error.msg} at character {error.pos}") from error
    if not isinstance(document, dict):
        raise MalformedError("the document is not a JSON object")
    if _SUSPICIOUS_ESCAPE.search(body):
        _require_storable_text(document)
    return document


def normalise(body: bytes) -> dict[str, Any]:
    """Read one JSON object strictly and bring it into compact form.

    Keys and type names lose a known prefix or namespace (`as:name`,
    `https://www.w3.org/ns/activitystreams#name`), `@id` and `@type` become `id` and `type`, a value object
    `{"@value": x}` becomes `x`, and `@list` and `@set` become their list. `@context` is left exactly as it
    is, at every level.

    Args:
        body: the bytes as received, after any decompression.

    Raises:
        TooLargeError: as `parse`.
        MalformedError: as `parse`; also `@graph`, `@included`, `@reverse` or `@nest`, two spellings of one
            key, or a document that is only a value or a list.
    """
    compact = _compact(parse(body))
    if not isinstance(compact, dict):
        raise MalformedError("the document is not a JSON object")
    return compact


def media_type_allowed(content_type: str | None, *, profile_required: bool = True) -> bool:
    """Say whether a Content-Type is one that an ActivityPub document may have.

    Args:
        content_type: the header's value; None where there was none.
        profile_required: whether `application/ld+json` must carry the ActivityStreams profile. True for
            anything that we fetched: a media server may be talked into serving an upload as plain JSON
            (Mastodon CVE-2024-25623). False is tolerable for a signed POST, whose body its sender vouches
            for.
    """
    if content_type is None:
        return False
    essence, separator, rest = content_type.partition(";")
    essence = essence.strip().lower()
    if essence not in {ACTIVITY_JSON, _LD_JSON}:
        return False
    parameters: dict[str, str] = {}
    remaining = (separator + rest).rstrip()
    while remaining not in {"", ";"}:
        match = _PARAMETER.match(remaining)
        if match is None or match[1].lower() in parameters:
            return False
        parameters[match[1].lower()] = match[2] if match[2] is not None else match[3]
        remaining = remaining[match.end() :]
    if essence == ACTIVITY_JSON:
        return True
    if "profile" not in parameters:
        return not profile_required
    return AS_CONTEXT in parameters["profile"].split()


def _require_shallow(body: bytes) -> None:
    """Refuse deep nesting before the recursive parser meets it.

    A scan in bytes operations costs microseconds, where a loop over characters would cost more than the
    signature check. Strings are cut out, other characters deleted, both kinds of brackets made one; then
    each pass over the remainder removes exactly the innermost level.
    """
    if body.count(b"[") + body.count(b"{") <= limits.DEPTH_MAX:
        return
    without_escapes = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    outside_strings = b"".join(without_escapes.split(b'"')[::2])
    brackets = outside_strings.translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(limits.DEPTH_MAX):
        brackets = brackets.replace(b"[]", b"")
    # What is left is either deeper or unbalanced. A few loose brackets cannot hurt the parser, which then
    # says better what is wrong with them.
    if b"[]" in brackets or brackets.count(b"[") > limits.DEPTH_MAX:
        raise TooLargeError(f"the document nests deeper than {limits.DEPTH_MAX} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > limits.OBJECT_KEYS_MAX:
        raise TooLargeError(f"an object has more than {limits.OBJECT_KEYS_MAX} members")
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("an object has the same key twice")
    return members


def _integer(text: str) -> int:
    # The length comes first: int() refuses more than 4300 digits with a ValueError of its own, and slowly.
    if (
        len(text) > limits.NUMBER_CHARS_MAX
        or not limits.INTEGER_MIN <= (number := int(text)) <= limits.INTEGER_MAX
    ):
        raise MalformedError("an integer does not fit 64 bits")
    return number


def _float(text: str) -> float:
    if len(text) > limits.NUMBER_CHARS_MAX or not math.isfinite(number := float(text)):
        raise MalformedError("a number is too long or out of range")
    return number


def _constant(text: str) -> NoReturn:
    raise MalformedError(f"{text} is not JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
)


def _require_storable_text(document: dict[str, Any]) -> None:
    for text in _texts(document):
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise MalformedError("a text holds half a surrogate pair or a NUL character")


def _texts(value: Any) -> Iterator[str]:
    """Every string in a document, keys included. The depth was checked, so recursion is safe."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield key
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _compact(value: Any) -> Any:
    if isinstance(value, dict):
        return _compact_object(value)
    if isinstance(value, list):
        if len(value) > limits.LIST_ITEMS_MAX:
            raise TooLargeError(f"a list has more than {limits.LIST_ITEMS_MAX} members")
        return [_compact(item) for item in value]
    return value


def _compact_object(members: dict[str, Any]) -> Any:
    if "@value" in members:
        return _compact_value_object(members)
    for container in ("@list", "@set"):
        if container in members:
            if len(members) > 1:
                raise MalformedError(f"{container} stands beside other members")
            return _compact(members[container])
    compact: dict[str, Any] = {}
    for key, member in members.items():
        name = _name(key)
        if name in compact:
            raise MalformedError(f"two spellings of the key {name!r}")
        if key == "@context":
            compact[key] = member  # opaque: its @id and @type define terms, they are not ours
        elif name == "type":
            compact[name] = _compact_types(member)
        else:
            compact[name] = _compact(member)
    return compact


# `type` is a spelling of `@type` in the contexts that everyone uses; Fedify writes keys so, which it embeds.
_OF_A_VALUE: Final = frozenset({"@value", "@type", "type", "@language", "@direction"})


def _compact_value_object(members: dict[str, Any]) -> Any:
    """`{"@value": x, "@language": …}` to `x`: the readers know no typed literals."""
    value = members["@value"]
    if members.keys() - _OF_A_VALUE or isinstance(value, dict | list):
        raise MalformedError("a value object holds something else")
    return value


def _compact_types(value: Any) -> Any:
    if isinstance(value, str):
        return _without_namespace(value)
    if isinstance(value, list):
        return [_without_namespace(item) if isinstance(item, str) else _compact(item) for item in value]
    return _compact(value)


def _name(key: str) -> str:
    if key.startswith("@"):
        if key in _REFUSED_KEYWORDS:
            raise MalformedError(f"{key} is not allowed here")
        return _KEYWORDS.get(key, key)
    return _without_namespace(key)


def _without_namespace(name: str) -> str:
    if ":" not in name:  # nearly all names, and cheaper than any other question
        return name
    if (match := _PREFIXED.fullmatch(name)) is not None:
        return match[1]
    for namespace in _NAMESPACES:
        if name.startswith(namespace) and _LOCAL_NAME.fullmatch(local := name[len(namespace) :]):
            return local
    return name
