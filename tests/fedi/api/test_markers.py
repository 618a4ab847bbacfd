"""Reading positions through the API."""

from typing import Any

import pytest

from tests.fedi.api.conftest import Enter

pytestmark = pytest.mark.anyio

PATH = "/api/v1/markers"


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"home": {"last_read_id": "103"}}},
        {"data": {"home[last_read_id]": "103"}},
        {"json": {"home": {"last_read_id": 103}, "other": {"last_read_id": "1"}}},
    ],
)
async def test_a_marker_is_kept_for_the_next_device(enter: Enter, sent: dict[str, Any]) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    saved = (await anna.http.post(PATH, **sent)).json()
    assert set(saved) == {"home"}
    assert (saved["home"]["last_read_id"], saved["home"]["version"]) == ("103", 1)
    query = {"timeline[]": ["home", "notifications", "unknown"]}
    assert (await anna.http.get(PATH, params=query)).json() == saved
    assert (await ben.http.get(PATH, params=query)).json() == {}


async def test_each_change_is_a_new_version(enter: Enter) -> None:
    anna = await enter("anna")
    for number in (1, 2, 3):
        body = {"home": {"last_read_id": str(number)}, "notifications": {"last_read_id": "9"}}
        saved = (await anna.http.post(PATH, json=body)).json()
        assert saved["home"]["last_read_id"] == str(number)
        assert {marker["version"] for marker in saved.values()} == {number}


@pytest.mark.parametrize(
    "body",
    [{}, {"home": "x"}, {"home": {}}, {"home": {"last_read_id": "x"}}, {"other": {"last_read_id": "1"}}],
)
async def test_a_marker_of_nothing_is_refused(enter: Enter, body: dict[str, Any]) -> None:
    anna = await enter("anna")
    assert (await anna.http.post(PATH, json=body)).status_code == 422
