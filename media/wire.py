"""How the server and a child process of it talk: frames over the child's standard pipes.

A frame is two big-endian unsigned 32-bit lengths, a JSON object of the first length and
bytes of the second. JSON and bare bytes rather than pickle, because one kind of child
decodes strangers' files: were it taken over, a pickle from it would run code in the server.

From the server (`id` numbers the job):

    {"do": "generate", "id": 1, "request": {…}}                         → a `Picture`
    {"do": "draw", "id": 1, "request": {…}, "alt": "…", "embed_prompt": false}
                                                                        → a `FinishedPicture`
    {"do": "ingest", "id": 1, "first_frame": false} + the upload        → a `ProcessedImage`
    {"do": "cancel", "id": 1}                                           no answer of its own
    end of file                                                         the child ends at once

From the child:

    {"event": "ready", "info": {…}}                       once, after loading
    {"event": "step", "id": 1, "done": 3, "steps": 8}     after each step: the heartbeat
    {"event": "done", "id": 1, …} + bytes                 the answer
    {"event": "failed", "id": 1, "kind": "TooLargeError", "message": "…", "detail": "…"}
                                                          id 0: it could not load, and ends

A child works on one job at a time; the server sends the next one after `done` or `failed`.
"""

import asyncio
import dataclasses
import json
import struct
from typing import Any, BinaryIO

__all__ = ["BODY_BYTES_MAX", "HEADER_BYTES_MAX", "BrokenFrameError", "Frame", "pack", "read", "read_blocking"]

_LENGTHS = struct.Struct("!II")
# bytes of JSON; a request with its prompts is under 20 kB
HEADER_BYTES_MAX = 256 * 1024
# bytes; the largest body is a 16 MB upload or the 2048² x 3 = 12.6 MB of a bare picture
BODY_BYTES_MAX = 32 * 1024 * 1024


class BrokenFrameError(Exception):
    """The other side sent something that is not a frame; nothing after it can be trusted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One message: a JSON object and the bytes that belong to it."""

    header: dict[str, Any]
    body: bytes = b""


def pack(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return the bytes of one frame."""
    encoded = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(encoded), len(body)) + encoded + body


async def read(reader: asyncio.StreamReader) -> Frame | None:
    """Read one frame; None at a clean end.

    Raises:
        BrokenFrameError: too long, cut off, or not a JSON object.
    """
    try:
        start = await reader.readexactly(_LENGTHS.size)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise BrokenFrameError("cut off") from error
    header_bytes, body_bytes = _lengths(start)
    try:
        return Frame(_header(await reader.readexactly(header_bytes)), await reader.readexactly(body_bytes))
    except asyncio.IncompleteReadError as error:
        raise BrokenFrameError("cut off") from error


def read_blocking(stream: BinaryIO) -> Frame | None:
    """Read one frame in a thread of the child; None at a clean end.

    Raises:
        BrokenFrameError: as `read`.
    """
    start = stream.read(_LENGTHS.size)
    if not start:
        return None
    if len(start) < _LENGTHS.size:
        raise BrokenFrameError("cut off")
    header_bytes, body_bytes = _lengths(start)
    header, body = stream.read(header_bytes), stream.read(body_bytes)
    if len(header) < header_bytes or len(body) < body_bytes:
        raise BrokenFrameError("cut off")
    return Frame(_header(header), body)


def _lengths(start: bytes) -> tuple[int, int]:
    """Read and bound the two lengths."""
    header_bytes, body_bytes = _LENGTHS.unpack(start)
    if header_bytes > HEADER_BYTES_MAX or body_bytes > BODY_BYTES_MAX:
        raise BrokenFrameError(f"{header_bytes} + {body_bytes} bytes announced")
    return header_bytes, body_bytes


def _header(encoded: bytes) -> dict[str, Any]:
    """Read the JSON object."""
    try:
        header = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise BrokenFrameError("the header is not JSON") from error
    if not isinstance(header, dict):
        raise BrokenFrameError("the header is not an object")
    return header
