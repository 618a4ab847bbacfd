"""At which revision the database is, as Alembic wrote it down."""

from sqlalchemy import text

from fedi.db import Tx

__all__ = ["revision"]


async def revision(tx: Tx) -> str | None:
    """Return the revision; None when no migration has run, which raises on a database without tables."""
    found = (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return None if found is None else str(found)
