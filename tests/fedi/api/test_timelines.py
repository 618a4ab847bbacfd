"""Timelines through the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import event

from fedi.lean.prepared import Compiled
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

STATEMENTS = 4
"""SQL statements of one home page: the token, which posts, what they have one of, and what many of."""


@contextmanager
def counted(server: "Server") -> Iterator[list[str]]:
    """Collect the statements that are sent meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            sent.append(statement)

    asked = Compiled.ordered

    def note_lean(compiled: Any, values: Any) -> Any:
        sent.append(compiled.sql)
        return asked(compiled, values)

    engine = server.ctx.db._reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compiled, "ordered", note_lean)
        yield sent
    event.remove(engine, "before_cursor_execute", note)


async def ids(http: httpx.AsyncClient, path: str, **query: Any) -> list[str]:
    answer = await http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [post["id"] for post in answer.json()]


async def walk(http: httpx.AsyncClient, path: str, rel: str) -> list[list[str]]:
    """Follow one kind of link to the end and return the ids of each page."""
    pages: list[list[str]] = []
    address: str | None = path
    while address is not None:
        answer = await http.get(address)
        pages.append([post["id"] for post in answer.json()])
        address = answer.links.get(rel, {}).get("url")
        assert len(pages) < 20, "the links go round in circles"
    return pages


async def test_a_page_costs_the_same_number_of_statements_whatever_its_size(
    server: "Server", enter: Enter, picture: bytes
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")
    for number in range(41):
        media = (
            (await ben.http.post("/api/v2/media", files={"file": ("a.jpg", picture)})).json()
            if number == 20
            else None
        )
        post = await ben.post(f"{number} @anna #tag", media_ids=[media["id"]] if media else [])
        if number % 9 == 0:
            await ben.http.post(f"/api/v1/statuses/{post['id']}/reblog")
    counts = {}
    for limit in (1, 20, 40):
        with counted(server) as sent:
            assert len(await ids(anna.http, "/api/v1/timelines/home", limit=limit)) == limit
        counts[limit] = len(sent)
    assert counts == {1: STATEMENTS, 20: STATEMENTS, 40: STATEMENTS}


async def test_following_every_next_link_shows_everything_once(enter: Enter) -> None:
    anna = await enter("anna")
    posted = [(await anna.post(str(number)))["id"] for number in range(7)]
    pages = await walk(anna.http, "/api/v1/timelines/home?limit=3", "next")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == posted[::-1]


async def test_a_full_last_page_has_no_next(enter: Enter) -> None:
    anna = await enter("anna")
    for number in range(3):
        await anna.post(str(number))
    answer = await anna.http.get("/api/v1/timelines/home?limit=3")
    assert set(answer.links) == {"prev"}


async def test_prev_leads_to_what_came_since_and_ends(enter: Enter) -> None:
    anna = await enter("anna")
    first = (await anna.post("first"))["id"]
    prev = (await anna.http.get("/api/v1/timelines/home?limit=2")).links["prev"]["url"]
    assert f"min_id={first}" in prev
    later = [(await anna.post(str(number)))["id"] for number in range(5)]
    pages = await walk(anna.http, prev, "prev")
    assert pages == [[later[1], later[0]], [later[3], later[2]], [later[4]], []]


async def test_the_three_cursors(enter: Enter) -> None:
    anna = await enter("anna")
    one, two, three, four, five = [(await anna.post(str(number)))["id"] for number in range(5)]
    home = "/api/v1/timelines/home"
    assert await ids(anna.http, home, max_id=three) == [two, one]
    assert await ids(anna.http, home, since_id=two, limit=2) == [five, four]
    assert await ids(anna.http, home, min_id=two, limit=2) == [four, three]
    assert await ids(anna.http, home, min_id=one, max_id=four) == [three, two]
    assert await ids(anna.http, home, min_id=one, since_id=four) == [five, four, three, two]
    assert await ids(anna.http, home, min_id=five) == []


async def test_home_shows_whom_one_follows_and_oneself(enter: Enter) -> None:
    anna, ben, eve = await enter("anna"), await enter("ben"), await enter("eve")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")
    mine, followed = (await anna.post("a"))["id"], (await ben.post("b"))["id"]
    await eve.post("e")
    assert await ids(anna.http, "/api/v1/timelines/home") == [followed, mine]
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/unfollow")
    assert await ids(anna.http, "/api/v1/timelines/home") == [mine]


async def test_public_shows_public_posts_only(server: "Server", enter: Enter, picture: bytes) -> None:
    anna = await enter("anna")
    media = (await anna.http.post("/api/v2/media", files={"file": ("a.jpg", picture)})).json()
    seen = await anna.post("#one", media_ids=[media["id"]])
    await anna.http.post(f"/api/v1/statuses/{seen['id']}/reblog")
    own_answer = await anna.post("answer to myself #one", in_reply_to_id=seen["id"])
    for visibility in ("unlisted", "private", "direct"):
        await anna.post("#one", visibility=visibility)
    for http in (anna.http, server.client):
        assert await ids(http, "/api/v1/timelines/public") == [own_answer["id"], seen["id"]]
        assert await ids(http, "/api/v1/timelines/public", only_media="true") == [seen["id"]]
        assert await ids(http, "/api/v1/timelines/public", local="1") == [own_answer["id"], seen["id"]]
        assert await ids(http, "/api/v1/timelines/public", remote="1") == []
        assert await ids(http, "/api/v1/timelines/tag/ONE") == [own_answer["id"], seen["id"]]
        assert await ids(http, "/api/v1/timelines/tag/one/", only_media="on") == [seen["id"]]
        assert await ids(http, "/api/v1/timelines/tag/two") == []


async def test_public_leaves_out_answers_to_others(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post = await anna.post("x")
    await ben.post("y", in_reply_to_id=post["id"])
    assert await ids(ben.http, "/api/v1/timelines/public") == [post["id"]]


async def test_favourites_page_by_when_they_were_liked(enter: Enter) -> None:
    anna: Person = await enter("anna")
    posts = [(await anna.post(str(number)))["id"] for number in range(3)]
    for post in (posts[2], posts[0], posts[1]):
        await anna.http.post(f"/api/v1/statuses/{post}/favourite")
    pages = await walk(anna.http, "/api/v1/favourites?limit=1", "next")
    assert pages == [[posts[1]], [posts[0]], [posts[2]]]
