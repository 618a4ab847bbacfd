"""A strict server that somebody else wrote follows us, and is followed by us, over https on loopback.

Our server is a real process behind a TLS terminator, its peer a Fedify process; both trust the authority of
this test run and nobody else. `alice` is the peer's person, `demo` ours, and `imagine` our bot.
"""

import base64
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from activitypub.signatures.message import Scheme
from fedi.context import Context
from fedi.models import Activity, Direction
from fedi.text import html_to_text
from tests.peers.fedify_peer import FedifyPeer, running_peer
from tests.peers.server_process import Instance, eventually, free_port
from tests.peers.terminator import terminated
from tests.peers.tls import Authority

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400), pytest.mark.xdist_group("fedify")]

OURS, INSIDE, THEIRS = "127.0.2.2", "127.0.0.1", "127.0.2.3"
HANDLES = "127.0.2.4"
"""Where handles live when their domain is not the server's."""

HEARS_S = 30.0
"""Within which anything federated has to arrive."""

PROMPT = "a red boat at sunset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """Our server.

    Attributes:
        instance: its processes.
        demo: a client with a token of the person's, over TLS.
        bot: a client with a token of the bot's.
        anyone: a client without a token.
    """

    instance: Instance
    demo: httpx.Client
    bot: httpx.Client
    anyone: httpx.Client

    def handle(self, name: str) -> str:
        """Return the handle of one of our accounts, as people write it."""
        return f"@{name}@{self.instance.origin.removeprefix('https://')}"

    def actor(self, name: str) -> str:
        """Return the actor IRI of one of our accounts."""
        return f"{self.instance.origin}/users/{name}"

    def ask(self, method: str, path: str, who: httpx.Client | None = None, **request: Any) -> Any:
        """Use the API, as `demo` unless said otherwise, and return its JSON."""
        answer = (who or self.demo).request(method, path, **request)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}\n{self.instance.logs()}"
        return answer.json()

    def home(self) -> list[dict[str, Any]]:
        """Return the person's home timeline."""
        found: list[dict[str, Any]] = self.ask("GET", "/api/v1/timelines/home")
        return found


@pytest.fixture(scope="module")
def peer(
    authority: Authority, _fedify_installed: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FedifyPeer]:
    """The Fedify server."""
    with running_peer(authority, THEIRS, tmp_path_factory.mktemp("alice")) as running:
        yield running


@pytest.fixture(scope="module")
def ours(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ours]:
    """Our server, as it is set by default."""
    with served(authority, tmp_path_factory.mktemp("ours") / "data") as running:
        yield running


@contextlib.contextmanager
def served(authority: Authority, data_dir: Path, **settings: str) -> Iterator[Ours]:
    """Set a server up as an operator would, and serve it behind TLS."""
    port = free_port(OURS)
    model = Path(str(resources.files("media") / "models" / "tiny" / "model_index.json"))
    instance = Instance(
        data_dir=data_dir,
        origin=f"https://{OURS}:{port}",
        bind=INSIDE,
        port=free_port(INSIDE),
        settings={
            "FEDI_CA_FILE": str(authority.file),
            "FEDI_OUTGOING_ALLOW": "127.0.2.0/28",
            "FEDI_RATE_LIMITS": "off",
            **settings,
        },
        module="fedi" if model.exists() else "tests.peers.painted_fedi",
    )
    instance.cli("init", "--origin", instance.origin)
    instance.cli("account", "create", "demo", "--password-stdin", "--admin", stdin="long enough to pass\n")
    tokens = {name: instance.token_for(name, "read", "write", "follow") for name in ("demo", "imagine")}
    running = instance.start("serve")
    with contextlib.ExitStack() as stack:
        stack.callback(running.stop)
        stack.enter_context(terminated(OURS, port, authority.issue(OURS), to=(INSIDE, instance.port)))

        def client(**headers: str) -> httpx.Client:
            made = httpx.Client(
                base_url=instance.origin, verify=authority.client_context(), headers=headers,
                trust_env=False, timeout=60.0,
            )  # fmt: skip
            return stack.enter_context(made)

        yield Ours(
            instance=instance,
            demo=client(Authorization=f"Bearer {tokens['demo']}"),
            bot=client(Authorization=f"Bearer {tokens['imagine']}"),
            anyone=client(),
        )


def test_a_fedify_user_follows_the_bot_and_gets_its_picture_and_its_deletion(
    ours: Ours, peer: FedifyPeer
) -> None:
    # They find the bot by its handle and follow it.
    followed = peer.follow(ours.handle("imagine"))
    assert (followed["target"], followed["type"]) == (ours.actor("imagine"), "Service")
    assert followed["preferredUsername"] == "imagine"
    assert peer.accepted(followed["target"]), f"{peer.words()}\n{ours.instance.logs()}"

    # The bot draws, and they get the picture with all that belongs to it.
    page = ours.instance.cli("imagine", "imagine", PROMPT, "--seed", "7").split()[-1]
    (create,) = peer.received("Create")
    assert (create["actor"], create["objectType"]) == (ours.actor("imagine"), "Note")
    assert PROMPT in html_to_text(create["content"])
    (understood,) = create["attachments"]
    (sent,) = create["json"]["object"]["attachment"]
    assert understood["mediaType"] == "image/jpeg"
    assert PROMPT in understood["name"].lower()
    assert len(sent["blurhash"]) > 6
    picture = ours.anyone.get(understood["url"])
    assert picture.headers["content-type"] == "image/jpeg"
    with Image.open(BytesIO(picture.content)) as image:
        assert (understood["width"], understood["height"]) == image.size

    # Deleting it reaches them, and the post is gone for everyone.
    ours.ask("DELETE", f"/api/v1/statuses/{page.rsplit('/', 1)[-1]}", ours.bot)
    (deleted,) = peer.received("Delete")
    assert deleted["object"] == create["object"]
    gone = ours.anyone.get(create["object"], headers={"Accept": "application/activity+json"})
    assert gone.status_code == 410
    assert_no_complaints(peer)


def test_a_fedify_user_gets_an_upload_with_its_alt_text_and_reacts_to_it(
    ours: Ours, peer: FedifyPeer
) -> None:
    peer.follow(ours.handle("demo"))
    assert peer.accepted(ours.actor("demo")), peer.words()
    seen = len(peer.received("Create", 0))
    upload = ours.ask(
        "POST", "/api/v2/media", files={"file": ("sea.png", png("navy"), "image/png")},
        data={"description": "a navy square, like the sea"},
    )  # fmt: skip
    status = ours.ask(
        "POST", "/api/v1/statuses", json={"status": "look at #sea", "media_ids": [upload["id"]]}
    )

    create = peer.received("Create", seen + 1)[-1]
    assert create["object"] == status["uri"]
    (attachment,) = create["attachments"]
    assert attachment["name"] == "a navy square, like the sea"
    assert (attachment["width"], attachment["height"]) == (40, 30)

    peer.like(status["uri"])
    peer.boost(status["uri"])
    kinds = eventually(
        lambda: {one["type"] for one in ours.ask("GET", "/api/v1/notifications")} >= {"follow", "favourite", "reblog"},
        "notifications of the follow, the like and the boost", HEARS_S,
    )  # fmt: skip
    assert kinds
    counted = ours.ask("GET", f"/api/v1/statuses/{status['id']}")
    assert (counted["favourites_count"], counted["reblogs_count"]) == (1, 1)

    peer.unfollow(ours.actor("demo"))
    account = ours.ask("GET", "/api/v1/accounts/verify_credentials")["id"]
    eventually(
        lambda: ours.ask("GET", f"/api/v1/accounts/{account}")["followers_count"] == 0,
        "the unfollow",
        HEARS_S,
    )
    assert_no_complaints(peer)


def test_we_follow_a_fedify_user_and_see_her_post_and_picture_at_home(ours: Ours, peer: FedifyPeer) -> None:
    found = ours.ask(
        "GET", "/api/v2/search", params={"q": peer.handle, "resolve": "true", "type": "accounts"}
    )
    (alice,) = found["accounts"]
    assert alice["acct"] == peer.handle.removeprefix("@")
    ours.ask("POST", f"/api/v1/accounts/{alice['id']}/follow")
    followed = eventually(
        lambda: ours.ask("GET", "/api/v1/accounts/relationships", params={"id[]": alice["id"]})[0]["following"],
        "her Accept", HEARS_S,
    )  # fmt: skip
    assert followed
    assert ours.actor("demo") in peer.state()["followers"]

    image = {
        "base64": base64.b64encode(png("teal")).decode(), "media_type": "image/png", "alt": "a teal square",
        "width": 40, "height": 30,
    }  # fmt: skip
    posted = peer.post("<p>from the other side</p>", (image,))
    (status,) = eventually(
        lambda: [one for one in ours.home() if one["uri"] == posted["note"]], "her post at home", HEARS_S
    )
    assert html_to_text(status["content"]) == "from the other side"
    assert status["account"]["id"] == alice["id"]
    (shown,) = status["media_attachments"]
    assert (shown["type"], shown["description"]) == ("image", "a teal square")
    picture = ours.anyone.get(shown["url"])
    assert picture.status_code == 200, shown
    assert picture.content == png("teal")

    peer.delete(posted["note"])
    eventually(
        lambda: all(one["uri"] != posted["note"] for one in ours.home()), "her post leaving home", HEARS_S
    )

    ours.ask("POST", f"/api/v1/accounts/{alice['id']}/unfollow")
    eventually(lambda: ours.actor("demo") not in peer.state()["followers"], "our unfollow", HEARS_S)
    assert_no_complaints(peer)

    # She signs as RFC 9421 first, and falls back only when refused; we understood her at once.
    assert ours.instance.with_context(_schemes_received) == {Scheme.RFC9421}


def test_what_was_signed_by_nobody_is_refused_in_words_that_fedify_understands(
    ours: Ours, peer: FedifyPeer
) -> None:
    activity = {
        "@context": "https://www.w3.org/ns/activitystreams", "id": f"{peer.origin}/made-up", "type": "Follow",
        "actor": peer.actor, "object": ours.actor("demo"),
    }  # fmt: skip
    answer = ours.anyone.post(
        f"{ours.actor('demo')}/inbox", json=activity, headers={"Content-Type": "application/activity+json"}
    )
    assert answer.status_code == 401
    assert "accept-signature" in answer.headers


def test_a_fedify_user_reads_us_where_every_read_must_be_signed(
    authority: Authority, peer: FedifyPeer, tmp_path: Path
) -> None:
    with served(authority, tmp_path / "data", FEDI_AUTHORIZED_FETCH="true") as ours:
        peer.follow(ours.handle("demo"))
        assert peer.accepted(ours.actor("demo")), f"{peer.words()}\n{ours.instance.logs()}"
        status = ours.ask("POST", "/api/v1/statuses", json={"status": "for those who say who they are"})
        unsigned = ours.anyone.get(status["uri"], headers={"Accept": "application/activity+json"})
        assert unsigned.status_code == 401
        peer.like(status["uri"])
        eventually(
            lambda: ours.ask("GET", f"/api/v1/statuses/{status['id']}")["favourites_count"],
            "the like",
            HEARS_S,
        )
        assert_no_complaints(peer)


def test_a_fedify_user_knows_us_by_the_domain_of_our_handles(
    authority: Authority, peer: FedifyPeer, tmp_path: Path
) -> None:
    port = free_port(HANDLES)
    domain = f"{HANDLES}:{port}"
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(served(authority, tmp_path / "data", FEDI_ACCOUNT_DOMAIN=domain))
        inside = (INSIDE, ours.instance.port)
        stack.enter_context(terminated(HANDLES, port, authority.issue(HANDLES), to=inside))

        # Either domain leads to the same person, whose name has the domain of handles.
        followed = peer.follow(f"@demo@{domain}")
        assert (followed["target"], followed["preferredUsername"]) == (ours.actor("demo"), "demo")
        assert peer.accepted(ours.actor("demo")), f"{peer.words()}\n{ours.instance.logs()}"
        assert peer.follow(ours.handle("demo"))["target"] == ours.actor("demo")
        for host in (ours.instance.origin.removeprefix("https://"), domain):
            resource = {"resource": f"acct:demo@{host}"}
            found = ours.anyone.get("/.well-known/webfinger", params=resource).json()
            assert found["subject"] == f"acct:demo@{domain}"

        # And the other way: she is followed from there, and named in what reaches her.
        query = {"q": peer.handle, "resolve": "true", "type": "accounts"}
        (alice,) = ours.ask("GET", "/api/v2/search", params=query)["accounts"]
        ours.ask("POST", f"/api/v1/accounts/{alice['id']}/follow")
        relation = {"id[]": alice["id"]}
        eventually(
            lambda: ours.ask("GET", "/api/v1/accounts/relationships", params=relation)[0]["following"],
            "her Accept",
            HEARS_S,
        )
        note = peer.post("<p>for the split ones</p>")["note"]
        eventually(lambda: [one for one in ours.home() if one["uri"] == note], "her post at home", HEARS_S)
        me = ours.ask("GET", "/api/v1/accounts/verify_credentials")
        assert me["acct"] == "demo"
        actor = ours.anyone.get(ours.actor("demo"), headers={"Accept": "application/activity+json"}).json()
        assert actor["webfinger"] == f"demo@{domain}"
        assert_no_complaints(peer)


async def _schemes_received(ctx: Context) -> set[str]:
    async with ctx.db.read() as tx:
        rows = await tx.execute(select(Activity.scheme).where(Activity.direction == Direction.IN).distinct())
        return {str(scheme) for scheme in rows.scalars()}


def png(colour: str) -> bytes:
    """Return a small picture."""
    out = BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "PNG")
    return out.getvalue()


def assert_no_complaints(peer: FedifyPeer) -> None:
    """Check that everything we sent was signed as most servers read it, and taken at the first knock."""
    requests = peer.requests()
    assert requests
    assert {(one["signedWith"], one["status"]) for one in requests} == {("cavage", 202)}
    assert peer.complaints() == []
