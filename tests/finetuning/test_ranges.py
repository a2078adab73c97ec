"""What a model expects of the numbers in a table, once it was taught others."""

import warnings
from pathlib import Path

import pytest
from datasets import Dataset

import zoo
from zoo.errors import DataWarning

STUDY = {
    "study": [30 + 5 * row for row in range(40)],
    "sleep": [5 + row % 4 for row in range(40)],
}


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of hours, taught rows in minutes."""
    rows = Dataset.from_dict({**STUDY, "score": [row / 40 for row in range(40)]})
    folder = tmp_path_factory.mktemp("taught") / "minutes"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        zoo.finetune("mlp-exam-score", rows, folder, target="score", progress=False)
    return folder


def test_numbers_like_those_that_were_taught_are_not_called_far(taught: Path) -> None:
    """The parent, which never saw them, warns."""
    row = {"study": 120, "sleep": 7}
    with pytest.warns(UserWarning, match="study = 120 lies far outside"):
        zoo.predict("mlp-exam-score", row)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zoo.predict(zoo.load(taught), row)


def test_a_taught_model_knows_the_range_of_its_rows_and_of_its_parent(
    taught: Path,
) -> None:
    """Both ends are of whichever goes further."""
    known = zoo.get_spec("mlp-exam-score").input.columns  # type: ignore[attr-defined]
    study, sleep = zoo.load(taught).zoo.spec.input.columns  # type: ignore[attr-defined]
    training = [30, 225]  # of all rows; some are held back
    assert study.low == known[0].low
    assert 180 <= study.high <= training[1]
    assert (sleep.low, sleep.high) == (min(known[1].low, 5), max(known[1].high, 8))
