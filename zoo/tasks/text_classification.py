"""A text in, one label out. The Hub's tag is text-classification."""

from zoo.specs import TextInput
from zoo.tasks._classification import Classification

__all__ = ["TASK"]


class TextClassification(Classification[TextInput]):
    input_types = (TextInput,)


TASK = TextClassification()
