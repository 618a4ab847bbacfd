"""The lists of who is kept out or let in."""

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from fedi.models import AuditEntry, Role
from tests.fedi import looking
from tests.fedi.api.admin.conftest import ask, person_at
from tests.fedi.api.conftest import Person

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

LISTS: dict[str, dict[str, Any]] = {
    "domain_blocks": {"domain": "Evil.example."},
    "domain_allows": {"domain": "good.example"},
    "email_domain_blocks": {"domain": "throwaway.example"},
    "ip_blocks": {"ip": "192.0.2.7", "severity": "sign_up_block"},
    "canonical_email_blocks": {"email": "A.Na+x@mail.example"},
}


@pytest.mark.parametrize("name", LISTS)
async def test_one_is_added_found_and_taken_off(either_server: "Server", name: str) -> None:
    admin = await person_at(either_server, "root_1", Role.ADMIN)
    made = await ask(admin, "POST", name, data=LISTS[name])
    assert await ask(admin, "GET", name) == [made]
    assert await ask(admin, "GET", f"{name}/{made['id']}") == made
    if name != "domain_allows":  # which may be allowed twice
        await ask(admin, "POST", name, 422, data=LISTS[name])
    assert await ask(admin, "DELETE", f"{name}/{made['id']}") == {}
    await ask(admin, "DELETE", f"{name}/{made['id']}", 404)
    assert await ask(admin, "GET", name) == []
    assert await looking.count(either_server, AuditEntry) == 2


async def test_moderators_and_others_have_no_say_in_it(server: "Server", mod: Person) -> None:
    person = await person_at(server, "nobody")
    for asker in (mod, person):
        for name, given in LISTS.items():
            for method, path in (
                ("GET", name),
                ("POST", name),
                ("GET", f"{name}/1"),
                ("DELETE", f"{name}/1"),
            ):
                refused = await ask(asker, method, path, 403, data=given)
                assert refused == {"error": "This action is not allowed"}
        await ask(asker, "PUT", "domain_blocks/1", 403, data={})
        await ask(asker, "PUT", "ip_blocks/1", 403, data={})
        await ask(asker, "POST", "canonical_email_blocks/test", 403, data={"email": "a@b.example"})


async def test_a_server_is_blocked_in_mastodons_words_and_changed(admin: Person) -> None:
    given = {
        "domain": "evil.example",
        "severity": "suspend",
        "reject_media": "true",
        "public_comment": "spam",
    }
    made = await ask(admin, "POST", "domain_blocks", data=given)
    assert made.pop("created_at").endswith("Z")
    key = made.pop("id")
    assert made == {
        "domain": "evil.example", "digest": hashlib.sha256(b"evil.example").hexdigest(), "severity": "suspend",
        "reject_media": True, "reject_reports": False, "private_comment": None, "public_comment": "spam",
        "obfuscate": False,
    }  # fmt: skip
    changed = await ask(admin, "PUT", f"domain_blocks/{key}", json={"severity": "silence", "obfuscate": True})
    assert (changed["severity"], changed["obfuscate"], changed["public_comment"]) == ("silence", True, "spam")
    await ask(admin, "PUT", f"domain_blocks/{key}", 422, json={"severity": "harsh"})
    await ask(admin, "POST", "domain_blocks", 422, json={"domain": "x.example", "severity": "harsh"})
    await ask(admin, "POST", "domain_blocks", 422, json={"domain": "fedi.test"})
    await ask(admin, "POST", "domain_blocks", 422, json={})
    default = await ask(admin, "POST", "domain_blocks", json={"domain": "loud.example"})
    assert default["severity"] == "silence"


async def test_an_address_is_read_as_a_network_and_its_rule_ends(server: "Server", admin: Person) -> None:
    given = {"ip": "2001:db8::5/64", "severity": "no_access", "comment": "bots", "expires_in": 3600}
    made = await ask(admin, "POST", "ip_blocks", json=given)
    assert (made["ip"], made["severity"], made["comment"]) == ("2001:db8::/64", "no_access", "bots")
    assert made["expires_at"] > made["created_at"]
    path = f"ip_blocks/{made['id']}"
    changed = await ask(admin, "PUT", path, json={"severity": "sign_up_requires_approval"})
    assert (changed["severity"], changed["ip"]) == ("sign_up_requires_approval", "2001:db8::/64")
    await ask(admin, "POST", "ip_blocks", json={"ip": "192.0.2.7", "severity": "sign_up_block"})
    for wrong in (
        {"ip": "192.0.2.7"},
        {"severity": "odd"},
        {"ip": "home"},
        {"ip": "0.0.0.0/0"},
        {"expires_in": 0},
    ):
        await ask(admin, "PUT", path, 422, json=wrong)


async def test_an_address_for_mail_is_known_in_any_spelling_and_kept_as_a_digest(admin: Person) -> None:
    digest = hashlib.sha256(b"ana@mail.example").hexdigest()
    made = await ask(admin, "POST", "canonical_email_blocks", json={"email": "A.Na+x@Mail.example"})
    assert made["canonical_email_hash"] == digest
    test = "canonical_email_blocks/test"
    assert await ask(admin, "POST", test, data={"email": "ana@mail.example"}) == [made]
    assert await ask(admin, "POST", test, data={"email": "ben@mail.example"}) == []
    await ask(admin, "POST", test, 422, data={})
    await ask(admin, "POST", "canonical_email_blocks", 422, json={"canonical_email_hash": digest})
    await ask(admin, "POST", "canonical_email_blocks", 422, json={"canonical_email_hash": "short"})
    await ask(admin, "POST", "canonical_email_blocks", 422, json={})
