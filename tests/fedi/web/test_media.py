"""Stored pictures leave whole or in one part, and can do nothing."""

import pytest

from fedi.web.media import Span, read_range
from tests.fedi.web.showing import jpeg
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
async def key(server: Server) -> str:
    """A stored picture."""
    return await server.ctx.blobs.put(jpeg(), "image/jpeg")


async def test_a_picture_is_served_for_ever_and_can_do_nothing(server: Server, key: str) -> None:
    answer = await server.client.get(f"/media/{key}")
    assert answer.content == jpeg()
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(jpeg()))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_head_tells_the_size_without_the_picture(server: Server, key: str) -> None:
    answer = await server.client.head(f"/media/{key}")
    assert answer.status_code == 200
    assert answer.headers["content-length"] == str(len(jpeg()))
    assert answer.content == b""


async def test_who_has_it_already_is_told_so(server: Server, key: str) -> None:
    first = await server.client.get(f"/media/{key}")
    again = await server.client.get(f"/media/{key}", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


async def test_one_part_is_served_when_one_is_asked_for(server: Server, key: str) -> None:
    answer = await server.client.get(f"/media/{key}", headers={"Range": "bytes=2-5"})
    assert answer.status_code == 206
    assert answer.content == jpeg()[2:6]
    assert answer.headers["content-range"] == f"bytes 2-5/{len(jpeg())}"


async def test_a_part_behind_the_end_is_refused(server: Server, key: str) -> None:
    answer = await server.client.get(f"/media/{key}", headers={"Range": "bytes=999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(jpeg())}"


async def test_many_parts_get_the_whole_file(server: Server, key: str) -> None:
    many = ",".join(f"{start}-{start}" for start in range(5000))
    answer = await server.client.get(f"/media/{key}", headers={"Range": f"bytes={many}"})
    assert answer.status_code == 200
    assert answer.content == jpeg()


async def test_a_part_of_another_version_gets_the_whole_file(server: Server, key: str) -> None:
    answer = await server.client.get(f"/media/{key}", headers={"Range": "bytes=2-5", "If-Range": '"other"'})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "0" * 64 + ".jpg", "x", "0" * 64, "0" * 64 + ".svg", "0" * 64 + ".html", "..%2F..%2Fconfig.toml", "%2e%2e",
        "0" * 64 + ".jpg%00", "0" * 64 + ".jpg%0A", ".." + "/" * 3 + "etc/passwd",
    ],
)  # fmt: skip
async def test_what_is_no_key_of_a_stored_file_is_not_found(server: Server, name: str) -> None:
    assert (await server.client.get(f"/media/{name}")).status_code == 404


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("bytes=0-9", (0, 10)),
        ("bytes=0-", (0, 100)),
        ("bytes=-30", (70, 100)),
        ("bytes=-300", (0, 100)),
        ("bytes=90-300", (90, 100)),
        ("bytes=100-", (100, 100)),
        ("bytes=100-200", (100, 100)),
        ("bytes=-0", (100, 100)),
        ("bytes=9-2", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("items=1-2", None),
        ("bytes=a-b", None),
        ("bytes=1-99999999999999999999999", None),
        ("bytes=٣-٤", None),
    ],
)
def test_a_range_header_means(header: str | None, span: tuple[int, int] | None) -> None:
    read = read_range(header, 100)
    assert read == (None if span is None else Span(start=span[0], end=span[1]))
