"""Tolerant readers: the shapes that peers use, and nothing read into the others."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activitypub import read
from activitypub.errors import MalformedError
from activitypub.limits import IRI_CHARS_MAX

IRI = "https://a.example/1"
OTHER = "https://b.example/2"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (IRI, IRI),
        ({"id": IRI, "type": "Note"}, IRI),
        ({"type": "Link", "href": IRI}, IRI),
        ([IRI, OTHER], IRI),
        ([None, 7, {"name": "no id"}, OTHER], OTHER),
        ("as:Public", "as:Public"),
        ("tag:a.example,2026:1", "tag:a.example,2026:1"),
        ("", None),
        ("https://a.example/with space", None),
        ("https://a.example/\n1", None),
        ("https://a.example/" + "x" * IRI_CHARS_MAX, None),
        ({"id": 5}, None),
        ({"id": ["https://a.example/1"]}, None),
        ([[IRI]], None),
        ([], None),
        (None, None),
        (5, None),
        (True, None),
    ],
)
def test_one_id(value, expected):
    assert read.one_id(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (IRI, (IRI,)),
        ([IRI, OTHER, IRI], (IRI, OTHER)),
        ([{"id": IRI}, OTHER, None, [OTHER]], (IRI, OTHER)),
        ({"id": IRI}, (IRI,)),
        (None, ()),
        (7, ()),
    ],
)
def test_many_ids(value, expected):
    assert read.many_ids(value) == expected


def test_many_ids_stops_at_its_bound():
    assert len(read.many_ids([f"{IRI}{number}" for number in range(50)], items_max=10)) == 10


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (IRI, IRI),
        ("HTTPS://a.example/1", "HTTPS://a.example/1"),
        ("http://127.0.0.1:9101/users/a", "http://127.0.0.1:9101/users/a"),
        ("https://a.example", "https://a.example"),
        ("https://a.example?x=@y", "https://a.example?x=@y"),
        ("https://a.example/@alice", "https://a.example/@alice"),
        ("https://münchen.example/ü", "https://münchen.example/ü"),
        ("https://user@a.example/", None),
        ("https://a.example@evil.example/", None),
        ("https:///path", None),
        ("https://", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("acct:a@a.example", None),
        ('https://a.example/"><script>', None),
        ("https://a.example\\evil", None),
    ],
)
def test_http_iri(value, expected):
    assert read.http_iri(value) == expected


def test_require_http_iri_names_the_field():
    with pytest.raises(MalformedError, match="actor") as caught:
        read.require_http_iri({"id": IRI, "actor": 5}, "actor")
    assert caught.value.iri == IRI
    assert read.require_http_iri({"actor": {"id": IRI}}, "actor") == IRI


def test_document_refuses_what_is_no_object():
    with pytest.raises(MalformedError, match="post is not a JSON object"):
        read.document([1], "post")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ("", ""),
        ({"en": "hello", "de": "hallo"}, "hello"),
        ({"en": 5, "de": "hallo"}, "hallo"),
        (["first", "second"], "first"),
        ([5, {"en": "hello"}], "hello"),
        ("a\x00b", "ab"),
        ({}, None),
        ([], None),
        (5, None),
        (False, None),
        (None, None),
    ],
)
def test_text(value, expected):
    assert read.text(value) == expected


def test_text_is_cut_at_its_bound():
    assert read.text("abcdef", 3) == "abc"
    assert read.text({"en": "abcdef"}, 3) == "abc"


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ({"content": "hi"}, ("hi", None)),
        ({"content": "hi", "contentMap": {"en": "hi"}}, ("hi", "en")),
        ({"content": "hallo", "contentMap": {"en": "hi", "de": "hallo"}}, ("hallo", "de")),
        ({"content": "other", "contentMap": {"en": "hi"}}, ("other", "en")),
        ({"contentMap": {"de": "hallo", "en": "hi"}}, ("hallo", "de")),
        ({"contentMap": {"und": "hi"}}, ("hi", None)),
        ({"contentMap": {"not a language": "hi"}}, ("hi", None)),
        ({"content": "hi", "contentMap": {"en": 5}}, ("hi", None)),
        ({"content": "hi", "contentMap": ["hi"]}, ("hi", None)),
        ({}, (None, None)),
    ],
)
def test_language_text(doc, expected):
    assert read.language_text(doc, "content") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23T12:00:00Z", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23T12:00:00.123456789Z", datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-23T14:00:00+02:00", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("2026-11-23T12:00:00", datetime(2026, 11, 23, 12, tzinfo=UTC)),
        ("1066-10-14T09:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("yesterday", None),
        ("2026-13-01T00:00:00Z", None),
        ("2026-11-23T12:00:00Z" + " " * 100, None),
        (1795435200, None),
        (None, None),
        ({}, None),
    ],
)
def test_instant(value, expected):
    assert read.instant(value) == expected


def test_instant_in_the_future_is_clamped_to_the_latest_allowed():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert read.instant("2027-01-01T00:00:00Z", latest=now) == now
    assert read.instant("2026-11-22T00:00:00Z", latest=now) == now - timedelta(days=1)


def test_rfc3339_writes_utc_whole_seconds():
    moment = datetime.fromisoformat("2026-11-23T14:00:00.999+02:00")
    assert read.rfc3339(moment) == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), ("true", None), (1, None), (0, None), (None, None), ([True], None)],
)
def test_boolean(value, expected):
    assert read.boolean(value) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (0, 0),
        (1536.0, 1536),
        (1.5, None),
        (-1, None),
        (2**31, None),
        (10**400, None),
        (float("nan"), None),
        (float("inf"), None),
        (True, None),
        ("5", None),
        (None, None),
    ],
)
def test_integer(value, expected):
    assert read.integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0.0),
        (0.25, 0.25),
        (-7, -1.0),
        (10**400, 1.0),
        (float("inf"), 1.0),
        (float("nan"), None),
        (True, None),
        ("0", None),
    ],
)
def test_number_clamps(value, expected):
    assert read.number(value, minimum=-1.0, maximum=1.0) == expected


def test_number_is_always_a_float():
    assert isinstance(read.number(0, minimum=-1.0, maximum=1.0), float)


def test_links_of_every_shape():
    video = {"type": "Link", "href": "https://a.example/v.mp4", "mediaType": "Video/MP4; codecs=x"}
    page = {"type": "Link", "href": "https://a.example/w", "mediaType": "text/html", "rel": "Canonical"}
    found = read.links([IRI, video, page, {"url": OTHER}, {"href": 5}, "ftp://a.example/", 7])
    assert found == (
        read.Link(href=IRI),
        read.Link(href="https://a.example/v.mp4", media_type="video/mp4"),
        read.Link(href="https://a.example/w", media_type="text/html", rel=("canonical",)),
        read.Link(href=OTHER),
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (IRI, IRI),
        ([{"href": IRI, "mediaType": "video/mp4"}, {"href": OTHER, "mediaType": "text/html"}], OTHER),
        ([{"href": IRI, "mediaType": "video/mp4"}], IRI),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)
def test_page_url_prefers_html(value, expected):
    assert read.page_url(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("image/JPEG", "image/jpeg"),
        ("text/html; charset=utf-8", "text/html"),
        ("image", None),
        ("a/b/c", None),
        ("x" * 100 + "/y", None),
        (5, None),
    ],
)
def test_media_type(value, expected):
    assert read.media_type(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Note", ("Note",)), (["Person", 5, "", "Bot"], ("Person", "Bot")), (None, ()), ({}, ())],
)
def test_types(value, expected):
    assert read.types({"type": value}) == expected


@given(JSON)
def test_no_reader_raises_for_any_json(value):
    doc = {"content": value, "contentMap": value, "type": value}
    for reader in (read.one_id, read.many_ids, read.http_iri, read.text, read.instant, read.boolean):
        reader(value)
    for reader in (read.integer, read.links, read.page_url, read.media_type, read.as_list):
        reader(value)
    read.number(value, minimum=0.0, maximum=1.0)
    text, _ = read.language_text(doc, "content")
    assert text is None or isinstance(text, str)
    assert all(isinstance(kind, str) for kind in read.types(doc))
