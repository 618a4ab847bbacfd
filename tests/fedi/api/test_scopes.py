"""Which scope covers which."""

import pytest

from fedi.api import scopes


@pytest.mark.parametrize(
    ("granted", "needed", "covered"),
    [
        (["read"], "read:statuses", True),
        (["read:statuses"], "read:statuses", True),
        (["read:statuses"], "read:accounts", False),
        (["read:statuses"], "read", False),
        (["read"], "write:statuses", False),
        (["write"], "write:media", True),
        (["follow"], "write:follows", True),
        (["follow"], "read:follows", True),
        (["follow"], "read:blocks", True),
        (["follow"], "write:statuses", False),
        (["profile"], "read:accounts", False),
        ([], "profile", False),
        (["admin:read"], "admin:read:reports", True),
        (["admin:read:reports"], "admin:read:reports", True),
        (["admin:read:reports"], "admin:read:accounts", False),
        (["admin:read:reports"], "admin:read", False),
        (["admin:read"], "admin:write:reports", False),
        (["admin:read"], "read", False),
        (["read", "write"], "admin:read", False),
        (["read", "write"], "admin:read:accounts", False),
    ],
)
def test_a_scope_covers_its_parts_only(granted: list[str], needed: str, *, covered: bool) -> None:
    assert scopes.covers(granted, needed) is covered


def test_scopes_are_read_in_a_fixed_order_and_once() -> None:
    assert scopes.parse("write read,read:statuses write") == ("read", "write", "read:statuses")


@pytest.mark.parametrize("text", ["admin", "admin:read:posts", "root", "read:everything", "read write x"])
def test_an_unknown_scope_is_no_scope(text: str) -> None:
    assert scopes.parse(text) is None


def test_each_known_scope_has_a_sentence() -> None:
    sentences = scopes.describe(scopes.KNOWN)
    assert len(set(sentences)) == len(scopes.KNOWN)
