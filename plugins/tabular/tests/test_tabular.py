"""What only the tabular models promise; what every model promises is in zoo.testing."""

import re
from pathlib import Path
from statistics import mean

import numpy as np
import pytest
import torch
from datasets import Dataset
from scipy.stats import binomtest
from sklearn.linear_model import LinearRegression, LogisticRegression
from zoo_tabular import tables, thoracic_recipe
from zoo_tabular.cancer_recipe import roc_auc
from zoo_tabular.cross_validation import cross_validate
from zoo_tabular.mlp import StandardScaler, tabular_mlp
from zoo_tabular.patient_report import (
    compare_with_logistic_regression,
    mcnemar_p_value,
)
from zoo_tabular.polynomial import cubic
from zoo_tabular.regression_recipe import Settings, evaluate, fit
from zoo_tabular.rows import load_rows, train_or_test
from zoo_tabular.thoracic_recipe import balanced_accuracy
from zoo_tabular.thoracic_report import corrected_standard_error

import zoo
from zoo import Run
from zoo.datasets.in_memory import Fold, TensorRows, synthetic_rows
from zoo.datasets.registered import get_dataset_spec as catalogue_of_data
from zoo.errors import InputError
from zoo.evaluation.baselines import logistic
from zoo.plugins import catalog as catalogue

NUMBERS = (
    "mlp-boston",
    "mlp-california",
    "mlp-diabetes",
    "mlp-exam-score",
    "sine-poly3",
)


def measured(name: str) -> dict[str, float]:
    model = zoo.load(name)
    receipt = model.zoo.receipt
    return {m["name"]: m["value"] for m in receipt["metrics"]} | receipt["measured"]


def test_the_cubic_is_the_best_there_is() -> None:
    """
    No cubic comes closer to the sine on these points than least squares.
    """
    points = np.linspace(-np.pi, np.pi, 1000)
    model = zoo.load("sine-poly3")
    output = model(torch.from_numpy(points).float()[:, None])[:, 0]
    fitted = output.detach().numpy()
    best = np.polyfit(points, np.sin(points), 3)
    least = np.square(np.polyval(best, points) - np.sin(points)).sum()

    assert least == pytest.approx(4.427, abs=1e-3)
    assert np.square(fitted - np.sin(points)).sum() <= 4.43
    assert model.weight.tolist() == pytest.approx(best.tolist(), abs=1e-3)


def test_the_hand_written_gradient_is_autograds() -> None:
    """
    A `gradient_step` is a step down the gradient of the summed squared error.
    """
    torch.manual_seed(0)
    model = cubic()
    row = torch.linspace(-1, 1, 7)[:, None]
    error = (model(row)[:, 0] - row[:, 0].sin()).square().sum()
    (slope,) = torch.autograd.grad(error, [model.weight])
    before = model.weight.detach().clone()
    returned = model.gradient_step(row, row[:, 0].sin(), lr=0.1)

    assert returned == pytest.approx(error.item())
    assert torch.allclose(model.weight, before - 0.1 * slope, atol=1e-6)


def test_the_exam_is_learned() -> None:
    """
    On held-out students the mean squared error is below a ten-thousandth.
    """
    assert measured("mlp-exam-score")["mse"] < 1e-4


def test_students_follow_the_formula() -> None:
    """
    Training and test students differ, are always the same, and score at most one.
    """
    training, test = (tables.exam_scores(split) for split in ("train", "test"))

    assert (len(training), len(test)) == (800, 200)
    for one in [*training, *test]:
        formula = (5 * one["study"] + 2 * one["sleep"] + 40) / 100
        assert one["score"] == formula <= 1
    assert training[0] == tables.exam_scores("train")[0]
    assert training[0] != test[0]


def test_boston_reaches_its_target() -> None:
    """
    On test rows, and as the mean of a true cross-validation.
    """
    found = measured("mlp-boston")

    assert max(found["rmse"], found["cv_rmse"]) <= 3.7
    assert max(found["mae"], found["cv_mae"]) <= 2.4


@pytest.mark.parametrize("name", ["mlp-diabetes", "mlp-boston", "mlp-california"])
def test_least_squares_is_scikit_learns(name: str) -> None:
    """
    The baseline of the receipt is what scikit-learn reaches on the same rows.
    """
    if name != "mlp-diabetes":
        pytest.importorskip("zoo_datasets")
    training, test = parts(name, "target")
    line = LinearRegression().fit(training.input.numpy(), training.target.numpy())
    off = line.predict(test.input.double().numpy()) - test.target.numpy()
    claimed = zoo.load(name).zoo.receipt["baselines"]["least squares"]

    assert claimed["rmse"] == pytest.approx(np.sqrt(np.square(off).mean()), rel=1e-3)
    assert claimed["mae"] == pytest.approx(np.abs(off).mean(), rel=1e-3)


def test_logistic_regression_is_scikit_learns() -> None:
    """
    The baseline of the receipt is what scikit-learn reaches on the same rows.
    """
    training, test = parts("mlp-breast-cancer", "label")
    scaler = StandardScaler(30)
    scaler.fit(training.input)
    theirs = LogisticRegression(C=2.0, max_iter=1000)  # two weights here, one there
    theirs.fit(scaler(training.input).numpy(), training.target.numpy())
    score = theirs.score(scaler(test.input).numpy(), test.target.numpy())
    claimed = zoo.load("mlp-breast-cancer").zoo.receipt["baselines"]

    assert claimed["logistic regression"]["accuracy"] == pytest.approx(score)


def test_the_area_is_scikit_learns() -> None:
    """
    The area under the curve, with ties.
    """
    from sklearn.metrics import roc_auc_score

    score = torch.tensor([0.1, 0.4, 0.4, 0.8, 0.9, 0.2])
    label = torch.tensor([0, 0, 1, 1, 1, 1])

    assert roc_auc(score, label) == pytest.approx(roc_auc_score(label, score))
    assert roc_auc(score[label == 1], label[label == 1]) == 0.5


def test_scalers_are_fitted_to_the_training_rows() -> None:
    """
    The buffers are the mean and deviation of the rows the model was trained on: not of
    validation rows, and not of test rows.
    """
    training, _ = parts("mlp-diabetes", "target")
    settings = zoo.load("mlp-diabetes").zoo.settings
    fitting, _ = training.split(1 - settings["val_fraction"], seed=settings["seed"])
    model = zoo.load("mlp-diabetes")

    assert torch.allclose(model.input_scaler.mean, fitting.input.mean(dim=0), rtol=1e-4)
    assert model.target_scaler.mean.item() == pytest.approx(
        fitting.target.mean().item()
    )


def test_a_constant_column_is_not_scaled() -> None:
    """
    It is centered and not divided by zero; and scaling can be undone.
    """
    value = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    scaler = StandardScaler(2)
    scaler.fit(value)

    assert scaler(value).tolist() == [[-1.0, 0.0], [1.0, 0.0]]
    assert torch.equal(scaler.inverse(scaler(value)), value)


def test_every_fold_has_a_model_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No two folds share weights, and no fold's model saw a row of its fold.
    """
    torch.manual_seed(0)
    given = torch.arange(40.0)[:, None].expand(40, 10).contiguous()
    rows = TensorRows(input=given, target=given[:, 0], source="made", fingerprint="0")
    seen: list[tuple[torch.nn.Module, set[float]]] = []

    def spied(settings: Settings, run: Run, outside: TensorRows) -> torch.nn.Module:
        model = fit(settings, run, outside)
        seen.append((model, set(outside.target.tolist())))
        return model

    settings = Settings(epochs=1, cv_folds=4)
    run = Run(catalogue.get_spec("mlp-diabetes"))
    found = cross_validate(spied, settings, run, rows, evaluate)

    models = {id(model) for model, _ in seen}
    assert len(models) == 4
    assert [len(outside) for _, outside in seen] == [30] * 4
    assert set.intersection(*(outside for _, outside in seen)) == set()
    assert set(found) == {"rmse", "mae", "r2"}
    assert mean(found.values())


def test_a_network_is_compared_on_rows_it_has_not_seen() -> None:
    """
    Every row is asked about once a repeat, of a network and of logistic regression that
    learned from other rows; the error is that of a mean over rows.
    """
    drawing = torch.Generator().manual_seed(0)
    given = torch.randn(60, 8, generator=drawing)
    label = (given[:, 0] + torch.randn(60, generator=drawing) > 0).long()
    rows = TensorRows(input=given, target=label, source="made", fingerprint="0")
    trained_on: list[int] = []

    class Knowing(torch.nn.Module):
        """Says the label of every row."""

        def forward(self, row: torch.Tensor) -> torch.Tensor:
            place = (row[:, None] == given).all(dim=2).int().argmax(dim=1)
            return label[place][:, None] - 0.5

    def fitted(settings: Settings, run: Run, outside: TensorRows) -> torch.nn.Module:
        trained_on.append(len(outside))
        return Knowing()

    run = Run(catalogue.get_spec("mlp-pima"))
    found = compare_with_logistic_regression(
        fitted, Settings(cv_folds=3), run, rows, repeats=1
    )
    folds = [Fold(number=n, count=3, stratified=True) for n in range(3)]
    theirs = mean(logistic(*fold.split(rows, seed=0)) for fold in folds)

    assert trained_on == [40, 40, 40]
    assert found["repeated_cv_accuracy"] == 1
    assert found["repeated_cv_logistic_accuracy"] == pytest.approx(theirs) != 1
    assert found["repeated_cv_difference"] == pytest.approx(1 - theirs)
    spread = torch.tensor([0.0] * round(60 * theirs) + [1.0] * round(60 - 60 * theirs))
    assert found["repeated_cv_standard_error"] == pytest.approx(
        spread.std().item() / 60**0.5
    )


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 6), (6, 3), (5, 5), (0, 9)])
def test_the_p_value_is_that_of_a_fair_coin(first: int, second: int) -> None:
    """
    Of counts as uneven, or more, to either side: scipy's binomial test says the same.
    """
    fair = binomtest(first, first + second).pvalue if first + second else 1.0

    assert mcnemar_p_value(first, second) == pytest.approx(fair)


def test_parts_share_no_row() -> None:
    """
    Training and test rows are all the rows, the course's count of Boston's in each.
    """
    given = torch.arange(506.0)[:, None]
    rows = TensorRows(input=given, target=given[:, 0], source="made", fingerprint="0")
    training, test = (
        set(train_or_test(rows, s).target.tolist()) for s in ("train", "test")
    )

    assert (len(training), len(test)) == (404, 102)
    assert not training & test


def test_the_courses_networks_have_its_sizes() -> None:
    """
    5,121 parameters for Boston, 13 for the exam; the book's 13-100-1 can be built.
    """

    def count(**options: object) -> int:
        return sum(p.numel() for p in tabular_mlp(**options).parameters())  # type: ignore[arg-type]

    assert count(inputs=13, hidden=(64, 64)) == 5121
    assert count(inputs=2, hidden=(3,)) == 13
    assert count(inputs=13, hidden=(100,)) == 1501
    assert count(inputs=8, hidden=(100,)) == 1001
    assert count(inputs=17, hidden=(30, 30)) == 1501


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_is_answered(name: str) -> None:
    """
    The first example, a row of the model's own columns, gives a number with a name.
    """
    first = zoo.predict(name, zoo.example(name))[0]
    meaning = zoo.get_spec(name).output

    assert (first.name, first.unit) == (meaning.name, meaning.unit)
    assert str(first).startswith(f"{meaning.name}: ")


def test_a_file_without_a_column(tmp_path: Path) -> None:
    """
    The column that is missing is named, with the one that may be meant.
    """
    file = tmp_path / "students.csv"
    file.write_text("studies,sleep\n3,8\n")

    wanted = f"{file}, line 2: column 'study' is missing. Is it 'studies'?"
    with pytest.raises(InputError, match=re.escape(wanted)):
        zoo.predict("mlp-exam-score", file)


def test_a_file_with_words_for_numbers(tmp_path: Path) -> None:
    """
    The line and the column that hold the word are named.
    """
    file = tmp_path / "students.csv"
    file.write_text("study,sleep\n3,8\n4,enough\n")

    wanted = f"{file}, line 3: column 'sleep' holds 'enough', not a number."
    with pytest.raises(InputError, match=re.escape(wanted)):
        zoo.predict("mlp-exam-score", file)


@pytest.mark.parametrize("name", ["mlp-california", "mlp-thoracic", "mlp-pima"])
def test_a_set_of_the_same_columns_can_be_trained_on(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Laid into a folder of ZOO_DATA under the names of its source, as the errors and
    cards say; the card of the run is whole.
    """
    spec = zoo.get_spec(name)
    known = catalogue_of_data(spec.trained_on[0])
    count = known.splits["train"]
    drawn = synthetic_rows(spec.input, spec.output, count, "made")
    named = {ours: theirs[0] for ours, theirs in known.columns.items()}
    *given, target = named.values()
    table = dict(zip(given, drawn.input.T.numpy(), strict=True))
    folder = tmp_path / spec.trained_on[0]
    folder.mkdir()
    rows = Dataset.from_dict({**table, target: drawn.target.numpy()})
    rows.to_parquet(folder / "train-0.parquet")
    monkeypatch.setenv("ZOO_DATA", str(tmp_path))
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    model = zoo.load(zoo.train(name, tmp_path / "run", smoke=True))
    held = model.zoo.receipt["data"][f"{spec.trained_on[0]}/train"]

    assert held["rows"] == count
    assert held["fingerprint"] != "stand-in"
    assert not model.input_scaler.mean.eq(0).all()


def test_california_reaches_its_target() -> None:
    """
    On test rows, and as the mean of a cross-validation; and between its baselines.
    """
    found = measured("mlp-california")
    baselines = zoo.load("mlp-california").zoo.receipt["baselines"]

    assert max(found["rmse"], found["cv_rmse"]) <= 0.53
    assert found["rmse"] < baselines["nearest neighbours"]["rmse"]
    assert found["rmse"] < baselines["least squares"]["rmse"]
    assert found["rmse"] > baselines["gradient boosting"]["rmse"]


def test_columns_with_long_tails_are_scaled_as_logarithms() -> None:
    """
    Those at `log_columns` alone, as numpy does it; it can be undone; and below zero
    counts as zero.
    """
    value = torch.tensor([[1.0, 5.0], [3.0, 0.0], [0.0, 1000.0]])
    scaler = StandardScaler(2, log_columns=(1,))
    scaler.fit(value)
    logs = np.log1p(value[:, 1].numpy())

    assert scaler(value)[:, 1].numpy() == pytest.approx(
        (logs - logs.mean()) / logs.std(), abs=1e-5
    )
    plain = StandardScaler(1)
    plain.fit(value[:, :1])
    assert torch.equal(scaler(value)[:, :1], plain(value[:, :1]))
    assert torch.allclose(scaler.inverse(scaler(value)), value, rtol=1e-4, atol=1e-5)
    below = torch.tensor([[1.0, -7.0]])
    assert torch.equal(scaler(below), scaler(below.clamp_min(0)))


def test_the_shipped_columns_are_scaled_as_logarithms() -> None:
    """
    The buffers of California are of logarithms: a block of a thousand people a house
    is some deviations away, and not a hundred.
    """
    scaler = zoo.load("mlp-california").input_scaler
    high = torch.tensor(
        [[c.high for c in zoo.get_spec("mlp-california").input.columns]]
    )

    assert scaler.mean[4].item() == pytest.approx(np.log(1166), rel=0.05)
    assert scaler(high).abs().max() < 30


def test_thoracic_is_level_with_logistic_regression() -> None:
    """
    In repeated cross-validation, within two standard errors; no difference is claimed.
    """
    found = measured("mlp-thoracic")

    for name in ("auc", "balanced_accuracy"):
        difference = found[f"repeated_cv_{name}_difference"]
        assert abs(difference) < 2 * found[f"repeated_cv_{name}_standard_error"]
    assert found["repeated_cv_auc"] > 0.58


def test_the_number_of_a_patient_is_no_input() -> None:
    """
    Sixteen columns, none of them the row's number.
    """
    names = [column.name for column in zoo.get_spec("mlp-thoracic").input.columns]

    assert len(names) == 16
    assert "id" not in names


def test_the_balanced_accuracy_is_scikit_learns() -> None:
    """
    The mean of the shares of each class; a half where one class is always said.
    """
    from sklearn.metrics import balanced_accuracy_score

    label = torch.tensor([0, 0, 0, 0, 1, 1])
    predicted = torch.tensor([0, 0, 1, 0, 1, 0])
    theirs = balanced_accuracy_score(label, predicted)

    assert balanced_accuracy(predicted, label) == pytest.approx(theirs)
    assert balanced_accuracy(torch.zeros(6), label) == 0.5


def test_both_classes_weigh_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The weight in the loss is scikit-learn's for balanced classes, up to a factor.
    """
    from sklearn.utils.class_weight import compute_class_weight

    torch.manual_seed(0)
    label = (torch.arange(40) % 8 == 0).long()
    rows = TensorRows(
        input=torch.randn(40, 16), target=label, source="made", fingerprint="0"
    )
    seen: list[float] = []
    real = thoracic_recipe.binary_cross_entropy_with_logits

    def spied(*given: torch.Tensor, pos_weight: torch.Tensor) -> torch.Tensor:
        seen.append(pos_weight.item())
        return real(*given, pos_weight=pos_weight)

    monkeypatch.setattr(thoracic_recipe, "binary_cross_entropy_with_logits", spied)
    run = Run(catalogue.get_spec("mlp-thoracic"))
    thoracic_recipe.fit(thoracic_recipe.Settings(epochs=1), run, rows)
    survived, died = compute_class_weight(
        "balanced", classes=np.array([0, 1]), y=label.numpy()
    )

    assert seen == pytest.approx([died / survived] * len(seen))
    assert seen


def test_overlapping_folds_widen_the_standard_error() -> None:
    """
    By the formula of Nadeau and Bengio: five folds once, and ten times.
    """
    difference = torch.tensor([0.1, -0.1, 0.2, 0.0, -0.2])
    spread = np.var(difference.numpy(), ddof=1)
    once = corrected_standard_error(difference, folds=5)
    often = corrected_standard_error(difference.repeat(10), folds=5)

    assert once == pytest.approx(np.sqrt(spread * (1 / 5 + 1 / 4)))
    repeated = np.var(difference.repeat(10).numpy(), ddof=1)
    assert often == pytest.approx(np.sqrt(repeated * (1 / 50 + 1 / 4)))


def test_pima_reaches_its_target() -> None:
    """
    As the mean of a true cross-validation; and in it, not below logistic regression.
    """
    found = measured("mlp-pima")

    assert found["cv_accuracy"] >= 0.76
    assert found["cv_auc"] >= 0.82
    assert found["cv_accuracy"] >= found["cv_logistic_accuracy"]


def parts(name: str, target: str) -> tuple[TensorRows, TensorRows]:
    """Return the training and test rows of a model's recipe."""
    rows = load_rows(Run(catalogue.get_spec(name)), "train", target)
    return train_or_test(rows, "train"), train_or_test(rows, "test")
