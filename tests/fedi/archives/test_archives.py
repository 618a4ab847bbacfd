"""An archive holds everything, is refused when anything of it is wrong, and becomes the same instance again."""

import gzip
import io
import tarfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from fedi import migrate
from fedi.archives import copying, reading, rows, writing
from fedi.archives.manifest import MANIFEST, Manifest
from fedi.db import Database
from fedi.errors import Refused
from fedi.models import Base, Job, Post
from fedi.services import interacting
from tests.fedi.services.town import Town
from tests.servers import Server

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


def silently(_what: str, _done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def hidden(folder: Path) -> list[Path]:
    return list(folder.glob(".backup*"))


def beginnings(archive: Path) -> Iterator[Path]:
    """Cut an archive off at several places."""
    whole = archive.read_bytes()
    for length in (0, 100, len(whole) // 2, len(whole) - 20_000):
        archive.write_bytes(whole[: max(0, length)])
        yield archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "backup.tar"


async def fill(server: Server) -> Post:
    """Let people follow, write with a picture, answer before what they answer, favourite and boost."""
    town = Town(server)
    await town.follows("fan@far.test", "alice")
    await town.follows("bob", "alice")
    picture = await town.picture("alice")
    post = await town.posts("alice", "look 🦊", attachment_ids=[picture])
    answer = await town.posts("bob", "nice", in_reply_to_id=post.id)
    async with server.ctx.db.write() as tx:
        bob = await town.one("bob")
        found = await tx.get_one(Post, post.id)
        await interacting.favourite(server.ctx, tx, account=bob, post=found)
        await interacting.boost(server.ctx, tx, account=bob, post=found)
        # An answer may have been known before what it answers: a row that names a later one.
        (await tx.get_one(Post, post.id)).in_reply_to_id = answer.id
    (server.settings.data_path / "config.toml").write_text(f'origin = "{server.settings.origin}"\n')
    return post


async def everything(db: Database) -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    async with db.read() as tx:
        connection = await tx.connection()
        return {
            table.name: [row async for some in rows.read(connection, table) for row in some]
            for table in rows.tables()
        }


async def written(server: Server, archive: Path, *, media: bool = True) -> Manifest:
    ctx = server.ctx
    return await writing.write(
        ctx.settings, ctx.db, ctx.blobs, ctx.clock, archive, media=media, on_step=silently
    )


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, of either kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/other.db"
    bare: str = request.getfixturevalue("postgres").bare()
    return bare


@pytest.fixture
async def other(other_url: str) -> AsyncIterator[Database]:
    """The same, with tables and without rows."""
    db = Database(other_url)
    await migrate.upgrade(db)
    yield db
    await db.close()


async def test_an_instance_goes_through_a_file_into_either_database(
    either_server: Server, other: Database, archive: Path
) -> None:
    await fill(either_server)
    manifest = await written(either_server, archive)
    assert reading.verify(archive, on_step=silently) == manifest
    await reading.restore_rows(archive, manifest, other, on_step=silently)
    before = await everything(either_server.ctx.db)
    assert await everything(other) == before
    assert len(before["post"]) == 3
    # The other database goes on counting where the first one stopped.
    async with other.write() as tx:
        last = max(row[0] for row in before["job"])
        job = Job(
            queue="inbox",
            kind="prune",
            payload={},
            run_at=either_server.clock(),
            created_at=either_server.clock(),
        )
        tx.add(job)
        await tx.flush()
        assert job.id > last


async def test_an_instance_is_copied_from_one_database_to_the_other(
    either_server: Server, other: Database
) -> None:
    await fill(either_server)
    copied = await copying.copy(either_server.ctx.db, other, on_step=silently)
    assert await everything(other) == await everything(either_server.ctx.db)
    assert copied["post"] == 3
    with pytest.raises(Refused, match="not empty"):
        await copying.copy(either_server.ctx.db, other, on_step=silently)


async def test_pictures_settings_and_keys_go_along(server: Server, archive: Path, tmp_path: Path) -> None:
    await fill(server)
    (server.settings.data_path / "notes.bin").write_bytes(b"x" * (writing.FILE_BYTES_MAX + 1))
    manifest = await written(server, archive)
    assert mode(archive) == 0o600
    async with server.ctx.db.read() as tx:
        keys = {row.file_key for row in (await tx.execute(select(Base.metadata.tables["attachment"]))).all()}
    assert keys <= {name.removeprefix("media/") for name in manifest.members}
    there = tmp_path / "there"
    there.mkdir()
    assert reading.restore_files(archive, there) == ["config.toml"]
    assert (there / "config.toml").read_text() == f'origin = "{server.settings.origin}"\n'
    assert mode(there / "config.toml") == 0o600
    with pytest.raises(Refused, match="exists already"):
        reading.restore_files(archive, there)
    with pytest.raises(Refused, match="never written over"):
        await written(server, archive)
    assert hidden(tmp_path) == []
    bare = await written(server, tmp_path / "bare.tar", media=False)
    assert not any(name.startswith("media/") for name in bare.members)


async def test_a_picture_that_the_store_lost_is_named(server: Server, archive: Path) -> None:
    await fill(server)
    async with server.ctx.db.read() as tx:
        [row] = (await tx.execute(select(Base.metadata.tables["attachment"]))).all()
    await server.ctx.blobs.delete(row.file_key)
    assert row.file_key in (await written(server, archive)).missing


def test_every_column_that_names_a_file_is_known() -> None:
    naming = {
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        if table.name not in rows.PASSING
        for column in table.columns
        if column.name in {"file_key", "thumbnail_key", "avatar_key", "header_key"} or "blob" in column.name
    }
    assert naming == set(writing.MEDIA_COLUMNS)


def altered(archive: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Write an archive anew with other members."""
    with tarfile.open(archive) as tar:
        members = {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]
    change(members)
    with tarfile.open(archive, "w") as tar:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))


def drop_a_table(members: dict[str, bytes]) -> None:
    del members["tables/post.jsonl.gz"]


def change_a_row(members: dict[str, bytes]) -> None:
    data = gzip.decompress(members["tables/account.jsonl.gz"]).replace(b"alice", b"mallo")
    members["tables/account.jsonl.gz"] = gzip.compress(data, mtime=0)


def climb_out(members: dict[str, bytes]) -> None:
    members["files/../../evil"] = b"x"


def add_a_member(members: dict[str, bytes]) -> None:
    members["files/evil.toml"] = b"x"


def come_from_the_future(members: dict[str, bytes]) -> None:
    said = msgspec.json.decode(members[MANIFEST])
    members[MANIFEST] = msgspec.json.encode({**said, "format": 99})


def talk_nonsense(members: dict[str, bytes]) -> None:
    members[MANIFEST] = b'{"format": "?"}'


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop_a_table, "lacks tables/post"),
        (change_a_row, "account.jsonl.gz is not what was written"),
        (climb_out, "none of ours"),
        (add_a_member, "does not know"),
        (come_from_the_future, "newer fedi"),
        (talk_nonsense, "cannot be read"),
    ],
)
async def test_an_archive_that_was_changed_is_refused(
    server: Server, archive: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    await fill(server)
    await written(server, archive)
    altered(archive, change)
    with pytest.raises(Refused, match=said):
        reading.verify(archive, on_step=silently)


async def test_an_archive_that_was_cut_off_is_refused(server: Server, archive: Path) -> None:
    await fill(server)
    await written(server, archive)
    for part in beginnings(archive):
        with pytest.raises(Refused):
            reading.verify(part, on_step=silently)


async def test_what_is_written_meanwhile_is_in_it_as_a_whole_or_not_at_all(
    either_server: Server, archive: Path
) -> None:
    post = await fill(either_server)
    town = Town(either_server)
    async with either_server.ctx.db.read() as tx:
        # The rows are of the moment in which the first table was read.
        connection = await tx.connection()
        tables = {table.name: table for table in rows.tables()}
        accounts = [row async for some in rows.read(connection, tables["account"]) for row in some]
        await town.posts("carol", "too late")
        found = [row async for some in rows.read(connection, tables["post"]) for row in some]
    assert len(accounts) >= 3
    assert len(found) == 3
    assert post.id in {row[0] for row in found}
    manifest = await written(either_server, archive)
    assert manifest.tables["post"].rows == 4
