"""`fedi account`: people and bots are made, listed and given another password."""

import re
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from fedi.context import Context
from fedi.models import Account, Login, OAuthToken, Role, WebSession
from fedi.queries import accounts as find
from fedi.services import accounts, authorizing
from tests.fedi.cli.conftest import ORIGIN, Fedi
from tests.fedi.cli.within import within

PASSWORD = "correct horse"


def found(data_dir: Path, name: str) -> tuple[Account, Login | None]:
    async def look(ctx: Context) -> tuple[Account, Login | None]:
        async with ctx.db.read() as tx:
            account = await find.local_by_name(tx, name)
            assert account is not None
            return account, await tx.get(Login, account.id)

    return within(data_dir, look)


def signs_in(data_dir: Path, name: str, password: str) -> bool:
    async def look(ctx: Context) -> bool:
        return await accounts.check_password(ctx, name, password) is not None

    return within(data_dir, look)


def test_a_person_is_made_with_a_password_that_is_shown_once(fedi: Fedi, instance: Path) -> None:
    result = fedi("account", "create", "Alice", "--admin")
    assert (result.exit_code, result.stderr) == (0, "")
    made, shown = result.stdout.splitlines()[-2:]
    assert made == f"Made @alice@fedi.test  {ORIGIN}/@alice"
    password = re.fullmatch(r"Password: (\S{16})", shown)
    assert password is not None
    account, login = found(instance, "alice")
    assert (account.kind, login is not None and login.role) == ("Person", Role.ADMIN)
    assert signs_in(instance, "alice", password[1])


def test_a_password_from_standard_input_is_not_shown(fedi: Fedi, instance: Path) -> None:
    result = fedi("account", "create", "alice", "--password-stdin", stdin=f"{PASSWORD}\r\nmore\n")
    assert result.exit_code == 0
    assert "assword" not in result.stdout
    assert PASSWORD not in result.output
    assert signs_in(instance, "alice", PASSWORD)
    _, login = found(instance, "alice")
    assert login is not None
    assert login.role == Role.USER


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (["alice", "--password-stdin"], "short\n", "at least 8 characters"),
        (["alice", "--password-stdin"], "", "at least 8 characters"),
        (["alice", "--password-stdin"], b"caf\xe9 au lait\n", "must be UTF-8"),
        (["alice!"], None, "'alice!' cannot be a name"),
        (["admin"], None, "reserved"),
        (["painter", "--bot"], None, "A bot needs an operator"),
    ],
)
def test_what_cannot_be_an_account_is_refused_in_one_line(
    fedi: Fedi, instance: Path, arguments: list[str], stdin: str | bytes | None, told: str
) -> None:
    result = fedi("account", "create", *arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("fedi: ")
    assert told in line


def test_a_bot_has_an_operator_and_no_login(fedi: Fedi, instance: Path) -> None:
    result = fedi("account", "create", "painter", "--bot", "--operator", "alice@fedi.test")
    assert result.exit_code == 0
    assert "Password" not in result.stdout
    account, login = found(instance, "painter")
    assert (account.kind, account.operator, login) == ("Service", "alice@fedi.test", None)


def test_a_name_that_is_taken_is_refused(fedi: Fedi, instance: Path) -> None:
    assert fedi("account", "create", "alice", "--password", PASSWORD).exit_code == 0
    result = fedi("account", "create", "ALICE", "--password", "another password")
    assert (result.exit_code, result.stderr) == (1, "fedi: 'alice' is taken.\n")
    assert signs_in(instance, "alice", PASSWORD)


def test_the_list_has_everyone_here_but_the_server_itself(fedi: Fedi, instance: Path) -> None:
    fedi("account", "create", "alice", "--admin", "--password", PASSWORD)
    fedi("account", "create", "painter", "--bot", "--operator", "alice@fedi.test")
    result = fedi("account", "list")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["name", "kind", "role", "posts", "followers"],
        ["alice", "Person", "admin", "0", "0"],
        ["imagine", "Service", "no", "login", "0", "0"],
        ["painter", "Service", "no", "login", "0", "0"],
    ]


def test_another_password_signs_out_everywhere(fedi: Fedi, instance: Path) -> None:
    fedi("account", "create", "alice", "--password", PASSWORD)

    async def sign_in(ctx: Context) -> None:
        async with ctx.db.write() as tx:
            alice = await find.local_by_name(tx, "alice")
            assert alice is not None
            await authorizing.sign_in(ctx, tx, account=alice)
            app, _ = await authorizing.register_app(
                ctx,
                tx,
                name="client",
                website=None,
                redirect_uris=["https://client.example/"],
                scopes=["read"],
            )
            await authorizing.issue_app_token(ctx, tx, app=app, scopes=["read"])
            await tx.execute(update(OAuthToken).values(account_id=alice.id))

    async def left(ctx: Context) -> list[int]:
        async with ctx.db.read() as tx:
            sessions = await tx.scalar(select(func.count()).select_from(WebSession))
            tokens = select(func.count()).select_from(OAuthToken).where(OAuthToken.revoked_at.is_(None))
            return [sessions or 0, await tx.scalar(tokens) or 0]

    within(instance, sign_in)
    assert within(instance, left) == [1, 1]

    result = fedi("account", "password", "@alice")
    assert result.exit_code == 0
    told, shown = result.stdout.splitlines()[-2:]
    assert told == "@alice has a new password and was signed out everywhere."
    assert within(instance, left) == [0, 0]
    assert signs_in(instance, "alice", shown.removeprefix("Password: "))
    assert not signs_in(instance, "alice", PASSWORD)


def test_a_password_can_be_chosen(fedi: Fedi, instance: Path) -> None:
    fedi("account", "create", "alice", "--password", PASSWORD)
    result = fedi("account", "password", "alice", "--password-stdin", stdin="battery staple\n")
    assert result.exit_code == 0
    assert "battery" not in result.output
    assert signs_in(instance, "alice", "battery staple")


def test_a_password_for_nobody_is_refused(fedi: Fedi, instance: Path) -> None:
    result = fedi("account", "password", "nobody")
    assert (result.exit_code, result.stderr) == (1, "fedi: There is no account 'nobody' here.\n")


def test_a_bot_without_a_login_gets_no_password(fedi: Fedi, instance: Path) -> None:
    fedi("account", "create", "painter", "--bot", "--operator", "alice@fedi.test")
    result = fedi("account", "password", "painter")
    assert (result.exit_code, result.stderr) == (1, "fedi: 'painter' has no login.\n")


def test_an_account_is_deleted_after_a_yes(fedi: Fedi, instance: Path) -> None:
    fedi("account", "create", "alice")
    result = fedi("account", "delete", "@alice", stdin="n\n")
    assert result.exit_code == 1
    account, _ = found(instance, "alice")
    assert account.deleted_at is None
    result = fedi("account", "delete", "@alice", stdin="y\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "cannot be undone" in result.stdout
    account, login = found(instance, "alice")
    assert account.deleted_at is not None
    assert login is None
    assert "alice" not in fedi("account", "list").stdout
    again = fedi("account", "delete", "alice", "--yes")
    assert (again.exit_code, again.stderr) == (1, "fedi: 'alice' was deleted before.\n")
    taken = fedi("account", "create", "alice")
    assert "taken" in taken.stderr


def test_nobody_is_deleted_who_is_not_there(fedi: Fedi, instance: Path) -> None:
    result = fedi("account", "delete", "nobody", "--yes")
    assert (result.exit_code, result.stderr) == (1, "fedi: There is no account 'nobody' here.\n")
    assert instance.exists()
