"""Reports, as moderators deal with them."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from fedi.models import AuditEntry, Notification, Role, Rule
from tests.fedi import looking
from tests.fedi.api.admin.conftest import ask, person_at
from tests.fedi.api.conftest import Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def reported(by: Person, whom: Person, **more: object) -> str:
    given = {"account_id": str(whom.account.id), "comment": "bad", **more}
    answer = await by.http.post("/api/v1/reports", json=given)
    assert answer.status_code == 200, answer.text
    key: str = answer.json()["id"]
    return key


async def test_a_report_is_told_found_assigned_resolved_and_reopened(either_server: "Server") -> None:
    server = either_server
    mod = await person_at(server, "mod", Role.MODERATOR)
    anna, ben = await person_at(server, "anna"), await person_at(server, "ben")
    async with server.ctx.db.write() as tx:
        tx.add(Rule(id=5, text="Be kind", hint="", position=0))
    post = await ben.post("rude", visibility="private")
    await anna.http.post(f"/api/v1/accounts/{ben.account.id}/follow")
    key = await reported(anna, ben, status_ids=[post["id"]], rule_ids=["5"])
    async with server.ctx.db.read() as tx:
        told = (
            await tx.execute(select(Notification).where(Notification.kind == "admin.report"))
        ).scalar_one()
    assert (told.account_id, told.from_account_id, told.detail) == (
        mod.account.id,
        anna.account.id,
        {"report": key},
    )
    (shown,) = await ask(mod, "GET", "reports")
    assert (shown["id"], shown["account"]["username"], shown["target_account"]["username"]) == (
        key,
        "anna",
        "ben",
    )
    assert (shown["category"], shown["rules"]) == ("violation", [{"id": "5", "text": "Be kind", "hint": ""}])
    assert [row["id"] for row in shown["statuses"]] == [post["id"]]
    path = f"reports/{key}"
    assert (await ask(mod, "POST", f"{path}/assign_to_self"))["assigned_account"]["username"] == "mod"
    assert (await ask(mod, "POST", f"{path}/unassign"))["assigned_account"] is None
    done = await ask(mod, "POST", f"{path}/resolve")
    assert (done["action_taken"], done["action_taken_by_account"]["username"]) == (True, "mod")
    assert (await ask(mod, "POST", f"{path}/resolve"))["action_taken_at"] == done["action_taken_at"]
    assert await ask(mod, "GET", "reports") == []
    assert [row["id"] for row in await ask(mod, "GET", "reports", params={"resolved": "true"})] == [key]
    again = await ask(mod, "POST", f"{path}/reopen")
    assert (again["action_taken"], again["action_taken_by_account"]) == (False, None)
    changed = await ask(mod, "PUT", path, json={"category": "spam"})
    assert (changed["category"], changed["rules"]) == ("spam", [])
    await ask(mod, "PUT", path, 422, json={"category": "ugly"})
    await ask(mod, "PUT", path, 422, json={"rule_ids": ["77"]})
    await ask(mod, "GET", "reports/77", 404)
    assert await looking.count(server, AuditEntry) == 5


async def test_reports_are_found_by_who_is_in_them(server: "Server", mod: Person) -> None:
    anna, ben = await person_at(server, "anna"), await person_at(server, "ben")
    first, second = await reported(anna, ben), await reported(ben, anna)
    by_anna = await ask(mod, "GET", "reports", params={"account_id": str(anna.account.id)})
    assert [row["id"] for row in by_anna] == [first]
    about_anna = await ask(mod, "GET", "reports", params={"target_account_id": str(anna.account.id)})
    assert [row["id"] for row in about_anna] == [second]
    assert await ask(mod, "GET", "reports", params={"by_target_domain": "remote.test"}) == []
    page = await mod.http.get("/api/v1/admin/reports", params={"limit": 1})
    assert [row["id"] for row in page.json()] == [second]
    assert 'rel="next"' in page.headers["link"]


async def test_who_is_no_moderator_sees_and_changes_none(server: "Server") -> None:
    anna, ben = await person_at(server, "anna"), await person_at(server, "ben")
    path = f"reports/{await reported(anna, ben)}"
    for method, where in (
        ("GET", "reports"), ("GET", path), ("PUT", path), ("POST", f"{path}/resolve"), ("POST", f"{path}/reopen"),
        ("POST", f"{path}/assign_to_self"), ("POST", f"{path}/unassign"),
    ):  # fmt: skip
        assert await ask(anna, method, where, 403) == {"error": "This action is not allowed"}
    assert await looking.count(server, Notification) == 0  # nobody here is told: there is no moderator
