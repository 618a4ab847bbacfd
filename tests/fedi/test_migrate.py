"""The migrations make the tables of the models, on both databases."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, String, inspect, select, text

from fedi import migrate, migrations
from fedi.db import Database
from fedi.migrations import HEAD
from fedi.models import Account, Base, Conversation, HomeEntry, Post
from fedi.schema import revision

pytestmark = [pytest.mark.anyio, pytest.mark.slow]  # processes, or long by design


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


def differences(connection: Connection, expected: MetaData = Base.metadata) -> list[Any]:
    # The index of words is each database's own, and no model: SQLite's is a virtual table with four more.
    opts = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("post_search")}
    context = MigrationContext.configure(connection, opts=opts)
    return list(compare_metadata(context, expected))


def constraints(connection: Connection) -> dict[str, set[str]]:
    """Return the names of all keys and constraints by table."""
    found = inspect(connection)
    return {
        table: {str(key["name"]) for key in found.get_foreign_keys(table)}
        | {str(key["name"]) for key in found.get_unique_constraints(table)}
        | {str(index["name"]) for index in found.get_indexes(table) if not index.get("duplicates_constraint")}
        for table in Base.metadata.tables
    }


async def test_the_migrated_tables_are_those_of_the_models(db: Database) -> None:
    async with db.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_difference_would_be_found(db: Database) -> None:
    # The comparison above proves nothing unless it sees what is missing.
    other = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        if table.name != "marker":
            table.to_metadata(other)
    other.tables["peer"].append_column(Column("colour", String))
    async with db.engine.connect() as connection:
        found = await connection.run_sync(differences, other)
    assert {change[0] for change in found} == {"remove_table", "add_column"}


async def test_a_later_migration_can_name_every_constraint_that_it_drops(db: Database) -> None:
    async with db.engine.connect() as connection:
        by_table = await connection.run_sync(constraints)
    for table, names in by_table.items():
        assert {
            name for name in names if not name.startswith((f"fk_{table}", f"uq_{table}", f"ix_{table}"))
        } == set()


def test_head_is_the_newest_migration_and_there_is_one_line_of_them() -> None:
    scripts = ScriptDirectory.from_config(migrate.config())
    assert scripts.get_heads() == [HEAD]
    files = sorted(Path(scripts.versions).glob("[0-9]*.py"))
    assert files[-1].name.startswith(HEAD)
    for script in scripts.walk_revisions():
        assert len(script.revision) == len(HEAD), "revisions are compared as text"


def test_a_new_migration_is_written_with_the_types_of_both_databases(tmp_path: Path) -> None:
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(migrations.__file__).parent, scripts, ignore=shutil.ignore_patterns("0*.py"))

    def write(connection: Connection) -> None:
        config = migrate.config(connection)
        config.set_main_option("script_location", str(scripts))
        command.revision(config, message="all anew", autogenerate=True, rev_id="0001")

    async def work() -> None:
        db = Database(f"sqlite+aiosqlite:///{tmp_path}/empty.db")
        async with db.engine.begin() as connection:
            await connection.run_sync(write)
        await db.close()

    asyncio.run(work())
    [path] = scripts.glob("versions/0001*.py")
    written = path.read_text()
    assert "from fedi import db" in written
    for part in ('"id", db.Id, autoincrement=False', '"payload", db.Json', '"run_at", db.Instant()'):
        assert part.replace('"', "'") in written
    assert "BigInteger" not in written.replace("sa.BigInteger().with_variant(sa.Integer(), 'sqlite')", "")


async def test_what_an_older_server_holds_survives_the_upgrade(empty_url: str) -> None:
    db = Database(empty_url)
    now = 1_795_000_000_000  # milliseconds

    def begin(connection: Connection) -> None:
        command.upgrade(migrate.config(connection), "0001")
        tables = MetaData()
        tables.reflect(connection)
        rows: dict[str, dict[str, Any]] = {
            "account": {
                "id": 1, "username": "ada", "domain": "", "iri": "https://a.example/users/ada", "kind": "Person",
                "inbox": "https://a.example/users/ada/inbox", "public_keys": [], "fields": [],
                "emojis": [], "also_known_as": [], "created_at": now,
            },
            "post": {
                "id": 2, "iri": "https://a.example/users/ada/statuses/2", "account_id": 1, "local": True,
                "visibility": "public", "emojis": [], "created_at": now,
            },
            "home_entry": {"account_id": 1, "post_id": 2},
        }  # fmt: skip
        for name, values in rows.items():
            connection.execute(tables.tables[name].insert().values(values))
        for key in (3, 4):
            message = {
                "id": key,
                "iri": f"https://a.example/{key}",
                "visibility": "direct",
                "conversation": "x",
            }
            connection.execute(tables.tables["post"].insert().values({**rows["post"], **message}))

    async with db.engine.begin() as connection:
        await connection.run_sync(begin)
    await migrate.upgrade(db)
    async with db.read() as tx:
        account = await tx.get_one(Account, 1)
        assert (await tx.get_one(HomeEntry, (1, 2))).post_id == 2
        assert (await tx.get_one(Post, 2)).quotes_count == 0
        (conversation,) = (await tx.execute(select(Conversation))).scalars()
        said = (conversation.account_id, conversation.thread, conversation.last_post_id, conversation.unread)
        assert said == (1, "x", 4, False)
    await db.close()
    assert account.proof_key_pem is not None, "it gets the key that it lacked"
    assert [key["id"] for key in account.public_keys] == ["https://a.example/users/ada#ed25519-key"]


async def test_what_an_older_server_holds_can_be_searched_for_after_the_upgrade(empty_url: str) -> None:
    db = Database(empty_url)
    now = 1_795_000_000_000  # milliseconds

    def begin(connection: Connection) -> None:
        command.upgrade(migrate.config(connection), "0002")
        tables = MetaData()
        tables.reflect(connection)

        def add(name: str, **values: Any) -> None:
            table = tables.tables[name]
            empty = {column.name: [] for column in table.c if column.name in LISTS}
            connection.execute(table.insert().values(**{**empty, "created_at": now, **values}))

        for key, name, domain, indexable in (
            (1, "ada", "", False),
            (2, "bea", "b.example", False),
            (3, "cy", "b.example", True),
        ):
            iri = f"https://{domain or 'a.example'}/users/{name}"
            add(
                "account",
                id=key,
                username=name,
                domain=domain,
                iri=iri,
                kind="Person",
                inbox=iri,
                indexable=indexable,
            )
        for key, author in ((10, 1), (11, 2), (12, 3), (13, 2)):
            said = f"<p>Crème of <b>{key}</b></p>"
            add(
                "post",
                id=key,
                iri=f"x:{key}",
                account_id=author,
                local=author == 1,
                visibility="public",
                content=said,
            )
        add("favourite", id=20, account_id=1, post_id=13, iri="x:20")

    async with db.engine.begin() as connection:
        await connection.run_sync(begin)
    await migrate.upgrade(db)
    async with db.engine.connect() as connection:
        key = "rowid" if db.is_sqlite else "post_id"
        kept = await connection.execute(text(f"SELECT {key} FROM post_search ORDER BY 1"))
        indexed = list(kept.scalars())
        match = "post_search MATCH 'creme'" if db.is_sqlite else "words @@ to_tsquery('simple', 'creme')"
        found = await connection.execute(text(f"SELECT {key} FROM post_search WHERE {match} ORDER BY 1"))
        assert list(found.scalars()) == indexed == [10, 12, 13], "not what nobody may search for"
    async with db.engine.begin() as connection:
        await connection.execute(text("DELETE FROM account WHERE id = 3"))
        left = await connection.execute(text(f"SELECT {key} FROM post_search ORDER BY 1"))
        assert list(left.scalars()) == [10, 13], "what is deleted with its author goes too"
    await db.close()


LISTS = {"public_keys", "fields", "emojis", "also_known_as", "attribution_domains"}


async def test_upgrading_again_changes_nothing(db: Database) -> None:
    await migrate.upgrade(db)
    assert await revision(db) == HEAD


@pytest.mark.slow
def test_processes_that_begin_together_both_find_a_migrated_database(empty_url: str, tmp_path: Path) -> None:
    environment = {**os.environ, "FEDI_DATABASE_URL": empty_url, "FEDI_DATA_DIR": str(tmp_path)}
    migrating = [sys.executable, "-m", "fedi.migrate"]
    started = [
        subprocess.Popen(migrating, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    errors = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], errors

    async def at() -> str | None:
        db = Database(empty_url)
        try:
            return await revision(db)
        finally:
            await db.close()

    assert asyncio.run(at()) == HEAD


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=[pytest.mark.slow, pytest.mark.xdist_group("postgres")])]
)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/empty.db"
    return request.getfixturevalue("postgres").bare()
