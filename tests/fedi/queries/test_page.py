"""Pages of a list ordered by id."""

import pytest

from fedi.queries.page import Page, Slice, cut

ROWS_DOWN = [9, 8, 7]
ROWS_UP = [3, 4, 5]


@pytest.mark.parametrize(
    ("rows", "page", "found"),
    [
        ([], Page(limit=2), Slice(rows=[], more=False)),
        ([9, 8], Page(limit=2), Slice(rows=[9, 8], more=False)),
        (ROWS_DOWN, Page(limit=2), Slice(rows=[9, 8], more=True)),
        (ROWS_DOWN, Page(limit=2, since_id=1), Slice(rows=[9, 8], more=True)),
        (ROWS_UP, Page(limit=2, min_id=2), Slice(rows=[4, 3], more=True)),
        ([3], Page(limit=2, min_id=2), Slice(rows=[3], more=True)),
        ([], Page(limit=2, min_id=2), Slice(rows=[], more=False)),
    ],
)
def test_the_spare_row_tells_whether_more_follow(rows: list[int], page: Page, found: Slice[int]) -> None:
    assert cut(rows, page) == found
