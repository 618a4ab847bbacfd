"""Translating posts, with a real server of LibreTranslate's API on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.conftest import MakeServer
from tests.fedi.api.conftest import Person, http_client, token_for
from tests.servers import Server

pytestmark = pytest.mark.anyio

LANGUAGES = [
    {"code": "en", "name": "English", "targets": ["de", "en"]},
    {"code": "de", "name": "German", "targets": ["en"]},
]


class Interpreter(ThreadingHTTPServer):
    """Answers as LibreTranslate does; what it says is the text in capitals, with something bad in it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.asked: list[dict[str, Any]] = []
        self.answer: Any = None
        """What it says instead."""
        self.status = 200

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Desk(BaseHTTPRequestHandler):
    """One request."""

    server: Interpreter

    def do_GET(self) -> None:
        """Tell the languages."""
        self._say(LANGUAGES if self.path == "/languages" else [])

    def do_POST(self) -> None:
        """Translate."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append(asked)
        said = [f"{part.upper()}<script>x</script>" for part in asked["q"]]
        self._say(
            self.server.answer
            if self.server.answer is not None
            else {"translatedText": said, "detectedLanguage": [{"language": "en", "confidence": 90}]}
        )

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def _say(self, said: Any) -> None:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def interpreter() -> Iterator[Interpreter]:
    with Interpreter() as server:
        working = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        working.start()
        yield server
        server.shutdown()
        working.join()


async def enter_at(server: Server, name: str) -> Person:
    account = await server.person(name)
    token = await token_for(server, account, "read", "write")
    return Person(account=account, token=token, http=http_client(server, authorization=f"Bearer {token}"))


async def test_a_post_is_translated_with_all_that_is_in_it(
    make_server: MakeServer, interpreter: Interpreter, picture: bytes
) -> None:
    server = await make_server(translation_url=interpreter.url, translation_key="k")
    anna = await enter_at(server, "anna")
    media = (
        await anna.http.post("/api/v2/media", files={"file": picture}, data={"description": "a <slope>"})
    ).json()
    post = await anna.post("hello & bye", spoiler_text="soon", language="en", media_ids=[media["id"]])
    path = f"/api/v1/statuses/{post['id']}/translate"
    told = (await anna.http.post(path, data={"lang": "de"})).json()
    assert told == {
        "content": "<p>HELLO &amp; BYE</p>",
        "spoiler_text": "SOON",
        "poll": None,
        "media_attachments": [{"id": media["id"], "description": "A <SLOPE>"}],
        "language": "de",
        "detected_source_language": "en",
        "provider": "LibreTranslate",
    }
    [asked] = interpreter.asked
    assert (asked["source"], asked["target"], asked["format"], asked["api_key"]) == ("en", "de", "html", "k")
    assert (await anna.http.post(path, json={"lang": "de-AT"})).json() == told
    assert len(interpreter.asked) == 1, "it is remembered"
    await anna.http.put(f"/api/v1/statuses/{post['id']}", json={"status": "other words", "language": "en"})
    assert "OTHER" in (await anna.http.post(path, data={"lang": "de"})).json()["content"]
    poll = await anna.post("which?", language="en", poll={"options": ["a & b", "c"], "expires_in": 600})
    told = (await anna.http.post(f"/api/v1/statuses/{poll['id']}/translate", data={"lang": "de"})).json()
    assert told["poll"] == {"id": poll["poll"]["id"], "options": [{"title": "A & B"}, {"title": "C"}]}
    assert (await server.client.get("/api/v2/instance")).json()["configuration"]["translation"] == {
        "enabled": True
    }
    languages = (await server.client.get("/api/v1/instance/translation_languages")).json()
    assert languages == {"en": ["de"], "de": ["en"], "und": ["en", "de"]}


async def test_private_posts_are_given_to_nobody(make_server: MakeServer, interpreter: Interpreter) -> None:
    server = await make_server(translation_url=interpreter.url)
    anna, ben = await enter_at(server, "anna"), await enter_at(server, "ben")
    private = await anna.post("for friends", visibility="private", language="en")
    path = f"/api/v1/statuses/{private['id']}/translate"
    assert (await anna.http.post(path, data={"lang": "de"})).status_code == 403
    assert (await ben.http.post(path, data={"lang": "de"})).status_code == 404
    public = await anna.post("hello", language="en")
    path = f"/api/v1/statuses/{public['id']}/translate"
    assert (await anna.http.post(path, data={"lang": "fr"})).status_code == 403, (
        "into a language that it lacks"
    )
    assert (await anna.http.post(path, data={"lang": "en"})).status_code == 403
    assert (await http_client(server).post(path)).status_code == 401
    assert interpreter.asked == []


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, None),
        (429, None),
        (302, None),
        (200, b"not json"),
        (200, {"translatedText": "one text"}),
        (200, {"translatedText": [1]}),
        (200, {"translatedText": ["a", "b", "c"]}),
        (200, {"translatedText": ["A"], "more": "x" * 1024 * 1024}),
    ],
)
async def test_a_server_that_fails_is_told_as_503(
    make_server: MakeServer, interpreter: Interpreter, status: int, answer: Any
) -> None:
    server = await make_server(translation_url=interpreter.url)
    anna = await enter_at(server, "anna")
    post = await anna.post("hello", language="en")
    assert (await server.client.get("/api/v1/instance/translation_languages")).status_code == 200
    interpreter.status, interpreter.answer = status, answer
    told = await anna.http.post(f"/api/v1/statuses/{post['id']}/translate", data={"lang": "de"})
    assert (told.status_code, "error" in told.json()) == (503, True)


async def test_without_a_server_nothing_is_translated(make_server: MakeServer) -> None:
    server = await make_server()
    anna = await enter_at(server, "anna")
    post = await anna.post("hello", language="en")
    told = await anna.http.post(f"/api/v1/statuses/{post['id']}/translate", data={"lang": "de"})
    assert told.status_code == 404
    assert (await server.client.get("/api/v1/instance/translation_languages")).json() == {}
    assert (await server.client.get("/api/v2/instance")).json()["configuration"]["translation"] == {
        "enabled": False
    }


async def test_one_that_is_not_there_is_told_as_503(
    make_server: MakeServer, interpreter: Interpreter
) -> None:
    url = interpreter.url
    interpreter.server_close()
    server = await make_server(translation_url=url)
    assert (await server.client.get("/api/v1/instance/translation_languages")).status_code == 503
