"""A model whose answer is a number: its output, its result and its measures."""

import json

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error
from torch import Tensor

from zoo import ClassOutput, Column, NumberOutput, TabularInput
from zoo.datasets.in_memory import TensorRows, load_rows, synthetic_rows
from zoo.errors import InputError, SpecError
from zoo.evaluation.baselines import least_squares, logistic, mean
from zoo.evaluation.metric_selection import signed_score
from zoo.runtime import lower_is_better
from zoo.specs import Output
from zoo.tasks import get_task
from zoo.tasks.results.vision import Regression

PRICE = NumberOutput(name="price", unit="dollars")
DOING = get_task("tabular-regression")
ROW = TabularInput(columns=(Column(name="x", low=0, high=1),))


def test_a_number_prints_with_its_name_and_unit() -> None:
    """
    The answer is one short line, with a unit where there is one.
    """
    assert str(Regression(value=1234.56, name="price", unit="dollars")) == (
        "price: 1235 dollars"
    )
    assert str(Regression(value=-0.5, name="sine")) == "sine: -0.5"


def test_a_number_is_plain_json() -> None:
    """
    `.to_dict()` survives a round trip through JSON unchanged.
    """
    found = Regression(value=0.5, name="price", unit="dollars").to_dict()

    assert found == {"value": 0.5, "name": "price", "unit": "dollars"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_a_number_escapes_its_unit() -> None:
    """
    A unit can't bring a tag into the page.
    """
    shown = Regression(value=1.0, name="n", unit="<b>kg</b>")._repr_html_()

    assert "<table>" in shown
    assert "<b>" not in shown


@pytest.mark.parametrize("shape", [(3, 1), (3,)], ids=str)
def test_results_are_one_for_each_row(shape: tuple[int, ...]) -> None:
    """
    A column of outputs and a flat row of them say the same.
    """
    found = DOING.postprocess(torch.arange(3.0).view(shape), [None] * 3, PRICE)

    expected = [Regression(value=v, name="price", unit="dollars") for v in (0, 1, 2)]
    assert found == expected


@pytest.mark.parametrize("shape", [(3, 2), (3, 1, 1)], ids=str)
def test_an_output_that_is_not_one_number(shape: tuple[int, ...]) -> None:
    """
    A model that gives several numbers a row is told apart.
    """
    with pytest.raises(SpecError) as caught:
        DOING.postprocess(torch.zeros(shape), [None] * 3, PRICE)

    assert str(caught.value) == (
        "NumberOutput: name='price' should be the one number of a row, but the model's "
        f"output is {shape}."
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_output_that_is_not_finite(value: float) -> None:
    """
    NaN and infinity are no answers.
    """
    with pytest.raises(InputError) as caught:
        DOING.postprocess(torch.tensor([[value]]), [None], PRICE)

    assert str(caught.value) == (
        "The model's output is not finite: its weights or this input are at fault. The "
        "model expects numbers it can count with."
    )


def test_measures_are_scikit_learns() -> None:
    """
    RMSE, MAE and R2; (B, 1) against (B,) is B differences and not B x B.
    """
    random = torch.Generator().manual_seed(0)
    true = torch.randn(50, generator=random) * 9 + 100
    said = true + torch.randn(50, generator=random)

    assert DOING.compute_metrics(said[:, None], true, PRICE) == {
        "rmse": pytest.approx(root_mean_squared_error(true, said), rel=1e-5),
        "mae": pytest.approx(mean_absolute_error(true, said), rel=1e-5),
        "r2": pytest.approx(r2_score(true, said), rel=1e-5),
    }


def test_a_number_needs_a_name() -> None:
    """
    An output that nobody can call anything is refused.
    """
    with pytest.raises(SpecError, match="NumberOutput: name='' should be what"):
        NumberOutput(name="")


def test_config_json_knows_both_outputs() -> None:
    """
    Labels and numbers are read back as they were; another kind is refused.
    """
    classes = ClassOutput(labels=("a", "b"))
    plain = {"kind": "classes", "labels": ["a", "b"], "function_to_apply": "softmax"}

    assert Output.from_plain({**plain, "multi_label": False}) == classes
    assert Output.from_plain(
        {"kind": "number", "name": "price", "unit": "dollars"}
    ) == (PRICE)
    with pytest.raises(ValueError, match="kind: invalid value 'box'"):
        Output.from_plain({"kind": "box"})


def test_noise_for_a_number_is_numbers() -> None:
    """
    A smoke run without data gets one float a row.
    """
    rows = synthetic_rows(ROW, PRICE, 8, "made")

    assert rows.target.shape == (8,)
    assert rows.target.is_floating_point()


@pytest.mark.parametrize(
    ("name", "lower"),
    [
        *(("rmse", True), ("mae", True), ("mse", True), ("folds_rmse", True)),
        *(("loss", True), ("validation_loss", True), ("squared_error", True)),
        *(("feature_distance", True), ("frechet_distance", True)),
        *(("accuracy", False), ("r2", False), ("f1", False), ("maestro", False)),
    ],
)
def test_which_figures_are_better_when_lower(name: str, lower: bool) -> None:
    """
    Distances, losses and errors; everything else counts what is right.
    """
    assert lower_is_better(name) is lower
    assert signed_score(name, 2.0) == (-2.0 if lower else 2.0)  # what a run picks by


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> tuple[TensorRows, TensorRows]:
    """Training and test rows of a packaged set with a number to predict."""
    monkeypatch.delenv("ZOO_DATA", raising=False)
    columns = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
    return load_rows("diabetes", columns=columns, target="target").split(0.7, seed=0)


def test_least_squares_is_linear_regression(
    parts: tuple[TensorRows, TensorRows],
) -> None:
    """
    The line is scikit-learn's.
    """
    (given, answers), (asked, wanted) = (plain(rows) for rows in parts)
    said = LinearRegression().fit(given, answers).predict(asked)

    expected = pytest.approx(root_mean_squared_error(wanted, said), rel=1e-4)
    assert least_squares(*parts)["rmse"] == expected


def test_the_mean_is_of_the_training_rows(parts: tuple[TensorRows, TensorRows]) -> None:
    """
    What always saying the training mean is off by, in the test.
    """
    (_, answers), (_, wanted) = (plain(rows) for rows in parts)

    expected = pytest.approx(np.abs(wanted - answers.mean()).mean(), rel=1e-6)
    assert mean(*parts)["mae"] == expected


def test_logistic_is_logistic_regression(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Of three labels, it is right as often as scikit-learn's.
    """
    monkeypatch.delenv("ZOO_DATA", raising=False)
    columns = ("sepal_length", "sepal_width", "petal_length", "petal_width")
    training, test = load_rows("iris", columns=columns).split(0.6, seed=0)
    middle, spread = training.input.mean(dim=0), training.input.std(dim=0)

    def scaled(rows: TensorRows) -> Tensor:
        return (rows.input - middle) / spread

    theirs = LogisticRegression(max_iter=1000).fit(scaled(training), training.target)

    expected = pytest.approx(theirs.score(scaled(test), test.target))
    assert logistic(training, test) == expected


def plain(rows: TensorRows) -> tuple[np.ndarray, np.ndarray]:
    return rows.input.double().numpy(), rows.target.double().numpy()
