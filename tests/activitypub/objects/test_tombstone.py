"""Tombstones."""

from datetime import UTC, datetime

import pytest

from activitypub.errors import MalformedError
from activitypub.objects.tombstone import Tombstone

N = "https://m.example/users/bob/statuses/1"


def test_what_is_known_is_read():
    found = Tombstone.from_json(
        {"id": N, "type": "Tombstone", "atomUri": N, "formerType": "Note", "deleted": "2026-11-23T13:00:00Z"}
    )
    assert found == Tombstone(
        id=N, atom_uri=N, former_type="Note", deleted=datetime(2026, 11, 23, 13, tzinfo=UTC)
    )


def test_odd_fields_are_read_as_absent():
    assert Tombstone.from_json({"id": N, "atomUri": 5, "formerType": [], "deleted": "then"}) == Tombstone(
        id=N
    )


@pytest.mark.parametrize("doc", [{}, {"id": 5}, {"id": "as:Public"}, None, []])
def test_without_an_id_it_is_refused(doc):
    with pytest.raises(MalformedError):
        Tombstone.from_json(doc)


def test_an_embedded_one_has_no_context():
    assert Tombstone(id=N).to_json(context=False) == {"id": N, "type": "Tombstone"}
