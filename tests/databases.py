"""Empty databases, made quickly: SQLite by copying a file, PostgreSQL by truncating tables."""

import asyncio
import contextlib
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fedi.db import Database
from fedi.migrate import upgrade
from fedi.models import Base
from tests.require import require_or_skip

POSTGRES_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
START_TIMEOUT_S = 60


class SqliteTemplate:
    """A file to which all migrations were applied once, and copies of it with the actor of a server."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "template.db"
        self._with_actor: dict[str, Path] = {}
        _migrate(f"sqlite+aiosqlite:///{self._path}")

    def copy_to(self, path: Path, origin: str | None = None) -> str:
        """Copy the file, that of a server's origin if it was kept, and return the copy's URL."""
        shutil.copy(self._with_actor.get(origin or "", self._path), path)
        return f"sqlite+aiosqlite:///{path}"

    def keep(self, path: Path, origin: str) -> None:
        """Keep the file of a server that was just opened: making its actor takes a third of opening it."""
        if origin in self._with_actor:
            return
        kept = self._path.with_name(f"template{len(self._with_actor)}.db")
        with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(kept)) as other:
            one.backup(other)
        self._with_actor[origin] = kept


class Postgres:
    """A PostgreSQL server with one migrated database per test process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin = urlsplit(url)
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self.name = f"fedi_test_{worker}"
        asyncio.run(self._create(self.name))
        _migrate(self.database_url)

    @property
    def database_url(self) -> str:
        """URL of this process's database."""
        return self._url_of(self.name)

    def emptied(self) -> str:
        """Delete all rows, and return the URL."""
        asyncio.run(self._truncate())
        return self.database_url

    def bare(self) -> str:
        """Make a database without tables, and return its URL; there is one at a time."""
        name = f"{self.name}_bare"
        asyncio.run(self._create(name))
        return self._url_of(name)

    def _url_of(self, name: str) -> str:
        return self._admin._replace(path=f"/{name}", scheme="postgresql+asyncpg").geturl()

    async def _create(self, name: str) -> None:
        import asyncpg  # noqa: PLC0415 - the extra may be missing where the suite is only collected

        connection = await asyncpg.connect(self.url)
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}"')
        await connection.close()

    async def _truncate(self) -> None:
        import asyncpg  # noqa: PLC0415 - see above

        connection = await asyncpg.connect(self._admin._replace(path=f"/{self.name}").geturl())
        tables = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        await connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        await connection.close()


@contextlib.contextmanager
def postgres_or_skip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Use the server of `FEDI_TEST_POSTGRES`, or start one; skip (or fail, when required) without."""
    given = os.environ.get("FEDI_TEST_POSTGRES")
    if given:
        yield Postgres(given)
        return
    if not POSTGRES_BINARIES:
        require_or_skip("postgres", "PostgreSQL's binaries are not in /usr/lib/postgresql")
    # A socket's path may have 107 characters, which pytest's own folders exceed.
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    binaries, port = POSTGRES_BINARIES[-1], _free_port()
    as_whom = _demoted(folder)
    data = folder / "data"
    subprocess.run(
        [*as_whom, binaries / "initdb", "-D", data, "-A", "trust", "-U", "fedi", "--no-sync"],
        check=True,
        capture_output=True,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off -c max_connections=300"
    start = [
        *as_whom,
        binaries / "pg_ctl",
        "-D",
        data,
        "-w",
        "-t",
        str(START_TIMEOUT_S),
        "-l",
        folder / "log",
        "-o",
        options,
        "start",
    ]
    subprocess.run(start, check=True, capture_output=True)
    try:
        yield Postgres(f"postgresql://fedi@127.0.0.1:{port}/postgres")
    finally:
        subprocess.run(
            [*as_whom, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"],
            check=False,
            capture_output=True,
        )
        shutil.rmtree(folder, ignore_errors=True)


def _demoted(folder: Path) -> list[str]:
    """Return the prefix that runs a command as somebody else, since PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return []
    name = "postgres"
    try:
        person = pwd.getpwnam(name)
    except KeyError:
        name, person = "nobody", pwd.getpwnam("nobody")
    os.chown(folder, person.pw_uid, person.pw_gid)
    return ["setpriv", f"--reuid={person.pw_uid}", f"--regid={person.pw_gid}", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _migrate(url: str) -> None:
    async def work() -> None:
        db = Database(url)
        await upgrade(db)
        await db.close()

    asyncio.run(work())
