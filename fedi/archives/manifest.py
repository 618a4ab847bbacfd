"""What an archive says of itself, in its last member, and what its members may be called.

A name is matched as a whole before anything is done with it, so that a forged archive cannot reach outside of
where it is unpacked. The manifest comes last: an archive that was cut off has none.
"""

import re
from typing import Any, Final

import msgspec

__all__ = ["FORMAT", "MANIFEST", "Manifest", "Member", "file_name", "media_key", "table_name"]

FORMAT: Final = 1
"""Grows when an older version could not read what is written."""

MANIFEST: Final = "manifest.json"

# \Z and not $, which would let a newline pass
_TABLE = re.compile(r"tables/([a-z_]{1,60})\.jsonl\.gz\Z")
_FILE = re.compile(r"files/([A-Za-z0-9_][A-Za-z0-9_.-]{0,100})\Z")
_MEDIA = re.compile(r"media/([0-9a-f]{64}\.[a-z0-9]{1,5})\Z")


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of the archive: its size in bytes and its SHA-256."""

    size: int
    sha256: str


class TableEntry(msgspec.Struct, frozen=True, kw_only=True):
    """How a table's rows are written."""

    columns: dict[str, str]
    keys: list[str]
    loops: list[str]
    counted: bool
    rows: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the archive holds.

    Attributes:
        format: of the archive.
        version: of the fedi that wrote it.
        revision: of the database.
        origin: of the instance.
        created_at: moment, RFC 3339.
        tables: by name, in the order in which they can be put back.
        members: by name; all but the manifest.
        missing: keys of pictures that the database names and the store did not have.
        has_media: whether the pictures are in it, or only named.
    """

    format: int
    version: str
    revision: str
    origin: str
    created_at: str
    tables: dict[str, TableEntry]
    members: dict[str, Member]
    missing: list[str]
    has_media: bool


def table_name(member: str) -> str | None:
    """Return the table whose rows a member holds."""
    return _part(_TABLE, member)


def file_name(member: str) -> str | None:
    """Return the name of a file of the data directory."""
    return _part(_FILE, member)


def media_key(member: str) -> str | None:
    """Return the key of a picture."""
    return _part(_MEDIA, member)


def _part(pattern: re.Pattern[str], member: str) -> str | None:
    found: Any = pattern.match(member)
    return None if found is None else str(found.group(1))
