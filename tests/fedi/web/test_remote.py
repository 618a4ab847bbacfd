"""Pictures of other servers are shown from here, to whoever was given their address, within bounds."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from fedi import iris
from fedi.models import Account, Attachment, AttachmentState, CachedPicture
from fedi.services import caching
from tests.fedi.rules import suspend
from tests.fedi.services.town import Town
from tests.fedi.web.showing import jpeg
from tests.servers import Server

pytestmark = pytest.mark.anyio

URL = "https://far.test/files/fox.jpg"
FACE = "https://far.test/files/face.jpg"


@dataclass
class Shelf(httpx.AsyncBaseTransport):
    """A server that has one answer for everything, and counts who asks."""

    data: bytes = field(default_factory=jpeg)
    content_type: str = "image/jpeg"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(0)
        headers = {"content-type": self.content_type, **self.headers}
        return httpx.Response(self.status, content=self.data, headers=headers)


@pytest.fixture
def shelf(server: Server) -> Shelf:
    found = Shelf()
    server.network.hosts["far.test"] = found
    return found


@pytest.fixture
async def attachment(server: Server) -> Attachment:
    """A picture of somebody on another server, who has a face."""
    author = await Town(server).one("zoe@far.test")
    row = Attachment(
        id=server.ctx.ids.next(),
        account_id=author.id,
        kind="image",
        remote_url=URL,
        created_at=server.clock(),
    )
    async with server.ctx.db.write() as tx:
        tx.add(row)
        (await tx.get_one(Account, author.id)).avatar_url = FACE
    return row


def address(server: Server, row: Attachment, *, small: bool = False) -> str:
    return iris.remote_file(server.settings, row.id, row.remote_url or "", small=small)


async def kept(server: Server) -> list[CachedPicture]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(CachedPicture).order_by(CachedPicture.used_at))).scalars())


async def test_a_picture_is_fetched_once_and_shown_from_here(
    server: Server, shelf: Shelf, attachment: Attachment
) -> None:
    answers = await asyncio.gather(*(server.client.get(address(server, attachment)) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].headers["content-type"] == "image/jpeg"
    assert "sandbox" in answers[0].headers["content-security-policy"]
    assert "immutable" not in answers[0].headers["cache-control"]
    small = await server.client.get(address(server, attachment, small=True))
    assert small.status_code == 200
    [asked] = shelf.asked
    assert "signature" not in asked.headers
    assert "cookie" not in asked.headers


async def test_a_face_is_shown_from_here(server: Server, shelf: Shelf, attachment: Attachment) -> None:
    face = iris.remote_face(server.settings, attachment.account_id, FACE, "avatar")
    assert (await server.client.get(face)).status_code == 200
    wrong = iris.remote_face(server.settings, attachment.account_id, URL, "avatar")
    assert (await server.client.get(wrong)).status_code == 404


async def test_nobody_guesses_an_address(server: Server, shelf: Shelf, attachment: Attachment) -> None:
    good = address(server, attachment)
    for bad in (
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good[:-4],
        good.replace("original", "huge"),
        good.replace(str(attachment.id), str(attachment.id + 1)),
        good.replace(str(attachment.id), str(2**64)),
    ):
        assert (await server.client.get(bad)).status_code == 404
    assert shelf.asked == []


@pytest.mark.parametrize("what", ["withheld", "suspended", "film"])
async def test_what_is_not_shown_is_not_fetched(
    server: Server, shelf: Shelf, attachment: Attachment, what: str
) -> None:
    changes = {
        "withheld": update(Attachment).values(state=AttachmentState.WITHHELD),
        "suspended": update(Account).values(suspended_at=server.clock()),
        "film": update(Attachment).values(kind="video"),
    }
    async with server.ctx.db.write() as tx:
        await tx.execute(changes[what])
    assert (await server.client.get(address(server, attachment))).status_code == 404
    assert shelf.asked == []


@pytest.mark.parametrize(
    "spoilt",
    [
        Shelf(data=b"<script>alert(1)</script>", content_type="text/html"),
        Shelf(data=b"<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/svg+xml"),
        Shelf(data=jpeg()[:40]),
        Shelf(data=b"\xff\xd8" + b"x" * (caching.BYTES_MAX + 1)),
        Shelf(status=404),
        Shelf(status=503),
        Shelf(status=302, headers={"location": "http://127.0.0.1/secret"}),
    ],
    ids=["page", "svg", "cut", "huge", "missing", "ill", "inside"],
)
async def test_what_is_no_picture_is_refused_and_not_asked_for_again(
    server: Server, attachment: Attachment, spoilt: Shelf
) -> None:
    spoilt.asked.clear()
    server.network.hosts["far.test"] = spoilt
    for _ in range(2):
        assert (await server.client.get(address(server, attachment))).status_code == 404
    assert len(spoilt.asked) == 1
    assert await kept(server) == []
    server.clock.advance(caching.REFUSAL_S + 1)
    await server.client.get(address(server, attachment))
    assert len(spoilt.asked) == 2


async def test_a_server_that_is_suspended_is_not_asked(
    server: Server, shelf: Shelf, attachment: Attachment
) -> None:
    await suspend(server, "far.test")
    assert (await server.client.get(address(server, attachment))).status_code == 404
    assert shelf.asked == []


async def test_a_file_that_was_lost_is_fetched_again(
    server: Server, shelf: Shelf, attachment: Attachment
) -> None:
    assert (await server.client.get(address(server, attachment))).status_code == 200
    [row] = await kept(server)
    await server.ctx.blobs.delete(row.file_key)
    assert (await server.client.get(address(server, attachment))).status_code == 404
    assert (await server.client.get(address(server, attachment))).status_code == 200
    assert len(shelf.asked) == 2


async def test_too_many_at_once_wait_and_more_are_sent_away(
    server: Server, shelf: Shelf, attachment: Attachment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.ctx.memory.downloads, "_line_max", 0)
    answer = await server.client.get(address(server, attachment))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    monkeypatch.undo()
    assert (await server.client.get(address(server, attachment))).status_code == 200


async def fill(server: Server, count: int, *, size: int = 1_000_000) -> list[str]:
    """Keep some pictures, each looked at a day after the one before."""
    keys = []
    for number in range(count):
        key = await server.ctx.blobs.put(jpeg() + bytes([number]), "image/jpeg")
        keys.append(key)
        row = CachedPicture(
            digest=hashlib.sha256(bytes([number])).hexdigest(), file_key=key, thumbnail_key=key, size_bytes=size,
            fetched_at=server.clock(), used_at=server.clock() - timedelta(days=count - number, hours=-1),
        )  # fmt: skip
        async with server.ctx.db.write() as tx:
            tx.add(row)
    return keys


async def test_what_nobody_looks_at_is_forgotten(server: Server) -> None:
    keys = await fill(server, 4)
    gone = await caching.shrink(server.ctx, days=3, megabytes=100)
    assert (gone.pictures, gone.bytes) == (1, 1_000_000)
    assert [await server.ctx.blobs.exists(key) for key in keys] == [False, True, True, True]


async def test_the_longest_unseen_go_when_there_are_too_many(server: Server) -> None:
    keys = await fill(server, 4)
    gone = await caching.shrink(server.ctx, days=100, megabytes=2)
    assert gone.pictures == 2
    assert [await server.ctx.blobs.exists(key) for key in keys] == [False, False, True, True]
    async with server.ctx.db.read() as tx:
        assert await caching.usage(tx) == caching.Usage(pictures=2, bytes=2_000_000)


async def test_a_file_that_a_post_of_ours_has_as_well_stays(server: Server) -> None:
    [key] = await fill(server, 1)
    alice = await server.person("alice")
    async with server.ctx.db.write() as tx:
        tx.add(
            Attachment(id=server.ctx.ids.next(), account_id=alice.id, kind="image", file_key=key, created_at=server.clock())
        )  # fmt: skip
    await caching.shrink(server.ctx, days=0, megabytes=0)
    assert await kept(server) == []
    assert await server.ctx.blobs.exists(key)


async def test_looking_again_keeps_a_picture(server: Server, shelf: Shelf, attachment: Attachment) -> None:
    await server.client.get(address(server, attachment))
    [before] = await kept(server)
    server.clock.advance(2 * 86400)
    await server.client.get(address(server, attachment))
    [after] = await kept(server)
    assert after.used_at > before.used_at
    assert len(shelf.asked) == 1


async def test_the_cache_is_looked_through_by_itself(server: Server) -> None:
    await fill(server, 30)
    async with server.ctx.db.write() as tx:
        await caching.plan(server.ctx, tx, wait_s=0)
    await server.work("default")
    assert len(await kept(server)) == server.settings.media_cache_days
