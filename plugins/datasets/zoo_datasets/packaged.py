"""The sets that scikit-learn ships: no file to fetch, no folder to name.

None of them has a published split, so all rows are `train`. Numbers are float32, as
models take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_datasets.tables import BREAST_CANCER, DIABETES, IRIS, SPECS, WINE

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["breast_cancer", "diabetes", "digits", "iris", "wine"]

LABELS = {spec.name: list(spec.labels) for spec in SPECS}


def iris(split: str) -> Dataset:
    """Return Fisher's flowers; the 35th and 38th differ from the UCI's copy."""
    from sklearn.datasets import load_iris

    return _classes(load_iris(), tuple(IRIS), LABELS["iris"])


def wine(split: str) -> Dataset:
    """Return what is in three growers' wines."""
    from sklearn.datasets import load_wine

    return _classes(load_wine(), WINE, LABELS["wine"])


def breast_cancer(split: str) -> Dataset:
    """Return measures of cell nuclei; label 0 is malignant."""
    from sklearn.datasets import load_breast_cancer

    return _classes(load_breast_cancer(), BREAST_CANCER, LABELS["breast-cancer"])


def diabetes(split: str) -> Dataset:
    """Return what was measured, in its own units, and the disease a year later."""
    from datasets import Dataset, Features, Value
    from sklearn.datasets import load_diabetes

    shipped = load_diabetes(scaled=False)
    features = Features({n: Value("float32") for n in (*DIABETES, "target")})
    columns = {**_columns(shipped, DIABETES), "target": _numbers(shipped.target)}
    return Dataset.from_dict(columns, features=features)


def digits(split: str) -> Dataset:
    """Return 8x8 pictures; the 17 grays of the source are spread over 0..255."""
    from datasets import ClassLabel, Dataset, Features, Image
    from PIL.Image import fromarray
    from sklearn.datasets import load_digits

    shipped = load_digits()
    pixels = np.rint(shipped.images * (255 / 16)).astype(np.uint8)
    features = Features({"image": Image(), "label": ClassLabel(names=LABELS["digits"])})
    columns = {"image": [fromarray(p) for p in pixels], "label": shipped.target}
    return Dataset.from_dict(columns, features=features)


def _classes(shipped: Any, names: tuple[str, ...], labels: list[str]) -> Dataset:
    from datasets import ClassLabel, Dataset, Features, Value

    numbers = {name: Value("float32") for name in names}
    features = Features({**numbers, "label": ClassLabel(names=labels)})
    columns = {**_columns(shipped, names), "label": shipped.target}
    return Dataset.from_dict(columns, features=features)


def _columns(shipped: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = [_numbers(column) for column in shipped.data.T]
    return dict(zip(names, values, strict=True))


def _numbers(values: Any) -> Any:
    return np.asarray(values, dtype=np.float32)
