"""What an account says of itself."""

import pytest

from fedi.models import Account


@pytest.mark.parametrize(
    ("domain", "is_local", "acct"), [("", True, "alice"), ("other.test:8443", False, "alice@other.test:8443")]
)
def test_an_empty_domain_means_here(domain: str, is_local: bool, acct: str) -> None:
    account = Account(username="alice", domain=domain)
    assert account.is_local is is_local
    assert account.acct == acct


@pytest.mark.parametrize(
    ("kind", "is_bot"),
    [("Person", False), ("Group", False), ("Organization", False), ("Service", True), ("Application", True)],
)
def test_services_and_applications_are_bots(kind: str, is_bot: bool) -> None:
    assert Account(kind=kind).is_bot is is_bot
