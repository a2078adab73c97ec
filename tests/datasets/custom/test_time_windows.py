"""A user's own series: windows of a table in time, and a model that learns them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets as library
import numpy as np
import pandas as pd
import pytest
import torch

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.datasets.custom.examples import with_validation_split
from zoo.datasets.custom.reader import read_data, read_part
from zoo.datasets.custom.table_inputs import read_inputs
from zoo.errors import DataError, DataWarning, InputError
from zoo.inference import features
from zoo.preprocessing.time_series import SeriesPreprocessor
from zoo.specs import Column, ForecastOutput, SeriesInput
from zoo.tasks import get_task

# Numbered days stand here for dates.
pytestmark = pytest.mark.filterwarnings("ignore:.*has no column of dates")
NAME = "rnn-netflix"
THREE = SeriesInput(
    columns=(
        Column(name="close", low=0, high=1000),
        Column(name="volume", low=0, high=1000),
    ),
    length=3,
)
NEXT = ForecastOutput(name="close")


def series(rows: int) -> library.Dataset:
    """Return numbered days, and ten times as much volume."""
    days = [float(day) for day in range(1, rows + 1)]
    return library.Dataset.from_dict(
        {"close": days, "volume": [10 * day for day in days], "note": ["a"] * rows}
    )


def trending(path: Path, rows: int, seed: int) -> Path:
    """Write prices whose changes go on: tomorrow's is most of today's."""
    drawn = np.random.default_rng(seed).normal(0, 0.004, rows)
    change = np.zeros(rows)
    for day in range(1, rows):
        change[day] = 0.8 * change[day - 1] + drawn[day]
    close = 100 * np.cumprod(1 + change)
    lines = [f"{day},{1.01 * day},{0.99 * day}" for day in close]
    path.write_text("close,high,low\n" + "\n".join(lines) + "\n")
    return path


def test_windows_follow_each_other() -> None:
    """
    Each window begins a row later, and is answered by the row after it.
    """
    found = read_data(series(6), THREE, NEXT).training

    assert len(found) == 3
    assert found.items[0] == {"close": [1, 2, 3], "volume": [10, 20, 30]}
    assert found.items[2] == {"close": [3, 4, 5], "volume": [30, 40, 50]}
    assert found.targets == (4, 5, 6)
    assert found.names == ["row 4", "row 5", "row 6"]


def test_several_steps_ahead() -> None:
    """
    A target holds as many rows as the model forecasts.
    """
    found = read_data(series(6), THREE, replace(NEXT, horizon=2)).training

    assert found.targets == ((4, 5), (5, 6))


def test_another_column_may_answer() -> None:
    """
    `target` names what is forecast.
    """
    found = read_data(series(5), THREE, NEXT, target="volume").training

    assert found.targets == (40, 50)


def test_the_last_rows_are_held_back() -> None:
    """
    Validation comes after what is learnt from, whatever the seed.
    """
    found = with_validation_split(read_data(series(13), THREE, NEXT), 0.3, seed=5)

    assert found.validation is not None
    assert found.training.targets == (4, 5, 6, 7, 8, 9, 10)
    assert found.validation.targets == (11, 12, 13)
    assert found.validation.items[0]["close"] == [8, 9, 10]


def test_the_content_of_a_series_is_known() -> None:
    """
    A fingerprint is of the numbers; another series has another.
    """
    one, two = (read_data(series(rows), THREE, NEXT).training for rows in (6, 7))

    assert one.fingerprint()
    assert one.fingerprint() != two.fingerprint()
    assert one.fingerprint() == read_data(series(6), THREE, NEXT).training.fingerprint()


@pytest.mark.parametrize(
    ("given", "how", "message"),
    [
        (
            series(3),
            {},
            "the dataset has 3 rows, and this model needs 4: it looks back on 3 and "
            "says what comes next.",
        ),
        (
            series(9).remove_columns("volume"),
            {},
            "the dataset has no column 'volume', which the model takes. It has close, "
            "note.",
        ),
        (
            series(9).remove_columns("close"),
            {},
            "the dataset has no target column 'close'. It has volume, note; name it "
            "with target=... (--target).",
        ),
        (
            series(9),
            {"target": "note"},
            "the dataset: the target of row 4 is 'a', not a number.",
        ),
    ],
    ids=["short", "without a column", "without the answer", "words"],
)
def test_what_is_no_series(given: Any, how: dict[str, str], message: str) -> None:
    """
    A table that can't be windows of what the model takes says why.
    """
    with pytest.raises(DataError) as caught:
        read_data(given, THREE, NEXT, **how)

    assert str(caught.value) == message


def test_one_window_can_not_be_parted() -> None:
    """
    There must be one to learn from and one to choose by.
    """
    with pytest.raises(DataError) as caught:
        with_validation_split(read_data(series(4), THREE, NEXT), 0.2, seed=0)

    assert str(caught.value) == (
        "1 window of the series is too few: the last is held back for validation, so "
        "give more rows, or validation rows."
    )


def test_persistence_is_what_nothing_knows() -> None:
    """
    The last value of a window stands beside the model's figures.
    """
    days = {name: [float(day) for day in range(100, 135)] for name in ("close", "high")}
    found = read_data(
        library.Dataset.from_dict({**days, "low": days["high"]}),
        zoo.get_spec(NAME).input,
        zoo.get_spec(NAME).output,
    )

    spec, rows = zoo.get_spec(NAME), found.training
    beside = get_task(spec.task).baselines(rows, rows, spec.input, spec.output)

    assert beside == {"persistence": {"rmse": 1.0, "mae": 1.0}}


def test_a_forecast_is_taught(tmp_path: Path) -> None:
    """
    Where changes go on, a model that learnt it is closer than persistence; what comes
    back loads, forecasts, and is measured again.
    """
    test = trending(tmp_path / "test.csv", 100, 1)

    zoo.finetune(
        NAME, trending(tmp_path / "train.csv", 300, 0), tmp_path / "mine", test=test
    )

    receipt = checkpoint_folder.read_receipt(tmp_path / "mine")
    metrics = {one["name"]: one["value"] for one in receipt["metrics"]}
    assert metrics["rmse"] < 0.95 * receipt["baselines"]["persistence"]["rmse"]
    mine = zoo.load(tmp_path / "mine")
    assert zoo.evaluate(mine, test) == pytest.approx(metrics)
    assert zoo.predict(mine, test).name == "close"
    assert mine.zoo.parent["name"] == NAME
    card = (tmp_path / "mine" / "README.md").read_text()
    assert "It forecasts close of the next row.\n" in card
    before = zoo.load(NAME)
    moved = [
        name
        for name, value in mine.state_dict().items()
        if not torch.equal(value, before.state_dict()[name])
    ]
    assert moved
    assert all(name.startswith("fc.") for name in moved)


def test_targets_of_several_steps_are_a_table() -> None:
    """
    Tuples of numbers become (rows, horizon).
    """
    found = read_data(series(6), THREE, replace(NEXT, horizon=2)).training

    assert features.targets(zoo.load(NAME), found).shape == (2, 2)


# The order of time


DAYS = ["28.02.2024", "29.02.2024", "01.03.2024", "02.03.2024", "03.03.2024"]


def dated(days: Any) -> pd.DataFrame:
    """Return a series whose rows are of these days."""
    numbers = [float(n) for n in range(1, len(DAYS) + 1)]
    return pd.DataFrame({"Date": days, "close": numbers, "volume": numbers})


@pytest.mark.parametrize("kind", ["frame", "csv", "jsonl", "parquet", "dataset"])
def test_a_series_that_goes_back_in_time_is_refused(kind: str, tmp_path: Path) -> None:
    """
    The newest first is how some sites give it: time would be learned backwards.
    """

    def given(frame: pd.DataFrame) -> Any:
        path = tmp_path / f"rows.{kind}"
        if kind == "csv":
            frame.to_csv(path, index=False)
        elif kind == "jsonl":
            frame.to_json(path, orient="records", lines=True)
        elif kind == "parquet":
            frame.to_parquet(path, index=False)
        elif kind == "dataset":
            return library.Dataset.from_pandas(frame, preserve_index=False)
        else:
            return frame
        return path

    ordered = dated(DAYS)

    for read in (
        lambda data: read_data(data, THREE, NEXT),
        lambda data: read_part(data, THREE, NEXT, ["test"]),
    ):
        with pytest.raises(DataError) as caught:
            read(given(ordered.iloc[::-1]))
        assert str(caught.value).endswith(
            "The rows go back in time: 'Date' falls to 28.02.2024."
        )
    assert read_data(given(ordered), THREE, NEXT).notes == ()


def test_a_series_in_no_order_is_refused(tmp_path: Path) -> None:
    """
    The line at which it falls is named.
    """
    path = tmp_path / "rows.csv"
    dated([*DAYS[:3], DAYS[4], DAYS[3]]).to_csv(path, index=False)

    with pytest.raises(DataError) as caught:
        read_data(path, THREE, NEXT)

    assert str(caught.value) == (
        f"{path}: The rows are not in the order of time: 'Date' falls from 03.03.2024 "
        "to 02.03.2024 (line 6). Sort them, the oldest first."
    )


def test_an_index_of_dates_counts() -> None:
    """
    A frame need not have a column of them.
    """
    days = pd.to_datetime(DAYS, format="%d.%m.%Y")
    frame = dated(DAYS).set_index(days).drop(columns="Date")

    with pytest.raises(DataError, match="the index falls to 2024-02-28"):
        read_data(frame.iloc[::-1], THREE, NEXT)
    assert read_data(frame, THREE, NEXT).notes == ()


def test_an_order_that_can_not_be_told_is_said() -> None:
    """
    Where there are no dates, and where they may be read in two ways.
    """
    strange = dated([f"0{n}/{13 - n}/2023" for n in range(1, 6)])

    with pytest.warns(DataWarning, match="has no column of dates"):
        plain = read_data(series(5), THREE, NEXT)
    with pytest.warns(DataWarning, match="can't be told"):
        told = read_data(strange, THREE, NEXT)

    assert plain.notes == (
        "the dataset has no column of dates: its rows are taken to be in the order of "
        "time, the oldest first.",
    )
    assert told.notes == (
        "The table: The order of the rows in time can't be told from 'Date', such as "
        "'01/12/2023': they are taken to be the oldest first.",
    )


@pytest.mark.parametrize("name", [None, "date", "Date"])
def test_the_index_of_a_parquet_file_counts(name: str | None, tmp_path: Path) -> None:
    """
    Whatever its name, to a forecast as to what is learned.
    """
    path = tmp_path / "rows.parquet"
    days = pd.to_datetime(DAYS, format="%d.%m.%Y").rename(name)
    frame = dated(DAYS).set_index(days).drop(columns="Date")
    frame.iloc[::-1].to_parquet(path)
    shown = repr(name) if name else "the index"
    back = f"The rows go back in time: {shown} falls to "

    with pytest.raises(DataError) as learned:
        read_data(path, THREE, NEXT)
    with pytest.raises(InputError) as forecast:
        SeriesPreprocessor().load_item(read_inputs(path, THREE), THREE)

    assert str(learned.value) == f"{path}: {back}2024-02-28 00:00:00."
    assert forecast.value.problem == f"{back}2024-02-28 00:00:00."
