"""OAuth's verbs on both databases."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from fedi.bus.events import EventKind, News
from fedi.models import Account, Login, OAuthApp, OAuthCode, WebSession
from fedi.services import authorizing
from fedi.services.authorizing import Issued

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

BACK = "https://client.example/back"


@pytest.fixture
async def anna(either_server: "Server") -> Account:
    """Somebody with an account."""
    return await either_server.person("anna")


@pytest.fixture
async def app(either_server: "Server") -> OAuthApp:
    """A client."""
    async with either_server.ctx.db.write() as tx:
        return (await register(either_server, tx))[0]


async def register(server: "Server", tx: object) -> tuple[OAuthApp, str]:
    return await authorizing.register_app(
        server.ctx,
        tx,
        name="x",
        website=None,
        redirect_uris=[BACK],
        scopes=["read"],  # type: ignore[arg-type] # a transaction
    )


async def grant(server: "Server", app: OAuthApp, account: Account) -> str:
    async with server.ctx.db.write() as tx:
        return await authorizing.grant_code(
            server.ctx, tx, app=app, account=account, redirect_uri=BACK, scopes=["read"], code_challenge=None
        )


async def redeem(server: "Server", app: OAuthApp, code: str) -> Issued | None:
    async with server.ctx.db.write() as tx:
        return await authorizing.redeem_code(
            server.ctx, tx, app=app, code=code, redirect_uri=BACK, verifier=None
        )


async def is_good(server: "Server", token: str) -> bool:
    async with server.ctx.db.read() as tx:
        return await authorizing.find_granted(tx, token) is not None


async def test_of_two_who_redeem_a_code_at_once_none_keeps_a_token(
    either_server: "Server", app: OAuthApp, anna: Account
) -> None:
    code = await grant(either_server, app, anna)
    results = await asyncio.gather(*(redeem(either_server, app, code) for _ in range(5)))
    issued = [result for result in results if result is not None]
    assert len(issued) == 1
    assert not await is_good(either_server, issued[0].text), "the second use took it down"


async def test_a_token_tells_who_and_what(either_server: "Server", app: OAuthApp, anna: Account) -> None:
    issued = await redeem(either_server, app, await grant(either_server, app, anna))
    assert issued is not None
    async with either_server.ctx.db.read() as tx:
        granted = await authorizing.find_granted(tx, issued.text)
    assert granted is not None
    assert granted.account is not None
    assert (granted.account.id, granted.app.id, granted.scopes) == (anna.id, app.id, frozenset({"read"}))


async def test_secrets_are_compared_as_digests(either_server: "Server") -> None:
    async with either_server.ctx.db.write() as tx:
        app, secret = await register(either_server, tx)
    assert authorizing.secret_matches(app, secret)
    assert not authorizing.secret_matches(app, secret + "x")
    assert not authorizing.secret_matches(app, app.secret_hash)


async def test_forgetting_everything_ends_sessions_codes_and_tokens(
    either_server: "Server", app: OAuthApp, anna: Account
) -> None:
    ben = await either_server.person("ben")
    tokens = {}
    for account in (anna, ben):
        issued = await redeem(either_server, app, await grant(either_server, app, account))
        assert issued is not None
        tokens[account.username] = issued.text
    waiting = await grant(either_server, app, anna)
    async with either_server.ctx.db.write() as tx:
        session = await authorizing.sign_in(either_server.ctx, tx, account=anna)
        others = await authorizing.sign_in(either_server.ctx, tx, account=ben)
    async with either_server.ctx.db.write() as tx:
        await authorizing.forget_everything(either_server.ctx, tx, account_id=anna.id)
    assert not await is_good(either_server, tokens["anna"])
    assert await is_good(either_server, tokens["ben"])
    assert await redeem(either_server, app, waiting) is None
    async with either_server.ctx.db.read() as tx:
        assert await authorizing.find_signed_in(either_server.ctx, tx, session) is None
        assert await authorizing.find_signed_in(either_server.ctx, tx, others) is not None


async def test_a_session_ends_by_itself_by_signing_out_and_by_suspension(
    either_server: "Server", anna: Account
) -> None:
    ctx = either_server.ctx

    async def session() -> str:
        async with ctx.db.write() as tx:
            return await authorizing.sign_in(ctx, tx, account=anna)

    async def alive(token: str) -> bool:
        async with ctx.db.read() as tx:
            return await authorizing.find_signed_in(ctx, tx, token) is not None

    old, signed_out, lasting = await session(), await session(), await session()
    assert await alive(old)
    async with ctx.db.write() as tx:
        await authorizing.sign_out(tx, signed_out)
    assert not await alive(signed_out)
    either_server.clock.advance(authorizing.SESSION_S + 1)
    assert not await alive(old)
    assert not await alive(lasting)
    fresh = await session()
    async with ctx.db.write() as tx:
        (await tx.get_one(Account, anna.id)).suspended_at = ctx.clock()
    assert not await alive(fresh)


async def test_what_ran_out_is_cleared_away(either_server: "Server", app: OAuthApp, anna: Account) -> None:
    ctx = either_server.ctx
    await grant(either_server, app, anna)
    async with ctx.db.write() as tx:
        await authorizing.sign_in(ctx, tx, account=anna)
    either_server.clock.advance(authorizing.SESSION_S + 1)
    await grant(either_server, app, anna)
    async with ctx.db.write() as tx:
        await authorizing.sign_in(ctx, tx, account=anna)
    async with ctx.db.read() as tx:
        connection = await tx.connection()
        for model in (OAuthCode, WebSession):
            assert len((await connection.execute(model.__table__.select())).all()) == 1


async def test_streams_are_for_tokens_whose_people_may_come_in(
    either_server: "Server", app: OAuthApp, anna: Account
) -> None:
    server = either_server
    issued = await redeem(server, app, await grant(server, app, anna))
    assert issued is not None

    async def streams() -> bool:
        async with server.ctx.db.read() as tx:
            granted = await authorizing.find_granted(tx, issued.text)
            assert granted is not None
            return await authorizing.still_good(tx, [granted.token_id]) == {granted.token_id}

    assert await streams()
    async with server.ctx.db.write() as tx:
        tx.add(Login(account_id=anna.id, password_hash="x", created_at=server.clock()))
    for column, value in (("disabled_at", server.clock()), ("approved", False)):
        async with server.ctx.db.write() as tx:
            login = await tx.get_one(Login, anna.id)
            before = getattr(login, column)
            setattr(login, column, value)
        assert not await streams()
        async with server.ctx.db.write() as tx:
            setattr(await tx.get_one(Login, anna.id), column, before)
    assert await streams()


async def test_a_code_that_comes_twice_ends_the_streams_of_what_it_bought(
    either_server: "Server", app: OAuthApp, anna: Account
) -> None:
    heard: list[News] = []
    either_server.ctx.hub.open(heard.append)
    code = await grant(either_server, app, anna)
    assert await redeem(either_server, app, code) is not None
    assert heard == []
    assert await redeem(either_server, app, code) is None
    assert [news.kind for news in heard] == [EventKind.REVOKED]
