"""Which posts a filter hits."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from fedi.models import Attachment, Poll, Post
from fedi.queries.filters import met, rules, words_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)
POST = 7


def row(
    *, keyword: str | None = None, whole: bool = True, filter_id: int = 1, expires_at: datetime | None = None
) -> Any:
    return SimpleNamespace(
        filter_id=filter_id, name=keyword, number=int(whole), title="t", contexts=["home"], action="warn",
        expires_at=expires_at,
    )  # fmt: skip


def hits(text: str, *keywords: Any) -> list[str]:
    return [word for match in met(rules(keywords), [], POST, text, now=NOW) for word in match.words]


@pytest.mark.parametrize(
    ("keyword", "text", "found"),
    [
        ("cat", "A Cat sat", ["Cat"]),
        ("cat", "catalogue and concat", []),
        ("cat", "cat's, (cat)", ["cat"]),
        ("cat", "cat_1", []),
        ("#art", "see #Art here", ["#Art"]),
        ("#art", "see #arts here", []),
        ("c++", "I like C++!", ["C++"]),
        ("two words", "two\n words", ["two\n words"]),
        ("Übung", "eine übung macht", ["übung"]),
        ("Übung", "Übungen", []),
        ("猫", "黒猫が好き", ["猫"]),
        ("AI", "これはAIです", ["AI"]),
        ("AI", "MAIL", []),
        ("แมว", "นี่คือแมวดำ", ["แมว"]),
        ("кот", "Кот спит", ["Кот"]),
        ("кот", "который", []),
        (".*", "anything", []),
        ("(a+)+$", "(a+)+$", ["(a+)+$"]),
    ],
)
def test_a_whole_word_is_found_where_it_stands_alone(keyword: str, text: str, found: list[str]) -> None:
    assert hits(text, row(keyword=keyword)) == found


def test_part_of_a_word_is_found_anywhere() -> None:
    assert hits("concatenate", row(keyword="CAT", whole=False)) == ["cat"]


def test_filters_that_ended_count_no_more() -> None:
    over, ahead = NOW, NOW + timedelta(seconds=1)
    found = met(rules([row(keyword="x", expires_at=over), row(keyword="x", expires_at=ahead, filter_id=2)]), [], POST, "x", now=NOW)  # fmt: skip
    assert [match.rule.id for match in found] == [2]
    assert met([], [row(expires_at=over)], POST, "x", now=NOW) == ()


def test_a_filter_tells_both_of_its_reasons_once() -> None:
    (found,) = met(rules([row(keyword="x"), row(keyword="y")]), [row()], POST, "y x", now=NOW)
    assert (found.words, found.post_ids) == (("y",), (POST,))


def test_nothing_that_a_person_types_takes_long() -> None:
    keywords = [row(keyword=f"(a*)*{number}{'a?' * 100}") for number in range(200)]
    begun = time.perf_counter()
    assert hits("a" * 5000, *keywords) == []
    assert time.perf_counter() - begun < 2


def test_all_that_can_be_read_counts() -> None:
    post = Post(content="<p>one<br>two</p>", spoiler_text="warning")
    picture, blank = Attachment(description="a fox"), Attachment(description=None)
    read = words_of(post, [picture, blank], Poll(options=["yes", "no"]))
    assert [line for line in read.splitlines() if line] == ["warning", "one", "two", "yes", "no", "a fox"]
