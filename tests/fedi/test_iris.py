"""Our addresses: these shapes are for ever, so they are written out here."""

import pytest

from fedi import iris
from fedi.config import Settings

HERE = Settings(origin="https://pics.test", account_domain="people.test")
ALICE = "https://pics.test/users/alice"


def test_addresses_are_made_from_the_origin_and_never_from_the_domain_of_handles() -> None:
    assert iris.actor(HERE, "alice") == ALICE
    assert iris.instance_actor(HERE) == "https://pics.test/actor"
    assert iris.shared_inbox(HERE) == "https://pics.test/inbox"
    assert iris.profile(HERE, "alice") == "https://pics.test/@alice"
    assert iris.post(HERE, "alice", 7) == "https://pics.test/@alice/7"
    assert iris.media(HERE, "ab/cd.jpg") == "https://pics.test/media/ab/cd.jpg"
    assert iris.static(HERE, "missing.svg") == "https://pics.test/static/missing.svg"
    assert iris.tag(HERE, "sky") == "https://pics.test/tags/sky"


def test_what_an_actor_has_hangs_on_its_id() -> None:
    assert iris.inbox(ALICE) == f"{ALICE}/inbox"
    assert iris.outbox(ALICE) == f"{ALICE}/outbox"
    assert iris.followers(ALICE) == f"{ALICE}/followers"
    assert iris.following(ALICE) == f"{ALICE}/following"
    assert iris.featured(ALICE) == f"{ALICE}/collections/featured"
    assert iris.key(ALICE) == f"{ALICE}#main-key"
    assert iris.note(ALICE, 7) == f"{ALICE}/statuses/7"


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        (ALICE, "alice"),
        (f"{ALICE}/inbox", None),
        (f"{ALICE}#main-key", None),
        ("https://pics.test/users/", None),
        ("https://other.test/users/alice", None),
        ("https://pics.test.evil.test/users/alice", None),
        ("https://pics.test/actor", None),
    ],
)
def test_an_actor_id_of_ours_is_known_by_its_shape(iri: str, expected: str | None) -> None:
    assert iris.local_username(HERE, iri) == expected


@pytest.mark.parametrize(
    ("iri", "expected"),
    [
        (f"{ALICE}/statuses/7", 7),
        ("https://pics.test/@alice/7", 7),
        (f"{ALICE}/statuses/7/activity", None),
        (f"{ALICE}/statuses/", None),
        (f"{ALICE}/statuses/-7", None),
        (f"{ALICE}/statuses/\u0667", None),
        (f"{ALICE}/statuses/{'9' * 20}", None),
        (f"{ALICE}/statuses/{'9' * 19}", None),
        (f"{ALICE}/statuses/{2**63 - 1}", 2**63 - 1),
        ("https://other.test/users/alice/statuses/7", None),
        ("https://pics.test/users/alice", None),
        ("https://pics.test/@alice", None),
    ],
)
def test_a_post_id_of_ours_is_known_by_its_shape_and_fits_a_column(iri: str, expected: int | None) -> None:
    assert iris.local_post_id(HERE, iri) == expected
