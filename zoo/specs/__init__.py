"""What the zoo knows of a model or a dataset before any of its code runs.

Frozen descriptions in plain data: `ModelSpec`, `DatasetSpec`, what a model takes and
what it gives, and their JSON. No torch.

May import: errors.
"""

from zoo.specs.cost import Cost
from zoo.specs.inputs import (
    Column,
    ImageInput,
    Input,
    NoiseInput,
    SeriesInput,
    TabularInput,
    TextInput,
)
from zoo.specs.model_spec import (
    DatasetSpec,
    License,
    Metric,
    ModelSpec,
    Trunk,
    Weights,
)
from zoo.specs.outputs import (
    ClassOutput,
    ForecastOutput,
    ImageOutput,
    LabelledOutput,
    MaskedTokenOutput,
    MaskOutput,
    NumberOutput,
    OCROutput,
    Output,
    TextOutput,
    TranslationOutput,
    VectorOutput,
)
from zoo.specs.spec_part import SpecPart, as_tuples

__all__ = [
    "ClassOutput",
    "Column",
    "Cost",
    "DatasetSpec",
    "ForecastOutput",
    "ImageInput",
    "ImageOutput",
    "Input",
    "LabelledOutput",
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
    "SpecPart",
    "TabularInput",
    "TextInput",
    "TextOutput",
    "TranslationOutput",
    "Trunk",
    "VectorOutput",
    "Weights",
    "as_tuples",
]
