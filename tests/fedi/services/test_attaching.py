"""Uploads: what is kept of them, what is refused, and when their files go."""

import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Attachment, AttachmentState, Job
from fedi.services import attaching
from media.errors import BlobMissingError
from media.provenance import TRAINED_ALGORITHMIC_MEDIA, xmp_packet
from tests.fedi.looking import count
from tests.fedi.services.studio import Darkroom, equip
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = pytest.mark.anyio

GPS = b"\x52\x30\x00\x00"
"""Latitude degrees in the EXIF of `photo`, as they are written: 12370 over one."""


def photo(kind: str = "JPEG", **how: Any) -> bytes:
    """Return a picture as a phone saves it: with a position, a camera and, where it can be, a comment."""
    exif = Image.Exif()
    exif[0x010F] = "SpyPhone"
    exif.get_ifd(0x8825)[2] = (12370.0, 5.0, 6.0)
    out = io.BytesIO()
    picture = Image.radial_gradient("L").resize((120, 80)).convert("RGB")
    picture.save(out, kind, exif=exif, **how)
    return out.getvalue()


@pytest.fixture
def studio(server: Server) -> Server:
    """A server that decodes in this process."""
    equip(server, decoder=Darkroom())
    return server


async def upload(server: Server, account: Account, data: bytes, **how: Any) -> Attachment:
    given = {"description": None, "focus": None, **how}
    return await attaching.upload(server.ctx, account_id=account.id, data=data, **given)


async def stored(server: Server, key: str | None) -> bytes:
    assert key is not None
    blob = await server.ctx.blobs.open(key)
    return b"".join([chunk async for chunk in blob.chunks])


async def exists(server: Server, key: str | None) -> bool:
    try:
        await stored(server, key)
    except BlobMissingError:
        return False
    return True


async def refusal(question: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await question
    return refused.value.status, refused.value.text


async def erase(server: Server, *ids: int) -> None:
    """Have pictures erased, as the deletion of their post does."""
    async with server.ctx.db.write() as tx:
        job = queue.NewJob(queue="default", kind="erase", payload={"attachment_ids": list(ids)})
        await queue.enqueue(tx, server.ctx.wake, [job], now=server.clock())
    before = await count(server, Job)
    await server.work("default")
    assert await count(server, Job) == before - 1


async def test_an_upload_waits_for_its_post_with_everything_that_clients_show(
    studio: Server, alice: Account
) -> None:
    made = await upload(studio, alice, photo(), description="a disc", focus=(-0.5, 1.0))
    async with studio.ctx.db.read() as tx:
        row = (await tx.execute(select(Attachment))).scalar_one()
    assert row.id == made.id
    assert (row.account_id, row.post_id, row.state, row.kind) == (
        alice.id,
        None,
        AttachmentState.READY,
        "image",
    )
    assert (row.media_type, row.width, row.height) == ("image/jpeg", 120, 80)
    assert (row.thumbnail_width, row.thumbnail_height) == (120, 80)
    assert (row.description, row.focus_x, row.focus_y) == ("a disc", -0.5, 1.0)
    assert row.blurhash
    assert row.digital_source_type is None
    assert Image.open(io.BytesIO(await stored(studio, row.file_key))).size == (120, 80)
    assert Image.open(io.BytesIO(await stored(studio, row.thumbnail_key))).format == "JPEG"


async def test_a_picture_that_nobody_posts_goes_after_a_day(studio: Server, alice: Account) -> None:
    made, posted = await upload(studio, alice, photo()), await upload(studio, alice, photo("PNG"))
    town = Town(studio, {"alice": alice})
    await town.posts("alice", attachment_ids=[posted.id])
    assert await studio.work("default") == 0
    studio.clock.advance(attaching.UNPOSTED_S + 1)
    assert await studio.work("default") == 2
    assert await count(studio, Attachment) == 1
    assert (await exists(studio, made.file_key), await exists(studio, posted.file_key)) == (False, True)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_position_and_camera_are_gone_from_all_files(studio: Server, alice: Account, kind: str) -> None:
    data = photo(kind)
    assert b"SpyPhone" in data
    made = await upload(studio, alice, data)
    for key in (made.file_key, made.thumbnail_key):
        kept = await stored(studio, key)
        assert b"SpyPhone" not in kept
        assert b"Exif" not in kept
        assert len(Image.open(io.BytesIO(kept)).getexif()) == 0


async def test_the_real_decoder_lives_in_another_process(server: Server, alice: Account) -> None:
    made = await upload(server, alice, photo())
    assert server.ctx.decoder.pid is not None
    assert b"SpyPhone" not in await stored(server, made.file_key)


async def test_that_a_machine_made_it_is_kept(studio: Server, alice: Account) -> None:
    made = await upload(studio, alice, photo(xmp=xmp_packet(TRAINED_ALGORITHMIC_MEDIA)))
    assert made.digital_source_type == TRAINED_ALGORITHMIC_MEDIA


def moving() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "can be uploaded"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Only JPEG, PNG, WebP and GIF"),
        (b"%PDF-1.7", "Only JPEG, PNG, WebP and GIF"),
        (photo()[:200], "damaged"),
        (photo("TIFF"), "Only JPEG, PNG, WebP and GIF"),
        (moving(), "Animated pictures"),
    ],
    ids=["nothing", "svg", "pdf", "cut off", "tiff", "moving"],
)
async def test_what_is_no_picture_is_refused_in_a_sentence(
    studio: Server, alice: Account, data: bytes, part: str
) -> None:
    status, text = await refusal(upload(studio, alice, data))
    assert status == 422
    assert text.startswith("Validation failed: ")
    assert part in text
    assert await count(studio, Attachment) == 0


async def test_a_description_that_is_too_long_is_refused_before_anything_is_decoded(
    server: Server, alice: Account
) -> None:
    status, text = await refusal(upload(server, alice, photo(), description="x" * 1501))
    assert (status, "1500 characters at most" in text) == (422, True)
    assert server.ctx.decoder.pid is None


def test_what_is_not_said_of_a_picture_stays() -> None:
    picture = Attachment(description="old", focus_x=0.1, focus_y=0.2)
    attaching.describe(picture, description=None, focus=(0.5, 0.6))
    assert (picture.description, picture.focus_x, picture.focus_y) == ("old", 0.5, 0.6)
    attaching.describe(picture, description="", focus=None)
    assert (picture.description, picture.focus_x, picture.focus_y) == ("", 0.5, 0.6)
    attaching.describe(picture, description="x" * 1500, focus=None)
    with pytest.raises(Refused, match="1500 characters"):
        attaching.describe(picture, description="x" * 1501, focus=None)


async def test_an_erased_picture_is_gone_with_its_files(studio: Server, alice: Account) -> None:
    made = await upload(studio, alice, photo())
    await erase(studio, made.id)
    assert await count(studio, Attachment) == 0
    assert not await exists(studio, made.file_key)
    assert not await exists(studio, made.thumbnail_key)


async def test_a_file_that_another_picture_shares_stays(studio: Server, alice: Account) -> None:
    one, other = await upload(studio, alice, photo()), await upload(studio, alice, photo())
    assert one.file_key == other.file_key
    await erase(studio, one.id)
    assert await exists(studio, other.file_key)
    assert await exists(studio, other.thumbnail_key)
    await erase(studio, other.id)
    assert not await exists(studio, other.file_key)


async def test_pictures_that_share_a_file_can_go_together(studio: Server, alice: Account) -> None:
    one, other = await upload(studio, alice, photo()), await upload(studio, alice, photo())
    await erase(studio, one.id, other.id)
    assert not await exists(studio, one.file_key)


async def test_a_file_that_is_gone_already_is_no_trouble(studio: Server, alice: Account) -> None:
    made = await upload(studio, alice, photo())
    assert made.file_key is not None
    await studio.ctx.blobs.delete(made.file_key)
    await erase(studio, made.id)
    assert await count(studio, Attachment) == 0


async def test_a_picture_that_found_a_post_again_is_not_erased(studio: Server, alice: Account) -> None:
    town = Town(studio, {"alice": alice})
    made = await upload(studio, alice, photo())
    await town.posts("alice", attachment_ids=[made.id])
    await erase(studio, made.id)
    assert await exists(studio, made.file_key)
    assert await count(studio, Attachment, Attachment.post_id.is_not(None)) == 1


async def test_a_picture_that_is_being_erased_cannot_be_posted(
    studio: Server, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = Town(studio, {"alice": alice})
    made = await upload(studio, alice, photo())
    told: list[str] = []
    delete = type(studio.ctx.blobs).delete

    async def slowly(blobs: Any, key: str) -> None:
        told.append((await refusal(town.posts("alice", attachment_ids=[made.id])))[1])
        await delete(blobs, key)

    monkeypatch.setattr(type(studio.ctx.blobs), "delete", slowly)
    await erase(studio, made.id)
    assert told
    assert await count(studio, Attachment) == 0


async def test_killed_after_the_files_the_job_finds_the_rows_again(
    studio: Server, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await upload(studio, alice, photo())
    async with studio.ctx.db.write() as tx:
        job = queue.NewJob(queue="default", kind="erase", payload={"attachment_ids": [made.id]})
        await queue.enqueue(tx, studio.ctx.wake, [job], now=studio.clock())

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(queue, "finish", killed)
        await studio.work("default")
    assert await count(studio, Attachment) == 1
    studio.clock.advance(60)
    await studio.work("default")
    assert await count(studio, Attachment) == 0
    assert await count(studio, Job) == 1, "the upload's own, for tomorrow"
