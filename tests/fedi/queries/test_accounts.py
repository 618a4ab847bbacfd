"""Finding accounts, on both databases."""

from typing import Any

import pytest

from fedi.queries import accounts
from tests.fedi.queries.conftest import World

pytestmark = pytest.mark.anyio


async def test_accounts_are_found_by_what_names_them(world: World) -> None:
    await world.add(
        world.account(11, "anna"),
        world.account(12, "anna", "other.test"),
        world.account(13, "Anna", "other.test:8443"),
    )
    async with world.server.ctx.db.read() as tx:

        async def found(question: Any) -> int | None:
            account = await question
            return account.id if account is not None else None

        assert await found(accounts.by_id(tx, 12)) == 12
        assert await found(accounts.by_id(tx, 99)) is None
        assert await found(accounts.by_iri(tx, "https://fedi.test/users/anna")) == 11
        assert await found(accounts.by_iri(tx, "https://fedi.test/users/nobody")) is None
        assert await found(accounts.local_by_name(tx, "ANNA")) == 11
        assert await found(accounts.local_by_name(tx, "nobody")) is None
        assert await found(accounts.by_handle(tx, "anna", "other.test")) == 12
        assert await found(accounts.by_handle(tx, "Anna", "other.test:8443")) == 13
        assert await found(accounts.by_handle(tx, "anna", "nowhere.test")) is None


async def test_a_name_at_the_host_of_a_server_stands_for_the_handle(world: World) -> None:
    def there(key: int, name: str, domain: str, host: str) -> Any:
        account = world.account(key, name, domain)
        account.iri = f"https://{host}/users/{key}"
        return account

    await world.add(
        there(11, "anna", "other.test", "social.other.test"),
        there(12, "ben", "one.test", "shared.test"),
        there(13, "ben", "two.test", "shared.test"),
        there(14, "cleo", "shared.test", "elsewhere.test"),
        there(15, "cleo", "three.test", "shared.test"),
    )
    wanted = {
        ("anna", "other.test"): 11, ("Anna", "social.other.test"): 11, ("anna", "ocial.other.test"): None,
        ("anna", "social.other.tes_"): None, ("ben", "shared.test"): None, ("ben", "two.test"): 13,
        ("cleo", "shared.test"): 14,
    }  # fmt: skip
    async with world.server.ctx.db.read() as tx:
        for (name, domain), expected in wanted.items():
            account = await accounts.by_either_handle(tx, name, domain)
            assert (account.id if account else None) == expected, (name, domain)


async def test_many_accounts_are_found_at_once(world: World) -> None:
    await world.add(world.account(11, "anna"), world.account(12, "ben"))
    async with world.server.ctx.db.read() as tx:
        assert await accounts.by_ids(tx, []) == {}
        found = await accounts.by_ids(tx, [12, 11, 12, 99])
    assert {key: account.username for key, account in found.items()} == {11: "anna", 12: "ben"}


async def test_the_server_has_an_actor_of_its_own(world: World) -> None:
    async with world.server.ctx.db.read() as tx:
        actor = await accounts.instance_actor(tx, world.server.settings)
    assert actor is not None
    assert (actor.iri, actor.kind) == ("https://fedi.test/actor", "Application")
