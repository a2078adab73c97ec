"""Small networks for tables: regression and binary classification.

This module is only metadata; it must stay free of torch.
"""

from zoo import DatasetSpec, ModelSpec, hookimpl
from zoo_tabular import classification, regression

SPECS = (*regression.SPECS, *classification.SPECS)

DATASETS = (
    DatasetSpec(
        name="sine",
        summary="The sine at 1,000 points from -pi to pi.",
        license="mit",
        splits={"train": 1_000},
        columns={"x": ("x",), "sine": ("sine",)},
        package="zoo_tabular.tables:sine",
    ),
    DatasetSpec(
        name="exam-scores",
        summary="Synthetic students: hours of study and sleep, and their exam score.",
        license="mit",
        splits={"train": 800, "test": 200},
        columns={name: (name,) for name in ("study", "sleep", "score")},
        package="zoo_tabular.tables:exam_scores",
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return DATASETS
