"""`fedi init`, `db`, `serve` and `worker`: an instance is made once, and its processes start and stop well."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from fedi.app import open_context
from fedi.cli.server import write_config
from fedi.config import Settings
from fedi.context import Context
from fedi.errors import SettingsError
from fedi.jobs import queue
from fedi.migrations import HEAD
from fedi.models import Job
from fedi.queries import accounts as find
from tests.fedi.cli.conftest import ORIGIN, Fedi
from tests.fedi.cli.within import within
from tests.peers.server_process import free_port

START_S = 40
STOP_S = 30


def test_an_instance_is_made_with_its_settings_database_and_actor(fedi: Fedi, data_dir: Path) -> None:
    result = fedi("init", "--origin", ORIGIN, "--account-domain", "example.test")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"Made {ORIGIN} in {data_dir}\n" in result.stdout
    assert tomllib.loads((data_dir / "config.toml").read_text()) == {
        "origin": ORIGIN,
        "account_domain": "example.test",
    }

    async def actor(ctx: Context) -> str | None:
        async with ctx.db.read() as tx:
            found = await find.instance_actor(tx, ctx.settings)
            return found and found.username

    assert within(data_dir, actor) == "example.test"


def test_an_instance_is_made_once_however_often_it_is_asked_for(fedi: Fedi, instance: Path) -> None:
    first = fedi("init", "--origin", ORIGIN)
    written = (instance / "config.toml").read_bytes()
    again = fedi("init", "--origin", ORIGIN)
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert (instance / "config.toml").read_bytes() == written

    async def actors(ctx: Context) -> int:
        async with ctx.db.read() as tx:
            found = await find.instance_actor(tx, ctx.settings)
            return 0 if found is None else len((await find.by_ids(tx, [found.id])).values())

    assert within(instance, actors) == 1


def test_the_database_is_told_to_be_where_it_should_be(fedi: Fedi, instance: Path) -> None:
    result = fedi("db", "migrate")
    assert result.exit_code == 0
    assert result.stdout == f"The database is at revision {HEAD}; this version needs {HEAD}.\n"


# config.toml


@pytest.mark.parametrize(
    "known", [f"origin='{ORIGIN}'", f'port = 1\norigin   = "{ORIGIN}" # ours', f'"origin" = """{ORIGIN}"""']
)
def test_a_file_that_says_the_same_in_other_words_is_kept(tmp_path: Path, known: str) -> None:
    (tmp_path / "config.toml").write_text(known)
    write_config(Settings(origin=ORIGIN, data_dir=str(tmp_path)))
    assert (tmp_path / "config.toml").read_text() == known


@pytest.mark.parametrize(
    ("known", "key"),
    [
        ('origin = "https://other.test"', "origin"),
        (f'# origin = "{ORIGIN}"\norigin = "https://other.test"', "origin"),
        (f'origin = "{ORIGIN}"\naccount_domain = "other.test"', "account_domain"),
    ],
)
def test_another_instance_is_not_overwritten(tmp_path: Path, known: str, key: str) -> None:
    (tmp_path / "config.toml").write_text(known)
    with pytest.raises(SettingsError, match=f"^{key}: .*config.toml has another {key}; ") as refusal:
        write_config(Settings(origin=ORIGIN, account_domain="example.test", data_dir=str(tmp_path)))
    assert refusal.value.key == key
    assert (tmp_path / "config.toml").read_text() == known


def test_what_the_operator_wrote_before_is_completed(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("port = 9000  # behind the proxy\n[later]\n")
    write_config(Settings(origin=ORIGIN, account_domain="example.test", data_dir=str(tmp_path)))
    text = (tmp_path / "config.toml").read_text()
    assert tomllib.loads(text) == {
        "origin": ORIGIN, "account_domain": "example.test", "port": 9000, "later": {},
    }  # fmt: skip
    assert text.endswith("port = 9000  # behind the proxy\n[later]\n")


# Processes


@contextmanager
def process(data_dir: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    """Run a real `fedi`, and leave none behind."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("FEDI_")}
    it = subprocess.Popen(
        [sys.executable, "-m", "fedi", "--data-dir", str(data_dir), *args],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield it
    finally:
        if it.poll() is None:
            it.kill()
        it.communicate()


def answers(port: int) -> bool:
    """Ask /health until it answers."""
    transport = httpx.HTTPTransport(retries=10)  # pauses grow from half a second, for a refused connection
    with httpx.Client(transport=transport, timeout=START_S) as client:
        return client.get(f"http://127.0.0.1:{port}/health").is_success


def add_job(data_dir: Path) -> None:
    async def add(ctx: Context) -> None:
        job = queue.NewJob(queue="default", kind="erase", payload={"attachment_ids": []})
        async with ctx.db.write() as tx:
            await queue.enqueue(tx, ctx.wake, [job], now=datetime.now(UTC))

    within(data_dir, add)


def attempts(data_dir: Path) -> list[int]:
    async def look(ctx: Context) -> list[int]:
        async with ctx.db.read() as tx:
            return list((await tx.execute(select(Job.attempts))).scalars())

    return within(data_dir, look)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_answers_and_stops_gracefully(instance: Path, number: signal.Signals) -> None:
    port = free_port("127.0.0.1")
    with process(instance, "serve", "--port", str(port)) as server:
        assert answers(port)
        server.send_signal(number)
        _, errors = server.communicate(timeout=STOP_S)
    assert server.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.slow
def test_a_server_without_worker_leaves_jobs_alone(instance: Path) -> None:
    add_job(instance)
    port = free_port("127.0.0.1")
    with process(instance, "serve", "--no-worker", "--port", str(port)) as server:
        assert answers(port)
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=STOP_S)
    assert server.returncode == 0
    assert attempts(instance) == [0]


@pytest.mark.slow
def test_a_server_does_jobs_itself(instance: Path) -> None:
    add_job(instance)
    port = free_port("127.0.0.1")
    with process(instance, "serve", "--port", str(port)) as server:
        assert answers(port)
        done = asyncio.run(_gone(instance))
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=STOP_S)
    assert done
    assert server.returncode == 0


@pytest.mark.slow
def test_a_worker_does_jobs_and_stops_gracefully(instance: Path) -> None:
    add_job(instance)
    with process(instance, "worker", "--queue", "default") as it:
        done = asyncio.run(_gone(instance))
        it.send_signal(signal.SIGTERM)
        it.communicate(timeout=STOP_S)
    assert done
    assert it.returncode == 0


@pytest.mark.slow
def test_a_busy_port_is_told_before_anything_is_opened(instance: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with process(instance, "serve", "--port", str(port)) as server:
            output, errors = server.communicate(timeout=START_S)
    assert (server.returncode, output) == (2, "")
    assert errors == (
        f"fedi: port: cannot listen on 127.0.0.1 port {port} (Address already in use);"
        " choose another with --port\n"
    )


async def _gone(data_dir: Path) -> bool:
    """Wait until the first job is done: by another process, so there is nothing to be woken by."""
    async with open_context(Settings(origin=ORIGIN, data_dir=str(data_dir))) as ctx, asyncio.timeout(START_S):
        while True:
            async with ctx.db.read() as tx:
                if (await tx.execute(select(Job.id).where(Job.id == 1))).first() is None:
                    return True
            await asyncio.sleep(0.1)
