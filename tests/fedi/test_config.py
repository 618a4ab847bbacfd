"""Settings: read strictly, refused with one helpful line."""

from pathlib import Path

import pytest

from fedi.config import load
from fedi.errors import SettingsError


def refused(
    tmp_path: Path, environ: dict[str, str] | None = None, toml: str = "", **flags: object
) -> SettingsError:
    (tmp_path / "config.toml").write_text(toml)
    with pytest.raises(SettingsError) as caught:
        load({"FEDI_DATA_DIR": str(tmp_path), **(environ or {})}, **flags)
    return caught.value


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('port = 1\nbind = "::1"\ninstance_name = "x"\n')
    settings = load(
        {"FEDI_DATA_DIR": str(tmp_path), "FEDI_PORT": "2", "FEDI_BIND": "127.0.0.2"}, port=3, bind=None
    )
    assert (settings.port, settings.bind, settings.instance_name) == (3, "127.0.0.2", "x")


def test_the_defaults_work_without_anything(tmp_path: Path) -> None:
    settings = load({"FEDI_DATA_DIR": str(tmp_path)})
    assert settings.database == f"sqlite+aiosqlite:///{tmp_path}/fedi.db"
    assert settings.storage == f"file:{tmp_path}/media"
    assert settings.domain == "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("environ", "toml", "key", "part"),
    [
        ({"FEDI_PROT": "1"}, "", "FEDI_PROT", "did you mean `port`"),
        ({}, "colour = 1", "colour", "unknown setting"),
        ({"FEDI_PORT": "abc"}, "", "port", "expected"),
        ({"FEDI_PORT": "70000"}, "", "port", "65535"),
        ({}, 'port = "x', "config.toml", "is not TOML"),
        ({"FEDI_RATE_LIMITS": "maybe"}, "", "rate_limits", "expected"),
        ({"FEDI_ORIGIN": "pictures.example"}, "", "origin", "is not scheme://host"),
        ({"FEDI_ORIGIN": "https://h.test/path"}, "", "origin", "without a path"),
        ({"FEDI_ORIGIN": "https://Pictures.test"}, "", "origin", "write https://pictures.test"),
        ({"FEDI_ACCOUNT_DOMAIN": "https://h.test"}, "", "account_domain", "is not the name of a host"),
        ({"FEDI_ACCOUNT_DOMAIN": "@h.test"}, "", "account_domain", "is not the name of a host"),
        ({"FEDI_ACCOUNT_DOMAIN": "B\u00fccher.test"}, "", "account_domain", "write xn--bcher-kva.test"),
        ({"FEDI_OUTGOING_ALLOW": "localhost"}, "", "outgoing_allow", "is not an address range"),
        ({"FEDI_CA_FILE": "/nowhere.pem"}, "", "ca_file", "is not a file"),
        ({"FEDI_LOG_LEVEL": "loud"}, "", "log_level", "loud"),
    ],
)
def test_a_refusal_names_the_key_and_the_cause(
    tmp_path: Path, environ: dict[str, str], toml: str, key: str, part: str
) -> None:
    trouble = refused(tmp_path, environ, toml)
    assert key in trouble.key
    assert part in str(trouble)
    assert "\n" not in str(trouble)


@pytest.mark.parametrize(
    "switch",
    [{"FEDI_RATE_LIMITS": "off"}, {"FEDI_ALLOW_HTTP_PEERS": "1"}, {"FEDI_OUTGOING_ALLOW": "127.0.2.0/28"}],
)
def test_test_switches_are_refused_with_a_public_origin_only(tmp_path: Path, switch: dict[str, str]) -> None:
    assert "test switch" in str(refused(tmp_path, {"FEDI_ORIGIN": "https://pictures.org", **switch}))
    for private in ("https://127.0.2.2:8443", "https://fedi.test", "http://127.0.0.1:8080"):
        load({"FEDI_DATA_DIR": str(tmp_path), "FEDI_ORIGIN": private, **switch})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("sqlite:////x.db", "sqlite+aiosqlite:////x.db"),
    ],
)
def test_a_database_url_gets_its_async_driver(tmp_path: Path, given: str, expected: str) -> None:
    assert load({"FEDI_DATA_DIR": str(tmp_path)}, database_url=given).database == expected


def test_lists_come_from_commas(tmp_path: Path) -> None:
    settings = load({"FEDI_DATA_DIR": str(tmp_path), "FEDI_OUTGOING_ALLOW": "127.0.2.0/28, ::1/128"})
    assert settings.outgoing_allow == ["127.0.2.0/28", "::1/128"]
