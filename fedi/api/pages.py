"""The few pages that belong to OAuth: sign in, consent, the code to copy, and what went wrong.

They work without JavaScript and in the small windows that phones open for them. They carry no
`form-action` in their policy, because browsers apply it to the redirect after a form, which here goes to an
application's own scheme; and no `Cross-Origin-Opener-Policy`, because web clients open them as a pop-up and
wait for it. They must not be framed: a click on "Allow" must be meant (RFC 9700 section 4.16).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

import fedi
from fedi import context

__all__ = ["POLICY", "page"]

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy of these pages."""

_environment = Environment(
    loader=FileSystemLoader(Path(fedi.__file__).parent / "web" / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
    """Render one of the templates in `oauth/`."""
    ctx = context.of(request)
    body = _environment.get_template(f"oauth/{template}").render(settings=ctx.settings, **values)
    return HTMLResponse(
        body,
        status_code=status,
        headers={
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        },
    )
