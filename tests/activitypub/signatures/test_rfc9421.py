"""HTTP Message Signatures: the RFC's own examples, an independent implementation, and every refusal."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from hypothesis import given
from hypothesis import strategies as st

from activitypub import limits
from activitypub.errors import ActivityPubError, SignatureError
from activitypub.signatures import algorithms, rfc9421, sfv
from activitypub.signatures.message import Message
from activitypub.signatures.rfc9421 import LabelledSignature
from tests.signing import (
    ED25519_KEY,
    ED25519_PUBLIC,
    KEY_ID,
    NOW,
    RSA_KEY,
    RSA_PUBLIC,
    TARGET,
    VECTORS,
    rfc9421_signed,
    unsigned,
    with_headers,
)


def vector_message(name: str, **changes: Any) -> Message:
    found = {**VECTORS["messages"][name], **changes}
    return Message.of(
        method=found.get("method", ""),
        target_uri=found.get("url", "https://example.com/"),
        headers=[tuple(pair) for pair in found["headers"]],
        body=found.get("body", "").encode(),
        status=found.get("status"),
    )


def labelled(signature_input: str, signature: str = "") -> LabelledSignature:
    covered = sfv.parse_dictionary(f"sig={signature_input}")["sig"]
    assert isinstance(covered, sfv.InnerList)
    return LabelledSignature(label="sig", covered=covered, signature=base64.b64decode(signature))


def base(signature_input: str, message: Message) -> str:
    return rfc9421.signature_base(labelled(signature_input).covered, message)


# --- The RFC's examples --------------------------------------------------------------------------------------

vectors = pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["id"])


@vectors
def test_the_bases_of_the_rfc(vector):
    assert base(vector["signature_input"], vector_message(vector["message"])) == vector["signature_base"]


@vectors
def test_the_signatures_of_the_rfc_verify(vector):
    message = vector_message(vector["message"])
    signature = labelled(vector["signature_input"], vector["signature"])
    if vector["alg"] == "hmac-sha256":  # a shared secret; between servers there is none
        secret = base64.b64decode(VECTORS["keys"][vector["key"]])
        text = rfc9421.signature_base(signature.covered, message).encode()
        assert hmac.digest(secret, text, hashlib.sha256) == signature.signature
        return
    key = load_pem_public_key(VECTORS["keys"][vector["key"]]["public"].encode())
    assert isinstance(key, algorithms.AnyPublicKey)
    text = rfc9421.signature_base(signature.covered, message).encode()
    assert algorithms.verifies(vector["alg"], key, signature.signature, text)
    assert not algorithms.verifies(vector["alg"], key, signature.signature, text + b" ")
    if not isinstance(key, EllipticCurvePublicKey) and vector["alg"] != "rsa-pss-sha512":
        assert rfc9421.check(signature, message, key)  # the key alone says which algorithm


@pytest.mark.parametrize("identifier", ["B.2.6", "4.3-proxy", "B.4"])
def test_what_can_be_signed_in_one_way_only_is_signed_in_that_way(identifier):
    vector = next(each for each in VECTORS["vectors"] if each["id"] == identifier)
    key = load_pem_private_key(VECTORS["keys"][vector["key"]]["private"].encode(), None)
    assert isinstance(key, algorithms.AnyPrivateKey)
    text = base(vector["signature_input"], vector_message(vector["message"])).encode()
    assert base64.b64encode(algorithms.sign(vector["alg"], key, text)).decode() == vector["signature"]


HOST = ("Host", "example.org")
DATE = ("Date", "Fri, 15 Jul 2022 14:24:55 GMT")
ACCEPT_JSON, ACCEPT_ANY = ("Accept", "application/json"), ("Accept", "*/*")
B4 = next(each for each in VECTORS["vectors"] if each["id"] == "B.4")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {
                "url": "https://example.org/demo?name1=Value1&Name2=value2&param=added",
                "headers": [HOST, DATE, ACCEPT_JSON, ACCEPT_ANY, ("Accept-Language", "en-US,en;q=0.5")],
            },
            id="a header and a parameter added",
        ),
        pytest.param(
            {
                "headers": [
                    HOST,
                    ("Referer", "https://developer.example.org/"),
                    ("Accept", "application/json, */*"),
                ]
            },
            id="values joined, Date gone, Referer added",
        ),
        pytest.param({"headers": [ACCEPT_JSON, ACCEPT_ANY, DATE, HOST]}, id="fields in another order"),
    ],
)
def test_changes_on_the_way_that_must_not_matter(changes):
    message = vector_message("transform-request", **changes)
    assert rfc9421.check(labelled(B4["signature_input"], B4["signature"]), message, ED25519_PUBLIC)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"method": "POST", "url": "https://example.com/demo?name1=Value1&Name2=value2"},
            id="method and authority",
        ),
        pytest.param({"headers": [HOST, DATE, ACCEPT_ANY, ACCEPT_JSON]}, id="values in another order"),
    ],
)
def test_changes_on_the_way_that_must_matter(changes):
    message = vector_message("transform-request", **changes)
    assert not rfc9421.check(labelled(B4["signature_input"], B4["signature"]), message, ED25519_PUBLIC)


# --- Components ----------------------------------------------------------------------------------------------


def test_each_derived_component():
    message = Message.of(method="POST", target_uri="HTTPS://Www.Example.com:443/path?param=value")
    names = ("@method", "@authority", "@scheme", "@target-uri", "@request-target", "@path", "@query")
    lines = base(_list(names), message).split("\n")
    assert lines[:-1] == [
        '"@method": POST',
        '"@authority": www.example.com',
        '"@scheme": https',
        '"@target-uri": HTTPS://Www.Example.com:443/path?param=value',
        '"@request-target": /path?param=value',
        '"@path": /path',
        '"@query": ?param=value',
    ]


def test_an_absent_query_is_a_question_mark():
    message = Message.of(method="GET", target_uri="https://www.example.com")
    assert base('("@query" "@path")', message).startswith('"@query": ?\n"@path": /\n')


@pytest.mark.parametrize(
    ("name", "value"),
    [  # RFC 9421 section 2.2.8
        ("var", "this%20is%20a%20big%0Amultiline%20value"),
        ("bar", "with%20plus%20whitespace"),
        ("fa%C3%A7ade%22%3A%20", "something"),
        ("empty", ""),
        ("tilde%7E*-._", "%7E*-._"),
    ],
)
def test_a_query_parameter_is_decoded_and_encoded_again(name, value):
    query = (
        "var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something"
    )
    message = Message.of(
        method="GET",
        target_uri=f"https://www.example.com/parameters?{query}&empty=&tilde~*-._=~*-._&two=1&two=2",
    )
    component = f'"@query-param";name="{name}"'
    assert base(f"({component})", message).startswith(f"{component}: {value}\n")


@pytest.mark.parametrize(
    "component",
    [
        '"@query-param"',
        '"@query-param";name=a',
        '"@query-param";name="a";req',
        '"@query-param";name="two"',
        '"@query-param";name="absent"',
        '"@method";req',
        '"host";sf',
        '"host";bs',
        '"host";tr',
        '"content-digest";key="sha-256"',
        '"@status"',
        '"@signature-params"',
        '"@unknown"',
        '"x-absent"',
        '"Host"',
        '"ho st"',
        '""',
        "host",
        "17",
        ":aG9zdA==:",
        '"host" "host"',
        '"@method" "host" "@method"',
    ],
)
def test_what_cannot_be_covered_is_refused(component):
    message = Message.of(
        method="GET",
        target_uri="https://ai.example/?two=1&two=2&a=1",
        headers=[("host", "ai.example"), ("", "x")],
    )
    with pytest.raises(SignatureError):
        base(f"({component})", message)


@pytest.mark.parametrize("name", ["@method", "@target-uri", "@query", "@query-param", "@unknown"])
def test_a_response_has_a_status_and_nothing_of_a_request(name):
    response = vector_message("test-response")
    parameters = ';name="Pet"' if name == "@query-param" else ""
    with pytest.raises(SignatureError):
        base(f'("{name}"{parameters})', response)


def test_a_response_has_no_query_even_where_its_request_had_one():
    response = Message.of(method="GET", target_uri="https://ai.example/?Pet=dog", status=200)
    with pytest.raises(SignatureError, match="query parameter"):
        base('("@query-param";name="Pet")', response)


def test_too_many_components_are_refused():
    message = Message.of(
        method="GET",
        target_uri="https://ai.example/",
        headers=[(f"x{n}", "") for n in range(limits.COVERED_COMPONENTS_MAX + 1)],
    )
    covered = [f"x{n}" for n in range(limits.COVERED_COMPONENTS_MAX + 1)]
    assert base(_list(covered[:-1]), message)
    with pytest.raises(SignatureError, match="too many"):
        base(_list(covered), message)


# --- Reading the two headers ---------------------------------------------------------------------------------


def test_labels_are_paired_and_the_lonely_left_out():
    message = with_headers(
        unsigned(),
        signature_input='a=();keyid="1", b=("@method");keyid="2", c=()',
        signature="b=:AAAA:, a=:BBBB:, d=:CCCC:, c=17",
    )
    found = rfc9421.parse(message)
    assert [(each.label, each.text("keyid"), each.components) for each in found] == [
        ("a", "1", ()),
        ("b", "2", ("@method",)),
    ]


@pytest.mark.parametrize(
    ("signature_input", "signature", "reason"),
    [
        ("sig1=", "sig1=:AAAA:", "'signature-input' cannot be read"),
        ("sig1=()", "sig1=AAAA=", "'signature' cannot be read"),
        ("sig1=()", 'keyId="k",signature="AAAA"', "'signature' cannot be read"),
        ('sig1="x"', "sig1=:AAAA:", "covers no list"),
        (None, "sig1=:AAAA:", "'signature-input' is missing"),
        ("sig1=()", None, "'signature' is missing"),
        ("sig1=()" + " " * limits.SIGNATURE_HEADER_CHARS_MAX, "sig1=:AAAA:", "too long"),
        ("sig1=()", "sig1=:AAAA:" + " " * limits.SIGNATURE_HEADER_CHARS_MAX, "too long"),
    ],
)
def test_headers_of_another_form_are_refused(signature_input, signature, reason):
    with pytest.raises(SignatureError, match=reason):
        rfc9421.parse(with_headers(unsigned(), signature_input=signature_input, signature=signature))


def test_the_longest_headers_are_taken():
    def padded(name: str) -> str:
        start = f'sig1=();{name}="'
        return start + "x" * (limits.SIGNATURE_HEADER_CHARS_MAX - len(start) - 1) + '"'

    message = with_headers(unsigned(), signature_input=padded("keyid"), signature="sig1=:AAAA:")
    assert len(rfc9421.parse(message)) == 1
    assert rfc9421.read_accept_signature(padded("nonce")) is not None


@pytest.mark.parametrize("value", ["17", "token", ":AAAA:", "?1"])
def test_a_parameter_of_another_type_is_refused(value):
    signature = labelled(f"();keyid={value};created={'?1' if value == '17' else value}")
    with pytest.raises(SignatureError, match="not a string"):
        signature.text("keyid")
    with pytest.raises(SignatureError, match="not an integer"):
        signature.seconds("created")


def test_absent_parameters_are_none():
    assert (labelled("()").text("alg"), labelled("()").seconds("expires")) == (None, None)


# --- Checking ------------------------------------------------------------------------------------------------


def signed_as(algorithm: str, key: Any = RSA_KEY) -> LabelledSignature:
    unfinished = labelled(f'("@method" "@target-uri");created=1;keyid="{KEY_ID}";alg="{algorithm}"')
    text = rfc9421.signature_base(unfinished.covered, unsigned()).encode()
    return replace(unfinished, signature=algorithms.sign(algorithm, key, text))


@pytest.mark.parametrize("algorithm", ["rsa-v1_5-sha256", "rsa-v1_5-sha512", "rsa-pss-sha512"])
def test_alg_chooses_among_what_fits_the_key(algorithm):
    assert rfc9421.check(signed_as(algorithm), unsigned(), RSA_PUBLIC)


def test_alg_cannot_make_a_key_what_it_is_not():
    with pytest.raises(SignatureError, match="does not fit"):
        rfc9421.check(signed_as("ed25519", ED25519_KEY), unsigned(), RSA_PUBLIC)
    with pytest.raises(SignatureError, match="does not fit"):
        rfc9421.check(signed_as("rsa-v1_5-sha256"), unsigned(), ED25519_PUBLIC)


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "none", ""])
def test_an_unknown_alg_is_refused(algorithm):
    with pytest.raises(SignatureError, match="no such"):
        rfc9421.check(labelled(f'("@method");alg="{algorithm}"'), unsigned(), RSA_PUBLIC)


# --- Signing -------------------------------------------------------------------------------------------------


def test_our_headers_are_mastodons():
    message = rfc9421_signed()
    assert message.headers["signature-input"] == (
        f'sig1=("@method" "@target-uri" "content-digest");created=1795435200;keyid="{KEY_ID}"',
    )
    (signature,) = rfc9421.parse(message)
    assert rfc9421.check(signature, message, RSA_PUBLIC)


def test_all_parameters_are_written_and_signed():
    message = rfc9421_signed(key=ED25519_KEY, expires=NOW, nonce="n", tag="t", label="ours")
    assert message.headers["signature-input"][0] == (
        'ours=("@method" "@target-uri" "content-digest");created=1795435200;expires=1795435200'
        f';keyid="{KEY_ID}";nonce="n";tag="t"'
    )
    (signature,) = rfc9421.parse(message)
    assert (signature.label, signature.text("nonce"), signature.seconds("expires")) == (
        "ours",
        "n",
        1795435200,
    )
    assert rfc9421.check(signature, message, ED25519_PUBLIC)


def test_what_is_not_there_cannot_be_signed():
    with pytest.raises(SignatureError, match="missing"):
        rfc9421_signed(covered=("x-absent",))


# --- Accept-Signature ----------------------------------------------------------------------------------------


def test_what_we_ask_for_is_what_we_read():
    value = rfc9421.accept_signature()
    assert value == 'sig1=("@method" "@target-uri" "content-digest");created;keyid'
    wish = rfc9421.read_accept_signature(value)
    assert wish == rfc9421.SignatureRequest(label="sig1", components=rfc9421.POST_COMPONENTS)


def test_a_nonce_and_a_tag_are_read():
    wish = rfc9421.read_accept_signature('x=("@path");nonce="n";tag="t";alg="ed25519"')
    assert wish == rfc9421.SignatureRequest(label="x", components=("@path",), nonce="n", tag="t")


@pytest.mark.parametrize(
    "value",
    [
        "",
        "((",
        "sig1",
        "sig1=17",
        'sig1=("@query-param";name="a")',
        "sig1=(17)",
        "a=17, b=(1 2)",
        "a=()" + " " * limits.SIGNATURE_HEADER_CHARS_MAX,
    ],
)
def test_a_wish_that_cannot_be_met_is_no_wish(value):
    assert rfc9421.read_accept_signature(value) is None


def test_a_wish_for_too_much_is_no_wish():
    assert rfc9421.read_accept_signature("a=" + _list(["a"] * (limits.COVERED_COMPONENTS_MAX + 1))) is None
    assert rfc9421.read_accept_signature("a=" + _list(["a"] * limits.COVERED_COMPONENTS_MAX)) is not None


def test_the_first_wish_that_can_be_met_counts():
    wish = rfc9421.read_accept_signature('a=("x";sf), b=("@path");nonce=17')
    assert wish == rfc9421.SignatureRequest(label="b", components=("@path",))


# --- Against another implementation --------------------------------------------------------------------------

oracle = pytest.importorskip("http_message_signatures", reason="the oracle is not installed")


def oracle_request(message: Message) -> httpx.Request:
    headers = [(name, value) for name, values in message.headers.items() for value in values]
    return httpx.Request(message.method, message.target_uri, headers=headers, content=message.body)


@pytest.mark.parametrize(
    ("algorithm", "key", "public"),
    [("RSA_V1_5_SHA256", RSA_KEY, RSA_PUBLIC), ("ED25519", ED25519_KEY, ED25519_PUBLIC)],
)
def test_the_other_implementation_takes_ours_and_we_take_theirs(algorithm, key, public):
    arguments = {
        "signature_algorithm": getattr(oracle.algorithms, algorithm),
        "key_resolver": oracle.MappingKeyResolver(public_keys={KEY_ID: public}, private_keys={KEY_ID: key}),
    }
    covered = ("@method", "@target-uri", "content-digest")
    ours = rfc9421_signed(key=key, created=datetime.now(UTC))  # it compares with the real time
    result = oracle.HTTPMessageVerifier(**arguments).verify(
        oracle_request(ours), max_age=timedelta(hours=1), body=ours.body
    )
    assert [each.label for each in (result if isinstance(result, list) else [result])] == ["sig1"]

    request = oracle_request(unsigned())
    oracle.HTTPMessageSigner(**arguments).sign(
        request, key_id=KEY_ID, covered_component_ids=covered, label="theirs", use_existing_digest=True
    )
    theirs = Message.of(method="POST", target_uri=TARGET, headers=request.headers.raw, body=request.content)
    (signature,) = rfc9421.parse(theirs)
    assert signature.components == covered
    assert rfc9421.check(signature, theirs, public)


# --- Any ------------------------------------------------------------------------------------------------------


@given(st.text(max_size=120), st.text(max_size=60))
def test_any_headers_are_read_or_refused(signature_input, signature):
    try:
        found = rfc9421.parse(with_headers(unsigned(), signature_input=signature_input, signature=signature))
        for each in found:
            rfc9421.check(each, unsigned(), RSA_PUBLIC)
    except ActivityPubError:
        return


def _list(names) -> str:
    return "(" + " ".join(f'"{name}"' for name in names) + ")"
