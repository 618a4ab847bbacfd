"""The files that ship with the server."""

from importlib import resources

import pytest

from fedi.web.static import address
from tests.fedi.web.showing import HTML, elements, page
from tests.servers import Server

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["style.css", "avatar.png", "header.png", "icon.png"])
async def test_a_file_is_served_with_its_type(server: Server, name: str) -> None:
    answer = await server.client.get(f"/static/{name}")
    assert answer.content == resources.files("fedi.web").joinpath("static", name).read_bytes()
    assert answer.headers["content-type"].split(";")[0] == {"css": "text/css", "png": "image/png"}[name[-3:]]


async def test_a_file_named_with_its_digest_may_be_kept(server: Server) -> None:
    assert "immutable" in (await server.client.get(address("style.css"))).headers["cache-control"]
    assert "immutable" not in (await server.client.get("/static/style.css")).headers["cache-control"]
    assert "immutable" not in (await server.client.get("/static/style.css?v=old")).headers["cache-control"]


async def test_who_has_it_already_is_told_so(server: Server) -> None:
    tag = (await server.client.get("/static/icon.png")).headers["etag"]
    again = await server.client.get("/static/icon.png", headers={"If-None-Match": tag})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "name", ["..%2Fpages.py", "%2e%2e/pages.py", "style.css%00", "nothing.css", "__init__.py"]
)
async def test_no_other_file_can_be_reached(server: Server, name: str) -> None:
    assert (await server.client.get(f"/static/{name}", headers=HTML)).status_code == 404


async def test_pages_name_only_files_that_are_there(server: Server) -> None:
    html = (await page(server, "/")).text
    links = [link["href"] for link in elements(html, "link")] + [
        shown["src"] for shown in elements(html, "img")
    ]
    assert links
    for path in links:
        assert (await server.client.get(path)).status_code == 200


async def test_browsers_find_the_icon_unasked(server: Server) -> None:
    assert (await server.client.get("/favicon.ico")).headers["content-type"] == "image/png"
