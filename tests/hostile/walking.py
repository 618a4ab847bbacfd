"""Every address of the server with everything that somebody has, for tests that walk where they may not.

A route that is new is walked by itself: nobody has to remember to add it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from fedi.api.routes import ROUTES as API
from fedi.inbound.routes import ROUTES as ACTIVITYPUB
from fedi.web.routes import ROUTES as PAGES

__all__ = ["ACTIVITY_JSON", "SECRET", "TAG", "Belongings", "Call", "calls", "collect"]

SECRET = "zebrafinch7391"
"""In every text that is not for everyone."""

TAG = "quietheron"
"""A hashtag of such texts: whoever asks about it is answered with its name."""

ACTIVITY_JSON = "application/activity+json"
ENDLESS = ("/api/v1/streaming", "/events")
"""Parts of the paths that answer for as long as somebody listens; `streaming` has tests of its own."""

_PARAMETER = re.compile(r"\{([^}]+)\}")
_IDENTIFIERS = {"id", "id:int", "post_id", "quoting_id", "stamp_id", "key"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What belongs to somebody: ids by what they are of, and their name."""

    name: str
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request."""

    method: str
    path: str
    accept: str = "application/json"


def calls(of: Belongings, *, reading: bool) -> Iterator[Call]:
    """Give every route with every id that somebody has in the place of its own."""
    for route in [*API, *ACTIVITYPUB, *PAGES]:
        path: str = getattr(route, "path", "")
        methods: set[str] = getattr(route, "methods", None) or set()
        if any(part in path for part in ENDLESS) or path == "/api/{rest:path}":
            continue
        wanted = {"GET"} if reading else {"POST", "PUT", "PATCH", "DELETE"}
        for method in sorted(methods & wanted):
            for filled in _filled(path, of):
                yield Call(method=method, path=filled)
                if reading and not path.startswith("/api/"):
                    yield Call(method=method, path=filled, accept=ACTIVITY_JSON)
                    yield Call(method=method, path=filled, accept="text/html")


def _filled(path: str, of: Belongings) -> list[str]:
    names = _PARAMETER.findall(path)
    values = sorted(set(of.ids.values())) if _IDENTIFIERS & set(names) else [""]
    found = []
    for value in values:
        given = {**dict.fromkeys(_IDENTIFIERS, value), "year": "2026", "date": "2026-01-01", "emoji": "🦊"}
        given |= {"name": of.name, "what": "avatar", "digest": "0"}
        found.append(_PARAMETER.sub(lambda match, to=given: quote(to.get(match[1], "x"), safe=""), path))
        if "tag" in path:
            tags = {**given, "name": TAG}
            found.append(_PARAMETER.sub(lambda match, to=tags: quote(to.get(match[1], "x"), safe=""), path))
    return found


async def collect(alice: httpx.AsyncClient, name: str, other_id: str, picture: bytes) -> Belongings:
    """Have somebody write and keep all that a person can, none of it for everyone, and return the ids.

    Args:
        alice: who is signed in.
        name: hers.
        other_id: somebody who may see none of it.
        picture: to upload.
    """
    ids: dict[str, str] = {}

    async def make(what: str, path: str, /, **how: Any) -> dict[str, Any]:
        answer = await alice.post(path, **how)
        assert answer.is_success, (what, answer.text)
        made: dict[str, Any] = answer.json()
        if "id" in made:
            ids[what] = str(made["id"])
        return made

    text = f"{SECRET} #{TAG}"
    media = await make(
        "posted picture", "/api/v2/media", files={"file": ("x.jpg", picture)}, data={"description": SECRET}
    )
    await make("picture", "/api/v2/media", files={"file": ("x.jpg", picture)}, data={"description": SECRET})
    root = await make("public post", "/api/v1/statuses", json={"status": "hello"})
    private = await make(
        "private post",
        "/api/v1/statuses",
        json={
            "status": text,
            "visibility": "private",
            "media_ids": [media["id"]],
            "in_reply_to_id": root["id"],
        },
    )
    await make("letter", "/api/v1/statuses", json={"status": f"@carol {text}", "visibility": "direct"})
    poll = {"options": [SECRET, "b"], "expires_in": 3600}
    asked = await make(
        "poll post", "/api/v1/statuses", json={"status": text, "visibility": "private", "poll": poll}
    )
    ids["poll"] = asked["poll"]["id"]
    await make("", f"/api/v1/statuses/{private['id']}/bookmark")
    edited = await alice.put(
        f"/api/v1/statuses/{private['id']}", json={"status": f"{text}!", "media_ids": [media["id"]]}
    )
    assert edited.status_code == 200
    await make("list", "/api/v1/lists", json={"title": SECRET})
    keywords = [{"keyword": SECRET, "whole_word": True}]
    made = await make(
        "filter",
        "/api/v2/filters",
        json={"title": SECRET, "context": ["home"], "keywords_attributes": keywords},
    )
    ids["keyword"] = made["keywords"][0]["id"]
    later = {"status": text, "scheduled_at": "2099-01-01T00:00:00Z"}
    await make("scheduled post", "/api/v1/statuses", json=later)
    await make("", f"/api/v1/accounts/{other_id}/note", json={"comment": SECRET})
    await make("report", "/api/v1/reports", json={"account_id": other_id, "comment": SECRET})
    await make("generation", "/api/fedi/v1/generations", json={"prompt": SECRET})
    ids["account"] = (await alice.get("/api/v1/accounts/verify_credentials")).json()["id"]
    for what, path in (("conversation", "/api/v1/conversations"), ("notification", "/api/v1/notifications")):
        ids |= {f"{what} {one['id']}": one["id"] for one in (await alice.get(path)).json()}
    return Belongings(name=name, ids=ids)
