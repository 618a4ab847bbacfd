"""Who may speak for what: one comparison, and no address that two programs read differently."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub import limits
from activitypub.errors import ForbiddenError, MalformedError
from activitypub.origin import (
    Origin,
    origin,
    require_actor_is_signer,
    require_same_origin,
    same_origin,
    without_fragment,
)
from tests.signing import DATA


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        ("https://ai.example", ("https", "ai.example", 443)),
        ("https://ai.example/users/a?b#c", ("https", "ai.example", 443)),
        ("https://ai.example?b", ("https", "ai.example", 443)),
        ("https://ai.example#c", ("https", "ai.example", 443)),
        ("https://ai.example:443/", ("https", "ai.example", 443)),
        ("https://ai.example:8443/", ("https", "ai.example", 8443)),
        ("https://ai.example:/", None),
        ("HTTPS://AI.Example/", ("https", "ai.example", 443)),
        ("http://ai.example/", ("http", "ai.example", 80)),
        ("http://127.0.0.1:9101/", ("http", "127.0.0.1", 9101)),
        ("http://[::1]:9101/", ("http", "[::1]", 9101)),
        ("http://[0:0::0:1]/", ("http", "[::1]", 80)),
        ("https://localhost/", ("https", "localhost", 443)),
        ("https://a_b.example/", ("https", "a_b.example", 443)),
        ("https://bücher.example/", ("https", "xn--bcher-kva.example", 443)),
        ("https://BÜCHER.example/", ("https", "xn--bcher-kva.example", 443)),
        ("https://xn--bcher-kva.example/", ("https", "xn--bcher-kva.example", 443)),
        ("https://faß.example/", ("https", "xn--fa-hia.example", 443)),
        ("https://例え.テスト/", ("https", "xn--r8jz45g.xn--zckzah", 443)),
        ("https://ai.example/é/→", ("https", "ai.example", 443)),
        ("https://4u.example2/", ("https", "4u.example2", 443)),
    ],
)
def test_an_origin_is_scheme_host_and_port(iri, expected):
    if expected is None:
        with pytest.raises(MalformedError):
            origin(iri)
    else:
        assert origin(iri) == Origin(*expected)


def test_the_longest_host_and_the_longest_identifier_are_taken():
    host = "a." * 123 + "example"
    assert len(host) == 253  # RFC 1035
    assert origin(f"https://{host}/").host == host
    iri = "https://ai.example/" + "a" * (limits.IRI_CHARS_MAX - 19)
    assert len(iri) == limits.IRI_CHARS_MAX
    assert origin(iri).host == "ai.example"


def test_an_authority_is_what_a_host_header_holds():
    assert origin("https://AI.example:443/").authority == "ai.example"
    assert origin("https://ai.example:444/").authority == "ai.example:444"
    assert origin("http://ai.example:443/").authority == "ai.example:443"


@pytest.mark.parametrize(
    "iri",
    [
        "",
        "ai.example",
        "//ai.example/",
        "acct:a@ai.example",
        "ftp://ai.example/",
        "javascript://ai.example/",
        "data:text/html,x",
        "file:///etc/passwd",
        "https:/ai.example/",
        "https:ai.example",
        "https://",
        "https:///a",
        "https://:443/",
        "https://user@ai.example/",
        "https://user:password@ai.example/",
        "https://ai.example@evil.example/",
        "https://ai.example\\@evil.example/",
        "https://ai.example\\.evil.example/",
        "https://ai.example./",
        "https://.ai.example/",
        "https://ai..example/",
        "https://ai.example:0/",
        "https://ai.example:65536/",
        "https://ai.example:443:443/",
        "https://ai.example:+443/",
        "https://ai.example:٤٤٣/",
        "https://ai.example:443a/",
        "https://ai example/",
        "https://ai.example/ a",
        " https://ai.example/",
        "https://ai.example/\n",
        "https://ai.example/\t",
        "https://ai.example/\0",
        "https://ai.example/\x7f",
        "https://ai.example/\u2028",
        "https://ai.example/\u00a0",
        'https://ai.example/"',
        "https://ai.example/<",
        "https://ai%2eexample/",
        "https://%61i.example/",
        "https://-ai.example/",
        "https://ai-.example/",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 130}example/",
        "https://ai,example/",
        "https://ai!example/",
        "https://[::1/",
        "https://[::a/",
        "https://[::1%25eth0]/",
        "https://[::1]x/",
        "https://[1]/",
        "https://::1/",
        "https://127.1/",
        "https://0x7f.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://127.0.0.256/",
        "https://127.0.0.01/",
        "https://ai.example.1/",
        "https://\uff41i.example/",
        "https://ai。example/",
        "https://ai⒈example/",
        "https://a\u200di.example/",
        "https://a\u00adi.example/",
        "https://\u202eai.example/",
        "https://ai\u2024example/",
        "https://😀.example/",
        "https://" + "é" * 63 + ".example/",
        "https://" + "a." * 123 + "example.",
        "https://" + "a." * 123 + "examples",
        "https://ai.example/" + "a" * (limits.IRI_CHARS_MAX - 18),
    ],
)
def test_what_could_be_read_in_two_ways_has_no_origin(iri):
    with pytest.raises(MalformedError):
        origin(iri)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("https://a.example/1", "https://A.example:443/2#x", True),
        ("https://bücher.example/1", "https://xn--bcher-kva.example/2", True),
        ("https://a.example/1", "http://a.example/1", False),
        ("https://a.example/1", "https://a.example:8443/1", False),
        ("https://a.example/1", "https://b.example/1", False),
        ("https://a.example/1", "https://sub.a.example/1", False),
        ("https://a.example/1", "https://a.example.evil.example/1", False),
        ("https://faß.example/", "https://fass.example/", False),
        ("https://a.example/1", "nonsense", False),
        ("nonsense", "nonsense", False),
        ("", "", False),
        ("acct:a@a.example", "acct:a@a.example", False),
    ],
)
def test_same_origin(first, second, same):
    assert same_origin(first, second) is same
    assert same_origin(second, first) is same
    if same:
        require_same_origin(first, second)
    else:
        with pytest.raises(ForbiddenError) as caught:
            require_same_origin(first, second)
        assert (caught.value.iri, caught.value.status_hint) == (second, 403)


def test_every_identifier_must_share_the_origin():
    require_same_origin("https://a.example/1", "https://a.example/2", "https://a.example/3")
    with pytest.raises(ForbiddenError):
        require_same_origin("https://a.example/1", "https://a.example/2", "https://b.example/3")


@pytest.mark.parametrize(
    "signer",
    [
        "https://a.example/users/B",
        "https://A.example/users/b",
        "https://a.example/users/b/",
        "https://a.example/users/b#",
        "",
    ],
)
def test_an_actor_is_its_signer_to_the_letter(signer):
    require_actor_is_signer("https://a.example/users/b", "https://a.example/users/b")
    with pytest.raises(ForbiddenError, match="not the signer"):
        require_actor_is_signer("https://a.example/users/b", signer)


def test_a_fragment_is_cut_off():
    assert without_fragment("https://a.example/users/b#main-key#x") == "https://a.example/users/b"
    assert without_fragment("https://a.example/users/b") == "https://a.example/users/b"


URLS = [case for case in json.loads((DATA / "urltestdata.json").read_text("utf-8")) if isinstance(case, dict)]


@pytest.mark.parametrize(
    "case",
    [case for case in URLS if case["input"].lower().startswith(("http://", "https://"))],
    ids=lambda case: repr(case["input"])[:50],
)
def test_what_the_web_platform_refuses_we_refuse_and_what_we_take_it_reads_the_same(case):
    try:
        found = origin(case["input"])
    except MalformedError:
        return
    assert not case.get("failure")
    assert f"{found.scheme}:" == case["protocol"]
    assert found.authority == case["host"]


@given(st.text("aZ0-_.:@/\\%#?[]éß。", max_size=20))
def test_the_client_that_fetches_reads_the_same_origin(rest):
    """No identifier may belong to one server here and be asked of another there."""
    iri = f"https://{rest}"
    try:
        found = origin(iri)
        url = httpx.URL(iri)
    except (MalformedError, httpx.InvalidURL):
        return
    assert url.raw_host.decode().lower() == found.host.strip("[]")
    assert (url.port or 443) == found.port
