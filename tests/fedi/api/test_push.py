"""Web push: subscribing, and what is then sent to a device."""

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import select

from fedi.jobs import queue
from fedi.models import Job, JobState, Notification, PushSubscription
from fedi.services import authorizing, pushing
from tests.push_receiver import Receiver, unb64

if TYPE_CHECKING:
    from tests.fedi.api.conftest import Enter, Person
    from tests.servers import Server

pytestmark = pytest.mark.anyio

PATH = "/api/v1/push/subscription"
ENDPOINT = "https://push.test/send/1"
KINDS = {
    "mention", "quote", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update",
    "quoted_update", "admin.sign_up", "admin.report",
}  # fmt: skip


class PushService(httpx.AsyncBaseTransport):
    """A push service that keeps what it gets, and answers as it is told."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status = 201

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.came.append((dict(request.headers), await request.aread()))
        return httpx.Response(self.status, headers={"retry-after": "120"} if self.status == 429 else {})


@pytest.fixture
def service(server: "Server") -> PushService:
    made = PushService()
    server.network.hosts["push.test"] = made
    return made


@pytest.fixture
def device() -> Receiver:
    return Receiver()


def body(device: Receiver, *kinds: str, policy: str | None = None, **more: Any) -> dict[str, Any]:
    keys = {"p256dh": device.p256dh, "auth": device.auth}
    data: dict[str, Any] = {"alerts": dict.fromkeys(kinds, True)}
    if policy is not None:
        data["policy"] = policy
    return {"subscription": {"endpoint": ENDPOINT, "keys": keys, **more}, "data": data}


async def subscribe(who: "Person", device: Receiver, *kinds: str, **more: Any) -> dict[str, Any]:
    answer = await who.http.post(PATH, json=body(device, *kinds, **more))
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def favourite(author: "Person", fan: "Person", text: str = "hello <b>") -> str:
    post_id: str = (await author.post(text))["id"]
    assert (await fan.http.post(f"/api/v1/statuses/{post_id}/favourite")).is_success
    return post_id


async def rows(server: "Server") -> list[PushSubscription]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(PushSubscription))).scalars())


async def test_a_subscription_is_made_shown_changed_and_ended(
    server: "Server", enter: "Enter", device: Receiver
) -> None:
    alice = await enter("alice", "read", "push")
    assert (await alice.http.get(PATH)).status_code == 404
    assert (await alice.http.put(PATH, json={"data": {"alerts": {}}})).status_code == 404
    made = await subscribe(alice, device, "mention", "admin.report", standard=True, policy="followed")
    key = (await server.client.get("/api/v2/instance")).json()["configuration"]["vapid"]["public_key"]
    app = {"client_name": "x", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
    assert (await server.client.post("/api/v1/apps", json=app)).json()["vapid_key"] == key
    assert len(unb64(key)) == 65
    assert isinstance(made["id"], int)
    alerts = {kind: kind in {"mention", "admin.report"} for kind in KINDS}
    expected = {
        "endpoint": ENDPOINT,
        "standard": True,
        "policy": "followed",
        "alerts": alerts,
        "server_key": key,
    }
    assert {name: value for name, value in made.items() if name != "id"} == expected
    assert (await alice.http.get(PATH)).json() == made
    changed = (await alice.http.put(PATH, json={"data": {"alerts": {"poll": "1"}}})).json()
    assert (changed["alerts"], changed["policy"]) == ({kind: kind == "poll" for kind in KINDS}, "followed")
    again = await subscribe(alice, device)
    assert (again["id"] != made["id"], len(await rows(server))) == (True, 1), "one for each token"
    assert (await alice.http.delete(PATH)).json() == {}
    assert (await alice.http.get(PATH)).status_code == 404


async def test_a_form_is_as_good_as_json(server: "Server", enter: "Enter", device: Receiver) -> None:
    alice = await enter("alice", "push")
    form = {
        "subscription[endpoint]": ENDPOINT, "subscription[keys][p256dh]": device.p256dh,
        "subscription[keys][auth]": device.auth, "subscription[standard]": "true",
        "data[alerts][mention]": "true", "data[alerts][admin.sign_up]": "1", "data[alerts][poll]": "false",
        "data[policy]": "follower",
    }  # fmt: skip
    made = (await alice.http.post(PATH, data=form)).json()
    on = {kind for kind, wanted in made["alerts"].items() if wanted}
    assert (made["standard"], made["policy"], on) == (True, "follower", {"mention", "admin.sign_up"})


async def test_a_token_without_the_scope_subscribes_to_nothing(
    server: "Server", enter: "Enter", device: Receiver
) -> None:
    alice = await enter("alice", "read", "write")
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = await alice.http.request(method, PATH, json=body(device))
        assert answer.status_code == 403, method
    assert await rows(server) == []


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://push.test/1"},
        {"endpoint": "https://127.0.0.1/1"},
        {"endpoint": "https://fedi.test/inbox"},
        {"endpoint": "https://user:word@push.test/1"},
        {"endpoint": "https://localhost/1"},
        {"endpoint": "https://push.test/" + "x" * 2048},
        {"endpoint": "https://püsh.test/"},
        {"endpoint": ""},
        {"keys": {"p256dh": "AAAA", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}},
        {"keys": {}},
    ],
)
async def test_what_is_no_subscription_is_refused(
    server: "Server", enter: "Enter", device: Receiver, change: dict[str, Any]
) -> None:
    alice = await enter("alice", "push")
    given = body(device)
    given["subscription"] |= change
    assert (await alice.http.post(PATH, json=given)).status_code == 422
    assert (await alice.http.post(PATH, json=body(device, policy="friends"))).status_code == 422
    assert await rows(server) == []


@pytest.mark.parametrize("standard", [True, False])
async def test_a_notification_reaches_the_device(
    server: "Server", enter: "Enter", device: Receiver, service: PushService, standard: bool
) -> None:
    alice, bob = await enter("alice", "read", "write", "push"), await enter("bob")
    made = await subscribe(alice, device, "favourite", standard=standard)
    assert alice.token not in str(vars((await rows(server))[0])), "it is kept sealed"
    await favourite(alice, bob)
    await server.work()
    [(headers, sealed)] = service.came
    assert "authorization" in headers
    assert alice.token.encode() not in sealed
    told = json.loads(device.read(headers, sealed))
    async with server.ctx.db.read() as tx:
        notification_id = (await tx.execute(select(Notification.id))).scalar_one()
    icon = told.pop("icon")
    assert icon.startswith("https://fedi.test/")
    assert told == {
        "access_token": alice.token, "preferred_locale": "en", "notification_id": notification_id,
        "notification_type": "favourite", "title": "bob favourited your post", "body": "hello <b>",
    }  # fmt: skip
    assert device.sender(headers)[1] == made["server_key"]


async def test_a_long_post_fits(
    server: "Server", enter: "Enter", device: Receiver, service: PushService
) -> None:
    alice, bob = await enter("alice", "read", "write", "push"), await enter("bob")
    await subscribe(alice, device, "mention")
    await bob.post("@alice " + "🌊" * 1900)
    await server.work()
    [(headers, sealed)] = service.came
    assert len(json.loads(device.read(headers, sealed))["body"]) == pushing.BODY_CHARACTERS_MAX


@pytest.mark.parametrize(
    "case",
    [
        ("all", None, True),
        ("none", "follows", False),
        ("followed", None, False),
        ("followed", "followed", True),
        ("follower", "followed", False),
        ("follower", "follows", True),
    ],
    ids=str,
)
async def test_the_policy_says_from_whom(
    server: "Server",
    enter: "Enter",
    device: Receiver,
    service: PushService,
    case: tuple[str, str | None, bool],
) -> None:
    policy, relation, comes = case
    alice, bob = await enter("alice", "read", "write", "follow", "push"), await enter("bob")
    if relation is not None:
        who, whom = (bob, alice) if relation == "follows" else (alice, bob)
        await who.http.post(f"/api/v1/accounts/{whom.account.id}/follow")
    await server.work()
    await subscribe(alice, device, "favourite", policy=policy)
    await favourite(alice, bob)
    await server.work()
    assert len(service.came) == comes


@pytest.mark.parametrize("why", ["not asked for", "taken back", "blocked", "unsubscribed"])
async def test_what_should_not_be_heard_is_not_pushed(
    server: "Server", enter: "Enter", device: Receiver, service: PushService, why: str
) -> None:
    alice, bob = await enter("alice", "read", "write", "follow", "push"), await enter("bob")
    await subscribe(alice, device, "mention" if why == "not asked for" else "favourite")
    post_id = await favourite(alice, bob)
    match why:
        case "taken back":
            await bob.http.post(f"/api/v1/statuses/{post_id}/unfavourite")
        case "blocked":
            await alice.http.post(f"/api/v1/accounts/{bob.account.id}/block")
        case "unsubscribed":
            await alice.http.delete(PATH)
    await server.work()
    assert service.came == []


@pytest.mark.parametrize("how", ["revoked", "another key"])
async def test_a_token_that_is_worth_nothing_gets_nothing(
    server: "Server", enter: "Enter", device: Receiver, service: PushService, how: str
) -> None:
    alice, bob = await enter("alice", "read", "write", "push"), await enter("bob")
    await subscribe(alice, device, "favourite")
    post = await alice.post("hello")
    async with server.ctx.db.write() as tx:
        if how == "revoked":
            await authorizing.forget_everything(server.ctx, tx, account_id=alice.account.id)
        else:
            (await tx.execute(select(PushSubscription))).scalar_one().access_token = "A" * 80
    await bob.http.post(f"/api/v1/statuses/{post['id']}/favourite")
    await server.work()
    assert service.came == []
    assert await rows(server) == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_has_ended_there_ends_here(
    server: "Server", enter: "Enter", device: Receiver, service: PushService, status: int
) -> None:
    alice, bob = await enter("alice", "read", "write", "push"), await enter("bob")
    await subscribe(alice, device, "favourite")
    service.status = status
    await favourite(alice, bob)
    await server.work()
    assert (len(service.came), await rows(server)) == (1, [])


async def test_a_busy_push_service_is_asked_again_and_in_the_end_let_be(
    server: "Server", enter: "Enter", device: Receiver, service: PushService
) -> None:
    alice, bob = await enter("alice", "read", "write", "push"), await enter("bob")
    await subscribe(alice, device, "favourite")
    service.status = 429
    await favourite(alice, bob)
    await server.work()
    async with server.ctx.db.read() as tx:
        [job] = (await tx.execute(select(Job).where(Job.kind == "push"))).scalars()
    assert (job.host, job.state) == ("push.test", JobState.READY)
    assert (job.run_at - server.clock()).total_seconds() > 60, "it said when"
    for status in (503, 500):
        service.status = status
        server.clock.advance(3 * 3600)
        await server.work()
    del server.network.hosts["push.test"]
    for _ in range(pushing.ATTEMPTS_MAX):
        server.clock.advance(12 * 3600)
        await server.work()
    assert len(await rows(server)) == 1, "it may be back"
    async with server.ctx.db.read() as tx:
        assert [row for row in await queue.dead(tx, limit=10) if row.kind == "push"] == []
        assert (await tx.execute(select(Job).where(Job.kind == "push"))).first() is None


async def test_another_host_is_not_knocked_at_through_a_subscription(
    server: "Server", enter: "Enter", device: Receiver
) -> None:
    alice, bob = await enter("alice", "read", "write", "push"), await enter("bob")
    await subscribe(alice, device, "favourite")
    async with server.ctx.db.write() as tx:  # as if the rules had been others when it was made
        (await tx.execute(select(PushSubscription))).scalar_one().endpoint = "https://127.0.0.1/x"
    await favourite(alice, bob)
    before = len(server.network.requests)
    await server.work()
    assert len(server.network.requests) == before
    assert await rows(server) == []
