"""Every store keeps the same promises: each test runs on all of them."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from media.blobs import BlobStore
from media.errors import BlobError, BlobKeyError, BlobMissingError, UnsupportedTypeError
from media.stores import open_store
from media.stores.disk import DiskStore
from tests.require import import_or_skip

pytestmark = pytest.mark.anyio

DATA = bytes(range(256)) * 4000
MISSING = "0" * 64 + ".png"
PUBLIC_URL = "https://files.example/media/"


@pytest.fixture(params=["disk", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A store of each kind, with a public address."""
    if request.param == "disk":
        return DiskStore(tmp_path / "blobs", public_url=PUBLIC_URL)
    memory = import_or_skip("s3", "obstore.store").MemoryStore()
    s3 = import_or_skip("s3", "media.stores.s3")
    return s3.BucketStore(memory, public_url=PUBLIC_URL)


async def test_file_comes_back_as_it_went_in(kept: BlobStore) -> None:
    key = await kept.put(DATA, "image/png")
    assert key == hashlib.sha256(DATA).hexdigest() + ".png"
    assert await kept.get(key) == DATA
    assert await kept.exists(key)
    await kept.close()


async def test_file_comes_back_in_pieces(kept: BlobStore) -> None:
    blob = await kept.open(await kept.put(DATA, "image/jpeg"))
    assert (blob.size_bytes, blob.content_type) == (len(DATA), "image/jpeg")
    assert b"".join([chunk async for chunk in blob.chunks]) == DATA


async def test_same_file_twice_is_one_file(kept: BlobStore) -> None:
    assert await kept.put(DATA, "image/png") == await kept.put(DATA, "image/png")


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 1), (5, 300), (len(DATA) - 1, len(DATA)), (len(DATA) - 4, len(DATA) + 9), (len(DATA), 10**9)],
)
async def test_part_of_a_file_is_read(kept: BlobStore, start: int, end: int) -> None:
    key = await kept.put(DATA, "image/png")
    assert await kept.range(key, start, end) == DATA[start:end]


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (6, 5)])
async def test_impossible_part_is_refused(kept: BlobStore, start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no range"):
        await kept.range(MISSING, start, end)


async def test_deleted_file_is_gone_and_may_be_deleted_again(kept: BlobStore) -> None:
    key = await kept.put(DATA, "image/png")
    await kept.delete(key)
    await kept.delete(key)
    assert not await kept.exists(key)


async def test_missing_file_is_an_error_of_its_own(kept: BlobStore) -> None:
    assert not await kept.exists(MISSING)
    for reading in (kept.get(MISSING), kept.open(MISSING), kept.range(MISSING, 0, 1)):
        with pytest.raises(BlobMissingError):
            await reading


@pytest.mark.parametrize("key", ["", "../../../etc/passwd", "a/../" + MISSING, MISSING + "\n"])
async def test_malformed_key_is_refused_by_every_method(kept: BlobStore, key: str) -> None:
    for asking in (kept.get(key), kept.open(key), kept.range(key, 0, 1), kept.delete(key), kept.exists(key)):
        with pytest.raises(BlobKeyError):
            await asking
    with pytest.raises(BlobKeyError):
        kept.url(key)


async def test_type_that_is_not_served_is_not_stored(kept: BlobStore) -> None:
    with pytest.raises(UnsupportedTypeError):
        await kept.put(b"<svg/>", "image/svg+xml")


async def test_public_address_ends_in_the_key(kept: BlobStore) -> None:
    assert kept.url(MISSING) == PUBLIC_URL + MISSING


def test_disk_url_opens_a_folder(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/with%20space?public_url={PUBLIC_URL}")
    assert isinstance(store, DiskStore)
    assert store.path(MISSING) == tmp_path / "with space" / "00" / "00" / MISSING
    assert store.url(MISSING) == PUBLIC_URL + MISSING


def test_bucket_url_opens_a_bucket() -> None:
    s3 = import_or_skip("s3", "media.stores.s3")
    store = open_store("s3://bucket/a/prefix?endpoint=http://127.0.0.1:1&region=eu-1&virtual_hosted=false")
    assert isinstance(store, s3.BucketStore)
    assert store.url(MISSING) is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "not a storage URL"),
        ("/var/lib/fedi", "not a storage URL"),
        ("ftp://host/path", "not a storage URL"),
        ("file:relative", "absolute path"),
        ("file://server/share", "absolute path"),
        ("file:///tmp?region=eu", "absolute path"),
    ],
)
def test_url_that_names_no_store_is_refused_with_the_mend(url: str, said: str) -> None:
    with pytest.raises(BlobError, match=said):
        open_store(url)


@pytest.mark.parametrize(
    ("url", "said"), [("s3:///prefix", "no bucket"), ("s3://bucket?secret_access_key=x", "unknown option")]
)
def test_bucket_url_with_a_fault_is_refused_with_the_mend(url: str, said: str) -> None:
    import_or_skip("s3", "obstore")
    with pytest.raises(BlobError, match=said):
        open_store(url)


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(BlobError, match=r"pip install 'fedi\[s3\]'"):
        open_store("s3://bucket")
