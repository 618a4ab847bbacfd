"""host-meta: written in two forms, read from both, without an XML parser."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webfinger.hostmeta import json_document, read_template, xml_document

TEMPLATE = "https://ai.example/.well-known/webfinger?resource={uri}"


def test_our_own_documents_read_back():
    assert read_template(xml_document("https://ai.example")) == TEMPLATE
    assert read_template(json.dumps(json_document("https://ai.example"))) == TEMPLATE


def test_an_origin_cannot_break_out_of_the_xml():
    assert '"><x' not in xml_document('https://"><x')


@pytest.mark.parametrize(
    "link",
    [
        f'<Link rel="lrdd" template="{TEMPLATE}"/>',
        f"<Link rel='lrdd' template='{TEMPLATE}'/>",
        f'<Link\n  type="application/xrd+xml"\n  template = "{TEMPLATE}"\n  rel = "lrdd" ></Link>',
        f'<Link rel="other" template="https://x.example/{{uri}}"/><Link rel="lrdd" template="{TEMPLATE}"/>',
        f'<Link rel="lrdd"/><Link rel="lrdd" template="{TEMPLATE}"/>',
    ],
)
def test_the_template_is_found_in_every_notation(link):
    assert read_template(f'<?xml version="1.0"?><XRD xmlns="x">{link}</XRD>') == TEMPLATE


def test_escaped_characters_are_undone():
    found = read_template('<Link rel="lrdd" template="https://a.example/?a=1&amp;resource={uri}"/>')
    assert found == "https://a.example/?a=1&resource={uri}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        '<Link rel="lrdd" template="https://a.example/"/>',
        '<Link rel="self" template="https://a.example/{uri}"/>',
        '<Link rel="lrdd" template="https://a.example/{uri}"',
        "<Link" + " " * 5000 + f'rel="lrdd" template="{TEMPLATE}"/>',
        "<Link/>" * 60 + f'<Link rel="lrdd" template="{TEMPLATE}"/>',
        '{"links": 5}',
        '{"links": [{"rel": "lrdd", "template": "https://a.example/"}]}',
        "{" * 60_000,
        '{"a":' * 20_000,
        "{not json",
    ],
)
def test_what_has_no_template_gives_none(text):
    assert read_template(text) is None


def test_entities_are_not_expanded():
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Link rel="lrdd" template="https://&b;/{uri}"/>'
    )
    assert read_template(bomb) == "https://&b;/{uri}"


@pytest.mark.parametrize(
    "piece", ["<Link ", "<Link a", '<Link a="', "<Link a ", " a=", "<Link a='\" ", "< Link", "\t\n"]
)
def test_hostile_documents_of_the_largest_size_are_read_in_linear_time(piece):
    text = (piece * 65_536)[:65_536]
    start = time.process_time()
    assert read_template(text) is None
    assert time.process_time() - start < 1.0


@given(st.text())
def test_any_text_is_read(text):
    found = read_template("<Link" + text)
    assert found is None or "{uri}" in found
