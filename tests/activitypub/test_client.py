"""Fetching and delivering: every answer that another server may give."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest

from activitypub import client, limits, verify
from activitypub.auth import SignatureAuth
from activitypub.client import Verdict, classify, deliver, fetch, retry_after_s
from activitypub.errors import (
    FetchError,
    ForbiddenError,
    GoneError,
    MalformedError,
    NotFoundError,
    TooLargeError,
    UnreachableError,
    WrongTypeError,
)
from activitypub.httpdate import format_http_date
from activitypub.signatures.message import Message, Scheme
from tests.signing import BODY, KEY_ID, NOW, RSA_KEY, RSA_PUBLIC

pytestmark = pytest.mark.anyio

IRI = "https://m.example/users/alice"
INBOX = "https://m.example/inbox"
AUTH = SignatureAuth(key_id=KEY_ID, key=RSA_KEY, clock=lambda: NOW)
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def document(
    iri: str = IRI, *, content_type: str = "application/activity+json", **members: Any
) -> httpx.Response:
    body = json.dumps({"id": iri, "type": "Person", **members}).encode()
    return httpx.Response(200, content=body, headers={"content-type": content_type})


def redirect(location: str, status: int = 302) -> httpx.Response:
    return httpx.Response(status, headers={"location": location})


class Net:
    """Other servers: an answer for each address, and a list of what was asked."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[str(request.url)]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    @property
    def asked(self) -> list[str]:
        return [str(request.url) for request in self.requests]

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))

    async def fetch(self, iri: str = IRI, **others: Any) -> client.Document:
        async with self.http() as http:
            return await fetch(http, iri, clock=lambda: NOW, **others)

    async def deliver(self, inbox: str = INBOX, **others: Any) -> client.DeliveryResult:
        async with self.http() as http:
            return await deliver(
                client.HttpxPoster(http), inbox, BODY, **{"auth": AUTH, "clock": lambda: NOW, **others}
            )


class Body(httpx.AsyncByteStream):
    """A body in pieces, as from a socket; an exception among them breaks it off."""

    def __init__(self, *pieces: bytes | Exception, endless: bytes = b"") -> None:
        self.pieces = pieces
        self.endless = endless
        self.taken = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            self.taken += len(piece)
            yield piece
        while self.endless:
            self.taken += len(self.endless)
            yield self.endless

    async def aclose(self) -> None:
        self.closed = True


# --- Fetching ------------------------------------------------------------------------------------------------


async def test_a_document_is_fetched_in_compact_form_with_its_bytes():
    raw = json.dumps({"@id": IRI, "type": "as:Person"}).encode()
    net = Net({IRI: httpx.Response(200, content=raw, headers={"content-type": "application/activity+json"})})
    found = await net.fetch()
    assert found == client.Document(data={"id": IRI, "type": "Person"}, final_iri=IRI, raw=raw)
    request = net.requests[0]
    assert request.headers["accept"] == (
        'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
    )
    assert request.headers["accept-encoding"] == "identity"


async def test_a_fragment_is_not_sent_and_not_compared():
    net = Net({IRI: document(f"{IRI}#me")})
    assert (await net.fetch(f"{IRI}#main-key")).final_iri == IRI
    assert net.asked == [IRI]


async def test_an_answer_in_pieces_is_put_together():
    raw = document().content
    body = Body(raw[:10], b"", raw[10:])
    net = Net({IRI: httpx.Response(200, stream=body, headers={"content-type": "application/activity+json"})})
    assert (await net.fetch()).raw == raw
    assert body.closed


@pytest.mark.parametrize(
    ("iri", "claimed"),
    [
        ("https://m.example/users/ä", "https://m.example/users/%C3%A4"),
        ("https://M.example:443/a", "https://m.example/a"),
    ],
)
async def test_spellings_of_one_address_are_one_id(iri, claimed):
    net = Net({str(httpx.URL(iri)): document(claimed)})
    await net.fetch(iri)
    assert len(net.requests) == 1


async def test_each_hop_is_signed_for_itself():
    other = "https://b.example/alice"
    net = Net({IRI: redirect(other), other: document(other)})
    await net.fetch(auth=AUTH)
    for request in net.requests:
        message = Message.of(method="GET", target_uri=str(request.url), headers=request.headers.raw)
        claim = verify.read_claim(message, now=NOW)
        verify.require_valid(claim, message, RSA_PUBLIC, now=NOW)
    assert len({request.headers["signature"] for request in net.requests}) == 2


# --- Redirects -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/users/1#x", "https://m.example/users/1", "//m.example/users/1", "1"])
async def test_a_redirect_is_followed(status, location):
    final = "https://m.example/users/1"
    net = Net({IRI: redirect(location, status), final: document(final)})
    assert (await net.fetch()).final_iri == final


def chain(hops: int) -> Net:
    answers: dict[str, Answer] = {f"{IRI}/{n}": redirect(f"{IRI}/{n + 1}") for n in range(hops)}
    return Net({**answers, f"{IRI}/{hops}": document(f"{IRI}/{hops}")})


async def test_three_redirects_are_followed_and_not_four():
    assert (await chain(3).fetch(f"{IRI}/0")).final_iri == f"{IRI}/3"
    net = chain(4)
    with pytest.raises(FetchError, match="too many"):
        await net.fetch(f"{IRI}/0")
    assert len(net.requests) == 4


@pytest.mark.parametrize("location", [IRI, "", "#"])
async def test_a_loop_ends(location):
    net = Net({IRI: redirect(location)})
    with pytest.raises(FetchError, match="too many"):
        await net.fetch()
    assert len(net.requests) == 4


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
@pytest.mark.parametrize("http_allowed", [False, True])
async def test_a_redirect_must_not_leave_https(scheme, http_allowed):
    net = Net({IRI: redirect("http://m.example/users/1")})
    with pytest.raises(FetchError, match="leaves https"):
        await net.fetch(IRI.replace("https", scheme), http_allowed=http_allowed)
    assert len(net.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "ftp://m.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://user@m.example/",
        "https://m.example./",
        "https://127.1/",
        "https://[",
        "https://m.example:99999/",
        "http:\\\\evil",
    ],
)
async def test_a_redirect_to_an_odd_address_is_refused(location):
    net = Net({IRI: redirect(location)})
    with pytest.raises(FetchError):
        await net.fetch()
    assert net.asked == [IRI]


async def test_a_redirect_to_nowhere_is_no_document():
    with pytest.raises(FetchError, match="answers 302"):
        await Net({IRI: httpx.Response(302)}).fetch()
    with pytest.raises(FetchError, match="answers 304"):
        await Net({IRI: redirect(f"{IRI}/2", 304)}).fetch()


async def test_http_is_asked_only_where_allowed():
    iri = "http://127.0.0.1:9101/users/a"
    net = Net({iri: document(iri)})
    with pytest.raises(FetchError, match="only https"):
        await net.fetch(iri)
    assert net.asked == []
    assert (await net.fetch(iri, http_allowed=True)).final_iri == iri


@pytest.mark.parametrize(
    "iri", ["", "nonsense", "acct:a@b.example", "https://a@b.example/", "https://b.example./"]
)
async def test_an_address_that_is_none_is_malformed(iri):
    with pytest.raises(MalformedError):
        await Net({}).fetch(iri)


async def test_an_address_that_httpx_refuses_is_malformed():
    # IDNA 2008 has no such label, although each of its characters is a letter or a number.
    with pytest.raises(MalformedError):
        await Net({}).fetch("https://ͅx.example/")


# --- The id --------------------------------------------------------------------------------------------------


async def test_an_id_elsewhere_is_asked_there():
    real = "https://b.example/users/1"
    net = Net({IRI: document(real, name="forged"), real: document(real, name="real")})
    found = await net.fetch()
    assert (found.data["name"], found.final_iri) == ("real", real)
    assert net.asked == [IRI, real]


async def test_an_id_that_leads_on_is_not_believed():
    second, third = "https://b.example/2", "https://c.example/3"
    net = Net({IRI: document(second), second: document(third), third: document(third)})
    with pytest.raises(ForbiddenError, match="not where it was found"):
        await net.fetch()
    assert net.asked == [IRI, second]


async def test_after_a_redirect_the_id_is_that_of_the_last_host():
    other = "https://b.example/alice"
    net = Net({IRI: redirect(other), other: document(IRI)})
    # The id leads back to the redirect, and so to the same contradiction.
    with pytest.raises(ForbiddenError, match="not where it was found"):
        await net.fetch()


@pytest.mark.parametrize("claimed", [None, 17, [IRI], {"id": IRI}])
async def test_a_document_without_id_is_not_believed(claimed):
    with pytest.raises(ForbiddenError, match="no id"):
        await Net({IRI: document(id=claimed)}).fetch()


@pytest.mark.parametrize(
    "claimed",
    [
        "",
        "nonsense",
        "https://[/",
        "https://m.example:99999/",
        "https://a@m.example/",
        "javascript:x",
        "https://m.example/\t",
    ],
)
async def test_an_id_that_is_no_address_is_refused(claimed):
    with pytest.raises(MalformedError):
        await Net({IRI: document(id=claimed)}).fetch()


async def test_an_id_at_http_is_not_asked():
    with pytest.raises(FetchError, match="only https"):
        await Net({IRI: document("http://m.example/users/alice")}).fetch()


# --- Types and statuses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type", ['application/ld+json; profile="https://www.w3.org/ns/activitystreams"']
)
async def test_the_other_media_type_is_taken(content_type):
    await Net({IRI: document(content_type=content_type)}).fetch()


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/html", "text/plain", "application/ld+json", "image/png", ""]
)
async def test_another_media_type_is_no_document(content_type):
    with pytest.raises(WrongTypeError):
        await Net({IRI: document(content_type=content_type)}).fetch()


async def test_no_media_type_is_no_document():
    with pytest.raises(WrongTypeError):
        await Net({IRI: httpx.Response(200, content=document().content)}).fetch()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (201, FetchError),
        (204, FetchError),
        (400, FetchError),
        (401, FetchError),
        (403, FetchError),
        (404, NotFoundError),
        (406, FetchError),
        (408, UnreachableError),
        (410, GoneError),
        (421, UnreachableError),
        (425, UnreachableError),
        (429, UnreachableError),
        (451, FetchError),
        (500, UnreachableError),
        (501, UnreachableError),
        (503, UnreachableError),
        (599, UnreachableError),
    ],
)
async def test_each_status_has_its_error(status, error):
    with pytest.raises(FetchError) as caught:
        await Net({IRI: httpx.Response(status, headers={"retry-after": "60"})}).fetch()
    assert caught.type is error
    assert caught.value.iri == IRI
    assert caught.value.retry_after_s == (60 if error is UnreachableError else None)


@pytest.mark.parametrize("kind", ["Tombstone", ["Tombstone"], "as:Tombstone"])
async def test_a_tombstone_is_gone(kind):
    with pytest.raises(GoneError, match="deleted"):
        await Net({IRI: document(type=kind)}).fetch()


@pytest.mark.parametrize("kind", ["NotATombstone", ["Note"], None, {"id": "Tombstone"}])
async def test_anything_else_is_not(kind):
    await Net({IRI: document(type=kind)}).fetch()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"id":1,"id":2}', b'{"@graph":[]}', b"\xff"])
async def test_a_document_that_cannot_be_read_is_malformed(body):
    answer = httpx.Response(200, content=body, headers={"content-type": "application/activity+json"})
    with pytest.raises(MalformedError):
        await Net({IRI: answer}).fetch()


# --- Trouble -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("x"),
        httpx.ReadTimeout("x"),
        httpx.RemoteProtocolError("x"),
        httpx.DecodingError("x"),
    ],
)
async def test_trouble_on_the_way_may_pass(trouble):
    with pytest.raises(UnreachableError, match=type(trouble).__name__) as caught:
        await Net({IRI: trouble}).fetch()
    assert caught.value.status_hint == 503
    broken = httpx.Response(
        200, stream=Body(b"{", trouble), headers={"content-type": "application/activity+json"}
    )
    with pytest.raises(UnreachableError, match="broke off"):
        await Net({IRI: broken}).fetch()


async def test_a_slow_server_is_given_up():
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with httpx.AsyncClient(transport=httpx.MockTransport(never)) as http:
        with pytest.raises(UnreachableError, match="too long"):
            await fetch(http, IRI, deadline_s=0.01)
        result = await deliver(client.HttpxPoster(http), INBOX, BODY, auth=AUTH, deadline_s=0.01)
    assert (result.verdict, result.status, result.detail) == (Verdict.RETRY, None, "TimeoutError")


async def test_an_endless_body_is_cut():
    body = Body(endless=b"x" * 65_536)
    answer = httpx.Response(200, stream=body, headers={"content-type": "application/activity+json"})
    with pytest.raises(TooLargeError, match="larger"):
        await Net({IRI: answer}).fetch()
    assert body.taken <= limits.BODY_BYTES_MAX + 65_536
    assert body.closed


@pytest.mark.parametrize(("extra", "taken"), [(0, True), (1, False)])
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_document_may_be_one_megabyte(extra, taken, streamed):
    raw = document(x="").content
    raw = raw.replace(b'"x": ""', b'"x": "' + b"y" * (limits.BODY_BYTES_MAX - len(raw) + extra) + b'"')
    content = {"stream": Body(raw)} if streamed else {"content": raw}
    net = Net({IRI: httpx.Response(200, headers={"content-type": "application/activity+json"}, **content)})
    if taken:
        assert len((await net.fetch()).raw) == limits.BODY_BYTES_MAX
    else:
        with pytest.raises(TooLargeError):
            await net.fetch()


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip"])
async def test_a_compressed_answer_is_not_unpacked(encoding):
    body = Body(b"bomb")
    headers = {"content-type": "application/activity+json", "content-encoding": encoding}
    with pytest.raises(FetchError, match="encoding"):
        await Net({IRI: httpx.Response(200, stream=body, headers=headers)}).fetch()
    assert body.taken == 0


async def test_a_named_identity_is_no_encoding():
    headers = {"content-type": "application/activity+json", "content-encoding": "Identity"}
    await Net({IRI: httpx.Response(200, stream=Body(document().content), headers=headers)}).fetch()


async def test_redirects_are_closed_unread():
    body = Body(endless=b"x")
    net = Net(
        {
            IRI: httpx.Response(302, stream=body, headers={"location": f"{IRI}/2"}),
            f"{IRI}/2": document(f"{IRI}/2"),
        }
    )
    await net.fetch()
    assert (body.taken, body.closed) == (0, True)


# --- Retry-After ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        ("86401", limits.RETRY_AFTER_S_MAX),
        ("9" * 5_000, limits.RETRY_AFTER_S_MAX),
        (format_http_date(NOW + timedelta(seconds=90)), 90),
        (format_http_date(NOW - timedelta(seconds=90)), 0),
        (format_http_date(NOW + timedelta(days=400)), limits.RETRY_AFTER_S_MAX),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("²", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after_s(value, NOW) == seconds


# --- Delivering ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "statuses"),
    [
        (Verdict.DELIVERED, [200, 201, 202, 204, 299]),
        (Verdict.INBOX_GONE, [404, 410]),
        (Verdict.RETRY, [401, 408, 421, 425, 429, 500, 502, 503, 504, 507, 521, 599]),
        (Verdict.DROP, [300, 301, 302, 303, 304, 307, 308, 400, 403, 405, 406, 409, 411, 413, 414, 415, 422, 451, 499, 501]),
    ],
)  # fmt: skip
def test_each_status_has_its_verdict(verdict, statuses):
    assert {status: classify(status) for status in statuses} == dict.fromkeys(statuses, verdict)


async def test_a_delivery_is_signed_and_sent_as_it_is():
    net = Net({INBOX: httpx.Response(202, content=b"thanks")})
    result = await net.deliver()
    assert result == client.DeliveryResult(
        verdict=Verdict.DELIVERED, status=202, retry_after_s=None, scheme=Scheme.CAVAGE, detail="thanks"
    )
    assert result.delivered
    (request,) = net.requests
    assert (request.method, request.content) == ("POST", BODY)
    assert request.headers["content-type"] == "application/activity+json"
    assert request.headers["accept-encoding"] == "identity"
    message = Message.of(method="POST", target_uri=INBOX, headers=request.headers.raw, body=request.content)
    verify.require_valid(verify.read_claim(message, now=NOW), message, RSA_PUBLIC, now=NOW)


async def test_the_scheme_of_the_last_knock_is_told():
    answers = iter([401, 202])
    result = await Net({INBOX: lambda _: httpx.Response(next(answers))}).deliver()
    assert (result.scheme, result.verdict) == (Scheme.RFC9421, Verdict.DELIVERED)


async def test_a_refused_signature_stays_in_the_queue():
    result = await Net({INBOX: httpx.Response(401)}).deliver()
    assert (result.verdict, result.status, result.delivered) == (Verdict.RETRY, 401, False)


async def test_a_wait_is_told():
    result = await Net({INBOX: httpx.Response(429, headers={"retry-after": "17"})}).deliver()
    assert (result.verdict, result.retry_after_s) == (Verdict.RETRY, 17)


@pytest.mark.parametrize(
    "trouble", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")]
)
async def test_trouble_on_the_way_is_a_result(trouble):
    result = await Net({INBOX: trouble}).deliver()
    assert (result.verdict, result.status, result.scheme, result.detail) == (
        Verdict.RETRY, None, None, type(trouble).__name__,
    )  # fmt: skip


@pytest.mark.parametrize(
    "inbox", ["", "nonsense", "http://m.example/inbox", "https://a@m.example/", "https://ͅx.example/"]
)
async def test_an_inbox_that_cannot_be_asked_is_dropped(inbox):
    net = Net({})
    result = await net.deliver(inbox)
    assert (result.verdict, result.status) == (Verdict.DROP, None)
    assert net.asked == []


async def test_an_http_inbox_is_asked_where_allowed():
    inbox = "http://127.0.0.1:9101/inbox"
    assert (await Net({inbox: httpx.Response(202)}).deliver(inbox, http_allowed=True)).delivered


@pytest.mark.parametrize("status", [307, 308])
async def test_a_post_is_sent_on_once_within_its_host(status):
    net = Net({INBOX: redirect("/new", status), "https://m.example/new": httpx.Response(202)})
    assert (await net.deliver()).delivered
    assert [request.content for request in net.requests] == [BODY, BODY]
    assert net.requests[0].headers["signature"] != net.requests[1].headers["signature"]
    net = Net({INBOX: redirect("/new", status), "https://m.example/new": redirect("/newer", status)})
    assert (await net.deliver()).verdict is Verdict.DROP
    assert len(net.requests) == 2


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (301, "/new"),
        (302, "/new"),
        (303, "/new"),
        (307, "https://evil.example/inbox"),
        (308, "//evil.example/inbox"),
        (308, "http://m.example/inbox"),
        (308, "https://m.example:8443/inbox"),
        (308, "https://["),
    ],
)
async def test_a_post_is_not_sent_anywhere_else(status, location):
    net = Net({INBOX: redirect(location, status)})
    assert (await net.deliver()).verdict is Verdict.DROP
    assert len(net.requests) == 1


@pytest.mark.parametrize("status", [202, 500])
@pytest.mark.parametrize(
    ("make", "headers"),
    [
        pytest.param(lambda: Body(endless=b"x" * 1024), {}, id="endless"),
        pytest.param(lambda: Body(httpx.ReadError("x")), {}, id="broken"),
        pytest.param(lambda: Body(b"thanks"), {"content-encoding": "gzip"}, id="packed"),
    ],
)
async def test_the_status_decides_whatever_becomes_of_the_rest(status, make, headers):
    stream = make()
    result = await Net({INBOX: httpx.Response(status, stream=stream, headers=headers)}).deliver()
    assert (result.verdict, result.status, result.detail) == (classify(status), status, "")
    assert stream.closed
    assert stream.taken <= limits.DELIVERY_ANSWER_BYTES_MAX + 1024


async def test_the_detail_is_short_and_text():
    result = await Net({INBOX: httpx.Response(422, content=b"\xff" + b"x" * 5_000)}).deliver()
    assert result.detail == "\ufffd" + "x" * 299


async def test_without_a_clock_the_present_is_now():
    net = Net(
        {
            INBOX: httpx.Response(
                503, headers={"retry-after": format_http_date(client.utc_now() + timedelta(hours=1))}
            )
        }
    )
    async with net.http() as http:
        result = await deliver(client.HttpxPoster(http), INBOX, BODY, auth=AUTH)
    assert result.retry_after_s == pytest.approx(3600, abs=60)
