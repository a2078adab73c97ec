"""The datasets that scikit-learn ships: nothing to download, no folder to name.

None of them has a published split, so all rows are `train`. Numbers are float32, as
models take them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zoo_datasets.tabular import BREAST_CANCER, DIABETES, IRIS, SPECS, WINE

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["breast_cancer", "diabetes", "digits", "iris", "wine"]

LABELS = {spec.name: list(spec.labels) for spec in SPECS}


def iris(split: str) -> Dataset:
    """Return Fisher's iris; the 35th and 38th row differ from the UCI's copy."""
    from sklearn.datasets import load_iris

    return _classification(load_iris(), tuple(IRIS), LABELS["iris"])


def wine(split: str) -> Dataset:
    """Return chemical measurements of three growers' wines."""
    from sklearn.datasets import load_wine

    return _classification(load_wine(), WINE, LABELS["wine"])


def breast_cancer(split: str) -> Dataset:
    """Return measurements of cell nuclei; label 0 is malignant."""
    from sklearn.datasets import load_breast_cancer

    return _classification(load_breast_cancer(), BREAST_CANCER, LABELS["breast-cancer"])


def diabetes(split: str) -> Dataset:
    """Return unscaled measurements, and the progression a year later."""
    from datasets import Dataset, Features, Value
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    features = Features({n: Value("float32") for n in (*DIABETES, "target")})
    columns = {**_columns(bunch, DIABETES), "target": _numbers(bunch.target)}
    return Dataset.from_dict(columns, features=features)


def digits(split: str) -> Dataset:
    """Return 8x8 images; the 17 gray levels of the source are scaled to 0..255."""
    from datasets import ClassLabel, Dataset, Features, Image
    from PIL.Image import fromarray
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pixels = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    features = Features({"image": Image(), "label": ClassLabel(names=LABELS["digits"])})
    columns = {"image": [fromarray(p) for p in pixels], "label": bunch.target}
    return Dataset.from_dict(columns, features=features)


def _classification(bunch: Any, names: tuple[str, ...], labels: list[str]) -> Dataset:
    from datasets import ClassLabel, Dataset, Features, Value

    numbers = {name: Value("float32") for name in names}
    features = Features({**numbers, "label": ClassLabel(names=labels)})
    columns = {**_columns(bunch, names), "label": bunch.target}
    return Dataset.from_dict(columns, features=features)


def _columns(bunch: Any, names: tuple[str, ...]) -> dict[str, Any]:
    values = [_numbers(column) for column in bunch.data.T]
    return dict(zip(names, values, strict=True))


def _numbers(values: Any) -> Any:
    return np.asarray(values, dtype=np.float32)
