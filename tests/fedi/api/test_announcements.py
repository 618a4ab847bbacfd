"""Announcements: who sees them, puts them away and reacts, and what open streams are told."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from fedi.bus.events import EventKind
from fedi.errors import Refused
from fedi.models import Account, Announcement, AuditEntry
from fedi.services import announcing
from tests.fedi.api.conftest import Enter
from tests.fedi.api.listening import Socket

if TYPE_CHECKING:
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/announcements"
KEYS = {
    "id", "content", "starts_at", "ends_at", "all_day", "published", "published_at", "updated_at", "read", "mentions", "statuses",
    "tags", "emojis", "reactions",
}  # fmt: skip


async def announce(server: "Server", said: str, **more: Any) -> Announcement:
    async with server.ctx.db.write() as tx:
        return await announcing.announce(server.ctx, tx, said=said, **more)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any, Any]]:
    """What open streams are told: a row is written only while another process listens."""
    found: list[tuple[str, Any, Any]] = []

    async def hear(_tx: Any, kind: EventKind, *, now: datetime, **more: Any) -> None:
        assert now.tzinfo is not None
        found.append((kind, more["subject_id"], more.get("detail")))

    monkeypatch.setattr(announcing, "publish", hear)
    return found


async def test_an_announcement_is_read_and_put_away(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    ends = server.clock() + timedelta(days=1)
    made = await announce(server, "We pause <b>tonight</b>, says @anna #pause", ends_at=ends)
    [shown] = (await anna.http.get(PATH)).json()
    assert shown.keys() == KEYS
    assert (shown["id"], shown["read"], shown["all_day"]) == (str(made.id), False, False)
    assert "&lt;b&gt;tonight" in shown["content"]
    assert [one["username"] for one in shown["mentions"]] == ["anna"]
    assert shown["tags"] == [{"name": "pause", "url": "https://fedi.test/tags/pause"}]
    assert (await anna.http.post(f"{PATH}/{made.id}/dismiss")).json() == {}
    assert (await anna.http.post(f"{PATH}/{made.id}/dismiss")).json() == {}
    assert (await anna.http.get(PATH)).json() == []
    [kept] = (await anna.http.get(PATH, params={"with_dismissed": "true"})).json()
    assert kept["read"] is True
    assert len((await ben.http.get(PATH)).json()) == 1, "everyone puts it away for themselves"
    server.clock.advance(24 * 3600 + 1)
    assert (await ben.http.get(PATH)).json() == []
    assert (await ben.http.post(f"{PATH}/{made.id}/dismiss")).status_code == 404


async def test_people_react_with_emoji(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    made = await announce(server, "hello")
    path = f"{PATH}/{made.id}/reactions"
    for person in (anna, ben, anna):
        assert (await person.http.put(f"{path}/👍")).json() == {}
    await ben.http.put(f"{path}/🎉")
    [shown] = (await anna.http.get(PATH)).json()
    assert shown["reactions"] == [
        {"name": "👍", "count": 2, "me": True},
        {"name": "🎉", "count": 1, "me": False},
    ]
    await anna.http.delete(f"{path}/👍")
    await anna.http.delete(f"{path}/👍")
    [shown] = (await anna.http.get(PATH)).json()
    assert shown["reactions"][0] == {"name": "👍", "count": 1, "me": False}
    assert (await anna.http.put(f"{path}/nonsense")).status_code == 422
    assert (await anna.http.put(f"{PATH}/123/reactions/👍")).status_code == 404
    for emoji in "🐶🐱🐭🐹🐰🦊":
        assert (await anna.http.put(f"{path}/{emoji}")).status_code == 200
    assert (await anna.http.put(f"{path}/🐻")).status_code == 422, "eight kinds are enough"
    assert (await ben.http.put(f"{path}/🐶")).status_code == 200


async def test_open_streams_hear_of_each_change_and_moderation_is_written_down(
    server: "Server", enter: Enter, told: list[tuple[str, Any, Any]]
) -> None:
    anna = await enter("anna")
    made = await announce(server, "hello")
    await anna.http.put(f"{PATH}/{made.id}/reactions/👍")
    async with server.ctx.db.write() as tx:
        row, me = await tx.get_one(Announcement, made.id), await tx.get_one(Account, anna.account.id)
        await announcing.change(server.ctx, tx, row=row, said="goodbye", by=me)
    async with server.ctx.db.write() as tx:
        await announcing.remove(server.ctx, tx, announcement_id=made.id)
    assert [kind for kind, *_ in told] == [
        EventKind.ANNOUNCEMENT,
        EventKind.ANNOUNCEMENT_REACTION,
        EventKind.ANNOUNCEMENT,
        EventKind.ANNOUNCEMENT_DELETE,
    ]
    assert {subject for _, subject, _ in told} == {made.id}
    assert told[1][2] == {"name": "👍"}
    async with server.ctx.db.read() as tx:
        entries = (await tx.execute(select(AuditEntry.action, AuditEntry.actor))).all()
    assert [tuple(entry) for entry in entries] == [
        ("announcement.add", "cli"),
        ("announcement.change", "anna"),
        ("announcement.remove", "cli"),
    ]


@pytest.mark.parametrize("said", ["", "   ", "x" * 5001])
async def test_an_announcement_has_words(server: "Server", said: str) -> None:
    with pytest.raises(Refused):
        await announce(server, said)


async def test_an_announcement_ends_after_it_begins(server: "Server") -> None:
    now: datetime = server.clock()
    with pytest.raises(Refused):
        await announce(server, "x", ends_at=now - timedelta(hours=1))
    with pytest.raises(Refused):
        await announce(server, "x", starts_at=now + timedelta(hours=2), ends_at=now + timedelta(hours=1))
    with pytest.raises(Refused):
        async with server.ctx.db.write() as tx:
            await announcing.remove(server.ctx, tx, announcement_id=1)


async def test_everyone_hears_of_an_announcement_and_of_each_reaction(server: "Server", enter: Enter) -> None:
    anna, ben = await enter("anna"), await enter("ben")
    home, public = [
        await Socket.open(server, access_token=ben.token, stream=name) for name in ("user", "public")
    ]
    made = await announce(server, "hello @ben")
    frame = await home.next()
    assert (frame["stream"], frame["event"]) == (["user"], "announcement")
    said = json.loads(frame["payload"])
    assert said.keys() == KEYS - {"read"}, "it is the same for all"
    assert [one["username"] for one in said["mentions"]] == ["ben"]
    await anna.http.put(f"{PATH}/{made.id}/reactions/👍")
    frame = await home.next()
    assert frame["event"] == "announcement.reaction"
    assert json.loads(frame["payload"]) == {"name": "👍", "count": 1, "announcement_id": str(made.id)}
    async with server.ctx.db.write() as tx:
        await announcing.remove(server.ctx, tx, announcement_id=made.id)
    frame = await home.next()
    assert (frame["event"], frame["payload"]) == ("announcement.delete", str(made.id))
    assert await public.quiet()
