"""Hostile bodies out of good ones: each golden activity, with one or a few of its members made wrong.

The golden documents are rewritten so that `bob` on another server sends them and `alice` here is concerned, because a
body that is refused for its sender alone tests nothing behind that.
"""

import copy
import functools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["ALICE", "BOB", "ODD", "SENT", "SHAPES", "golden", "hostile", "spoilt"]

SHAPES = Path(__file__).parents[1] / "data" / "wire-shapes"

SENT = (
    "accept-follow", "accept-quote-request", "add-pin", "announce", "block", "create-note-image-unlisted",
    "create-note-image-with-proof", "delete-note", "delete-quote-authorization",
    "emoji-react-inbound", "flag", "follow", "like", "misskey-reaction-inbound", "move", "poll-vote",
    "question-inbound", "quote-request-inbound", "reject-follow", "reject-quote-request", "relay-follow",
    "remove-pin", "undo-announce", "undo-block", "undo-follow", "undo-like", "update-actor", "update-note",
)  # fmt: skip
"""The golden documents that somebody sends, but the last one of all: after `delete-actor` nobody is left to send."""

REMOVED = ...
"""In `ODD`: the member is taken away."""

ALICE, BOB = "https://fedi.test/users/alice", "https://remote.test/users/bob"

ODD: list[Any] = [
    REMOVED, None, True, False, 0, 1, -1, 2**31, 2**62, 0.5, 1e308, "", " ", "x", "\n", "null", "true", "1", "\u202eabc",
    "👩\u200d🚀", "x" * 50_000, "https://", "https://[::1", "https://a..b/", "javascript:alert(1)", "acct:a@b.example",
    "https://fedi.test/users/alice", "https://remote.test/users/bob", "https://evil.test/x", "http://127.0.0.1/x",
    "https://remote.test/" + "x" * 3000, "as:Public", "Public", "2026-99-99T00:00:00Z", "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+14:00", [], [None], [[]], [[[]]], ["https://evil.test/x", 5, {}], ["x"] * 500, {}, {"id": None},
    {"id": "https://evil.test/x"}, {"id": BOB}, {"id": ALICE}, {"type": "Note", "id": {"id": BOB}}, {"en": 5, "de": ["x"]},
    {"type": "Person", "id": BOB}, {"type": "Tombstone"}, {"href": [], "url": {}, "name": {"a": {}}},
    [f"https://remote.test/users/p{number}" for number in range(600)],
    [{"type": "Mention", "href": f"https://remote.test/users/m{number}"} for number in range(600)],
    [{"type": "Mention"}, {"type": ["Emoji"], "icon": [], "name": ":x:"}, {"type": "PropertyValue", "name": [], "value": {}}],
    {"type": "Collection", "first": {"type": "CollectionPage", "next": "https://remote.test/loop", "items": [[]]}},
    [{"type": "Document", "url": f"https://remote.test/{number}.png", "mediaType": "image/png"} for number in range(100)],
]  # fmt: skip
"""What a member is given instead of what belongs there."""


def hostile(count: int, *, seed: int, post: str) -> Iterator[bytes]:
    """Yield so many bodies; the same for the same seed.

    Args:
        count: how many.
        seed: of the choice among all members and odd values.
        post: id of a post of alice's, which some of them are about.
    """
    chance = random.Random(seed)
    left, number = count, 0
    while left:
        number += 1
        doc = golden(SENT[number % len(SENT)], number, post)
        doc = spoilt(doc, chance)
        if doc.get("type") == "Delete" and BOB in json.dumps(doc.get("object")):
            continue  # nobody would be left to send the next
        left -= 1
        yield json.dumps(doc).encode()


def spoilt(doc: Any, chance: random.Random) -> Any:
    """Return a copy of a document with one to three members made wrong."""
    doc = copy.deepcopy(doc)
    for _ in range(1 if chance.random() < 0.8 else 3):
        if ways := list(paths(doc)):
            _spoil(doc, chance.choice(ways), copy.deepcopy(chance.choice(ODD)))
    return doc


def paths(doc: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every member of a document, at every depth, but into its context."""
    members: Any = doc.items() if isinstance(doc, dict) else enumerate(doc) if isinstance(doc, list) else ()
    for key, value in members:
        yield (*above, key)
        if key != "@context":
            yield from paths(value, (*above, key))


@functools.cache
def _text(name: str) -> str:
    return (SHAPES / f"{name}.json").read_text("utf-8")


def _spoil(doc: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        doc = doc[key]
        if not isinstance(doc, dict | list):  # spoilt already
            return
    if value is REMOVED:
        del doc[path[-1]]
    else:
        doc[path[-1]] = value


def golden(name: str, number: int, post: str) -> dict[str, Any]:
    """Return a golden activity whose sender is bob, while everybody else lives here, with fresh ids.

    Args:
        name: of the document.
        number: for the ids.
        post: id of a post of alice's, which it is about if it is about one.
    """
    text = _text(name)
    sent = json.loads(text)
    if "actor" not in sent:  # a bare object
        sent = {"type": "Create", "actor": sent["attributedTo"], "object": sent, "to": sent.get("to", [])}
        text = json.dumps(sent)
    actor = sent["actor"]
    home = actor.split("/users/")[0].removesuffix("/actor")
    text = text.replace(actor, BOB).replace(home, "https://remote.test")
    text = re.sub(r"https://(?:ai|m|new)\.example/users/\w+/statuses/\w+", post, text)
    text = re.sub(r"https://(?:ai|m|new)\.example/users/\w+", ALICE, text)
    text = re.sub(r"https://(?:ai|m|new)\.example", "https://fedi.test", text)
    doc: dict[str, Any] = json.loads(text)
    thing = doc.get("object")
    if isinstance(thing, dict) and doc["type"] in {"Create", "Announce"} and "id" in thing:
        thing["id"] = f"{BOB}/statuses/{number}"
    return doc | {"id": f"{BOB}/acts/{number}"}
