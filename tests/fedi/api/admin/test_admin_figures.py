"""Figures for moderators, and what is talked about lately."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import Role
from fedi.queries import dimensions, measures
from tests.fedi.api.admin.conftest import ask, person_at
from tests.fedi.api.conftest import Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


def span(server: "Server", **more: Any) -> dict[str, Any]:
    today = server.clock().astimezone(UTC).date()
    return {"start_at": str(today - timedelta(days=2)), "end_at": f"{today}T23:59:59Z", **more}


async def test_every_figure_is_counted_on_both_databases(either_server: "Server") -> None:
    server = either_server
    mod = await person_at(server, "mod", Role.MODERATOR)
    anna, ben = await person_at(server, "anna"), await person_at(server, "ben")
    post = await anna.post("a #Boat", language="en")
    await ben.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    await ben.post("an answer", in_reply_to_id=post["id"], language="de")
    report = await ben.http.post("/api/v1/reports", json={"account_id": str(anna.account.id)})
    subjects = {
        key: {"id": "boat"} if key.startswith("tag_") else {"domain": "remote.test"}
        for key in [*measures.KINDS, *dimensions.KINDS]
        if key.startswith(("tag_", "instance_"))
    }
    found = await ask(mod, "POST", "measures", json=span(server, keys=[*measures.KINDS, "odd"], **subjects))
    totals = {row["key"]: row["total"] for row in found}
    assert set(totals) == set(measures.KINDS)
    assert report.status_code == 200
    assert {key: totals[key] for key in totals if totals[key] != "0"} == {
        "active_users": "2", "new_users": "3", "interactions": "2", "opened_reports": "1", "tag_accounts": "1",
        "tag_uses": "1", "tag_servers": "1",
    }  # fmt: skip
    (new,) = [row for row in found if row["key"] == "new_users"]
    assert [day["value"] for day in new["data"]] == ["0", "0", "3"]
    assert (new["previous_total"], new["unit"], new["human_value"]) == ("0", None, "3")

    keys = [*dimensions.KINDS, "space_usage", "software_versions"]
    parts = await ask(mod, "POST", "dimensions", json=span(server, keys=keys, limit=5, **subjects))
    data = {row["key"]: [(part["key"], part["value"]) for part in row["data"]] for row in parts}
    assert set(data) == set(keys)
    assert sorted(data["languages"]) == [("de", "1"), ("en", "1")]
    assert (data["servers"], data["sources"]) == ([("", "2")], [("", "3")])
    assert (data["tag_languages"], data["tag_servers"]) == ([("en", "1")], [("", "1")])
    assert int(data["space_usage"][0][1]) > 0

    cohorts = await ask(mod, "POST", "retention", json=span(server, frequency="day"))
    assert [[part["value"] for part in row["data"]] for row in cohorts] == [["0"] * 3, ["0"] * 2, ["3"]]
    assert cohorts[2]["data"][0]["rate"] == 1.0


async def test_who_stayed_is_told_by_when_they_were_last_seen(server: "Server", mod: Person) -> None:
    await person_at(server, "anna")
    server.clock.advance(24 * 3600.0)
    assert server.clock() > datetime.now(UTC)
    await mod.post("still here")
    first, *_ = [
        row for row in await ask(mod, "POST", "retention", json=span(server)) if row["data"][0]["rate"]
    ]
    assert [part["value"] for part in first["data"]] == ["2", "1"]
    assert [part["rate"] for part in first["data"]] == [1.0, 0.5]


async def test_what_cannot_be_counted_is_refused(server: "Server", mod: Person) -> None:
    for given in (
        {}, {"keys": []}, {"keys": ["tag_uses"]}, {"keys": ["x"] * 1, "start_at": "yesterday"},
        {"keys": ["new_users"], "start_at": "2020-01-01"}, {"keys": ["new_users"], "end_at": "2020-01-01"},
    ):  # fmt: skip
        await ask(mod, "POST", "measures", 422, json={**span(server), **given})
    await ask(mod, "POST", "retention", 422, json=span(server, frequency="year"))
    await ask(mod, "POST", "dimensions", 422, json=span(server, keys=["languages"], limit=-1))


async def test_only_moderators_see_figures_and_trends(server: "Server", mod: Person) -> None:
    anna = await person_at(server, "anna")
    post = await anna.post("a #boat")
    given = span(server, keys=["new_users"])
    asked = [
        ("POST", "measures"), ("POST", "dimensions"), ("POST", "retention"), ("GET", "trends/tags"),
        ("GET", "trends/statuses"), ("GET", "trends/links"), ("POST", "trends/tags/boat/approve"),
        ("POST", f"trends/statuses/{post['id']}/reject"), ("GET", "tags/boat"),
    ]  # fmt: skip
    for method, path in asked:
        assert await ask(anna, method, path, 403, json=given) == {"error": "This action is not allowed"}
        await ask(mod, method, path, json=given)
    await ask(anna, "POST", "trends/links/1/approve", 403)
    await ask(mod, "POST", "trends/links/1/approve", 404)
    shown = await ask(mod, "GET", "tags/Boat")
    assert (shown["name"], shown["trendable"], shown["requires_review"]) == ("boat", True, False)
    assert shown["history"][0]["uses"] == "1"
