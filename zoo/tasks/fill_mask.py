"""A text with gaps in, what may fill them out. The Hub's tag is fill-mask.

Every gap is filled by itself, as if the others stayed open.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import InputError, OptionError
from zoo.models.metadata import model_metadata
from zoo.runtime import tokenizer as tokens
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import MaskedTokenOutput, TextInput
from zoo.tasks._tokens import TokenTask
from zoo.tasks.results.result import Result
from zoo.tasks.results.text_generation import FilledText, MaskFill

__all__ = ["TASK"]

SHOWN = 5  # tokens of a gap that are told, where nobody says how many


class FillMask(TokenTask[MaskedTokenOutput]):
    outputs = (MaskedTokenOutput,)
    options = ("top_k",)

    def answers(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the `top_k` likeliest tokens of each gap, and their chances.

        Raises OptionError, and InputError where a text has no gap that is read.
        """
        spec = model_metadata(module).spec
        input_spec, output_spec = self.signature(spec)
        count = _count(spec.name, options.get("top_k", SHOWN), input_spec)
        gaps = [
            _gaps(row, one, input_spec, output_spec)
            for row, one in zip(given, opened, strict=True)
        ]
        chances = forward_on_device(module, given).float().softmax(dim=-1)
        return [
            _told(row, places, chance, one, input_spec, count)
            for row, places, chance, one in zip(
                given, gaps, chances, opened, strict=True
            )
        ]


TASK = FillMask()


def _count(model: str, count: Any, input_spec: TextInput) -> int:
    whole = isinstance(count, int) and not isinstance(count, bool)
    if not whole or not 1 <= count <= input_spec.vocab_size:
        wanted = f"a whole number from 1 to {input_spec.vocab_size:,}"
        problem = f"top_k={count!r} should be {wanted}."
        raise OptionError(model, problem, ["batch", *TASK.options])
    return int(count)


def _gaps(
    row: Tensor,
    text: str | Tensor,
    input_spec: TextInput,
    output_spec: MaskedTokenOutput,
) -> list[int]:
    """Return the places of the gaps of a row of tokens."""
    found: list[int] = (row == output_spec.mask_token_id).nonzero().flatten().tolist()
    if found:
        return found
    sign = tokens.tokenizer(input_spec).id_to_token(output_spec.mask_token_id)
    inside = isinstance(text, str) and str(sign) in text
    where = f" among its first {input_spec.max_length:,} tokens" if inside else ""
    problem = f"The text has no {sign}{where}, so there is no gap to fill."
    raise InputError(problem, f"a text with {sign} where a word is missing")


def _told(
    row: Tensor,
    places: list[int],
    chance: Tensor,
    text: str | Tensor,
    input_spec: TextInput,
    count: int,
) -> FilledText:
    reader = tokens.tokenizer(input_spec)
    likely = chance[places].topk(count)
    pairs = zip(likely.values.tolist(), likely.indices.tolist(), strict=True)
    masks = []
    for place, (scores, numbers) in zip(places, pairs, strict=True):
        fillings = []
        for score, number in zip(scores, numbers, strict=True):
            filled = torch.where(torch.arange(len(row)) == place, number, row)
            fillings.append(
                MaskFill(
                    token_str=reader.decode([number], skip_special_tokens=False),
                    score=score,
                    token=number,
                    sequence=tokens.sentence(filled, input_spec),
                )
            )
        masks.append(tuple(fillings))
    shown = text if isinstance(text, str) else tokens.sentence(row, input_spec)
    return FilledText(text=shown, masks=tuple(masks))
