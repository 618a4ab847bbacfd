"""Sealing secrets under a key outside of the database."""

import base64
import os
import stat
from pathlib import Path

import pytest

from fedi.errors import SettingsError
from fedi.sealing import KEY_BYTES, KEY_FILE, Sealer


def test_what_was_sealed_is_read_again_by_every_process(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path).seal("secret", purpose="push")
    assert "secret" not in sealed
    assert Sealer(tmp_path).open(sealed, purpose="push") == "secret"
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_the_same_text_never_looks_the_same(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path)
    assert sealer.seal("secret", purpose="push") != sealer.seal("secret", purpose="push")


def test_another_purpose_or_key_or_text_opens_nothing(tmp_path: Path) -> None:
    sealer = Sealer(tmp_path)
    sealed = sealer.seal("secret", purpose="push")
    assert sealer.open(sealed, purpose="other") is None
    other = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    assert Sealer(tmp_path, other).open(sealed, purpose="push") is None
    for nonsense in ("", "A", "A" * 80, "ä", sealed[:-4]):
        assert sealer.open(nonsense, purpose="push") is None


def test_a_key_of_the_settings_needs_no_file(tmp_path: Path) -> None:
    given = base64.b64encode(os.urandom(KEY_BYTES)).decode()
    sealed = Sealer(tmp_path, given).seal("secret", purpose="push")
    assert Sealer(tmp_path / "elsewhere", given).open(sealed, purpose="push") == "secret"
    assert not (tmp_path / KEY_FILE).exists()


@pytest.mark.parametrize("given", ["short", "ä", base64.b64encode(b"x" * 16).decode()])
def test_a_key_that_is_none_is_told(tmp_path: Path, given: str) -> None:
    with pytest.raises(SettingsError, match="secret_key"):
        Sealer(tmp_path, given).seal("secret", purpose="push")


def test_a_directory_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="data_dir"):
        Sealer(tmp_path / "missing").seal("secret", purpose="push")
