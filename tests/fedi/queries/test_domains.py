"""The rules, asked with a host: which hold for it, and how fresh they are."""

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from fedi.models import DomainAllow, DomainRule, Severity
from fedi.queries import domains
from fedi.queries.domains import CLEAR, RULES_TTL_S, Rulebook, Rules, Verdict, host_of, rules_for
from fedi.services import domain_rules
from fedi.services.domain_rules import Wish
from tests.conftest import MakeServer
from tests.fedi import rules as making
from tests.servers import Server

pytestmark = pytest.mark.anyio

SUSPENDED, LIMITED = Verdict(suspended=True), Verdict(limited=True)
RULES = Rules(ruled={"evil.test": SUSPENDED, "sub.evil.test": LIMITED, "loud.test": LIMITED})


async def written(server: Server, domain: str = "evil.test") -> None:
    """Write a rule as another process does: nobody here hears of it."""
    async with server.ctx.db.write() as tx:
        tx.add(
            DomainRule(
                id=server.ctx.ids.next(), domain=domain, severity=Severity.SUSPEND, created_at=server.clock()
            )
        )


@pytest.mark.parametrize(
    ("host", "suspended", "limited"),
    [
        ("evil.test", True, False),
        ("EVIL.test.", True, False),
        ("evil.test:8443", True, False),
        ("a.b.evil.test", True, False),
        ("sub.evil.test", True, True),
        ("notevil.test", False, False),
        ("evil.test.good.test", False, False),
        ("test", False, False),
        ("no host", False, False),
        ("", False, False),
    ],
)
async def test_all_rules_from_a_host_upwards_hold(host: str, *, suspended: bool, limited: bool) -> None:
    assert RULES.of(host) == Verdict(suspended=suspended, limited=limited)


async def test_of_several_hosts_whatever_holds_for_one_holds() -> None:
    assert RULES.of("loud.test", "evil.test") == Verdict(suspended=True, limited=True)
    assert RULES.of_iris("https://good.test/x", "https://evil.test:99/y").suspended


@pytest.mark.parametrize(
    "iri", ["", "acct:eve@evil.test", "https://evil.test./x", "https://user@evil.test/x"]
)
async def test_what_has_no_host_is_under_no_rule(iri: str) -> None:
    """Nothing is fetched from it either."""
    assert host_of(iri) == ""
    assert RULES.of_iris(iri) == CLEAR


async def test_on_a_list_are_those_named_and_those_below_them() -> None:
    listed = Rules(allowed=frozenset({"good.test"}), ours=frozenset({"fedi.test"}))
    assert not listed.of("good.test").suspended
    assert not listed.of("a.good.test:444").suspended
    assert listed.of("other.test").suspended
    assert listed.of("no host").suspended


async def test_about_ourselves_there_are_no_rules() -> None:
    ours = Rules(ruled={"test": SUSPENDED}, allowed=frozenset(), ours=frozenset({"fedi.test"}))
    assert ours.of("FEDI.test") == CLEAR
    assert ours.of("www.fedi.test").suspended


@pytest.mark.parametrize(
    ("verdict", "withheld"),
    [(Verdict(rejects_media=True), True), (SUSPENDED, True), (LIMITED, False), (CLEAR, False)],
)
async def test_files_are_withheld_by_where_they_are_and_whose(verdict: Verdict, *, withheld: bool) -> None:
    ruled = Rules(ruled={"evil.test": verdict})
    assert ruled.withhold("https://files.evil.test/1.jpg", "good.test") is withheld
    assert ruled.withhold("https://good.test/1.jpg", "evil.test") is withheld
    assert not ruled.withhold("https://good.test/1.jpg", "good.test")


# --- the rulebook ---------------------------------------------------------------------------------------------


async def test_a_change_by_this_process_counts_at_once(server: Server) -> None:
    assert not (await server.ctx.rules.now()).of("evil.test").suspended
    async with server.ctx.db.write() as tx:
        wanted = Wish(severity=Severity.SUSPEND)
        await domain_rules.wish(server.ctx, tx, domain="evil.test", wanted=wanted)
    assert (await server.ctx.rules.now()).of("evil.test").suspended


async def test_a_change_by_another_process_counts_within_seconds(server: Server) -> None:
    await server.ctx.rules.now()
    await written(server)
    server.clock.advance(RULES_TTL_S - 1)
    assert not (await server.ctx.rules.now()).of("evil.test").suspended
    server.clock.advance(1)
    assert (await server.ctx.rules.now()).of("evil.test").suspended


async def test_rules_are_read_once_however_many_ask(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    load = domains.load

    async def counted(tx, settings):
        nonlocal reads
        reads += 1
        await asyncio.sleep(0)
        return await load(tx, settings)

    monkeypatch.setattr(domains, "load", counted)
    await asyncio.gather(*(server.ctx.rules.now() for _ in range(20)))
    await server.ctx.rules.now()
    assert reads == 1


async def test_what_was_read_before_a_change_is_not_used_after_it(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = domains.load

    async def slow(tx, settings):
        found = await load(tx, settings)
        await written(server)
        server.ctx.rules.forget()
        return found

    monkeypatch.setattr(domains, "load", slow)
    await server.ctx.rules.now()
    monkeypatch.undo()
    assert (await server.ctx.rules.now()).of("evil.test").suspended


async def test_while_the_database_is_away_the_old_rules_hold(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await making.suspend(server, "evil.test")
    await server.ctx.rules.now()
    server.ctx.rules.forget()

    async def away(_tx, _settings):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(domains, "load", away)
    assert (await server.ctx.rules.now()).of("evil.test").suspended
    with pytest.raises(OperationalError):
        await Rulebook(server.ctx.db, server.settings, server.clock).now()


async def test_a_transaction_sees_the_rules_of_its_hosts(either_server: Server) -> None:
    await written(either_server, "evil.test")
    await written(either_server, "other.test")
    async with either_server.ctx.db.read() as tx:
        found = await rules_for(tx, either_server.settings, "a.evil.test", "good.test")
    assert set(found.ruled) == {"evil.test"}
    assert found.allowed is None


async def test_a_transaction_sees_the_list(make_server: MakeServer) -> None:
    closed = await make_server("https://closed.test", federation_mode="allowlist")
    async with closed.ctx.db.write() as tx:
        tx.add(DomainAllow(id=1, domain="good.test", created_at=closed.clock()))
    async with closed.ctx.db.read() as tx:
        found = await rules_for(tx, closed.settings, "a.good.test", "other.test")
    assert not found.of("a.good.test").suspended
    assert found.of("other.test").suspended
    assert not found.of("closed.test").suspended
