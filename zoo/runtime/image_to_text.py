"""From a model's output at each of its steps to the text that a picture shows."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime import ctc
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, OptionError, SpecError
from zoo.runtime.options import whole
from zoo.runtime.rows import spec_of

__all__ = [
    "OPTIONS",
    "check_beams",
    "decode_labels",
    "log_probs_of",
    "predict",
    "read_texts",
]

OPTIONS = ("beams",)
MOST_BEAMS = 1000


def predict(
    model: nn.Module, batch: Tensor, items: Sequence[Any], *, beams: int = 1
) -> list[dict[str, Any]]:
    """Return the text of each picture.

    With one beam it is the text of the likeliest path. With more `beams` it is the
    likeliest text of a beam search, and the other texts are alternatives. Raises
    OptionError, InputError.
    """
    spec = spec_of(model)
    check_beams(spec.name, beams, ["batch_size", *OPTIONS])
    with eval_mode(model):
        chances = log_probs_of(forward_on_device(model, batch), spec.output)
    if chances.isnan().any():
        problem = (
            "The model's output holds NaN: its weights or this input are at fault."
        )
        raise InputError(problem, "numbers it can count with")
    return [_result(steps, int(beams), spec.output) for steps in chances]


def check_beams(model: str, beams: Any, known: Sequence[str]) -> None:
    """Raise an OptionError if `beams` is not a valid number of beams."""
    if not whole(beams, 1, MOST_BEAMS):
        expected = f"a whole number from 1 to {MOST_BEAMS:,}"
        raise OptionError(model, f"beams={beams!r} should be {expected}.", known)


def log_probs_of(output: Tensor, output_spec: Any) -> Tensor:
    """Return the logarithms of the model's chances, (batch, steps, labels + 1)."""
    if output.ndim != 3 or output.shape[2] != len(output_spec.labels) + 1:
        expected = (
            f"one less than the model's output has numbers, {tuple(output.shape)}"
        )
        raise SpecError("OCROutput", "labels", output_spec.labels, expected)
    return output.double().log_softmax(dim=-1)


def read_texts(output: Tensor, output_spec: Any, *, beams: int = 1) -> list[str]:
    """Return the texts alone, read as `predict` reads them."""
    return [
        decode_labels(_candidates(steps, beams)[0].text, output_spec)
        for steps in log_probs_of(output, output_spec)
    ]


def decode_labels(numbers: Sequence[int], output_spec: Any) -> str:
    """Return a text of numbers as the characters that they stand for."""
    return "".join(output_spec.labels[number - 1] for number in numbers)


def _candidates(steps: Tensor, width: int) -> list[ctc.Candidate]:
    if width > 1:
        return ctc.beam(steps, width=width)
    text = ctc.best_path(steps)
    return [ctc.Candidate(text, ctc.likelihood(steps, [text]).item())]


def _result(steps: Tensor, width: int, output_spec: Any) -> dict[str, Any]:
    best, *others = _candidates(steps, width)
    text = decode_labels(best.text, output_spec)
    sure = ctc.character_confidence(steps, best.text)
    return {
        "text": text,
        "score": _chance(best),
        "characters": tuple(zip(text, sure, strict=True)),
        "alternatives": tuple(
            {"text": decode_labels(other.text, output_spec), "score": _chance(other)}
            for other in others
        ),
    }


def _chance(one: ctc.Candidate) -> float:
    return min(1.0, torch.tensor(one.score).double().exp().item())
