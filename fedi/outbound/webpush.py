"""Web push: encrypting a message for a device, and saying who sends it. Pure; nothing is sent here.

A push service carries messages that it cannot read. There are two encodings: aes128gcm, the standard, and
aesgcm, its draft, which clients get that do not ask for the standard (Mastodon's `standard: true`). The
sender shows a signed token for each service (VAPID), so that nobody else can use a subscription.

Sources: RFC 8291 and RFC 8188 (aes128gcm); draft-ietf-webpush-encryption-04 and
draft-ietf-httpbis-encryption-encoding-03 (aesgcm); RFC 8292 (VAPID), with the draft-01 form for aesgcm.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

__all__ = [
    "AUTH_BYTES", "TEXT_BYTES_MAX", "Device", "VapidKey", "aes128gcm", "aesgcm", "message", "read_device",
]  # fmt: skip

CURVE = ec.SECP256R1()

POINT_BYTES = 65
"""Of an uncompressed public key."""

AUTH_BYTES = 16
"""Of the secret that the device shares (RFC 8291 section 3.2)."""

SALT_BYTES = 16
TAG_BYTES = 16

BODY_BYTES_MAX = 4096
"""What every push service takes (RFC 8030 section 7.2), in bytes."""

TEXT_BYTES_MAX = BODY_BYTES_MAX - (SALT_BYTES + 4 + 1 + POINT_BYTES) - TAG_BYTES - 1
"""What is left of that for the text itself: 3993 bytes, the number of RFC 8291 section 4."""

TTL_S = 2 * 24 * 3600
"""How long a push service keeps what a device that is off does not fetch, in seconds; Mastodon's figure."""

TOKEN_LIFE = timedelta(hours=12)
"""How long a signed token is good; RFC 8292 section 2 allows a day, and clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The keys of a subscription.

    Attributes:
        point: the device's public key, (65,) bytes, uncompressed.
        auth: the secret that it shares, (16,) bytes.
    """

    point: bytes
    auth: bytes


def read_device(p256dh: str, auth: str) -> Device | None:
    """Read the keys as clients give them, base64url with or without padding; None when they are none."""
    try:
        point, secret = _unpadded(p256dh), _unpadded(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
    except (binascii.Error, ValueError):
        return None
    if len(point) != POINT_BYTES or len(secret) != AUTH_BYTES:
        return None
    return Device(point=point, auth=secret)


class VapidKey:
    """Who we are to push services."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        self.public = _b64(_point(private))
        """As clients and push services get it."""

    @classmethod
    def generate(cls) -> "VapidKey":
        """Make a new one."""
        return cls(ec.generate_private_key(CURVE))

    @classmethod
    def from_pem(cls, pem: str) -> "VapidKey":
        """Read one that was kept."""
        private = load_pem_private_key(pem.encode(), password=None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        return cls(private)

    @property
    def pem(self) -> str:
        """The form in which it is kept."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def token(self, endpoint: str, *, subject: str, now: datetime) -> str:
        """Return the signed token for the push service of an endpoint.

        Args:
            endpoint: where the message goes.
            subject: whom the service may write to: an https or mailto address.
            now: the present.
        """
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int((now + TOKEN_LIFE).timestamp()),
            "sub": subject,
        }
        head = {"typ": "JWT", "alg": "ES256"}
        said = ".".join(_b64(msgspec.json.encode(part)) for part in (head, claims))
        r, s = decode_dss_signature(self._private.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{said}.{_b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def message(
    text: bytes,
    device: Device,
    vapid: VapidKey,
    *,
    endpoint: str,
    standard: bool,
    subject: str,
    now: datetime,
) -> tuple[Mapping[str, str], bytes]:
    """Return headers and body of the POST that carries a text to a device.

    Args:
        text: at most `TEXT_BYTES_MAX` bytes.
        device: for whom.
        vapid: from whom.
        endpoint: where it goes.
        standard: aes128gcm, rather than the draft.
        subject: as for `VapidKey.token`.
        now: the present.
    """
    token = vapid.token(endpoint, subject=subject, now=now)
    headers = {"content-type": "application/octet-stream", "ttl": str(TTL_S), "urgency": "normal"}
    salt, private = secrets.token_bytes(SALT_BYTES), ec.generate_private_key(CURVE)
    if standard:
        headers |= {"content-encoding": "aes128gcm", "authorization": f"vapid t={token}, k={vapid.public}"}
        return headers, aes128gcm(text, device, salt=salt, private=private)
    headers |= {
        "content-encoding": "aesgcm",
        "encryption": f"salt={_b64(salt)}",
        "crypto-key": f"dh={_b64(_point(private))};p256ecdsa={vapid.public}",
        "authorization": f"WebPush {token}",
    }
    return headers, aesgcm(text, device, salt=salt, private=private)


def aes128gcm(text: bytes, device: Device, *, salt: bytes, private: ec.EllipticCurvePrivateKey) -> bytes:
    """Encrypt by RFC 8291: header and one record, in the body alone."""
    own = _point(private)
    shared = _agree(private, device)
    secret = _derive(shared, salt=device.auth, info=b"WebPush: info\x00" + device.point + own, length=32)
    key = _derive(secret, salt=salt, info=b"Content-Encoding: aes128gcm\x00", length=16)
    nonce = _derive(secret, salt=salt, info=b"Content-Encoding: nonce\x00", length=12)
    # A 2 ends the text and says that no record follows (RFC 8188 section 2).
    sealed = AESGCM(key).encrypt(nonce, text + b"\x02", None)
    return salt + BODY_BYTES_MAX.to_bytes(4, "big") + bytes([len(own)]) + own + sealed


def aesgcm(text: bytes, device: Device, *, salt: bytes, private: ec.EllipticCurvePrivateKey) -> bytes:
    """Encrypt by the draft: salt and public key travel in headers."""
    secret = _derive(_agree(private, device), salt=device.auth, info=b"Content-Encoding: auth\x00", length=32)
    points = b"".join(len(point).to_bytes(2, "big") + point for point in (device.point, _point(private)))
    context = b"P-256\x00" + points
    key = _derive(secret, salt=salt, info=b"Content-Encoding: aesgcm\x00" + context, length=16)
    nonce = _derive(secret, salt=salt, info=b"Content-Encoding: nonce\x00" + context, length=12)
    return AESGCM(key).encrypt(nonce, b"\x00\x00" + text, None)  # no padding, of a length of two bytes


def _agree(private: ec.EllipticCurvePrivateKey, device: Device) -> bytes:
    return private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, device.point))


def _derive(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def _point(private: ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpadded(text: str) -> bytes:
    """Decode base64url; several clients write the other alphabet."""
    text = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
