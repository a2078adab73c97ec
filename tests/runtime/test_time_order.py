"""The order of rows in time, by dates in any form that people write."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.runtime.time_order import holds_dates, time_order

FORWARD: list[list[Any]] = [
    ["2024-02-29", "2024-03-01"],
    ["2024-03-01T00:00:00Z", "2024-03-01T09:30:00+09:00", "2024-03-01T01:00:00Z"],
    ["31/12/2023", "01/01/2024"],
    ["12/31/2023", "1/1/2024"],
    ["30.1.24", "1.2.24"],
    ["Jan 31, 2024", "Feb 1, 2024"],
    ["31 January 2024", "1 February 2024"],
    ["31-Jan-24", "1-Feb-24"],
    ["2024년 1월 31일", "2024년 2월 1일"],
    ["2024. 9. 30.", "2024. 10. 1."],
    ["2024-01-01 오전 11:30", "2024-01-01 오후 1:00"],
    ["1/5/2024 9:30 AM", "1/5/2024 12:00 PM", "1/5/2024 1:00 pm"],
    ["Fri, 5 Jan 2024 09:59:59", "Sat, 6 Jan 2024 08:00:00"],
    ["2023Q4", "2024Q1"],
    ["9", "10"],
    ["20240131", "20240201"],
    [9, 10, 10.5],
    [date(2024, 1, 31), date(2024, 2, 1)],
    [datetime(2024, 1, 31, 5), datetime(2024, 1, 31, 6)],
]


@pytest.mark.parametrize("days", FORWARD, ids=lambda days: str(days[0]))
def test_dates_are_compared_as_dates(days: list[Any]) -> None:
    """
    In order they are, reversed they go back, with one at a wrong place they are mixed.
    """
    assert time_order({"Date": days}).direction == "forward"
    assert time_order({"Date": days[::-1]}).direction == "back"
    assert time_order({"Date": [days[-1], *days]}).direction == "mixed"


def test_the_column_is_known_by_its_name() -> None:
    """
    A usual name, or the only one with such a word in it; of two, neither.
    """
    days = ["2024-01-02", "2024-01-01"]

    for name in ("date", " Date ", "TIMESTAMP", "trade_date", "tradeDate", "거래일자"):
        assert time_order({name: days}).direction == "back"
    for columns in ({"update": days}, {"order_date": days, "ship_date": days}):
        assert time_order(columns).direction == "unknown"


def test_a_date_in_several_columns() -> None:
    """
    Year, month and day together; a month alone begins anew each year.
    """
    months = {"year": [2023, 2023, 2024], "month": [11, 12, 1]}
    back = {name: values[::-1] for name, values in months.items()}

    assert time_order(months).direction == "forward"
    assert time_order(back).problem == (
        "The rows go back in time: 'year' 'month' falls to 2023-11."
    )
    assert time_order({"month": months["month"]}).direction == "unknown"
    assert time_order({"month": [3, 2, 1]}).direction == "back"
    assert time_order({"day": ["9", "10", "11"]}).direction == "forward"
    assert time_order({"time": ["16:00", "16:00"]}).direction == "unknown"


@pytest.mark.parametrize(
    ("first", "dates"),
    [
        ("2024-01-02", True),
        ("2024년 1월 2일", True),
        ("24.01.02", True),
        ("20240102", True),
        (datetime(2024, 1, 2), True),
        ("0", False),
        ("12345678", False),
        ("A005930", False),
        (7, False),
        (None, False),
    ],
)
def test_what_has_no_name_is_dates_where_it_looks_like_them(
    first: Any, dates: bool
) -> None:
    """
    Numbers of rows, and words, are none.
    """
    assert holds_dates([first]) == dates


def test_dates_without_a_name_do_not_hide_those_with_one() -> None:
    """
    Where they can't be told, the column of dates says the order.
    """
    odd, back = ["2024-01-01", "-", "-"], ["2024-01-03", "2024-01-02", "2024-01-01"]

    assert time_order({"date": back}, index=odd).problem == (
        "The rows go back in time: 'date' falls to 2024-01-01."
    )
    assert time_order({"close": [1, 2, 3]}, index=odd).problem == (
        "The order of the rows in time can't be told: the first column holds '-' (row "
        "2), which is no date. They are taken to be the oldest first."
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dates(date(1970, 1, 1), date(2068, 12, 31)), min_size=2, unique=True),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%B %d, %Y", "%Y%m%d"]),
)
def test_every_order_is_told_from_dates_without_doubt(
    days: list[date], form: str
) -> None:
    """
    Whatever the format: ascending, descending, or neither.
    """
    written = [day.strftime(form) for day in days]
    expected = {"forward": sorted(days), "back": sorted(days, reverse=True)}

    found = time_order({"date": written}).direction

    assert found == next((k for k, v in expected.items() if v == days), "mixed")


def noted(*times: str, **more: list[str]) -> list[str]:
    found = time_order({"date": list(times)} | more)
    assert found.direction == "forward"
    return list(found.notes)


def test_days_that_come_twice_are_said() -> None:
    days = ["2024-03-01", "2024-03-02", "2024-03-02", "2024-03-03", "2024-03-03"]

    assert noted(*days) == [
        "'date' has the time of the row before in 2 rows, the first at 2024-03-02 "
        "(row 3): each row is taken for a step of its own."
    ]
    assert noted(*days, hour=["1", "1", "2", "1", "2"]) == []


def test_a_gap_is_said() -> None:
    """
    Of a series with a step of its own, every one; else those far beyond the usual.
    """
    january = [f"2024-01-{day:02}" for day in range(1, 31)]

    assert noted(*january) == []
    assert noted(*january[:20], *january[22:]) == [
        "'date' has 1 gap, the first from 2024-01-20 to 2024-01-23 (row 21), where its "
        "usual step is 1 day: rows on both sides are taken for neighbors."
    ]
    assert noted("2024-01-01 10:00", "2024-01-01 10:05", "2024-01-01 12:00") == [
        "'date' has 1 gap, the first from 2024-01-01 10:05 to 2024-01-01 12:00 (row "
        "3), where its usual step is 5 minutes: rows on both sides are taken for "
        "neighbors."
    ]


@pytest.mark.parametrize(
    "times",
    [
        [f"2024-{month:02}-01" for month in range(1, 13)],
        ["2024-02-07", "2024-02-08", "2024-02-13", "2024-02-14", "2024-02-15"],
        ["01/02/2024", "01/03/2024", "01/09/2024", "01/10/2024"],
        ["20240101", "20240102", "20240301"],
    ],
    ids=["months", "holidays", "two readings", "numbers"],
)
def test_what_may_be_usual_is_no_gap(times: list[str]) -> None:
    assert noted(*times) == []
