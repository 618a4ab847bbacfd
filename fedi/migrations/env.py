"""Alembic's entry: runs the migrations on the connection that `fedi.migrate` hands over."""

from typing import Any, Literal

from alembic import context

from fedi import db
from fedi.models import Base


def _render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Write our column types by name into new migrations, so that they fit both databases."""
    if kind != "type":
        return False
    if isinstance(item, db.Instant):
        autogen.imports.add("from fedi import db")
        return "db.Instant()"
    for ours in (db.Id, db.Json):
        if item is ours or repr(item) == repr(ours):
            autogen.imports.add("from fedi import db")
            return "db.Id" if ours is db.Id else "db.Json"
    return False


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave out the index of words: each database has its own form of it, and SQLite's makes more tables."""
    return kind != "table" or not (name or "").startswith("post_search")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a table; batch mode copies it
    render_item=_render,
    include_name=_is_ours,
    compare_type=True,
)
context.run_migrations()
