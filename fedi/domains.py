"""Domains as people name them in rules, brought into one form and compared with the hosts of servers.

A rule that misses `EVIL.example.`, `evil.example:8443` or `www.evil.example` is no rule, so every list of
domains (the operator's, a person's, an imported file's) is written and asked through these functions.

Source: RFC 1123 section 2.1 (host names), RFC 5891 (internationalised ones).
"""

import re
import unicodedata
from functools import lru_cache

from activitypub.errors import MalformedError
from activitypub.origin import origin
from fedi.errors import Refused

__all__ = ["covers", "lineage", "normal"]

_REMEMBERED_MAX = 2_000
"""Hosts whose form is kept: some 300 bytes each, and a server talks to the same ones all day."""

_AROUND = re.compile(r"(?:https?://)?(?:[^/@]*@)?(?:\*?\.)?([^/@?#]*)(?:/[^@]*)?", re.IGNORECASE)
"""What people paste: an address, a handle, a wildcard, or the bare name."""

_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
"""What stands for a dot in scripts that have none."""

_PORT = re.compile(r":[0-9]*$")


@lru_cache(maxsize=_REMEMBERED_MAX)
def normal(domain: str) -> str:
    """Return a domain as rules hold it: ASCII form, lower case, without port or trailing dot.

    >>> normal("*.EVIL.example."), normal("https://bücher.example:8443/about")
    ('evil.example', 'xn--bcher-kva.example')

    Raises:
        Refused: 422, when this names no host.
    """
    found = _AROUND.fullmatch(domain.strip().translate(_DOTS))
    host = unicodedata.normalize("NFKC", found[1]).lower() if found else ""
    try:
        # The same reading as that of addresses: a host that could be fetched must be one that can be named.
        return origin(f"https://{_PORT.sub('', host).removesuffix('.')}").host
    except MalformedError as trouble:
        raise Refused(422, f"{domain.strip()[:100]!r} is not a domain.") from trouble


def covers(rule: str, host: str) -> bool:
    """Tell whether a rule about one domain holds for this host: it is that domain, or below it.

    Args:
        rule: in the form of `normal`.
        host: of an account, a key, a file: in any spelling. What is no host name is covered by no rule; it
            has no origin either, and nothing is fetched from it.
    """
    return rule in lineage(host)


def lineage(host: str) -> tuple[str, ...]:
    """Return the domains whose rules hold for this host: its own, then those above it; none if it is no name.

    >>> lineage("a.evil.example:8443")
    ('a.evil.example', 'evil.example', 'example')
    """
    try:
        name = normal(host)
    except Refused:
        return ()
    if name.startswith("[") or name.rpartition(".")[2].isdigit():
        return (name,)
    labels = name.split(".")
    return tuple(".".join(labels[first:]) for first in range(len(labels)))
