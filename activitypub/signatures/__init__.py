"""How requests and documents are signed: two HTTP schemes and one proof inside the document.

Each module is pure: it takes a `message.Message` or a dict and gives back strings, bytes or a refusal.
Nothing is re-exported here, so importing the package costs nothing; `activitypub.verify` is the door for
checking and `activitypub.auth` the door for signing.

    message     plain description of a request
    digest      Digest and Content-Digest
    cavage      draft-cavage-http-signatures-12, what most of the fediverse speaks
    rfc9421     HTTP Message Signatures, over `sfv` (structured fields)
    algorithms  the table of signature algorithms
    proof       FEP-8b32 eddsa-jcs-2022
"""

__all__: list[str] = []
