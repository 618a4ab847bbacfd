"""What is left of a deleted object: its id, what it was, and when it went.

It is served with status 410, and embedded as an object in our Delete activities, because Pixelfed ignores
a Delete whose object is only an id.

Source: https://www.w3.org/TR/activitystreams-vocabulary/#dfn-tombstone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from activitypub import read
from activitypub.vocab import context_for

__all__ = ["Tombstone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """A deleted object.

    Args:
        id: the id that it had.
        atom_uri: the same id once more, which Mastodon looks posts up by when it is there.
        former_type: its type name.
        deleted: when.
    """

    id: str
    atom_uri: str | None = None
    former_type: str | None = None
    deleted: datetime | None = None

    @classmethod
    def from_json(cls, doc: read.Doc) -> Self:
        """Read a Tombstone.

        Raises:
            MalformedError: it has no http(s) id.
        """
        doc = read.document(doc, "Tombstone")
        return cls(
            id=read.require_http_iri(doc, "id"),
            atom_uri=read.one_id(doc.get("atomUri")),
            former_type=read.text(doc.get("formerType"), 100),
            deleted=read.instant(doc.get("deleted")),
        )

    def to_json(self, *, context: bool = True) -> dict[str, Any]:
        """Render it; `context=False` when it is embedded."""
        doc: dict[str, Any] = {"id": self.id, "type": "Tombstone"}
        if self.atom_uri is not None:
            doc["atomUri"] = self.atom_uri
        if self.former_type is not None:
            doc["formerType"] = self.former_type
        if self.deleted is not None:
            doc["deleted"] = read.rfc3339(self.deleted)
        return {"@context": context_for(doc), **doc} if context else doc
