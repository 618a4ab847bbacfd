"""What tests of pages need: posts with pictures, and a look at the elements of a page."""

import io
from html.parser import HTMLParser
from typing import Any

import httpx
from PIL import Image

from fedi.models import Account, Attachment, Post
from fedi.services import posting
from tests.servers import Server

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
"""What a browser asks for."""


def jpeg(width: int = 48, height: int = 32, colour: str = "#c96") -> bytes:
    """Return a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


async def picture(server: Server, owner: Account, *, alt: str | None = "A brown field", **values: Any) -> int:
    """Store a picture that waits for its post, and return its id."""
    key = await server.ctx.blobs.put(jpeg(), "image/jpeg")
    row = Attachment(
        id=server.ctx.ids.next(), account_id=owner.id, kind="image", media_type="image/jpeg", file_key=key,
        thumbnail_key=key, width=48, height=32, thumbnail_width=48, thumbnail_height=32, description=alt,
        created_at=server.clock(),
    )  # fmt: skip
    for name, value in values.items():
        setattr(row, name, value)
    async with server.ctx.db.write() as tx:
        tx.add(row)
    return row.id


async def publish(
    server: Server,
    author: Account,
    text: str = "Look",
    *,
    visibility: str = "public",
    pictures: int = 0,
    **new: Any,
) -> Post:
    """Publish a post with so many pictures."""
    ids = [await picture(server, author) for _ in range(pictures)]
    values = {"attachment_ids": ids, **new}
    async with server.ctx.db.write() as tx:
        me = await tx.get_one(Account, author.id)
        return await posting.publish(
            server.ctx, tx, author=me, new=posting.NewPost(text=text, visibility=visibility, **values)
        )


async def page(server: Server, path: str, status: int = 200) -> httpx.Response:
    """Return what a browser is shown at a path."""
    answer = await server.client.get(path, headers=HTML)
    assert answer.status_code == status, (answer.status_code, answer.text)
    return answer


def elements(html: str, tag: str, **attributes: str) -> list[dict[str, str]]:
    """Return the attributes of the elements of a kind that have these attributes."""
    finder = _Finder(tag)
    finder.feed(html)
    wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    return [found for found in finder.found if wanted.items() <= found.items()]


class _Finder(HTMLParser):
    def __init__(self, tag: str) -> None:
        super().__init__()
        self._tag = tag
        self.found: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == self._tag:
            self.found.append({name: value or "" for name, value in attrs})
