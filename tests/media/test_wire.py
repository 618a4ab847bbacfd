import asyncio
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import wire
from media.wire import BODY_BYTES_MAX, HEADER_BYTES_MAX, BrokenFrameError, Frame

pytestmark = pytest.mark.anyio

TOO_LONG = [struct.pack("!II", HEADER_BYTES_MAX + 1, 0), struct.pack("!II", 2, BODY_BYTES_MAX + 1) + b"{}"]
BROKEN = [
    b"\x00",
    struct.pack("!II", 2, 0) + b"{",
    struct.pack("!II", 2, 5) + b"{}abc",
    struct.pack("!II", 2, 5),
    *TOO_LONG,
    struct.pack("!II", 2, 0) + b"[]",
    struct.pack("!II", 3, 0) + b"\xff\xfe{",
    struct.pack("!II", 60_000, 0) + b"[" * 60_000,
]


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()), st.binary())
def test_frame_survives_the_pipe(header: dict, body: bytes) -> None:
    stream = io.BytesIO(wire.pack(header, body) * 2)
    assert wire.read_blocking(stream) == Frame(header, body)
    assert wire.read_blocking(stream) == Frame(header, body)
    assert wire.read_blocking(stream) is None


async def test_frames_are_read_in_the_event_loop() -> None:
    reader = reader_of(wire.pack({"a": "ü"}, b"body") + wire.pack({"b": 1}))
    assert await wire.read(reader) == Frame({"a": "ü"}, b"body")
    assert await wire.read(reader) == Frame({"b": 1}, b"")
    assert await wire.read(reader) is None


@pytest.mark.parametrize("data", BROKEN)
async def test_broken_frame_is_refused_in_the_event_loop(data: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        await wire.read(reader_of(data))


@pytest.mark.parametrize("data", BROKEN)
def test_broken_frame_is_refused_in_the_child(data: bytes) -> None:
    with pytest.raises(BrokenFrameError):
        wire.read_blocking(io.BytesIO(data))


@pytest.mark.parametrize("data", TOO_LONG)
def test_length_is_refused_before_it_is_read(data: bytes) -> None:
    with pytest.raises(BrokenFrameError, match="announced"):
        wire.read_blocking(io.BytesIO(data))
