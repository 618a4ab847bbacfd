"""Pinned posts through the API."""

from typing import TYPE_CHECKING

import pytest

from fedi.models import Job
from tests.fedi import looking
from tests.fedi.api.conftest import Enter
from tests.fedi.remote import AS, RemoteServer

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_a_pinned_post_says_so_to_its_author_and_stands_in_the_list(
    server: "Server", enter: Enter
) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    first, second = await anna.post("first"), await anna.post("second")
    for post in (second, first):
        server.clock.advance(1)
        answer = await anna.http.post(f"/api/v1/statuses/{post['id']}/pin")
        assert (answer.status_code, answer.json()["pinned"]) == (200, True)
    listed = f"/api/v1/accounts/{anna.account.id}/statuses?pinned=true"
    assert [row["id"] for row in (await ben.http.get(listed)).json()] == [first["id"], second["id"]]
    assert [row["id"] for row in (await server.client.get(listed)).json()] == [first["id"], second["id"]]
    assert [row["pinned"] for row in (await anna.http.get(listed)).json()] == [True, True]
    assert [row["pinned"] for row in (await ben.http.get(listed)).json()] == [False, False]
    answer = await anna.http.post(f"/api/v1/statuses/{first['id']}/unpin")
    assert answer.json()["pinned"] is False
    assert [row["id"] for row in (await ben.http.get(listed)).json()] == [second["id"]]


async def test_somebody_elses_post_is_refused_and_an_unseen_one_is_not_there(enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    post, letter = await anna.post("hello"), await anna.post("hush", visibility="direct")
    assert (await ben.http.post(f"/api/v1/statuses/{post['id']}/pin")).status_code == 422
    assert (await ben.http.post(f"/api/v1/statuses/{letter['id']}/pin")).status_code == 404
    assert (await ben.http.post("/api/v1/statuses/1/pin")).status_code == 404


@pytest.mark.parametrize("verb", ["pin", "unpin"])
async def test_it_takes_the_right_to_write_accounts(enter: Enter, verb: str) -> None:
    anna = await enter("anna", "read", "write:statuses")
    post = await anna.post("hello")
    assert (await anna.http.post(f"/api/v1/statuses/{post['id']}/{verb}")).status_code == 403


async def test_the_pins_of_somebody_elsewhere_are_read_when_a_person_here_opens_their_profile(
    server: "Server", enter: Enter
) -> None:
    anna, remote = await enter("anna"), RemoteServer(server.network)
    pins = f"{remote.origin}/users/bob/pins"
    bob = remote.person("bob", featured=pins)
    await looking.meet(server, bob)
    note = bob.note()
    remote.serve(pins, {"@context": AS, "id": pins, "type": "Collection", "items": [note["id"]]})
    path = f"/api/v1/accounts/{(await looking.get_account(server, bob.iri)).id}/statuses"
    # A stranger, and who reads the posts only, cause nothing.
    await server.client.get(path, params={"pinned": "true"})
    await anna.http.get(path)
    assert await looking.count(server, Job) == 0
    for _ in range(2):
        assert (await anna.http.get(path, params={"pinned": "true"})).json() == []
    assert await looking.count(server, Job) == 1
    await server.work()
    (found,) = (await anna.http.get(path, params={"pinned": "true"})).json()
    assert (found["uri"], found["pinned"]) == (note["id"], False)
