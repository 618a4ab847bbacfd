"""Settings: one frozen class, read from `config.toml` and the environment.

Every field can be written in `DATA_DIR/config.toml` under its own name or given as the environment
variable `FEDI_` + its name in capitals, which wins. A key that is not known, a value of the wrong
type or a value that cannot work is refused at once with a line that names the key, the cause and the
mend, because a server that starts with a misread setting is worse than one that does not start.
`docs/settings.md` is held to this class by a test.
"""

import difflib
import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from fedi.errors import SettingsError
from webfinger.acct import normalise_host
from webfinger.errors import MalformedResourceError

__all__ = ["ENVIRONMENT_ONLY", "Settings", "load"]

ENVIRONMENT_ONLY = frozenset({
    "FEDI_INSTALLER", "FEDI_REQUIRE", "FEDI_TORCH", "FEDI_TEST_POSTGRES", "FEDI_ARTEFACTS",
})  # fmt: skip
"""Variables with our prefix that steer `./run` and the tests, not the server."""

PRIVATE_SUFFIXES = (".localhost", ".test", ".example", ".invalid", ".internal", ".local")


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that an operator can decide. Each field states its unit, default and meaning."""

    origin: Annotated[
        str,
        Meta(
            description="Scheme and host under which everyone reaches this server, such as "
            "`https://pictures.example`. Never change it after the first post."
        ),
    ] = "http://127.0.0.1:8080"
    account_domain: Annotated[
        str,
        Meta(
            description="Domain in handles (`@name@domain`) when it differs from the host of `origin`; that "
            "domain must forward `/.well-known/webfinger` here. Empty: the host of `origin`."
        ),
    ] = ""
    data_dir: Annotated[
        str, Meta(description="Directory with the database, the pictures and `config.toml`.")
    ] = "data"
    database_url: Annotated[
        str,
        Meta(description="SQLAlchemy URL: empty for SQLite in `data_dir`, or `postgresql://user@host/name`."),
    ] = ""
    storage_url: Annotated[
        str,
        Meta(
            description="Where pictures are kept: empty for `data_dir`/media, `file:/path` or `s3://bucket/prefix`."
        ),
    ] = ""
    secret_key: Annotated[
        str,
        Meta(
            description="Base64 of 32 random bytes, under which the tokens of push subscriptions are sealed. "
            "Empty: the file `secret.key` in `data_dir`, made at need; processes with directories of their "
            "own need one in common."
        ),
    ] = ""
    bind: Annotated[str, Meta(description="Address that `fedi serve` listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="TCP port that `fedi serve` listens on.", ge=1, le=65535)] = 8080
    model: Annotated[
        str,
        Meta(
            description="Folder of the diffusers pipeline that draws; `tiny` is the one that ships with fedi."
        ),
    ] = "tiny"
    device: Annotated[
        str, Meta(description="Torch device for drawing, such as `cpu`, `cuda` or `cuda:1`.")
    ] = "cpu"
    picture_size: Annotated[
        int,
        Meta(
            description="Longer side of a drawn picture, in pixels, when nobody asks for another.",
            ge=64,
            le=2048,
        ),
    ] = 512
    generator: Annotated[
        str,
        Meta(
            description="Name of the bot that draws for whoever mentions it, here and from other servers; it "
            "is made when the server starts. Empty: none."
        ),
    ] = "imagine"
    asks_per_hour: Annotated[
        int,
        Meta(description="Pictures an hour that one person may ask of that bot.", ge=1, le=10_000),
    ] = 12
    asks_per_hour_per_server: Annotated[
        int,
        Meta(
            description="Pictures an hour that all people of one other server may ask of that bot.",
            ge=1,
            le=100_000,
        ),
    ] = 60
    generation_timeout_s: Annotated[
        int, Meta(description="Seconds after which drawing one picture is given up.", ge=5, le=7200)
    ] = 600
    instance_name: Annotated[str, Meta(description="Name of this server, as people see it.")] = "fedi"
    instance_description: Annotated[str, Meta(description="One or two sentences about this server.")] = (
        "Pictures made with AI, labelled, on a server of our own."
    )
    contact_email: Annotated[
        str, Meta(description="Address at which the operator can be reached; shown to everyone.")
    ] = ""
    source_url: Annotated[
        str,
        Meta(
            description="Where people can have the source of the version that runs here, which the licence "
            "(AGPL-3.0, section 13) asks for when you changed it."
        ),
    ] = ""
    language: Annotated[
        str, Meta(description="Language of posts that do not name one, as an ISO 639-1 code.")
    ] = "en"
    post_characters_max: Annotated[
        int, Meta(description="Longest post that people here may write, in characters.", ge=100, le=100_000)
    ] = 2000
    registrations: Annotated[
        Literal["closed", "approval", "open"],
        Meta(
            description="Who may sign up, in the browser and with an app: nobody, whom a moderator approves, "
            "or everyone. `fedi account create` works in any case."
        ),
    ] = "closed"
    media_cache_days: Annotated[
        int,
        Meta(
            description="Days that a picture of another server is kept after somebody last looked at it.",
            ge=1,
            le=3650,
        ),
    ] = 14
    media_cache_mb: Annotated[
        int,
        Meta(
            description="Megabytes of other servers' pictures that are kept; the longest unseen go first.",
            ge=10,
            le=100_000_000,
        ),
    ] = 5000
    translation_url: Annotated[
        str,
        Meta(
            description="Address of a server with LibreTranslate's API, such as `http://127.0.0.1:5000`, "
            "that public posts are given to when somebody wants one translated. Empty: nothing is translated."
        ),
    ] = ""
    translation_key: Annotated[str, Meta(description="Key for that server, if it asks for one.")] = ""
    authorized_fetch: Annotated[
        bool, Meta(description="Answer other servers' reads of people and posts only when they are signed.")
    ] = False
    federation_mode: Annotated[
        Literal["open", "allowlist"],
        Meta(
            description="Whom this server talks to: every server that no rule suspends, or only those that "
            "`fedi domains allow` named. Run `fedi domains apply` after a change."
        ),
    ] = "open"
    show_domain_blocks: Annotated[
        Literal["everyone", "users", "nobody"],
        Meta(description="Who may read which servers are limited or suspended here."),
    ] = "nobody"
    delivery_concurrency: Annotated[
        int,
        Meta(description="Deliveries to other servers in flight at once, per worker process.", ge=1, le=1000),
    ] = 64
    ca_file: Annotated[
        str,
        Meta(
            description="PEM file with certificate authorities to trust beside the system's, for private "
            "networks and tests."
        ),
    ] = ""
    trusted_proxies: Annotated[
        list[str],
        Meta(
            description="Address ranges of reverse proxies whose `X-Forwarded-For` is believed, separated by "
            "commas."
        ),
    ] = msgspec.field(default_factory=lambda: ["127.0.0.1/32", "::1/128"])
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="Least severe log line that is written."),
    ] = "info"
    log_style: Annotated[Literal["text", "json"], Meta(description="Shape of log lines.")] = "text"
    rate_limits: Annotated[
        bool,
        Meta(
            description="Test switch: off lifts the limits on requests. Refused with a public https origin."
        ),
    ] = True
    allow_http_peers: Annotated[
        bool,
        Meta(
            description="Test switch: talk to other servers over plain http as well. Refused with a public "
            "https origin."
        ),
    ] = False
    outgoing_allow: Annotated[
        list[str],
        Meta(
            description="Test switch: private address ranges that outgoing requests may reach; inside them a "
            "peer may be an IP literal with a port. Refused with a public https origin."
        ),
    ] = msgspec.field(default_factory=list)

    @property
    def host(self) -> str:
        """Host of `origin`, with its port when that is not the scheme's own."""
        return urlsplit(self.origin).netloc

    @property
    def domain(self) -> str:
        """Domain in the handles of people here."""
        return self.account_domain or self.host

    @property
    def data_path(self) -> Path:
        """`data_dir` as an absolute path."""
        return Path(self.data_dir).expanduser().resolve()

    @property
    def database(self) -> str:
        """SQLAlchemy URL with its async driver."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_path / 'fedi.db'}"
        for plain, driver in _ASYNC_DRIVERS.items():
            if self.database_url.startswith(plain + "://"):
                return driver + self.database_url[len(plain) :]
        return self.database_url

    @property
    def storage(self) -> str:
        """URL of the blob store."""
        return self.storage_url or f"file:{self.data_path / 'media'}"

    @property
    def secure(self) -> bool:
        """Whether people reach us over https, so that cookies may be `Secure`."""
        return self.origin.startswith("https://")


_ASYNC_DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}


def load(environ: Mapping[str, str], **overrides: Any) -> Settings:
    """Read the settings for this process.

    Args:
        environ: the environment, usually `os.environ`.
        overrides: values from command-line flags, which win over everything; None means not given.

    Raises:
        SettingsError: naming the key, the cause and the mend.
    """
    given = {key: value for key, value in overrides.items() if value is not None}
    data_dir = given.get("data_dir") or environ.get("FEDI_DATA_DIR") or "data"
    values = _read_toml(Path(data_dir).expanduser() / "config.toml")
    values |= _read_environ(environ)
    values |= given
    values["data_dir"] = str(data_dir)
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as refusal:
        raise _explain(refusal) from None
    _check(settings)
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as trouble:
        raise SettingsError(
            str(path), f"cannot be read ({trouble})", "make it a readable UTF-8 file"
        ) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        raise SettingsError(str(path), f"is not TOML ({trouble})", "mend that line") from None
    for key in values:
        _require_known(key, key)
    return values


def _read_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in environ.items():
        if not name.startswith("FEDI_") or name in ENVIRONMENT_ONLY:
            continue
        key = name.removeprefix("FEDI_").lower()
        _require_known(key, name)
        values[key] = _from_text(key, text)
    return values


def _from_text(key: str, text: str) -> Any:
    kind, *_ = get_args({field.name: field.type for field in msgspec.structs.fields(Settings)}[key])
    if get_origin(kind) is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    if kind is bool:
        return {"on": True, "yes": True, "off": False, "no": False}.get(text.lower(), text)
    return text


def _require_known(key: str, shown: str) -> None:
    names = [field.name for field in msgspec.structs.fields(Settings)]
    if key in names:
        return
    near = difflib.get_close_matches(key, names, n=1)
    mend = f"did you mean `{near[0]}`?" if near else "docs/settings.md lists the settings"
    raise SettingsError(shown, "unknown setting", mend)


def _explain(refusal: msgspec.ValidationError) -> SettingsError:
    cause, _, where = str(refusal).partition(" - at `$.")
    key = where.rstrip("`").split("[")[0] or "settings"
    return SettingsError(key, cause[:1].lower() + cause[1:].replace("`", "'"), "see docs/settings.md")


def _check(settings: Settings) -> None:
    parts = urlsplit(settings.origin)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path
        or parts.query
        or parts.username
    ):
        raise SettingsError(
            "origin", f"'{settings.origin}' is not scheme://host", "write https://your.host without a path"
        )
    _check_names(settings)
    _check_translation(settings)
    for key in ("trusted_proxies", "outgoing_allow"):
        for text in getattr(settings, key):
            try:
                ipaddress.ip_network(text)
            except ValueError:
                raise SettingsError(
                    key, f"'{text}' is not an address range", "write it as 127.0.0.0/8"
                ) from None
    if settings.ca_file and not Path(settings.ca_file).is_file():
        raise SettingsError("ca_file", f"'{settings.ca_file}' is not a file", "give the path of a PEM file")
    if parts.scheme == "https" and is_public(parts.hostname):
        for key, safe in (("rate_limits", True), ("allow_http_peers", False), ("outgoing_allow", [])):
            if getattr(settings, key) != safe:
                raise SettingsError(key, "a test switch, with a public https origin", "remove it")


def _check_translation(settings: Settings) -> None:
    parts = urlsplit(settings.translation_url)
    if settings.translation_url and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise SettingsError(
            "translation_url",
            f"'{settings.translation_url}' is not an address",
            "write it as http://127.0.0.1:5000",
        )


def _check_names(settings: Settings) -> None:
    """Refuse hosts that are not spelt as others will send them back to us: handles are compared as text."""
    for key, given, prefix in (
        ("origin", settings.host, "https://"),
        ("account_domain", settings.domain, ""),
    ):
        try:
            usual = normalise_host(given, allow_port=True)
        except MalformedResourceError:
            raise SettingsError(
                key, f"'{given}' is not the name of a host", "write it as pictures.example"
            ) from None
        if usual != given:
            raise SettingsError(key, f"'{given}' is not in its usual spelling", f"write {prefix}{usual}")


def is_public(hostname: str) -> bool:
    """Tell whether strangers could reach a host of this name."""
    try:
        return ipaddress.ip_address(hostname).is_global
    except ValueError:
        return hostname != "localhost" and not hostname.endswith(PRIVATE_SUFFIXES)
