"""From a model's output to the tokens that may fill the gaps of a text."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime import tokenizer
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, OptionError
from zoo.runtime.options import whole
from zoo.runtime.rows import spec_of

__all__ = ["OPTIONS", "predict"]

OPTIONS = ("top_k",)
SHOWN = 5  # tokens of a gap that are returned by default


def predict(
    model: nn.Module,
    batch: Tensor,
    items: Sequence[str | Tensor],
    *,
    top_k: int = SHOWN,
) -> list[dict[str, Any]]:
    """Return the `top_k` likeliest tokens of each gap, and their chances.

    Every gap is filled by itself, as if the others stayed open. Raises OptionError, and
    InputError where a text has no gap that is read.
    """
    spec = spec_of(model)
    if not whole(top_k, 1, spec.input.vocab_size):
        expected = f"a whole number from 1 to {spec.input.vocab_size:,}"
        problem = f"top_k={top_k!r} should be {expected}."
        raise OptionError(spec.name, problem, ["batch_size", *OPTIONS])
    places = [_gaps(row, one, spec) for row, one in zip(batch, items, strict=True)]
    with eval_mode(model):
        chances = forward_on_device(model, batch).float().softmax(dim=-1)
    return [
        _result(row, gaps, chance, one, spec.input, int(top_k))
        for row, gaps, chance, one in zip(batch, places, chances, items, strict=True)
    ]


def _gaps(row: Tensor, text: str | Tensor, spec: Any) -> list[int]:
    """Return the places of the gaps of a row of tokens."""
    mask: int = spec.output.mask_token_id
    gaps: list[int] = (row == mask).nonzero().flatten().tolist()
    if gaps:
        return gaps
    sign = tokenizer.tokenizer(spec.input).id_to_token(mask)
    inside = isinstance(text, str) and str(sign) in text
    where = f" among its first {spec.input.max_length:,} tokens" if inside else ""
    problem = f"The text has no {sign}{where}, so there is no gap to fill."
    raise InputError(problem, f"a text with {sign} where a word is missing")


def _result(
    row: Tensor,
    places: list[int],
    chance: Tensor,
    text: str | Tensor,
    input_spec: Any,
    count: int,
) -> dict[str, Any]:
    reader = tokenizer.tokenizer(input_spec)
    likely = chance[places].topk(count)
    pairs = zip(likely.values.tolist(), likely.indices.tolist(), strict=True)
    masks = []
    for place, (scores, numbers) in zip(places, pairs, strict=True):
        fillings = []
        for score, number in zip(scores, numbers, strict=True):
            filled = torch.where(torch.arange(len(row)) == place, number, row)
            fillings.append(
                {
                    "token_str": reader.decode([number], skip_special_tokens=False),
                    "score": score,
                    "token": number,
                    "sequence": tokenizer.decode_sentence(filled, input_spec),
                }
            )
        masks.append(tuple(fillings))
    shown = (
        text if isinstance(text, str) else tokenizer.decode_sentence(row, input_spec)
    )
    return {"text": shown, "masks": tuple(masks)}
