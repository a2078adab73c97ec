"""A picture in, the text that it shows out. The Hub's tag is image-to-text.

The model says at each of its steps, from left to right, which character it sees, if
any; `zoo.tasks.decoding.ctc` makes a text of that.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from zoo.errors import DataError, InputError, MissingExtra, OptionError, SpecError
from zoo.models.eval_mode import forward_on_device
from zoo.models.metadata import model_metadata
from zoo.specs import OCROutput
from zoo.tasks import image_classification as reading
from zoo.tasks.decoding import ctc
from zoo.tasks.results.ocr import OCRCandidate
from zoo.tasks.results.vision import OCRResult, Result

__all__ = [
    "OPTIONS",
    "answers",
    "batch",
    "compared",
    "items",
    "loss",
    "measure",
    "numbered",
    "opened",
    "said",
    "spelled",
    "suspicion",
    "texts",
]

OPTIONS = ("beams",)
MOST_BEAMS = 1000

items, opened, batch = reading.items, reading.opened, reading.batch
suspicion = reading.suspicion


def answers(
    module: nn.Module, opened: Sequence[Any], options: Mapping[str, Any]
) -> list[Result]:
    """Return the text of each picture.

    It is that of the likeliest path, or with more than one of the `beams` the
    likeliest text that a search with so many comes upon, and the others besides.
    `invert` exchanges dark and light. Raises OptionError, and InputError.
    """
    spec = model_metadata(module).spec
    input_spec: Any = spec.input
    output_spec: Any = spec.output
    width = _width(spec.name, options.get("beams", 1))
    given = batch(list(opened), input_spec, invert=options.get("invert", False))
    chances = said(forward_on_device(module, given), output_spec)
    if chances.isnan().any():
        problem = (
            "The model's output holds NaN: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    return [
        _told(steps, width, output_spec, reading.thumbnail(item))
        for steps, item in zip(chances, opened, strict=True)
    ]


def said(output: Tensor, output_spec: OCROutput) -> Tensor:
    """Return the logarithms of the model's chances, (batch, steps, labels + 1)."""
    if output.ndim != 3 or output.shape[2] != len(output_spec.labels) + 1:
        wanted = f"one less than the model's output has numbers, {tuple(output.shape)}"
        raise SpecError("OCROutput", "labels", output_spec.labels, wanted)
    return output.double().log_softmax(dim=-1)


def texts(output: Tensor, output_spec: OCROutput, *, beams: int = 1) -> list[str]:
    """Return the texts alone, read as `answers` reads them."""
    return [
        spelled(_candidates(steps, beams)[0].text, output_spec)
        for steps in said(output, output_spec)
    ]


def spelled(numbers: Sequence[int], output_spec: OCROutput) -> str:
    """Return a text of numbers as the characters that they stand for."""
    return "".join(output_spec.labels[number - 1] for number in numbers)


def numbered(
    texts: Sequence[str],
    output_spec: OCROutput,
    *,
    source: str,
    steps: int | None = None,
) -> Tensor:
    """Return texts as a target, (texts, longest), for a model of so many `steps`.

    Raises DataError about a character that is not of the alphabet, an empty text, or
    one that does not fit into the steps.
    """
    places = {label: number for number, label in enumerate(output_spec.labels, start=1)}
    found = []
    for text in texts:
        strange = next((one for one in text if one not in places), None)
        if strange is not None or not text:
            fault = f"has {strange!r}, which" if text else "is empty, and"
            known = "".join(output_spec.labels)
            raise DataError(
                f"{source}: the text {text!r} {fault} the model can't learn to read. "
                f"It knows {known!r}."
            )
        row = [places[one] for one in text]
        if steps is not None and ctc.min_steps(row) > steps:
            raise DataError(
                f"{source}: the text {text!r} takes {ctc.min_steps(row)} steps, one more "
                f"for each character that is repeated; the model has {steps}."
            )
        found.append(row)
    return ctc.padded(found)


def loss(
    output: Tensor,
    target: Tensor,
    output_spec: OCROutput,
    weight: Tensor | None = None,
) -> Tensor:
    """Return the mean surprise by a character; see `zoo.tasks.decoding.ctc.loss`.

    A text is told as a whole, so no `weight` tells how much a character counts.
    """
    return ctc.loss(output, target)


def measure(output: Tensor, target: Tensor, output_spec: OCROutput) -> dict[str, float]:
    """Return how well texts are read by the likeliest path; see `compared`."""
    true = [spelled(row, output_spec) for row in ctc.unpadded(target)]
    return compared(texts(output, output_spec), true)


def compared(read: Sequence[str], true: Sequence[str]) -> dict[str, float]:
    """Return the share of texts that are read without a fault, and how many characters
    must be changed, put in or left out to mend the others, for each that there is."""
    try:
        from torchmetrics.functional.text import char_error_rate
    except ImportError as exc:
        raise MissingExtra("torchmetrics", "Measuring a model") from exc
    right = [one == other for one, other in zip(read, true, strict=True)]
    return {
        "string_accuracy": sum(right) / len(right),
        "character_error_rate": char_error_rate([*read], [*true]).item(),
    }


def _width(model: str, beams: Any) -> int:
    whole = isinstance(beams, int) and not isinstance(beams, bool)
    if not whole or not 1 <= beams <= MOST_BEAMS:
        problem = f"beams={beams!r} should be a whole number from 1 to {MOST_BEAMS:,}."
        raise OptionError(model, problem, ["batch", "invert", *OPTIONS])
    return int(beams)


def _candidates(steps: Tensor, width: int) -> list[ctc.Candidate]:
    if width > 1:
        return ctc.beam(steps, width=width)
    text = ctc.best_path(steps)
    return [ctc.Candidate(text, ctc.likelihood(steps, [text]).item())]


def _told(
    steps: Tensor, width: int, output_spec: OCROutput, picture: Image.Image | None
) -> OCRResult:
    best, *others = _candidates(steps, width)
    text = spelled(best.text, output_spec)
    return OCRResult(
        text=text,
        score=_chance(best),
        characters=tuple(
            zip(text, ctc.character_confidence(steps, best.text), strict=True)
        ),
        alternatives=tuple(
            OCRCandidate(text=spelled(other.text, output_spec), score=_chance(other))
            for other in others
        ),
        picture=picture,
    )


def _chance(one: ctc.Candidate) -> float:
    return min(1.0, torch.tensor(one.score).double().exp().item())
