"""Streams of running servers: Mastodon.py, a plain WebSocket, a stop, and two processes on one database."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import pytest
from mastodon import Mastodon, StreamListener
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from fedi.context import Context
from fedi.services import accounts
from tests.databases import Postgres
from tests.peers.server_process import Instance, Running, eventually, free_port

pytestmark = pytest.mark.slow

ADDRESS = "127.0.0.1"
PEOPLE = ("anna", "ben")
WAIT_S = 20.0
"""For a frame, on a busy machine, in seconds."""

REVOKED_S_MAX = 5.0
"""How long a socket may outlive its token, in seconds."""


class Heard(StreamListener):
    """Keeps what Mastodon.py hears."""

    def __init__(self) -> None:
        self.events: Queue[tuple[str, Any]] = Queue()
        self.beats = threading.Event()

    def on_any_event(self, name: str, data: Any = None, for_stream: str | None = None) -> None:  # noqa: ARG002 - theirs
        """Keep it."""
        self.events.put((name, data))

    def handle_heartbeat(self) -> None:
        """Note that the stream began."""
        self.beats.set()


def instance_in(folder: Path, **settings: str) -> Instance:
    """Make an instance with some people."""
    port = free_port(ADDRESS)
    made = Instance(
        data_dir=folder / "data",
        origin=f"http://{ADDRESS}:{port}",
        bind=ADDRESS,
        port=port,
        settings={"FEDI_GENERATOR": "", **settings},
    )
    made.cli("init", "--origin", made.origin)
    made.with_context(_people)
    return made


async def _people(ctx: Context) -> None:
    hashed = await accounts.hash_password("correct horse battery")
    async with ctx.db.write() as tx:
        for name in PEOPLE:
            await accounts.create_local(ctx, tx, username=name, password_hash=hashed)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return instance_in(tmp_path)


@pytest.fixture
def running(instance: Instance) -> Iterator[Running]:
    server = instance.start("serve")
    yield server
    if server.process.poll() is None:
        server.stop()


def listen(instance: Instance, token: str, **query: str) -> ClientConnection:
    address = httpx.URL(f"ws://{ADDRESS}:{instance.port}/api/v1/streaming", params=query)
    return connect(str(address), subprotocols=[Subprotocol(token)])


def post(instance: Instance, token: str, text: str) -> str:
    answer = httpx.post(
        f"{instance.inside}/api/v1/statuses",
        data={"status": text},
        headers={"Authorization": f"Bearer {token}"},
        timeout=WAIT_S,
    )
    answer.raise_for_status()
    identifier: str = answer.json()["id"]
    return identifier


def next_frame(socket: ClientConnection) -> tuple[list[str], str, Any]:
    frame = json.loads(socket.recv(WAIT_S))
    payload = frame["payload"]
    return frame["stream"], frame["event"], payload if payload.isdigit() else json.loads(payload)


def test_mastodon_py_hears_its_home_timeline(running: Running) -> None:
    instance = running.instance
    token = instance.token_for("anna", "read", "write")
    client = Mastodon(access_token=token, api_base_url=instance.inside, version_check_mode="none")
    assert client.stream_healthy()
    heard = Heard()
    handle = client.stream_user(heard, run_async=True)
    assert heard.beats.wait(WAIT_S)
    status = client.status_post("hello")
    name, told = heard.events.get(timeout=WAIT_S)
    assert (name, told.id, told.content) == ("update", status.id, "<p>hello</p>")
    client.status_delete(status)
    assert heard.events.get(timeout=WAIT_S) == ("delete", status.id)
    handle.close()


def test_a_websocket_from_its_upgrade_to_the_end_of_its_token(running: Running) -> None:
    instance = running.instance
    anna, ben = (instance.token_for(name, "read", "write") for name in PEOPLE)
    with pytest.raises(InvalidStatus) as refused:
        listen(instance, "nonsense", stream="user")
    assert refused.value.response.status_code == 401
    with listen(instance, anna, stream="user") as socket, listen(instance, ben) as other:
        assert socket.subprotocol == anna, "browsers drop a connection that does not repeat it"
        other.send(json.dumps({"type": "subscribe", "stream": "public"}))
        other.send(json.dumps({"type": "subscribe", "stream": "nonsense"}))
        assert json.loads(other.recv(WAIT_S))["status"] == 400
        identifier = post(instance, anna, "hello")
        for one, stream in ((socket, "user"), (other, "public")):
            assert next_frame(one)[:2] == ([stream], "update")
        instance.cli("account", "password", "anna")  # another process signs her out everywhere
        began = time.monotonic()
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv(WAIT_S)
        assert time.monotonic() - began < REVOKED_S_MAX
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 1008
        assert identifier
        post(instance, ben, "still here")
        assert next_frame(other)[1] == "update"
    assert anna not in instance.logs(), "tokens are not written into logs"


def test_a_server_that_stops_ends_its_streams_and_does_not_wait_for_them(running: Running) -> None:
    instance = running.instance
    token = instance.token_for("anna", "read")
    with listen(instance, token, stream="user") as socket:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.stream(
            "GET", f"{instance.inside}/api/v1/streaming/user", headers=headers, timeout=WAIT_S
        ) as events:
            lines = events.iter_lines()
            assert next(lines) == ":)"
            running.process.terminate()
            with pytest.raises(ConnectionClosed) as ended:
                socket.recv(WAIT_S)
            assert ended.value.rcvd is not None
            assert ended.value.rcvd.code == 1001
            assert list(lines) == []
    eventually(lambda: running.process.poll() is not None, "the end of the server", 10)


@pytest.mark.xdist_group("postgres")
def test_a_post_through_one_process_comes_to_a_socket_of_another(postgres: Postgres, tmp_path: Path) -> None:
    here = instance_in(tmp_path, FEDI_DATABASE_URL=postgres.emptied())
    there = replace(here, port=free_port(ADDRESS))
    anna, ben = (here.token_for(name, "read", "write", "follow") for name in PEOPLE)
    servers = [one.start("serve") for one in (here, there)]
    try:
        with listen(there, ben, stream="public") as socket, listen(there, anna, stream="user") as own:
            # The first process learns within moments that the other listens.
            eventually(lambda: _hears(here, anna, socket), "a frame from the other process", WAIT_S)
            identifier = post(here, anna, "to the other side")
            while next_frame(socket)[2]["id"] != identifier:
                pass
            httpx.delete(
                f"{here.inside}/api/v1/statuses/{identifier}", headers={"Authorization": f"Bearer {anna}"}
            ).raise_for_status()
            assert next_frame(socket)[1:] == ("delete", identifier)
            heard = [next_frame(own)[1] for _ in range(2)]
            assert heard[0] == "update"
    finally:
        for server in servers:
            server.stop()


def _hears(instance: Instance, token: str, socket: ClientConnection) -> bool:
    post(instance, token, "do you hear me?")
    try:
        socket.recv(0.5)
    except TimeoutError:
        return False
    return True
