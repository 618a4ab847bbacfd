import os
import stat
from pathlib import Path

import pytest

from media.blobs import key_for
from media.errors import BlobError
from media.stores.disk import DiskStore

pytestmark = pytest.mark.anyio

KEY = key_for(b"data", "image/png")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def store(root: Path) -> DiskStore:
    return DiskStore(root)


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


async def test_file_lies_two_folders_deep_and_is_not_for_everyone(store: DiskStore, root: Path) -> None:
    await store.put(b"data", "image/png")
    path = root / KEY[:2] / KEY[2:4] / KEY
    assert path.read_bytes() == b"data"
    assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o007 == 0


async def test_nothing_but_the_file_is_left(store: DiskStore, root: Path) -> None:
    await store.put(b"data", "image/png")
    await store.put(b"data", "image/png")
    assert files_in(root) == [KEY]


async def test_write_that_fails_leaves_nothing_and_says_so(
    store: DiskStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BlobError, match="could not be stored") as error:
        await store.put(b"data", "image/png")
    assert "No space" in error.value.detail
    assert files_in(root) == []
    assert not await store.exists(KEY)


async def test_file_is_flushed_before_it_gets_its_name(
    store: DiskStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("fsync"), fsync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda self, to: (order.append("rename"), replace(self, to))[1])
    await store.put(b"data", "image/png")
    assert order == ["fsync", "rename", "fsync"]


async def test_unreadable_file_is_an_error_and_not_missing(store: DiskStore) -> None:
    store.path(KEY).mkdir(parents=True)
    with pytest.raises(BlobError) as error:
        await store.get(KEY)
    assert type(error.value) is BlobError
    with pytest.raises(BlobError, match="could not be removed"):
        await store.delete(KEY)


async def test_without_public_address_the_server_serves(store: DiskStore) -> None:
    assert store.url(KEY) is None
