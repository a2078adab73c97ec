"""What a model takes, as specs and checkpoint folders say it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from zoo.errors import SpecError

__all__ = [
    "Column",
    "ImageInput",
    "Input",
    "NoiseInput",
    "SeriesInput",
    "TabularInput",
    "TextInput",
    "taken",
]

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInput:
    """A picture, as the model takes it: (batch, channels, height, width), float32.

    Pixels are scaled to 0..1, then `(pixel - mean) / std` by channel. `background`
    says what the pictures of the training data are drawn on, where they all agree.
    `crop` is the share of a photograph's shorter side that the frame keeps: below one,
    the shorter side is first brought to frame / crop, as ImageNet models expect it.
    With `fit="stretch"` the whole picture is made as wide and as high as the frame,
    whatever that does to its shape, so that every place in it has one in the frame.
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
    fit: Literal["crop", "stretch"] = "crop"

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
        if self.fit not in ("crop", "stretch"):
            raise SpecError("ImageInput", "fit", self.fit, "'crop' or 'stretch'")
        if self.fit == "stretch" and (self.crop < 1 or self.background):
            wanted = "'crop', because what is stretched is neither cut nor put on paper"
            raise SpecError("ImageInput", "fit", self.fit, wanted)


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
class SeriesInput:
    """The last rows of a series: (batch, length, columns), float32, unscaled.

    Rows follow each other in time, the oldest first.
    """

    kind: Literal["series"] = "series"
    columns: tuple[Column, ...]
    length: int

    def __post_init__(self) -> None:
        if self.length < 1:
            raise SpecError("SeriesInput", "length", self.length, "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseInput:
    """Noise that a model turns into something: (batch, numbers), each drawn from a
    normal distribution of mean zero and variance one."""

    kind: Literal["noise"] = "noise"
    latent_dim: int

    def __post_init__(self) -> None:
        if self.latent_dim < 1:
            raise SpecError("NoiseInput", "latent_dim", self.latent_dim, "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput:
    """A text, as the model takes it: token numbers (batch, length), int64, padded.

    tokenizer.json beside the weights turns a text into numbers below `vocab_size`;
    `tokenizer` is the SHA-256 of that file. What is longer than `max_length` tokens is cut
    off. `pad_token_id` fills up the shorter rows of a batch, `unk_token_id` stands for what the
    tokenizer does not know, where there is such a number. `language` is written as on
    the Hub ("en", "ko"). `tokenizer_source` is where a loaded model's tokenizer is, or its content
    where it was just made; it is neither compared nor saved.
    """

    kind: Literal["text"] = "text"
    max_length: int
    vocab_size: int
    pad_token_id: int = 0
    unk_token_id: int | None = None
    language: str = ""
    tokenizer: str = ""
    tokenizer_source: Path | bytes | None = field(
        default=None, compare=False, repr=False
    )

    def __post_init__(self) -> None:
        for name in ("max_length", "vocab_size"):
            if getattr(self, name) < 1:
                raise SpecError("TextInput", name, getattr(self, name), "at least 1")
        for name in ("pad_token_id", "unk_token_id"):
            number = getattr(self, name)
            if number is not None and not 0 <= number < self.vocab_size:
                wanted = f"a number below the vocabulary, {self.vocab_size}"
                raise SpecError("TextInput", name, number, wanted)
        if self.tokenizer and not SHA256.fullmatch(self.tokenizer):
            wanted = "64 hexadecimal digits"
            raise SpecError("TextInput", "tokenizer", self.tokenizer, wanted)


Input = ImageInput | NoiseInput | SeriesInput | TabularInput | TextInput


def taken(input_spec: Input) -> str:
    """Return what a model takes, in a word or two for a message."""
    words = {"image": "pictures", "series": "series", "table": "rows of a table"}
    return {**words, "text": "texts", "noise": "noise"}[input_spec.kind]
