"""People, as moderators look after them."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from fedi.models import Account, AccountWarning, AuditEntry, Login, Notification, Report, Role
from tests.fedi import looking
from tests.fedi.api.admin.conftest import Staff, ask, person_at
from tests.fedi.api.conftest import Enter, Person
from tests.fedi.remote import RemoteServer

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def names(person: Person, path: str, **query: Any) -> list[str]:
    answer = await person.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [row["username"] for row in answer.json()]


async def set_login(server: "Server", account: Account, **values: Any) -> None:
    async with server.ctx.db.write() as tx:
        login = await tx.get_one(Login, account.id)
        for name, value in values.items():
            setattr(login, name, value)


async def acts(server: "Server") -> list[tuple[str, str, str]]:
    async with server.ctx.db.read() as tx:
        rows = (await tx.execute(select(AuditEntry).order_by(AuditEntry.id))).scalars()
        return [(row.actor, row.action, row.target) for row in rows]


async def test_a_filter_leaves_whom_it_names(either_server: "Server") -> None:
    server = either_server
    mod = await person_at(server, "mod", Role.MODERATOR)
    anna, _ = await person_at(server, "anna"), await person_at(server, "zed_")
    await set_login(server, anna.account, email="Anna@Mail.example", approved=False, reason="I paint")
    bob = RemoteServer(server.network).person("bob")
    await looking.meet(server, bob)
    async with server.ctx.db.write() as tx:
        known = (await tx.execute(select(Account).where(Account.iri == bob.iri))).scalar_one()
        known.silenced_at = server.clock()
    path = "/api/v2/admin/accounts"
    assert set(await names(mod, path)) == {"mod", "anna", "zed_", "bob"}
    assert await names(mod, path, origin="remote") == ["bob"]
    assert set(await names(mod, path, origin="local")) == {"mod", "anna", "zed_"}
    assert await names(mod, path, status="pending") == ["anna"]
    assert await names(mod, path, status="silenced") == ["bob"]
    assert set(await names(mod, path, status="active")) == {"mod", "zed_", "bob"}
    assert await names(mod, path, permissions="staff") == ["mod"]
    assert await names(mod, path, **{"role_ids[]": "1"}) == ["mod"]
    assert await names(mod, path, email="anna@mail") == ["anna"]
    assert await names(mod, path, username="ZED_") == ["zed_"]
    assert await names(mod, path, by_domain="remote.test") == ["bob"]
    assert await names(mod, path, ip="192.0.2.1") == []
    assert await names(mod, path, limit=1) == [(await names(mod, path))[0]]
    old = "/api/v1/admin/accounts"
    assert await names(mod, old, remote="true", active="true") == ["bob"]
    assert await names(mod, old, pending="true") == ["anna"]
    assert await names(mod, old, staff="true") == ["mod"]
    (shown,) = (await mod.http.get(path, params={"status": "pending"})).json()
    assert (shown["email"], shown["invite_request"]) == ("Anna@Mail.example", "I paint")
    assert (shown["approved"], shown["domain"], shown["role"]["id"]) == (False, None, "-99")
    assert (await mod.http.get(path, params={"status": "odd"})).status_code == 422


async def test_a_scope_without_the_role_and_a_role_without_the_scope_are_refused(
    staff: Staff, enter: Enter, mod: Person
) -> None:
    person = await staff("nobody", Role.USER)
    assert (await ask(person, "GET", "accounts", 403)) == {"error": "This action is not allowed"}
    assert await ask(person, "POST", f"accounts/{mod.account.id}/action", 403, json={"type": "none"})
    bare = await enter("half", "read", "write", password="long enough", role=Role.ADMIN)
    refused = await ask(bare, "GET", "accounts", 403)
    assert refused == {"error": "This action is outside the authorized scopes"}


@pytest.mark.parametrize(
    "deed",
    [
        ("disable", "enable", "disabled"),
        ("sensitive", "unsensitive", "sensitized"),
        ("silence", "unsilence", "silenced"),
        ("suspend", "unsuspend", "suspended"),
    ],
)
async def test_what_is_done_is_told_written_down_and_taken_back(
    server: "Server", mod: Person, enter: Enter, deed: tuple[str, str, str]
) -> None:
    action, undo, flag = deed
    anna = await enter("anna", password="long enough")
    key = anna.account.id
    assert (await ask(mod, "GET", f"accounts/{key}"))[flag] is False
    given = {"type": action, "text": "not like this"}
    assert await ask(mod, "POST", f"accounts/{key}/action", data=given) == {}
    assert (await ask(mod, "GET", f"accounts/{key}"))[flag] is True
    async with server.ctx.db.read() as tx:
        warning = (await tx.execute(select(AccountWarning))).scalar_one()
        told = (await tx.execute(select(Notification).where(Notification.account_id == key))).scalar_one()
    assert (warning.action, warning.note, warning.account_id) == (action, "not like this", mod.account.id)
    assert (told.kind, told.from_account_id, told.detail) == (
        "moderation_warning",
        key,
        {"warning": str(warning.id)},
    )
    (entry,) = [row for row in await acts(server) if row[2] == "anna"]
    assert entry[0] == "mod"
    assert (await ask(mod, "POST", f"accounts/{key}/{undo}"))[flag] is False
    assert len([row for row in await acts(server) if row[2] == "anna"]) == 2


async def test_who_is_disabled_cannot_ask_until_enabled(mod: Person, enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    await ask(mod, "POST", f"accounts/{anna.account.id}/action", json={"type": "disable"})
    refused = await anna.http.get("/api/v1/timelines/home")
    assert (refused.status_code, refused.json()) == (403, {"error": "Your login is currently disabled"})
    await ask(mod, "POST", f"accounts/{anna.account.id}/enable")
    assert (await anna.http.get("/api/v1/timelines/home")).status_code == 200


async def test_pictures_of_who_is_made_sensitive_are_covered(mod: Person, enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    post = await anna.post("look")
    assert post["sensitive"] is False
    await ask(mod, "POST", f"accounts/{anna.account.id}/action", json={"type": "sensitive"})
    assert (await mod.http.get(f"/api/v1/statuses/{post['id']}")).json()["sensitive"] is True
    (version,) = (await mod.http.get(f"/api/v1/statuses/{post['id']}/history")).json()
    assert version["sensitive"] is True


async def test_an_act_closes_the_report_that_led_to_it_and_no_other_persons(
    server: "Server", mod: Person, enter: Enter
) -> None:
    anna, ben = await enter("anna", password="long enough"), await enter("ben", password="long enough")
    made = await anna.http.post("/api/v1/reports", json={"account_id": str(ben.account.id)})
    report = made.json()["id"]
    path, given = f"accounts/{anna.account.id}/action", {"type": "none", "text": "x", "report_id": report}
    await ask(mod, "POST", path, 422, json=given)
    await ask(mod, "POST", f"accounts/{ben.account.id}/action", 404, json={**given, "report_id": "1"})
    await ask(mod, "POST", f"accounts/{ben.account.id}/action", json=given)
    async with server.ctx.db.read() as tx:
        row = (await tx.execute(select(Report))).scalar_one()
    assert row.resolved_by_id == mod.account.id


async def test_nobody_acts_on_themselves_or_on_who_has_as_much_to_say(
    staff: Staff, mod: Person, admin: Person
) -> None:
    other = await staff("other", Role.MODERATOR)
    for target in (mod, other, admin):
        await ask(mod, "POST", f"accounts/{target.account.id}/action", 403, json={"type": "suspend"})
        await ask(mod, "POST", f"accounts/{target.account.id}/enable", 403)
    await ask(admin, "POST", f"accounts/{admin.account.id}/action", 403, json={"type": "disable"})
    await ask(admin, "POST", f"accounts/{other.account.id}/action", json={"type": "disable"})


async def test_what_makes_no_sense_is_refused(server: "Server", mod: Person, enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    bob = RemoteServer(server.network).person("bob")
    await looking.meet(server, bob)
    there = (await looking.get_account(server, bob.iri)).id
    path = f"accounts/{anna.account.id}/action"
    await ask(mod, "POST", path, 422, json={})
    await ask(mod, "POST", path, 422, json={"type": "explode"})
    await ask(mod, "POST", path, 422, json={"type": "none", "text": "x" * 5001})
    await ask(mod, "POST", f"accounts/{there}/action", 422, json={"type": "none"})
    await ask(mod, "POST", f"accounts/{there}/action", 422, json={"type": "disable"})
    await ask(mod, "GET", "accounts/123", 404)
    await ask(mod, "GET", "accounts/x", 404)
    async with server.ctx.db.read() as tx:
        actor = (await tx.execute(select(Account.id).where(Account.kind == "Application"))).scalar_one()
    await ask(mod, "POST", f"accounts/{actor}/action", 404, json={"type": "suspend"})
    assert await looking.count(server, AccountWarning) == 0


async def test_who_waits_is_let_in_or_turned_away(server: "Server", mod: Person, enter: Enter) -> None:
    anna, ben = await enter("anna", password="long enough"), await enter("ben", password="long enough")
    for person in (anna, ben):
        await set_login(server, person.account, approved=False)
    assert (await anna.http.get("/api/v1/timelines/home")).status_code == 403
    assert (await ask(mod, "POST", f"accounts/{anna.account.id}/approve"))["approved"] is True
    assert (await anna.http.get("/api/v1/timelines/home")).status_code == 200
    await ask(mod, "POST", f"accounts/{anna.account.id}/approve", 403)
    await ask(mod, "POST", f"accounts/{anna.account.id}/reject", 403)
    assert (await ask(mod, "POST", f"accounts/{ben.account.id}/reject"))["username"] == "ben"
    await ask(mod, "GET", f"accounts/{ben.account.id}", 404)
    assert (await ben.http.get("/api/v1/timelines/home")).status_code == 401
    assert [row[1] for row in await acts(server)] == ["account.approve", "account.reject"]


async def test_only_an_administrator_deletes_and_only_who_is_suspended(
    mod: Person, admin: Person, enter: Enter
) -> None:
    anna = await enter("anna", password="long enough")
    path = f"accounts/{anna.account.id}"
    await ask(admin, "DELETE", path, 403)
    await ask(mod, "POST", f"{path}/action", json={"type": "suspend"})
    await ask(mod, "DELETE", path, 403)
    assert (await ask(admin, "DELETE", path))["suspended"] is True
    await ask(admin, "POST", f"{path}/unsuspend", 422)
