"""Bytes from strangers: what they may mean, and everything that they may not."""

import base64
import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub import limits
from activitypub.errors import MalformedError, TooLargeError
from activitypub.normalise import media_type_allowed, normalise, parse
from tests.signing import DATA

AS = "https://www.w3.org/ns/activitystreams#"


def compact(document: Any) -> Any:
    return normalise(json.dumps(document).encode())


# --- Spellings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelling", "meaning"),
    [
        ({"@id": "https://a.example/1", "@type": "Note"}, {"id": "https://a.example/1", "type": "Note"}),
        ({"as:name": "x", "type": "as:Note"}, {"name": "x", "type": "Note"}),
        ({f"{AS}name": "x", "type": f"{AS}Note"}, {"name": "x", "type": "Note"}),
        ({"type": ["as:Note", f"{AS}Image", "Page"]}, {"type": ["Note", "Image", "Page"]}),
        ({"@type": ["as:Note"]}, {"type": ["Note"]}),
        ({"http://www.w3.org/ns/ldp#inbox": "x", "ldp:inbox2": 1}, {"inbox": "x", "inbox2": 1}),
        ({"sec:publicKey": {"https://w3id.org/security#owner": "x"}}, {"publicKey": {"owner": "x"}}),
        ({"toot:featured": 1, "http://joinmastodon.org/ns#blurhash": 2}, {"featured": 1, "blurhash": 2}),
        ({"type": "schema:PropertyValue", "http://schema.org#value": 1}, {"type": "PropertyValue", "value": 1}),
        ({"content": {"@value": "x"}}, {"content": "x"}),
        ({"content": {"@value": "x", "@language": "en"}}, {"content": "x"}),
        ({"published": [{"@value": "x", "@type": "xsd:dateTime"}]}, {"published": ["x"]}),
        ({"publicKeyMultibase": {"type": "sec:multibase", "@value": "z6Mk"}}, {"publicKeyMultibase": "z6Mk"}),
        ({"@value": "x", "@type": "y"}, None),
        ({"items": {"@list": ["a", {"@id": "b"}]}}, {"items": ["a", {"id": "b"}]}),
        ({"to": {"@set": ["as:Public"]}}, {"to": ["as:Public"]}),
        ({"object": {"@type": "as:Note", "tag": [{"@type": "Hashtag"}]}}, {"object": {"type": "Note", "tag": [{"type": "Hashtag"}]}}),
        ({"type": {"@id": "x"}}, {"type": {"id": "x"}}),
        ({"type": [{"@id": "x"}, 1]}, {"type": [{"id": "x"}, 1]}),
        ({"type": None}, {"type": None}),
    ],
)  # fmt: skip
def test_spellings_of_the_same(spelling, meaning):
    if meaning is None:
        with pytest.raises(MalformedError, match="not a JSON object"):
            compact(spelling)
    else:
        assert compact(spelling) == meaning


@pytest.mark.parametrize(
    "key",
    ["name", "x:name", "as:", "as:na me", "ostatus:conversation", "https://example.com/ns#name", AS, f"{AS}a/b", "@language", "_misskey_quote", "as:1"],
)  # fmt: skip
def test_other_keys_stay_as_they_are(key):
    assert compact({key: 1}) == {key: 1}


def test_values_stay_as_they_are():
    document = {"to": "as:Public", "content": f"{AS}Note", "a": [1, -2.5, True, None, "é", {}], "id": "as:x"}
    assert compact(document) == document


def test_a_context_stays_as_it_is_at_every_level():
    context = [
        "https://www.w3.org/ns/activitystreams",
        {
            "as": "x",
            "@vocab": "y",
            "to": {"@id": "as:to", "@type": "@id"},
            "back": {"@reverse": "as:to"},
            "as:name": {},
        },
    ]
    document = {"@context": context, "object": {"@context": context, "name": "x"}}
    assert compact(document) == document


@pytest.mark.parametrize("path", sorted((DATA / "wire-shapes").glob("*.json")), ids=lambda path: path.stem)
def test_documents_in_compact_form_are_unchanged(path):
    document = json.loads(path.read_bytes())
    assert normalise(path.read_bytes()) == document
    assert parse(path.read_bytes()) == document


def test_parse_changes_nothing():
    document = {"@id": "x", "as:name": {"@value": "y"}, "@graph": [], "type": "as:Note"}
    assert parse(json.dumps(document).encode()) == document


# --- Two meanings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keyword", ["@graph", "@included", "@reverse", "@nest"])
def test_what_rearranges_the_graph_is_refused(keyword):
    for document in ({keyword: []}, {"object": {keyword: {}}}, {"object": [{"tag": [{keyword: 1}]}]}):
        with pytest.raises(MalformedError, match="not allowed"):
            compact(document)


@pytest.mark.parametrize(
    "body",
    [
        b'{"actor":"https://a.example/","actor":"https://b.example/"}',
        b'{"object":{"id":1,"id":1}}',
        b'{"a":1,"\\u0061":1}',
    ],
)
def test_a_key_twice_is_refused(body):
    for read in (parse, normalise):
        with pytest.raises(MalformedError, match="twice"):
            read(body)


@pytest.mark.parametrize(
    "document",
    [
        {"id": 1, "@id": 2},
        {"type": "Note", "@type": "Follow"},
        {"actor": 1, "as:actor": 2},
        {"as:actor": 1, f"{AS}actor": 1},
        {"object": {"publicKey": 1, "sec:publicKey": 2}},
    ],
)
def test_two_spellings_of_one_key_are_refused(document):
    with pytest.raises(MalformedError, match="two spellings"):
        compact(document)


@pytest.mark.parametrize(
    "document",
    [
        {"a": {"@value": "x", "id": "y"}},
        {"a": {"@value": {"@id": "x"}}},
        {"a": {"@value": ["x"]}},
    ],
)
def test_a_value_object_is_only_a_value(document):
    with pytest.raises(MalformedError, match="value object"):
        compact(document)


@pytest.mark.parametrize("container", ["@list", "@set"])
def test_a_container_stands_alone(container):
    with pytest.raises(MalformedError, match="beside"):
        compact({"a": {container: [], "id": 1}})
    with pytest.raises(MalformedError, match="not a JSON object"):
        compact({container: []})


# --- Not JSON, not ours --------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"[]", b'[{"id":1}]', b'"x"', b"1", b"null", b"true"])
def test_a_document_is_an_object(body):
    for read in (parse, normalise):
        with pytest.raises(MalformedError, match="not a JSON object"):
            read(body)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\xf4\x90\x80\x80"}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-32"),
        b'{"a":"\xe9"}',
    ],
)
def test_only_utf_8_is_read(body):
    with pytest.raises(MalformedError, match=r"UTF-8|not JSON"):
        parse(body)


def test_a_byte_order_mark_is_refused():
    with pytest.raises(MalformedError, match="not JSON"):
        parse(b'\xef\xbb\xbf{"a":1}')


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a":1,}', b"{'a':1}", b'{"a":1}x', b'{"a":"\n"}', b'{"a":"\\x"}', b"{a:1}"]
)
def test_what_is_not_json_is_refused(body):
    with pytest.raises(MalformedError, match="not JSON"):
        parse(body)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(MalformedError, match=f"{number} is not JSON"):
        parse(f'{{"a":{number}}}'.encode())


@pytest.mark.parametrize(
    "number", ["1e99999", "-1e400", "1.0e309", "0." + "0" * limits.NUMBER_CHARS_MAX + "1"]
)
def test_a_number_beyond_a_double_is_refused(number):
    with pytest.raises(MalformedError, match="too long or out of range"):
        parse(f'{{"a":[{number}]}}'.encode())


@pytest.mark.parametrize("number", [str(2**63), str(-(2**63) - 1), "9" * 5_000, "-" + "9" * 900_000])
def test_an_integer_beyond_64_bits_is_refused(number):
    with pytest.raises(MalformedError, match="64 bits"):
        parse(f'{{"a":{number}}}'.encode())


def test_the_longest_number_is_taken():
    number = "0." + "1" * (limits.NUMBER_CHARS_MAX - 2)
    assert parse(f'{{"a":{number}}}'.encode()) == {"a": float(number)}


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 0, 1.5, 1e308, 5e-324, 1e-400])
def test_other_numbers_are_taken(number):
    assert parse(json.dumps({"a": number}).encode()) == {"a": number}


@pytest.mark.parametrize(
    "text", ["\\ud800", "\\uDFFF", "\\ude00\\ud83d", "x\\ud83dx", "\\u0000", "a\\u0000b"]
)
def test_text_that_no_database_stores_is_refused(text):
    for body in (f'{{"a":"{text}"}}', f'{{"{text}":1}}', f'{{"a":[{{"b":["{text}"]}}]}}'):
        with pytest.raises(MalformedError, match="surrogate pair or a NUL"):
            parse(body.encode())


@pytest.mark.parametrize("text", ["\\ud83d\\ude00", "\\\\ud800", "\\\\u0000", "\\u0001"])
def test_escapes_that_only_look_like_it_are_taken(text):
    assert parse(f'{{"a":["{text}",1,null]}}'.encode()) == {"a": [json.loads(f'"{text}"'), 1, None]}


# --- Too much ------------------------------------------------------------------------------------------------


def test_a_document_has_at_most_so_many_bytes():
    frame = len(b'{"a":""}')
    assert parse(b'{"a":"' + b"x" * (limits.BODY_BYTES_MAX - frame) + b'"}')
    with pytest.raises(TooLargeError, match="larger than") as caught:
        parse(b'{"a":"' + b"x" * (limits.BODY_BYTES_MAX - frame + 1) + b'"}')
    assert caught.value.status_hint == 413


def nested(levels: int, opening: str = '{"a":', closing: str = "}") -> bytes:
    return (opening * levels + "1" + closing * levels).encode()


@pytest.mark.parametrize("depth", [1, 9, limits.DEPTH_MAX])
def test_a_document_may_be_so_deep(depth):
    parse(nested(depth))
    normalise(b'{"a":' + nested(depth - 1, "[", "]") + b"}")


@pytest.mark.parametrize(
    "depth", [limits.DEPTH_MAX + 1, limits.DEPTH_MAX + 2, 2 * limits.DEPTH_MAX + 1, 100_000]
)
@pytest.mark.parametrize(
    "build",
    [
        nested,
        lambda depth: b'{"a":' + nested(depth - 1, "[", "]") + b"}",
        lambda depth: b'{"a":' + nested(depth - 1, "[", "")[:-1],
        lambda depth: b'{"b":"\\"]]]]","a":' + nested(depth - 1, "[", "]") + b',"c":"]]]]\\\\"}',
    ],
)
def test_a_deeper_document_is_refused_without_recursion(build, depth):
    with pytest.raises(MalformedError) as caught:
        parse(build(depth))
    if depth > 2 * limits.DEPTH_MAX or build is nested:
        assert caught.type is TooLargeError


def test_brackets_side_by_side_or_in_strings_are_not_depth():
    many = {"a": [[] for _ in range(500)], "b": [{"c": "[[[[" * 50, 'd"\\': '{"[[\\"'}] * 50, "[[[\\": "]"}
    assert compact(many) == many


@pytest.mark.parametrize("body", [b'{"a":' + b"]" * 100, b'{"a":[' + b"[]," * 50, b"}" * 50 + b"{" * 40])
def test_unbalanced_brackets_are_malformed_rather_than_deep(body):
    with pytest.raises(MalformedError):
        parse(body)


def test_an_object_has_at_most_so_many_members():
    members = {f"k{n}": n for n in range(limits.OBJECT_KEYS_MAX)}
    assert len(compact({"a": members})["a"]) == limits.OBJECT_KEYS_MAX
    with pytest.raises(TooLargeError, match="members"):
        compact({"a": {**members, "one more": 1}})


def test_a_list_has_at_most_so_many_members():
    items = [1] * limits.LIST_ITEMS_MAX
    assert len(compact({"a": items})["a"]) == limits.LIST_ITEMS_MAX
    with pytest.raises(TooLargeError, match="members"):
        compact({"a": [*items, 1]})


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 170_000,
        b"[" * 1_000_000,
        b'{"' + b'\\"' * 500_000,
        b'{"a":"' + b"\\\\" * 500_000,
        b'{"a":[' + b"{}," * 340_000,
        b'{"a":[' + b'"",' * 340_000,
        b'{"a":' + b"9" * 1_000_000,
        b'{"a":' + b"1." + b"9" * 1_000_000,
        b"{" + b",".join(b'"%d":1' % n for n in range(90_000)) + b"}",
        b'{"a":"' + b"\\ud83d\\ude00" * 80_000 + b'"}',
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_bomb_costs_little(body):
    started = time.process_time()
    with suppress(MalformedError):
        normalise(body[: limits.BODY_BYTES_MAX])
    assert time.process_time() - started < 2


# --- Corpora -------------------------------------------------------------------------------------------------

SUITE = [json.loads(line) for line in (DATA / "jsontestsuite.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", SUITE, ids=lambda case: case["name"])
def test_json_that_parsers_disagree_about(case):
    """As it is, and inside an object where it is no object itself."""
    body = base64.b64decode(case["b64"])
    for text in (body, b'{"a":' + body + b"}"):
        try:
            document = normalise(text)
        except MalformedError:
            # Ours is stricter than JSON: only objects, no doubled keys, numbers and texts that can be stored.
            continue
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    if case["name"].startswith("n_"):
        with pytest.raises(MalformedError):
            parse(body)


# What JSON allows and we refuse, each for a reason that its name gives. No other valid case may be lost.
REFUSED_ALTHOUGH_VALID = {
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",
    "y_string_null_escape.json",
}


@pytest.mark.parametrize(
    "case", [case for case in SUITE if case["name"].startswith("y_")], ids=lambda case: case["name"]
)
def test_valid_json_is_taken_inside_an_object(case):
    body = b'{"a":' + base64.b64decode(case["b64"]) + b"}"
    if case["name"] in REFUSED_ALTHOUGH_VALID:
        with pytest.raises(MalformedError):
            parse(body)
    else:
        assert parse(body) == json.loads(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    try:
        document = normalise(body)
    except MalformedError:
        return
    assert isinstance(document, dict)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["id", "type", "as:x", "@id", "@value", "@list", "x", "@context"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), JSON
    )
)
def test_any_document_is_read_as_it_was_written_and_settles(document):
    body = json.dumps(document).encode()
    assert parse(body) == document
    try:
        once = normalise(body)
    except MalformedError:
        return
    assert normalise(json.dumps(once).encode()) == once


# --- Media types ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        "application/activity+json",
        "Application/Activity+JSON",
        "application/activity+json; charset=utf-8",
        'application/activity+json;charset="utf-8" ; profile="x"',
        "application/activity+json;",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        'application/ld+json;profile="https://www.w3.org/ns/activitystreams";charset=utf-8',
        'application/ld+json; Profile="https://example.com/ https://www.w3.org/ns/activitystreams"',
        "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
    ],
)
def test_media_types_of_documents(value):
    assert media_type_allowed(value)
    assert media_type_allowed(value, profile_required=False)


@pytest.mark.parametrize("value", ["application/ld+json", "application/ld+json; charset=utf-8"])
def test_a_post_may_leave_the_profile_out(value):
    assert not media_type_allowed(value)
    assert media_type_allowed(value, profile_required=False)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "application/json",
        "text/plain",
        "text/html",
        "image/png",
        "application/jrd+json",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "application/activity+json, text/html",
        "text/html, application/activity+json",
        "application/activity+jsonx",
        "application/activity+json charset=utf-8",
        "application/activity+json; charset",
        "application/activity+json; charset=utf-8; charset=utf-16",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams2"',
        'application/ld+json; profile="https://evil.example/?https://www.w3.org/ns/activitystreams"',
        'application/ld+json; profile=""',
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams',
    ],
)
def test_other_media_types_are_none(value):
    assert not media_type_allowed(value)
    assert not media_type_allowed(value, profile_required=False)
