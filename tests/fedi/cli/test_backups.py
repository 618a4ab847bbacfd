"""`fedi backup` and `fedi db`: out of one directory, into another, and federating again with the same keys."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.fedi.cli.conftest import Fedi

pytestmark = pytest.mark.anyio


def test_an_instance_is_made_again_elsewhere(fedi: Fedi, instance: Path, tmp_path: Path) -> None:
    assert fedi("account", "create", "anna", "--password-stdin", stdin="long enough\n").exit_code == 0
    file = tmp_path / "backup.tar"
    made = fedi("backup", "create", str(file))
    assert made.exit_code == 0, made.output
    assert "private keys" in made.output
    assert "is whole" in fedi("backup", "verify", str(file)).output
    there = tmp_path / "there"
    done = fedi("--data-dir", str(there), "backup", "restore", str(file))
    assert done.exit_code == 0, done.output
    listed = fedi("--data-dir", str(there), "account", "list")
    assert "anna" in listed.output
    again = fedi("--data-dir", str(there), "backup", "restore", str(file))
    assert again.exit_code == 2
    assert "has an instance" in again.output


def indexed(path: Path) -> list[tuple[int]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT rowid FROM post_search WHERE post_search MATCH 'boat'").fetchall()


def test_the_index_of_words_is_made_anew_wherever_rows_are_put(
    fedi: Fedi, instance: Path, tmp_path: Path
) -> None:
    assert fedi("account", "create", "anna", "--password-stdin", stdin="long enough\n").exit_code == 0
    with contextlib.closing(sqlite3.connect(instance / "fedi.db")) as database:
        database.execute(
            "INSERT INTO post (id, iri, account_id, local, visibility, content, emojis, created_at) "
            "SELECT 7, 'x:7', id, 1, 'public', '<p>a boat</p>', '[]', 1 FROM account WHERE username = 'anna'"
        )
        database.commit()
    assert indexed(instance / "fedi.db") == []
    assert "Indexed 1 posts." in fedi("db", "reindex").output
    assert indexed(instance / "fedi.db") == [(7,)]
    file, there = tmp_path / "backup.tar", tmp_path / "there"
    assert fedi("backup", "create", str(file)).exit_code == 0
    assert fedi("--data-dir", str(there), "backup", "restore", str(file)).exit_code == 0
    assert indexed(there / "fedi.db") == [(7,)]
    assert fedi("db", "copy", f"sqlite:///{tmp_path}/copy.db").exit_code == 0
    assert indexed(tmp_path / "copy.db") == [(7,)]


def test_nothing_is_written_over(fedi: Fedi, instance: Path, tmp_path: Path) -> None:
    file = tmp_path / "backup.tar"
    file.write_text("mine")
    refused = fedi("backup", "create", str(file))
    assert refused.exit_code == 1
    assert "never written over" in refused.output
    assert file.read_text() == "mine"


def test_what_is_no_archive_is_refused_in_a_sentence(fedi: Fedi, instance: Path, tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"
    file.write_bytes(b"\xff\xd8" * 1000)
    for verb in ("verify", "restore"):
        refused = fedi("backup", verb, str(file))
        assert refused.exit_code == 1
        assert "Traceback" not in refused.output
    assert "does not exist" in fedi("backup", "verify", str(tmp_path / "nothing.tar")).output


def test_the_plan_names_what_is_due(fedi: Fedi, instance: Path) -> None:
    assert "Nothing is to do" in fedi("db", "migrate", "--plan").output


def test_a_database_is_copied_and_serves(fedi: Fedi, instance: Path, tmp_path: Path) -> None:
    assert fedi("account", "create", "anna", "--password-stdin", stdin="long enough\n").exit_code == 0
    url = f"sqlite:///{tmp_path}/copy.db"
    done = fedi("db", "copy", url)
    assert done.exit_code == 0, done.output
    assert "anna" in fedi("account", "list", database_url=url).output
    assert "not empty" in fedi("db", "copy", url).output
    assert fedi("db", "copy", "nonsense://").exit_code == 2
