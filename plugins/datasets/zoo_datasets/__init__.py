"""The public datasets of the course, each under one name wherever it comes from.

This module is only metadata; it must stay free of torch and of scikit-learn.
"""

from zoo import DatasetSpec, hookimpl
from zoo_datasets import annotated_images, images, signals, tabular, text, translation

SPECS = (
    *images.SPECS,
    *annotated_images.SPECS,
    *text.SPECS,
    *translation.SPECS,
    *tabular.SPECS,
    *signals.SPECS,
)


@hookimpl
def zoo_datasets() -> tuple[DatasetSpec, ...]:
    return SPECS
