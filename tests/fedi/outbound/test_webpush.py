"""Encrypting for devices, against the RFC's own example and a receiver that is not ours."""

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from fedi.outbound import webpush
from fedi.outbound.webpush import Device, VapidKey, message, read_device
from tests.push_receiver import Receiver, unb64

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ENDPOINT = "https://push.example/send/abc"

RFC_TEXT = b"When I grow up, I want to be a watermelon"
RFC_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
RFC_AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
RFC_SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RFC_SALT = "DGv6ra1nlYgDCS1FRnbzlw"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
    "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_rfc_8291_comes_out() -> None:
    device = read_device(RFC_PUBLIC, RFC_AUTH)
    assert device is not None
    private = ec.derive_private_key(int.from_bytes(unb64(RFC_SENDER), "big"), webpush.CURVE)
    made = webpush.aes128gcm(RFC_TEXT, device, salt=unb64(RFC_SALT), private=private)
    assert base64.urlsafe_b64encode(made).rstrip(b"=").decode() == RFC_BODY


@pytest.mark.parametrize("standard", [True, False])
@pytest.mark.parametrize("text", [b"", b"hello", b"x" * webpush.TEXT_BYTES_MAX])
def test_a_receiver_reads_what_was_sent_and_knows_from_whom(standard: bool, text: bytes) -> None:
    receiver, vapid = Receiver(), VapidKey.generate()
    device = read_device(receiver.p256dh, receiver.auth)
    assert device is not None
    headers, body = message(
        text, device, vapid, endpoint=ENDPOINT, standard=standard, subject="https://fedi.test", now=NOW
    )
    assert receiver.read(headers, body) == text
    assert len(body) <= 4096
    token, key = receiver.sender(headers)
    assert key == vapid.public
    head, claims, signature = token.split(".")
    assert json.loads(unb64(head)) == {"typ": "JWT", "alg": "ES256"}
    said = json.loads(unb64(claims))
    assert (said["aud"], said["sub"]) == ("https://push.example", "https://fedi.test")
    assert 0 < said["exp"] - NOW.timestamp() <= 24 * 3600
    raw = unb64(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(webpush.CURVE, unb64(key))
    dss = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(dss, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))


def test_a_kept_key_is_the_same_key() -> None:
    vapid = VapidKey.generate()
    assert VapidKey.from_pem(vapid.pem).public == vapid.public
    assert len(unb64(vapid.public)) == 65


@pytest.mark.parametrize("change", ["padding", "alphabet"])
def test_keys_are_read_as_clients_write_them(change: str) -> None:
    raw = unb64(RFC_PUBLIC)
    written = (
        base64.urlsafe_b64encode(raw).decode() if change == "padding" else base64.b64encode(raw).decode()
    )
    assert read_device(written, f"{RFC_AUTH}==") == Device(point=raw, auth=unb64(RFC_AUTH))


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", RFC_AUTH),
        ("!" + RFC_PUBLIC, RFC_AUTH),
        (RFC_PUBLIC[:-4], RFC_AUTH),
        (RFC_PUBLIC[:-4] + "AAAA", RFC_AUTH),  # no point of the curve
        (RFC_PUBLIC, RFC_AUTH[:-4]),
        (RFC_PUBLIC, "ä" * 22),
    ],
)
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    assert read_device(p256dh, auth) is None
