"""`fedi media`: what pictures take, what goes, and what is missing."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fedi.db import Database
from fedi.models import Account, Attachment, CachedPicture
from media.stores.disk import DiskStore
from tests.fedi.cli.conftest import Fedi
from tests.fedi.web.showing import jpeg


def fill(instance: Path) -> str:
    """Give somebody here a picture, and keep two of others; return the first one's key."""

    async def work() -> str:
        now = datetime.now(UTC)
        store = DiskStore(instance / "media")
        ours, old, new = [await store.put(jpeg() + bytes([number]), "image/jpeg") for number in range(3)]
        db = Database(f"sqlite+aiosqlite:///{instance}/fedi.db")
        async with db.write() as tx:
            iri = "https://fedi.test/users/anna"
            tx.add(
                Account(
                    id=1, username="anna", iri=iri, kind="Person", inbox=iri, public_keys=[], fields=[], emojis=[],
                    also_known_as=[], created_at=now,
                )
            )  # fmt: skip
            await tx.flush()
            tx.add(Attachment(id=2, account_id=1, kind="image", file_key=ours, created_at=now))
            for number, (key, age) in enumerate(((old, 40), (new, 1))):
                tx.add(
                    CachedPicture(
                        digest=str(number), file_key=key, thumbnail_key=key, size_bytes=1_500_000, fetched_at=now,
                        used_at=now - timedelta(days=age),
                    )
                )  # fmt: skip
        await db.close()
        return ours

    return asyncio.run(work())


def test_pictures_are_counted_pruned_and_looked_for(fedi: Fedi, instance: Path) -> None:
    ours = fill(instance)
    counted = fedi("media", "usage")
    assert counted.exit_code == 0, counted.output
    assert "1 files" in counted.output
    assert "2 pictures, 3.0 MB" in counted.output
    assert "Would forget 1 pictures, 1.5 MB" in fedi("media", "prune", "--dry-run").output
    assert "2 pictures" in fedi("media", "usage").output
    assert "Forgot 1 pictures" in fedi("media", "prune").output
    assert "Would forget 1 pictures" in fedi("media", "prune", "--megabytes", "1", "--dry-run").output
    assert "1 of 1 files are there" in fedi("media", "verify").output
    for path in (instance / "media").rglob(f"*{ours[-20:]}"):
        path.unlink()
    lost = fedi("media", "verify")
    assert lost.exit_code == 1
    assert f"missing: {ours}" in lost.output
