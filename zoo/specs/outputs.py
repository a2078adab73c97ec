"""What a model gives, as specs and checkpoint folders say it."""

from dataclasses import dataclass
from typing import Literal

from zoo.errors import SpecError

__all__ = [
    "ClassOutput",
    "ForecastOutput",
    "ImageOutput",
    "MaskOutput",
    "MaskedTokenOutput",
    "NumberOutput",
    "OCROutput",
    "Output",
    "TextOutput",
    "TranslationOutput",
    "VectorOutput",
]


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
class ForecastOutput:
    """The next numbers of a series, (batch, horizon): what they are, and their unit."""

    kind: Literal["forecast"] = "forecast"
    name: str
    unit: str = ""
    horizon: int = 1

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SpecError("ForecastOutput", "name", self.name, "what is forecast")
        if self.horizon < 1:
            raise SpecError("ForecastOutput", "horizon", self.horizon, "at least 1")


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
class MaskOutput:
    """A label for each pixel of the model's input: (batch, labels, height, width).

    "softmax" over the labels, or "sigmoid" of one logit, (batch, 1, height, width), for
    the second of two labels. The first label is the ground that the others lie on.
    """

    kind: Literal["mask"] = "mask"
    labels: tuple[str, ...]
    function_to_apply: Literal["softmax", "sigmoid"] = "softmax"

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise SpecError("MaskOutput", "labels", self.labels, "at least two")
        if len(set(self.labels)) != len(self.labels):
            raise SpecError("MaskOutput", "labels", self.labels, "all different")
        if self.function_to_apply not in ("softmax", "sigmoid"):
            wanted, given = "'softmax' or 'sigmoid'", self.function_to_apply
            raise SpecError("MaskOutput", "function_to_apply", given, wanted)
        if self.function_to_apply == "sigmoid" and len(self.labels) > 2:
            wanted = "'softmax', because a logit is for the second of two labels"
            raise SpecError("MaskOutput", "function_to_apply", "sigmoid", wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOutput:
    """What comes next in a text: a logit for each token, (batch, length, vocabulary).

    `bos_token_id` is the token that a text from nothing begins after, `eos_token_id` the one that says
    that a text is over; a model may lack either. Both are told to nobody.
    """

    kind: Literal["text"] = "text"
    bos_token_id: int | None = None
    eos_token_id: int | None = None

    def __post_init__(self) -> None:
        for name in ("bos_token_id", "eos_token_id"):
            if (number := getattr(self, name)) is not None and number < 0:
                raise SpecError("TextOutput", name, number, "the number of a token")


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationOutput:
    """A text made of a text: a logit for each token after each token of it, (batch,
    length, vocabulary), in the numbers that the input is in.

    `bos_token_id` is the token that every text begins after, `eos_token_id` the one that says that it
    is over. `language` is written as on the Hub ("fr").
    """

    kind: Literal["translation"] = "translation"
    bos_token_id: int
    eos_token_id: int
    language: str = ""

    def __post_init__(self) -> None:
        for name in ("bos_token_id", "eos_token_id"):
            if (number := getattr(self, name)) < 0:
                wanted = "the number of a token"
                raise SpecError("TranslationOutput", name, number, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedTokenOutput:
    """What may stand at each place of a text: a logit for each token, (batch, length,
    vocabulary). `mask_token_id` is the token that stands for a gap."""

    kind: Literal["masked-token"] = "masked-token"
    mask_token_id: int

    def __post_init__(self) -> None:
        if self.mask_token_id < 0:
            raise SpecError(
                "MaskedTokenOutput",
                "mask_token_id",
                self.mask_token_id,
                "the number of a token",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class OCROutput:
    """A text that is read step by step: at each step a logit for nothing new, the
    blank, and then one for each character, (batch, steps, labels + 1).

    `labels` are the characters in the model's order. See `zoo.tasks.decoding.ctc` for how steps
    become a text.
    """

    kind: Literal["ocr"] = "ocr"
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.labels or any(len(label) != 1 for label in self.labels):
            raise SpecError("OCROutput", "labels", self.labels, "single characters")
        if len(set(self.labels)) != len(self.labels):
            raise SpecError("OCROutput", "labels", self.labels, "all different")


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorOutput:
    """A place among others that stands for an input, (batch, numbers): inputs that
    mean alike lie in nearly the same direction."""

    kind: Literal["vector"] = "vector"
    dim: int

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise SpecError("VectorOutput", "dim", self.dim, "at least 1")


Output = (
    ClassOutput
    | ForecastOutput
    | MaskedTokenOutput
    | ImageOutput
    | MaskOutput
    | NumberOutput
    | OCROutput
    | TextOutput
    | TranslationOutput
    | VectorOutput
)
