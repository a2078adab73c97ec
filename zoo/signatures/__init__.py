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
    ReadingOutput,
    TextOutput,
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
    "ReadingOutput",
    "SeriesInput",
    "TabularInput",
    "TextInput",
    "TextOutput",
    "VectorOutput",
    "taken",
]
