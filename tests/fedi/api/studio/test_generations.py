"""Pictures on order: asked for, watched, called off, and posted by any client."""

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from fedi.models import Attachment, Door, Generation, Job
from fedi.services import drawing, generating
from media.errors import EngineError, ModelMissingError
from tests.fedi import looking
from tests.fedi.api.conftest import Enter, Person, http_client, token_for
from tests.fedi.services.studio import Easel, equip

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/fedi/v1/generations"


@pytest.fixture
def easel(server: "Server") -> Easel:
    """What draws for the server of the test."""
    made = Easel()
    equip(server, engine=made)
    return made


async def order(person: Person, prompt: str = "a red boat", *, key: str | None = None, **more: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await person.http.post(PATH, json={"prompt": prompt, **more}, headers=headers)
    assert answer.status_code == 202, answer.text
    return answer.json()


async def test_a_picture_is_ordered_drawn_and_posted(server: "Server", enter: Enter, easel: Easel) -> None:
    anna = await enter("anna")
    answer = await anna.http.post(PATH, json={"prompt": "a red boat", "seed": 7, "negative_prompt": "people"})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"https://fedi.test{PATH}/{made['id']}")
    assert (made["state"], made["door"], made["position"], made["media_attachment"]) == (
        "queued",
        "api",
        0,
        None,
    )
    waiting = await anna.http.get(f"/api/v1/media/{made['media_id']}")
    assert (waiting.status_code, waiting.json()["url"]) == (206, None)

    await server.work("gpu")
    done = (await anna.http.get(f"{PATH}/{made['id']}")).json()
    assert (done["state"], done["step"], done["steps"], done["error"]) == ("done", 4, 4, None)
    assert done["request"] == {
        "prompt": "a red boat", "negative_prompt": "people", "width": 64, "height": 64, "steps": None,
        "guidance": None, "seed": 7, "model": "",
    }  # fmt: skip
    assert (done["recipe"]["model"], done["recipe"]["seed"]) == ("painted", 7)
    assert easel.asked[0].negative_prompt == "people"

    ready = await anna.http.get(f"/api/v1/media/{made['media_id']}")
    assert (ready.status_code, ready.json()["description"]) == (200, "A red boat. AI-generated image.")
    post = await anna.post("my boat", media_ids=[made["media_id"]])
    assert post["fedi"] == post["media_attachments"][0]["fedi"]
    assert {name: post["fedi"][name] for name in ("generated", "share", "prompt", "negative_prompt", "seed")} == {
        "generated": True, "share": "all", "prompt": "a red boat", "negative_prompt": "people", "seed": 7,
    }  # fmt: skip
    assert (post["fedi"]["model"], post["fedi"]["width"]) == ("painted", 64)


async def test_the_same_key_orders_one_picture(server: "Server", enter: Enter, easel: Easel) -> None:
    anna, bert = await enter("anna"), await enter("bert")
    first = await order(anna, key="k")
    assert (await order(anna, "other words", key="k"))["id"] == first["id"]
    assert (await order(bert, key="k"))["id"] != first["id"]
    assert (
        await anna.http.post("/api/v1/statuses", json={"status": "hi"}, headers={"Idempotency-Key": "k"})
    ).json()["content"] == "<p>hi</p>"
    assert await looking.count(server, Job, Job.kind == "generate") == 2


@pytest.mark.parametrize(
    ("wish", "status", "words"),
    [
        ({"prompt": ""}, 422, "the prompt is empty"),
        ({"prompt": "x" * 1001}, 422, "at most 1000 characters"),
        ({"width": 4096, "height": 64}, 422, "from 64 to 2048"),
        ({"width": 64}, 422, "both the width and the height"),
        ({"steps": 101}, 422, "from 1 to 100"),
        ({"steps": "many"}, 422, "steps is not a whole number"),
        ({"guidance": 31}, 422, "from 0 to 30"),
        ({"guidance": "nan"}, 422, "from 0 to 30"),
        ({"guidance": "much"}, 422, "guidance is not a number"),
        ({"seed": 2**32}, 422, "from 0 to 4294967295"),
        ({"model": "other"}, 422, "no model of this name"),
        ({"share": "some"}, 422, "all, no_prompt, nothing"),
        ({"description": "x" * 1501}, 422, "1500 characters"),
        ({"prompt": "a nude child"}, 403, "are never made here"),
        ({"negative_prompt": "nude child"}, 403, "are never made here"),
    ],
)
async def test_what_cannot_be_drawn_is_refused_with_its_bound(
    server: "Server", enter: Enter, wish: dict[str, Any], status: int, words: str
) -> None:
    anna = await enter("anna")
    answer = await anna.http.post(PATH, json={"prompt": "a boat", **wish})
    assert (answer.status_code, words in answer.json()["error"]) == (status, True), answer.text
    assert await looking.count(server, Generation) == await looking.count(server, Attachment) == 0


async def test_nobody_has_more_than_a_few_in_the_making(server: "Server", enter: Enter, easel: Easel) -> None:
    anna = await enter("anna")
    made = [await order(anna) for _ in range(generating.OUTSTANDING_MAX)]
    refused = await anna.http.post(PATH, json={"prompt": "one more"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert (await anna.http.post("/api/v1/statuses", json={"status": "/imagine one"})).status_code == 429
    await anna.http.post(f"{PATH}/{made[0]['id']}/cancel")
    assert (await order(anna))["position"] == generating.OUTSTANDING_MAX - 1


async def test_others_have_no_such_picture(server: "Server", enter: Enter, easel: Easel) -> None:
    anna, bert = await enter("anna"), await enter("bert")
    mine = f"{PATH}/{(await order(anna))['id']}"
    for method, path in (
        ("GET", mine), ("DELETE", mine), ("POST", f"{mine}/cancel"), ("GET", f"{mine}/events"), ("GET", f"{PATH}/no"),
    ):  # fmt: skip
        assert (await bert.http.request(method, path)).status_code == 404, (method, path)
    assert (await bert.http.get(PATH)).json() == []
    assert (await looking.first(server, Generation)).state == "queued"


async def test_a_token_needs_its_scopes(server: "Server", enter: Enter, easel: Easel) -> None:
    anna = await enter("anna")
    mine = f"{PATH}/{(await order(anna))['id']}"
    for scope, reads, writes in (
        ("read:statuses", 200, 403),
        ("write:media", 200, 202),
        ("write:statuses", 403, 403),
    ):
        token = await token_for(server, anna.account, scope)
        http = http_client(server, authorization=f"Bearer {token}")
        assert (await http.get(PATH)).status_code == (await http.get(mine)).status_code == reads, scope
        assert (await http.post(PATH, json={"prompt": "a tree"})).status_code == writes, scope
        if writes == 403:
            assert (await http.post(f"{mine}/cancel")).status_code == 403
            assert (await http.delete(mine)).status_code == 403
        if reads == 403:
            assert (await http.get(f"{mine}/events")).status_code == 403
    for path in (PATH, mine, f"{mine}/events"):
        assert (await http_client(server).get(path)).status_code == 401


async def test_the_list_is_paged_and_has_what_was_asked_through_every_door(
    server: "Server", enter: Enter, easel: Easel
) -> None:
    anna = await enter("anna")
    await anna.post("/imagine a tree")
    made = [(await order(anna))["id"] for _ in range(3)]
    await server.work("gpu")
    answer = await anna.http.get(PATH, params={"limit": 2, "state[]": "done"})
    assert [one["id"] for one in answer.json()] == made[:0:-1]
    assert "state%5B%5D=done" in answer.headers["link"]
    rest = (await anna.http.get(answer.links["next"]["url"])).json()
    assert [one["door"] for one in rest] == ["api", "post"]
    assert (
        rest[1]["status_id"] == (await anna.http.get(f"/api/v1/statuses/{rest[1]['status_id']}")).json()["id"]
    )
    assert (await anna.http.get(PATH, params={"state": "lost"})).status_code == 422


# Calling off


async def test_what_waits_is_called_off_before_it_is_drawn(
    server: "Server", enter: Enter, easel: Easel
) -> None:
    anna = await enter("anna")
    made = await order(anna)
    answer = await anna.http.post(f"{PATH}/{made['id']}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert await looking.count(server, Job, Job.kind == "generate") == 0
    assert (await anna.http.post(f"{PATH}/{made['id']}/cancel")).status_code == 422
    await server.work()
    assert easel.asked == []
    assert await looking.count(server, Attachment) == 0


async def test_what_is_being_drawn_is_stopped(
    server: "Server", enter: Enter, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "LOOK_S", 0.01)
    anna = await enter("anna")
    made = await order(anna)
    stopped = False

    async def called_off() -> None:
        nonlocal stopped
        assert (await anna.http.post(f"{PATH}/{made['id']}/cancel")).json()["state"] == "cancelled"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped = True
            raise

    easel.meanwhile = called_off
    async with asyncio.timeout(10):
        await server.work()
    assert stopped
    assert (await looking.first(server, Generation)).state == "cancelled"
    assert [await looking.count(server, model) for model in (Job, Attachment)] == [0, 0]


async def test_what_is_called_off_at_the_last_step_is_not_kept(
    server: "Server", enter: Enter, easel: Easel
) -> None:
    anna = await enter("anna")
    made = await order(anna)

    async def called_off() -> None:
        await anna.http.post(f"{PATH}/{made['id']}/cancel")

    easel.meanwhile = called_off
    await server.work()
    assert (await anna.http.get(f"{PATH}/{made['id']}")).json()["state"] == "cancelled"
    assert [await looking.count(server, model) for model in (Job, Attachment)] == [0, 0]


async def test_with_a_draft_its_picture_is_called_off_and_the_other_way_round(
    server: "Server", enter: Enter, easel: Easel
) -> None:
    anna = await enter("anna")
    first, second = await anna.post("/imagine a tree"), await anna.post("/imagine a boat")
    await anna.http.delete(f"/api/v1/statuses/{first['id']}")
    states = [one["state"] for one in (await anna.http.get(PATH)).json()]
    assert states == ["queued", "cancelled"]
    newest = (await anna.http.get(PATH)).json()[0]
    await anna.http.post(f"{PATH}/{newest['id']}/cancel")
    assert (await anna.http.get(f"/api/v1/statuses/{second['id']}")).status_code == 404
    await server.work("gpu")
    assert easel.asked == []


async def test_forgetting_calls_off_and_erases_what_no_post_has(
    server: "Server", enter: Enter, easel: Easel
) -> None:
    anna = await enter("anna")
    kept, lost = await order(anna), await order(anna)
    await server.work("gpu")
    waiting = await order(anna)
    await anna.post("mine", media_ids=[kept["media_id"]])
    for one in (kept, lost, waiting):
        assert (await anna.http.delete(f"{PATH}/{one['id']}")).json() == {}
        assert (await anna.http.get(f"{PATH}/{one['id']}")).status_code == 404
    await server.work()
    assert len(easel.asked) == 2
    async with server.ctx.db.read() as tx:
        assert list((await tx.execute(select(Attachment.id))).scalars()) == [int(kept["media_id"])]


# Going wrong


async def test_what_cannot_be_drawn_says_why(server: "Server", enter: Enter, easel: Easel) -> None:
    anna = await enter("anna")
    made = await order(anna)
    easel.troubles = [EngineError(), ModelMissingError()]
    await server.work("gpu")
    assert (await anna.http.get(f"{PATH}/{made['id']}")).json()["state"] == "queued"
    server.clock.advance(drawing.RETRY_S)
    await server.work("gpu")
    failed = (await anna.http.get(f"{PATH}/{made['id']}")).json()
    assert failed["state"] == "failed"
    assert failed["error"] == "Could not draw “a red boat”: The image model is not installed on this server."
    picture = await anna.http.get(f"/api/v1/media/{made['media_id']}")
    assert (picture.status_code, picture.json()["error"]) == (422, failed["error"])


# What is shared


async def test_a_post_tells_as_much_as_its_author_wants(server: "Server", enter: Enter, easel: Easel) -> None:
    anna = await enter("anna")
    shown, hidden, kept = [await order(anna, share=share) for share in ("all", "no_prompt", "nothing")]
    await server.work("gpu")
    assert easel.embedded == [True, False, False]
    told = [(await anna.post("x", media_ids=[one["media_id"]]))["fedi"] for one in (shown, hidden, kept)]
    assert [one["prompt"] for one in told] == ["a red boat", None, None]
    assert [one["negative_prompt"] for one in told] == ["", None, None]
    assert [one["seed"] is None for one in told] == [False, False, True]
    assert [one["model"] for one in told] == ["painted", "painted", None]
    assert [one["generated"] for one in told] == [True] * 3
    alt = (await anna.http.get(f"/api/v1/media/{hidden['media_id']}")).json()["description"]
    assert alt == "AI-generated image."
    mine = (await anna.http.get(f"{PATH}/{kept['id']}")).json()
    assert (mine["recipe"]["prompt"], mine["share"]) == ("a red boat", "nothing")

    again = await order(anna)
    await server.work("gpu")
    assert easel.embedded[-1] is False, "a default is no choice"
    post = await anna.post("x", media_ids=[again["media_id"]], fedi={"share": "no_prompt"})
    assert (post["fedi"]["share"], post["fedi"]["prompt"]) == ("no_prompt", None)
    refused = await anna.http.post("/api/v1/statuses", json={"status": "x", "fedi": {"share": "some"}})
    assert refused.status_code == 422


async def test_a_composed_picture_tells_as_much_as_its_author_prefers(
    server: "Server", enter: Enter, easel: Easel
) -> None:
    anna = await enter("anna", password="long enough")
    await anna.http.patch("/api/v1/preferences", json={"fedi:share": "nothing"})
    draft = await anna.post("/imagine a red boat")
    await anna.post("/imagine a red boat", fedi={"share": "all"})
    await server.work("gpu")
    post = (await anna.http.get(f"/api/v1/statuses/{draft['id']}")).json()
    assert "boat" not in str({**post, "account": None})
    assert "AI-generated image, made with fedi (a model)." in post["content"]
    assert easel.embedded == [False, True]
    row = await looking.first(server, Generation, Generation.door == Door.POST)
    assert row.recipe["prompt"] == "a red boat"


async def test_who_switched_the_command_off_writes_what_they_like(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    await anna.http.patch("/api/v1/accounts/update_credentials", json={"source": {"fedi:imagine": False}})
    for text in ("/imagine a boat", "//imagine a boat"):
        assert (await anna.post(text))["content"] == f"<p>{text}</p>"
    assert await looking.count(server, Generation) == 0
