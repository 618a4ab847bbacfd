"""Secrets that must be read again, sealed so that the database alone gives them away to nobody.

A push message names the access token that it is for, so that one token must be kept in a form that can be
read. It is encrypted under a key that is not in the database: a setting, or a file in the data directory that
is made once. Without that key what is sealed is lost, and whoever uses it has to do without.

Source: NIST SP 800-38D (AES-GCM), with a random nonce for each text.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fedi.errors import SettingsError

__all__ = ["KEY_BYTES", "KEY_FILE", "Sealer"]

KEY_BYTES = 32
"""Of the key: AES-256."""

KEY_FILE = "secret.key"
"""Its name in the data directory."""

NONCE_BYTES = 12
"""What AES-GCM is made for; random ones do before 2^32 texts."""


class Sealer:
    """Seals texts and opens them again.

    Args:
        folder: the data directory.
        given: the key as the operator set it, in base64; empty for the file.
    """

    def __init__(self, folder: Path, given: str = "") -> None:
        self._folder = folder
        self._given = given
        self._cipher: AESGCM | None = None

    def seal(self, text: str, *, purpose: str) -> str:
        """Return a text that only `open` with the same purpose reads.

        Raises:
            SettingsError: the key is not one, or cannot be kept.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._ready().encrypt(nonce, text.encode(), purpose.encode())
        return base64.urlsafe_b64encode(sealed).decode()

    def open(self, sealed: str, *, purpose: str) -> str | None:
        """Return the text; None when it was sealed under another key, or for another purpose.

        Raises:
            SettingsError: the key is not one, or cannot be kept.
        """
        try:
            raw = base64.urlsafe_b64decode(sealed)
            return self._ready().decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except (binascii.Error, InvalidTag, ValueError):
            return None

    def _ready(self) -> AESGCM:
        if self._cipher is None:
            self._cipher = AESGCM(_decoded(self._given) if self._given else self._kept())
        return self._cipher

    def _kept(self) -> bytes:
        """Return the key in the file, made when there is none; of two who make one the first is right."""
        path = self._folder / KEY_FILE
        try:
            # Whole or not at all, under its name: another process may read at this moment.
            made = self._folder / f".{KEY_FILE}.{secrets.token_hex(4)}"
            if not path.exists():
                handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "w") as file:
                    file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
                try:
                    os.link(made, path)
                except FileExistsError:
                    pass
                finally:
                    made.unlink()
            return _decoded(path.read_text())
        except OSError as trouble:
            raise SettingsError(
                "data_dir", f"{path} cannot be used ({trouble.strerror})", "let fedi write there"
            ) from None


def _decoded(text: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(
            "secret_key", f"it is not the base64 of {KEY_BYTES} bytes", "make one: openssl rand -base64 32"
        )
    return key
