"""What only a bucket does; the shared promises are in test_stores.py."""

from typing import Any

import pytest

from media.errors import BlobError
from tests.require import import_or_skip

obstore = import_or_skip("s3", "obstore")
s3 = import_or_skip("s3", "media.stores.s3")

pytestmark = pytest.mark.anyio


class Broken:
    """Fails as obstore does when the service is away or refuses."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def __call__(self, *_: Any, **__: Any) -> None:
        raise self._error


@pytest.mark.parametrize("error", [obstore.exceptions.GenericError("secret host"), OSError("secret host")])
async def test_error_of_the_service_is_ours_and_keeps_its_secrets(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    store = s3.BucketStore(obstore.store.MemoryStore())
    for name in ("put_async", "get_async", "delete_async", "head_async"):
        monkeypatch.setattr(obstore, name, Broken(error))
    key = "0" * 64 + ".png"
    for asking in (
        store.put(b"", "image/png"),
        store.get(key),
        store.delete(key),
        store.exists(key),
        store.open(key),
    ):
        with pytest.raises(BlobError) as raised:
            await asking
        assert "secret" not in raised.value.message
        assert "secret" in raised.value.detail


async def test_type_and_caching_are_stored_with_the_file() -> None:
    memory = obstore.store.MemoryStore()
    key = await s3.BucketStore(memory).put(b"data", "image/png")
    attributes = (await obstore.get_async(memory, key)).attributes
    assert attributes["Content-Type"] == "image/png"
    assert "immutable" in attributes["Cache-Control"]
