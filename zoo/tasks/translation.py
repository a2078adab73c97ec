"""A text in, the same in another language out. The Hub's tag is translation.

`zoo.runtime.beam_search` has the search, and describes the two methods that a module
must have. One tokenizer serves both languages.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.preprocessing.preprocessor import InputWarning
from zoo.runtime import tokenizer, translation
from zoo.specs import TextInput, TranslationOutput
from zoo.tasks._tokens import TokenTask
from zoo.tasks.results.result import Result
from zoo.tasks.results.translation import Alternative, Translation

__all__ = ["TASK"]


class Translating(TokenTask[TranslationOutput]):
    output_types = (TranslationOutput,)
    uses_beam_search = True
    options = translation.OPTIONS

    def load_item(self, item: Any, input_spec: TextInput) -> str | Tensor:
        """Return a text that the model can read to its end, or an InputError.

        Line breaks and repeated spaces become single spaces.
        """
        loaded: str | Tensor = super().load_item(item, input_spec)
        return translation.fitting(loaded, input_spec)

    def input_warnings(
        self, batch: Tensor, input_spec: TextInput
    ) -> list[InputWarning]:
        """Return a warning where most of a text is of letters without a token."""
        made = tokenizer.tokenizer(input_spec)
        strange = [
            n for n in batch.unique().tolist() if translation.BROKEN in made.decode([n])
        ]
        parts = torch.isin(batch, torch.tensor(strange, dtype=batch.dtype)).sum(dim=1)
        if (2 * parts <= (batch != input_spec.pad_token_id).sum(dim=1)).all():
            return super().input_warnings(batch, input_spec)
        language = f" (language: {input_spec.language})" if input_spec.language else ""
        sentence = (
            "A text is mostly of signs that the model has no token for, so its "
            "translation means nothing: check the language and the alphabet"
            f"{language}."
        )
        return [InputWarning("letters", sentence)]

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return translations; `options` are those of `BeamSearchConfig`."""
        results = translation.predict(module, given, opened, **options)
        return [_typed(one) for one in results]


TASK = Translating()


def _typed(one: Mapping[str, Any]) -> Translation:
    others = tuple(Alternative(**each) for each in one["alternatives"])
    return Translation(**{**one, "alternatives": others})
