"""Lists of things: outbox, followers, featured posts, replies, and their pages.

A collection either holds its items or points to pages that do. Counts are what the owner says and nothing
more: `totalItems` of a stranger is shown at most, never relied on. `Tally` is the form in which a post
names its likes and shares, an id and a count without the list.

Source: https://www.w3.org/TR/activitystreams-core/#collections; https://www.w3.org/TR/activitypub/#collections.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

from activitypub import read
from activitypub.errors import MalformedError
from activitypub.vocab import context_for

__all__ = ["Collection", "CollectionPage", "Item", "Tally"]

# Most items read of one page or collection; Mastodon serves 12 to 60.
ITEMS_MAX: Final = 1000

# An id, or the whole object.
Item: TypeAlias = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A collection named inside a post, of which only the id and the count matter."""

    id: str | None = None
    total_items: int | None = None

    @classmethod
    def from_json(cls, value: object) -> Self | None:
        """Read an id or an embedded collection; None if it is neither."""
        total = read.integer(value.get("totalItems")) if isinstance(value, Mapping) else None
        iri = read.one_id(value)
        return None if iri is None and total is None else cls(id=iri, total_items=total)

    def to_json(self) -> dict[str, Any]:
        """Render it for embedding."""
        doc: dict[str, Any] = {} if self.id is None else {"id": self.id}
        doc["type"] = "Collection"
        return doc if self.total_items is None else {**doc, "totalItems": self.total_items}


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionPage:
    """One page of a collection.

    Args:
        id: its address; pages embedded in a post have none.
        ordered: whether the order means something.
        part_of: the collection it belongs to.
        next: the page after.
        prev: the page before.
        items: ids or embedded objects.
    """

    id: str | None = None
    ordered: bool = True
    part_of: str | None = None
    next: str | None = None
    prev: str | None = None
    items: tuple[Item, ...] = ()

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read a CollectionPage or an OrderedCollectionPage.

        Raises:
            MalformedError: it is neither.
        """
        doc = read.document(doc, "collection page")
        ordered = _require_kind(doc, unordered="CollectionPage", ordered="OrderedCollectionPage")
        return cls(
            id=read.one_id(doc.get("id")),
            ordered=ordered,
            part_of=read.one_id(doc.get("partOf")),
            next=read.one_id(doc.get("next")),
            prev=read.one_id(doc.get("prev")),
            items=_items(doc) or (),
        )

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded."""
        doc: dict[str, Any] = {} if self.id is None else {"id": self.id}
        doc["type"] = "OrderedCollectionPage" if self.ordered else "CollectionPage"
        links = {"partOf": self.part_of, "next": self.next, "prev": self.prev}
        doc |= {key: value for key, value in links.items() if value is not None}
        doc["orderedItems" if self.ordered else "items"] = list(self.items)
        return {"@context": context_for(doc), **doc} if context else doc


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A collection.

    Args:
        id: its address.
        ordered: whether the order means something; newest first, if so.
        total_items: how many its owner says it has.
        first: the first page's address.
        last: the last page's address.
        items: what it holds itself, or None if only its pages hold items.
        first_page: the first page, where it is embedded (Mastodon's replies).
        attributed_to: whose it is, where it says so (FEP-f228).
    """

    id: str | None = None
    ordered: bool = True
    total_items: int | None = None
    first: str | None = None
    last: str | None = None
    items: tuple[Item, ...] | None = None
    first_page: CollectionPage | None = None
    attributed_to: str | None = None

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read a Collection or an OrderedCollection.

        Raises:
            MalformedError: it is neither, or its embedded first page is malformed.
        """
        doc = read.document(doc, "collection")
        ordered = _require_kind(doc, unordered="Collection", ordered="OrderedCollection")
        first = doc.get("first")
        return cls(
            id=read.one_id(doc.get("id")),
            ordered=ordered,
            total_items=read.integer(doc.get("totalItems")),
            first=read.one_id(first),
            last=read.one_id(doc.get("last")),
            items=_items(doc),
            first_page=CollectionPage.from_json(first) if isinstance(first, Mapping) else None,
            attributed_to=read.one_id(doc.get("attributedTo")),
        )

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded."""
        doc: dict[str, Any] = {} if self.id is None else {"id": self.id}
        doc["type"] = "OrderedCollection" if self.ordered else "Collection"
        page = None if self.first_page is None else self.first_page.to_json(context=False)
        numbers = {
            "attributedTo": self.attributed_to,
            "totalItems": self.total_items,
            "first": page or self.first,
            "last": self.last,
        }
        doc |= {key: value for key, value in numbers.items() if value is not None}
        if self.items is not None:
            doc["orderedItems" if self.ordered else "items"] = list(self.items)
        return {"@context": context_for(doc), **doc} if context else doc


def _require_kind(doc: read.Doc, *, unordered: str, ordered: str) -> bool:
    """Tell whether it is the ordered kind, and refuse what is neither."""
    kinds = read.types(doc)
    if ordered not in kinds and unordered not in kinds:
        raise MalformedError(f"type is neither {unordered} nor {ordered}", iri=read.one_id(doc.get("id")))
    return ordered in kinds


def _items(doc: read.Doc) -> tuple[Item, ...] | None:
    """Read `orderedItems` or `items`, whichever is there: peers mix them up. Null and absence are None."""
    value = doc.get("orderedItems", doc.get("items"))
    if value is None:
        return None
    found = read.as_list(value, ITEMS_MAX)
    return tuple(entry for entry in found if isinstance(entry, Mapping) or _is_id(entry))


def _is_id(value: object) -> bool:
    """Whether it is an identifier as such, rather than something that holds one."""
    return isinstance(value, str) and read.one_id(value) is not None
