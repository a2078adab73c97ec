"""The kinds of input, as specs and checkpoint folders describe them.

`zoo.specs` and `zoo` export the names in `__all__`: nothing else lists them.
"""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

from zoo._utils.schema import Malformed, read_bytes
from zoo.errors import SpecError
from zoo.specs.signature import MOST_SIDE, Input, check_range, check_size

__all__ = [
    "Column",
    "ImageInput",
    "LabelColor",
    "NoiseInput",
    "SeriesInput",
    "TabularInput",
    "TextInput",
]

SHA256 = re.compile(r"[0-9a-f]{64}")
UNLIMITED = 1 << 31  # tokens: as a model says that reads a text of any length
TOKENIZER = "tokenizer.json"  # beside the weights of a model that takes text


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColor:
    """The colour that stands for a label in a label map: red, green, blue in 0..255.

    >>> str(zoo.LabelColor(label="window", color=(0, 128, 255)))
    'window (0, 128, 255)'
    """

    label: str
    color: tuple[int, int, int]

    def __str__(self) -> str:
        return f"{self.label} {self.color}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInput(Input):
    """A picture, as the model takes it: (batch, channels, height, width), float32.

    Pixels are scaled to 0..1, then normalised per channel: `(pixel - mean) / std`. A
    negative std exchanges dark and light: see `inverted`.
    `background` is the background of all pictures in the training data, if they share
    one. `crop` is the share of a photograph's shorter side that a centre crop keeps:
    below one, the shorter side is first resized to size / crop, as ImageNet models
    expect. With `fit="stretch"` the whole picture is resized to the size, whatever its
    aspect ratio, so that every pixel of it has a place in the input. With `fit="keep"`
    a picture keeps the size it has, and height and width are those of training rows.
    With `label_colors` the picture is a label map: each pixel is brought to the nearest
    of these colours, and a picture with areas of other colours is refused. It needs
    `resample="nearest"`, which mixes no colours.

    >>> zoo.ImageInput(height=28, width=28, channels=1).mean
    (0.0,)
    """

    kind: Literal["image"] = "image"
    height: int
    width: int
    channels: Literal[1, 3] = 3
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    background: Literal["dark", "light"] | None = None
    resample: Literal["bilinear", "bicubic", "nearest"] = "bilinear"
    crop: float = 1.0
    fit: Literal["crop", "stretch", "keep"] = "crop"
    label_colors: tuple[LabelColor, ...] = ()

    preprocessor = "zoo.preprocessing.image:ImagePreprocessor"
    plural = "pictures"
    noun = "picture"
    column_names = (
        *("image", "img", "picture", "photo"),
        *("path", "file", "file_name", "filename"),  # to pictures
    )
    suffixes = (
        *(".jpg", ".jpeg", ".png", ".webp", ".bmp"),
        *(".gif", ".tif", ".tiff", ".ppm"),
    )
    folder_example = "photos/ants/1.jpg, photos/bees/2.jpg"
    pictured = True

    def __post_init__(self) -> None:
        check_size(self)
        for name in ("mean", "std"):
            values = getattr(self, name)
            if len(values) not in (1, self.channels):
                expected = f"one number, or one for each of {self.channels} channels"
                raise SpecError("ImageInput", name, values, expected)
        if not (min(self.std) > 0 or max(self.std) < 0):
            raise SpecError("ImageInput", "std", self.std, "above zero, or all below")
        if self.resample not in ("bilinear", "bicubic", "nearest"):
            expected = "'bilinear', 'bicubic' or 'nearest'"
            raise SpecError("ImageInput", "resample", self.resample, expected)
        if not 0 < self.crop <= 1:
            raise SpecError("ImageInput", "crop", self.crop, "above 0, and at most 1")
        if max(self.height, self.width) > self.crop * MOST_SIDE:
            expected = f"so much that size / crop is at most {MOST_SIDE:,} pixels"
            raise SpecError("ImageInput", "crop", self.crop, expected)
        if self.crop < 1 and (self.background or self.height != self.width):
            expected = "1, because only a square frame cuts into photographs"
            raise SpecError("ImageInput", "crop", self.crop, expected)
        if self.fit not in ("crop", "stretch", "keep"):
            expected = "'crop', 'stretch' or 'keep'"
            raise SpecError("ImageInput", "fit", self.fit, expected)
        if self.fit != "crop" and (self.crop < 1 or self.background):
            what = "stretched" if self.fit == "stretch" else "kept"
            expected = f"'crop', because what is {what} is neither cut nor put on paper"
            raise SpecError("ImageInput", "fit", self.fit, expected)
        if self.label_colors:
            self._check_label_colors()

    def _check_label_colors(self) -> None:
        """Refuse colours that can't be told apart, and what would mix them."""
        colors = [one.color for one in self.label_colors]
        levels = [level for color in colors for level in color]
        if len({*colors}) != len(colors) or not 0 <= min(levels) <= max(levels) <= 255:
            expected = "different colours, each of three whole numbers from 0 to 255"
            raise SpecError("ImageInput", "label_colors", colors, expected)
        if self.resample != "nearest":
            expected = "'nearest', because a mixture of two colours is no label's"
            raise SpecError("ImageInput", "resample", self.resample, expected)
        if self.channels != 3 or self.background:
            expected = "empty, because a label map has three channels and no background"
            raise SpecError("ImageInput", "label_colors", colors, expected)

    def inverted(self) -> Self:
        """Return the input of a model to which pictures are shown as their negatives.

        (1 - pixel - mean) / std is (pixel - (1 - mean)) / -std.
        """
        other = {"dark": "light", "light": "dark", None: None}
        return replace(
            self,
            mean=tuple(1 - value for value in self.mean),
            std=tuple(-value for value in self.std),
            background=other[self.background],  # type: ignore[arg-type]
        )

    @property
    def description(self) -> str:
        kind = "grey" if self.channels == 1 else "colour"
        ground = f" on a {self.background} ground" if self.background else ""
        if self.label_colors:
            size = f"{self.width}x{self.height}"
            return f"a label map of {len(self.label_colors)} colours, brought to {size}"
        if self.fit == "keep":
            return f"a {kind} picture of any size"
        return f"a {kind} picture{ground}, brought to {self.width}x{self.height}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One number of a table row: its name, and the range seen in training.

    >>> zoo.Column(name="age", low=18, high=90, unit="years").unit
    'years'
    """

    name: str
    low: float
    high: float
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.low:g} to {self.high:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class TabularInput(Input):
    """A row of numbers, as the model takes it: (batch, columns), float32, unscaled.

    >>> age = zoo.Column(name="age", low=18, high=90)
    >>> zoo.TabularInput(columns=(age,)).required_columns
    ('age',)
    """

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]

    preprocessor = "zoo.preprocessing.tabular:TabularPreprocessor"
    plural = "rows of a table"

    @property
    def description(self) -> str:
        return "; ".join(map(str, self.columns))

    @property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesInput(Input):
    """The last rows of a series: (batch, length, columns), float32, unscaled.

    Rows follow each other in time, the oldest first.

    >>> day = zoo.Column(name="close", low=0, high=1)
    >>> zoo.SeriesInput(columns=(day,), length=30).required_columns
    ('close',)
    """

    kind: Literal["series"] = "series"
    columns: tuple[Column, ...]
    length: int

    preprocessor = "zoo.preprocessing.time_series:SeriesPreprocessor"
    plural = "series"

    def __post_init__(self) -> None:
        check_range(self, "length")

    @property
    def description(self) -> str:
        return f"the last {self.length} rows of {'; '.join(map(str, self.columns))}"

    @property
    def required_columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def window(self) -> int | None:
        return self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseInput(Input):
    """The latent vector of a generative model: (batch, numbers), each drawn from a
    normal distribution of mean zero and variance one.

    >>> zoo.NoiseInput(latent_dim=100).kind
    'noise'
    """

    kind: Literal["noise"] = "noise"
    latent_dim: int

    preprocessor = "zoo.preprocessing.noise:NoisePreprocessor"
    plural = "noise"
    from_data = False

    def __post_init__(self) -> None:
        check_range(self, "latent_dim")

    @property
    def description(self) -> str:
        return f"noise, {self.latent_dim} numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInput(Input):
    """A text, as the model takes it: token numbers (batch, length), int64, padded.

    tokenizer.json beside the weights turns a text into numbers below `vocab_size`;
    `tokenizer` is the SHA-256 of that file. A text is truncated to `max_length` tokens.
    `pad_token_id` pads the shorter rows of a batch. `unk_token_id` is the unknown
    token, if there is one. `language` is written as on the Hub ("en", "ko").
    `tokenizer_source` is the path of a loaded model's tokenizer, or the content of a
    new one; it is neither compared nor saved.

    >>> zoo.get_spec("gru-nsmc").input.kind
    'text'
    """

    kind: Literal["text"] = "text"
    max_length: int
    vocab_size: int
    pad_token_id: int = 0
    unk_token_id: int | None = None
    language: str = ""
    tokenizer: str = ""
    tokenizer_source: Path | bytes | None = field(
        default=None, compare=False, repr=False, metadata={"saved": False}
    )

    preprocessor = "zoo.preprocessing.text:TextPreprocessor"
    plural = "texts"
    noun = "text"
    column_names = (
        *("text", "sentence", "document"),
        *("content", "review"),
    )
    suffixes = (".txt",)
    folder_example = "reviews/good/1.txt, reviews/bad/2.txt"
    takes_strings = True

    def __post_init__(self) -> None:
        check_range(self, "max_length", UNLIMITED)
        check_range(self, "vocab_size")
        for name in ("pad_token_id", "unk_token_id"):
            number = getattr(self, name)
            if number is not None and not 0 <= number < self.vocab_size:
                expected = f"a number below the vocabulary, {self.vocab_size}"
                raise SpecError("TextInput", name, number, expected)
        if self.tokenizer and not SHA256.fullmatch(self.tokenizer):
            expected = "64 hexadecimal digits"
            raise SpecError("TextInput", "tokenizer", self.tokenizer, expected)

    @property
    def description(self) -> str:
        language = f" in {self.language!r}" if self.language else ""
        return f"a text{language}, {self.max_length:,} tokens of it at most"

    @property
    def usual_columns(self) -> tuple[str, ...]:
        """Tables of sentence pairs name their columns by languages."""
        return (*self.column_names, *([self.language] if self.language else []))

    @property
    def files(self) -> dict[str, str]:
        return {TOKENIZER: self.tokenizer}

    @property
    def local_files(self) -> tuple[Path, ...]:
        return (
            (self.tokenizer_source,) if isinstance(self.tokenizer_source, Path) else ()
        )

    @property
    def missing_files(self) -> tuple[str, ...]:
        source = self.tokenizer_source
        available = source.is_file() if isinstance(source, Path) else source is not None
        return () if available else (TOKENIZER,)

    def located(self, folder: Path) -> Self:
        return replace(self, tokenizer_source=folder / TOKENIZER)

    def with_contents(self) -> Self:
        source = self.tokenizer_source
        if not isinstance(source, Path):
            return self
        try:
            stat = source.stat()
            times = stat.st_mtime_ns, stat.st_ctime_ns
            content, digest = _read(source, stat.st_ino, stat.st_size, times)
        except (OSError, Malformed):
            return self  # reading a text says what is wrong with it
        wrong = self.tokenizer not in ("", digest)
        return self if wrong else replace(self, tokenizer_source=content)


@lru_cache(maxsize=8)
def _read(
    path: Path, inode: int, size: int, times: tuple[int, int]
) -> tuple[bytes, str]:
    """Return the content of a file and its SHA-256; read once while it is the same."""
    content = read_bytes(path)
    return content, sha256(content).hexdigest()
