"""Handles: `@user@host`, `user@host` and `acct:user@host` are one thing, read here into one form.

The host is kept in ASCII, lower-case form, so that comparing two hosts is comparing two strings. One that
different parsers could read differently (numbers, escapes, characters that look like dots) is refused rather
than mended. The user part keeps its case, because some servers need it back as it was; `same` ignores it.

Source: RFC 7565 (`acct:`), RFC 7033 §4.5; RFC 5891 (internationalised hosts); RFC 1123 §2.1 (host names).
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from webfinger.errors import MalformedResourceError

__all__ = ["Acct", "normalise_host", "parse", "parse_resource"]

# Mastodon's bound on user names; nobody's real name is longer.
USER_CHARS_MAX: Final = 2048
# RFC 1035 §2.3.4, without the root's dot.
HOST_CHARS_MAX: Final = 253
# A handle whose every byte is percent-encoded, with room for the scheme; nothing longer is looked at.
RESOURCE_CHARS_MAX: Final = 8192

# What would end the user part in a handle, a path, a query or a line of text. What cannot be printed
# (controls, invisible and bidirectional characters, halves of characters) is refused besides.
_NOT_IN_USER: Final = re.compile(r'[\s@/\\:?#%<>"]')
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_HOST_AND_PORT: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")
# What no address may hold, besides what cannot be printed: the delimiters of RFC 3987 §2.2.
_BARRED: Final = r' <>"\\^`{|}'
_HTTP_URL: Final = re.compile(rf"https?://[^{_BARRED}/?#@]+(?:[/?#][^{_BARRED}]*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acct:
    """A handle.

    Args:
        user: as written.
        host: ASCII, lower-case; with a port only where that was allowed.
    """

    user: str
    host: str

    def __str__(self) -> str:
        """Give `user@host`."""
        return f"{self.user}@{self.host}"

    @property
    def uri(self) -> str:
        """`acct:user@host`, as WebFinger subjects are written."""
        return f"acct:{self.user}@{self.host}"

    @property
    def is_local_peer(self) -> bool:
        """Whether its host is an address, has a port or no dot: only test networks have such handles."""
        return not _is_public_name(self.host)

    def same(self, other: "Acct") -> bool:
        """Whether both mean one account: equal hosts, and user names equal but for case."""
        return self.host == other.host and self.user.casefold() == other.user.casefold()


def parse(text: str, *, allow_port: bool = False) -> Acct:
    """Read a handle.

    Takes `acct:user@host`, `@user@host` and `user@host`, each also with percent-encoded characters
    (`acct%3Auser%40host` from a doubly encoded query counts). The scheme may be in any case.

    Args:
        text: what was typed, asked for or received.
        allow_port: also take `host:port`, addresses and names without a dot, as peers in a test have them.

    Raises:
        MalformedResourceError: it is not a handle.
    """
    if len(text) > RESOURCE_CHARS_MAX:
        raise MalformedResourceError("the handle is too long", resource=text[:100])
    bare = _unquote(text.strip())
    if bare[:5].lower() == "acct:":
        bare = bare[5:]
    user, at, host = bare.removeprefix("@").rpartition("@")
    if not at or not 0 < len(user) <= USER_CHARS_MAX or not user.isprintable() or _NOT_IN_USER.search(user):
        raise MalformedResourceError("not a handle of the form user@host", resource=text)
    return Acct(user=user, host=normalise_host(host, allow_port=allow_port))


def parse_resource(text: str, *, allow_port: bool = False) -> Acct | str:
    """Read the `resource` of a WebFinger query: a handle, or an http(s) address, given back as it is.

    Raises:
        MalformedResourceError: it is neither.
    """
    if len(text) > RESOURCE_CHARS_MAX:
        raise MalformedResourceError("the resource is too long", resource=text[:100])
    bare = text.strip()
    if bare[:8].lower().startswith(("https://", "http://")):
        if bare.isprintable() and _HTTP_URL.fullmatch(bare):
            return bare
        raise MalformedResourceError("not a usable http(s) address", resource=text)
    return parse(bare, allow_port=allow_port)


def normalise_host(host: str, *, allow_port: bool = False) -> str:
    """Bring a host into the form by which hosts are compared: ASCII, lower-case.

    Non-ASCII labels become `xn--…` one to one. The standard library's idna codec is not used, because it
    follows the rules of 2003, which turn `faß` into `fass`: another host to every modern resolver.

    Args:
        host: a host name; with `allow_port` also `name:port`, `127.0.0.1:9101`, `[::1]:9101`, `localhost`.
        allow_port: see `parse`.

    Raises:
        MalformedResourceError: it is no host name, or one that parsers read differently.
    """
    split = _HOST_AND_PORT.fullmatch(host)
    if split is None or len(host) > HOST_CHARS_MAX:
        raise MalformedResourceError("not a host name", resource=host[:100])
    name, port = split[1], split[2]
    ascii_name = _address(name) or ".".join(_label(label, host) for label in name.lower().split("."))
    if len(ascii_name) > HOST_CHARS_MAX or (port is not None and not 0 < int(port) < 65_536):
        raise MalformedResourceError("not a host name", resource=host)
    if _is_numeric(ascii_name) and _address(name) is None:
        # `127.1` and `0x7f.1` are addresses to some resolvers and names to others.
        raise MalformedResourceError("the host is an odd number", resource=host)
    if not allow_port and (port is not None or not _is_public_name(ascii_name)):
        raise MalformedResourceError("the host has a port, no dot, or is an address", resource=host)
    return ascii_name if port is None else f"{ascii_name}:{int(port)}"


def _unquote(text: str) -> str:
    """Undo percent-encoding once; bytes that are no UTF-8 are refused."""
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeError as error:  # also lone surrogates, which have no bytes
        raise MalformedResourceError("the percent-encoding is not UTF-8", resource=text[:100]) from error


def _address(name: str) -> str | None:
    """Read an IP address, IPv6 in brackets; None if it is none."""
    try:
        if name.startswith("["):
            return f"[{ipaddress.IPv6Address(name[1:-1]).compressed}]"
        return str(ipaddress.IPv4Address(name))
    except ValueError:
        return None


def _label(label: str, host: str) -> str:
    """Bring one label into ASCII form."""
    if label.isascii():
        ascii_label = label
    # What NFKC would change has a twin that is spelled otherwise; what is no letter, mark or number may look
    # like a dot or a slash.
    elif unicodedata.is_normalized("NFKC", label) and all(
        character == "-" or unicodedata.category(character)[0] in "LMN" for character in label
    ):
        ascii_label = "xn--" + label.encode("punycode").decode("ascii")
    else:
        raise MalformedResourceError("not a plain internationalised host name", resource=host)
    if not _LABEL.fullmatch(ascii_label):
        raise MalformedResourceError("not a host name", resource=host)
    return ascii_label


def _is_public_name(host: str) -> bool:
    """Whether it is a name with a dot and without a port."""
    return "." in host and ":" not in host and not _is_numeric(host)


def _is_numeric(host: str) -> bool:
    """Whether its last label is a number, as that of an IPv4 address; no top-level domain is one."""
    return _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]) is not None
