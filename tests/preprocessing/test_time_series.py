"""A series in every form a person has it, what is said about a wrong one, forecasts."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from zoo import Column, ForecastOutput, SeriesInput
from zoo.cli import render
from zoo.errors import InputError, SpecError
from zoo.preprocessing.time_series import SeriesPreprocessor
from zoo.runtime.time_series import Series, describe
from zoo.specs import Input, Output
from zoo.tasks import get_task
from zoo.tasks.results.vision import Forecast
from zoo.tasks.targets.base import targets_of

PRICES = SeriesInput(
    columns=(
        Column(name="close", low=10.0, high=20.0, unit="dollars"),
        Column(name="volume", low=0.0, high=100.0),
    ),
    length=3,
)
ALONE = SeriesInput(columns=(Column(name="level", low=0.0, high=1.0),), length=3)
ROWS = [[9.0, 1.0], [11.0, 2.0], [12.0, 3.0], [13.0, 4.0]]
LAST = ROWS[1:]
SERIES = SeriesPreprocessor()
FRAME = pd.DataFrame(ROWS, columns=["close", "volume"])
DOING = get_task("time-series-forecasting")
CLOSE = ForecastOutput(name="close", unit="dollars", horizon=2)
WANTED = (
    " The model expects the last 3 rows of a series (close, volume), the oldest first: "
    "a DataFrame, a list of dicts or of lists, an array, or a CSV file with a header "
    "(its path, or bytes); or a list of several of those."
)

FORMS: dict[str, Any] = {
    "frame": FRAME,
    "frame with more columns": FRAME.assign(day=["a", "b", "c", "d"]),
    "list of dicts": FRAME.to_dict(orient="records"),
    "list of lists": ROWS,
    "tuple of tuples": tuple(map(tuple, ROWS)),
    "list of series": [row for _, row in FRAME.iterrows()],
    "list of arrays": list(np.array(ROWS)),
    "dict of lists": FRAME.to_dict(orient="list"),
    "array": np.array(ROWS),
    "tensor": torch.tensor(ROWS),
    "bytes": FRAME.to_csv(index=False).encode(),
    "just long enough": LAST,
}


def read(raw: Any) -> list[Series]:
    return [SERIES.load_item(one, PRICES) for one in SERIES.split_items(raw, PRICES)[0]]


@pytest.mark.filterwarnings("ignore:.*has no column of dates")
@pytest.mark.parametrize("form", FORMS)
def test_one_series(form: str) -> None:
    """
    Its last rows are taken, by name where there are names.
    """
    found, single = SERIES.split_items(FORMS[form], PRICES)

    assert single
    assert [SERIES.load_item(one, PRICES).rows for one in found] == [LAST]


@pytest.mark.parametrize(
    "several",
    [
        [FRAME, FRAME],
        [ROWS, ROWS],
        [FRAME.to_dict(orient="records")] * 2,
        [FRAME.to_dict(orient="list")] * 2,
        np.array([ROWS, ROWS]),
        torch.tensor([ROWS, ROWS]),
        [torch.tensor(ROWS), torch.tensor(ROWS)],
    ],
    ids=lambda value: type(value).__name__,
)
def test_several_series(several: Any) -> None:
    """
    A list of whole series is answered by a list.
    """
    found, single = SERIES.split_items(several, PRICES)

    assert not single
    assert [SERIES.load_item(one, PRICES).rows for one in found] == [LAST, LAST]


@pytest.mark.filterwarnings("ignore:.*has no column of dates")
def test_files(tmp_path: Path) -> None:
    """
    A path is one series, a list of paths are several.
    """
    path = tmp_path / "prices.csv"
    FRAME.to_csv(path, index=False)

    assert SERIES.split_items(str(path), PRICES) == ([str(path)], True)
    assert SERIES.load_item(path, PRICES).rows == LAST
    assert SERIES.split_items([path, path], PRICES) == ([path, path], False)


@pytest.mark.parametrize(
    "flat",
    [
        [0.0, 0.25, 0.5, 1.0],
        np.array([0.0, 0.25, 0.5, 1.0]),
        pd.Series([9, 0.25, 0.5, 1]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_series_of_one_column_may_be_flat(flat: Any) -> None:
    """
    Numbers one after the other, where there is only one to say at a time.
    """
    (found,), single = SERIES.split_items(flat, ALONE)

    assert single
    assert SERIES.load_item(found, ALONE).rows == [[0.25], [0.5], [1.0]]


def test_what_comes_before_is_not_looked_at() -> None:
    """
    A gap in an early row, as differences leave one, does no harm.
    """
    held = [[None, "x"], *LAST]

    assert SERIES.load_item(held, PRICES).rows == LAST


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (LAST[:2], "The series has 2 rows, 1 too few."),
        ([5.0, 6.0], "The series has 1 row, 2 too few."),
        ([], "The input is empty."),
        (np.zeros((0, 3, 2)), "The input is empty."),
        (None, "A NoneType is not a series."),
        (7, "An int is not a series."),
        (object(), "An object is not a series."),
        ([*LAST, None], "Row 4: None is not a row."),
        ("no such file", "There is no file 'no such file'."),
        (
            FRAME.rename(columns={"close": "Close"}),
            "Row 2: column 'close' is missing. Is it 'Close'?",
        ),
        (FRAME[["close"]], "Row 2: column 'volume' is missing. There is: close."),
        (
            FRAME.assign(close=["9", "11", "twelve", "13"]),
            "Row 3: column 'close' holds 'twelve', not a number.",
        ),
        (
            FRAME.assign(close=[9, 11, 12, float("nan")]),
            "Row 4: column 'close' holds nan, not a number.",
        ),
        ([[1.0], [2.0], [3.0]], "Row 1: 1 value for 2 columns."),
        (torch.zeros(3), "3 values for 2 columns."),
        (np.zeros((2, 2, 2, 2)), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_series_is_refused(raw: Any, problem: str | None) -> None:
    """
    The message says what is wrong, and what the model takes.
    """
    with pytest.raises(InputError) as told:
        read(raw)

    assert str(told.value).endswith(WANTED)
    assert problem is None or str(told.value) == problem + WANTED


DAYS = ["2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07"]


@pytest.mark.parametrize(
    "days", [DAYS, pd.to_datetime(DAYS), [1, 2, 3, 4]], ids=["text", "dates", "numbers"]
)
def test_rows_that_go_back_in_time_are_refused(days: Any) -> None:
    """
    The newest first is how some sites give a series; in order it is read.
    """
    dated = FRAME.assign(Date=days)
    back = dated.iloc[::-1]

    with pytest.raises(InputError) as told:
        read(back)

    assert str(told.value) == (
        f"The rows go back in time: 'Date' falls to {back['Date'].iloc[-1]}." + WANTED
    )
    assert read(dated)[0].rows == LAST
    assert read(back.drop(columns="Date"))[0].rows == [*ROWS[:3][::-1]]


def dated(name: str, days: list[Any]) -> list[dict[str, Any]]:
    rows = zip(FORMS["list of dicts"], days, strict=True)
    return [{**row, name: day} for row, day in rows]


def test_times_that_can_not_be_told_are_said() -> None:
    """
    A gap among dates, words, and dates that may be read in two ways.
    """
    for days, odd in (
        ([1, 2, None, 4], "None"),
        (["x", "a", "b", "c"], "'a'"),
        (["x", "01/12/2023", "02/11/2023", "03/10/2023"], "'01/12/2023'"),
    ):
        message = (
            f"The order of the rows in time can't be told from 'date', such as {odd}: "
            "they are taken to be the oldest first."
        )
        with pytest.warns(UserWarning, match=re.escape(message)):
            assert read(dated("date", days))[0].rows == LAST


def test_days_that_stay_or_begin_anew_are_in_order() -> None:
    """
    Several rows of a day, and days of a month at its end.
    """
    assert read(dated("date", [1, 1, 1, 1]))[0].rows == LAST
    assert read(dated("day", [29, 30, 31, 1]))[0].rows == LAST


def test_rows_that_go_both_ways_in_time_are_refused() -> None:
    """
    They are no series in any order.
    """
    days = ["1.1.2020", "31.1.2020", "1.2.2020", "30.1.2020"]

    with pytest.raises(InputError) as told:
        read(dated("Date", days))

    assert told.value.problem == (
        "The rows are not in the order of time: 'Date' falls from 1.2.2020 to "
        "30.1.2020 (row 3). Sort them, the oldest first."
    )


def test_a_frame_is_dated_by_its_index() -> None:
    """
    Where it has dates, they say the order.
    """
    frame = FRAME.set_index(pd.to_datetime(DAYS))

    with pytest.raises(InputError) as told:
        read(frame.iloc[::-1])

    assert told.value.problem == (
        "The rows go back in time: the index falls to 2020-01-02 00:00:00."
    )
    assert read(frame)[0].rows == LAST


def test_a_batch_has_rows_and_columns() -> None:
    """
    (series, rows, columns), in float32.
    """
    found = SERIES.collate([SERIES.load_item(ROWS, PRICES)] * 2, PRICES)

    assert found.shape == (2, 3, 2)
    assert found.dtype == torch.float32
    assert found[1].tolist() == LAST


def test_what_lies_far_outside_is_told() -> None:
    """
    By column, with the first step of it, and the series where it is.
    """
    far = torch.tensor([[[11.0, 2.0], [12.0, 900.0], [13.0, 4.0]]])

    assert SERIES.input_warnings(torch.tensor([LAST]), PRICES) == []
    (found,) = SERIES.input_warnings(torch.cat([torch.tensor([LAST]), far]), PRICES)
    assert (found.kind, found.rows, found.noun) == ("volume", (1,), "series")
    assert found.text("series 2") == (
        "volume = 900 in step 2 of 3 (series 2) lies far outside the training data (0 "
        "to 100): check its unit."
    )


# Forecasts


def test_a_forecast_prints_with_what_it_follows() -> None:
    """
    A line, with unit and history where there are any.
    """
    whole = Forecast(values=(13.5, 14.0), name="close", unit="dollars", history=(13.0,))

    assert str(whole) == "close: 13.5, 14 dollars (after 13)"
    assert str(Forecast(values=(0.5,), name="level")) == "level: 0.5"
    assert whole.horizon == 2


def test_a_forecast_is_plain_json() -> None:
    """
    `.to_dict()` survives a round trip through JSON unchanged.
    """
    found = Forecast(values=(13.5,), name="close", unit="$", history=(12.0, 13.0))

    assert found.to_dict() == {
        "values": [13.5],
        "name": "close",
        "unit": "$",
        "horizon": 1,
        "history": [12.0, 13.0],
    }
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


def test_a_forecast_is_drawn() -> None:
    """
    Its picture has the line of the past, and dots for what is ahead; a flat one too.
    """
    shown = Forecast(values=(1.0,), name="<b>", history=(0.0, 0.0, 0.0))
    drawn = shown.picture
    assert isinstance(drawn, Image.Image)
    colours = {colour for _, colour in drawn.getcolors() or ()}

    assert {(0x44, 0x77, 0xAA), (0xCC, 0x66, 0x77)} <= colours
    assert drawn.getpixel((drawn.width - 8, 8)) == (0xCC, 0x66, 0x77)  # the highest
    assert "<img" in shown._repr_html_()
    assert "<b>" not in shown._repr_html_()
    assert Forecast(values=(1.0,), name="x").picture is None
    assert Forecast(values=(1.0,), name="x", history=(1.0, 1.0)).picture is not None


def test_results_know_their_history() -> None:
    """
    Of the column that is forecast; of a series that has none, nothing.
    """
    one = Series(LAST, ("close", "volume"))
    found = DOING.postprocess(torch.tensor([[14.0, 15.0]]), [one], CLOSE)
    other = ForecastOutput(name="weather")
    strange = DOING.postprocess(torch.tensor([[14.0]]), [one], other)

    assert found == [
        Forecast(
            values=(14.0, 15.0),
            name="close",
            unit="dollars",
            history=(11.0, 12.0, 13.0),
        )
    ]
    assert strange == [Forecast(values=(14.0,), name="weather")]


def test_measures_are_over_all_steps() -> None:
    """
    RMSE and MAE, as numpy has them; the loss is the mean of squares.
    """
    said = torch.tensor([[1.0, 2.0], [3.0, 5.0]])
    true = torch.tensor([[1.0, 4.0], [2.0, 5.0]])
    off = (said - true).numpy()

    found = DOING.compute_metrics(said, true, CLOSE)

    assert found["rmse"] == pytest.approx(np.sqrt((off**2).mean()))
    assert found["mae"] == pytest.approx(np.abs(off).mean())
    assert DOING.loss(said, true, CLOSE).item() == pytest.approx((off**2).mean())


def test_one_step_may_have_flat_targets() -> None:
    """
    (rows, 1) against (rows,) is not brought to rows x rows.
    """
    said, true = torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 3.0])
    meaning = ForecastOutput(name="close")

    assert DOING.compute_metrics(said, true, meaning) == {"rmse": 0.0, "mae": 0.0}
    assert DOING.loss(said, true, meaning).item() == 0.0


def test_an_output_of_other_steps_is_refused() -> None:
    """
    The spec and the model disagree.
    """
    with pytest.raises(SpecError) as told:
        DOING.postprocess(torch.zeros(2, 3), [None, None], CLOSE)

    assert str(told.value) == (
        "ForecastOutput: horizon=2 should be that of the model's output, (2, 3)."
    )


def test_an_output_that_is_not_finite_is_refused() -> None:
    """
    A price of zero, which nothing can be a share of, leads there.
    """
    with pytest.raises(InputError) as told:
        DOING.postprocess(torch.tensor([[1.0, torch.inf]]), [None], CLOSE)

    assert str(told.value) == (
        "The model's output is not finite: its weights or this input are at fault. "
        "The model expects numbers it can count with."
    )


# What is said of them elsewhere


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: SeriesInput(columns=PRICES.columns, length=0),
            "SeriesInput: length=0 should be at least 1.",
        ),
        (
            lambda: ForecastOutput(name=" "),
            "ForecastOutput: name=' ' should be what is forecast.",
        ),
        (
            lambda: ForecastOutput(name="close", horizon=0),
            "ForecastOutput: horizon=0 should be at least 1.",
        ),
    ],
    ids=["length", "name", "horizon"],
)
def test_what_can_not_be_meant_is_refused(make: Any, message: str) -> None:
    """
    At once, and not when the model runs.
    """
    with pytest.raises(SpecError) as told:
        make()

    assert str(told.value) == message


def test_a_folder_remembers_them() -> None:
    """
    What config.json holds becomes the same input and output again.
    """
    given, answer = (json.loads(json.dumps(asdict(one))) for one in (PRICES, CLOSE))

    assert Input.from_plain(given) == PRICES
    assert Output.from_plain(answer) == CLOSE


def test_noise_has_their_shape() -> None:
    """
    Within the range of each column, with an answer for each step.
    """
    random = torch.Generator().manual_seed(0)
    given = SERIES.synthetic(PRICES, 5, random)

    assert given.shape == (5, 3, 2)
    assert given[..., 0].min() >= 10
    assert given[..., 0].max() <= 20
    assert targets_of(CLOSE).synthetic(CLOSE, given, random).shape == (5, 2)
    one = replace(CLOSE, horizon=1)
    assert targets_of(one).synthetic(one, given, random).shape == (5,)


def test_zoo_info_says_them() -> None:
    """
    How many rows of what, and what comes next.
    """
    assert PRICES.description == (
        "the last 3 rows of close 10 to 20 dollars; volume 0 to 100"
    )
    assert CLOSE.facts == {"output": "close dollars, 2 ahead"}
    assert list(render.result(Forecast(values=(2.0,), name="x"))) == ["x: 2"]


def test_zoo_predict_draws_a_series_in_a_line() -> None:
    """
    Bars for what was, a stroke, and bars for what is forecast; flat ones too.
    """
    risen = Forecast(values=(8.0, 1.0), name="x", history=(1.0, 2.0, 4.0))
    flat = Forecast(values=(1.0,), name="x", history=(1.0, 1.0))

    assert list(render.result(risen)) == ["x: 8, 1 (after 4)", "  ▁▂▄|█▁"]
    assert list(render.result(flat)) == ["x: 1 (after 1)", "  ▁▁|▁"]


def test_the_words_for_a_model_are_complete() -> None:
    """
    The message of an error ends with them.
    """
    assert describe(PRICES) == WANTED.removeprefix(" The model expects ")[:-1]


def test_dates_of_other_forms_are_looked_at_too() -> None:
    """
    As `pandas.read_csv(file, index_col="date")` gives them, and `to_dict("list")`.
    """
    back = FRAME.assign(date=DAYS).iloc[::-1]

    for raw in (back.set_index("date"), back.to_dict("list")):
        with pytest.raises(InputError, match="The rows go back in time"):
            read(raw)
    assert read(FRAME.assign(date=DAYS).set_index("date"))[0].rows == LAST


def test_a_series_of_one_column_is_dated_by_its_index() -> None:
    """
    A Series of pandas, the newest first, is refused as a frame is.
    """
    days = pd.to_datetime(["2020-01-03", "2020-01-02", "2020-01-01"])
    column = pd.Series([3.0, 2.0, 1.0], index=days)

    opened = SERIES.load_item(column[::-1], ALONE)

    assert opened.rows == [[1.0], [2.0], [3.0]]
    with pytest.raises(InputError) as caught:
        SERIES.load_item(column, ALONE)
    with pytest.raises(InputError) as of_a_frame:
        SERIES.load_item(column.to_frame("level"), ALONE)
    assert caught.value.problem == of_a_frame.value.problem


NEWEST_FIRST = ["2023-05-03", "2023-05-02", "2023-05-01", "2023-04-28"]


@pytest.mark.parametrize("name", ["", "거래일자", "기준일시", "tradeDate"])
def test_a_file_is_dated_by_its_first_column(name: str, tmp_path: Path) -> None:
    """
    Without a name too, as `frame.to_csv` writes the index; numbers of rows are no
    dates.
    """
    path = tmp_path / "rows.csv"
    said = repr(name) if name else "the first column"
    FRAME.set_index(pd.Index(NEWEST_FIRST)).to_csv(path, index_label=name)

    for raw in (path, path.read_bytes()):
        with pytest.raises(InputError) as told:
            read(raw)
        assert told.value.problem == f"The rows go back in time: {said} falls to " + (
            "2023-04-28."
        )
    FRAME.set_index(pd.Index(NEWEST_FIRST[::-1])).to_csv(path, index_label=name)
    assert read(path)[0].rows == LAST


def test_numbers_of_rows_in_a_file_say_nothing_of_time(tmp_path: Path) -> None:
    """
    They stand in a first column without a name, and may fall.
    """
    path = tmp_path / "rows.csv"
    for frame in (FRAME, FRAME.set_index(pd.Index([3, 2, 1, 0]))):
        frame.to_csv(path)
        assert read(path)[0].rows == LAST
