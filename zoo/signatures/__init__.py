"""What a model takes and what it gives, as specs and checkpoint folders say it."""

from zoo.signatures.inputs import (
    Column,
    ImageInput,
    Input,
    NoiseInput,
    SeriesInput,
    TabularInput,
    TextInput,
    taken,
)
from zoo.signatures.outputs import (
    ClassOutput,
    ForecastOutput,
    GapOutput,
    ImageOutput,
    MaskOutput,
    NumberOutput,
    Output,
    TextOutput,
    TranslationOutput,
    VectorOutput,
)

__all__ = [
    "ClassOutput",
    "Column",
    "ForecastOutput",
    "GapOutput",
    "ImageInput",
    "ImageOutput",
    "Input",
    "MaskOutput",
    "NoiseInput",
    "NumberOutput",
    "Output",
    "SeriesInput",
    "TabularInput",
    "TextInput",
    "TextOutput",
    "TranslationOutput",
    "VectorOutput",
    "taken",
]
