"""`fedi doctor`: a line for each thing that can be wrong, and exit 1 when something is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text, update

from fedi.cli import doctor
from fedi.context import Context
from fedi.jobs import queue
from fedi.migrations import HEAD
from fedi.models import Job, JobState
from tests.fedi.cli.conftest import ORIGIN, Fedi
from tests.fedi.cli.within import within
from tests.peers.server_process import free_port


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A folder that passes for a model."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model_index.json").write_text("{}")
    return str(folder)


@pytest.fixture(autouse=True)
def _everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda _name: object())


def verdicts(output: str) -> dict[str, tuple[str, str]]:
    """Return the verdict and the line of each check, by what it is about."""
    lines = [line.split(maxsplit=1) for line in output.splitlines()]
    return {rest.partition(":")[0].removesuffix(" are on"): (verdict, rest) for verdict, rest in lines}


def test_nothing_is_wrong_with_a_new_instance(fedi: Fedi, instance: Path, model: str) -> None:
    result = fedi("doctor", model=model, port=str(free_port("127.0.0.1")))
    found = verdicts(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert {verdict for verdict, _ in found.values()} == {"ok"}
    assert set(found) == {"origin", "port", "database", "queue", "disk", "model", "test switches"}
    assert found["origin"][1] == f"origin: {ORIGIN}, handles end in @fedi.test"
    assert found["database"][1] == f"database: at revision {HEAD}"


def test_a_directory_without_an_instance_stays_without(fedi: Fedi, data_dir: Path, model: str) -> None:
    result = fedi("doctor", model=model)
    found = verdicts(result.stdout)
    assert result.exit_code == 1
    assert found["data_dir"] == (
        "fail",
        f"data_dir: {data_dir} has no instance → make one with `fedi init --origin URL`",
    )
    assert found["queue"][0] == "note"
    assert list(data_dir.iterdir()) == []


def test_a_model_that_is_not_there_is_told(fedi: Fedi, instance: Path, tmp_path: Path) -> None:
    result = fedi("doctor", model=str(tmp_path / "nothing"))
    assert result.exit_code == 1
    assert verdicts(result.stdout)["model"] == (
        "fail",
        f"model: {tmp_path}/nothing has no model_index.json → set model to the folder of a diffusers pipeline",
    )


def test_what_draws_may_be_missing(
    fedi: Fedi, instance: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name == "torch" else object()
    )
    result = fedi("doctor", model=model)
    assert result.exit_code == 1
    assert verdicts(result.stdout)["model"] == (
        "fail",
        "model: torch is not installed → install the extra: pip install 'fedi[ai]'",
    )


def test_a_database_that_does_not_answer_hides_no_other_finding(
    fedi: Fedi, instance: Path, model: str
) -> None:
    url = f"postgresql://fedi@127.0.0.1:{free_port('127.0.0.1')}/fedi"
    result = fedi("doctor", model=model, database_url=url)
    found = verdicts(result.stdout)
    assert (result.exit_code, result.stderr) == (1, "")
    verdict, line = found["database_url"]
    assert verdict == "fail"
    assert line.endswith("→ check that it runs and may be written")
    assert (found["queue"][0], found["disk"][0], found["model"][0]) == ("note", "ok", "ok")


def test_a_database_of_another_version_is_told(fedi: Fedi, instance: Path, model: str) -> None:
    async def age(ctx: Context) -> None:
        async with ctx.db.write() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    within(instance, age)
    result = fedi("doctor", model=model)
    assert result.exit_code == 1
    assert verdicts(result.stdout)["database"] == (
        "fail",
        f"database: at revision 0000, this version needs {HEAD} → run `fedi db migrate`",
    )


def test_jobs_that_were_given_up_are_told(fedi: Fedi, instance: Path, model: str) -> None:
    async def give_up(ctx: Context) -> None:
        async with ctx.db.write() as tx:
            job = queue.NewJob(queue="inbox", kind="inbox")
            await queue.enqueue(tx, ctx.wake, [job], now=datetime.now(UTC))
            await tx.execute(update(Job).values(state=JobState.DEAD, last_error="no answer"))

    within(instance, give_up)
    result = fedi("doctor", model=model)
    assert result.exit_code == 0
    verdict, line = verdicts(result.stdout)["queue"]
    assert verdict == "note"
    assert "the last: no answer → see `fedi queue status`" in line


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"origin": "http://127.0.0.1:8080"}, "origin: http://127.0.0.1:8080 is for this machine only → put"),
        ({"rate_limits": "off"}, "test switches are on: rate_limits=off → remove them"),
        ({"allow_http_peers": "on"}, "test switches are on: allow_http_peers → remove them"),
    ],
)
def test_what_is_right_on_this_machine_only_is_noted(
    fedi: Fedi, instance: Path, model: str, settings: dict[str, str], told: str
) -> None:
    result = fedi("doctor", model=model, **settings)
    assert result.exit_code == 0
    verdict, line = verdicts(result.stdout)[told.partition(":")[0].removesuffix(" are on")]
    assert verdict == "note"
    assert line.startswith(told)


def test_a_disk_that_is_full_is_told(
    fedi: Fedi, instance: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "DISK_FREE_BYTES_MIN", 1024**6)
    result = fedi("doctor", model=model)
    assert result.exit_code == 1
    verdict, line = verdicts(result.stdout)["disk"]
    assert verdict == "fail"
    assert line.endswith("→ make room")
