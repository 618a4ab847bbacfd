"""Parsed keys are kept, and never mistaken for another."""

import pytest

from activitypub import keys
from fedi import keyring
from fedi.keyring import KeyRing


def fresh() -> str:
    return keys.private_pem(keys.generate_ed25519())


def test_a_key_is_parsed_once() -> None:
    ring, pem = KeyRing(), fresh()
    first = ring.get("a#key", pem)
    assert keys.private_pem(first) == pem
    assert ring.get("a#key", pem) is first
    assert ring.loads == 1


def test_a_changed_key_replaces_the_one_that_is_kept() -> None:
    ring, old, new = KeyRing(), fresh(), fresh()
    ring.get("a#key", old)
    assert keys.private_pem(ring.get("a#key", new)) == new


def test_the_ring_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "KEYS_MAX", 2)
    ring, pem = KeyRing(), fresh()
    for name in "abc":
        ring.get(name, pem)
    ring.get("c", pem)
    assert ring.loads == 3
    ring.get("a", pem)
    assert ring.loads == 4
