"""Numbers that stand for a missing value are told from those that are measured."""

import pytest

from zoo.tasks.targets.sentinels import sentinel_notes

RAIN = [0.2, 0.0, 3.1, 0.4, 1.8, 2.5]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([*RAIN, -999, -999], "-999 in 2 rows"),
        ([*RAIN, 99999.0], "99999 in 1 row"),
        ([-3, 0, 5, 1, 2, -99], "-99 in 1 row"),
        ([100, 400, 250, 90, 300, -99], "-99 in 1 row"),
    ],
)
def test_what_is_far_from_all_others_is_said(values: list[float], shown: str) -> None:
    (note,) = sentinel_notes("'rain'", values)

    low, high = min(values[:5]), max(values[:6])
    assert note == (
        f"'rain' holds {shown}, far from its other values ({low:g} to {high:g}), and "
        "it is taken as a number. If it stands for a missing value, take these rows "
        "out or fill it in."
    )


@pytest.mark.parametrize(
    "values",
    [
        RAIN,
        [*RAIN, -99.5],
        [9000, 9999, 12000, 400, 800, 10_000],
        [-120, -99, -80, -300, 5, 7],
        [0, 999],
        [*RAIN, "-999", None, True, float("nan"), float("inf")],
    ],
    ids=["plain", "no usual one", "among others", "negative", "too few", "no number"],
)
def test_what_may_be_measured_is_left_alone(values: list[object]) -> None:
    assert sentinel_notes("'rain'", values) == []
