"""A table row in, a label out. The Hub's tag is tabular-classification."""

from zoo.specs import TabularInput
from zoo.tasks._classification import Classification

__all__ = ["TASK"]


class TabularClassification(Classification[TabularInput]):
    input_types = (TabularInput,)


TASK = TabularClassification()
