"""The baselines say what scikit-learn's say, on the sets it ships."""

import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import NearestCentroid

from zoo.datasets.in_memory import TensorRows, load_rows, to_model_input
from zoo.evaluation.baselines import majority, nearest_mean, pca

SETS = {
    "digits": {"columns": "image"},
    "iris": {"columns": ("sepal_length", "sepal_width", "petal_length")},
}


@pytest.fixture(params=SETS)
def parts(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[TensorRows, TensorRows]:
    """Training and test rows of a packaged set."""
    monkeypatch.delenv("ZOO_DATA", raising=False)
    return load_rows(request.param, **SETS[request.param]).split(0.6, seed=0)


def flat(rows: TensorRows) -> list[list[float]]:
    return rows.input.float().flatten(start_dim=1).tolist()


def test_majority_is_the_dummy_classifier(parts: tuple[TensorRows, TensorRows]) -> None:
    """
    Always saying the commonest label is right as often as scikit-learn's dummy.
    """
    training, test = parts
    dummy = DummyClassifier(strategy="most_frequent")
    dummy.fit(flat(training), training.target.tolist())

    expected = dummy.score(flat(test), test.target.tolist())
    assert majority(training, test) == pytest.approx(expected, abs=1e-6)


@pytest.mark.filterwarnings("ignore:self.within_class_std_dev_:UserWarning")
def test_nearest_mean_is_the_nearest_centroid(
    parts: tuple[TensorRows, TensorRows],
) -> None:
    """
    The nearest class mean is right as often as scikit-learn's nearest centroid.
    """
    training, test = parts
    centroid = NearestCentroid().fit(flat(training), training.target.tolist())

    expected = centroid.score(flat(test), test.target.tolist())
    assert nearest_mean(training, test) == pytest.approx(expected, abs=1e-6)


def test_principal_directions_are_those_of_sklearn(
    parts: tuple[TensorRows, TensorRows],
) -> None:
    """
    The same mean and deviations, and what is left of test rows is the same.
    """
    training, test = parts
    expected = PCA(n_components=2, svd_solver="full").fit(prepared_rows(training))
    middle, directions, spread = pca(training, 2)
    apart = torch.tensor(prepared_rows(test)).double() - middle
    left = apart @ directions @ directions.T + middle
    wanted = expected.inverse_transform(expected.transform(prepared_rows(test)))

    assert torch.allclose(middle, torch.tensor(expected.mean_).double(), atol=1e-5)
    assert spread.square().tolist() == pytest.approx(
        expected.explained_variance_.tolist(), rel=1e-4
    )
    assert torch.allclose(left, torch.tensor(wanted).double(), atol=1e-4)


def prepared_rows(rows: TensorRows) -> list[list[float]]:
    found: list[list[float]] = to_model_input(rows.input).flatten(start_dim=1).tolist()
    return found


def test_a_label_without_training_rows_is_never_said() -> None:
    """
    Labels need not be consecutive, and the nearest mean is named by its label.
    """
    training = TensorRows(
        input=torch.tensor([[0.0], [10.0], [12.0]]),
        target=torch.tensor([1, 5, 5]),
        source="made/train",
        fingerprint="0",
    )
    test = TensorRows(
        input=torch.tensor([[1.0], [11.0], [12.0], [4.0]]),
        target=torch.tensor([1, 5, 3, 1]),
        source="made/test",
        fingerprint="0",
    )

    assert nearest_mean(training, test) == 0.75
    assert majority(training, test) == 0.25
