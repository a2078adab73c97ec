"""What a model gives, as specs and checkpoint folders say it.

The kinds of `__all__` are names of `zoo.specs` and of `zoo`: nothing else lists them.
"""

from dataclasses import dataclass, replace
from typing import Literal, Self

from zoo.errors import SpecError
from zoo.specs.inputs import ImageInput
from zoo.specs.signature import Input, LabelledOutput, Output

__all__ = [
    "ClassOutput",
    "ForecastOutput",
    "ImageOutput",
    "MaskOutput",
    "MaskedTokenOutput",
    "NumberOutput",
    "OCROutput",
    "TextOutput",
    "TranslationOutput",
    "VectorOutput",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOutput(LabelledOutput):
    """Scores for labels: how the model's numbers become probabilities.

    `function_to_apply` is the Hub's term: "softmax" over (batch, labels), "sigmoid" of
    one logit (batch, 1) for the second of two labels, "none" for an output that is the
    score already. With `multi_label`, each label is a yes-or-no question of its own.
    """

    kind: Literal["classes"] = "classes"
    labels: tuple[str, ...]
    function_to_apply: Literal["softmax", "sigmoid", "none"] = "softmax"
    multi_label: bool = False

    targets = "zoo.tasks.targets.classes:ClassTargets"

    def __post_init__(self) -> None:
        if len(self.labels) < 2 and not self.multi_label:
            raise SpecError("ClassOutput", "labels", self.labels, "at least two")
        if len(set(self.labels)) != len(self.labels):
            raise SpecError("ClassOutput", "labels", self.labels, "all different")

    @property
    def target_labels(self) -> int | None:
        return None if self.multi_label else len(self.labels)

    def with_labels(self, labels: tuple[str, ...]) -> Self | None:
        if self.function_to_apply != "sigmoid" or self.multi_label:
            return replace(self, labels=labels)
        # One logit gives way to several.
        return replace(self, labels=labels, function_to_apply="softmax")


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOutput(Output):
    """One number a row, (batch, 1): what it is, and the unit it is in."""

    kind: Literal["number"] = "number"
    name: str
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SpecError("NumberOutput", "name", self.name, "what the number is")

    @property
    def description(self) -> str:
        return f"{self.name} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastOutput(Output):
    """The next numbers of a series, (batch, horizon): what they are, and their unit."""

    kind: Literal["forecast"] = "forecast"
    name: str
    unit: str = ""
    horizon: int = 1

    targets = "zoo.tasks.targets.numbers:ForecastTargets"

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SpecError("ForecastOutput", "name", self.name, "what is forecast")
        if self.horizon < 1:
            raise SpecError("ForecastOutput", "horizon", self.horizon, "at least 1")

    @property
    def description(self) -> str:
        return f"{f'{self.name} {self.unit}'.rstrip()}, {self.horizon} ahead"

    @property
    def answer(self) -> str:
        after = f"{self.horizon} rows" if self.horizon > 1 else "row"
        return f"It forecasts {self.name} of the next {after}."


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOutput(Output):
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

    @property
    def description(self) -> str:
        kind = "grey" if self.channels == 1 else "colour"
        return f"a {kind} picture, {self.width}x{self.height}"

    def training_input(self, given: Input) -> Input:
        """What draws from noise learns from pictures of the size that it draws."""
        if given.from_data:
            return given
        height, width = self.height, self.width
        return ImageInput(height=height, width=width, channels=self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskOutput(LabelledOutput):
    """A label for each pixel of the model's input: (batch, labels, height, width).

    "softmax" over the labels, or "sigmoid" of one logit, (batch, 1, height, width), for
    the second of two labels. The first label is the ground that the others lie on.
    """

    kind: Literal["mask"] = "mask"
    labels: tuple[str, ...]
    function_to_apply: Literal["softmax", "sigmoid"] = "softmax"

    targets = "zoo.tasks.targets.masks:MaskTargets"
    drawable = True
    counted = "in so many masks"
    judged = "pixel"

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise SpecError("MaskOutput", "labels", self.labels, "at least two")
        if len(set(self.labels)) != len(self.labels):
            raise SpecError("MaskOutput", "labels", self.labels, "all different")
        if self.function_to_apply not in ("softmax", "sigmoid"):
            expected, given = "'softmax' or 'sigmoid'", self.function_to_apply
            raise SpecError("MaskOutput", "function_to_apply", given, expected)
        if self.function_to_apply == "sigmoid" and len(self.labels) > 2:
            expected = "'softmax', because a logit is for the second of two labels"
            raise SpecError("MaskOutput", "function_to_apply", "sigmoid", expected)

    @property
    def target_labels(self) -> int | None:
        return len(self.labels)

    def with_labels(self, labels: tuple[str, ...]) -> Self | None:
        return replace(self, labels=labels, function_to_apply="softmax")

    def check_input(self, owner: str, given: Input) -> None:
        fit = getattr(given, "fit", None)
        if fit != "stretch":
            expected = "'stretch', so that a mask covers the whole picture"
            raise SpecError(owner, "input.fit", fit, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOutput(Output):
    """What comes next in a text: a logit for each token, (batch, length, vocabulary).

    `bos_token_id` is the token that a text from nothing begins after, `eos_token_id`
    the one that says that a text is over; a model may lack either. Both are told to
    nobody.
    """

    kind: Literal["text"] = "text"
    bos_token_id: int | None = None
    eos_token_id: int | None = None

    def __post_init__(self) -> None:
        for name in ("bos_token_id", "eos_token_id"):
            if (number := getattr(self, name)) is not None and number < 0:
                raise SpecError("TextOutput", name, number, "the number of a token")

    @property
    def description(self) -> str:
        return "how a text goes on"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationOutput(Output):
    """A text made of a text: a logit for each token after each token of it, (batch,
    length, vocabulary), in the numbers that the input is in.

    `bos_token_id` is the token that every text begins after, `eos_token_id` the one
    that says that it is over. `language` is written as on the Hub ("fr").
    """

    kind: Literal["translation"] = "translation"
    bos_token_id: int
    eos_token_id: int
    language: str = ""

    drawable = True

    def __post_init__(self) -> None:
        for name in ("bos_token_id", "eos_token_id"):
            if (number := getattr(self, name)) < 0:
                expected = "the number of a token"
                raise SpecError("TranslationOutput", name, number, expected)

    @property
    def description(self) -> str:
        return f"a translation{f' in {self.language!r}' if self.language else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedTokenOutput(Output):
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

    @property
    def description(self) -> str:
        return "what fills the gaps of a text"


@dataclass(frozen=True, slots=True, kw_only=True)
class OCROutput(LabelledOutput):
    """A text that is read step by step: at each step a logit for nothing new, the
    blank, and then one for each character, (batch, steps, labels + 1).

    `labels` are the characters in the model's order. See `zoo.runtime.ctc` for
    how steps become a text.
    """

    kind: Literal["ocr"] = "ocr"
    labels: tuple[str, ...]

    targets = "zoo.tasks.targets.texts:TextTargets"
    drawable = True
    label_noun = "character"
    counted = "in so many texts"
    weighable = False

    def __post_init__(self) -> None:
        if not self.labels or any(len(label) != 1 for label in self.labels):
            raise SpecError("OCROutput", "labels", self.labels, "single characters")
        if len(set(self.labels)) != len(self.labels):
            raise SpecError("OCROutput", "labels", self.labels, "all different")

    @property
    def description(self) -> str:
        return f"a text of the characters {''.join(self.labels)}"

    @property
    def facts(self) -> dict[str, str]:
        return {"output": self.description}

    @property
    def answer(self) -> str:
        return f"It reads the characters {''.join(self.labels)}."

    def example_labels(self, count: int) -> tuple[str, ...]:
        return tuple(chr(0x4E00 + number) for number in range(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorOutput(Output):
    """A place among others that stands for an input, (batch, numbers): inputs that
    mean alike lie in nearly the same direction."""

    kind: Literal["vector"] = "vector"
    dim: int

    is_features = True

    def __post_init__(self) -> None:
        if self.dim < 1:
            raise SpecError("VectorOutput", "dim", self.dim, "at least 1")

    @property
    def description(self) -> str:
        return f"a vector of {self.dim:,} numbers"
