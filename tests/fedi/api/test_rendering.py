"""JSON of posts that is kept, and made again when it has to be."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.api import rendering
from fedi.api.entities import status as entity
from tests.fedi.api.conftest import Enter, Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

HOME = "/api/v1/timelines/home"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the ids of posts that are made into JSON."""
    ids: list[int] = []

    def status(view: Any, *rest: Any, **more: Any) -> Any:
        ids.append(view.post.id)
        return entity.status(view, *rest, **more)

    monkeypatch.setattr(rendering, "status", status)
    return ids


async def home(person: Person) -> list[dict[str, Any]]:
    answer = await person.http.get(HOME)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


async def alone(person: Person, post_id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await person.http.get(f"/api/v1/statuses/{post_id}")).json()
    return found


async def test_a_post_is_made_once_for_all_who_see_the_same(
    server: "Server", enter: Enter, made: list[int]
) -> None:
    anna, ben, carl = await enter("anna"), await enter("ben"), await enter("carl")
    for person in (ben, carl):
        await person.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    post = await anna.post("first #tag")
    made.clear()
    assert await home(ben) == await home(carl) == await home(ben)
    assert made == [int(post["id"])]


async def test_it_is_what_everybody_gets_who_asks_for_it_alone(enter: Enter, made: list[int]) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    await ben.http.post(f"/api/v1/accounts/{anna.account.id}/follow")
    post = await anna.post("first #tag @ben")
    steps: tuple[tuple[Person, str, str, dict[str, Any]], ...] = (
        (ben, "POST", f"/api/v1/statuses/{post['id']}/favourite", {}),
        (ben, "POST", f"/api/v1/statuses/{post['id']}/bookmark", {}),
        (ben, "POST", f"/api/v1/statuses/{post['id']}/mute", {}),
        (anna, "PUT", f"/api/v1/statuses/{post['id']}", {"status": "second"}),
        (anna, "PATCH", "/api/v1/accounts/update_credentials", {"display_name": "Anna"}),
        (ben, "POST", f"/api/v1/statuses/{post['id']}/unfavourite", {}),
        (ben, "POST", "/api/v2/filters", {"title": "t", "context": ["home"], "keywords_attributes": [{"keyword": "second"}]}),
    )  # fmt: skip
    seen = [await home(ben)]
    for who, method, path, body in steps:
        answer = await who.http.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        (found,) = await home(ben)
        assert found == await alone(ben, post["id"])
        assert [found] not in seen
        seen.append([found])
        (own,) = await home(anna)
        assert own == await alone(anna, post["id"])


async def test_polls_are_made_each_time(enter: Enter, made: list[int]) -> None:
    anna = await enter("anna")
    await anna.post("which?", poll={"options": ["a", "b"], "expires_in": 300})
    made.clear()
    await home(anna)
    await home(anna)
    assert len(made) == 2


async def test_what_is_large_is_not_kept(
    server: "Server", enter: Enter, made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await enter("anna")
    await anna.post("words")
    monkeypatch.setattr(rendering, "KEPT_BYTES_MAX", 100)
    await home(anna)
    assert len(server.ctx.memory.statuses) == 0
