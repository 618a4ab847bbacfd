"""masto.js and megalodon, as they are on npm: the libraries of Elk, Phanpy, Whalebird and Fedistar."""

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from tests import npm
from tests.clients.browser import allow
from tests.clients.conftest import PASSWORD
from tests.clients.push_service import PushService
from tests.peers.server_process import Instance, eventually
from tests.require import require_or_skip

pytestmark = pytest.mark.slow

HOME = Path(__file__).parent / "node"
SESSION_S_MAX = 180
"""For all that a client does, on a busy machine."""


@pytest.fixture(scope="module", autouse=True)
def _installed() -> None:
    why_not = npm.install(HOME)
    if why_not is not None:
        require_or_skip("node", why_not)


def run_session(script: str, *arguments: str) -> dict[str, str | None]:
    """Run one client's session; return what each step said, None where all was well."""
    said: dict[str, str | None] = {}
    process = subprocess.Popen(
        [str(npm.node(HOME)), script, *arguments],
        cwd=HOME,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    alarm = threading.Timer(SESSION_S_MAX, process.kill)
    alarm.start()
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            told = json.loads(line)
            if "authorize" in told:
                process.stdin.write(allow(told["authorize"], told["who"], PASSWORD) + "\n")
                process.stdin.flush()
            else:
                said[told["step"]] = told["error"]
        errors = process.stderr.read()
        assert process.wait() == 0, errors
        return said
    finally:
        alarm.cancel()
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("script", "names"), [("masto.mjs", ("erin", "finn")), ("megalodon.mjs", ("gina", "hugo"))]
)
def test_a_session_from_signing_in_to_signing_out(
    running: Instance, push: PushService, script: str, names: tuple[str, str]
) -> None:
    said = run_session(script, running.origin, push.url, *names)
    failed = [f"{step}: {error}" for step, error in said.items() if error is not None]
    assert not failed, "\n".join(failed)
    assert "done" in said
    if script == "masto.mjs":  # the other one takes its subscription back before anything is to be told
        headers, body = eventually(lambda: push.came, "the pushed message", 20)[0]
        assert headers["content-encoding"] == "aes128gcm"
        assert headers["authorization"].startswith("vapid ")
        assert body
