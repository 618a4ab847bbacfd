"""Preferences: defaults that are not stored, and what is refused."""

from typing import TYPE_CHECKING, Any

import pytest

from fedi.errors import Refused
from fedi.models import Login
from fedi.services import preferring

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio


async def test_what_was_never_chosen_has_the_default_and_is_not_stored(either_server: "Server") -> None:
    server = either_server
    anna, bot = await server.person("anna", password="long enough"), await server.person("machine", bot=True)
    async with server.ctx.db.write() as tx:
        await preferring.change(tx, anna.id, {preferring.AUTOPLAY: True})
        await preferring.change(tx, anna.id, {preferring.IMAGINE: False})
        await preferring.change(tx, bot.id, {preferring.IMAGINE: False})
    async with server.ctx.db.read() as tx:
        login = await tx.get_one(Login, anna.id)
        assert login.preferences == {preferring.AUTOPLAY: True, preferring.IMAGINE: False}
        assert await preferring.get(tx, anna.id, preferring.IMAGINE) is False
        assert await preferring.get(tx, anna.id, preferring.EXPAND_MEDIA) == "default"
        assert await preferring.get(tx, bot.id, preferring.IMAGINE) is True, "nobody signs in there"


@pytest.mark.parametrize(
    ("name", "value"),
    [("reading:expand:everything", True), ("reading:expand:media", "some"), ("reading:autoplay:gifs", "yes")],
)
async def test_a_preference_that_cannot_be_so_is_refused(server: "Server", name: str, value: Any) -> None:
    anna = await server.person("anna", password="long enough")
    with pytest.raises(Refused) as refusal:
        async with server.ctx.db.write() as tx:
            await preferring.change(tx, anna.id, {name: value})
    assert refusal.value.status == 422
