"""Uploads through the API."""

import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from fedi.models import Attachment, AttachmentState
from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/api/v2/media", "/api/v1/media"])
async def test_a_picture_is_ready_at_once(enter: Enter, picture: bytes, path: str) -> None:
    anna = await enter("anna")
    answer = await anna.http.post(
        path,
        files={"file": ("x.jpg", picture), "thumbnail": ("t.jpg", picture)},
        data={"description": "a", "focus": "-0.5,1"},
    )
    assert answer.status_code == 200
    media = answer.json()
    assert (media["type"], media["description"], media["meta"]["focus"]) == (
        "image",
        "a",
        {"x": -0.5, "y": 1.0},
    )
    assert (media["meta"]["original"]["width"], media["meta"]["original"]["height"]) == (120, 80)
    assert media["blurhash"]
    shown = await anna.http.get(f"/api/v1/media/{media['id']}")
    assert (shown.status_code, shown.json()) == (200, media)
    for url in (media["url"], media["preview_url"]):
        assert url.startswith("https://fedi.test/media/")
        file = await anna.http.get(url)
        assert Image.open(io.BytesIO(file.content)).format == "JPEG"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("kind", ["json", "data"])
async def test_the_alt_text_can_come_later(enter: Enter, picture: bytes, method: str, kind: str) -> None:
    anna = await enter("anna")
    media = (await anna.http.post("/api/v2/media", files={"file": ("x.jpg", picture)})).json()
    assert media["description"] is None
    path = f"/api/v1/media/{media['id']}"
    changed = (
        await anna.http.request(method, path, **{kind: {"description": "later", "focus": "0,0.25"}})
    ).json()  # type: ignore[arg-type] # names of two parameters
    assert (changed["description"], changed["meta"]["focus"]["y"]) == ("later", 0.25)
    kept = (await anna.http.request(method, path, **{kind: {"focus": "0,0"}})).json()  # type: ignore[arg-type] # as above
    assert kept["description"] == "later"


async def test_alt_text_of_a_published_picture_is_not_changed_behind_its_post(
    enter: Enter, picture: bytes
) -> None:
    anna = await enter("anna")
    media = (await anna.http.post("/api/v2/media", files={"file": ("x.jpg", picture)})).json()
    await anna.post("x", media_ids=[media["id"]])
    answer = await anna.http.put(f"/api/v1/media/{media['id']}", json={"description": "x"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"data": {"file": "text"}},
        {"files": {"file": ("x.jpg", b"")}},
        {"files": {"file": ("x.jpg", b"not a picture")}},
        {
            "files": {
                "file": ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
            }
        },
        {"files": {"file": ("x.html", b"<!doctype html><script>alert(1)</script>")}},
    ],
)
async def test_what_is_no_picture_is_refused_with_a_sentence(enter: Enter, sent: dict[str, Any]) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v2/media", **sent)
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("Validation failed: ")


@pytest.mark.parametrize(
    "data",
    [{"description": "x" * 1501}, {"focus": "1"}, {"focus": "2,0"}, {"focus": "nan,0"}, {"focus": "a,b"}],
)
async def test_a_description_or_focus_that_makes_no_sense_is_refused(
    enter: Enter, picture: bytes, data: dict[str, str]
) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v2/media", files={"file": ("x.jpg", picture)}, data=data)
    assert answer.status_code == 422


async def test_too_many_bytes_are_refused_before_they_are_read(enter: Enter) -> None:
    anna = await enter("anna")
    answer = await anna.http.post("/api/v2/media", headers={"content-length": str(10**9)}, content=b"x")
    assert answer.status_code == 413


async def test_others_pictures_are_not_shown_changed_or_used(enter: Enter, picture: bytes) -> None:
    anna, eve = await enter("anna"), await enter("eve")
    media = (await anna.http.post("/api/v2/media", files={"file": ("x.jpg", picture)})).json()
    path = f"/api/v1/media/{media['id']}"
    assert (await eve.http.get(path)).status_code == 404
    assert (await eve.http.put(path, json={"description": "x"})).status_code == 404
    answer = await eve.http.post("/api/v1/statuses", json={"status": "x", "media_ids": [media["id"]]})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("state", "status", "url"), [(AttachmentState.QUEUED, 206, None), (AttachmentState.FAILED, 422, None)]
)
async def test_an_unfinished_picture_says_so_and_cannot_be_posted(
    server: "Server", enter: Enter, state: AttachmentState, status: int, url: str | None
) -> None:
    anna = await enter("anna")
    async with server.ctx.db.write() as tx:
        tx.add(
            Attachment(
                id=77, account_id=anna.account.id, kind="image", state=state, created_at=server.clock()
            )
        )
    answer = await anna.http.get("/api/v1/media/77")
    assert answer.status_code == status
    assert answer.json().get("url") == url
    posted = await anna.http.post("/api/v1/statuses", json={"status": "x", "media_ids": ["77"]})
    assert posted.status_code == 422


async def test_a_picture_that_no_post_has_is_erased(server: "Server", enter: Enter, picture: bytes) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    media = (await anna.http.post("/api/v2/media", files={"file": picture})).json()
    path = f"/api/v1/media/{media['id']}"
    assert (await ben.http.delete(path)).status_code == 404
    assert (await anna.http.delete(path)).json() == {}
    taken = await anna.http.post("/api/v1/statuses", json={"status": "x", "media_ids": [media["id"]]})
    assert taken.status_code == 422, "it is gone for everybody at once"
    await server.work()
    assert (await anna.http.get(path)).status_code == 404
    kept = (await anna.http.post("/api/v2/media", files={"file": picture})).json()
    await anna.post("with it", media_ids=[kept["id"]])
    assert (await anna.http.delete(f"/api/v1/media/{kept['id']}")).status_code == 422
    await server.work()
    assert (await anna.http.get(f"/api/v1/media/{kept['id']}")).status_code == 200
