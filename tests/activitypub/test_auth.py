"""Signing at send time, and the second knock."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from activitypub import limits, verify
from activitypub.auth import SignatureAuth
from activitypub.httpdate import format_http_date
from activitypub.signatures import rfc9421
from activitypub.signatures.message import Message, Scheme
from tests.signing import BODY, ED25519_KEY, ED25519_PUBLIC, KEY_ID, NOW, RSA_KEY, RSA_PUBLIC, TARGET

pytestmark = pytest.mark.anyio

CONTENT_TYPE = {"content-type": "application/activity+json"}


class Peer:
    """Another server: keeps what it was sent, and answers in turn."""

    def __init__(self, *answers: int | httpx.Response) -> None:
        self.answers = iter([*answers])
        self.requests: list[httpx.Request] = []
        self.schemes: list[Scheme | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        )
        self.schemes.append(Scheme.RFC9421 if "signature-input" in request.headers else Scheme.CAVAGE)
        answer = next(self.answers, 202)
        return httpx.Response(answer) if isinstance(answer, int) else answer

    def message(self, index: int = -1) -> Message:
        request = self.requests[index]
        return Message.of(
            method=request.method,
            target_uri=f"{request.url.scheme}://{request.headers['host']}{request.url.raw_path.decode()}",
            headers=request.headers.raw,
            body=request.content,
        )

    def claim(self, index: int = -1, *, key=RSA_PUBLIC, now: datetime = NOW) -> verify.Claim:
        claim = verify.read_claim(self.message(index), now=now)
        verify.require_valid(claim, self.message(index), key, now=now)
        return claim


def signing(*, clock: Callable[[], datetime] = lambda: NOW, **others) -> SignatureAuth:
    return SignatureAuth(**{"key_id": KEY_ID, "key": RSA_KEY, "clock": clock, **others})


async def send(
    peer: Peer, auth: SignatureAuth, method: str = "POST", target: str = TARGET, **others
) -> httpx.Response:
    if method == "POST":
        others = {"content": BODY, "headers": CONTENT_TYPE, **others}
    async with httpx.AsyncClient(transport=httpx.MockTransport(peer)) as client:
        return await client.request(method, target, auth=auth, **others)


async def test_a_post_goes_out_under_draft_cavage():
    peer = Peer()
    await send(peer, signing())
    claim = peer.claim()
    assert (claim.scheme, claim.key_id) == (Scheme.CAVAGE, KEY_ID)
    assert claim.components == ("(request-target)", "host", "date", "digest", "content-type")
    assert "content-digest" not in peer.requests[0].headers
    assert len(peer.requests) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_get_covers_no_body(method):
    peer = Peer(401, 200)
    await send(peer, signing(), method)
    assert peer.claim(0).components == ("(request-target)", "host", "date")
    assert peer.claim(1).components == ("@method", "@target-uri")
    for request in peer.requests:
        assert not {"digest", "content-digest"} & request.headers.keys()


async def test_a_post_without_content_type_covers_none():
    peer = Peer()
    await send(peer, signing(), headers={})
    assert peer.claim().components == ("(request-target)", "host", "date", "digest")


async def test_an_empty_post_has_a_digest_all_the_same():
    peer = Peer()
    await send(peer, signing(), content=b"")
    assert "digest" in peer.claim().components


@pytest.mark.parametrize("first", list(Scheme))
@pytest.mark.parametrize(("key", "public"), [(RSA_KEY, RSA_PUBLIC), (ED25519_KEY, ED25519_PUBLIC)])
@pytest.mark.parametrize(
    "target",
    [
        "https://ai.example/inbox?a=1&b=%20c",
        "https://ai.example:8443/ä/%2F",
        "https://bücher.example/",
        "http://127.0.0.1:9101/inbox",
        "https://ai.example?x",
    ],
)
async def test_what_is_signed_is_what_goes_over_the_wire(first, key, public, target):
    peer = Peer()
    await send(peer, signing(first=first, key=key), target=target)
    assert peer.claim(key=public).scheme is first


async def test_the_signature_is_made_when_the_request_goes_out():
    times: Iterator[datetime] = iter([NOW, NOW + timedelta(minutes=5)])
    peer = Peer(401, 202)
    await send(peer, signing(clock=lambda: next(times)))
    assert [request.headers["date"] for request in peer.requests] == [
        format_http_date(NOW),
        format_http_date(NOW + timedelta(minutes=5)),
    ]
    assert f"created={int(NOW.timestamp()) + 300}" in peer.requests[1].headers["signature-input"]


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    ("first", "second"), [(Scheme.CAVAGE, Scheme.RFC9421), (Scheme.RFC9421, Scheme.CAVAGE)]
)
async def test_a_signature_that_is_not_understood_is_made_again_in_the_other_way(status, first, second):
    peer = Peer(status, 202)
    response = await send(peer, signing(first=first))
    assert response.status_code == 202
    assert peer.schemes == [first, second]
    assert peer.claim(0).scheme is first
    assert peer.claim(1).scheme is second
    assert peer.requests[1].content == BODY


async def test_the_second_request_holds_nothing_of_the_first_signature():
    peer = Peer(401, 202)
    await send(peer, signing())
    assert "digest" not in peer.requests[1].headers
    peer = Peer(401, 202)
    await send(peer, signing(first=Scheme.RFC9421))
    assert "signature-input" not in peer.requests[1].headers
    assert "content-digest" not in peer.requests[1].headers


async def test_it_knocks_twice_and_no_more():
    peer = Peer(401, 401, 202)
    assert (await send(peer, signing())).status_code == 401
    assert len(peer.requests) == 2


@pytest.mark.parametrize("status", [200, 202, 302, 403, 404, 410, 429, 500, 503])
async def test_any_other_answer_is_final(status):
    peer = Peer(status)
    assert (await send(peer, signing())).status_code == status
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([202], [("ai.example", Scheme.CAVAGE)]),
        ([401, 202], [("ai.example", Scheme.RFC9421)]),
        ([400, 200], [("ai.example", Scheme.RFC9421)]),
        ([401, 401], []),
        ([403], []),
        ([503], []),
        ([302], []),
    ],
)
async def test_the_caller_learns_which_scheme_was_accepted(answers, told):
    heard: list[tuple[str, Scheme]] = []
    await send(Peer(*answers), signing(on_accepted=lambda host, scheme: heard.append((host, scheme))))
    assert heard == told


async def test_one_instance_serves_many_requests():
    auth = signing()
    peer = Peer(401, 202, 202)
    await send(peer, auth)
    await send(peer, auth)
    assert peer.schemes == [Scheme.CAVAGE, Scheme.RFC9421, Scheme.CAVAGE]


async def test_a_wish_is_met_where_it_can_be():
    wish = 'ours=("@path" "host" "@method" "x-absent" "@unknown");created;nonce="n";tag="t"'
    peer = Peer(httpx.Response(401, headers={"accept-signature": wish}), 202)
    await send(peer, signing())
    claim = peer.claim()
    assert claim.components == ("@method", "@target-uri", "content-digest", "@path", "host")
    (signature,) = rfc9421.parse(peer.message())
    assert (signature.label, signature.text("nonce"), signature.text("tag")) == ("ours", "n", "t")


@pytest.mark.parametrize("wish", ["", "((", 'x=("@query-param";name="a")'])
async def test_a_wish_that_cannot_be_met_changes_nothing(wish):
    peer = Peer(httpx.Response(401, headers={"accept-signature": wish}), 202)
    await send(peer, signing())
    assert peer.claim().components == rfc9421.POST_COMPONENTS


class Endless(httpx.AsyncByteStream):
    """An answer without end, that counts what was taken of it."""

    def __init__(self, chunks: int = 10_000) -> None:
        self.chunks = chunks
        self.taken = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.chunks):
            self.taken += 1
            yield b"x" * 1024

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("chunks", "taken"), [(10_000, limits.DELIVERY_ANSWER_BYTES_MAX // 1024 + 1), (3, 3), (0, 0)]
)
async def test_the_answer_to_the_first_knock_is_read_only_so_far(chunks, taken):
    body = Endless(chunks)
    # The encoding would make it a bomb, if anybody decoded it.
    first = httpx.Response(401, stream=body, headers={"content-encoding": "gzip"})
    assert (await send(Peer(first, 202), signing())).status_code == 202
    assert body.taken == taken
    assert body.closed
