"""`fedi imagine`: it draws, tells, and comes to an end, whatever becomes of the picture."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fedi import app
from fedi.cli import pictures
from fedi.context import Context
from fedi.errors import Refused
from fedi.jobs import queue
from fedi.models import Account, Post, PostState
from fedi.services import accounts, drawing, imagining
from media.errors import EngineError, ModelMissingError
from tests.fedi.cli.conftest import ORIGIN, Fedi
from tests.fedi.cli.within import within
from tests.fedi.services.studio import Easel, equip
from tests.fedi.services.town import Town
from tests.servers import Server

PROMPT = "a red [b]boat[/b]"


async def _posts(ctx: Context) -> list[Post]:
    async with ctx.db.read() as tx:
        rows = await tx.execute(select(Post).where(Post.state == PostState.PUBLISHED).order_by(Post.id))
        return list(rows.scalars())


# The command


@pytest.fixture
def easel(monkeypatch: pytest.MonkeyPatch) -> Easel:
    """What draws for the command, in this process."""
    made = Easel()
    monkeypatch.setattr(app, "EngineHost", lambda **_: made)
    return made


@pytest.fixture
def people(instance: Path) -> Path:
    """An instance with the person `alice` and the bot `imagine`."""

    async def make(ctx: Context) -> None:
        async with ctx.db.write() as tx:
            await accounts.create_local(ctx, tx, username="alice")
            await accounts.create_local(
                ctx, tx, username="imagine", kind="Service", operator="alice@fedi.test"
            )

    within(instance, make)
    return instance


def test_a_picture_is_drawn_posted_and_its_address_said(fedi: Fedi, people: Path, easel: Easel) -> None:
    result = fedi("imagine", "@alice", PROMPT, "--seed", "7")
    assert (result.exit_code, result.stderr) == (0, "")
    [post] = within(people, _posts)
    assert result.stdout.splitlines()[-1] == post.url == f"{ORIGIN}/@alice/{post.id}"
    assert PROMPT in result.stdout
    assert (post.visibility, easel.asked[0].seed) == ("public", 7)
    assert post.source.startswith(PROMPT)


@pytest.mark.parametrize(
    ("name", "flags", "expected"),
    [("imagine", [], "unlisted"), ("imagine", ["--visibility", "public"], "public"), ("alice", ["--visibility", "direct"], "direct")],
)  # fmt: skip
def test_bots_are_quiet_unless_they_are_told_otherwise(  # noqa: PLR0917 - a table of cases
    fedi: Fedi, people: Path, easel: Easel, name: str, flags: list[str], expected: str
) -> None:
    assert fedi("imagine", name, "a boat", *flags).exit_code == 0
    assert [post.visibility for post in within(people, _posts)] == [expected]


@pytest.mark.parametrize(
    ("name", "prompt", "part"),
    [
        ("bob", "a boat", "There is no account 'bob' here; make it with `fedi account create bob`."),
        ("alice", "", "the prompt is empty"),
        ("alice", "a nude child", "are never made here"),
    ],
)
def test_a_wish_that_is_refused_is_one_line(  # noqa: PLR0917 - a table of cases
    fedi: Fedi, people: Path, easel: Easel, name: str, prompt: str, part: str
) -> None:
    result = fedi("imagine", name, prompt)
    assert result.exit_code == 1
    assert result.stderr.startswith("fedi: ")
    assert part in result.stderr
    assert result.stderr.count("\n") == 1
    assert within(people, _posts) == []


def test_an_engine_that_cannot_draw_ends_the_command_with_its_sentence(
    fedi: Fedi, people: Path, easel: Easel
) -> None:
    easel.troubles = [ModelMissingError()]
    result = fedi("imagine", "alice", "a boat")
    assert result.exit_code == 1
    assert (
        result.stderr == "fedi: Could not draw “a boat”: The image model is not installed on this server.\n"
    )


def test_a_seed_that_is_none_is_refused(fedi: Fedi, people: Path, easel: Easel) -> None:
    result = fedi("imagine", "alice", "a boat", "--seed", "-1")
    assert result.exit_code == 1
    assert "seed must be a whole number from 0" in result.stderr


def test_without_an_instance_there_is_nobody_to_post(fedi: Fedi, data_dir: Path) -> None:
    result = fedi("imagine", "alice", "a boat")
    assert result.exit_code == 2
    assert "has no instance" in result.stderr


# What can happen while it waits


@pytest.fixture
def town(server: Server, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr(pictures, "POLL_S", 0.01)
    monkeypatch.setattr(drawing, "RETRY_S", 0.0)
    return Town(server)


def equipped(town: Town) -> Easel:
    easel = Easel()
    equip(town.server, engine=easel)
    return easel


async def draw(town: Town, prompt: str = "a boat", who: str = "alice") -> Post:
    author: Account = await town.one(who)
    async with asyncio.timeout(20):
        return await pictures.draw(town.server.ctx, author, prompt)


@pytest.mark.anyio
async def test_an_engine_that_dies_once_is_asked_again(town: Town) -> None:
    easel = equipped(town)
    easel.troubles = [EngineError()]
    post = await draw(town)
    assert (post.state, len(easel.asked)) == (PostState.PUBLISHED, 2)


@pytest.mark.anyio
async def test_what_waited_before_is_drawn_first(town: Town) -> None:
    easel = equipped(town)
    bob = await town.one("bob")
    async with town.server.ctx.db.write() as tx:
        me = await tx.get_one(Account, bob.id)
        new = pictures.posting.NewPost(text="", visibility="public")
        await imagining.request(town.server.ctx, tx, author=me, prompt="a tree", new=new)
    post = await draw(town)
    assert [request.prompt for request in easel.asked] == ["a tree", "a boat"]
    assert post.account_id == town.people["alice"].id
    assert len(await _posts(town.server.ctx)) == 2


@pytest.mark.anyio
async def test_somebody_elses_worker_may_draw_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    equipped(town)
    real = queue.claim
    others: list[asyncio.Task[int]] = []

    async def taken(*given: Any, **how: Any) -> list[queue.Claim]:
        monkeypatch.setattr(queue, "claim", real)
        others.append(asyncio.create_task(town.server.work("gpu")))
        return []

    monkeypatch.setattr(queue, "claim", taken)
    assert (await draw(town)).state == PostState.PUBLISHED
    assert await others[0] == 1


@pytest.mark.anyio
async def test_a_draft_that_is_deleted_meanwhile_ends_the_waiting(town: Town) -> None:
    easel = equipped(town)

    async def deleted() -> None:
        async with town.server.ctx.db.read() as tx:
            draft = (await tx.execute(select(Post))).scalar_one()
        await town.deletes("alice", draft)

    easel.meanwhile = deleted
    with pytest.raises(Refused, match="was deleted"):
        await draw(town)
