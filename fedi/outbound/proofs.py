"""Proofs in what goes out: whoever passes it on, its receivers can tell who said it.

The signature of a request ends with the request. An activity that somebody forwards (the server of a thread
to its author's followers) is believed only when it proves itself, and asking its actor's server instead
costs that server a request from everyone who got it. So what may be passed on carries a proof of its own,
made once when it is written down: a tenth of a millisecond or two and some 600 bytes for each activity,
whatever the number of its receivers. Asking to follow, answering and liking are between two and carry none.

The context that defines a proof's words is named by its address and not written out, because all that read
proofs know it by heart; servers that do not expand JSON-LD never look at it.

Source: FEP-8b32 (eddsa-jcs-2022); Mastodon 4.7 wants a list as `@context`.
"""

from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activitypub.signatures.proof import add_proof
from fedi import iris
from fedi.context import Context
from fedi.models import Account

__all__ = ["DATA_INTEGRITY_CONTEXT", "PROVEN", "prove"]

DATA_INTEGRITY_CONTEXT: Final = "https://w3id.org/security/data-integrity/v1"

PROVEN: Final = frozenset({"Add", "Announce", "Create", "Delete", "Move", "Remove", "Undo", "Update"})
"""Activities that are for many, and so may reach somebody through a third."""


def prove(ctx: Context, sender: Account, document: dict[str, Any]) -> dict[str, Any]:
    """Return an activity of ours with a proof by its actor, where it is to have one."""
    if document["type"] not in PROVEN or sender.proof_key_pem is None:
        return document
    method = iris.proof_key(sender.iri)
    key = ctx.keys.get(method, sender.proof_key_pem)
    assert isinstance(key, Ed25519PrivateKey), "proofs are made with the second key"
    with_words = document | {"@context": _context(document["@context"])}
    return add_proof(with_words, key=key, verification_method=method, created=ctx.clock())


def _context(context: str | list[Any]) -> list[Any]:
    """Add the words of a proof behind the other addresses, before the terms that stand inline."""
    parts = list(context) if isinstance(context, list) else [context]
    addresses = [part for part in parts if isinstance(part, str)]
    return [*addresses, DATA_INTEGRITY_CONTEXT, *(part for part in parts if not isinstance(part, str))]
