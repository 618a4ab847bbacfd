"""`fedi domains`, `fedi reports`, `fedi audit` and the acts of `fedi account`, as an operator uses them."""

from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select

from fedi.context import Context
from fedi.models import Account, DomainRule, Report
from fedi.queries import accounts as find
from fedi.services import accounts, reporting
from fedi.services.blocklists import COLUMNS
from tests.fedi.cli.conftest import Fedi
from tests.fedi.cli.within import within

HEADER = ",".join(COLUMNS)


def said(result: Result) -> str:
    """Return what a command said, without the log, which goes elsewhere outside of tests."""
    return "".join(line for line in result.stdout.splitlines(keepends=True) if not line.startswith("level="))


def rules(data_dir: Path) -> dict[str, tuple[str, bool]]:
    async def look(ctx: Context) -> dict[str, tuple[str, bool]]:
        async with ctx.db.read() as tx:
            rows = (await tx.execute(select(DomainRule))).scalars()
            return {row.domain: (row.severity, row.reject_media) for row in rows}

    return within(data_dir, look)


def account(data_dir: Path, name: str) -> Account:
    async def look(ctx: Context) -> Account | None:
        async with ctx.db.read() as tx:
            username, _, domain = name.partition("@")
            return await find.by_handle(tx, username, domain)

    found = within(data_dir, look)
    assert found is not None
    return found


@pytest.fixture
def people(instance: Path) -> Path:
    """An instance that knows somebody here and somebody elsewhere."""

    async def fill(ctx: Context) -> None:
        async with ctx.db.write() as tx:
            await accounts.create_local(ctx, tx, username="alice")
            iri = "https://far.example/users/bob"
            tx.add(
                Account(
                    id=ctx.ids.next(), username="bob", domain="far.example", iri=iri, kind="Person",
                    inbox=f"{iri}/inbox", public_keys=[], fields=[], emojis=[], also_known_as=[],
                    created_at=ctx.clock(),
                )
            )  # fmt: skip

    within(instance, fill)
    return instance


def test_rules_are_made_changed_listed_and_removed(fedi: Fedi, instance: Path) -> None:
    assert said(fedi("domains", "list")) == "There are no rules.\n"
    made = fedi("domains", "suspend", "https://EVIL.example.:8443/x", "--comment", "spam", "--obfuscate")
    assert (made.exit_code, said(made)) == (0, "evil.example: suspended\n")
    assert said(fedi("domains", "suspend", "evil.example")) == "evil.example: suspended, as before\n"
    assert said(fedi("domains", "limit", "Loud.example")) == "loud.example: limited\n"
    assert said(fedi("domains", "reject-media", "loud.example")) == "loud.example: limited, media rejected\n"
    assert (
        said(fedi("domains", "reject-reports", "odd.example")) == "odd.example: no limit, reports rejected\n"
    )
    rows = [line.split() for line in said(fedi("domains", "list")).splitlines()]
    assert rows[1:] == [
        ["evil.example", "suspend", "spam"],
        ["loud.example", "silence", "rejected"],
        ["odd.example", "noop", "rejected"],
    ]
    assert said(fedi("domains", "remove", "EVIL.example")) == "evil.example: its rule is gone\n"
    assert set(rules(instance)) == {"loud.example", "odd.example"}


@pytest.mark.parametrize("words", [("suspend", "fedi.test"), ("limit", "no domain"), ("remove", "x.example")])
def test_what_cannot_be_done_is_said_in_one_line(fedi: Fedi, instance: Path, words: tuple[str, ...]) -> None:
    result = fedi("domains", *words)
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert rules(instance) == {}


def test_servers_are_allowed_by_name(fedi: Fedi, people: Path) -> None:
    assert said(fedi("domains", "allow", "Good.example")) == "good.example is allowed\n"
    assert said(fedi("domains", "allow", "good.example")) == "good.example is allowed, as before\n"
    listed = said(fedi("domains", "list", federation_mode="allowlist"))
    assert "allowed: good.example" in listed
    assert "every other server is suspended" in listed
    applied = said(fedi("domains", "apply", federation_mode="allowlist"))
    assert applied == "suspend: 1, unsuspend: 0, limit: 0, unlimit: 0\n"
    assert account(people, "bob@far.example").suspended_at is not None
    assert said(fedi("domains", "apply")) == "suspend: 0, unsuspend: 1, limit: 0, unlimit: 0\n"
    gone = said(fedi("domains", "remove", "good.example"))
    assert gone == "good.example: its place among those allowed is gone\n"


def test_a_list_is_taken_in_line_by_line(fedi: Fedi, people: Path, tmp_path: Path) -> None:
    fedi("domains", "suspend", "evil.example")
    file = tmp_path / "list.csv"
    lines = [
        HEADER,
        "evil.example,silence,true,false,,false",
        "far.example,suspend,,,,",
        "foo bar,suspend,,,,",
        "x.example,hate,,,,",
        "fedi.test,suspend,,,,",
    ]
    file.write_text("\n".join(lines))
    result = fedi("domains", "import", str(file), "--reason", "a list of friends")
    assert result.exit_code == 1
    assert said(result).splitlines() == [
        "line 2: evil.example: suspended, media rejected",
        "line 3: far.example: suspended",
        "line 4: passed over: 'foo bar' is not a domain.",
        "line 5: passed over: #severity is 'hate', not noop, silence, suspend",
        "line 6: passed over: fedi.test is this server, or above it.",
        "2 taken in, 3 passed over",
    ]
    assert account(people, "bob@far.example").suspended_at is not None
    assert "a list of friends" in said(fedi("audit", "list"))


def test_a_list_with_columns_that_are_not_known_changes_nothing(fedi: Fedi, instance: Path) -> None:
    result = fedi("domains", "import", "-", stdin="#domain,#colour\nevil.example,red\n")
    assert result.exit_code == 1
    assert "#colour" in result.stderr
    assert rules(instance) == {}


def test_what_is_exported_can_be_imported(fedi: Fedi, instance: Path) -> None:
    fedi("domains", "suspend", "evil.example", "--comment", 'spam, "and" more')
    fedi("domains", "reject-media", "pics.example")
    written = said(fedi("domains", "export"))
    assert written.splitlines()[0] == HEADER
    before = rules(instance)
    fedi("domains", "remove", "evil.example")
    fedi("domains", "remove", "pics.example")
    assert rules(instance) == {}
    assert fedi("domains", "import", "-", stdin=written).exit_code == 0
    assert rules(instance) == before
    assert said(fedi("domains", "export")) == written


# --- accounts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alice", "@bob@FAR.example", "alice@fedi.test"])
def test_accounts_are_suspended_and_limited_here_and_elsewhere(fedi: Fedi, people: Path, name: str) -> None:
    known = "bob@far.example" if "bob" in name else "alice"
    assert said(fedi("account", "suspend", name, "--reason", "spam")) == f"@{known} is suspended.\n"
    assert account(people, known).suspended_at is not None
    assert said(fedi("account", "unsuspend", name)) == f"@{known} is no longer suspended.\n"
    assert account(people, known).suspended_at is None
    assert said(fedi("account", "limit", name)) == f"@{known} is limited.\n"
    assert account(people, known).silenced_at is not None
    assert said(fedi("account", "unlimit", name)) == f"@{known} is no longer limited.\n"
    log = said(fedi("audit", "list", "--target", known)).splitlines()
    acts = [line.split()[3] for line in log]
    assert acts == ["account.unlimit", "account.limit", "account.unsuspend", "account.suspend"]
    assert 'reason="spam"' in log[-1]


@pytest.mark.parametrize(
    ("words", "cause"), [("suspend nobody", "no account"), ("unsuspend alice", "not suspended")]
)
def test_an_act_that_is_none_is_refused(fedi: Fedi, people: Path, words: str, cause: str) -> None:
    result = fedi("account", *words.split())
    assert result.exit_code == 1
    assert cause in result.stderr


def test_administration_is_written_down_too(fedi: Fedi, instance: Path) -> None:
    fedi("account", "create", "root_of_all", "--admin")
    fedi("account", "password", "root_of_all")
    fedi("account", "profile", "root_of_all", "--locked")
    fedi("account", "create", "ben")
    fedi("account", "alias", "ben", "--add", "root_of_all")
    fedi("account", "move", "root_of_all", "ben", "--yes")
    fedi("account", "move", "root_of_all", "--back")
    fedi("account", "import", "ben", "--kind", "blocks", "-", stdin="root_of_all@fedi.test\n")
    fedi("account", "delete", "ben", "--yes")
    fedi("queue", "retry")
    fedi("queue", "drop", "--yes")
    log = [line.split()[2:] for line in said(fedi("audit", "list")).splitlines()]
    assert log == [
        ["cli", "queue.drop", "all", "jobs=0"],
        ["cli", "queue.retry", "all", "jobs=0"],
        ["cli", "account.delete", "ben"],
        ["cli", "account.import", "ben", 'list="blocks"', "taken=1", "passed_over=0"],
        ["cli", "account.move_back", "root_of_all"],
        ["cli", "account.move", "root_of_all", 'to="https://fedi.test/users/ben"'],
        ["cli", "account.alias", "ben", 'aliases=["https://fedi.test/users/root_of_all"]'],
        ["cli", "account.create", "ben", 'role="user"'],
        ["cli", "account.profile", "root_of_all"],
        ["cli", "account.password", "root_of_all"],
        ["cli", "account.create", "root_of_all", 'role="admin"'],
    ]


def test_an_empty_log_is_told_in_a_sentence(fedi: Fedi, instance: Path) -> None:
    assert said(fedi("audit", "list")) == "Nothing was done yet.\n"


# --- reports --------------------------------------------------------------------------------------------------


@pytest.fixture
def reported(people: Path) -> int:
    """A report about alice by another server, with what a terminal would obey in it."""

    async def fill(ctx: Context) -> int:
        async with ctx.db.write() as tx:
            about = await find.local_by_name(tx, "alice")
            assert about is not None
            await reporting.receive(
                ctx, tx, actor_iri="https://far.example/actor", iri="https://far.example/r/1",
                object_ids=[about.iri], comment="bad\x1b[2Jand\u202eworse",
            )  # fmt: skip
            return int((await tx.execute(select(Report.id))).scalar_one())

    return within(people, fill)


def test_reports_are_listed_shown_and_resolved(fedi: Fedi, reported: int) -> None:
    listed = said(fedi("reports", "list"))
    assert str(reported) in listed
    assert "far.example" in listed
    shown = said(fedi("reports", "show", str(reported)))
    assert "about: @alice  https://fedi.test/@alice" in shown
    assert "by: far.example" in shown
    resolved = fedi("reports", "resolve", str(reported), "--reason", "talked to her")
    assert said(resolved) == f"Report {reported} is resolved.\n"
    assert said(fedi("reports", "list")) == "No reports wait.\n"
    assert str(reported) in said(fedi("reports", "list", "--resolved"))
    assert "resolved:" in said(fedi("reports", "show", str(reported)))
    assert "talked to her" in said(fedi("audit", "list"))
    assert fedi("reports", "resolve", str(reported)).exit_code == 1


def test_a_terminal_obeys_nothing_of_a_report(fedi: Fedi, reported: int) -> None:
    for words in (("list",), ("show", str(reported))):
        shown = said(fedi("reports", *words))
        assert "bad[2Jandworse" in shown
        assert "\x1b" not in shown


@pytest.mark.parametrize("verb", ["show", "resolve"])
def test_a_report_that_is_not_there(fedi: Fedi, instance: Path, verb: str) -> None:
    result = fedi("reports", verb, "1")
    assert (result.exit_code, result.stderr) == (1, "fedi: There is no report 1.\n")
