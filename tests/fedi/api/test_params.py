"""Parameters from query, form, multipart and JSON."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fedi.api import params
from fedi.api.params import Params, nest
from fedi.errors import Refused

pytestmark = pytest.mark.anyio


async def echo(request: Request) -> Response:
    try:
        given = await params.read(request, body_bytes_max=20_000)
    except Refused as refusal:
        return JSONResponse({"error": refusal.text}, refusal.status)
    files = {"file": file.decode()} if (file := given.file("file")) else {}
    return JSONResponse({"values": dict(given), "files": files})


def client() -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/", echo, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "body",
    [
        {"data": {"status": "hello", "media_ids[]": ["1", "2"]}},
        {"json": {"status": "hello", "media_ids": ["1", "2"]}},
        {"files": [("status", (None, "hello")), ("media_ids[]", (None, "1")), ("media_ids[]", (None, "2"))]},
        {"params": {"status": "hello", "media_ids[]": ["1", "2"]}},
        {"content": b'{"status": "hello", "media_ids": ["1", "2"]}'},
        {"content": b"status=hello&media_ids[]=1&media_ids[]=2"},
    ],
    ids=["form", "json", "multipart", "query", "json without type", "form without type"],
)
async def test_every_method_takes_every_kind_of_body(method: str, body: dict[str, Any]) -> None:
    async with client() as http:
        answer = await http.request(method, "/", **body)
    assert answer.json()["values"] == {"status": "hello", "media_ids": ["1", "2"]}


async def test_the_body_wins_over_the_query() -> None:
    async with client() as http:
        answer = await http.post("/", params={"a": "query", "b": "query"}, data={"a": "body"})
    assert answer.json()["values"] == {"a": "body", "b": "query"}


async def test_a_file_is_kept_apart() -> None:
    async with client() as http:
        answer = await http.post("/", files={"file": ("a.txt", b"bytes")}, data={"description": "d"})
    assert answer.json() == {"values": {"description": "d"}, "files": {"file": "bytes"}}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b"[1]", "headers": {"content-type": "application/json"}}, 400),
        ({"content": b'"text"', "headers": {"content-type": "application/json"}}, 400),
        ({"content": b'{"a": "\xff"}', "headers": {"content-type": "application/json"}}, 400),
        ({"content": b'{"a": "\\ud800"}', "headers": {"content-type": "application/json"}}, 400),
        (
            {
                "content": b'{"a":' + b"[" * 9000 + b"]" * 9000 + b"}",
                "headers": {"content-type": "application/json"},
            },
            400,
        ),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 400),
        ({"content": b"nonsense", "headers": {"content-type": "multipart/form-data; boundary=a"}}, 400),
        ({"content": b"a" * 20_001}, 413),
        ({"content": b"{}", "headers": {"content-length": "99999999999999999999999"}}, 413),
        ({"content": b"{}", "headers": {"content-length": "-1"}}, 400),
        ({"params": [("a", "1")] * 501}, 400),
        ({"params": {"a" + "[b]" * 8: "1"}}, 400),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(request_: dict[str, Any], status: int) -> None:
    async with client() as http:
        answer = await http.post("/", **request_)
    assert answer.status_code == status


async def test_a_body_that_grows_without_saying_so_is_cut_off() -> None:
    async def endless() -> Any:
        for _ in range(1000):
            yield b"a" * 100

    async with client() as http:
        answer = await http.post("/", content=endless())
    assert answer.status_code == 413


async def test_null_in_json_means_absent() -> None:
    async with client() as http:
        answer = await http.post("/", json={"status": None, "a": 1})
    assert answer.json()["values"] == {"a": 1}


@pytest.mark.parametrize(
    ("pairs", "tree"),
    [
        ([("a", "1")], {"a": "1"}),
        ([("a", "1"), ("a", "2"), ("a", "3")], {"a": ["1", "2", "3"]}),
        ([("a[]", "1"), ("a[]", "2")], {"a": ["1", "2"]}),
        ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
        ([("data[alerts][mention]", "1")], {"data": {"alerts": {"mention": "1"}}}),
        ([("poll[options][]", "x"), ("poll[options][]", "y")], {"poll": {"options": ["x", "y"]}}),
        (
            [("m[][id]", "1"), ("m[][text]", "a"), ("m[][id]", "2")],
            {"m": [{"id": "1", "text": "a"}, {"id": "2"}]},
        ),
        ([("f[0][name]", "a"), ("f[1][name]", "b")], {"f": {"0": {"name": "a"}, "1": {"name": "b"}}}),
        ([("a", "1"), ("a[b]", "2")], {"a": {"b": "2"}}),
        ([("a[", "1"), ("]b", "2")], {"a[": "1", "]b": "2"}),
    ],
)
def test_bracketed_names_become_a_tree(pairs: list[tuple[str, str]], tree: dict[str, Any]) -> None:
    assert nest(pairs) == tree


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True), ("true", True), ("True", True), ("1", True), (1, True), ("on", True), ("yes", True),
        (False, False), ("false", False), ("False", False), ("0", False), (0, False), ("off", False), ("F", False),
        ("", None), ("  ", None),
    ],
)  # fmt: skip
def test_booleans_come_in_many_spellings(value: Any, *, flag: bool | None) -> None:
    assert Params({"a": value}).flag("a") is flag


def test_an_absent_value_is_none() -> None:
    empty = Params({})
    assert (empty.text("a"), empty.flag("a"), empty.number("a"), empty.identifier("a")) == (None,) * 4
    assert (empty.texts("a"), empty.identifiers("a"), len(empty.inner("a"))) == ([], [], 0)


@pytest.mark.parametrize("value", ["x", "1.5", "9223372036854775808", "\u0661", "1e3", "--1", "0x10"])
def test_what_is_no_whole_number_is_refused(value: str) -> None:
    with pytest.raises(Refused) as refusal:
        Params({"a": value}).number("a")
    assert refusal.value.status == 422


@pytest.mark.parametrize(
    "value", ["x", "-1", "1.5", "9223372036854775808", "\u0661\u0662", "1 2", "1' OR 1=1"]
)
def test_what_is_no_id_is_refused(value: str) -> None:
    with pytest.raises(Refused) as refusal:
        Params({"a": value}).identifier("a")
    assert refusal.value.status == 422


def test_lists_come_in_many_spellings() -> None:
    for value in (["1", "2", "1"], [1, 2], {"0": "1", "1": "2"}):
        assert Params({"id": value}).identifiers("id") == [1, 2]
    assert Params({"id": "7"}).identifiers("id") == [7]


def test_nul_is_dropped_from_texts() -> None:
    assert Params({"a": "b\x00c"}).text("a") == "bc"
    assert Params({"a": ["b\x00c"]}).texts("a") == ["bc"]


def test_a_hash_is_no_text() -> None:
    with pytest.raises(Refused) as refusal:
        Params({"a": {"b": "c"}}).text("a")
    assert refusal.value.status == 422


class Status(int):
    """The status of a refusal."""


def outcome(work: Callable[[], Any]) -> Any:
    """Return what comes of it: a value, or the status of a refusal."""
    try:
        return work()
    except Refused as refusal:
        return Status(refusal.status)


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(trees)
def test_any_json_is_read_or_refused(value: Any) -> None:
    given_ = Params({} if value is None else {"a": value})
    for reader in (
        given_.text, given_.word, given_.flag, given_.number, given_.identifier, given_.texts, given_.identifiers,
        given_.inner, given_.file,
    ):  # fmt: skip
        found = outcome(lambda reader=reader: reader("a"))
        assert found == 422 if isinstance(found, Status) else "\x00" not in str(found)


names = st.text("ab[]0.", max_size=12)


@given(st.lists(st.tuples(names, st.text(max_size=3)), max_size=30))
def test_any_names_make_a_tree_or_a_refusal(pairs: list[tuple[str, str]]) -> None:
    tree = outcome(lambda: nest(pairs))
    assert (
        tree == 400
        if isinstance(tree, Status)
        else {type(value) for value in tree.values()} <= {str, list, dict}
    )
