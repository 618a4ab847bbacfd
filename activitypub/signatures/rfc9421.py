"""HTTP Message Signatures: the signature base, made and checked.

A message may carry several signatures under labels: proxies add theirs, and some peers send one for each
scheme. The caller picks one label by what it covers; nothing is ever taken from one label and checked under
another.

Only what a request between servers needs is here. Of component parameters just `name` (for `@query-param`)
is known; `sf`, `key`, `bs`, `tr` and `req` are refused rather than half supported, because ignoring one
would change the meaning of what was signed.

Source: RFC 9421 (February 2024); section numbers stand beside the code.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, quote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from activitypub import limits
from activitypub.errors import MalformedError, SignatureError
from activitypub.keys import PrivateKey
from activitypub.signatures import algorithms, sfv
from activitypub.signatures.algorithms import AnyPrivateKey, AnyPublicKey
from activitypub.signatures.message import Message

__all__ = [
    "GET_COMPONENTS",
    "POST_COMPONENTS",
    "LabelledSignature",
    "SignatureRequest",
    "accept_signature",
    "check",
    "parse",
    "read_accept_signature",
    "sign",
    "signature_base",
]

#: What we cover. The target address holds scheme, authority, path and query in one.
POST_COMPONENTS: Final = ("@method", "@target-uri", "content-digest")
GET_COMPONENTS: Final = ("@method", "@target-uri")

_FIELD_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
_LABEL: Final = "sig1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSignature:
    """One label of Signature-Input together with its bytes in Signature.

    Attributes:
        label: the dictionary key.
        covered: components and signature parameters, from which the base is built.
        signature: decoded.
    """

    label: str
    covered: sfv.InnerList
    signature: bytes

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the covered components, in order; one with parameters is written with them."""
        return tuple(
            f"{item.value!s}{sfv.serialise_parameters(item.parameters)}" for item in self.covered.items
        )

    def text(self, name: str) -> str | None:
        """Give a string parameter (`keyid`, `alg`, `nonce`, `tag`), or None where it is absent.

        Raises:
            SignatureError: it is not a string.
        """
        value = self.covered.parameters.get(name)
        if value is not None and (not isinstance(value, str) or isinstance(value, sfv.Token)):
            raise SignatureError(f"the signature's {name} is not a string")
        return value

    def seconds(self, name: str) -> int | None:
        """Give a time (`created`, `expires`) in seconds since the epoch, or None where it is absent.

        Raises:
            SignatureError: it is not an integer.
        """
        value = self.covered.parameters.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise SignatureError(f"the signature's {name} is not an integer")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    """What a peer asks to be covered, from its Accept-Signature header (RFC 9421 section 5.1)."""

    label: str
    components: tuple[str, ...]
    nonce: str | None = None
    tag: str | None = None


def parse(message: Message) -> tuple[LabelledSignature, ...]:
    """Read every signature of a message, in the order of Signature-Input.

    A label without bytes in Signature is left out, as are bytes without a label (section 3.2 step 1).

    Raises:
        SignatureError: a header is absent, too long or not of this form.
        MalformedError: a header holds a line break.
    """
    inputs = _dictionary(message, "signature-input")
    signatures = _dictionary(message, "signature")
    found: list[LabelledSignature] = []
    for label, covered in inputs.items():
        item = signatures.get(label)
        if not isinstance(item, sfv.Item) or not isinstance(item.value, bytes):
            continue
        if not isinstance(covered, sfv.InnerList):
            raise SignatureError(f"the signature {label!r} covers no list")
        found.append(LabelledSignature(label=label, covered=covered, signature=item.value))
    return tuple(found)


def signature_base(covered: sfv.InnerList, message: Message) -> str:
    """Build the text that a signature covers (section 2.5).

    Raises:
        SignatureError: a component is unknown, doubled, absent or not available in this message.
        MalformedError: a covered header holds a line break.
    """
    if len(covered.items) > limits.COVERED_COMPONENTS_MAX:
        raise SignatureError("the signature covers too many components")
    lines: dict[str, str] = {}
    for item in covered.items:
        if not isinstance(item.value, str) or isinstance(item.value, sfv.Token):
            raise SignatureError("a covered component's name is not a string")
        identifier = sfv.serialise_item(item)
        if identifier in lines:
            raise SignatureError(f"the signature covers {identifier} twice")
        lines[identifier] = _component(item.value, item.parameters, message)
    lines['"@signature-params"'] = sfv.serialise_inner_list(covered)
    return "\n".join(f"{identifier}: {value}" for identifier, value in lines.items())


def check(signature: LabelledSignature, message: Message, key: AnyPublicKey) -> bool:
    """Say whether the signature verifies with the key.

    Where `alg` is absent the key decides, as Mastodon does: RSA means PKCS#1 v1.5 with SHA-256.

    Raises:
        SignatureError: the algorithm is unknown or does not fit the key, or the base cannot be built.
    """
    name = signature.text("alg")
    if name is None:
        name = "ed25519" if isinstance(key, Ed25519PublicKey) else "rsa-v1_5-sha256"
    base = signature_base(signature.covered, message).encode("latin-1")
    return algorithms.verifies(name, key, signature.signature, base)


def sign(
    message: Message,
    *,
    key: PrivateKey,
    key_id: str,
    components: Sequence[str],
    created: datetime,
    expires: datetime | None = None,
    label: str = _LABEL,
    nonce: str | None = None,
    tag: str | None = None,
) -> tuple[str, str]:
    """Write the values of Signature-Input and Signature.

    `alg` is not sent: Mastodon does not send it either, and the key decides.

    Args:
        message: the request, with all headers that are to be covered.
        key: our private key.
        key_id: the address under which its public half is found.
        components: names without parameters, in order.
        created: when the signature is made.
        expires: when it stops being valid, if it should.
        label: the dictionary key.
        nonce: echoed from a peer's request for one.
        tag: as `nonce`.

    Raises:
        SignatureError: a component is absent from the message.
    """
    parameters: dict[str, sfv.BareItem] = {"created": int(created.timestamp())}
    if expires is not None:
        parameters["expires"] = int(expires.timestamp())
    parameters["keyid"] = key_id
    if nonce is not None:
        parameters["nonce"] = nonce
    if tag is not None:
        parameters["tag"] = tag
    covered = sfv.InnerList(items=tuple(sfv.Item(value=name) for name in components), parameters=parameters)
    signature = algorithms.sign(_algorithm_of(key), key, signature_base(covered, message).encode("latin-1"))
    return (
        f"{label}={sfv.serialise_inner_list(covered)}",
        f"{label}={sfv.serialise_item(sfv.Item(value=signature))}",
    )


def accept_signature(components: Sequence[str] = POST_COMPONENTS) -> str:
    """Write an Accept-Signature value for a 401: what we want covered, with `created` and `keyid`."""
    covered = sfv.InnerList(
        items=tuple(sfv.Item(value=name) for name in components), parameters={"created": True, "keyid": True}
    )
    return f"{_LABEL}={sfv.serialise_inner_list(covered)}"


def read_accept_signature(value: str) -> SignatureRequest | None:
    """Read what a peer asks for; None where nothing in it can be met, so that the defaults apply.

    A wish that we cannot read is not a reason to fail: the second request is sent with our own components.
    """
    if len(value) > limits.SIGNATURE_HEADER_CHARS_MAX:
        return None
    try:
        wishes = sfv.parse_dictionary(value)
    except MalformedError:
        return None
    for label, wish in wishes.items():
        if not isinstance(wish, sfv.InnerList) or len(wish.items) > limits.COVERED_COMPONENTS_MAX:
            continue
        names = tuple(
            item.value for item in wish.items if isinstance(item.value, str) and not item.parameters
        )
        nonce, tag = wish.parameters.get("nonce"), wish.parameters.get("tag")
        if len(names) == len(wish.items):
            return SignatureRequest(
                label=label,
                components=names,
                nonce=nonce if isinstance(nonce, str) else None,
                tag=tag if isinstance(tag, str) else None,
            )
    return None


def _dictionary(message: Message, name: str) -> sfv.Dictionary:
    value = message.header(name)
    if value is None:
        raise SignatureError(f"the header {name!r} is missing")
    if len(value) > limits.SIGNATURE_HEADER_CHARS_MAX:
        raise SignatureError(f"the header {name!r} is too long")
    try:
        return sfv.parse_dictionary(value)
    except MalformedError as error:
        raise SignatureError(f"the header {name!r} cannot be read") from error


def _algorithm_of(key: AnyPrivateKey) -> str:
    return next(
        name for name, algorithm in algorithms.ALGORITHMS.items() if isinstance(key, algorithm.private)
    )


def _component(name: str, parameters: sfv.Parameters, message: Message) -> str:
    if name == "@query-param":
        return _query_parameter(parameters, message)
    if parameters:
        raise SignatureError(f"parameters of the component {name!r} are not supported")
    if name.startswith("@"):
        return _derived(name, message)
    value = message.header(name)
    if value is None or _FIELD_NAME.fullmatch(name) is None:
        raise SignatureError(f"the signature covers {name[:40]!r}, which is missing")
    return value


_DERIVED: Final[dict[str, Callable[[Message], str]]] = {
    "@method": lambda message: message.method,
    "@target-uri": lambda message: message.target_uri,
    "@authority": lambda message: message.origin.authority,
    "@scheme": lambda message: message.origin.scheme,
    "@request-target": lambda message: message.request_target,
    "@path": lambda message: message.path,
    "@query": lambda message: f"?{message.query or ''}",
}


def _derived(name: str, message: Message) -> str:
    """Section 2.2. A response has a status and nothing else of these."""
    if message.status is not None and name == "@status":
        return str(message.status)
    if message.status is not None or name not in _DERIVED:
        raise SignatureError(f"there is no component {name[:40]!r} here")
    return _DERIVED[name](message)


def _query_parameter(parameters: sfv.Parameters, message: Message) -> str:
    """Section 2.2.8: decoded as a form, encoded again; one that comes twice must not be covered."""
    wanted = parameters.get("name")
    readable = isinstance(wanted, str) and not isinstance(wanted, sfv.Token)
    if not readable or len(parameters) != 1 or message.status is not None:
        raise SignatureError("a query parameter is covered without its name")
    pairs = parse_qsl(message.query or "", keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    values = [value for name, value in pairs if _form_encoded(name) == wanted]
    if len(values) != 1:
        raise SignatureError("a covered query parameter is missing or doubled")
    return _form_encoded(values[0])


def _form_encoded(text: str) -> str:
    """Percent-encode all but what the URL standard's form serialiser leaves alone; a space is `%20` here."""
    return quote(text, safe="*", errors="surrogateescape").replace("~", "%7E")
