import pytest

from fedi import domains
from fedi.errors import Refused


@pytest.mark.parametrize(
    "spelling",
    [
        "evil.example", "EVIL.Example", " evil.example\n", "evil.example.", "evil.example:8443",
        "evil.example.:443", "*.evil.example", ".evil.example", "@evil.example", "someone@evil.example",
        "https://evil.example/about", "http://EVIL.example:80/", "evil\u3002example", "\uff45vil.example",
    ],
)  # fmt: skip
def test_every_spelling_of_a_domain_is_one_domain(spelling: str) -> None:
    assert domains.normal(spelling) == "evil.example"


@pytest.mark.parametrize("spelling", ["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"])
def test_international_names_have_their_ascii_form(spelling: str) -> None:
    assert domains.normal(spelling) == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "text", ["", " ", ".", "*", "two words.example", "evil..example", "-evil.example",
             "%65vil.example", "127.1", "x" * 300 + ".example", "<b>.example"],
)  # fmt: skip
def test_what_names_no_host_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        domains.normal(text)
    assert refusal.value.status == 422


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "a.b.evil.example",
        "a_b.evil.example",
        "A.EVIL.example.",
        "evil.example:8443",
        "a.evil.example.:1",
    ],
)
def test_a_rule_covers_the_domain_and_what_is_below_it(host: str) -> None:
    assert domains.covers("evil.example", host)


@pytest.mark.parametrize(
    "host", ["notevil.example", "evil.example.org", "example", "", "evil.example..", "a b"]
)
def test_a_rule_covers_nothing_else(host: str) -> None:
    assert not domains.covers("evil.example", host)


def test_an_address_has_nothing_above_it() -> None:
    assert domains.lineage("127.0.0.1:9101") == ("127.0.0.1",)
    assert domains.lineage("[::1]:9101") == ("[::1]",)
    assert not domains.covers("0.0.1", "127.0.0.1")
