"""Local accounts: which names they may have, and who may sign in."""

import argon2
import pytest
from sqlalchemy import func, select

from activitypub import keys
from fedi.errors import Refused
from fedi.models import Account, Login, Role
from fedi.queries import accounts as find
from fedi.services import accounts
from tests.fedi.looking import count
from tests.servers import Server

pytestmark = pytest.mark.anyio

PASSWORD = "long enough to pass"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with 8 kB instead of 64 MB: these tests are about who gets in, not about how hard it is."""
    quick = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_hasher", quick)
    nobody = quick.hash("nobody has this password")
    monkeypatch.setattr(accounts, "_nobody", lambda: nobody)


async def create(server: Server, username: str, **how: object) -> Account:
    async with server.ctx.db.write() as tx:
        return await accounts.create_local(server.ctx, tx, username=username, **how)  # type: ignore[arg-type] # as given


async def check(server: Server, username: str, password: str) -> str | None:
    found = await accounts.check_password(server.ctx, username, password)
    return found.username if found is not None else None


async def test_an_account_has_everything_that_others_need_of_it(server: Server) -> None:
    alice = await create(server, " @Alice ")
    iri = "https://fedi.test/users/alice"
    assert (alice.username, alice.domain, alice.iri, alice.kind) == ("alice", "", iri, "Person")
    assert alice.url == "https://fedi.test/@alice"
    assert alice.inbox == f"{iri}/inbox"
    assert alice.shared_inbox == "https://fedi.test/inbox"
    assert (alice.outbox, alice.followers, alice.following) == (
        f"{iri}/outbox",
        f"{iri}/followers",
        f"{iri}/following",
    )
    assert alice.featured == f"{iri}/collections/featured"
    assert alice.discoverable
    assert await count(server, Login) == 0


async def test_the_published_key_fits_the_private_one(server: Server) -> None:
    alice = await create(server, "alice")
    assert alice.private_key_pem is not None
    assert alice.proof_key_pem is not None
    private = keys.load_private_pem(alice.private_key_pem)
    proof = keys.load_private_pem(alice.proof_key_pem)
    assert alice.public_keys == [
        {"id": f"{alice.iri}#main-key", "pem": keys.public_pem(private.public_key())},
        {"id": f"{alice.iri}#ed25519-key", "pem": keys.public_pem(proof.public_key())},
    ]


async def test_the_published_key_fits_even_when_the_first_try_was_rolled_back(server: Server) -> None:
    async def fail() -> None:
        async with server.ctx.db.write() as tx:
            await accounts.create_local(server.ctx, tx, username="alice")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    await test_the_published_key_fits_the_private_one(server)


async def test_a_key_that_was_made_before_is_taken(server: Server) -> None:
    pem = keys.private_pem(keys.generate_rsa())
    alice = await create(server, "alice", private_key_pem=pem)
    assert alice.private_key_pem == pem


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 31,
        "al ice",
        "alice.b",
        "älice",
        "al-ice",
        "a/b",
        "a@b",
        "a\nb",
        "a\x00",
        "\u0430lice",
        "ali\u200bce",
        "\u202ealice",
    ],
)
async def test_a_name_that_no_server_takes_is_refused(server: Server, name: str) -> None:
    with pytest.raises(Refused, match="cannot be a name") as refusal:
        await create(server, name)
    assert refusal.value.status == 422


async def test_the_longest_name_is_taken(server: Server) -> None:
    assert (await create(server, "a" * 30)).username == "a" * 30


@pytest.mark.parametrize("name", ["admin", "Support", "@actor", "inbox"])
async def test_a_name_that_looks_like_the_server_is_refused(server: Server, name: str) -> None:
    with pytest.raises(Refused, match="is reserved") as refusal:
        await create(server, name)
    assert refusal.value.status == 422


async def test_a_name_is_taken_whatever_its_case(server: Server) -> None:
    await create(server, "alice")
    with pytest.raises(Refused, match="'alice' is taken") as refusal:
        await create(server, "ALICE")
    assert refusal.value.status == 422
    assert await count(server, Account, Account.username == "alice") == 1


async def test_a_bot_needs_somebody_who_answers_for_it(server: Server) -> None:
    with pytest.raises(Refused, match="needs an operator") as refusal:
        await create(server, "imagine", kind="Service")
    assert refusal.value.status == 422
    bot = await create(server, "imagine", kind="Service", operator="alice@fedi.test")
    assert (bot.operator, bot.is_bot, bot.discoverable) == ("alice@fedi.test", True, False)


async def test_a_login_posts_publicly_by_default_and_a_bots_unlisted(server: Server) -> None:
    hashed = await accounts.hash_password(PASSWORD)
    await create(server, "alice", password_hash=hashed, role=Role.ADMIN)
    await create(server, "imagine", password_hash=hashed, kind="Service", operator="alice@fedi.test")
    async with server.ctx.db.read() as tx:
        rows = await tx.execute(
            select(Account.username, Login.role, Login.default_visibility)
            .join(Login, Login.account_id == Account.id)
            .order_by(Account.username)
        )
        assert [tuple(row) for row in rows] == [("alice", "admin", "public"), ("imagine", "user", "unlisted")]


async def test_the_server_has_one_actor_however_often_it_is_asked_for(server: Server) -> None:
    async with server.ctx.db.write() as tx:
        first = await accounts.ensure_instance_actor(server.ctx, tx)
        again = await accounts.ensure_instance_actor(server.ctx, tx)
        assert first.id == again.id
        same = select(func.count()).select_from(Account).where(Account.kind == "Application")
        assert (await tx.execute(same)).scalar_one() == 1
    assert (first.username, first.iri, first.locked) == ("fedi.test", "https://fedi.test/actor", True)


async def test_who_knows_the_password_gets_in(server: Server) -> None:
    await server.person("alice", password=PASSWORD)
    for name in ("alice", "ALICE", "@alice", " alice "):
        assert await check(server, name, PASSWORD) == "alice"


@pytest.mark.parametrize(
    "password", ["", "wrong password", f"{PASSWORD} ", "x" * 5000, "\ud800 and more", "\x00"]
)
async def test_who_does_not_know_it_does_not(server: Server, password: str) -> None:
    await server.person("alice", password=PASSWORD)
    assert await check(server, "alice", password) is None


@pytest.mark.parametrize("name", ["bob", "", "alice@fedi.test", "al\x00ice", "\ud800"])
async def test_who_is_not_here_does_not_get_in(either_server: Server, name: str) -> None:
    await either_server.person("alice", password=PASSWORD)
    assert await check(either_server, name, PASSWORD) is None


async def test_a_bot_without_a_password_has_no_door(server: Server) -> None:
    await server.person("imagine", bot=True)
    assert await check(server, "imagine", "nobody has this password") is None


async def test_nobodys_password_opens_nothing(server: Server) -> None:
    assert await check(server, "bob", "nobody has this password") is None


async def test_who_is_suspended_does_not_get_in(server: Server) -> None:
    alice = await server.person("alice", password=PASSWORD)
    async with server.ctx.db.write() as tx:
        (await tx.get_one(Account, alice.id)).suspended_at = server.clock()
    assert await check(server, "alice", PASSWORD) is None


@pytest.mark.parametrize(("name", "expected"), [("alice", "wrong"), ("bob", "wrong"), ("alice", PASSWORD)])
async def test_one_hash_is_computed_whoever_is_named(
    server: Server, name: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.person("alice", password=PASSWORD)
    verified: list[str] = []
    verify = accounts._verify

    def counted(stored: str, password: str) -> bool:
        verified.append(stored)
        return verify(stored, password)

    monkeypatch.setattr(accounts, "_verify", counted)
    await check(server, name, expected)
    [stored] = verified
    assert stored.startswith("$argon2id$")


async def test_nobodys_hash_costs_as_much_as_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # the parameters of the server itself
    accounts._nobody.cache_clear()
    real = argon2.extract_parameters(await accounts.hash_password(PASSWORD))
    assert argon2.extract_parameters(accounts._nobody()) == real
    assert (real.type, real.memory_cost, real.time_cost) == (argon2.Type.ID, 64 * 1024, 3)


async def test_a_damaged_hash_lets_nobody_in(server: Server) -> None:
    await create(server, "alice", password_hash="not a hash")
    assert await check(server, "alice", PASSWORD) is None


@pytest.mark.parametrize(
    ("password", "part"),
    [
        ("1234567", "at least 8 characters"),
        ("é" * 513, "1024 bytes at most"),
        ("long enough \udcff", "UTF-8"),
    ],
)
async def test_a_password_that_cannot_be_used_is_refused(password: str, part: str) -> None:
    with pytest.raises(Refused, match=part) as refusal:
        await accounts.hash_password(password)
    assert refusal.value.status == 422


@pytest.mark.parametrize("password", ["12345678", "é" * 512])
async def test_the_shortest_and_the_longest_password_are_taken(server: Server, password: str) -> None:
    await server.person("alice", password=password)
    assert await check(server, "alice", password) == "alice"


async def test_a_new_password_replaces_the_old_one(server: Server) -> None:
    await server.person("alice", password=PASSWORD)
    async with server.ctx.db.write() as tx:
        alice = await find.local_by_name(tx, "alice")
        assert alice is not None
        await accounts.set_password(tx, alice, await accounts.hash_password("another long one"))
    assert await check(server, "alice", PASSWORD) is None
    assert await check(server, "alice", "another long one") == "alice"


async def test_who_cannot_sign_in_gets_no_password(server: Server) -> None:
    bot = await server.person("imagine", bot=True)
    async with server.ctx.db.write() as tx:
        with pytest.raises(Refused, match="has no login"):
            await accounts.set_password(tx, bot, "x")
