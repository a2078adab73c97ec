"""What a model takes and what it gives, as specs and checkpoint folders say it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from zoo.errors import SpecError

__all__ = [
    "ClassOutput",
    "Column",
    "ImageInput",
    "ImageOutput",
    "Input",
    "MaskOutput",
    "NoiseInput",
    "NumberOutput",
    "Output",
    "TabularInput",
    "TextInput",
    "TextOutput",
]

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInput:
    """A picture, as the model takes it: (batch, channels, height, width), float32.

    Pixels are scaled to 0..1, then `(pixel - mean) / std` by channel. `background`
    says what the pictures of the training data are drawn on, where they all agree.
    `crop` is the share of a photograph's shorter side that the frame keeps: below one,
    the shorter side is first brought to frame / crop, as ImageNet models expect it.
    """

    kind: Literal["image"] = "image"
    height: int
    width: int
    channels: Literal[1, 3] = 3
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    background: Literal["dark", "light"] | None = None
    resample: Literal["bilinear", "bicubic"] = "bilinear"
    crop: float = 1.0

    def __post_init__(self) -> None:
        for side in ("height", "width"):
            if getattr(self, side) < 1:
                raise SpecError("ImageInput", side, getattr(self, side), "at least 1")
        for name in ("mean", "std"):
            values = getattr(self, name)
            if len(values) not in (1, self.channels):
                wanted = f"one number, or one for each of {self.channels} channels"
                raise SpecError("ImageInput", name, values, wanted)
        if min(self.std) <= 0:
            raise SpecError("ImageInput", "std", self.std, "above zero")
        if self.resample not in ("bilinear", "bicubic"):
            wanted = "'bilinear' or 'bicubic'"
            raise SpecError("ImageInput", "resample", self.resample, wanted)
        if not 0 < self.crop <= 1:
            raise SpecError("ImageInput", "crop", self.crop, "above 0, and at most 1")
        if self.crop < 1 and (self.background or self.height != self.width):
            wanted = "1, because only a square frame cuts into photographs"
            raise SpecError("ImageInput", "crop", self.crop, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One number of a table row: its name, and the range seen in training."""

    name: str
    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TabularInput:
    """A row of numbers, as the model takes it: (batch, columns), float32, unscaled."""

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseInput:
    """Noise that a model turns into something: (batch, numbers), each drawn from a
    normal distribution of mean zero and variance one."""

    kind: Literal["noise"] = "noise"
    numbers: int

    def __post_init__(self) -> None:
        if self.numbers < 1:
            raise SpecError("NoiseInput", "numbers", self.numbers, "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput:
    """A text, as the model takes it: token numbers (batch, length), int64, padded.

    tokenizer.json beside the weights turns a text into numbers below `vocabulary`;
    `tokenizer` is the SHA-256 of that file. What is longer than `longest` tokens is cut
    off. `padding` fills up the shorter rows of a batch, `unknown` stands for what the
    tokenizer does not know, where there is such a number. `language` is written as on
    the Hub ("en", "ko"). `held` is where a loaded model's tokenizer is, or its content
    where it was just made; it is neither compared nor saved.
    """

    kind: Literal["text"] = "text"
    longest: int
    vocabulary: int
    padding: int = 0
    unknown: int | None = None
    language: str = ""
    tokenizer: str = ""
    held: Path | bytes | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("longest", "vocabulary"):
            if getattr(self, name) < 1:
                raise SpecError("TextInput", name, getattr(self, name), "at least 1")
        for name in ("padding", "unknown"):
            number = getattr(self, name)
            if number is not None and not 0 <= number < self.vocabulary:
                wanted = f"a number below the vocabulary, {self.vocabulary}"
                raise SpecError("TextInput", name, number, wanted)
        if self.tokenizer and not SHA256.fullmatch(self.tokenizer):
            wanted = "64 hexadecimal digits"
            raise SpecError("TextInput", "tokenizer", self.tokenizer, wanted)


Input = ImageInput | NoiseInput | TabularInput | TextInput


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOutput:
    """Scores for labels: how the model's numbers become probabilities.

    `function_to_apply` is the Hub's term: "softmax" over (batch, labels), "sigmoid" of
    one logit (batch, 1) for the second of two labels, "none" for an output that is the
    score already. With `multi_label`, each label is a yes-or-no question of its own.
    """

    kind: Literal["classes"] = "classes"
    labels: tuple[str, ...]
    function_to_apply: Literal["softmax", "sigmoid", "none"] = "softmax"
    multi_label: bool = False

    def __post_init__(self) -> None:
        if len(self.labels) < 2 and not self.multi_label:
            raise SpecError("ClassOutput", "labels", self.labels, "at least two")
        if len(set(self.labels)) != len(self.labels):
            raise SpecError("ClassOutput", "labels", self.labels, "all different")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOutput:
    """One number a row, (batch, 1): what it is, and the unit it is in."""

    kind: Literal["number"] = "number"
    name: str
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SpecError("NumberOutput", "name", self.name, "what the number is")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOutput:
    """A picture, as the model gives it: (batch, channels, height, width).

    Black is `low`, white is `high`, once `function_to_apply` is applied: "sigmoid" of
    logits, or "none".
    """

    kind: Literal["image"] = "image"
    height: int
    width: int
    channels: Literal[1, 3] = 3
    function_to_apply: Literal["sigmoid", "none"] = "none"
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        for side in ("height", "width"):
            if getattr(self, side) < 1:
                raise SpecError("ImageOutput", side, getattr(self, side), "at least 1")
        if self.low >= self.high:
            raise SpecError("ImageOutput", "low", self.low, f"below {self.high}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOutput:
    """What comes next in a text: a logit for each token, (batch, length, vocabulary).

    `start` is the token that a text from nothing begins after, `end` the one that says
    that a text is over; a model may lack either. Both are told to nobody.
    """

    kind: Literal["text"] = "text"
    start: int | None = None
    end: int | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            if (number := getattr(self, name)) is not None and number < 0:
                raise SpecError("TextOutput", name, number, "the number of a token")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskOutput:
    """What may stand at each place of a text: a logit for each token, (batch, length,
    vocabulary). `mask` is the token that stands for a gap."""

    kind: Literal["mask"] = "mask"
    mask: int

    def __post_init__(self) -> None:
        if self.mask < 0:
            raise SpecError("MaskOutput", "mask", self.mask, "the number of a token")


Output = ClassOutput | NumberOutput | ImageOutput | MaskOutput | TextOutput
