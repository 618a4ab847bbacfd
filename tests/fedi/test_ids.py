"""Identifiers that grow with time."""

from datetime import UTC, datetime, timedelta

from fedi.ids import IdMaker, first_id_at, moment_of

NOON = datetime(2026, 11, 24, 12, 0, 0, 123000, tzinfo=UTC)


def test_ids_grow_and_never_repeat_within_one_millisecond() -> None:
    maker = IdMaker(lambda: NOON, node=5)
    made = [maker.next() for _ in range(500)]
    assert made == sorted(set(made))


def test_a_clock_that_jumps_back_does_not_make_ids_shrink() -> None:
    now = NOON
    maker = IdMaker(lambda: now)
    before = maker.next()
    now = NOON - timedelta(days=1)
    assert maker.next() > before


def test_an_id_tells_its_moment_and_fits_in_63_bits() -> None:
    made = IdMaker(lambda: NOON).next()
    assert moment_of(made) == NOON
    assert made < 2**63
    assert first_id_at(NOON) <= made < first_id_at(NOON + timedelta(milliseconds=1))


def test_two_processes_differ_in_their_node() -> None:
    assert IdMaker(lambda: NOON, node=1).next() != IdMaker(lambda: NOON, node=2).next()
