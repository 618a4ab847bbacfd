"""Every bound on what another server may make us do, in one place.

A stranger chooses the size of each document, header and key that reaches this package, so each of them has a
limit with a name. The names end in their unit. A comment beside each says where the figure comes from:
Mastodon's FEDERATION.md ("Size limits"), a specification, or our own reasoning.

Source: Mastodon FEDERATION.md; SWICG ActivityPub HTTP Signatures report; the RFCs named below.
"""

from typing import Final

__all__ = [
    "ALIASES_MAX",
    "ALT_TEXT_CHARS_MAX",
    "ATTACHMENTS_MAX",
    "BODY_BYTES_MAX",
    "CLOCK_SKEW_S",
    "COVERED_COMPONENTS_MAX",
    "DEADLINE_S",
    "DELIVERY_ANSWER_BYTES_MAX",
    "DEPTH_MAX",
    "DIGEST_HEADER_CHARS_MAX",
    "FIELDS_MAX",
    "FIELD_CHARS_MAX",
    "INTEGER_MAX",
    "INTEGER_MIN",
    "IRI_CHARS_MAX",
    "KEYS_PER_ACTOR_MAX",
    "LIST_ITEMS_MAX",
    "MULTIBASE_CHARS_MAX",
    "NAME_CHARS_MAX",
    "NUMBER_CHARS_MAX",
    "OBJECT_KEYS_MAX",
    "POLL_OPTIONS_MAX",
    "PUBLIC_KEY_PEM_CHARS_MAX",
    "RECIPIENTS_MAX",
    "REDIRECTS_MAX",
    "RETRY_AFTER_S_MAX",
    "RSA_BITS_MAX",
    "RSA_BITS_MIN",
    "RSA_EXPONENT_MAX",
    "SIGNATURE_HEADER_CHARS_MAX",
    "SUMMARY_BYTES_MAX",
    "TAGS_MAX",
    "USERNAME_CHARS_MAX",
]

# --- Documents ---------------------------------------------------------------------------------------------

#: One ActivityPub document, after decompression. Mastodon answers 413 above one megabyte.
BODY_BYTES_MAX: Final = 1024 * 1024
#: Levels of objects and lists. Pixelfed refuses more than 8; real documents with inline contexts reach 6.
DEPTH_MAX: Final = 32
#: Members of one JSON object. The largest inline context seen has about 100.
OBJECT_KEYS_MAX: Final = 1_000
#: Members of one JSON list. Some servers serve their followers collection in one piece.
LIST_ITEMS_MAX: Final = 10_000
#: Integers must fit the signed 64-bit column of either database; larger ones would fail only at INSERT.
INTEGER_MAX: Final = 2**63 - 1
INTEGER_MIN: Final = -(2**63)
#: Characters of one number. Parsing is quadratic in them, and a double needs at most 25.
NUMBER_CHARS_MAX: Final = 400
#: Characters of an identifier. Mastodon's limit for a URI column, and what proxies in the field let through.
IRI_CHARS_MAX: Final = 2_048

# --- Properties (Mastodon's FEDERATION.md unless it says otherwise) -----------------------------------------

USERNAME_CHARS_MAX: Final = 2_048  #: preferredUsername; a longer one refuses the actor
NAME_CHARS_MAX: Final = 2_048  #: display name; a longer one is cut
SUMMARY_BYTES_MAX: Final = 20 * 1024  #: biography; a longer one is cut
FIELDS_MAX: Final = 50  #: PropertyValue rows of a profile
FIELD_CHARS_MAX: Final = 2_047  #: name or value of one such row
ALIASES_MAX: Final = 256  #: alsoKnownAs
ALT_TEXT_CHARS_MAX: Final = 10_000  #: description of one attachment
POLL_OPTIONS_MAX: Final = 500  #: oneOf / anyOf
TAGS_MAX: Final = 200  #: own reasoning: mentions, hashtags and emoji of one note
ATTACHMENTS_MAX: Final = 20  #: Pixelfed's configurable maximum; most servers show four
RECIPIENTS_MAX: Final = 1_000  #: own reasoning: to and cc together with room for a large thread
KEYS_PER_ACTOR_MAX: Final = 10  #: publicKey and assertionMethod entries that Mastodon looks at

# --- Keys and signatures ------------------------------------------------------------------------------------

#: NIST SP 800-131A disallows less; draft-cavage's own 1024-bit example key is refused.
RSA_BITS_MIN: Final = 2_048
#: One check with 8192 bits costs 0.2 ms; more buys nothing and lets a stranger spend our time.
RSA_BITS_MAX: Final = 8_192
#: 65537 is what everybody uses. A modulus-sized exponent makes one check a hundred times dearer.
RSA_EXPONENT_MAX: Final = 2**32
#: A 8192-bit key in PEM has about 1 500 characters.
PUBLIC_KEY_PEM_CHARS_MAX: Final = 4_096
#: A 8192-bit key as a Multikey has about 1 430 characters; base58 decoding is quadratic in them.
MULTIBASE_CHARS_MAX: Final = 2_048
#: Signature, Signature-Input or Accept-Signature: a key id (2 048), an 8192-bit signature (1 368) and names.
SIGNATURE_HEADER_CHARS_MAX: Final = 8_192
#: Digest or Content-Digest: SHA-256 and SHA-512 need 160 characters.
DIGEST_HEADER_CHARS_MAX: Final = 1_024
#: Components under one signature. Fedify, the widest known, covers seven.
COVERED_COMPONENTS_MAX: Final = 32
#: How far a sender's clock may be from ours, either way (SWICG HTTP Signatures report; Mastodon's margin).
CLOCK_SKEW_S: Final = 3_600

# --- Requests that we make ----------------------------------------------------------------------------------

#: Redirects followed by one fetch (Mastodon's max_hops).
REDIRECTS_MAX: Final = 3
#: Whole exchange: all redirects, and the repeated request when the first signature was not understood.
DEADLINE_S: Final = 30.0
#: What we read of an inbox's answer: enough for the reason, and the connection can be used again.
DELIVERY_ANSWER_BYTES_MAX: Final = 16 * 1024
#: A longer Retry-After is cut: no peer may park a delivery for more than a day.
RETRY_AFTER_S_MAX: Final = 86_400.0
