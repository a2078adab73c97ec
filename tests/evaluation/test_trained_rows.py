"""Whoever measures a model on what it was fine-tuned on is told."""

from pathlib import Path

import pytest

import zoo
from zoo.errors import DataWarning


def test_rows_that_were_trained_on_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """
    Here, where it was fine-tuned: rows that were held back are none of them, and on
    another machine nothing is known. Nothing about rows lies in the folder.
    """
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    rows = zoo.load_dataset("digits", "train").select(range(40))
    folder = tmp_path / "photos"
    for number, row in enumerate(rows):
        place = folder / str(row["label"] % 2)
        place.mkdir(parents=True, exist_ok=True)
        row["image"].save(place / f"{number}.png")
    zoo.finetune("lenet5-mnist", folder, tmp_path / "run", test=folder)
    recwarn.clear()

    with pytest.warns(DataWarning) as caught:
        zoo.evaluate(tmp_path / "run", folder)
    (said,) = [str(one.message) for one in caught if one.category is DataWarning]
    assert said == (
        "photos: the model was trained on 40 of these 40 rows, so the metrics flatter "
        "it. Measure it on others."
    )
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "another"))
    zoo.evaluate(tmp_path / "run", folder)
    assert not [one for one in recwarn if "was trained on" in str(one.message)]
