"""Private keys, parsed once per process.

Reading an RSA key with all its checks takes as long as a hundred signatures, so the parsed key is kept.
Our own keys come from our own database and are read without those checks.
"""

from activitypub.keys import PrivateKey, load_private_pem

__all__ = ["KeyRing"]

KEYS_MAX = 10_000
"""Kept at once; a server with more local accounts reads some again."""


class KeyRing:
    """Parsed private keys by key id."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[str, PrivateKey]] = {}
        self.loads = 0
        """How many keys were parsed, for the bench."""

    def get(self, key_id: str, pem: str) -> PrivateKey:
        """Return the key of this id, parsing `pem` the first time.

        An id may get another key: a transaction that made an account can fail and be made again.
        """
        known = self._keys.get(key_id)
        if known is not None and known[0] == pem:
            return known[1]
        if len(self._keys) >= KEYS_MAX:
            self._keys.clear()
        key = load_private_pem(pem)
        self._keys[key_id] = (pem, key)
        self.loads += 1
        return key
