"""Drives the Fedify peer: installs it once, starts it, steers it over its control interface.

A server that somebody else wrote finds what our own two servers agree on by mistake. Fedify is a strict one:
it refuses a signature, a key or a context that is not as the specifications want it, and says why. The
process is Node 22, which comes from npm like the rest, because Fedify does not run on what distributions
ship; it lives in `tests/peers/fedify/node_modules`, which git ignores.

Source: fedify.dev; tests/peers/fedify/README.md.
"""

import contextlib
import json
import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import npm
from tests.peers.tls import Authority

__all__ = ["FedifyPeer", "install", "running_peer"]

HOME = Path(__file__).parent / "fedify"
NODE = npm.node(HOME)

START_S_MAX = 60.0
"""Until the peer listens; making its RSA key of 4096 bits takes some seconds of it."""

STDERR_LINES_MAX = 400
"""Of the peer's own words, kept for a failure's message."""

WAIT_S = 30.0
"""For something that the peer is expected to receive."""


def install() -> str | None:
    """Install the peer's packages unless they are there; return why that cannot be, or None."""
    return npm.install(HOME)


@dataclass(frozen=True, slots=True, kw_only=True)
class FedifyPeer:
    """A running peer with one person, `alice`.

    Attributes:
        origin: such as `https://127.0.2.3:40123`.
        handle: such as `@alice@127.0.2.3:40123`.
    """

    origin: str
    handle: str
    _control: httpx.Client
    _stderr: deque[str]

    @property
    def actor(self) -> str:
        """Alice's actor IRI."""
        return f"{self.origin}/users/alice"

    def follow(self, handle: str) -> dict[str, Any]:
        """Look somebody up by WebFinger and follow them; return `follow`, `target`, `type`."""
        return self._verb("follow", handle=handle)

    def unfollow(self, target: str) -> dict[str, Any]:
        """Undo the Follow of an actor IRI."""
        return self._verb("unfollow", target=target)

    def post(self, content: str, images: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
        """Send a Create(Note) to alice's followers; return `note`, its IRI.

        Args:
            content: HTML.
            images: each with `base64`, `media_type`, `alt`, `width` and `height` (px).
        """
        return self._verb("post", content=content, images=list(images))

    def delete(self, note: str) -> dict[str, Any]:
        """Send a Delete of a note of alice's to her followers."""
        return self._verb("delete", note=note)

    def like(self, iri: str) -> dict[str, Any]:
        """Fetch an object and like it."""
        return self._verb("like", object=iri)

    def boost(self, iri: str) -> dict[str, Any]:
        """Fetch an object and announce it to its author."""
        return self._verb("boost", object=iri)

    def send(self, to: str, activity: dict[str, Any]) -> dict[str, Any]:
        """Send any activity of Fedify's vocabulary to an actor; what it lacks of id and actor is filled in."""
        return self._verb("send", to=to, activity=activity)

    def serve(self, path: str, document: dict[str, Any]) -> str:
        """Serve a document at a path of the peer's, and return its IRI."""
        return str(self._verb("serve", path=path, document=document)["id"])

    def profile(self, **changes: Any) -> None:
        """Change what alice says of herself: `aliases`, `movedTo`, `summary`."""
        self._verb("profile", **changes)

    def vocabulary(self) -> list[str]:
        """Return the names of all kinds of activity that Fedify knows."""
        kinds: list[str] = self._verb("vocabulary")["kinds"]
        return kinds

    def look(self, iri: str) -> dict[str, Any]:
        """Return what Fedify makes of a document of ours."""
        return self._verb("look", iri=iri)

    def received(self, type_: str, count: int = 1, timeout_s: float = WAIT_S) -> list[dict[str, Any]]:
        """Return the verified activities of a type, once there are at least `count`.

        Raises:
            AssertionError: they did not come in time; the message holds the peer's own words.
        """
        query: dict[str, str | float] = {"type": type_, "after": count - 1, "timeout_s": timeout_s}
        found: list[dict[str, Any]] = self._get("received", query)
        assert len(found) >= count, f"{len(found)} of {count} {type_} in {timeout_s:.0f} s\n{self.words()}"
        return found

    def accepted(self, target: str, timeout_s: float = WAIT_S) -> bool:
        """Wait until a followed actor accepted; return whether it did in time."""
        state = self._get("state", {"accepted": target, "timeout_s": timeout_s})
        return any(one["accepted"] for one in state["following"] if one["actor"] == target)

    def state(self) -> dict[str, Any]:
        """Return `followers`, `following` and `notes`."""
        found: dict[str, Any] = self._get("state", {})
        return found

    def requests(self) -> list[dict[str, Any]]:
        """Return every POST to an inbox of the peer's, also refused ones, with `signedWith` and `status`."""
        found: list[dict[str, Any]] = self._get("requests", {})
        return found

    def complaints(self) -> list[str]:
        """Return the warnings and errors in the peer's log."""
        records = self._get("log", {})
        return [
            f"{one['level']} {one['category']}: {one['message']}"
            for one in records
            if one["level"] in {"warning", "error", "fatal"}
        ]

    def words(self) -> str:
        """Return the end of what the peer wrote to standard error, for a failure's message."""
        return "the peer said:\n" + "".join(self._stderr)

    def _verb(self, name: str, **body: Any) -> dict[str, Any]:
        response = self._control.post(f"/{name}", json=body)
        assert response.status_code == 200, f"{name}: {response.text}\n{self.words()}"
        answer: dict[str, Any] = response.json()
        return answer

    def _get(self, name: str, query: dict[str, str | float]) -> Any:
        response = self._control.get(f"/{name}", params=query)
        assert response.status_code == 200, f"{name}: {response.text}\n{self.words()}"
        return response.json()


@contextlib.contextmanager
def running_peer(authority: Authority, address: str, state_dir: Path) -> Iterator[FedifyPeer]:
    """Start a peer on an address of loopback, and end it afterwards.

    Args:
        authority: signs the peer's certificate, and is trusted by it.
        address: where to listen, such as `127.0.2.3`; the port is a free one.
        state_dir: where the peer keeps its keys.
    """
    certificate = authority.issue(address)
    process = subprocess.Popen(
        [
            NODE, HOME / "peer.mjs", "--address", address, "--cert", certificate.chain,
            "--key", certificate.key, "--state", state_dir,
        ],
        cwd=HOME,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(authority.file), "NO_COLOR": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    stderr: deque[str] = deque(maxlen=STDERR_LINES_MAX)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    reader = threading.Thread(target=stderr.extend, args=(process.stderr,), daemon=True)
    reader.start()
    timer = threading.Timer(START_S_MAX, process.kill)
    timer.start()
    try:
        line = process.stdout.readline()
        timer.cancel()
        assert line, "the peer did not start; it said:\n" + "".join(stderr)
        about = json.loads(line)
        with httpx.Client(base_url=about["control"], timeout=90.0, trust_env=False) as control:
            yield FedifyPeer(origin=about["origin"], handle=about["handle"], _control=control, _stderr=stderr)
    finally:
        timer.cancel()
        process.stdin.close()
        try:
            process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(timeout=5.0)
        process.stdout.close()
        process.stderr.close()
