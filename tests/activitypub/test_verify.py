"""Which signed requests are taken, and for each rule one that breaks it alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from activitypub import limits, verify
from activitypub.errors import ActivityPubError, KeyUnusableError, MalformedError, SignatureError
from activitypub.signatures import cavage, digest, rfc9421
from activitypub.signatures.message import Message, Scheme
from tests.signing import (
    ACTOR,
    BODY,
    ED25519_KEY,
    ED25519_PUBLIC,
    KEY_ID,
    NOW,
    RSA_PUBLIC,
    TARGET,
    cavage_signed,
    rfc9421_signed,
    unsigned,
    with_headers,
)

SIGNED = {Scheme.CAVAGE: cavage_signed, Scheme.RFC9421: rfc9421_signed}
both_schemes = pytest.mark.parametrize("scheme", list(Scheme))


def require(message: Message, *, key=RSA_PUBLIC, now=NOW) -> verify.Claim:
    """Both steps, as a server does them."""
    claim = verify.read_claim(message, now=now)
    verify.require_valid(claim, message, key, now=now)
    return claim


# --- Accepted ------------------------------------------------------------------------------------------------


@both_schemes
def test_a_good_post_is_taken(scheme):
    claim = require(SIGNED[scheme]())
    assert (claim.key_id, claim.scheme, claim.key_document_iri) == (KEY_ID, scheme, ACTOR)
    assert len(claim.signature_bytes) == 256


@both_schemes
def test_ed25519_is_taken(scheme):
    assert require(SIGNED[scheme](key=ED25519_KEY), key=ED25519_PUBLIC).scheme is scheme


def test_a_get_needs_no_digest():
    message = unsigned(method="GET", body=b"")
    claim = require(cavage_signed(message, covered=cavage.GET_HEADERS))
    assert claim.components == ("(request-target)", "host", "date")
    claim = require(rfc9421_signed(message, covered=rfc9421.GET_COMPONENTS))
    assert claim.components == ("@method", "@target-uri")


@pytest.mark.parametrize(
    "covered",
    [
        pytest.param(("(request-target)", "host", "date", "digest"), id="GoToSocial"),
        pytest.param(("(request-target)", "host", "date", "digest", "content-type"), id="Takahe"),
        pytest.param(("host", "date", "digest", "content-type", "(request-target)"), id="Mastodon"),
        pytest.param(("(request-target)", "content-type", "date", "digest", "host"), id="Fedify"),
    ],
)
def test_every_order_of_headers_in_the_field_is_taken(covered):
    assert require(cavage_signed(covered=covered)).components == covered


def test_the_components_that_fedify_covers_are_taken():
    covered = ("@method", "@target-uri", "@authority", "host", "date", "content-digest")
    assert require(rfc9421_signed(covered=covered)).components == covered


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (TARGET, ("@authority", "@path")),
        (f"{TARGET}?a=1", ("@authority", "@path", "@query")),
    ],
)
def test_the_target_may_be_covered_in_parts(target, parts):
    message = unsigned(target=target)
    assert require(rfc9421_signed(message, covered=("@method", *parts, "content-digest")))


def test_created_may_stand_for_the_date():
    covered = ("(request-target)", "host", "(created)", "digest")
    message = cavage_signed(covered=covered, key=ED25519_KEY, created=NOW)
    assert require(with_headers(message, date=None), key=ED25519_PUBLIC).components == covered


@both_schemes
def test_the_query_is_part_of_the_target(scheme):
    signed = SIGNED[scheme](unsigned(target=f"{TARGET}?page=1"))
    require(signed)
    other = Message.of(method="POST", target_uri=f"{TARGET}?page=2", headers=_pairs(signed), body=BODY)
    with pytest.raises(SignatureError, match="does not verify"):
        require(other)


def test_a_query_that_the_sender_left_out_is_tolerated_under_draft_cavage():
    signed = cavage_signed(unsigned())
    received = Message.of(method="POST", target_uri=f"{TARGET}?page=1", headers=_pairs(signed), body=BODY)
    require(received)


@pytest.mark.parametrize("host", ["ai.example:443", "AI.example"])
def test_another_spelling_of_our_host_is_our_host(host):
    require(cavage_signed(unsigned(host=host)))


def test_a_port_belongs_to_the_host():
    message = unsigned(target="http://127.0.0.1:9101/inbox", host="127.0.0.1:9101")
    require(cavage_signed(message))
    with pytest.raises(SignatureError, match="another host"):
        require(cavage_signed(unsigned(target="http://127.0.0.1:9101/inbox", host="127.0.0.1:9102")))


@both_schemes
@pytest.mark.parametrize("offset_s", [-limits.CLOCK_SKEW_S, -61, 61, limits.CLOCK_SKEW_S])
def test_a_clock_may_be_an_hour_off(scheme, offset_s):
    moment = NOW + timedelta(seconds=offset_s)
    require(
        cavage_signed(unsigned(date=moment)) if scheme is Scheme.CAVAGE else rfc9421_signed(created=moment)
    )


def test_rfc_9421_is_the_one_checked_where_both_are_present():
    both = with_headers(
        rfc9421_signed(),
        signature=[*rfc9421_signed().headers["signature"], *cavage_signed().headers["signature"]],
    )
    # The two share one header, which then is neither: nothing falls back to the older scheme.
    with pytest.raises(SignatureError, match="cannot be read"):
        require(both)


def test_the_first_label_that_covers_enough_is_used():
    message = rfc9421_signed()
    proxy = rfc9421_signed(covered=("@method",), label="proxy", key_id="https://proxy.example/key")
    merged = with_headers(
        message,
        signature_input=[proxy.headers["signature-input"][0], message.headers["signature-input"][0]],
        signature=[proxy.headers["signature"][0], message.headers["signature"][0]],
    )
    assert require(merged).key_id == KEY_ID


def test_a_label_that_fails_is_not_replaced_by_the_next():
    """Neither the key of one label nor the bytes of another can lend it authority."""
    forged = rfc9421_signed(key_id="https://victim.example/key", key=ED25519_KEY)
    own = rfc9421_signed(label="sig2", key_id="https://attacker.example/key")
    merged = with_headers(
        forged,
        signature_input=[forged.headers["signature-input"][0], own.headers["signature-input"][0]],
        signature=[forged.headers["signature"][0], own.headers["signature"][0]],
    )
    claim = verify.read_claim(merged, now=NOW)
    assert claim.key_id == "https://victim.example/key"
    with pytest.raises(SignatureError, match="does not verify"):
        verify.require_valid(claim, merged, RSA_PUBLIC, now=NOW)


# --- Refused: missing and unreadable -------------------------------------------------------------------------


def test_an_unsigned_request_is_refused():
    with pytest.raises(SignatureError, match="not signed"):
        require(unsigned())


def test_a_signature_input_without_signature_is_refused():
    with pytest.raises(SignatureError, match="not signed"):
        require(with_headers(rfc9421_signed(), signature=None))


def test_a_label_of_one_header_alone_is_refused():
    message = rfc9421_signed()
    other = message.headers["signature"][0].replace("sig1=", "sig2=")
    with pytest.raises(SignatureError, match="no label"):
        require(with_headers(message, signature=other))


@pytest.mark.parametrize("name", ["(request-target)", "host", "digest"])
def test_draft_cavage_must_cover(name):
    covered = [each for each in cavage.POST_HEADERS if each != name]
    with pytest.raises(
        SignatureError, match=f"does not cover '{name}'".replace("(", r"\(").replace(")", r"\)")
    ):
        require(cavage_signed(covered=covered))


def test_draft_cavage_must_cover_a_date():
    with pytest.raises(SignatureError, match="covers no date"):
        require(cavage_signed(covered=("(request-target)", "host", "digest")))


@pytest.mark.parametrize(
    ("covered", "missing"),
    [
        (("@target-uri", "content-digest"), "@method"),
        (("@method", "@target-uri"), "content-digest"),
        (("@method", "content-digest"), "@authority"),
        (("@method", "@authority", "content-digest"), "@path"),
        (("@method", "@path", "content-digest"), "@authority"),
    ],
)
def test_rfc_9421_must_cover(covered, missing):
    with pytest.raises(SignatureError, match=f"does not cover '{missing}'"):
        require(rfc9421_signed(covered=covered))


def test_rfc_9421_in_parts_must_cover_a_query():
    message = unsigned(target=f"{TARGET}?a=1")
    with pytest.raises(SignatureError, match="does not cover '@query'"):
        require(rfc9421_signed(message, covered=("@method", "@authority", "@path", "content-digest")))


@both_schemes
def test_a_body_needs_a_digest_whatever_the_method(scheme):
    message = unsigned(method="GET")
    covered = {Scheme.CAVAGE: cavage.GET_HEADERS, Scheme.RFC9421: rfc9421.GET_COMPONENTS}[scheme]
    with pytest.raises(SignatureError, match=r"does not cover '(content-)?digest'"):
        require(SIGNED[scheme](message, covered=covered))


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_only_get_and_head_may_go_without_digest(method):
    message = unsigned(method=method, body=b"")
    with pytest.raises(SignatureError, match="does not cover 'digest'"):
        require(cavage_signed(message, covered=cavage.GET_HEADERS))


# --- Refused: the body ---------------------------------------------------------------------------------------


@both_schemes
def test_another_body_is_refused_before_the_key_is_known(scheme):
    with pytest.raises(SignatureError, match="not that of the body"):
        verify.read_claim(replace(SIGNED[scheme](), body=BODY + b" "), now=NOW)


def test_another_body_with_its_own_digest_is_refused():
    other = b"{}"
    message = with_headers(replace(cavage_signed(), body=other), digest=digest.digest(other))
    with pytest.raises(SignatureError, match="does not verify"):
        require(message)
    message = with_headers(replace(rfc9421_signed(), body=other), content_digest=digest.content_digest(other))
    with pytest.raises(SignatureError, match="does not verify"):
        require(message)


def test_the_digest_of_the_other_scheme_does_not_count():
    with pytest.raises(SignatureError, match="'digest' is missing"):
        require(with_headers(cavage_signed(), digest=None))
    with pytest.raises(SignatureError, match="'content-digest' is missing"):
        require(with_headers(rfc9421_signed(), content_digest=None))


def test_a_malformed_content_digest_is_malformed_rather_than_forged():
    with pytest.raises(MalformedError):
        require(with_headers(rfc9421_signed(), content_digest="sha-256=broken"))


def test_a_covered_digest_of_a_get_is_compared_too():
    message = with_headers(unsigned(method="GET", body=b""), digest=digest.digest(b"other"))
    with pytest.raises(SignatureError, match="not that of the body"):
        require(cavage_signed(message, covered=(*cavage.GET_HEADERS, "digest")))


# --- Refused: for somebody else ------------------------------------------------------------------------------


@both_schemes
@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", "https://ai.example/users/eve/inbox"), ("PUT", TARGET), ("POST", "https://ai.example/inbox/")],
)
def test_another_path_or_method_is_refused(scheme, method, target):
    signed = SIGNED[scheme]()
    received = Message.of(method=method, target_uri=target, headers=_pairs(signed), body=BODY)
    with pytest.raises(SignatureError, match="does not verify"):
        require(received)


@pytest.mark.parametrize(
    "host", ["other.example", "ai.example.other.example", "ai.example:8443", "", "ai.example/x"]
)
def test_a_signature_for_another_host_is_refused(host):
    with pytest.raises(SignatureError, match="another host"):
        require(cavage_signed(unsigned(host=host)))


def test_two_hosts_are_refused():
    message = with_headers(unsigned(), host=["ai.example", "other.example"])
    with pytest.raises(SignatureError, match="another host"):
        require(cavage_signed(message))


def test_no_host_is_refused():
    with pytest.raises(SignatureError, match="'host' is missing"):
        require(with_headers(cavage_signed(), host=None))


def test_a_host_covered_under_rfc_9421_must_be_ours():
    covered = ("@method", "@target-uri", "content-digest", "host")
    with pytest.raises(SignatureError, match="another host"):
        require(rfc9421_signed(unsigned(host="other.example"), covered=covered))


def test_another_target_uri_is_refused():
    signed = rfc9421_signed(unsigned(target="https://other.example/users/bob/inbox"))
    received = Message.of(method="POST", target_uri=TARGET, headers=_pairs(signed), body=BODY)
    with pytest.raises(SignatureError, match="does not verify"):
        require(received)


# --- Refused: time -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "offset_s", [-limits.CLOCK_SKEW_S - 1, limits.CLOCK_SKEW_S + 1, -90_000, -1_700_000_000]
)
def test_a_date_outside_the_window_is_refused(offset_s):
    moment = NOW + timedelta(seconds=offset_s)
    for message in (
        cavage_signed(unsigned(date=moment)),
        rfc9421_signed(created=moment),
        rfc9421_signed(unsigned(date=moment), covered=(*rfc9421.POST_COMPONENTS, "date")),
        cavage_signed(
            covered=("(request-target)", "host", "(created)", "digest"), key=ED25519_KEY, created=moment
        ),
    ):
        with pytest.raises(SignatureError, match="too old or from the future"):
            verify.read_claim(message, now=NOW)


def test_a_date_that_was_good_grows_old():
    with pytest.raises(SignatureError, match="too old"):
        require(cavage_signed(), now=NOW + timedelta(seconds=limits.CLOCK_SKEW_S + 1))


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 23 Nov 2026 12:00:00 +0000", "1795435200"])
def test_an_unreadable_date_is_refused(date):
    with pytest.raises(SignatureError, match="'date' cannot be read"):
        require(cavage_signed(with_headers(unsigned(), date=date)))


def test_a_missing_date_is_refused():
    with pytest.raises(SignatureError, match="'date' is missing"):
        require(with_headers(cavage_signed(), date=None))


def test_two_dates_are_refused():
    message = with_headers(unsigned(), date=[*unsigned().headers["date"] * 2])
    with pytest.raises(SignatureError, match="'date' cannot be read"):
        require(cavage_signed(message))


def test_a_signature_without_created_is_refused():
    message = rfc9421_signed()
    value = message.headers["signature-input"][0].replace(f";created={int(NOW.timestamp())}", "")
    with pytest.raises(SignatureError, match="does not say when"):
        require(with_headers(message, signature_input=value))


def test_an_end_is_honoured():
    end = NOW + timedelta(seconds=10)
    covered = (*cavage.POST_HEADERS, "(expires)")
    for message in (
        rfc9421_signed(key=ED25519_KEY, expires=end),
        cavage_signed(covered=covered, key=ED25519_KEY, expires=end),
    ):
        claim = require(message, key=ED25519_PUBLIC, now=end - timedelta(seconds=1))
        with pytest.raises(SignatureError, match="expired"):
            verify.read_claim(message, now=end)
        # The key's fetch may outlast the signature.
        with pytest.raises(SignatureError, match="expired"):
            verify.require_valid(claim, message, ED25519_PUBLIC, now=end)


# --- Refused: keys -------------------------------------------------------------------------------------------


@both_schemes
@pytest.mark.parametrize(
    "key_id", ["acct:alice@m.example", "did:key:z6Mk", "not a key", "ftp://m.example/key"]
)
def test_a_key_id_that_cannot_be_fetched_is_refused(scheme, key_id):
    with pytest.raises(SignatureError, match="key id is not"):
        require(SIGNED[scheme](key_id=key_id))


def test_a_signature_without_key_id_is_refused():
    message = rfc9421_signed()
    value = message.headers["signature-input"][0].replace(f';keyid="{KEY_ID}"', "")
    with pytest.raises(SignatureError, match="key id is not"):
        require(with_headers(message, signature_input=value))


@both_schemes
def test_another_key_is_refused(scheme):
    other = rsa.generate_private_key(65_537, 2048).public_key()
    with pytest.raises(SignatureError, match="does not verify"):
        require(SIGNED[scheme](), key=other)


@both_schemes
def test_a_key_of_another_kind_is_refused(scheme):
    with pytest.raises(SignatureError):
        require(SIGNED[scheme](), key=ED25519_PUBLIC)


@both_schemes
def test_a_small_key_is_refused_however_it_was_found(scheme):
    small = rsa.generate_private_key(65_537, 1024)
    with pytest.raises(KeyUnusableError, match="1024"):
        require(SIGNED[scheme](key=small), key=small.public_key())


@both_schemes
@pytest.mark.parametrize(
    "change", [lambda _: b"", lambda s: bytes(len(s)), lambda s: s[:-1], lambda s: s + b"\0"]
)
def test_an_empty_zero_or_cut_signature_is_refused(scheme, change):
    message = SIGNED[scheme]()
    claim = verify.read_claim(message, now=NOW)
    broken = replace(claim, signature=replace(claim.signature, signature=change(claim.signature_bytes)))
    with pytest.raises(SignatureError, match="does not verify"):
        verify.require_valid(broken, message, RSA_PUBLIC, now=NOW)


def test_a_line_break_in_a_covered_header_is_refused():
    message = with_headers(cavage_signed(), content_type="application/activity+json\ndate: now")
    with pytest.raises(MalformedError, match="line break"):
        require(message)


@given(data=st.data(), scheme=st.sampled_from(list(Scheme)))
def test_any_change_of_one_byte_breaks_it(data, scheme):
    """Whatever is covered, down to its last character, is held; only the refusal's wording may differ."""
    message = SIGNED[scheme]()
    covered = {
        Scheme.CAVAGE: ["host", "date", "digest", "content-type"],
        Scheme.RFC9421: ["content-digest", "signature-input"],
    }[scheme]
    where = data.draw(st.sampled_from([*covered, "body", "signature"]))
    if where == "body":
        at = data.draw(st.integers(0, len(BODY) - 1))
        changed = replace(message, body=BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :])
    else:
        text = message.headers[where][0]
        # Of draft-cavage's own header only the signature is held: its other parameters are not signed.
        first = text.index('signature="') + 11 if where == "signature" and scheme is Scheme.CAVAGE else 0
        at = data.draw(st.integers(first, len(text) - 1))
        other = "A" if text[at] != "A" else "B"
        changed = with_headers(message, **{where.replace("-", "_"): text[:at] + other + text[at + 1 :]})
    with pytest.raises(ActivityPubError):
        require(changed)


@given(
    body=st.binary(max_size=200), path=st.text("abc/%-._~", max_size=20), scheme=st.sampled_from(list(Scheme))
)
def test_whatever_we_sign_we_take(body, path, scheme):
    require(SIGNED[scheme](unsigned(target=f"https://ai.example/{path}", body=body)))


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_header_raises_anything_else(signature, signature_input):
    """A stranger's header is refused with our errors or not at all."""
    for values in ({"signature": signature}, {"signature": signature, "signature_input": signature_input}):
        with pytest.raises(ActivityPubError):
            verify.read_claim(with_headers(unsigned(), **values), now=NOW)


def _pairs(message: Message) -> list[tuple[str, str]]:
    return [(name, value) for name, values in message.headers.items() for value in values]
