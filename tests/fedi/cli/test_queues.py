"""`fedi queue`: the operator sees what was given up, and says what becomes of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select, update

from fedi.context import Context
from fedi.jobs import queue
from fedi.models import Job, JobState
from tests.fedi.cli.conftest import Fedi
from tests.fedi.cli.within import within


@pytest.fixture
def given_up(instance: Path) -> Path:
    """An instance with a job that waits and two that were given up."""

    async def fill(ctx: Context) -> None:
        jobs = [
            queue.NewJob(queue="deliver", kind="deliver", host="a.example"),
            queue.NewJob(queue="deliver", kind="deliver", host="b.example"),
            queue.NewJob(queue="inbox", kind="inbox"),
        ]
        async with ctx.db.write() as tx:
            await queue.enqueue(tx, ctx.wake, jobs, now=datetime.now(UTC))
            dead = update(Job).where(Job.id > 1)
            await tx.execute(dead.values(state=JobState.DEAD, attempts=16, last_error="no answer"))

    within(instance, fill)
    return instance


def states(data_dir: Path) -> list[tuple[int, str, int]]:
    async def look(ctx: Context) -> list[tuple[int, str, int]]:
        async with ctx.db.read() as tx:
            rows = await tx.execute(select(Job.id, Job.state, Job.attempts).order_by(Job.id))
            return [(row.id, row.state, row.attempts) for row in rows]

    return within(data_dir, look)


def told(result: Result) -> str:
    """Return the last line for the operator; the log, which tests keep on standard output, stands before it."""
    return result.stdout.splitlines()[-1]


BEFORE = [(1, "ready", 0), (2, "dead", 16), (3, "dead", 16)]


def test_an_idle_queue_is_told_in_a_sentence(fedi: Fedi, instance: Path) -> None:
    result = fedi("queue", "status")
    assert (result.exit_code, result.stdout) == (0, "No jobs wait and none was given up.\n")


def test_the_status_counts_jobs_and_names_those_given_up(fedi: Fedi, given_up: Path) -> None:
    result = fedi("queue", "status")
    assert result.exit_code == 0
    heading, *counts, last, first = [line.split() for line in result.stdout.splitlines()]
    assert heading == ["queue", "kind", "state", "jobs", "held", "now", "oldest"]
    assert [row[:5] for row in counts] == [
        ["deliver", "deliver", "dead", "1", "0"],
        ["deliver", "deliver", "ready", "1", "0"],
        ["inbox", "inbox", "dead", "1", "0"],
    ]
    assert " ".join(last) == "dead 3 inbox after 16 attempts, here: no answer"
    assert " ".join(first) == "dead 2 deliver after 16 attempts, b.example: no answer"
    assert states(given_up) == BEFORE


def test_all_that_was_given_up_is_tried_again(fedi: Fedi, given_up: Path) -> None:
    result = fedi("queue", "retry")
    assert (result.exit_code, told(result)) == (0, "2 jobs will be tried again.")
    assert states(given_up) == [(1, "ready", 0), (2, "ready", 0), (3, "ready", 0)]


def test_one_kind_is_tried_again(fedi: Fedi, given_up: Path) -> None:
    assert told(fedi("queue", "retry", "--kind", "inbox")) == "1 jobs will be tried again."
    assert states(given_up) == [(1, "ready", 0), (2, "dead", 16), (3, "ready", 0)]


@pytest.mark.parametrize(
    ("arguments", "left"), [([], [BEFORE[0]]), (["--kind", "inbox"], BEFORE[:2])], ids=["all", "one kind"]
)
def test_what_was_given_up_is_forgotten(
    fedi: Fedi, given_up: Path, arguments: list[str], left: list[tuple[int, str, int]]
) -> None:
    result = fedi("queue", "drop", "--yes", *arguments)
    assert (result.exit_code, told(result)) == (0, f"{3 - len(left)} jobs were forgotten.")
    assert states(given_up) == left


def test_nothing_is_forgotten_before_it_is_confirmed(fedi: Fedi, given_up: Path) -> None:
    result = fedi("queue", "drop", stdin="n\n")
    assert result.exit_code == 1
    assert states(given_up) == BEFORE


def test_what_others_said_is_printed_as_it_is(fedi: Fedi, given_up: Path) -> None:
    said = "[/nothing] [red]no answer[/red] :warning:"

    async def say(ctx: Context) -> None:
        async with ctx.db.write() as tx:
            await tx.execute(update(Job).values(last_error=said, kind="[b]ox"))

    within(given_up, say)
    result = fedi("queue", "status")
    assert result.exit_code == 0
    assert f"dead 3 [b]ox after 16 attempts, here: {said}\n" in result.stdout
    assert "[b]ox" in result.stdout.splitlines()[1]
