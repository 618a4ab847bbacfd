"""The other end of web push, as a browser has it: written from the specifications, sharing no code with ours."""

import base64
import hmac
import os
import re
from collections.abc import Mapping
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

__all__ = ["Receiver", "unb64"]


def unb64(text: str) -> bytes:
    """Decode base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def b64(data: bytes) -> str:
    """Encode base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, sha256).digest()


class Receiver:
    """A device with its keys."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._own = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self._auth = os.urandom(16)
        self.p256dh, self.auth = b64(self._own), b64(self._auth)

    def read(self, headers: Mapping[str, str], body: bytes) -> bytes:
        """Decrypt a message, in the encoding that it says it has."""
        known = {name.lower(): value for name, value in headers.items()}
        assert known["ttl"].isdigit()
        if known["content-encoding"] == "aes128gcm":
            return self._read_standard(body)
        assert known["content-encoding"] == "aesgcm"
        salt = unb64(_parameter(known["encryption"], "salt"))
        return self._read_draft(body, salt, unb64(_parameter(known["crypto-key"], "dh")))

    def sender(self, headers: Mapping[str, str]) -> tuple[str, str]:
        """Return the signed token and the public key of who sent it."""
        known = {name.lower(): value for name, value in headers.items()}
        scheme, _, rest = known["authorization"].partition(" ")
        if scheme == "vapid":
            return _parameter(rest, "t"), _parameter(rest, "k")
        assert scheme == "WebPush"
        return rest, _parameter(known["crypto-key"], "p256ecdsa")

    def _agreed(self, point: bytes) -> bytes:
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return self._private.exchange(ec.ECDH(), other)

    def _read_standard(self, body: bytes) -> bytes:
        salt, length = body[:16], body[20]
        point, sealed = body[21 : 21 + length], body[21 + length :]
        first = _hmac(self._auth, self._agreed(point))
        secret = _hmac(first, b"WebPush: info\x00" + self._own + point + b"\x01")
        prk = _hmac(salt, secret)
        key = _hmac(prk, b"Content-Encoding: aes128gcm\x00\x01")[:16]
        nonce = _hmac(prk, b"Content-Encoding: nonce\x00\x01")[:12]
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert text.endswith(b"\x02")
        return text[:-1]

    def _read_draft(self, body: bytes, salt: bytes, point: bytes) -> bytes:
        first = _hmac(self._auth, self._agreed(point))
        prk = _hmac(salt, _hmac(first, b"Content-Encoding: auth\x00\x01"))
        context = b"P-256\x00" + b"\x00A" + self._own + b"\x00A" + point
        key = _hmac(prk, b"Content-Encoding: aesgcm\x00" + context + b"\x01")[:16]
        nonce = _hmac(prk, b"Content-Encoding: nonce\x00" + context + b"\x01")[:12]
        text = AESGCM(key).decrypt(nonce, body, None)
        return text[2 + int.from_bytes(text[:2], "big") :]


def _parameter(header: str, name: str) -> str:
    found = re.search(rf"(?:^|[;, ]){name}=([A-Za-z0-9_.-]+)", header)
    assert found is not None, header
    return found[1]
