"""`fedi account profile`: a bot gets a name and a face."""

from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from fedi.context import Context
from fedi.models import Account, Job
from fedi.queries import accounts as find
from tests.fedi.cli.conftest import Fedi
from tests.fedi.cli.within import within


@pytest.fixture
def bot(fedi: Fedi, instance: Path) -> Path:
    """A bot, here."""
    assert fedi("account", "create", "painter", "--bot", "--operator", "alice@fedi.test").exit_code == 0
    return instance


def found(data_dir: Path, name: str) -> tuple[Account, list[str]]:
    async def look(ctx: Context) -> tuple[Account, list[str]]:
        async with ctx.db.read() as tx:
            account = await find.local_by_name(tx, name)
            assert account is not None
            return account, list((await tx.execute(select(Job.kind))).scalars())

    return within(data_dir, look)


def test_a_bot_gets_a_name_a_face_and_fields(fedi: Fedi, bot: Path, tmp_path: Path) -> None:
    face = tmp_path / "face.png"
    Image.new("RGB", (64, 64), "red").save(face)
    given = ("--display-name", "Painter", "--note", "I paint.", "--field", "Model=tiny", "--field", "a=b=c")
    result = fedi(
        "account",
        "profile",
        "@painter",
        *given,
        "--avatar",
        str(face),
        "--avatar-description",
        "red",
        "--locked",
    )
    assert (result.exit_code, result.stderr) == (0, "")
    account, jobs = found(bot, "painter")
    assert (account.display_name, account.note, account.locked) == ("Painter", "<p>I paint.</p>", True)
    assert [(row["name"], row["source"]) for row in account.fields] == [("Model", "tiny"), ("a", "b=c")]
    assert account.avatar_key is not None
    assert account.avatar_description == "red"
    assert jobs == ["announce_profile"]
    # What is not given stays.
    assert fedi("account", "profile", "painter", "--unlocked").exit_code == 0
    account, _ = found(bot, "painter")
    assert (account.display_name, len(account.fields), account.locked) == ("Painter", 2, False)


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["nobody", "--note", "x"], 1, "no account 'nobody'"),
        (["painter", "--display-name", "x" * 31], 1, "too long"),
        (["painter", "--field", "nothing"], 2, "has no '='"),
        (["painter", "--avatar", "/nowhere.png"], 2, "does not exist"),
        (["painter", "--avatar", __file__], 1, "Validation failed"),
    ],
)
def test_what_makes_no_profile_is_refused(
    fedi: Fedi, bot: Path, arguments: list[str], code: int, told: str
) -> None:
    result = fedi("account", "profile", *arguments)
    assert result.exit_code == code
    assert told in result.stderr
    assert found(bot, "painter")[0].display_name == ""
