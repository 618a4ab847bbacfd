"""Signed requests to take apart: one good one for each scheme, and ways to change it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activitypub import keys
from activitypub.httpdate import format_http_date
from activitypub.signatures import cavage, digest, rfc9421
from activitypub.signatures.message import Message

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
TARGET = "https://ai.example/users/bob/inbox"
ACTOR = "https://m.example/users/alice"
KEY_ID = f"{ACTOR}#main-key"
BODY = b'{"type":"Follow"}'

VECTORS: dict[str, Any] = json.loads((DATA / "rfc9421" / "rfc9421-appendix-b.json").read_text("utf-8"))
RSA_KEY = keys.load_private_pem(VECTORS["keys"]["test-key-rsa"]["private"])
RSA_PUBLIC = keys.load_public_pem(VECTORS["keys"]["test-key-rsa"]["public"])
ED25519_KEY = keys.load_private_pem(VECTORS["keys"]["test-key-ed25519"]["private"])
ED25519_PUBLIC = keys.load_public_pem(VECTORS["keys"]["test-key-ed25519"]["public"])


def with_headers(message: Message, **values: str | Sequence[str] | None) -> Message:
    """Set or remove (None) headers; an underscore in a name stands for a hyphen."""
    headers = dict(message.headers)
    for keyword, value in values.items():
        name = keyword.replace("_", "-")
        if value is None:
            headers.pop(name, None)
        else:
            headers[name] = (value,) if isinstance(value, str) else tuple(value)
    return replace(message, headers=headers)


def unsigned(
    *,
    method: str = "POST",
    target: str = TARGET,
    body: bytes = BODY,
    date: datetime = NOW,
    host: str = "ai.example",
) -> Message:
    """A request with every header that may be covered."""
    headers = [
        ("Host", host),
        ("Date", format_http_date(date)),
        ("Digest", digest.digest(body)),
        ("Content-Digest", digest.content_digest(body)),
        ("Content-Type", "application/activity+json"),
    ]
    return Message.of(method=method, target_uri=target, headers=headers, body=body)


def cavage_signed(
    message: Message | None = None,
    *,
    covered: Sequence[str] = cavage.POST_HEADERS,
    key: keys.PrivateKey = RSA_KEY,
    key_id: str = KEY_ID,
    **times: datetime,
) -> Message:
    """Sign under draft-cavage."""
    message = message or unsigned()
    value = cavage.sign(message, key=key, key_id=key_id, headers=covered, **times)
    return with_headers(message, signature=value)


def rfc9421_signed(
    message: Message | None = None,
    *,
    covered: Sequence[str] = rfc9421.POST_COMPONENTS,
    key: keys.PrivateKey = RSA_KEY,
    key_id: str = KEY_ID,
    created: datetime = NOW,
    **others: Any,
) -> Message:
    """Sign under RFC 9421."""
    message = message or unsigned()
    signature_input, signature = rfc9421.sign(
        message, key=key, key_id=key_id, components=covered, created=created, **others
    )
    return with_headers(message, signature_input=signature_input, signature=signature)
