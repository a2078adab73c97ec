"""The kinds of output, as specs and checkpoint folders describe them.

`zoo.specs` and `zoo` export the names in `__all__`: nothing else lists them.
"""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, Self

from zoo.errors import SpecError
from zoo.specs.inputs import ImageInput
from zoo.specs.signature import (
    MOST_SIDE,
    Input,
    LabelledOutput,
    Output,
    check_range,
    check_size,
)

__all__ = [
    "AnomalyOutput",
    "BoxOutput",
    "ClassOutput",
    "ColorizedImageOutput",
    "ForecastOutput",
    "ImageOutput",
    "InstanceOutput",
    "KeypointOutput",
    "MaskOutput",
    "MaskedTokenOutput",
    "NumberOutput",
    "OCROutput",
    "ScaledImageOutput",
    "TextOutput",
    "TranslationOutput",
    "VectorOutput",
]

MOST_SCALE = 64  # of a picture, by which it becomes wider and higher


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassOutput(LabelledOutput):
    """Scores for labels: how the model's numbers become probabilities.

    `function_to_apply` is the Hub's term: "softmax" over (batch, labels), "sigmoid" of
    one logit (batch, 1) for the second of two labels, "none" for an output that is the
    score already. With `multi_label`, each label is a binary decision of its own.

    >>> zoo.ClassOutput(labels=("cat", "dog")).labels
    ('cat', 'dog')
    """

    kind: Literal["classes"] = "classes"
    labels: tuple[str, ...]
    function_to_apply: Literal["softmax", "sigmoid", "none"] = "softmax"
    multi_label: bool = False

    shown_as = ("scores", "text")
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
    """One number for each row, (batch, 1), with its name and unit.

    >>> zoo.NumberOutput(name="price", unit="USD").description
    'price USD'
    """

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
    """The next numbers of a series, (batch, horizon), with their name and unit.

    >>> zoo.ForecastOutput(name="close", horizon=3).description
    'close, 3 ahead'
    """

    kind: Literal["forecast"] = "forecast"
    name: str
    unit: str = ""
    horizon: int = 1

    shown_as = ("picture", "text")
    targets = "zoo.tasks.targets.numbers:ForecastTargets"

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SpecError("ForecastOutput", "name", self.name, "what is forecast")
        check_range(self, "horizon")

    @property
    def description(self) -> str:
        return f"{f'{self.name} {self.unit}'.rstrip()}, {self.horizon} ahead"

    @property
    def answer(self) -> str:
        after = f"{self.horizon} rows" if self.horizon > 1 else "row"
        return f"It forecasts {self.name} of the next {after}."


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyOutput(Output):
    """How unusual each row is, and from which score on it counts as an anomaly: (batch,
    2), the score and the threshold, with the name and unit of both.

    >>> zoo.AnomalyOutput(name="squared error").description
    'squared error, and whether it is unusual'
    """

    kind: Literal["anomaly"] = "anomaly"
    name: str
    unit: str = ""

    shown_as = ("picture", "text")

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise SpecError("AnomalyOutput", "name", self.name, "what the score is")

    @property
    def description(self) -> str:
        return f"{f'{self.name} {self.unit}'.rstrip()}, and whether it is unusual"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOutput(Output):
    """A picture, as the model gives it: (batch, channels, height, width).

    Black is `low`, white is `high`, once `function_to_apply` is applied: "sigmoid" of
    logits, or "none".

    A model that gives the picture it is given, as an autoencoder does, has a `noise` of
    0. One that removes noise has its standard deviation there, of pixels in 0..1. Both
    are fine-tuned on pictures alone. Of other models it is None.

    >>> zoo.ImageOutput(height=28, width=28, channels=1).description
    'a grey picture, 28x28'
    """

    kind: Literal["image"] = "image"
    height: int
    width: int
    channels: Literal[1, 3] = 3
    function_to_apply: Literal["sigmoid", "none"] = "none"
    low: float = 0.0
    high: float = 1.0
    noise: float | None = None

    drawable = True
    shown_as = ("picture",)
    targets = "zoo.tasks.targets.pictures:PictureTargets"

    def __post_init__(self) -> None:
        check_size(self)
        if self.low >= self.high:
            raise SpecError("ImageOutput", "low", self.low, f"below {self.high}")
        if self.noise is not None and not 0 <= self.noise < math.inf:
            expected = "a standard deviation, 0 or more, or None"
            raise SpecError("ImageOutput", "noise", self.noise, expected)

    @property
    def description(self) -> str:
        kind = "grey" if self.channels == 1 else "colour"
        return f"a {kind} picture, {self.width}x{self.height}"

    @property
    def answer(self) -> str:
        return f"It gives {self.description}."

    def training_input(self, input_spec: Input) -> Input:
        """Return pictures of the output's size where the input is noise."""
        if input_spec.from_data:
            return input_spec
        height, width = self.height, self.width
        return ImageInput(height=height, width=width, channels=self.channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledImageOutput(Output):
    """The input as a better picture, `scale` times as wide and as high: (batch,
    channels, scale * height, scale * width). Black is `low`, white is `high`.

    No pixel depends on any of the input that is further than `reach` pixels from it, so
    a large picture can be computed in parts; of 0 it is not known.

    >>> zoo.ScaledImageOutput(scale=2, reach=12).scale
    2
    """

    kind: Literal["scaled-image"] = "scaled-image"
    scale: int
    channels: Literal[1, 3] = 3
    low: float = 0.0
    high: float = 1.0
    reach: int = 0

    shown_as = ("picture",)
    targets = "zoo.tasks.targets.pictures:PictureTargets"
    drawable = True

    def __post_init__(self) -> None:
        check_range(self, "scale", MOST_SCALE)
        check_range(self, "reach", MOST_SIDE, least=0)
        if self.low >= self.high:
            expected = f"below {self.high}"
            raise SpecError("ScaledImageOutput", "low", self.low, expected)

    @property
    def description(self) -> str:
        kind = "grey" if self.channels == 1 else "colour"
        return f"a {kind} picture, {self.scale} times as wide and as high"

    @property
    def answer(self) -> str:
        return f"It makes pictures {self.scale} times as wide and as high."

    def check_input(self, owner: str, input_spec: Input) -> None:
        _check_kept(owner, input_spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColorizedImageOutput(Output):
    """A grey picture with the colours that it may have had: (batch, 3, height, width),
    as high and wide as the input. Black is `low`, white is `high`.

    >>> zoo.ColorizedImageOutput().description
    'the same picture in colour'
    """

    kind: Literal["colorized-image"] = "colorized-image"
    low: float = 0.0
    high: float = 1.0

    targets = "zoo.tasks.targets.pictures:PictureTargets"
    drawable = True
    shown_as = ("picture",)
    scale = 1
    channels: ClassVar[Literal[3]] = 3
    reach = 0  # what a picture is of decides over its colours everywhere

    def __post_init__(self) -> None:
        if self.low >= self.high:
            expected = f"below {self.high}"
            raise SpecError("ColorizedImageOutput", "low", self.low, expected)

    @property
    def description(self) -> str:
        return "the same picture in colour"

    @property
    def answer(self) -> str:
        return "It gives grey pictures colours."

    def check_input(self, owner: str, input_spec: Input) -> None:
        _check_kept(owner, input_spec)
        channels = getattr(input_spec, "channels", None)
        if channels != 1:
            raise SpecError(owner, "input.channels", channels, "1, a grey picture")


def _check_kept(owner: str, input_spec: Input) -> None:
    fit = getattr(input_spec, "fit", None)
    if fit != "keep":
        expected = "'keep', so that the size of a picture says that of its output"
        raise SpecError(owner, "input.fit", fit, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskOutput(LabelledOutput):
    """A label for each pixel of the model's input: (batch, labels, height, width).

    "softmax" over the labels, or "sigmoid" of one logit, (batch, 1, height, width), for
    the second of two labels. The first label is the background.

    >>> zoo.MaskOutput(labels=("background", "pet")).description
    'background, pet'
    """

    kind: Literal["mask"] = "mask"
    labels: tuple[str, ...]
    function_to_apply: Literal["softmax", "sigmoid"] = "softmax"

    shown_as = ("picture", "text")
    targets = "zoo.tasks.targets.masks:MaskTargets"
    ignored_label = 255  # as in Pascal VOC and Cityscapes
    drawable = True
    counted = "in so many masks"
    judged = "pixel"

    def __post_init__(self) -> None:
        if len(self.labels) < 2:
            raise SpecError("MaskOutput", "labels", self.labels, "at least two")
        if len(set(self.labels)) != len(self.labels):
            raise SpecError("MaskOutput", "labels", self.labels, "all different")
        if self.function_to_apply not in ("softmax", "sigmoid"):
            expected, function = "'softmax' or 'sigmoid'", self.function_to_apply
            raise SpecError("MaskOutput", "function_to_apply", function, expected)
        if self.function_to_apply == "sigmoid" and len(self.labels) > 2:
            expected = "'softmax', because a logit is for the second of two labels"
            raise SpecError("MaskOutput", "function_to_apply", "sigmoid", expected)

    @property
    def target_labels(self) -> int | None:
        return len(self.labels)

    def with_labels(self, labels: tuple[str, ...]) -> Self | None:
        return replace(self, labels=labels, function_to_apply="softmax")

    def check_input(self, owner: str, input_spec: Input) -> None:
        fit = getattr(input_spec, "fit", None)
        if fit != "stretch":
            expected = "'stretch', so that a mask covers the whole picture"
            raise SpecError(owner, "input.fit", fit, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxOutput(LabelledOutput):
    """Boxes around the objects in the model's input: (batch, boxes, 5 + labels).

    Of each box the ends (xmin, ymin, xmax, ymax) as shares of the picture, the logit of
    an object being there, and a logit for each label: "softmax" over the labels, or
    "sigmoid" of each. Labels are of objects only; none is for the background.

    Objects with a score of `threshold` are found, the `max_objects` surest ones of a
    picture. Of two boxes of one label whose intersection over union is above `overlap`
    the surer one stays.

    >>> zoo.BoxOutput(labels=("cat", "dog")).description
    'cat, dog'
    """

    kind: Literal["boxes"] = "boxes"
    labels: tuple[str, ...]
    function_to_apply: Literal["softmax", "sigmoid"] = "softmax"
    threshold: float = 0.5
    overlap: float = 0.5
    max_objects: int = 100

    shown_as = ("picture", "text")
    targets = "zoo.tasks.targets.boxes:BoxTargets"
    drawable = True
    counted = "objects"
    judged = "object"
    weighable = False

    def __post_init__(self) -> None:
        _check_objects(self)

    def check_input(self, owner: str, input_spec: Input) -> None:
        _check_stretched(owner, input_spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceOutput(LabelledOutput):
    """Boxes around the objects in the model's input, and a mask in each: (batch, boxes,
    5 + labels + mask_size ** 2).

    The first numbers are those of a `BoxOutput`; the others are the logits of the
    object being at each of mask_size x mask_size places of its box, row by row.

    >>> zoo.InstanceOutput(labels=("nucleus",), mask_size=14).description
    'nucleus'
    """

    kind: Literal["instances"] = "instances"
    labels: tuple[str, ...]
    mask_size: int
    function_to_apply: Literal["softmax", "sigmoid"] = "softmax"
    threshold: float = 0.5
    overlap: float = 0.5
    max_objects: int = 100

    targets = "zoo.tasks.targets.instances:InstanceTargets"
    drawable = True
    shown_as = ("picture", "text")
    counted = "objects"
    judged = "object"
    weighable = False

    def __post_init__(self) -> None:
        _check_objects(self)
        check_range(self, "mask_size", MOST_SIDE)

    def check_input(self, owner: str, input_spec: Input) -> None:
        _check_stretched(owner, input_spec)


def _check_objects(output: BoxOutput | InstanceOutput) -> None:
    """Refuse labels and bounds of found objects that make no sense."""
    owner = type(output).__name__
    if not output.labels or len(set(output.labels)) != len(output.labels):
        raise SpecError(owner, "labels", output.labels, "at least one, all different")
    if output.function_to_apply not in ("softmax", "sigmoid"):
        expected, function = "'softmax' or 'sigmoid'", output.function_to_apply
        raise SpecError(owner, "function_to_apply", function, expected)
    for name in ("threshold", "overlap"):
        if not 0 <= (share := getattr(output, name)) <= 1:
            raise SpecError(owner, name, share, "from 0 to 1")
    check_range(output, "max_objects")


def _check_stretched(owner: str, input_spec: Input) -> None:
    fit = getattr(input_spec, "fit", None)
    if fit != "stretch":
        expected = "'stretch', so that a box has its place in the whole picture"
        raise SpecError(owner, "input.fit", fit, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypointOutput(LabelledOutput):
    """Where the points of the object in the model's input are: maps, (batch, 3 *
    points, rows, columns), of their logits and of their offsets in x and y. See
    `zoo.runtime.keypoint_detection`.

    `labels` are the names of the points, and `skeleton` the pairs that lines connect,
    by number from 0. Errors are measured by the distance of the two `reference` points
    or, where there are none, by the diagonal of the box around the true points.

    >>> zoo.KeypointOutput(labels=("left eye", "right eye"), reference=(0, 1)).kind
    'keypoints'
    """

    kind: Literal["keypoints"] = "keypoints"
    labels: tuple[str, ...]
    reference: tuple[int, int] | None = None
    skeleton: tuple[tuple[int, int], ...] = ()

    shown_as = ("picture", "text")
    targets = "zoo.tasks.targets.keypoints:KeypointTargets"
    drawable = True
    label_noun = "point"
    counted = "in so many pictures"
    judged = "point"
    weighable = False

    def __post_init__(self) -> None:
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            expected = "at least two, all different"
            raise SpecError("KeypointOutput", "labels", self.labels, expected)
        reference = () if self.reference is None else (self.reference,)
        for name, pairs in (("reference", reference), ("skeleton", self.skeleton)):
            known = range(len(self.labels))
            if any(len(pair) != 2 or not {*pair} <= {*known} for pair in pairs):
                expected = f"pairs of numbers from 0 to {len(self.labels) - 1}"
                raise SpecError("KeypointOutput", name, getattr(self, name), expected)

    @property
    def description(self) -> str:
        return f"{len(self.labels)} points"

    @property
    def facts(self) -> dict[str, str]:
        return {"output": self.description}

    @property
    def answer(self) -> str:
        if self.reference is None:
            unit = "the diagonal of the box around the true points of a picture"
        else:
            first, second = (self.labels[number] for number in self.reference)
            unit = f"the distance between {first} and {second}"
        return (
            f"It finds {len(self.labels)} points. The error of a point is its distance "
            f"from the true one, divided by {unit}."
        )

    def with_labels(self, labels: tuple[str, ...]) -> Self:
        """Return the output of a new head: lines and reference points stay where both
        of their points do."""
        number = {label: place for place, label in enumerate(labels)}

        def kept(pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
            named = [(self.labels[one], self.labels[two]) for one, two in pairs]
            return tuple(
                (number[one], number[two])
                for one, two in named
                if one in number and two in number
            )

        reference = () if self.reference is None else (self.reference,)
        return replace(
            self,
            labels=labels,
            reference=next(iter(kept(reference)), None),
            skeleton=kept(self.skeleton),
        )

    def check_input(self, owner: str, input_spec: Input) -> None:
        fit = getattr(input_spec, "fit", None)
        if fit != "stretch":
            expected = "'stretch', so that a point has its place in the whole picture"
            raise SpecError(owner, "input.fit", fit, expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOutput(Output):
    """Next-token logits of a language model, (batch, length, vocabulary).

    `bos_token_id` is the token before a text without a prompt, `eos_token_id` the token
    that ends a text; a model may lack either. Neither is part of a generated text.

    >>> zoo.TextOutput(eos_token_id=0).description
    'how a text goes on'
    """

    kind: Literal["text"] = "text"
    bos_token_id: int | None = None
    eos_token_id: int | None = None

    targets = "zoo.tasks.targets.own_texts:OwnTextTargets"

    def __post_init__(self) -> None:
        for name in ("bos_token_id", "eos_token_id"):
            if (number := getattr(self, name)) is not None and number < 0:
                raise SpecError("TextOutput", name, number, "the number of a token")

    @property
    def description(self) -> str:
        return "how a text goes on"

    @property
    def answer(self) -> str:
        return "It continues a text."


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationOutput(Output):
    """A text made from a text: next-token logits of the output, (batch, length,
    vocabulary), in the vocabulary of the input.

    `bos_token_id` is the token before every output text, `eos_token_id` the token that
    ends it. `language` is written as on the Hub ("fr").

    >>> zoo.TranslationOutput(
    ...     bos_token_id=1, eos_token_id=2, language="fr"
    ... ).description
    "a translation in 'fr'"
    """

    kind: Literal["translation"] = "translation"
    bos_token_id: int
    eos_token_id: int
    language: str = ""

    targets = "zoo.tasks.targets.translations:TranslationTargets"
    drawable = True

    shown_as = ("text", "picture")

    def __post_init__(self) -> None:
        for name in ("bos_token_id", "eos_token_id"):
            if (number := getattr(self, name)) < 0:
                expected = "the number of a token"
                raise SpecError("TranslationOutput", name, number, expected)

    @property
    def description(self) -> str:
        return f"a translation{f' in {self.language!r}' if self.language else ''}"

    @property
    def answer(self) -> str:
        return f"It gives {self.description}."


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedTokenOutput(Output):
    """Logits of a masked language model at each place of a text, (batch, length,
    vocabulary). `mask_token_id` is the token that is to be filled.

    >>> zoo.MaskedTokenOutput(mask_token_id=4).description
    'what fills the gaps of a text'
    """

    kind: Literal["masked-token"] = "masked-token"
    mask_token_id: int

    targets = "zoo.tasks.targets.own_texts:OwnTextTargets"

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

    @property
    def answer(self) -> str:
        return "It fills the gaps of a text."


@dataclass(frozen=True, slots=True, kw_only=True)
class OCROutput(LabelledOutput):
    """CTC logits of a text in a picture, (batch, steps, labels + 1): at each step the
    blank first, and then each character.

    `labels` are the characters in the model's order. See `zoo.runtime.ctc` for the
    decoding.

    >>> zoo.OCROutput(labels=tuple("0123456789")).description
    'a text of the characters 0123456789'
    """

    kind: Literal["ocr"] = "ocr"
    labels: tuple[str, ...]

    shown_as = ("picture", "text")
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
    """An embedding of the input, (batch, numbers): inputs of similar meaning have a
    high cosine similarity.

    >>> zoo.VectorOutput(dim=100).description
    'a vector of 100 numbers'
    """

    kind: Literal["vector"] = "vector"
    dim: int

    is_features = True
    labelled_task = "text-classification"

    def __post_init__(self) -> None:
        check_range(self, "dim")

    def with_labels(self, labels: tuple[str, ...]) -> ClassOutput:
        """Return the output of a classifier on top of the vector."""
        return ClassOutput(labels=labels)

    @property
    def description(self) -> str:
        return f"a vector of {self.dim:,} numbers"
