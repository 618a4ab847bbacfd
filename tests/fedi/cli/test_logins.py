"""`fedi account role`, `approve`, `reject` and `second-factor-off`."""

from pathlib import Path

import pytest
from sqlalchemy import select

from fedi.context import Context
from fedi.models import AuditEntry, Login, Role
from fedi.queries import accounts as find
from fedi.services import accounts
from tests.fedi.cli.conftest import Fedi
from tests.fedi.cli.within import within


@pytest.fixture
def anna(instance: Path) -> Path:
    """An instance with somebody who waits to be let in, with a second factor."""

    async def fill(ctx: Context) -> None:
        async with ctx.db.write() as tx:
            account = await accounts.create_local(ctx, tx, username="anna", password_hash="x")
            login = await tx.get_one(Login, account.id)
            login.approved, login.totp_secret, login.recovery_codes = False, "sealed", ["digest"]
            await accounts.create_local(ctx, tx, username="bot", kind="Service", operator="a@b.example")

    within(instance, fill)
    return instance


def login(data_dir: Path) -> Login | None:
    async def look(ctx: Context) -> Login | None:
        async with ctx.db.read() as tx:
            account = await find.local_by_name(tx, "anna")
            return None if account is None else await tx.get(Login, account.id)

    return within(data_dir, look)


def acts(data_dir: Path) -> list[tuple[str, str]]:
    async def look(ctx: Context) -> list[tuple[str, str]]:
        async with ctx.db.read() as tx:
            rows = (await tx.execute(select(AuditEntry).order_by(AuditEntry.id))).scalars()
            return [(row.actor, row.action) for row in rows]

    return within(data_dir, look)


def test_a_role_is_given(fedi: Fedi, anna: Path) -> None:
    result = fedi("account", "role", "@Anna", "moderator")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "@anna is a moderator now.")
    found = login(anna)
    assert found is not None
    assert found.role == Role.MODERATOR
    assert acts(anna) == [("cli", "account.role")]
    assert fedi("account", "role", "anna", "king").exit_code == 2


def test_who_waits_is_let_in_once(fedi: Fedi, anna: Path) -> None:
    assert fedi("account", "approve", "anna").exit_code == 0
    found = login(anna)
    assert found is not None
    assert found.approved
    assert fedi("account", "approve", "anna").exit_code != 0
    assert fedi("account", "reject", "anna").exit_code != 0


def test_who_waits_is_turned_away(fedi: Fedi, anna: Path) -> None:
    assert fedi("account", "reject", "anna").exit_code == 0
    assert login(anna) is None
    assert fedi("account", "create", "anna").exit_code == 0


def test_a_lost_device_is_made_up_for(fedi: Fedi, anna: Path) -> None:
    assert fedi("account", "second-factor-off", "anna").exit_code == 0
    found = login(anna)
    assert found is not None
    assert (found.totp_secret, found.recovery_codes) == (None, [])
    assert acts(anna) == [("cli", "account.second_factor_off")]


@pytest.mark.parametrize("name", ["nobody", "bot"])
def test_who_does_not_sign_in_has_no_role(fedi: Fedi, anna: Path, name: str) -> None:
    result = fedi("account", "role", name, "admin")
    assert result.exit_code != 0
    assert "no account" in result.stderr
    assert acts(anna) == []
