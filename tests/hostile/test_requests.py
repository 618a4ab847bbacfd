"""What a client may send that no client sends: forms like bombs, files that pass for something else, columns.

Each is refused or harmless, and none takes long.

Source: python-multipart CVE-2024-53981, CVE-2026-40347; Starlette CVE-2023-30798, CVE-2024-47874; Mastodon
CVE-2023-36460 (files); OWASP API3:2023 (mass assignment).
"""

import io
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import inspect

from fedi.models import Account, Login, Post
from tests.fedi.api.conftest import http_client, token_for
from tests.servers import Server

pytestmark = pytest.mark.anyio

CPU_S_MAX = 2.0
"""Of one request, in seconds of CPU: others wait meanwhile."""

TYPE = "multipart/form-data; boundary=b"


def part(name: str, content: bytes = b"x", *, more: bytes = b"", file: str | None = None) -> bytes:
    named = f'form-data; name="{name}"' + ("" if file is None else f'; filename="{file}"')
    return b"--b\r\nContent-Disposition: " + named.encode() + b"\r\n" + more + b"\r\n" + content + b"\r\n"


END = b"--b--\r\n"
BOMBS: dict[str, tuple[str, bytes]] = {
    "many fields": (TYPE, b"".join(part(f"f{n}") for n in range(20_000)) + END),
    "many files": (TYPE, b"".join(part(f"f{n}", file="x") for n in range(5_000)) + END),
    "a large field": (TYPE, part("description", b"x" * 2_000_000) + END),
    "many headers": (TYPE, part("description", more=b"".join(b"X-%d: y\r\n" % n for n in range(50_000))) + END),
    "a large header": (TYPE, part("description", more=b"X: " + b"y" * 1_000_000 + b"\r\n") + END),
    "a long name": (TYPE, part("[" * 200_000) + END),
    "nested names": (TYPE, part("a" + "[b]" * 50_000) + END),
    "empty lines before": (TYPE, b"\r\n" * 1_000_000 + part("description") + END),
    "empty lines behind": (TYPE, part("description") + END + b"\r\n" * 1_000_000),
    "no end": (TYPE, part("description", b"x" * 500_000)),
    "nearly ends": (TYPE, part("description", b"\r\n--" * 200_000)),
    "a long boundary": ("multipart/form-data; boundary=" + "b" * 5_000, part("description") + END),
    "no boundary": ("multipart/form-data", part("description") + END),
    "many parameters of the type": ("multipart/form-data" + "; a=b" * 10_000, part("description") + END),
}  # fmt: skip


async def person(server: Server, name: str = "alice") -> tuple[Account, httpx.AsyncClient]:
    account = await server.person(name, password="correct horse")
    token = await token_for(server, account, "read", "write", "follow")
    return account, http_client(server, authorization=f"Bearer {token}")


@pytest.mark.slow  # they are large
@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_form_like_a_bomb_is_refused_quickly(server: Server, bomb: str) -> None:
    _, alice = await person(server)
    kind, body = BOMBS[bomb]
    began = time.process_time()
    answer = await alice.post("/api/v2/media", content=body, headers={"content-type": kind})
    assert time.process_time() - began < CPU_S_MAX
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["error"]


async def test_a_picture_that_is_something_else_besides_is_only_a_picture(server: Server) -> None:
    _, alice = await person(server)
    made, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    exif.get_ifd(0x8825)[1] = "N"
    Image.linear_gradient("L").convert("RGB").save(made, "JPEG", exif=exif, comment=b"<script>a</script>")
    page = b"<script>alert(2)</script><?php system($_GET[0]); ?>"
    data = made.getvalue() + page
    assert data.count(b"<script>") == 3
    sent = {"file": ("../../evil.php", data, "text/html")}
    answer = await alice.post("/api/v2/media", files=sent)
    assert answer.status_code == 200, answer.text
    for url in (answer.json()["url"], answer.json()["preview_url"]):
        assert url.startswith("https://fedi.test/media/")
        assert "evil" not in url
        served = await server.client.get(url.removeprefix(server.settings.origin))
        assert not any(word in served.content for word in (b"<script", b"<?php", b"Exif", b"GPS"))
        assert served.headers["content-type"].startswith("image/")
        assert served.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in served.headers["content-security-policy"]


def columns(row: Any) -> dict[str, Any]:
    return {one.key: getattr(row, one.key) for one in inspect(type(row)).column_attrs}


TEMPTING = {"role": "admin", "admin": "true", "suspended_at": "", "id": "1", "domain": "evil.test"}

THEIRS_TO_CHANGE = {
    "display_name", "note", "source", "locked", "discoverable", "indexable", "kind", "fields", "hides_collections",
    "attribution_domains", "avatar_description", "header_description", "shows_media", "shows_media_replies",
    "shows_featured", "memorial", "default_visibility", "default_sensitive", "default_language", "default_quote_policy",
    "note_source",
}  # fmt: skip
"""Columns of a profile and of preferences that a person may set."""


@pytest.mark.parametrize("how", ["json", "data"])
async def test_columns_that_are_nobodys_to_set_are_not_set(server: Server, how: str) -> None:
    account, alice = await person(server)

    async def rows() -> dict[str, Any]:
        async with server.ctx.db.read() as tx:
            found = [await tx.get_one(model, account.id) for model in (Account, Login)]
        return {name: value for row in found for name, value in columns(row).items()}

    before = await rows()
    wish = dict.fromkeys(before, "1") | TEMPTING
    wish |= {f"source[{name}]": "1" for name in before} | {f"account[{name}]": "1" for name in before}
    changed = set()
    for method, path in (
        ("PATCH", "/api/v1/accounts/update_credentials"),
        ("PATCH", "/api/v1/profile"),
        ("PATCH", "/api/v1/preferences"),
    ):
        for given in (wish, {name: "1" for name in before if name not in THEIRS_TO_CHANGE}):
            answer = await alice.request(method, path, **{how: given})
            assert answer.status_code == 200 or given is wish, answer.text
            assert answer.status_code < 500, answer.text
            now = await rows()
            changed |= {name for name in before if now[name] != before[name]}
    assert changed <= THEIRS_TO_CHANGE
    await alice.patch(
        "/api/v1/accounts/update_credentials", **{how: {"display_name": "Alice", "role": "admin"}}
    )
    assert {name for name, value in (await rows()).items() if value != before[name]} - changed == {
        "display_name"
    }


async def test_a_post_is_made_by_the_server_whatever_a_client_says_of_it(server: Server) -> None:
    account, alice = await person(server)
    other, _ = await person(server, "carol")
    names = {one.key for one in inspect(Post).column_attrs}
    wish = dict.fromkeys(names - {"visibility", "sensitive", "language", "state"}, "7")
    wish |= {"account_id": str(other.id), "iri": "https://evil.test/1", "local": "false", "id": "7"}
    wish = {name: value for name, value in wish.items() if not name.startswith(("in_reply_to", "quote"))}
    answer = await alice.post(
        "/api/v1/statuses", json={**wish, "status": "hello", "created_at": "2001-01-01"}
    )
    assert answer.status_code == 200, answer.text
    async with server.ctx.db.read() as tx:
        post = await tx.get_one(Post, int(answer.json()["id"]))
    assert (post.account_id, post.local, post.content) == (account.id, True, "<p>hello</p>")
    assert post.iri == f"https://fedi.test/users/alice/statuses/{post.id}"
    assert (post.favourites_count, post.reblogs_count, post.replies_count) == (0, 0, 0)
    assert post.created_at > datetime(2025, 1, 1, tzinfo=UTC)
    assert (post.edited_at, post.reblog_of_id) == (None, None)


LOOKED_FOR = (
    "/metrics", "/debug", "/debug/pprof", "/.env", "/.git/config", "/server-status", "/admin", "/sidekiq", "/docs",
    "/openapi.json", "/graphql", "/config.toml", "/fedi.db", "/media/", "/static/", "/static/../fedi.db",
    "/static/%2e%2e/config.py", "/media/..%2f..%2ffedi.db", "/media//etc/passwd", "/backup.tar", "/wp-login.php",
)  # fmt: skip


async def test_nothing_is_there_for_those_who_look_for_doors(server: Server) -> None:
    for path in LOOKED_FOR:
        answer = await server.client.get(path)
        assert answer.status_code in {400, 401, 403, 404, 405}, path
        assert "Traceback" not in answer.text
    for path in ("/", "/api/v1/instance", "/users/alice", "/inbox"):
        answer = await server.client.request("TRACE", path, headers={"x-secret": "echoed"})
        assert 400 <= answer.status_code < 500, path
        assert "echoed" not in answer.text
