"""Templates print what they are given and fail on what is missing."""

import jinja2
import pytest

from fedi.web.templates import render
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_a_missing_value_is_an_error(server: Server) -> None:
    with pytest.raises(jinja2.UndefinedError):
        render(server.ctx, "error.html", title="Oh")


async def test_values_are_escaped(server: Server) -> None:
    answer = render(server.ctx, "error.html", title="<b>", code=404, text="<script>", request_id="")
    assert b"<script>" not in answer.body
    assert b"&lt;script&gt;" in answer.body


async def test_pages_are_looked_at_again_each_time_unless_said_otherwise(server: Server) -> None:
    assert render(server.ctx, "about.html", said=None, rules=[]).headers["cache-control"] == "no-cache"
    kept = render(
        server.ctx, "about.html", said=None, rules=[], headers={"Cache-Control": "no-store"}, status=503
    )
    assert (kept.headers["cache-control"], kept.status_code) == ("no-store", 503)
