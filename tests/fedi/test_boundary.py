"""Every error becomes an answer in the asker's own format, and none says more than it should."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from activitypub.errors import ForbiddenError, SignatureError, UnreachableError
from fedi.app import build_app
from fedi.boundary import BoundaryMiddleware
from fedi.errors import Refused
from fedi.routing import IndexedRouter
from tests.servers import Server

pytestmark = pytest.mark.anyio

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = "postgresql://fedi:hunter2@db/fedi"

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def ask(server: Server) -> AsyncIterator[Ask]:
    """Return what asks an application, all of whose pages fail with the error that is given."""
    trouble: list[Exception] = []

    async def fail(_request: Request) -> Response:
        raise trouble[0]

    app = build_app(server.ctx)
    app.router = IndexedRouter([
        Route(path, fail) for path in ("/api/v1/fail", "/oauth/token", "/users/fail", "/inbox", "/@fail", "/oauth/authorize")
    ])  # fmt: skip
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=server.settings.origin) as client:

        async def asked(path: str, error: Exception, **headers: str) -> httpx.Response:
            trouble[:] = [error]
            return await client.get(path, headers=headers)

        yield asked


@pytest.mark.parametrize("path", ["/api/v1/fail", "/oauth/token"])
@pytest.mark.parametrize("accept", [{}, BROWSER])
async def test_a_client_gets_json_whatever_it_accepts(ask: Ask, path: str, accept: dict[str, str]) -> None:
    answer = await ask(path, Refused(422, "Validation failed: no"), **accept)
    assert (answer.status_code, answer.json()) == (422, {"error": "Validation failed: no"})


@pytest.mark.parametrize("path", ["/users/fail", "/inbox"])
async def test_another_server_gets_json_and_a_browser_a_page(ask: Ask, path: str) -> None:
    answer = await ask(path, Refused(410, "It was deleted."))
    assert (answer.status_code, answer.json()) == (410, {"error": "It was deleted."})
    page = await ask(path, Refused(410, "It was deleted."), **BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert "It was deleted." in page.text


@pytest.mark.parametrize("path", ["/users/fail", "/inbox", "/api/v1/fail"])
async def test_no_cache_keeps_a_refusal_that_another_reader_would_not_get(ask: Ask, path: str) -> None:
    answer = await ask(path, Refused(404, "Record not found"))
    assert answer.headers["cache-control"] == "no-store"
    varies = set(answer.headers["vary"].replace(" ", "").split(","))
    assert varies >= {"Accept", "Authorization", "Signature", "Signature-Input"}


async def test_a_person_gets_a_page(ask: Ask) -> None:
    page = await ask("/@fail", Refused(403, "Not <yours>."))
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "Not &lt;yours&gt;." in page.text


async def test_a_machine_readable_code_comes_with_its_sentence(ask: Ask) -> None:
    answer = await ask("/oauth/token", Refused(400, "The code is used up.", error="invalid_grant"))
    assert answer.json() == {"error": "invalid_grant", "error_description": "The code is used up."}


async def test_headers_of_a_refusal_are_sent(ask: Ask) -> None:
    for path in ("/api/v1/fail", "/@fail"):
        answer = await ask(path, Refused(429, "Too many.", headers={"Retry-After": "7"}))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (SignatureError("no signature"), 401),
        (ForbiddenError("not theirs"), 403),
        (UnreachableError("down"), 503),
    ],
)
async def test_trouble_of_the_protocol_has_its_own_status(ask: Ask, trouble: Exception, status: int) -> None:
    answer = await ask("/inbox", trouble)
    assert (answer.status_code, answer.json()) == (status, {"error": str(trouble)})


@pytest.mark.parametrize(
    ("trouble", "text"),
    [
        (HTTPException(404), "Record not found"),
        (HTTPException(405, headers={"Allow": "GET"}), "This method is not allowed here"),
        (HTTPException(400, "bad multipart"), "bad multipart"),
    ],
)
async def test_the_frameworks_refusals_read_like_ours(ask: Ask, trouble: HTTPException, text: str) -> None:
    answer = await ask("/api/v1/fail", trouble)
    assert (answer.status_code, answer.json()) == (trouble.status_code, {"error": text})
    assert answer.headers.get("allow") == (trouble.headers or {}).get("Allow")


async def test_an_address_that_does_not_exist_is_refused_in_the_askers_format(ask: Ask) -> None:
    assert (await ask("/api/v1/nothing", ValueError())).json() == {"error": "Record not found"}
    page = await ask("/nothing", ValueError(), **BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("path", ["/api/v1/fail", "/users/fail", "/@fail"])
async def test_a_mistake_of_ours_is_logged_and_its_cause_is_not_told(ask: Ask, path: str) -> None:
    with capture_logs() as logs:
        answer = await ask(path, RuntimeError(SECRET))
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "Traceback" not in answer.text
    assert "It has been logged." in answer.text
    [line] = [line for line in logs if line["event"] == "request_failed"]
    assert (line["log_level"], line["path"], line["exc_info"]) == ("error", path, True)


async def test_what_was_refused_is_logged_with_its_true_reason(ask: Ask) -> None:
    with capture_logs() as logs:
        answer = await ask("/api/v1/fail", Refused(403, "Not allowed.", why="prompt denied for alice"))
    assert "alice" not in answer.text
    [line] = [line for line in logs if line["event"] == "refused"]
    assert (line["log_level"], line["status"], line["why"]) == ("info", 403, "prompt denied for alice")


@pytest.mark.parametrize("trouble", [Refused(422, "no"), RuntimeError(SECRET)])
@pytest.mark.parametrize(
    ("path", "is_open"), [("/api/v1/fail", True), ("/oauth/token", True), ("/@fail", False)]
)
async def test_errors_carry_the_headers_of_all_answers(
    ask: Ask, path: str, is_open: bool, trouble: Exception
) -> None:
    answer = await ask(path, trouble)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]
    assert answer.headers.get_list("access-control-allow-origin") == (["*"] if is_open else [])


# Below HTTP


async def call(
    app: Any, messages: list[dict[str, Any]], *, kind: str = "http", path: str = "/api/v1/x"
) -> list[MutableMapping[str, Any]]:
    """Call an ASGI application behind the boundary, and return what it sent."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "method": "POST", "path": path, "headers": [], "query_string": b"", "scheme": "http",
             "server": ("fedi.test", 80), "root_path": ""}  # fmt: skip
    await BoundaryMiddleware(app)(scope, receive, send)
    return sent


async def test_an_answer_that_has_begun_is_not_begun_again() -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def noted(message: MutableMapping[str, Any]) -> None:
            sent.append(message)
            await send(message)

        await send({"type": "http.response.start", "status": 200, "headers": []})
        await noted({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        await call(app, [])
    assert [message["type"] for message in sent] == ["http.response.body"]


async def test_a_client_that_hangs_up_is_no_mistake_of_ours() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Request(scope, receive).body()

    with capture_logs() as logs:
        sent = await call(app, [{"type": "http.request", "body": b"half", "more_body": True}])
    assert sent == []
    assert [(line["event"], line["log_level"]) for line in logs] == [("client_gone", "info")]


async def test_what_is_not_http_is_passed_on() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError(scope["type"])

    with pytest.raises(RuntimeError, match="websocket"):
        await call(app, [], kind="websocket")


async def test_an_answer_passes_untouched() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Response("ok", 203)(scope, receive, send)

    start, body = await call(app, [])
    assert (start["status"], body["body"]) == (203, b"ok")


async def test_the_body_of_an_error_is_json_of_the_right_type() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise Refused(422, "nö")

    start, body = await call(app, [])
    assert (b"content-type", b"application/json") in start["headers"]
    assert json.loads(body["body"]) == {"error": "nö"}
