"""Collections and pages, as peers serve them."""

import pytest

from activitypub.errors import MalformedError
from activitypub.objects.collection import ITEMS_MAX, Collection, CollectionPage, Tally

C = "https://m.example/users/bob/outbox"


@pytest.mark.parametrize(
    ("kind", "field", "ordered"),
    [("OrderedCollection", "orderedItems", True), ("Collection", "items", False)],
)
def test_both_kinds_are_read_and_written(kind, field, ordered):
    doc = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": C,
        "type": kind,
        "totalItems": 1,
        field: [C],
    }
    found = Collection.from_json(doc)
    assert found == Collection(id=C, ordered=ordered, total_items=1, items=(C,))
    assert found.to_json() == doc


@pytest.mark.parametrize("cls", [Collection, CollectionPage])
@pytest.mark.parametrize("kind", [None, "Note", 5, []])
def test_another_type_is_refused(cls, kind):
    with pytest.raises(MalformedError, match="type"):
        cls.from_json({"id": C, "type": kind})


@pytest.mark.parametrize("cls", [Collection, CollectionPage])
@pytest.mark.parametrize("doc", [None, [], "x"])
def test_what_is_no_object_is_refused(cls, doc):
    with pytest.raises(MalformedError, match="not a JSON object"):
        cls.from_json(doc)


def test_items_under_the_other_kinds_name_are_found():
    assert Collection.from_json({"type": "OrderedCollection", "items": [C]}).items == (C,)
    assert Collection.from_json({"type": "Collection", "orderedItems": [C]}).items == (C,)


def test_embedded_items_are_kept_whole_and_odd_ones_skipped():
    note = {"id": C, "type": "Note"}
    found = Collection.from_json({"type": "Collection", "items": [note, C, 5, None, ["x"], "with space"]})
    assert found.items == (note, C)


def test_a_single_item_need_not_be_in_a_list():
    assert Collection.from_json({"type": "Collection", "items": C}).items == (C,)


def test_a_collection_without_items_differs_from_an_empty_one():
    assert Collection.from_json({"type": "Collection"}).items is None
    assert Collection.from_json({"type": "Collection", "items": []}).items == ()


def test_items_are_bounded():
    found = Collection.from_json({"type": "Collection", "items": [f"{C}/{n}" for n in range(3000)]})
    assert len(found.items or ()) == ITEMS_MAX


def test_an_embedded_first_page_is_read_and_written_back():
    page = {"type": "CollectionPage", "partOf": C, "next": f"{C}?page=2", "items": [f"{C}/1"]}
    found = Collection.from_json({"id": C, "type": "Collection", "first": page})
    assert found.first_page == CollectionPage(ordered=False, part_of=C, next=f"{C}?page=2", items=(f"{C}/1",))
    assert found.to_json(context=False) == {"id": C, "type": "Collection", "first": page}


def test_a_malformed_first_page_is_refused():
    with pytest.raises(MalformedError):
        Collection.from_json({"id": C, "type": "Collection", "first": {"type": "Note"}})


def test_a_page_always_says_what_it_holds():
    assert CollectionPage(id=C).to_json(context=False) == {
        "id": C,
        "type": "OrderedCollectionPage",
        "orderedItems": [],
    }


@pytest.mark.parametrize("total", [-1, "3", None, 1.5, True, 10**30])
def test_an_odd_count_is_read_as_absent(total):
    assert Collection.from_json({"type": "Collection", "totalItems": total}).total_items is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (C, Tally(id=C)),
        ({"id": C, "totalItems": 3}, Tally(id=C, total_items=3)),
        ({"totalItems": 3}, Tally(total_items=3)),
        ({}, None),
        (None, None),
        (5, None),
    ],
)
def test_tallies(value, expected):
    assert Tally.from_json(value) == expected


def test_a_tally_is_written_as_a_collection():
    assert Tally(id=C, total_items=0).to_json() == {"id": C, "type": "Collection", "totalItems": 0}
    assert Tally().to_json() == {"type": "Collection"}
