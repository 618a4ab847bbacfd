"""The pages that belong to somebody: sign in, consent, the code to copy, and the settings of an account.

They work without JavaScript and in the small windows that phones open for them. Their templates stand beside
those of all other pages and share their frame; `fedi.web.headers` gives them a policy without `form-action`,
because browsers apply it to the redirect after a form, which here leads to an application's own scheme.
"""

from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

import fedi
from fedi import context

__all__ = ["page"]

# This edge may not import the one for browsers, so it reads the same folder with an environment of its own.
_environment = Environment(
    loader=FileSystemLoader(str(resources.files("fedi") / "web" / "templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_environment.globals |= {"static": lambda name: f"/static/{name}", "version": fedi.__version__}


def page(
    request: Request, template: str, values: Mapping[str, Any], *, status: int = 200, folder: str = "oauth"
) -> Response:
    """Render one of the templates in a folder; it holds secrets, so nobody keeps it."""
    settings = context.of(request).settings
    body = _environment.get_template(f"{folder}/{template}").render(settings=settings, **values)
    return HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})
