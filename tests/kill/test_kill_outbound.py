"""A post that was answered reaches every follower, whichever process is killed at whatever moment.

Once means: always as the same activity. A delivery whose answer was lost is repeated, and receivers know it
by its id.
"""

import threading
from collections import Counter
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import exists, func, select

from fedi.context import Context
from fedi.models import Account, Follow, FollowState, Job, Post
from tests.kill.conftest import SEED
from tests.kill.siege import LATER, VICTIMS, Siege, Task, besieged
from tests.kill.strangers import Delivered, Strangers
from tests.peers.server_process import Instance, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

KILLS = 20
POSTS_A_ROUND = 4
DELETED_A_ROUND = 2
FOLLOWERS = ("ann", "ben", "cem")

PAINTERS = ("worker", "engine", "both", "web")
"""Who is killed while a picture is drawn, one for each picture."""

DRAWING_S = 1.0
"""How long the painted engine takes, five times the pause in `conftest`."""

PICTURE_S = 30.0
"""For one picture, with a restart of its engine."""


class Client:
    """Bob's client: it gives each wish a key, and repeats it until it is answered."""

    def __init__(self, instance: Instance, http: httpx.Client) -> None:
        self._http = http
        self._origin = instance.origin
        self._headers = {"Authorization": f"Bearer {instance.token_for('bob', 'read', 'write')}"}
        self.answered: dict[str, dict[str, Any]] = {}

    def posting(self, key: str, text: str) -> Task:
        """Return the task of posting something."""

        def attempt() -> int:
            answer = self._http.post(
                f"{self._origin}/api/v1/statuses",
                json={"status": text},
                headers={**self._headers, "Idempotency-Key": key},
            )
            assert answer.status_code in LATER | {200}, answer.text
            if answer.status_code == 200:
                self.answered[key] = answer.json()
            return answer.status_code

        return attempt

    def deleting(self, status_id: str) -> Task:
        """Return the task of deleting a post; that it is gone already is an answer as well."""

        def attempt() -> int:
            answer = self._http.delete(f"{self._origin}/api/v1/statuses/{status_id}", headers=self._headers)
            assert answer.status_code in LATER | {200, 404}, answer.text
            return answer.status_code

        return attempt

    def pictures_of(self, key: str) -> list[dict[str, Any]]:
        """Return the pictures of an answered wish, by the id that was answered: none while it is drawn."""
        found: list[dict[str, Any]] = self.status(self.answered[key]["id"])["media_attachments"]
        return [one for one in found if one["url"]]

    def status(self, status_id: str) -> dict[str, Any]:
        """Return a post as bob sees it."""
        answer = self._http.get(f"{self._origin}/api/v1/statuses/{status_id}", headers=self._headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def test_every_answered_post_reaches_every_follower_once_and_in_order(
    instance: Instance, strangers: Strangers
) -> None:
    deleted: list[str] = []
    with besieged(instance, SEED) as siege, httpx.Client(trust_env=False) as http:
        client = Client(instance, http)
        _followed(instance, siege, strangers, http)
        for number in range(KILLS):
            keys = [f"{number}-{one}" for one in range(POSTS_A_ROUND)]
            tasks = [client.posting(key, f"post {key}") for key in keys]
            # What the last round posted is deleted in this one, while its deliveries may still be on their way.
            if number:
                doomed = [client.answered[f"{number - 1}-{one}"] for one in range(DELETED_A_ROUND)]
                tasks += [client.deleting(status["id"]) for status in doomed]
                deleted += [status["uri"] for status in doomed]
            siege.round(tasks, victim=siege.rng.choice(VICTIMS))
        siege.drain()
        siege.require_hits(KILLS)

    posts = {status["uri"] for status in client.answered.values()}
    assert len(posts) == KILLS * POSTS_A_ROUND
    # Nothing was posted twice: what is there is what was answered and not deleted.
    assert set(instance.with_context(_local_posts)) == posts - set(deleted)
    for follower in FOLLOWERS:
        inbox = f"{strangers.actor(follower)}/inbox"
        got = [one for one in strangers.delivered if one.inbox == inbox and one.activity["type"] != "Accept"]
        assert_once_and_in_order(got, posts=posts, deleted=set(deleted))


def test_a_picture_whose_engine_or_worker_is_killed_is_published_once(
    instance: Instance, strangers: Strangers
) -> None:
    with besieged(instance, SEED) as siege, httpx.Client(trust_env=False) as http:
        client = Client(instance, http)
        _followed(instance, siege, strangers, http)
        for number, victim in enumerate(PAINTERS):
            key = f"picture-{number}"
            siege.round([client.posting(key, f"/imagine a red boat number {number}")], victim=None)
            eventually(lambda: instance.with_context(_is_drawing), "a drawing", PICTURE_S, poll_s=0.2)
            threading.Event().wait(siege.rng.uniform(0.0, DRAWING_S))
            siege.kill(victim)
            eventually(partial(client.pictures_of, key), f"{key}\n{instance.logs()}", PICTURE_S)
        siege.drain()
        drafts = {status["id"] for status in client.answered.values()}
        published = {client.status(draft)["uri"] for draft in drafts}

    assert len(drafts) == len(published) == len(PAINTERS)
    assert set(instance.with_context(_local_posts)) == published
    got = [one for one in strangers.delivered if one.activity["type"] == "Create"]
    for follower in FOLLOWERS:
        inbox = f"{strangers.actor(follower)}/inbox"
        mine = [one for one in got if one.inbox == inbox]
        assert_once_and_in_order(mine, posts=published, deleted=set())
        assert all(len(one.activity["object"]["attachment"]) == 1 for one in mine)


def assert_once_and_in_order(got: list[Delivered], *, posts: set[str], deleted: set[str]) -> None:
    """Check what one inbox got: each activity under one id, and each Create before its Delete."""
    ids = {(one.activity["type"], one.object_id, one.activity["id"]) for one in got}
    wanted = Counter({("Create", post): 1 for post in posts} | {("Delete", post): 1 for post in deleted})
    assert Counter((kind, about) for kind, about, _ in ids) == wanted
    for post in deleted:
        kinds = [one.activity["type"] for one in got if one.object_id == post]
        assert kinds == sorted(kinds), f"{post}: {kinds}"  # "Create" sorts before "Delete"


def _followed(instance: Instance, siege: Siege, strangers: Strangers, http: httpx.Client) -> None:
    """Let some strangers follow bob, and wait until they do."""
    bob = f"{instance.origin}/users/bob"
    for name in FOLLOWERS:
        assert strangers.send(http, f"{bob}/inbox", strangers.follow(name, bob)) == 202
    siege.drain()
    assert instance.with_context(_followers) == len(FOLLOWERS)


async def _followers(ctx: Context) -> int:
    async with ctx.db.read() as tx:
        accepted = select(func.count()).select_from(Follow).where(Follow.state == FollowState.ACCEPTED)
        return int((await tx.execute(accepted)).scalar_one())


async def _is_drawing(ctx: Context) -> bool:
    async with ctx.db.read() as tx:
        held = select(exists().where(Job.kind == "generate", Job.claimed_until > ctx.clock()))
        return (await tx.execute(held)).scalar_one()


async def _local_posts(ctx: Context) -> list[str]:
    async with ctx.db.read() as tx:
        ours = select(Post.iri).join(Account, Account.id == Post.account_id).where(Account.username == "bob")
        return list((await tx.execute(ours)).scalars())
