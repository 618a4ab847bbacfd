"""Requests as plain values."""

import pytest

from activitypub.errors import MalformedError
from activitypub.origin import Origin
from activitypub.signatures.message import Message


def message(target_uri="https://ai.example/a?b=c", **others) -> Message:
    return Message.of(**{"method": "GET", "target_uri": target_uri, **others})


@pytest.mark.parametrize(
    ("target_uri", "path", "query", "request_target"),
    [
        ("https://ai.example", "/", None, "/"),
        ("https://ai.example/", "/", None, "/"),
        ("https://ai.example?q", "/", "q", "/?q"),
        ("https://ai.example/a/b%20c?d=e&f?g", "/a/b%20c", "d=e&f?g", "/a/b%20c?d=e&f?g"),
        ("https://ai.example/a?", "/a", "", "/a?"),
    ],
)
def test_an_address_is_split_as_it_stands(target_uri, path, query, request_target):
    found = message(target_uri)
    assert (found.path, found.query, found.request_target) == (path, query, request_target)


def test_the_authority_is_lower_case_and_without_the_default_port():
    assert message("HTTPS://AI.Example:443/A").origin == Origin("https", "ai.example", 443)
    assert message("https://ai.example:8443/").origin.authority == "ai.example:8443"
    assert message("http://ai.example:80/").origin.authority == "ai.example"


@pytest.mark.parametrize(
    "target_uri",
    [
        "",
        "/inbox",
        "ftp://ai.example/",
        "https:///a",
        "https://a b/",
        "https://ai.example/é",
        "https://x/\n",
        "https://x/#a",
    ],
)
def test_an_address_that_could_not_be_requested_is_refused(target_uri):
    with pytest.raises(MalformedError):
        message(target_uri)


def test_a_method_that_could_not_be_sent_is_refused():
    with pytest.raises(MalformedError):
        message(method="PÖST")


def test_headers_are_found_in_any_case_and_kept_in_order():
    found = message(headers=[("Accept", " a "), (b"ACCEPT", b"b\t"), ("X", "")])
    assert found.headers == {"accept": ("a", "b"), "x": ("",)}
    assert found.header("accept") == "a, b"
    assert found.header("x") == ""
    assert found.header("y") is None


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b"])
def test_a_header_with_a_line_break_is_refused(value):
    with pytest.raises(MalformedError, match="line break"):
        message(headers=[("x", value)]).header("x")


def test_header_bytes_survive():
    every = bytes(range(0x21, 0x100))
    value = message(headers=[(b"x", every)]).header("x")
    assert value is not None
    assert value.encode("latin-1") == every


def test_a_header_that_no_bytes_could_give_is_refused():
    with pytest.raises(MalformedError, match="no header can hold"):
        message(headers=[("x", "→")])
    with pytest.raises(MalformedError, match="no header can hold"):
        message(headers=[("x", "\u0100")])
    assert message(headers=[("x", "é\xff")]).header("x") == "é\xff"
