"""What only the reader of prices promises; the rest is in zoo.testing."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from zoo_rnn.prices import PriceRNN, price_rnn
from zoo_rnn.prices_recipe import data
from zoo_rnn.random_walk import random_walk

import zoo
from zoo import Run
from zoo.errors import DataError, InputError
from zoo.tasks.results.vision import Forecast

EXAMPLE = zoo.example("rnn-netflix")
WANTED = (
    " The model expects the last 30 rows of a series (close, high, low), the oldest "
    "first: a DataFrame, a list of dicts or of lists, an array, or a CSV file with a "
    "header (its path, or bytes); or a list of several of those."
)


@pytest.fixture(scope="module")
def model() -> PriceRNN:
    loaded = zoo.load("rnn-netflix")
    assert isinstance(loaded, PriceRNN)
    return loaded


@pytest.fixture
def days() -> pd.DataFrame:
    return pd.read_csv(EXAMPLE)


def test_the_sizes_are_the_courses() -> None:
    """
    RNN(3, 8, 5 layers), then 240-64-1: 16,169 parameters.
    """
    made = price_rnn()

    assert (made.rnn.input_size, made.rnn.hidden_size, made.rnn.num_layers) == (3, 8, 5)
    assert [tuple(p.shape) for p in made.fc.parameters()] == [
        (64, 240),
        (64,),
        (1, 64),
        (1,),
    ]
    assert sum(p.numel() for p in made.parameters()) == 16_169


def test_no_change_is_the_last_close() -> None:
    """
    With zero from the last layer the forecast is persistence.
    """
    made, price = price_rnn().eval(), 50 + 100 * torch.rand(4, 30, 3)
    torch.nn.init.zeros_(made.fc[2].weight)
    torch.nn.init.zeros_(made.fc[2].bias)

    assert torch.equal(made(price), price[:, -1, :1])


def test_the_scale_of_prices_does_not_matter(model: PriceRNN) -> None:
    """
    Ten times the prices, ten times the forecast: nothing but the window scales it.
    """
    price = 100 + torch.rand(4, 30, 3)

    assert torch.allclose(model(10 * price), 10 * model(price), rtol=1e-5)


def test_the_spread_is_that_of_daily_changes() -> None:
    """
    In shares of the day before, over the windows that are given and no others.
    """
    made = price_rnn()
    price = torch.tensor([100.0, 110.0, 99.0])[None, :, None].expand(1, 3, 3)
    changes = torch.tensor([0.1, -0.1])

    made.fit_scale(price)

    assert made.return_std.item() == pytest.approx(changes.std().item(), abs=1e-6)


@pytest.mark.parametrize("split", ["train", "test"])
def test_windows_end_on_the_day_before_their_target(split: str) -> None:
    """
    No row holds anything of the day that it is asked for, and no day is left out.
    """
    run = Run(zoo.get_spec("rnn-netflix"))
    try:
        rows = data(run, split)
    except DataError as exc:
        pytest.skip(str(exc))
    whole = [*zoo.load_dataset("netflix_stock", "train")["close"]]
    first = 30 if split == "train" else len(whole)
    whole += zoo.load_dataset("netflix_stock", "test")["close"]
    close = torch.tensor(whole, dtype=torch.float64)

    assert rows.timed
    assert len(rows) == (977 if split == "train" else 252)
    for number in (0, 1, len(rows) - 1):
        day = first + number
        assert rows.target[number].item() == close[day].item()
        assert torch.allclose(rows.input[number, :, 0], close[day - 30 : day].float())


def test_the_example_is_a_random_walk() -> None:
    """
    The file is what its function draws, from a fixed seed: nobody's prices.
    """
    assert EXAMPLE.read_text(encoding="utf-8") == random_walk()
    assert random_walk(5) == "".join(random_walk().splitlines(keepends=True)[:6])


def test_every_form_gives_the_same_forecast(
    model: PriceRNN, days: pd.DataFrame
) -> None:
    """
    A file, a frame, dicts, an array in the order of the columns, a tensor.
    """
    plain = days[["close", "high", "low"]]
    forms = [
        EXAMPLE,
        str(EXAMPLE),
        EXAMPLE.read_bytes(),
        days,
        days.tail(30),
        days.to_dict(orient="records"),
        days.to_dict(orient="list"),
        plain.to_numpy(),
        torch.tensor(plain.to_numpy()),
        plain.to_numpy().tolist(),
    ]
    first, *others = (zoo.predict(model, form) for form in forms)
    together = zoo.predict(model, [days, days.tail(30)])

    assert isinstance(first, Forecast)
    assert (first.name, first.unit, first.horizon) == ("close", "dollars", 1)
    assert first.history == pytest.approx(days["close"].tail(30).tolist())
    for other in [*others, *together]:
        assert other.values == pytest.approx(first.values, rel=1e-6)


def test_it_hardly_moves(model: PriceRNN, days: pd.DataFrame) -> None:
    """
    As the card says: the forecast is the last close, within a percent.
    """
    found = zoo.predict(model, days)

    assert found.values[0] == pytest.approx(days["close"].iloc[-1], rel=0.01)


def test_what_is_wrong_with_a_series_is_said(
    model: PriceRNN, days: pd.DataFrame, tmp_path: Path
) -> None:
    """
    Too short, a column too few, a gap, a word, and nothing at all.
    """
    gap = days.copy()
    gap.loc[20, "close"] = np.nan
    word = tmp_path / "word.csv"
    word.write_text(EXAMPLE.read_text().replace("229.94", "closed"), encoding="utf-8")
    faults = {
        "The series has 12 rows, 18 too few.": days.tail(12),
        "Row 11: column 'low' is missing. There is: day, open, high, close.": (
            days.drop(columns="low")
        ),
        "Row 21: column 'close' holds nan, not a number.": gap,
        f"{word}, line 41: column 'close' holds 'closed', not a number.": word,
        "A NoneType is not a series.": None,
    }

    for problem, raw in faults.items():
        with pytest.raises(InputError) as told:
            zoo.predict(model, raw)
        assert str(told.value) == problem + WANTED


def test_other_prices_warn(model: PriceRNN, days: pd.DataFrame) -> None:
    """
    Cents for dollars are answered, with a word about the unit.
    """
    cents = 100 * days[["close", "high", "low"]]

    with pytest.warns(UserWarning, match="lies far outside the training data"):
        zoo.predict(model, cents)


@pytest.mark.filterwarnings("ignore:.*far from its other values")
def test_prices_of_zero_are_measured_by_no_number(
    model: PriceRNN, days: pd.DataFrame, tmp_path: Path
) -> None:
    """
    A return from a close of zero is none: the row that is forecast from it is named.
    """
    path = tmp_path / "zeros.csv"
    days.loc[30, ["close", "high", "low"]] = 0  # the last row of a window
    days.to_csv(path, index=False)

    with pytest.raises(DataError) as caught:
        zoo.evaluate(model, path)

    assert str(caught.value) == (
        "zeros.csv: the model's answer is not a finite number for 1 row, the first "
        "line 33. Look for values in its input that it can't compute with, such as 0 "
        "for a missing one."
    )
