"""Look-ups: the way to an actor, the second question of split domains, and each way of refusing."""

import asyncio

import httpx
import pytest

from webfinger import lookup as module
from webfinger.acct import Acct
from webfinger.errors import (
    GoneResourceError,
    MalformedAnswerError,
    MismatchError,
    UnknownResourceError,
    UnreachableError,
)
from webfinger.lookup import ANSWER_BYTES_MAX, Resource, lookup

pytestmark = pytest.mark.anyio

BOB = Acct(user="bob", host="m.example")
ID = "https://social.m.example/users/bob"
URL = "https://m.example/.well-known/webfinger?resource=acct:bob@m.example"
HOST_META = "https://m.example/.well-known/host-meta"


def answer(subject="acct:bob@m.example", href=ID, **changes):
    links = [
        {
            "rel": "http://webfinger.net/rel/profile-page",
            "type": "text/html",
            "href": "https://m.example/@bob",
        },
        {"rel": "self", "type": "application/activity+json", "href": href},
    ]
    return httpx.Response(200, json={"subject": subject, "links": links, **changes})


def moved(location, status=301):
    return httpx.Response(status, headers={} if location is None else {"Location": location})


class Hosts:
    """Servers that answer from a table, and remember what they were asked."""

    def __init__(self, **answers):
        self.asked = []
        self.requests = []
        self.answers = answers

    def __call__(self, request):
        self.asked.append(str(request.url))
        self.requests.append(request)
        found = self.answers.get(str(request.url), httpx.Response(404))
        if isinstance(found, Exception):
            raise found
        return found


async def look(answers, acct=BOB, **options):
    hosts = Hosts(**answers)
    async with httpx.AsyncClient(transport=httpx.MockTransport(hosts)) as client:
        return await lookup(client, acct, **options), hosts


async def test_an_actor_is_found_in_one_question():
    found, hosts = await look({URL: answer()})
    assert hosts.asked == [URL]
    assert isinstance(found, Resource)
    assert found.subject == BOB
    assert found.self_iri == ID
    assert found.profile_url == "https://m.example/@bob"
    assert found.jrd.subject == "acct:bob@m.example"


async def test_the_question_asks_for_json_and_no_compression():
    _, hosts = await look({URL: answer()})
    assert "application/jrd+json" in hosts.requests[0].headers["Accept"]
    assert hosts.requests[0].headers["Accept-Encoding"] == "identity"


async def test_a_user_name_is_escaped_in_the_question():
    acct = Acct(user="b&o+ü", host="m.example")
    _, hosts = await look(
        {
            "https://m.example/.well-known/webfinger?resource=acct:b%26o%2B%C3%BC@m.example": answer(
                "acct:b&o+ü@m.example"
            )
        },
        acct,
    )
    assert len(hosts.asked) == 1


async def test_a_subject_in_another_case_is_the_same():
    found, hosts = await look({URL: answer("acct:Bob@M.example")})
    assert found.subject == Acct(user="Bob", host="m.example")
    assert len(hosts.asked) == 1


# --- Split domains ------------------------------------------------------------------------------------------

OTHER_URL = "https://brand.example/.well-known/webfinger?resource=acct:bob@brand.example"


async def test_another_subject_is_asked_at_its_own_host():
    found, hosts = await look(
        {URL: answer("acct:bob@brand.example"), OTHER_URL: answer("acct:bob@brand.example")}
    )
    assert found.subject == Acct(user="bob", host="brand.example")
    assert found.self_iri == ID
    assert hosts.asked == [URL, OTHER_URL]


async def test_a_subject_whose_host_names_another_actor_is_refused():
    with pytest.raises(MismatchError, match="another actor") as caught:
        await look(
            {
                URL: answer("acct:bob@brand.example"),
                OTHER_URL: answer("acct:bob@brand.example", href="https://brand.example/users/bob"),
            }
        )
    assert caught.value.status_hint == 403
    assert caught.value.resource == "bob@m.example"


async def test_a_subject_may_differ_only_once():
    with pytest.raises(MismatchError, match="yet another"):
        await look({URL: answer("acct:bob@brand.example"), OTHER_URL: answer("acct:bob@third.example")})


async def test_a_subject_whose_host_knows_nobody_is_refused():
    with pytest.raises(UnknownResourceError):
        await look({URL: answer("acct:bob@brand.example")})


# --- Redirects ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(status):
    target = "https://social.m.example/.well-known/webfinger?resource=acct:bob@m.example"
    found, hosts = await look({URL: moved(target, status), target: answer()})
    assert found.self_iri == ID
    assert hosts.asked == [URL, target]


async def test_a_relative_redirect_is_followed():
    found, _ = await look({URL: moved("/wf"), "https://m.example/wf": answer()})
    assert found.self_iri == ID


async def test_three_redirects_are_followed_and_a_fourth_is_not():
    hops = {URL: moved("/1"), "https://m.example/1": moved("/2"), "https://m.example/2": moved("/3")}
    found, _ = await look({**hops, "https://m.example/3": answer()})
    assert found.self_iri == ID
    with pytest.raises(UnreachableError, match="redirects"):
        await look({**hops, "https://m.example/3": moved("/4"), "https://m.example/4": answer()})


async def test_a_loop_ends():
    hosts = Hosts(**{URL: moved(URL)})
    async with httpx.AsyncClient(transport=httpx.MockTransport(hosts)) as client:
        with pytest.raises(UnreachableError, match="redirects"):
            await lookup(client, BOB)
    assert len(hosts.asked) == 4


@pytest.mark.parametrize("target", ["http://m.example/wf", "ftp://m.example/wf", "file:///etc/passwd"])
async def test_a_redirect_off_https_is_refused_and_not_asked(target):
    hosts = Hosts(**{URL: moved(target), target: answer()})
    async with httpx.AsyncClient(transport=httpx.MockTransport(hosts)) as client:
        with pytest.raises(MalformedAnswerError, match="off https"):
            await lookup(client, BOB)
    assert hosts.asked == [URL]


@pytest.mark.parametrize("target", [None, ""])
async def test_a_redirect_to_nowhere_is_refused(target):
    with pytest.raises(MalformedAnswerError, match="nowhere"):
        await look({URL: moved(target)})


@pytest.mark.parametrize("target", ["javascript:x", "https://[::1"])
async def test_a_redirect_to_an_unreadable_address_is_refused_and_not_asked(target):
    hosts = Hosts(**{URL: moved(target)})
    async with httpx.AsyncClient(transport=httpx.MockTransport(hosts)) as client:
        # httpx reads the Location before we do, and says either that the server or that the address is odd.
        with pytest.raises((MalformedAnswerError, UnreachableError)):
            await lookup(client, BOB)
    assert hosts.asked == [URL]


async def test_a_client_that_follows_redirects_by_itself_does_not_here():
    hosts = Hosts(**{URL: moved("http://m.example/wf"), "http://m.example/wf": answer()})
    async with httpx.AsyncClient(transport=httpx.MockTransport(hosts), follow_redirects=True) as client:
        with pytest.raises(MalformedAnswerError):
            await lookup(client, BOB)


# --- host-meta ----------------------------------------------------------------------------------------------


def host_meta(template):
    return httpx.Response(200, text=f'<XRD><Link rel="lrdd" template="{template}"/></XRD>')


async def test_host_meta_leads_on_when_webfinger_is_not_found():
    target = "https://social.m.example/wf?resource=acct:bob@m.example"
    found, hosts = await look(
        {HOST_META: host_meta("https://social.m.example/wf?resource={uri}"), target: answer()}
    )
    assert found.self_iri == ID
    assert hosts.asked == [URL, HOST_META, target]


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(404),
        httpx.Response(410),
        httpx.Response(500),
        httpx.Response(200, content=b"\xff\xfe"),
        httpx.Response(200, text="<html></html>"),
        httpx.Response(200, content=b"x" * (ANSWER_BYTES_MAX + 1)),
        host_meta("http://social.m.example/wf?resource={uri}"),
        host_meta("file:///{uri}"),
        httpx.ConnectError("no route"),
    ],
    ids=["404", "410", "500", "not text", "no template", "too large", "http", "file", "no answer"],
)
async def test_without_a_usable_host_meta_the_404_stands(response):
    with pytest.raises(UnknownResourceError) as caught:
        await look({HOST_META: response})
    assert caught.value.status_hint == 404


async def test_a_template_that_leads_back_is_not_asked_again():
    hosts = Hosts(**{HOST_META: host_meta("https://m.example/.well-known/webfinger?resource={uri}")})
    async with httpx.AsyncClient(transport=httpx.MockTransport(hosts)) as client:
        with pytest.raises(UnknownResourceError):
            await lookup(client, BOB)
    assert hosts.asked == [URL, HOST_META]


async def test_gone_is_gone_without_asking_for_host_meta():
    hosts = Hosts(**{URL: httpx.Response(410)})
    async with httpx.AsyncClient(transport=httpx.MockTransport(hosts)) as client:
        with pytest.raises(GoneResourceError) as caught:
            await lookup(client, BOB)
    assert caught.value.status_hint == 410
    assert hosts.asked == [URL]


# --- Bad answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 422])
async def test_a_host_that_refuses_does_not_know_them(status):
    with pytest.raises(UnknownResourceError):
        await look({URL: httpx.Response(status)})


@pytest.mark.parametrize("status", [408, 421, 425, 429, 500, 502, 503, 504, 204, 206, 304, 300])
async def test_a_host_that_is_busy_or_broken_may_be_asked_later(status):
    with pytest.raises(UnreachableError) as caught:
        await look({URL: httpx.Response(status)})
    assert caught.value.status_hint == 503


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("odd")]
)
async def test_a_host_that_does_not_answer_may_be_asked_later(error):
    with pytest.raises(UnreachableError, match=type(error).__name__):
        await look({URL: error})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html></html>",
        b"\xff\xfe",
        b"[]",
        b"5",
        b"null",
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b"9" * 5000,
    ],
)
async def test_what_is_no_json_object_is_refused(content):
    with pytest.raises(MalformedAnswerError):
        await look({URL: httpx.Response(200, content=content)})


async def test_a_byte_order_mark_is_tolerated():
    body = b"\xef\xbb\xbf" + answer().content
    found, _ = await look({URL: httpx.Response(200, content=body)})
    assert found.self_iri == ID


async def test_an_answer_is_read_up_to_the_limit_and_no_further():
    whole = answer().content
    fits = whole + b" " * (ANSWER_BYTES_MAX - len(whole))
    found, _ = await look({URL: httpx.Response(200, content=fits)})
    assert found.self_iri == ID
    with pytest.raises(MalformedAnswerError, match="large"):
        await look({URL: httpx.Response(200, content=fits + b" ")})


async def test_an_endless_answer_is_cut_off():
    sent = 0

    async def endless():
        nonlocal sent
        while True:
            sent += 1024
            yield b" " * 1024

    with pytest.raises(MalformedAnswerError, match="large"):
        await look({URL: httpx.Response(200, content=endless())})
    assert sent <= 2 * ANSWER_BYTES_MAX


@pytest.mark.parametrize(
    "subject", [None, "", 5, "bob", "https://m.example/@bob", "acct:bob@127.0.0.1:80", "acct:@"]
)
async def test_without_a_handle_as_subject_it_is_refused(subject):
    with pytest.raises(MalformedAnswerError, match="subject"):
        await look({URL: answer(subject)})


@pytest.mark.parametrize(
    "href", [None, 5, "", "http://m.example/users/bob", "javascript:x", "acct:bob@m.example"]
)
async def test_without_a_usable_actor_it_is_refused(href):
    with pytest.raises(MalformedAnswerError, match="actor"):
        await look({URL: answer(href=href)})


async def test_an_odd_profile_page_is_left_out():
    links = [
        {"rel": "http://webfinger.net/rel/profile-page", "href": "javascript:alert(1)"},
        {"rel": "self", "type": "application/activity+json", "href": ID},
    ]
    found, _ = await look({URL: answer(links=links)})
    assert found.profile_url is None


async def test_a_look_up_ends_in_time(monkeypatch):
    monkeypatch.setattr(module, "LOOKUP_S_MAX", 0.01)

    async def never(request):
        await asyncio.Event().wait()

    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as client:
        with pytest.raises(UnreachableError, match="too long"):
            await lookup(client, BOB)


async def test_every_response_is_closed():
    async def body():
        yield b"moved"

    response = httpx.Response(301, headers={"Location": "/wf"}, content=body())
    await look({URL: response, "https://m.example/wf": answer()})
    assert response.is_closed


# --- Peers of a test ----------------------------------------------------------------------------------------


async def test_a_test_peer_is_asked_over_http_with_its_port():
    acct = Acct(user="bob", host="127.0.0.1:9101")
    url = "http://127.0.0.1:9101/.well-known/webfinger?resource=acct:bob@127.0.0.1:9101"
    found, _ = await look(
        {url: answer("acct:bob@127.0.0.1:9101", href="http://127.0.0.1:9101/users/bob")}, acct, scheme="http"
    )
    assert found.subject == acct
    assert found.self_iri == "http://127.0.0.1:9101/users/bob"
