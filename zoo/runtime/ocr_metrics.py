"""Metrics of reading texts in pictures."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime import DataError, ctc
from zoo.runtime.image_to_text import decode_labels, read_texts
from zoo.runtime.rows import predict_batches, spec_of

__all__ = ["encode_texts", "evaluate", "metrics", "text_accuracy"]


def evaluate(model: nn.Module, rows: Any) -> dict[str, float]:
    """Return the metrics of a model on rows, in eval mode; see `text_accuracy`."""
    return metrics(predict_batches(model, rows), rows.target, spec_of(model).output)


def metrics(output: Tensor, target: Tensor, output_spec: Any) -> dict[str, float]:
    """Return how well texts are read by the likeliest path; see `text_accuracy`."""
    true = [decode_labels(row, output_spec) for row in ctc.unpad(target)]
    return text_accuracy(read_texts(output, output_spec), true)


def text_accuracy(read: Sequence[str], true: Sequence[str]) -> dict[str, float]:
    """Return the share of texts that are read without a fault, and how many characters
    must be changed, put in or left out to mend the others, for each that there is."""
    pairs = list(zip(read, true, strict=True))
    faults = torch.tensor([float(edit_distance(*pair)) for pair in pairs]).sum()
    return {
        "string_accuracy": sum(one == other for one, other in pairs) / len(pairs),
        "character_error_rate": (faults / sum(map(len, true))).item(),
    }


def edit_distance(one: str, other: str) -> int:
    """Return the fewest characters that are to be changed, put in or left out."""
    before = list(range(len(other) + 1))
    for row, character in enumerate(one, start=1):
        now = [row]
        for column, other_character in enumerate(other, start=1):
            changed = before[column - 1] + (character != other_character)
            now.append(min(changed, before[column] + 1, now[-1] + 1))
        before = now
    return before[-1]


def encode_texts(
    texts: Sequence[str],
    output_spec: Any,
    *,
    source: str = "the rows",
    steps: int | None = None,
) -> Tensor:
    """Return texts as a target, (texts, longest), for a model of so many `steps`.

    Raises DataError about a character that is not of the alphabet, an empty text, or
    one that does not fit into the steps.
    """
    places = {label: number for number, label in enumerate(output_spec.labels, start=1)}
    rows = []
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
                f"{source}: the text {text!r} takes {ctc.min_steps(row)} steps, one "
                "more "
                f"for each character that is repeated; the model has {steps}."
            )
        rows.append(row)
    return ctc.pad(rows)
