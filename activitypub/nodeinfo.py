"""NodeInfo: what this server runs and how many people use it, for statistics and for clients that ask first.

Versions 2.0 and 2.1 differ only in `software.repository` and `software.homepage`; both are served, because
Mastodon, Pixelfed and Takahe read only 2.0. The discovery document names our instance actor too
(FEP-2677). Client libraries such as megalodon pick their adapter by `software.name` and give up on a name
they do not know, unless `metadata.upstream.name` is one they do: there we say `mastodon`, whose API we speak.

Source: https://nodeinfo.diaspora.software/protocol.html; FEP-f1d5; FEP-2677.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from activitypub import read
from activitypub.errors import MalformedError

__all__ = ["CONTENT_TYPES", "DISCOVERY_CONTENT_TYPE", "NodeInfo", "Version", "discovery"]

Version = Literal["2.0", "2.1"]

_SCHEMA: Final = "http://nodeinfo.diaspora.software/ns/schema/"
_APPLICATION_REL: Final = "https://www.w3.org/ns/activitystreams#Application"

DISCOVERY_CONTENT_TYPE: Final = "application/json"
CONTENT_TYPES: Final[Mapping[Version, str]] = {
    "2.0": f'application/json; profile="{_SCHEMA}2.0#"',
    "2.1": f'application/json; profile="{_SCHEMA}2.1#"',
}

# The schema's pattern for software names.
_SOFTWARE_NAME: Final = re.compile(r"[a-z0-9-]+")
# Longest name, version or description kept of another server, in characters.
_TEXT_CHARS_MAX: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeInfo:
    """A server as it describes itself.

    Args:
        software_name: lower-case letters, digits and hyphens.
        software_version: any text.
        repository: where its source is; only in 2.1.
        homepage: its project page; only in 2.1.
        open_registrations: anyone may sign up.
        users_total, users_active_month, users_active_halfyear: accounts, and those active in 30 and 180 days.
        local_posts, local_comments: posts by its own people, and replies among them if counted apart.
        node_name, node_description: for people.
        upstream: the software whose client API it speaks.
        metadata: anything else, written after the names.
    """

    software_name: str
    software_version: str
    repository: str | None = None
    homepage: str | None = None
    open_registrations: bool = False
    users_total: int = 0
    users_active_month: int = 0
    users_active_halfyear: int = 0
    local_posts: int = 0
    local_comments: int | None = None
    node_name: str | None = None
    node_description: str | None = None
    upstream: str | None = "mastodon"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _SOFTWARE_NAME.fullmatch(self.software_name):
            raise MalformedError("software.name may hold only lower-case letters, digits and hyphens")

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read a NodeInfo document of any version; counts that are missing are 0.

        Raises:
            MalformedError: `software.name` or `software.version` is missing or odd.
        """
        doc = read.document(doc, "NodeInfo")
        software, usage, metadata = (_part(doc, key) for key in ("software", "usage", "metadata"))
        users = _part(usage, "users")
        name = read.text(software.get("name"), _TEXT_CHARS_MAX)
        version = read.text(software.get("version"), _TEXT_CHARS_MAX)
        if name is None or version is None:
            raise MalformedError("software.name or software.version is missing")
        return cls(
            software_name=name.lower(),  # some servers write their name with a capital
            software_version=version,
            repository=read.http_iri(software.get("repository")),
            homepage=read.http_iri(software.get("homepage")),
            open_registrations=read.boolean(doc.get("openRegistrations")) or False,
            users_total=read.integer(users.get("total")) or 0,
            users_active_month=read.integer(users.get("activeMonth")) or 0,
            users_active_halfyear=read.integer(users.get("activeHalfyear")) or 0,
            local_posts=read.integer(usage.get("localPosts")) or 0,
            local_comments=read.integer(usage.get("localComments")),
            node_name=read.text(metadata.get("nodeName"), _TEXT_CHARS_MAX),
            node_description=read.text(metadata.get("nodeDescription"), _TEXT_CHARS_MAX),
            upstream=read.text(_part(metadata, "upstream").get("name"), _TEXT_CHARS_MAX),
            metadata={key: metadata[key] for key in metadata if key not in _NAMED_METADATA},
        )

    def to_json(self, version: Version = "2.1") -> dict[str, Any]:
        """Render the document of one version; serve it as `CONTENT_TYPES[version]`."""
        software: dict[str, Any] = {"name": self.software_name, "version": self.software_version}
        if version == "2.1":
            pages = {"repository": self.repository, "homepage": self.homepage}
            software |= {key: value for key, value in pages.items() if value is not None}
        usage: dict[str, Any] = {
            "users": {
                "total": self.users_total,
                "activeMonth": self.users_active_month,
                "activeHalfyear": self.users_active_halfyear,
            },
            "localPosts": self.local_posts,
        }
        if self.local_comments is not None:
            usage["localComments"] = self.local_comments
        named = {
            "nodeName": self.node_name,
            "nodeDescription": self.node_description,
            "upstream": None if self.upstream is None else {"name": self.upstream},
        }
        return {
            "version": version,
            "software": software,
            "protocols": ["activitypub"],
            "services": {"inbound": [], "outbound": []},
            "openRegistrations": self.open_registrations,
            "usage": usage,
            "metadata": {key: value for key, value in named.items() if value is not None}
            | dict(self.metadata),
        }


_NAMED_METADATA: Final = frozenset({"nodeName", "nodeDescription", "upstream"})


def discovery(origin: str, *, application: str | None = None) -> dict[str, Any]:
    """Render `/.well-known/nodeinfo`.

    Args:
        origin: `https://host`, without a slash at the end.
        application: the instance actor's id (FEP-2677).
    """
    links = [{"rel": _SCHEMA + version, "href": f"{origin}/nodeinfo/{version}"} for version in ("2.1", "2.0")]
    if application is not None:
        links.append({"rel": _APPLICATION_REL, "href": application})
    return {"links": links}


def _part(doc: read.Doc, key: str) -> read.Doc:
    """Take an inner object, or an empty one where it is missing or something else."""
    value = doc.get(key)
    return value if isinstance(value, Mapping) else {}
