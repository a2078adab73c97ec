"""What the zoo knows of a model or a dataset before any of its code runs.

Frozen descriptions in plain data: `ModelSpec`, `DatasetSpec`, what a model takes and
what it gives, and their JSON. No torch.

May import: errors.
"""

from zoo.specs.inputs import (
    Column,
    ImageInput,
    Input,
    NoiseInput,
    SeriesInput,
    TabularInput,
    TextInput,
    taken,
)
from zoo.specs.model_spec import (
    DatasetSpec,
    License,
    Metric,
    ModelSpec,
    Weights,
)
from zoo.specs.outputs import (
    ClassOutput,
    ForecastOutput,
    ImageOutput,
    MaskedTokenOutput,
    MaskOutput,
    NumberOutput,
    OCROutput,
    Output,
    TextOutput,
    TranslationOutput,
    VectorOutput,
)
from zoo.specs.serialization import as_tuples, input_of, output_of

__all__ = [
    "ClassOutput",
    "Column",
    "DatasetSpec",
    "ForecastOutput",
    "ImageInput",
    "ImageOutput",
    "Input",
    "License",
    "MaskOutput",
    "MaskedTokenOutput",
    "Metric",
    "ModelSpec",
    "NoiseInput",
    "NumberOutput",
    "OCROutput",
    "Output",
    "SeriesInput",
    "TabularInput",
    "TextInput",
    "TextOutput",
    "TranslationOutput",
    "VectorOutput",
    "Weights",
    "as_tuples",
    "input_of",
    "output_of",
    "taken",
]
