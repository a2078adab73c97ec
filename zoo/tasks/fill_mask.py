"""A text with gaps in, what may fill them out. The Hub's tag is fill-mask.

It is fine-tuned on plain texts, of which some tokens are masked: other ones in every
epoch, and always the same where it is measured.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.runtime import fill_mask, tokenizer
from zoo.specs import MaskedTokenOutput, TextInput
from zoo.tasks._language_models import (
    IGNORE_INDEX,
    MOST_TOKENS,
    SPECIAL,
    LanguageModelTask,
    padded,
)
from zoo.tasks.results.result import Result
from zoo.tasks.results.text_generation import FilledText, MaskFill

__all__ = ["TASK"]

# Devlin et al., section 3.1: of the tokens, and of those that are asked for. The others
# stay as they are.
ASKED, MASKED, RANDOM = 0.15, 0.8, 0.1


class FillMask(LanguageModelTask[MaskedTokenOutput]):
    output_types = (MaskedTokenOutput,)
    options = fill_mask.OPTIONS

    def blocks(
        self,
        token: Sequence[int],
        input_spec: TextInput,
        output_spec: MaskedTokenOutput,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield parts of a text, with what the tokenizer puts around a text, some of
        their tokens masked, and these. The masks depend on the text alone."""
        around = tokenizer.surrounding(input_spec)
        before, after = around[: len(around) // 2], around[len(around) // 2 :]
        length = min(input_spec.max_length, MOST_TOKENS)
        inner = length - len(around)
        random = torch.Generator().manual_seed(0)
        for start in range(0, len(token), inner):
            part = token[start : start + inner]
            row = [*before, *part, *after]
            free = [SPECIAL] * len(before) + [IGNORE_INDEX] * len(part)
            block = padded(row, length, input_spec.pad_token_id)
            place = padded(free, length, SPECIAL) == IGNORE_INDEX
            asked = place & (torch.rand(length, generator=random) < ASKED)
            if not asked.any():
                asked[len(before) + len(part) // 2] = True
            target = torch.where(place, IGNORE_INDEX, SPECIAL).where(~asked, block)
            yield block.where(~asked, output_spec.mask_token_id), target

    def augment(
        self,
        batch: Tensor,
        target: Tensor,
        kind: str,
        random: torch.Generator,
        output_spec: MaskedTokenOutput,
    ) -> tuple[Tensor, Tensor]:
        """Return the same texts with other tokens masked, as in BERT: of 15 in a
        hundred, 80 become the mask, ten another token of the batch, and ten stay."""
        whole, free = torch.where(target >= 0, target, batch), target != SPECIAL
        chance = torch.rand(batch.shape, generator=random)
        asked = free & (chance < ASKED)
        other = whole[free][
            torch.randint(int(free.sum()), batch.shape, generator=random)
        ]
        seen = torch.where(chance < ASKED * (MASKED + RANDOM), other, whole)
        seen = seen.masked_fill(chance < ASKED * MASKED, output_spec.mask_token_id)
        asked_for = torch.where(free, IGNORE_INDEX, SPECIAL).where(~asked, whole)
        return torch.where(asked, seen, whole), asked_for

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the likeliest tokens of each gap; see `zoo.runtime.fill_mask`."""
        results = fill_mask.predict(module, given, opened, **options)
        return [_typed(**one) for one in results]


TASK = FillMask()


def _typed(text: str, masks: Sequence[Sequence[Mapping[str, Any]]]) -> FilledText:
    typed = (tuple(MaskFill(**one) for one in fillings) for fillings in masks)
    return FilledText(text=text, masks=tuple(typed))
