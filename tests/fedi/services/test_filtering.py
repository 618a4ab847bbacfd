"""Filters below the API: whom they may name."""

import pytest

from fedi.errors import Refused
from fedi.services import filtering, posting
from fedi.services.filtering import Change
from fedi.services.posting import NewPost
from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_a_post_that_the_owner_may_not_see_cannot_be_named(server: Server) -> None:
    anna, ben = await server.person("anna"), await server.person("ben")
    ctx = server.ctx
    async with ctx.db.write() as tx:
        found = await filtering.create(ctx, tx, owner=anna, new=Change(title="T", contexts=["home"]))
        private = await posting.publish(ctx, tx, author=ben, new=NewPost(text="x", visibility="private"))
        public = await posting.publish(ctx, tx, author=ben, new=NewPost(text="x", visibility="public"))
        assert (await filtering.add_post(ctx, tx, found=found, post=public)).post_id == public.id
        with pytest.raises(Refused) as refusal:
            await filtering.add_post(ctx, tx, found=found, post=private)
    assert refusal.value.status == 404
