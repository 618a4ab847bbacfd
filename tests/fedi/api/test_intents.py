"""Visitors from other servers: signing in, seeing what they would do something with, and doing it."""

from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import select

from fedi.api import limits
from fedi.api.limits import Limit
from fedi.models import Account, Favourite, Follow, Post
from fedi.services import posting
from tests.clients.forms import only_form
from tests.fedi import looking
from tests.fedi.api.conftest import http_client
from tests.fedi.remote import RemoteActor, RemoteServer
from tests.servers import Server

pytestmark = pytest.mark.anyio

PASSWORD = "correct horse battery"
HTML = {"accept": "text/html"}


@dataclass
class Visitor:
    """Somebody from here, with a browser."""

    server: Server
    account: Account
    browser: httpx.AsyncClient

    async def open(self, path: str, status: int = 200, **query: str) -> str:
        """Open a page."""
        answer = await self.browser.get(path, params=query or None, headers=HTML)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("text/html")
        return answer.text

    async def signs_in(self, path: str, **query: str) -> str:
        """Open a page, fill in the form on it, and return where that leads."""
        form = only_form(await self.open(path, **query))
        answer = await self.browser.post(
            form.action, data={**form.fields, "username": "Anna", "password": PASSWORD}
        )
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def presses(self, page: str, **typed: str) -> httpx.Response:
        """Send the form of a page."""
        form = only_form(page)
        return await self.browser.post(form.action, data={**form.fields, **typed}, headers=HTML)

    async def does(self, uri: str, deed: str, **typed: str) -> str:
        """Do something with an address, and return the page that says so."""
        page = await self.open("/authorize_interaction", uri=uri)
        answer = await self.presses(page, deed=deed, **typed)
        assert answer.status_code == 303, answer.text
        return await self.open(answer.headers["location"])


@pytest.fixture
async def visitor(server: Server) -> Visitor:
    """Somebody who is not signed in yet."""
    account = await server.person("anna", password=PASSWORD)
    return Visitor(server=server, account=account, browser=http_client(server))


@pytest.fixture
async def anna(visitor: Visitor) -> Visitor:
    """Somebody who is signed in."""
    await visitor.signs_in("/share")
    return visitor


async def posts_of(server: Server, account: Account) -> list[Post]:
    async with server.ctx.db.read() as tx:
        return list((await tx.execute(select(Post).where(Post.account_id == account.id))).scalars())


# --- Signing in -----------------------------------------------------------------------------------------------


async def test_signing_in_leads_back_to_what_brought_the_visitor(visitor: Visitor, bob: RemoteActor) -> None:
    page = await visitor.open("/authorize_interaction", uri=bob.iri)
    assert bob.iri in page
    # Nobody is asked about anything by a stranger.
    assert visitor.server.network.requests == []
    where = await visitor.signs_in("/authorize_interaction", uri=bob.iri)
    assert where.startswith("/authorize_interaction?uri=https%3A%2F%2Fremote.test")
    assert "Follow" in await visitor.open(where)
    visitor.browser = http_client(visitor.server)
    text = await visitor.signs_in("/share", text="a & b")
    assert text == "/share?text=a+%26+b"


async def test_a_wrong_password_is_told_and_keeps_the_way(visitor: Visitor, bob: RemoteActor) -> None:
    page = await visitor.open("/authorize_interaction", uri=bob.iri)
    answer = await visitor.presses(page, username="anna", password="wrong")
    assert answer.status_code == 401
    assert "do not belong together" in answer.text
    again = await visitor.presses(answer.text, username="anna", password=PASSWORD)
    assert again.headers["location"].startswith("/authorize_interaction?uri=https%3A%2F%2Fremote.test")


@pytest.mark.parametrize("page", ["", "//evil.test", "https://evil.test", "oauth/authorize"])
async def test_signing_in_leads_nowhere_else(visitor: Visitor, page: str) -> None:
    form = only_form(await visitor.open("/share"))
    fields = {**form.fields, "page": page, "username": "anna", "password": PASSWORD}
    assert (await visitor.browser.post(form.action, data=fields)).status_code == 400


async def test_a_sign_in_form_from_elsewhere_is_refused(visitor: Visitor) -> None:
    form = only_form(await visitor.open("/share"))
    forged = {**form.fields, "token": "x" * 43, "username": "anna", "password": PASSWORD}
    assert (await visitor.browser.post(form.action, data=forged)).status_code == 403
    stranger = http_client(visitor.server)
    honest = {**form.fields, "username": "anna", "password": PASSWORD}
    assert (await stranger.post(form.action, data=honest)).status_code == 403


async def test_passwords_cannot_be_tried_for_ever(
    make_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOGIN_PER_ACCOUNT", Limit(name="login_account", most=2, window_s=3600))
    server: Server = await make_server(rate_limits=True)  # type: ignore[operator]
    account = await server.person("anna", password=PASSWORD)
    visitor = Visitor(server=server, account=account, browser=http_client(server))
    page = await visitor.open("/share")
    seen = [(await visitor.presses(page, username="anna", password="wrong")).status_code for _ in range(3)]
    assert seen == [401, 401, 429]


# --- Doing something ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{iri}", "acct:bob@remote.test", "bob@remote.test", "@bob@remote.test"])
async def test_somebody_elsewhere_is_shown_and_followed(anna: Visitor, bob: RemoteActor, form: str) -> None:
    bob.doc["summary"] = "<p>I <b>paint</b><script>x</script></p>"
    bob.home.serve(bob.iri, bob.doc)
    uri = form.format(iri=bob.iri)
    page = await anna.open("/authorize_interaction", uri=uri)
    assert "@bob@remote.test" in page
    assert "I paint" in page
    assert "<script" not in page
    assert await looking.count(anna.server, Follow) == 0
    assert "You follow them" in await anna.does(uri, "follow")
    assert await looking.count(anna.server, Follow, Follow.account_id == anna.account.id) == 1
    await anna.server.work()
    assert [activity["type"] for activity in bob.home.bodies] == ["Follow"]


async def test_a_post_elsewhere_is_liked_and_boosted(anna: Visitor, bob: RemoteActor) -> None:
    note = bob.note()
    assert "hello" in await anna.open("/authorize_interaction", uri=note["id"])
    await anna.does(note["id"], "favourite")
    await anna.does(note["id"], "boost")
    post = await looking.get_post(anna.server, note["id"])
    assert await looking.count(anna.server, Favourite, Favourite.post_id == post.id) == 1
    assert await looking.count(anna.server, Post, Post.reblog_of_id == post.id) == 1
    await anna.does(note["id"], "follow")
    assert await looking.count(anna.server, Follow) == 1


async def test_a_post_elsewhere_is_answered(anna: Visitor, bob: RemoteActor) -> None:
    note = bob.note()
    page = await anna.open("/authorize_interaction", uri=note["id"])
    assert ">@bob@remote.test </textarea>" in page
    done = await anna.does(note["id"], "reply", text="@bob@remote.test nice", visibility="unlisted")
    assert "was published" in done
    (answer,) = await posts_of(anna.server, anna.account)
    assert (answer.in_reply_to_iri, answer.visibility) == (note["id"], "unlisted")
    await anna.server.work()
    assert [activity["type"] for activity in bob.home.bodies] == ["Create"]


async def test_a_text_from_elsewhere_is_published_only_when_a_button_is_pressed(anna: Visitor) -> None:
    page = await anna.open("/share", text="Look: <https://site.test>")
    assert "Look: &lt;https://site.test&gt;</textarea>" in page
    assert await posts_of(anna.server, anna.account) == []
    answer = await anna.presses(page, text="Look!", visibility="private")
    assert answer.headers["location"] == "/share?done=post"
    (post,) = await posts_of(anna.server, anna.account)
    assert (post.source, post.visibility) == ("Look!", "private")


async def test_a_text_that_answers_something_leads_to_that(anna: Visitor, bob: RemoteActor) -> None:
    note = bob.note()
    answer = await anna.browser.get("/share", params={"text": "so true", "in_reply_to": note["id"]})
    page = await anna.open(answer.headers["location"])
    assert ">so true</textarea>" in page
    assert "Answer" in page


# --- Refusals -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "", "x" * 43])
async def test_a_form_from_elsewhere_does_nothing(anna: Visitor, bob: RemoteActor, token: str | None) -> None:
    fields = {"uri": bob.iri, "deed": "follow", "text": "x"} | ({"token": token} if token is not None else {})
    for path in ("/authorize_interaction", "/share"):
        assert (await anna.browser.post(path, data=fields, headers=HTML)).status_code == 403
    assert await looking.count(anna.server, Follow) == await looking.count(anna.server, Post) == 0


async def test_who_is_not_signed_in_does_nothing(visitor: Visitor, bob: RemoteActor) -> None:
    for path in ("/authorize_interaction", "/share"):
        answer = await visitor.browser.post(path, data={"uri": bob.iri, "deed": "follow", "text": "x"})
        assert answer.status_code == 401
    assert await looking.count(visitor.server, Follow) == await looking.count(visitor.server, Post) == 0


@pytest.mark.parametrize(
    ("deed", "typed", "status"),
    [("delete", {}, 422), ("favourite", {}, 422), ("boost", {}, 422), ("reply", {"text": "x"}, 422)],
)
async def test_what_does_not_fit_a_person_is_refused(
    anna: Visitor, bob: RemoteActor, deed: str, typed: dict[str, str], status: int
) -> None:
    page = await anna.open("/authorize_interaction", uri=bob.iri)
    answer = await anna.presses(page, deed=deed, **typed)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "typed", [{"text": ""}, {"text": "x", "visibility": "world"}, {"text": "x" * 10_000}]
)
async def test_what_cannot_be_published_is_refused(anna: Visitor, typed: dict[str, str]) -> None:
    page = await anna.open("/share")
    assert (await anna.presses(page, **typed)).status_code == 422


@pytest.mark.parametrize(
    "uri",
    ["https://remote.test/nothing", "https://fedi.test/users/nobody", "nobody@remote.test", "x", "javascript:alert(1)",
     "https://127.0.0.1/", "https://user:pw@remote.test/", "acct:@", "\N{PILE OF POO}@remote.test"],
)  # fmt: skip
async def test_an_address_of_nothing_is_told_kindly(anna: Visitor, remote: RemoteServer, uri: str) -> None:
    assert "nobody and no post" in await anna.open("/authorize_interaction", 404, uri=uri)


async def test_a_server_that_is_down_is_told_kindly(anna: Visitor) -> None:
    assert "does not answer" in await anna.open("/authorize_interaction", 503, uri="https://down.test/1")


async def test_a_post_that_is_not_for_the_visitor_is_not_shown(anna: Visitor) -> None:
    ben = await anna.server.person("ben")
    async with anna.server.ctx.db.write() as tx:
        me = await tx.get_one(Account, ben.id)
        new = posting.NewPost(text="psst", visibility="private")
        hidden = await posting.publish(anna.server.ctx, tx, author=me, new=new)
    page = await anna.open("/authorize_interaction", 404, uri=hidden.iri)
    assert "psst" not in page


async def test_oneself_can_be_looked_at_but_not_followed(anna: Visitor) -> None:
    page = await anna.open("/authorize_interaction", uri=anna.account.iri)
    assert 'value="follow"' not in page


async def test_nobody_keeps_these_pages(anna: Visitor, bob: RemoteActor) -> None:
    for path in ("/share", f"/authorize_interaction?uri={bob.iri}"):
        answer = await anna.browser.get(path, headers=HTML)
        assert answer.headers["cache-control"] == "no-store"
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
