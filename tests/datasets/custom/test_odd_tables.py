"""What is odd about a table is said by every verb: far values, totals, two series."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import zoo
from zoo.errors import DataError, InputError

NAME, PRICES = "mlp-exam-score", "rnn-netflix"
WEEKDAYS = pd.bdate_range("2024-01-01", periods=40).strftime("%Y-%m-%d")
ROWS = pd.DataFrame(
    {
        "study": [0.5 + 0.05 * row for row in range(40)],
        "sleep": [6 + 0.07 * (row * 7 % 40) for row in range(40)],
        "score": [0.55 + 0.007 * row for row in range(40)],
    }
)
CLOSE = [200.5 + row * 3 % 7 for row in range(40)]
SERIES = pd.DataFrame(
    {
        "date": WEEKDAYS,
        "close": CLOSE,
        "high": [value + 2 for value in CLOSE],
        "low": [value - 2 for value in CLOSE],
    }
)
FAR = "lies far outside the training data (0 to 7 hours): check its unit."
TICKERS = (
    "The rows are of 2 series, one for each value of 'ticker' ('A', 'B'), and a model "
    "takes one: keep the rows of one value."
)


def said(call: Callable[..., Any], *arguments: Any, **options: Any) -> list[str]:
    """Return what a call warns of, where each is at this file, as a user's own."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*arguments, **options)
    assert {one.filename for one in caught} <= {__file__}
    return [str(one.message) for one in caught]


def refused(call: Callable[..., Any], *arguments: Any, **options: Any) -> str:
    """Return why a call is refused, without what the model expects."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises((DataError, InputError)) as caught:
            call(*arguments, **options)
    problem = getattr(caught.value, "problem", "")
    return problem or str(caught.value)


def written(folder: Path, frame: pd.DataFrame, name: str = "rows.csv") -> Path:
    frame.to_csv(folder / name, index=False)
    return folder / name


def learned(folder: Path, data: Any, name: str = NAME) -> list[str]:
    """Return what fine-tuning says of data."""
    target = {"target": "score"} if name == NAME else {}
    return said(
        zoo.finetune, name, data, folder / "run", epochs=1, progress=False, **target
    )


def put(row: int, column: str, value: float) -> pd.DataFrame:
    frame = ROWS.copy()
    frame.loc[row, column] = value
    return frame


# Values far outside the training data


def test_each_prediction_says_what_is_far() -> None:
    """
    In every call anew, of the column, with its value and what training saw.
    """
    model = zoo.load(NAME)

    for value in (99, -99, 99):
        row = {"study": value, "sleep": 7}
        assert said(zoo.predict, model, row) == [f"study = {value} {FAR}"]
    assert said(zoo.predict, model, {"study": 9, "sleep": 7}) == []


def test_far_values_of_several_rows_are_counted(tmp_path: Path) -> None:
    """
    Of every column; with the first row as the input names it, in one call and in a
    stream.
    """
    model = zoo.load(NAME)
    frame = ROWS[["study", "sleep"]].copy()
    frame.loc[[3, 9], "study"] = 99
    frame.loc[38, "sleep"] = -1
    path = written(tmp_path, frame)
    told = said(zoo.predict, model, path)
    streamed = said(lambda: [*zoo.predict_iter(model, path, batch_size=4)])
    framed = said(zoo.predict, model, frame)

    assert told[0] == f"study = 99 (line 5 and 1 more) {FAR}"
    assert framed[0] == f"study = 99 (row 4 and 1 more) {FAR}"
    assert streamed[0].endswith(f"and 1 more) {FAR}")
    assert told[1] == (
        "sleep = -1 (line 40) is negative, and nothing in the training data is (4 to "
        "10 hours): check it."
    )


def test_a_negative_number_where_training_saw_none() -> None:
    """
    However wide the range: there are no fewer people than none.
    """
    spec = zoo.get_spec("mlp-california").input
    row = {column.name: (column.low + column.high) / 2 for column in spec.columns}
    low, high = next((c.low, c.high) for c in spec.columns if c.name == "population")

    assert said(zoo.predict, "mlp-california", row | {"population": -1}) == [
        "population = -1 is negative, and nothing in the training data is "
        f"({low:.4g} to {high:.4g}): check it."
    ]


def test_evaluation_and_fine_tuning_say_what_is_far(tmp_path: Path) -> None:
    """
    Of every column; with the line of a file, and the row of a frame.
    """
    path = written(tmp_path, put(3, "study", 99))
    model = zoo.load(NAME)

    for _ in range(2):
        assert said(zoo.evaluate, model, path, target="score") == [
            f"rows.csv: study = 99 (line 5) {FAR}"
        ]
    told = f"The table: study = 99 (row 4) {FAR}"
    assert told in learned(tmp_path, put(3, "study", 99))


def test_a_far_value_of_a_series_is_named_by_its_row(tmp_path: Path) -> None:
    """
    Once, and not for every window that it is in.
    """
    low, high = next(
        (c.low, c.high) for c in zoo.get_spec(PRICES).input.columns if c.name == "high"
    )
    frame = SERIES.copy()
    frame.loc[20, "high"] = 90_000
    rest = f"far outside the training data ({low:.4g} to {high:.4g} dollars)"
    told = f"The table: high = 9e+04 (row 21) lies {rest}: check its unit."

    assert said(zoo.evaluate, PRICES, frame) == [told]
    assert told in learned(tmp_path, frame, PRICES)
    assert said(zoo.predict, PRICES, frame) == [
        f"high = 9e+04 in step 11 of 30 lies {rest}: check its unit."
    ]


def test_targets_far_from_all_others(tmp_path: Path) -> None:
    """
    In evaluation and fine-tuning, with the row.
    """
    frame = put(3, "score", 99)
    told = (
        "the table: the target is 99 (row 4), far from its other values (0.55 to "
        "0.823): check it."
    )

    assert said(zoo.evaluate, NAME, frame, target="score") == [told]
    assert told in learned(tmp_path, frame)


# Totals, and a target that is one number


@pytest.mark.parametrize("word", ["Total", "Sum", "합계", "TOTAL:"])
def test_a_last_row_that_says_it_is_the_total(word: str, tmp_path: Path) -> None:
    """
    By every verb, with its line, whatever numbers it holds.
    """
    frame = ROWS.assign(name=[f"n{row}" for row in range(40)])
    frame.loc[40] = [2, 7, 0.6, word]
    path = written(tmp_path, frame)
    told = (
        f"line 42 holds {word!r}, and seems to be the total of the rows before it: "
        "take it out."
    )

    assert said(zoo.predict, NAME, path) == [f"{path}, {told}"]
    assert said(zoo.evaluate, NAME, path, target="score") == [f"rows.csv: {told}"]
    if word == "Total":
        assert f"rows.csv: {told}" in learned(tmp_path, path)


def test_a_last_row_that_is_the_sum_of_the_others(tmp_path: Path) -> None:
    """
    In every column that a model reads, and of the target.
    """
    frame = pd.concat([ROWS, ROWS.sum().to_frame().T], ignore_index=True)
    told = (
        "row 41 is the sum of the rows before it in every column, and seems to be "
        "their total: take it out."
    )

    assert f"The table: {told}" in said(zoo.evaluate, NAME, frame, target="score")
    assert f"The table: {told}" in learned(tmp_path, frame)
    assert f"R{told[1:]}" in said(zoo.predict, NAME, frame[["study", "sleep"]])


def test_rows_that_are_no_total() -> None:
    """
    A last row that is no greater than another is none, as of XOR; nor are two rows.
    """
    xor = {"a": [0, 0, 1, 1], "b": [0, 1, 0, 1]}

    assert said(zoo.predict, "xor-mlp", pd.DataFrame(xor)) == []
    assert said(zoo.predict, NAME, {"study": [2, 2], "sleep": [5, 5]}) == []


def test_a_series_with_a_total(tmp_path: Path) -> None:
    """
    The word is no date either, which is said with its line.
    """
    frame = SERIES.copy()
    frame.loc[40] = ["Total", *SERIES[["close", "high", "low"]].mean()]
    path = written(tmp_path, frame)
    order = (
        "The order of the rows in time can't be told: 'date' holds 'Total' (line 42), "
        "which is no date. They are taken to be the oldest first."
    )
    told = (
        "line 42 holds 'Total', and seems to be the total of the rows before it: take "
        "it out."
    )

    assert said(zoo.predict, PRICES, path) == [order, f"{path}, {told}"]
    expected = [f"rows.csv: {order}", f"rows.csv: {told}"]
    assert said(zoo.evaluate, PRICES, path) == expected
    assert learned(tmp_path, path, PRICES)[:2] == expected


def test_a_target_that_is_one_number(tmp_path: Path) -> None:
    frame = ROWS.assign(score=0.5)

    assert said(zoo.evaluate, NAME, frame, target="score") == [
        "the table: the target is 0.5 in every row: metrics say little about the model."
    ]
    assert learned(tmp_path, frame)[0] == (
        "the table: the target is 0.5 in every training row: nothing can be learned "
        "from it."
    )


# Several series in one table


def by_day() -> pd.DataFrame:
    both = pd.concat([SERIES.assign(ticker="A"), SERIES.assign(ticker="B")])
    return both.sort_values(["date", "ticker"])


@pytest.mark.parametrize("form", ["by day", "stacked", "index"])
def test_a_table_of_several_series_is_refused(form: str, tmp_path: Path) -> None:
    """
    Wherever the rows of each stand: with the column and its values, by every verb.
    """
    frame = by_day() if form == "by day" else by_day().sort_values(["ticker", "date"])
    given: Any = written(tmp_path, frame)
    source = str(given)
    if form == "index":
        given = frame.set_index(pd.to_datetime(frame.pop("date")))
        source = "The table"

    assert refused(zoo.predict, PRICES, given) == TICKERS
    assert refused(zoo.evaluate, PRICES, given) == f"{source}: {TICKERS}"
    assert refused(zoo.finetune, PRICES, given) == f"{source}: {TICKERS}"


def test_five_values_of_many_series_are_named(tmp_path: Path) -> None:
    """
    Codes of digits are known by the name of their column.
    """
    parts = [SERIES.assign(종목코드=f"{number:06}") for number in range(1, 8)]
    path = written(tmp_path, pd.concat(parts))

    assert refused(zoo.predict, PRICES, path) == (
        "The rows are of 7 series, one for each value of '종목코드' ('000001', "
        "'000002', '000003', '000004', '000005' and 2 more), and a model takes one: "
        "keep the rows of one value."
    )


def test_days_that_come_twice_are_no_series(tmp_path: Path) -> None:
    """
    A few of them, beside words that differ by chance, and hours of a day.
    """
    frame = pd.concat([SERIES, SERIES.tail(3)]).sort_values("date")
    frame["mood"] = ["calm", "wild"] * 21 + ["calm"]
    path = written(tmp_path, frame)
    hours = pd.DataFrame(SERIES.iloc[:36]).assign(
        date=[f"2024-01-0{1 + row // 12}" for row in range(36)],
        hour=[row % 12 for row in range(36)],
    )

    (told,) = said(zoo.evaluate, PRICES, path)
    assert "has the time of the row before in 3 rows" in told
    assert said(zoo.evaluate, PRICES, hours) == []


# A cell that is no number


@pytest.mark.parametrize("suffix", ["csv", "parquet", "frame"])
def test_a_bad_cell_is_named_in_one_way(suffix: str, tmp_path: Path) -> None:
    """
    With its file and line, by prediction and evaluation; by fine-tuning beside all
    others.
    """
    frame = ROWS.astype({"study": object})
    frame.loc[2, "study"] = None if suffix == "parquet" else "N/A"
    given: Any = tmp_path / f"rows.{suffix}"
    place, name = f"{given}, line 4", "line 4"
    if suffix == "csv":
        frame.to_csv(given, index=False)
    elif suffix == "parquet":
        frame.to_parquet(given)
        place, name = f"{given}, row 3", "row 3"
    else:
        given, place, name = frame, "Row 3", "row 3"
    shown = "None" if suffix == "parquet" else "'N/A'"
    told = f"column 'study' holds {shown}, not a number"

    assert refused(zoo.predict, NAME, given) == f"{place}: {told}."
    how = {"target": "score"}
    assert refused(zoo.evaluate, NAME, given, **how) == f"{place}: {told}."
    assert f" 1 input can't be read. {name}: {told}. Mend" in refused(
        zoo.finetune, NAME, given, tmp_path / "run", **how
    )


def test_a_bad_cell_of_a_series_is_named_once(tmp_path: Path) -> None:
    """
    And not for each window that it is in.
    """
    frame = SERIES.astype({"high": object})
    frame.loc[35, "high"] = "x"
    path = written(tmp_path, frame)
    told = f"{path}, line 37: column 'high' holds 'x', not a number."

    assert refused(zoo.predict, PRICES, path) == told
    assert refused(zoo.evaluate, PRICES, path) == told
    assert refused(zoo.finetune, PRICES, path, tmp_path / "run") == (
        f"rows.csv: 1 input can't be read. {told} Mend them, or leave them out with "
        "skip_unreadable=True (--skip-unreadable)."
    )


# Messages


NO_NAMES = "The first line holds numbers, and no names of columns: add them."


@pytest.mark.parametrize(
    ("name", "content", "predicted", "learned"),
    [
        (
            "rows.csv",
            "study,sleep,score\n",
            "{path} has names of columns, and no rows.",
            "rows.csv has names of columns, and no rows.",
        ),
        (
            "rows.json",
            '{"study": 1, "sleep": 7, "score": 1}\n' * 2,
            "{path} holds several objects, one a line, and no list of them: name it "
            ".jsonl.",
            "{path} holds several objects, one a line, and no list of them: name it "
            ".jsonl.",
        ),
        (
            "rows.csv",
            "2,7,.5\n3,7,.6\n",
            f"{{path}}, line 2: column 'study' is missing. {NO_NAMES}",
            f"{{path}} has no target column 'score'. {NO_NAMES}",
        ),
        (
            "rows.csv",
            "a,b,score\n2,7,.5\n3,7,.6\n",
            "{path}, line 2: column 'study' is missing. There is: a, b, score.",
            "{path} has no columns 'study', 'sleep', which the model takes. It has a, "
            "b, score.",
        ),
        (
            "rows.csv",
            "studi,sleep,score\n2,7,.5\n3,7,.6\n",
            "{path}, line 2: column 'study' is missing. Is it 'studi'?",
            "{path} has no column 'study', which the model takes. Did you mean "
            "'studi'? It has studi, sleep, score.",
        ),
    ],
    ids=["header alone", "lines", "no header", "others", "misspelt"],
)
def test_files_that_are_not_as_meant(
    name: str, content: str, predicted: str, learned: str, tmp_path: Path
) -> None:
    """
    What is wrong, and what to do about it.
    """
    (path := tmp_path / name).write_text(content)

    assert refused(zoo.predict, NAME, path) == predicted.format(path=path)
    for verb in (zoo.evaluate, zoo.finetune):
        told = refused(verb, NAME, path, target="score")
        assert told == learned.format(path=path)


@pytest.mark.parametrize(
    ("value", "what"),
    [('{"body": "fine", "n": 1}', "an object (with 'body', 'n')"), ('["a"]', "a list")],
)
def test_nested_json_is_no_text(value: str, what: str, tmp_path: Path) -> None:
    """
    Its place and its fields are said by every verb.
    """
    path = tmp_path / "rows.jsonl"
    path.write_text(
        f'{{"text": "a", "label": "pos"}}\n{{"text": {value}, "label": "neg"}}\n'
    )
    told = (
        f"{path}, line 2: the column 'text' holds {what}, and no text. Make a column "
        "of its own of the texts."
    )

    for verb in (zoo.predict, zoo.evaluate, zoo.finetune):
        assert refused(verb, "lstm-imdb", path) == told
