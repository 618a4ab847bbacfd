"""Polls: the shapes in which they come, and how ours go out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from activitypub import limits
from activitypub.errors import MalformedError
from activitypub.objects.note import Note
from activitypub.objects.question import OPTION_CHARS_MAX, VOTES_MAX, Option, Poll, Vote

A = "https://m.example/users/bob"
N = f"{A}/statuses/1"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def option(name: Any = "Yes", **more: Any) -> dict[str, Any]:
    return {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": 2}, **more}


def poll(**fields: Any) -> Poll:
    return Poll.from_json({"oneOf": [option(), option("No")], **fields})


def test_a_poll_is_read_with_its_votes_in_order() -> None:
    found = poll(endTime="2026-11-24T12:00:00Z", votersCount=4)
    assert found == Poll(
        options=(Option(name="Yes", votes=2), Option(name="No", votes=2)), end_time=NOON, voters_count=4
    )


def test_any_of_lets_choose_several() -> None:
    assert Poll.from_json({"anyOf": [option()]}).multiple
    assert not poll().multiple


def test_one_option_needs_no_list() -> None:
    assert Poll.from_json({"oneOf": option()}).options == (Option(name="Yes", votes=2),)


@pytest.mark.parametrize(
    "entry",
    [None, 5, "Yes", [], {}, {"name": ""}, {"name": "  "}, {"name": 5}, {"name": None}],
)
def test_an_option_without_text_is_skipped(entry: object) -> None:
    assert Poll.from_json({"oneOf": [entry, option()]}).options == (Option(name="Yes", votes=2),)


@pytest.mark.parametrize("doc", [{}, {"oneOf": []}, {"anyOf": None}, {"oneOf": "x"}, {"oneOf": [5, None]}])
def test_without_options_there_is_no_poll(doc: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="nothing to choose"):
        Poll.from_json(doc)


@pytest.mark.parametrize("replies", [None, 5, "x", [], {}, {"totalItems": -1}, {"totalItems": "9"}])
def test_an_odd_tally_counts_as_none(replies: object) -> None:
    assert Poll.from_json({"oneOf": [option(replies=replies)]}).options[0].votes == 0


@pytest.mark.parametrize("claimed", [2**31, 2**63 - 1])
def test_more_votes_than_people_are_cut(claimed: int) -> None:
    found = Poll.from_json({"oneOf": [option(replies={"totalItems": claimed})], "votersCount": claimed})
    assert found.options[0].votes == found.voters_count == VOTES_MAX


def test_of_many_options_the_first_count() -> None:
    many = [option(f"{number}") for number in range(limits.POLL_OPTIONS_MAX + 5)]
    assert len(Poll.from_json({"oneOf": many}).options) == limits.POLL_OPTIONS_MAX


def test_a_long_option_is_cut() -> None:
    (found,) = Poll.from_json({"oneOf": [option("x" * 5000)]}).options
    assert len(found.name) == OPTION_CHARS_MAX


@pytest.mark.parametrize(
    ("closed", "moment", "said"),
    [
        (None, None, False),
        (True, None, True),
        (False, None, False),
        ("2026-11-24T12:00:00Z", NOON, False),
        ("yes", None, False),
    ],
)
def test_closed_is_a_time_or_true(closed: object, moment: datetime | None, said: bool) -> None:
    found = poll(closed=closed)
    assert (found.closed, found.is_closed) == (moment, said)


@pytest.mark.parametrize("multiple", [True, False])
def test_what_is_written_reads_the_same(multiple: bool) -> None:
    made = Poll(
        options=(Option(name="a", votes=1), Option(name="b")),
        multiple=multiple,
        end_time=NOON,
        closed=NOON,
        voters_count=1,
    )
    written = Note(id=N, attributed_to=A, type="Question", poll=made).to_json()
    assert Note.from_json(written).poll == made
    assert "votersCount" in written["@context"][1]


def test_a_poll_that_is_just_over_says_so_as_true() -> None:
    assert Poll(options=(Option(name="a"),), is_closed=True).to_json()["closed"] is True
    assert "closed" not in Poll(options=(Option(name="a"),)).to_json()


def test_a_question_is_a_post_with_a_poll() -> None:
    found = Note.from_json({"id": N, "type": "Question", "attributedTo": A, "oneOf": [option()]})
    assert found.poll is not None
    assert not found.is_converted


def test_a_question_without_options_is_shown_as_a_link() -> None:
    found = Note.from_json({"id": N, "type": "Question", "attributedTo": A, "name": "Which?"})
    assert found.poll is None
    assert found.is_converted


def test_a_note_has_no_poll_whatever_it_says() -> None:
    assert Note.from_json({"id": N, "type": "Note", "attributedTo": A, "oneOf": [option()]}).poll is None


def test_a_vote_is_written_without_content_and_read_as_one() -> None:
    vote = Vote(id=f"{A}#votes/1", attributed_to=A, name="Yes", in_reply_to=N, to=("https://x.example/eve",))
    written = vote.to_json()
    assert "content" not in written
    assert Note.from_json(written).is_vote
