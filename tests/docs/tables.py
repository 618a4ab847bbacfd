"""The tables in `docs/`, made from the code that they describe.

`python -m tests.docs.tables` writes each anew between its two marks.
"""

import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from fedi.api import empty
from fedi.api.routes import ROUTES, unknown
from fedi.api.routing import ApiRoute
from fedi.config import Settings
from tests.tidy.sources import ROOT

DOCS = ROOT / "docs"


def settings() -> str:
    """Return the table of all settings."""
    lines = ["| setting | environment | type | default | meaning |", "|---|---|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        kind, meta = typing.get_args(field.type)[:2]
        default = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
        cells = (
            f"`{field.name}`",
            f"`FEDI_{field.name.upper()}`",
            _kind(kind, meta),
            _shown(default),
            meta.description,
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def endpoints() -> str:
    """Return the table of all endpoints that do something."""
    lines = ["| request | what it does |", "|---|---|"]
    for route in _api():
        if route.path not in empty.LISTS:
            methods = sorted((route.methods or set()) - {"HEAD"})
            summary = (route.endpoint.__doc__ or "").strip().splitlines()[0]
            lines.append(f"| `{' '.join(methods)} {route.path}` | {summary} |")
    return "\n".join(lines)


def lists() -> str:
    """Return the paths that answer with an empty list."""
    return "\n".join(f"- `GET {route.path}`" for route in _api() if route.path in empty.LISTS)


TABLES: Mapping[tuple[str, str], Callable[[], str]] = {
    ("settings.md", "settings"): settings,
    ("clients.md", "endpoints"): endpoints,
    ("clients.md", "lists"): lists,
}
"""Page, mark, and what stands there."""


def written(page: str, mark: str) -> str:
    """Return a table as it stands in its page."""
    _, table, _ = _parts(DOCS / page, mark)
    return table


def _parts(path: Path, mark: str) -> tuple[str, str, str]:
    before, _, rest = path.read_text().partition(f"<!-- {mark}: begin -->")
    table, end, after = rest.partition(f"<!-- {mark}: end -->")
    assert end, f"{path.name} has no marks for {mark}"
    return before, table.strip(), after


def _api() -> list[ApiRoute]:
    return [route for route in ROUTES if isinstance(route, ApiRoute) and route.endpoint is not unknown]


def _kind(kind: Any, meta: msgspec.Meta) -> str:
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(f"`{value}`" for value in typing.get_args(kind))
    if isinstance(kind, types.GenericAlias):
        return "list of texts"
    bounds = f", {meta.ge} to {meta.le}" if meta.ge is not None and meta.le is not None else ""
    return {str: "text", int: "whole number", bool: "yes or no", float: "number"}[kind] + bounds


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, list):
        return ", ".join(f"`{value}`" for value in default) or "none"
    return f"`{default}`" if default != "" else "empty"


def main() -> None:
    """Write all tables anew."""
    for (page, mark), table in TABLES.items():
        before, _, after = _parts(DOCS / page, mark)
        marked = f"<!-- {mark}: begin -->\n{table()}\n<!-- {mark}: end -->"
        (DOCS / page).write_text(before + marked + after)


if __name__ == "__main__":
    main()
