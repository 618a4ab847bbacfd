"""Handles: every spelling of one is read to the same form, and nothing else is read as one."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webfinger.acct import HOST_CHARS_MAX, USER_CHARS_MAX, Acct, normalise_host, parse, parse_resource
from webfinger.errors import MalformedResourceError, WebfingerError

BLNS = json.loads((Path(__file__).parents[1] / "data" / "blns.json").read_text("utf-8"))
ALICE = Acct(user="alice", host="ai.example")


@pytest.mark.parametrize(
    "text",
    [
        "acct:alice@ai.example",
        "ACCT:alice@ai.example",
        "@alice@ai.example",
        "alice@ai.example",
        "alice@AI.Example",
        " alice@ai.example\n",
        "acct:@alice@ai.example",
        "acct:alice%40ai.example",
        "acct%3Aalice%40ai.example",
        "%61lice@ai.example",
    ],
)
def test_every_spelling_is_one_handle(text):
    assert parse(text) == ALICE


def test_the_user_name_keeps_its_case_and_compares_without():
    upper = parse("Alice@ai.example")
    assert upper.user == "Alice"
    assert upper.same(ALICE)
    assert not upper.same(Acct(user="alice", host="b.example"))
    assert not upper.same(Acct(user="alic", host="ai.example"))


def test_a_handle_is_written_in_both_forms():
    assert str(ALICE) == "alice@ai.example"
    assert ALICE.uri == "acct:alice@ai.example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "acct:",
        "alice",
        "@alice",
        "alice@",
        "@ai.example",
        "acct:@ai.example",
        "a@b@ai.example",
        "a b@ai.example",
        "a/b@ai.example",
        "a:b@ai.example",
        "a\x00b@ai.example",
        "a%00b@ai.example",
        "a%2Fb@ai.example",
        "a%2540@ai.example",
        "a%ff@ai.example",
        "a\u202eb@ai.example",
        "a\ud800b@ai.example",
        "%\ud800@ai.example",
        "https://ai.example/@alice",
        "x" * (USER_CHARS_MAX + 1) + "@ai.example",
        "x" * 100_000,
        " " * 10_000 + "alice@ai.example",
    ],
)
def test_what_is_no_handle_is_refused(text):
    with pytest.raises(MalformedResourceError):
        parse(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ai.example", "ai.example"),
        ("AI.EXAMPLE", "ai.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        # The rules of 2003 would make these strasse.example and the like: other hosts.
        ("straße.example", "xn--strae-oqa.example"),
        ("日本.example", "xn--wgv71a.example"),
        ("a-b.c1.example", "a-b.c1.example"),
    ],
)
def test_hosts_are_brought_into_one_form(host, expected):
    assert normalise_host(host) == expected


BAD_HOSTS = [
    "",
    ".",
    "a..example",
    ".a.example",
    "a.example.",
    "-a.example",
    "a-.example",
    "a_b.example",
    "a b.example",
    "a%2e.example",
    "a/b.example",
    "a\\b.example",
    "a#b.example",
    "user@a.example",
    "\uff41.example",  # full width: NFKC makes it `a`
    "a。example",  # an ideographic full stop
    "a\u2024example",  # a one-dot leader
    "☃.example",
    "a\u200d.example",
    "\ud800.example",
    "x" * 64 + ".example",
    "ü" * 63 + ".example",
    "a." * 130 + "example",
    "127.1",
    "0x7f.1",
    "1.2.3.4.5",
    "256.1.1.1",
    "a.example:",
    "a.example:0",
    "a.example:65536",
    "a.example:80:80",
    "a.example:port",
    "[::1",
    "[::g]",
    "::1",
]


@pytest.mark.parametrize("host", BAD_HOSTS)
@pytest.mark.parametrize("allow_port", [False, True])
def test_what_is_no_host_is_refused(host, allow_port):
    with pytest.raises(MalformedResourceError):
        normalise_host(host, allow_port=allow_port)


def test_a_name_that_grows_too_long_in_ascii_is_refused():
    host = ".".join(["ü" * 40] * 6)
    assert len(host) <= HOST_CHARS_MAX
    with pytest.raises(MalformedResourceError):
        normalise_host(host)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:9101", "127.0.0.1:9101"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:9101", "[::1]:9101"),
        ("[0:0::1]", "[::1]"),
        ("localhost", "localhost"),
        ("localhost:080", "localhost:80"),
        ("a.example:8443", "a.example:8443"),
    ],
)
def test_test_peers_are_taken_only_when_asked_for(host, expected):
    with pytest.raises(MalformedResourceError):
        normalise_host(host)
    assert normalise_host(host, allow_port=True) == expected
    assert parse(f"bob@{host}", allow_port=True).is_local_peer


def test_a_public_handle_is_no_test_peer():
    assert not ALICE.is_local_peer


@pytest.mark.parametrize(
    "text",
    [
        "https://ai.example/users/alice",
        "HTTP://ai.example/@alice",
        "https://ai.example/",
        "https://ai.example",
    ],
)
def test_a_resource_may_be_an_address(text):
    assert parse_resource(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://",
        "https:///x",
        "https://user@ai.example/",
        "https://ai.example/a b",
        "http://a\\b",
        "https://ai.example/<",
    ],
)
def test_an_unusable_address_is_refused(text):
    with pytest.raises(MalformedResourceError):
        parse_resource(text)


def test_a_resource_may_be_a_handle():
    assert parse_resource("acct:alice@ai.example") == ALICE
    assert parse_resource("acct:a@localhost:1", allow_port=True) == Acct(user="a", host="localhost:1")


@pytest.mark.parametrize("text", ["", "mailto:alice@ai.example", "urn:x", "x" * 9000])
def test_any_other_resource_is_refused(text):
    with pytest.raises(MalformedResourceError):
        parse_resource(text)


def test_an_error_says_what_was_asked_and_what_to_answer():
    with pytest.raises(WebfingerError) as caught:
        parse("nobody")
    assert caught.value.status_hint == 400
    assert caught.value.resource == "nobody"


def test_naughty_strings_are_read_or_refused():
    assert len(BLNS) > 400
    for text in BLNS:
        for resource in (
            text,
            f"acct:{text}",
            f"acct:{text}@ai.example",
            f"acct:alice@{text}",
            f"https://{text}",
        ):
            for allow_port in (False, True):
                try:
                    found = parse_resource(resource, allow_port=allow_port)
                except MalformedResourceError:
                    continue
                assert str(found).isprintable()


@given(st.text(st.characters(codec=None)), st.booleans())
def test_any_text_is_read_or_refused(text, allow_port):
    for resource in (text, f"a@{text}", f"{text}@ai.example"):
        try:
            found = parse(resource, allow_port=allow_port)
        except MalformedResourceError:
            continue
        # What was read once reads again to the same.
        assert parse(found.uri, allow_port=allow_port) == found
        assert found.host.isascii()
