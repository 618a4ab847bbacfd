"""No input makes a 5xx: ids, cursors, limits and bodies as nobody would write them."""

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import pytest

from fedi.api.routes import ROUTES
from fedi.api.routing import ApiRoute
from tests.fedi.api.conftest import Enter

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # processes, or long by design

NAUGHTY: list[str] = json.loads((Path(__file__).parents[2] / "data" / "blns.json").read_text())

IDS = [
    "0", "-1", "1", "00000000000000000001", "9223372036854775807", "9223372036854775808", "9" * 40, "9" * 5000, "1.0", "1e5",
    "0x1", "null", "undefined", "NaN", "true", "\x00", "1\x00", "1%00", "%", "%s", "\u0661", "\u0967", "½", "²", "1 ", " 1", "+1",
    "1;DROP TABLE post", "' OR '1'='1", "../../etc/passwd", "..%2f..", "😀", "\ud7ff", "a" * 3000, "[]", "{}", "1,2",
]  # fmt: skip

PARAMETERS = [
    "limit", "max_id", "since_id", "min_id", "offset", "q", "acct", "id[]", "id", "types[]", "exclude_types[]", "account_id",
    "local", "only_media", "tagged", "timeline[]", "type", "resolve", "status", "visibility", "media_ids[]", "media_ids",
    "in_reply_to_id", "sensitive", "spoiler_text", "language", "scheduled_at", "poll[options][]", "home[last_read_id]",
    "client_id", "client_secret", "redirect_uri", "redirect_uris", "scope", "scopes", "state", "code", "code_verifier",
    "code_challenge", "code_challenge_method", "grant_type", "token", "username", "password", "request", "decision",
    "client_name", "website", "description", "focus", "reblogs", "notify", "response_type", "force_login",
]  # fmt: skip

CALLS = [
    (method, route.path)
    for route in ROUTES
    if isinstance(route, ApiRoute) and not route.path.startswith("/api/v1/streaming")  # answers have no end
    for method in sorted(route.methods or ())
    if method != "HEAD"
]


@pytest.fixture
async def server(either_server: "Server") -> "Server":
    """Each of the two databases: what one of them keeps may be an error of the other."""
    return either_server


def require_calm(answer: httpx.Response, *what: Any) -> None:
    assert answer.status_code < 500, (*what, answer.text)
    if answer.request.url.path.startswith("/api/") and answer.status_code != 204:
        assert answer.headers["content-type"].startswith("application/json"), what
        answer.json()


@pytest.mark.slow
async def test_ids_in_paths(enter: Enter) -> None:
    anna = await enter("anna")
    await anna.post("x")
    for method, path in CALLS:
        if "{" not in path:
            continue
        for identifier in IDS:
            filled = path
            for name in ("{id}", "{name}", "{rest:path}"):
                filled = filled.replace(name, quote(identifier, safe=""))
            answer = await anna.http.request(method, filled)
            require_calm(answer, method, path, identifier)
            if "{id}" in path:
                gone = "dismiss" in path or method == "DELETE"  # what is not there need not be removed
                assert 400 <= answer.status_code < 500 or gone, (method, path, identifier)


@pytest.mark.slow
async def test_cursors_and_limits(enter: Enter) -> None:
    anna = await enter("anna")
    lists = [
        "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/x", "/api/v1/favourites",
        "/api/v1/notifications", "/api/v1/follow_requests", f"/api/v1/accounts/{anna.account.id}/statuses",
        f"/api/v1/accounts/{anna.account.id}/followers", "/api/v2/search", "/api/v1/accounts/search",
    ]  # fmt: skip
    for path in lists:
        for name in ("limit", "max_id", "min_id", "offset"):
            for value in IDS:
                answer = await anna.http.get(path, params={name: value, "q": "x", "acct": "anna"})
                require_calm(answer, path, name, value)


@pytest.mark.parametrize("seed", range(2))
async def test_any_parameter_in_any_call(server: "Server", enter: Enter, seed: int) -> None:
    """Draws from naughty strings; a failure names the seed, which draws the same again."""
    anna = await enter("anna")
    chance = random.Random(seed)
    values: list[Any] = [
        *NAUGHTY,
        *IDS,
        None,
        True,
        False,
        0,
        -1,
        1.5,
        10**30,
        [],
        {},
        [[]],
        {"a": {"b": []}},
        [None],
        ["1", {}],
    ]
    for method, path in CALLS:
        filled = path.replace("{id}", str(anna.account.id)).replace("{name}", "x").replace("{rest:path}", "x")
        for _ in range(6):
            body = {chance.choice(PARAMETERS): chance.choice(values) for _ in range(chance.randint(1, 5))}
            texts = {
                name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items()
            }
            how: dict[str, Any] = chance.choice([
                {"json": body},
                {"data": texts},
                {"params": texts},
                {"files": {name: (None, value) for name, value in texts.items()}},
            ])  # fmt: skip
            answer = await anna.http.request(method, filled, **how)
            require_calm(answer, seed, method, path, how)


@pytest.mark.slow
async def test_naughty_strings_as_a_post_come_back_as_json(enter: Enter) -> None:
    anna = await enter("anna")
    for number, text in enumerate(NAUGHTY):
        kind = ("json", "data")[number % 2]
        sent: dict[str, Any] = {kind: {"status": text, "spoiler_text": text[:50]}}
        answer = await anna.http.post("/api/v1/statuses", **sent)
        require_calm(answer, text)
        assert answer.status_code in {200, 422}, text
        if answer.status_code == 200:
            assert "<script" not in answer.json()["content"].lower()
    home = await anna.http.get("/api/v1/timelines/home", params={"limit": 40})
    assert len(home.json()) == 40
