"""Bookmarks below the API."""

import pytest

from fedi.errors import Refused
from fedi.models import Bookmark
from fedi.services import bookmarking, posting
from fedi.services.posting import NewPost
from tests.fedi import looking
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_what_one_may_not_see_cannot_be_kept(server: Server) -> None:
    anna, ben = await server.person("anna"), await server.person("ben")
    ctx = server.ctx
    async with ctx.db.write() as tx:
        private = await posting.publish(ctx, tx, author=ben, new=NewPost(text="x", visibility="private"))
        await bookmarking.bookmark(ctx, tx, account=ben, post=private)
        with pytest.raises(Refused) as refusal:
            await bookmarking.bookmark(ctx, tx, account=anna, post=private)
    assert refusal.value.status == 404
    assert await looking.count(server, Bookmark, Bookmark.account_id == ben.id) == 1
    assert await looking.count(server, Bookmark, Bookmark.account_id == anna.id) == 0
