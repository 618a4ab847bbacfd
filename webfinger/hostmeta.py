"""host-meta: where a host's WebFinger endpoint is, for hosts that keep it somewhere else.

Only the `lrdd` link is of use. It is written as XML and as JSON, and read out of either without an XML
parser: entity expansion and external entities are attacks that a parser brings along, and all that is
wanted is one attribute of one element.

Source: RFC 6415; https://docs.joinmastodon.org/spec/webfinger/.
"""

import html
import json
import re
from typing import Any, Final

from webfinger.errors import MalformedAnswerError
from webfinger.jrd import CONTENT_TYPE as JSON_CONTENT_TYPE
from webfinger.jrd import Jrd

__all__ = ["JSON_CONTENT_TYPE", "XML_CONTENT_TYPE", "json_document", "read_template", "xml_document"]

XML_CONTENT_TYPE: Final = "application/xrd+xml; charset=utf-8"

_LRDD: Final = "lrdd"
# Longest element looked at, in characters. The attribute pattern below is quadratic in the worst case, so
# the bound is what keeps it cheap.
_TAG_CHARS_MAX: Final = 2048
# Most `<Link` elements looked at in one document; real ones hold one or two.
_TAGS_MAX: Final = 50
_ATTRIBUTE: Final = re.compile(r"""\s([A-Za-z:]{1,40})\s*=\s*("[^"]*"|'[^']*')""")


def xml_document(origin: str) -> str:
    """Write `/.well-known/host-meta`; serve it as `XML_CONTENT_TYPE`.

    Args:
        origin: `https://host`, without a slash at the end.
    """
    link = f'<Link rel="{_LRDD}" template="{html.escape(_template(origin))}"/>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">{link}</XRD>\n'
    )


def json_document(origin: str) -> dict[str, Any]:
    """Write `/.well-known/host-meta.json`; serve it as `JSON_CONTENT_TYPE`."""
    return {"links": [{"rel": _LRDD, "template": _template(origin)}]}


def read_template(text: str) -> str | None:
    """Find the template of the `lrdd` link in a host-meta document, XML or JSON; None if it has none.

    It is given back only if it has a place for `{uri}`; whether its address may be asked is for the caller.
    """
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return _template_in_json(text)
    start = 0
    for _ in range(_TAGS_MAX):
        start = text.find("<Link", start)
        if start < 0:
            return None
        end = text.find(">", start, start + _TAG_CHARS_MAX)
        tag = text[start:end] if end >= 0 else ""
        attributes = {match[1]: html.unescape(match[2][1:-1]) for match in _ATTRIBUTE.finditer(tag)}
        template = attributes.get("template", "")
        if attributes.get("rel") == _LRDD and "{uri}" in template:
            return template
        start += len("<Link")
    return None


def _template(origin: str) -> str:
    return f"{origin}/.well-known/webfinger?resource={{uri}}"


def _template_in_json(text: str) -> str | None:
    """Find it in the JSON form, which is a JRD."""
    try:
        links = Jrd.from_json(json.loads(text.lstrip("\ufeff"))).links
    except (ValueError, RecursionError, MalformedAnswerError):
        return None
    templates = (link.template for link in links if link.rel == _LRDD and link.template)
    return next((template for template in templates if "{uri}" in template), None)
