"""The template environment: Jinja2 with autoescaping, read from the installed package.

Templates decide nothing: `fedi.web.views` hands them values that are ready to print. A name that is
missing is an error and not an empty string, so that a typing mistake shows in a test and not as a gap in a
page.
"""

from collections.abc import Mapping
from typing import Any

import jinja2
from starlette.responses import HTMLResponse

from fedi import __version__
from fedi.context import Context
from fedi.web.static import address

__all__ = ["render"]

_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("fedi.web", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.globals |= {"static": address, "version": __version__}


def render(
    ctx: Context, name: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
) -> HTMLResponse:
    """Render a page.

    Args:
        ctx: the context; templates see its settings as `settings`.
        name: of the template, such as `profile.html`.
        status: of the answer.
        headers: of the answer; pages are revalidated each time unless these say otherwise.
        values: what the template prints.
    """
    html = _environment.get_template(name).render(settings=ctx.settings, **values)
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-cache", **(headers or {})})
