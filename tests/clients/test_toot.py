"""toot, as it is on PyPI: the command itself, with its own configuration folder."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.browser import allow
from tests.clients.conftest import PASSWORD
from tests.peers.server_process import Instance, eventually

pytestmark = pytest.mark.slow

Toot = Callable[..., Any]

TOOT_S_MAX = 60
"""For one command: it imports for a second."""


@pytest.fixture(scope="module")
def toot(running: Instance, tmp_path_factory: pytest.TempPathFactory) -> Toot:
    """The command, signed in as anna by copying a code."""
    environment = {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path_factory.mktemp("toot")),
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": "*",
    }
    sign_in(running, environment)

    def run(*arguments: str) -> Any:
        """Run a command and return what it printed, as JSON where it can."""
        done = subprocess.run(
            [sys.executable, "-m", "toot", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TOOT_S_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    return run


def sign_in(running: Instance, environment: dict[str, str]) -> None:
    """Do what toot asks for: open its link in a browser, and give it the code from the page."""
    with subprocess.Popen(
        [sys.executable, "-m", "toot", "login", "--instance", running.origin],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        url = next(line.strip() for line in process.stdout if line.startswith(running.origin))
        assert "/oauth/authorize/?" in url, "toot writes a slash before the query"
        code = allow(url, "anna", PASSWORD)
        said, _ = process.communicate(f"n\n{code}\n", timeout=TOOT_S_MAX)
    assert process.returncode == 0, said
    assert "Successfully logged in" in said


def test_it_knows_who_and_where_it_is(running: Instance, toot: Toot) -> None:
    assert toot("whoami", "--json")["username"] == "anna"
    assert "@anna" in toot("whoami")
    assert running.origin.removeprefix("http://") in toot("instance")


def test_text_is_posted_read_and_deleted(toot: Toot) -> None:
    post = toot("post", "Hello from toot", "--visibility", "unlisted", "--json")
    assert post["content"] == "<p>Hello from toot</p>"
    assert post["application"]["name"].startswith("toot")
    assert toot("timelines", "home", "--json")[0]["id"] == post["id"]
    assert "Hello from toot" in toot("timelines", "home", "--no-pager")
    assert "Hello from toot" in toot("status", post["id"])
    answer = toot("post", "And more", "--reply-to", post["id"], "--json")
    assert answer["in_reply_to_id"] == post["id"]
    assert "And more" in toot("thread", post["id"])
    assert "deleted" in toot("delete", post["id"]).lower()
    assert post["id"] not in [one["id"] for one in toot("timelines", "home", "--json")]


def test_a_picture_with_alt_text_is_posted(toot: Toot, picture: Path) -> None:
    post = toot("post", "Look", "--media", str(picture), "--description", "From dark to light", "--json")
    (media,) = post["media_attachments"]
    assert media["description"] == "From dark to light"
    assert media["meta"]["original"]["size"] == "120x80"


def test_posts_are_liked_and_boosted_and_people_followed(toot: Toot) -> None:
    post = toot("post", "Like me", "--json")
    for verb in ("favourite", "reblog", "unreblog", "unfavourite"):
        toot(verb, post["id"])
    assert "ben" in toot("follow", "@ben")
    assert [one["acct"] for one in toot("following", "--json")] == ["ben"]
    assert "ben" in toot("search", "ben")
    toot("unfollow", "ben")
    assert isinstance(toot("notifications", "--json"), list)
    toot("notifications", "--clear")
    assert toot("notifications", "--json") == []


def test_a_picture_that_is_wished_for_is_a_placeholder_and_then_a_post(toot: Toot) -> None:
    draft = toot("post", "/imagine a red boat at sunset", "--json")
    assert draft["media_attachments"] == []

    def finished() -> bool:
        return bool(toot("status", draft["id"], "--json")["media_attachments"])

    eventually(finished, "the picture", 60)
    post = toot("status", draft["id"], "--json")
    assert int(post["id"]) > int(draft["id"])
    assert "a red boat at sunset" in post["content"]
