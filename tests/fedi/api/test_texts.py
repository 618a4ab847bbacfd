"""What the operator says at length, what holds here, and figures and lists about the server."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fedi.errors import Refused
from fedi.services import announcing
from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def write(server: "Server", name: str, said: str) -> None:
    path = Path(server.settings.data_dir) / name
    path.write_text(said)
    os.utime(path, (SINCE.timestamp(), SINCE.timestamp()))


async def test_rules_are_told_wherever_clients_look(server: "Server", enter: Enter) -> None:
    async with server.ctx.db.write() as tx:
        first = await announcing.add_rule(server.ctx, tx, said="Be kind", hint="To all")
        second = await announcing.add_rule(server.ctx, tx, said="Label pictures")
    shown = [
        {"id": str(first.id), "text": "Be kind", "hint": "To all", "translations": {}},
        {"id": str(second.id), "text": "Label pictures", "hint": "", "translations": {}},
    ]
    assert (await server.client.get("/api/v1/instance/rules")).json() == shown
    for path in ("/api/v1/instance", "/api/v2/instance"):
        assert (await server.client.get(path)).json()["rules"] == shown
    assert "Label pictures" in (await server.client.get("/about")).text
    anna, ben = await enter("anna"), await enter("ben")
    complaint = {"account_id": str(ben.account.id), "rule_ids": [str(second.id)]}
    report = (await anna.http.post("/api/v1/reports", json=complaint)).json()
    assert (report["category"], report["rule_ids"]) == ("violation", [str(second.id)])
    async with server.ctx.db.write() as tx:
        await announcing.remove_rule(server.ctx, tx, rule_id=first.id)
    assert (await server.client.get("/api/v1/instance/rules")).json() == shown[1:]
    with pytest.raises(Refused):
        async with server.ctx.db.write() as tx:
            await announcing.remove_rule(server.ctx, tx, rule_id=first.id)
    for said in ("", "x" * 301):
        with pytest.raises(Refused):
            async with server.ctx.db.write() as tx:
                await announcing.add_rule(server.ctx, tx, said=said)


async def test_long_texts_are_files_beside_the_database(server: "Server") -> None:
    client = server.client
    for path in ("extended_description", "privacy_policy"):
        nothing = (await client.get(f"/api/v1/instance/{path}")).json()
        assert nothing["content"] == ""
        assert nothing["updated_at"].endswith("Z"), "clients take no null here"
    assert (await client.get("/api/v1/instance/terms_of_service")).status_code == 404
    assert (await client.get("/privacy-policy")).status_code == 404
    write(server, "about.html", "<p>We <b>draw</b></p><script>alert(1)</script>")
    write(server, "privacy.txt", "We keep <little>.\n\nReally.")
    write(server, "terms.html", "<p>Be kind</p>")
    about = (await client.get("/api/v1/instance/extended_description")).json()
    assert about == {"updated_at": "2026-03-01T12:00:00.000Z", "content": "<p>We <b>draw</b></p>"}
    privacy = (await client.get("/api/v1/instance/privacy_policy")).json()
    assert privacy["content"] == "<p>We keep &lt;little&gt;.</p><p>Really.</p>"
    terms = (await client.get("/api/v1/instance/terms_of_service")).json()
    assert terms == {
        "effective_date": "2026-03-01",
        "effective": True,
        "content": "<p>Be kind</p>",
        "succeeded_by": None,
    }
    assert (await client.get("/api/v1/instance/terms_of_service/2026-03-01")).json() == terms
    assert (await client.get("/api/v1/instance/terms_of_service/2025-01-01")).status_code == 404
    urls = (await client.get("/api/v2/instance")).json()["configuration"]["urls"]
    assert urls["privacy_policy"] == "https://fedi.test/privacy-policy"
    assert urls["terms_of_service"] == "https://fedi.test/terms-of-service"
    assert "We keep &lt;little&gt;" in (await client.get("/privacy-policy")).text
    assert "Be kind" in (await client.get("/terms-of-service")).text
    page = (await client.get("/about")).text
    assert "We <b>draw</b>" in page
    assert "<script" not in page


async def test_the_weeks_are_counted(server: "Server", enter: Enter) -> None:
    anna = await enter("anna", password="long enough")
    await anna.post("one")
    await anna.post("two")
    found = (await server.client.get("/api/v1/instance/activity")).json()
    assert len(found) == 12
    assert found[0].keys() == {"week", "statuses", "logins", "registrations"}
    assert (found[0]["statuses"], found[0]["logins"], found[0]["registrations"]) == ("2", "1", "1")
    assert found[1]["statuses"] == "0"
    begins = datetime.fromtimestamp(int(found[0]["week"]), UTC)
    assert (begins.weekday(), begins.hour) == (0, 0)
    assert int(found[0]["week"]) - int(found[11]["week"]) == 11 * 7 * 24 * 3600


async def test_small_lists_are_there(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    assert {"code": "de", "name": "German"} in (await server.client.get("/api/v1/instance/languages")).json()
    assert (await anna.http.get("/api/v1/donation_campaigns")).status_code == 204
    reports = (await anna.http.get("/api/v1/annual_reports")).json()
    assert reports == {"annual_reports": [], "accounts": [], "statuses": []}
    assert (await anna.http.get("/api/v1/annual_reports/2026/state")).json() == {"state": "ineligible"}
    assert (await anna.http.get("/api/v1/annual_reports/2026")).status_code == 404
    assert (await server.client.get("/api/proofs")).status_code == 404


async def test_another_site_is_told_how_to_show_a_public_post(server: "Server", enter: Enter) -> None:
    anna = await enter("anna")
    post = await anna.post("a red boat & <sea>")
    for url in (post["url"], post["uri"]):
        told = (await server.client.get("/api/oembed", params={"url": url})).json()
        assert (told["type"], told["version"], told["author_name"]) == ("rich", "1.0", "anna")
        assert "a red boat &amp; &lt;sea&gt;" in told["html"]
        assert post["url"] in told["html"]
    hidden = await anna.post("for friends", visibility="private")
    for url in (hidden["url"], "https://elsewhere.test/@anna/1", "https://fedi.test/@anna", "", "x"):
        assert (await server.client.get("/api/oembed", params={"url": url})).status_code == 404
