"""What was answered 202 happens once, whichever process is killed at whatever moment."""

from collections import Counter
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select

from fedi.context import Context
from fedi.models import Account, Activity, Direction, Favourite, Follow, Notification, Post
from tests.kill.conftest import SEED
from tests.kill.siege import LATER, VICTIMS, Task, besieged
from tests.kill.strangers import Document, Strangers
from tests.peers.server_process import Instance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

KILLS = 20
ACTORS_A_ROUND = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What all activities together did here; every figure counts one kind of activity.

    Attributes:
        activities: rows of what came in.
        notes: posts of strangers.
        followers: relations; `followers_count` is what the account says.
        favourites: relations; `favourites_count` is what the post says.
        boosts: boosts of the post; `reblogs_count` is what the post says.
        notifications: of bob's, by kind.
    """

    activities: int
    notes: int
    statuses_count: int
    followers: int
    followers_count: int
    favourites: int
    favourites_count: int
    boosts: int
    reblogs_count: int
    notifications: dict[str, int]


def test_every_accepted_activity_has_exactly_one_effect(instance: Instance, strangers: Strangers) -> None:
    token = instance.token_for("bob", "read", "write")
    with besieged(instance, SEED) as siege, httpx.Client(trust_env=False) as client:
        post = _published(instance, client, token)
        bob = f"{instance.origin}/users/bob"

        def sent(activity: Document) -> Task:
            def attempt() -> int:
                status = strangers.send(client, f"{bob}/inbox", activity)
                assert status in LATER | {202}, f"{status} for {activity}\n{instance.logs()}"
                return status

            return attempt

        names = [f"stranger{number}" for number in range(KILLS * ACTORS_A_ROUND)]
        for number in range(KILLS):
            batch = names[number * ACTORS_A_ROUND :][:ACTORS_A_ROUND]
            activities = [
                one
                for name in batch
                for one in (
                    strangers.follow(name, bob), strangers.like(name, post), strangers.announce(name, post),
                    strangers.create(name, bob),
                )
            ]  # fmt: skip
            siege.rng.shuffle(activities)
            siege.round([sent(one) for one in activities], victim=siege.rng.choice(VICTIMS))
        siege.drain()
        siege.require_hits(KILLS)

    each = len(names)
    assert instance.with_context(_effects) == Effects(
        activities=4 * each,
        notes=each,
        statuses_count=2 * each,  # a boost is a post of who boosts
        followers=each,
        followers_count=each,
        favourites=each,
        favourites_count=each,
        boosts=each,
        reblogs_count=each,
        notifications={"follow": each, "favourite": each, "reblog": each, "mention": each},
    )
    # Each follower got an Accept, always the same one where it came more than once.
    accepts = {
        (one.inbox, one.activity["id"]) for one in strangers.delivered if one.activity["type"] == "Accept"
    }
    assert Counter(inbox for inbox, _ in accepts) == {f"{strangers.actor(name)}/inbox": 1 for name in names}


def _published(instance: Instance, client: httpx.Client, token: str) -> str:
    """Post something as bob, and return its IRI."""
    answer = client.post(
        f"{instance.origin}/api/v1/statuses",
        json={"status": "like this"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200, f"{answer.text}\n{instance.logs()}"
    return str(answer.json()["uri"])


async def _effects(ctx: Context) -> Effects:
    async with ctx.db.read() as tx:

        async def count(model: type, *where: object) -> int:
            return int((await tx.execute(select(func.count()).select_from(model).where(*where))).scalar_one())  # type: ignore[arg-type] # SQLAlchemy's own clauses

        bob = (await tx.execute(select(Account).where(Account.username == "bob"))).scalar_one()
        post = (await tx.execute(select(Post).where(Post.local, Post.account_id == bob.id))).scalar_one()
        kinds = await tx.execute(
            select(Notification.kind, func.count().label("number"))
            .where(Notification.account_id == bob.id)
            .group_by(Notification.kind)
        )
        written = select(func.sum(Account.statuses_count)).where(Account.domain != "")
        return Effects(
            activities=await count(Activity, Activity.direction == Direction.IN),
            notes=await count(Post, Post.local.is_(False), Post.reblog_of_id.is_(None)),
            statuses_count=int((await tx.execute(written)).scalar_one()),
            followers=await count(Follow, Follow.target_id == bob.id),
            followers_count=bob.followers_count,
            favourites=await count(Favourite, Favourite.post_id == post.id),
            favourites_count=post.favourites_count,
            boosts=await count(Post, Post.reblog_of_id == post.id),
            reblogs_count=post.reblogs_count,
            notifications={row.kind: row.number for row in kinds},
        )
