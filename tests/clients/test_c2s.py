"""A small client that knows ActivityPub and OAuth, and of this server only an actor's address."""

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.clients.browser import allow
from tests.clients.conftest import PASSWORD
from tests.peers.server_process import Instance

pytestmark = pytest.mark.slow

AP = "application/activity+json"
AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{AS}#Public"
BACK = "https://c2s.example/back"


@dataclass
class Client:
    """A person's client: what their actor document says, and a token."""

    actor: dict[str, Any]
    http: httpx.Client

    def say(self, **doc: Any) -> str:
        """Post to the outbox and return the id of the activity."""
        answer = self.http.post(
            self.actor["outbox"], json={"@context": AS, **doc}, headers={"content-type": AP}
        )
        assert answer.status_code == 201, answer.text
        where: str = answer.headers["location"]
        return where

    def read(self, iri: str) -> dict[str, Any]:
        """Read a document."""
        answer = self.http.get(iri)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def walk(self, collection: str) -> list[dict[str, Any]]:
        """Read all pages of a collection."""
        found, page = [], self.read(collection)["first"]
        while page:
            document = self.read(page)
            found += document["orderedItems"]
            page = document.get("next")
        return found


def sign_in(running: Instance, name: str) -> Client:
    """Find the doors in the actor document, register, have the person agree (PKCE), and take the token."""
    http = httpx.Client(trust_env=False, headers={"accept": AP})
    actor = http.get(f"{running.origin}/users/{name}").json()
    doors = actor["endpoints"]
    app = http.post(
        f"{running.origin}/api/v1/apps",
        data={"client_name": "c2s", "redirect_uris": BACK, "scopes": "read write"},
    ).json()
    verifier = secrets.token_urlsafe(48)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = urlencode({
        "response_type": "code", "client_id": app["client_id"], "redirect_uri": BACK, "scope": "read write",
        "code_challenge": digest, "code_challenge_method": "S256", "state": "s",
    })  # fmt: skip
    called = parse_qs(urlsplit(allow(f"{doors['oauthAuthorizationEndpoint']}?{asked}", name, PASSWORD)).query)
    assert called["state"] == ["s"]
    token = http.post(
        doors["oauthTokenEndpoint"],
        data={
            "grant_type": "authorization_code", "code": called["code"][0], "redirect_uri": BACK,
            "client_id": app["client_id"], "client_secret": app["client_secret"], "code_verifier": verifier,
        },
    ).json()  # fmt: skip
    http.headers["authorization"] = f"Bearer {token['access_token']}"
    return Client(actor=actor, http=http)


@pytest.fixture(scope="module")
def anna(running: Instance) -> Iterator[Client]:
    """Anna's client."""
    client = sign_in(running, "anna")
    yield client
    client.http.close()


@pytest.fixture(scope="module")
def ben(running: Instance) -> Iterator[Client]:
    """Ben's client."""
    client = sign_in(running, "ben")
    yield client
    client.http.close()


def test_a_picture_is_uploaded_posted_changed_and_deleted(anna: Client, picture: Path) -> None:
    form = {"object": '{"type": "Image", "name": "From black to white"}'}
    sent = anna.http.post(
        anna.actor["endpoints"]["uploadMedia"], files={"file": picture.read_bytes()}, data=form
    )
    assert sent.status_code == 201
    create = anna.say(type="Note", content="<p>Look</p>", to=[PUBLIC], attachment=[sent.headers["location"]])
    note = anna.read(create)["object"]
    (shown,) = note["attachment"]
    assert shown["name"] == "From black to white"
    assert anna.http.get(shown["url"]).headers["content-type"] == "image/jpeg"
    anna.say(type="Update", object={"id": note["id"], "summary": "a picture"})
    changed = anna.read(note["id"])
    assert (changed["summary"], changed["content"]) == ("a picture", "<p>Look</p>")
    anna.say(type="Delete", object=note["id"])
    assert anna.http.get(note["id"]).status_code in {404, 410}


def test_people_meet_in_their_inboxes(anna: Client, ben: Client) -> None:
    follow = ben.say(type="Follow", object=anna.actor["id"])
    letter = anna.say(type="Note", content="<p>for ben</p>", to=[ben.actor["id"]])
    public = anna.say(type="Note", content="<p>for all</p>", to=[PUBLIC], cc=[anna.actor["followers"]])
    secret = anna.say(type="Note", content="<p>for me</p>")
    came = [item["id"] for item in ben.walk(ben.actor["inbox"])]
    assert came[:2] == [public, letter]
    assert secret not in came
    listed = [item["id"] for item in anna.walk(anna.actor["outbox"])]
    assert listed[:3] == [secret, public, letter]
    assert ben.http.get(anna.actor["inbox"]).status_code == 403
    ben.say(type="Undo", object=follow)


def test_what_is_refused_says_why(anna: Client) -> None:
    answer = anna.http.post(
        anna.actor["outbox"], json={"type": "Article", "content": "long"}, headers={"content-type": AP}
    )
    assert answer.status_code == 422
    assert "Article" in answer.json()["error"]
    stranger = httpx.post(
        anna.actor["outbox"], json={"type": "Note"}, headers={"content-type": AP}, trust_env=False
    )
    assert stranger.status_code == 401
    assert stranger.headers["www-authenticate"] == "Bearer"


def test_a_web_page_may_be_a_client(anna: Client) -> None:
    asked = {
        "origin": "https://page.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    preflight = anna.http.options(anna.actor["outbox"], headers=asked)
    assert preflight.headers["access-control-allow-origin"] == "*"
    answer = anna.http.post(
        anna.actor["outbox"],
        json={"type": "Note", "content": "from a page", "to": []},
        headers={"content-type": AP, "origin": "https://page.example"},
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Location" in answer.headers["access-control-expose-headers"]


def test_the_proxy_asks_no_address_inside(anna: Client) -> None:
    answer = anna.http.post(anna.actor["endpoints"]["proxyUrl"], data={"id": "https://127.0.0.1/users/x"})
    assert answer.status_code == 403
