"""A server as its operator runs it, and pictures to send: stock clients meet it over a socket."""

import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from mastodon import Mastodon
from PIL import Image

from fedi.context import Context
from fedi.services import accounts
from tests.clients.browser import allow
from tests.clients.push_service import PushService, push_service
from tests.peers.server_process import Instance, free_port
from tests.peers.tls import Authority

ADDRESS = "127.0.0.1"
PUSH_ADDRESS = "127.0.0.9"
"""Another one than ours, so that the server may ask nothing else on this machine."""

PASSWORD = "correct horse battery"
BACK = "https://client.example/callback?keep=1"
SCOPES = ["read", "write", "follow", "push"]


PEOPLE = ("anna", "ben", "carol", "dan", "erin", "finn", "gina", "hugo")
"""Two for each session, so that none sees what another did."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Sign this run's certificates."""
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Instance]:
    """A running instance with some people, and with the painted engine."""
    port = free_port(ADDRESS)
    instance = Instance(
        data_dir=tmp_path_factory.mktemp("clients") / "data",
        origin=f"http://{ADDRESS}:{port}",
        bind=ADDRESS,
        port=port,
        settings={
            "FEDI_PICTURE_SIZE": "64",
            "FEDI_CA_FILE": str(authority.file),  # of the place that messages are pushed to
            "FEDI_OUTGOING_ALLOW": f"{PUSH_ADDRESS}/32",
            "FEDI_RATE_LIMITS": "false",  # more applications register in a minute than an address may
            "PAINTED_STEP_S": "0.1",
        },
        module="tests.peers.painted_fedi",
    )
    instance.cli("init", "--origin", instance.origin)
    instance.with_context(_people)
    server = instance.start("serve")
    yield instance
    server.stop()


async def _people(ctx: Context) -> None:
    """Make them all at once: a command for each would take a minute."""
    hashed = await accounts.hash_password(PASSWORD)
    async with ctx.db.write() as tx:
        for name in PEOPLE:
            await accounts.create_local(ctx, tx, username=name, password_hash=hashed)


@pytest.fixture(scope="session")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small JPEG, as a file."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((120, 80)).convert("RGB").save(out, "JPEG")
    path = tmp_path_factory.mktemp("pictures") / "gradient.jpg"
    path.write_bytes(out.getvalue())
    return path


@pytest.fixture
def push(authority: Authority) -> Iterator[PushService]:
    """Where a device's messages are pushed to."""
    with push_service(PUSH_ADDRESS, authority.issue(PUSH_ADDRESS)) as service:
        yield service


@pytest.fixture(scope="session")
def app(running: Instance) -> tuple[str, str]:
    """The application, with an address and out of band; its id and its secret."""
    with session() as http:
        return Mastodon.create_app(
            "A client of Mastodon.py",
            scopes=SCOPES,
            redirect_uris=[BACK, "urn:ietf:wg:oauth:2.0:oob"],
            website="https://client.example",
            api_base_url=running.origin,
            session=http,
        )


@pytest.fixture(scope="session")
def anna(running: Instance, app: tuple[str, str]) -> Iterator[Mastodon]:
    """Anna, who let it in through the redirect."""
    with session() as http:
        client = connect(running, app, http)
        url = client.auth_request_url(redirect_uris=BACK, scopes=SCOPES, state="a state", allow_http=True)
        called = allow(url, "anna", PASSWORD)
        assert called.startswith(BACK + "&")
        answer = parse_qs(urlsplit(called).query)
        assert answer["state"] == ["a state"]
        client.log_in(code=answer["code"][0], redirect_uri=BACK, scopes=SCOPES, allow_http=True)
        yield client


@pytest.fixture(scope="session")
def ben(running: Instance, app: tuple[str, str]) -> Iterator[Mastodon]:
    """Ben, who copied the code by hand."""
    yield from entered(running, app, "ben")


@pytest.fixture(scope="session")
def carol(running: Instance, app: tuple[str, str]) -> Iterator[Mastodon]:
    """Carol, who arranges things for herself."""
    yield from entered(running, app, "carol")


@pytest.fixture(scope="session")
def dan(running: Instance, app: tuple[str, str]) -> Iterator[Mastodon]:
    """Dan, whom she knows."""
    yield from entered(running, app, "dan")


def entered(running: Instance, app: tuple[str, str], name: str) -> Iterator[Mastodon]:
    """Let somebody in with a code that they copy."""
    with session() as http:
        client = connect(running, app, http)
        code = allow(client.auth_request_url(scopes=SCOPES, allow_http=True), name, PASSWORD)
        client.log_in(code=code, scopes=SCOPES, allow_http=True)
        yield client


def session() -> requests.Session:
    """Return a session that knows no proxy."""
    made = requests.Session()
    made.trust_env = False
    return made


def connect(running: Instance, app: tuple[str, str], http: requests.Session) -> Mastodon:
    return Mastodon(
        client_id=app[0],
        client_secret=app[1],
        api_base_url=running.origin,
        session=http,
        ratelimit_method="throw",
    )
