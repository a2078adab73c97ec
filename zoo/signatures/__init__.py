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
    TranslationOutput,
    VectorOutput,
)
from zoo.signatures.plain import as_tuples, input_of, output_of

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
    "TranslationOutput",
    "VectorOutput",
    "as_tuples",
    "input_of",
    "output_of",
    "taken",
]
