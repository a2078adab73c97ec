"""A text in, the same in another language out. The Hub's tag is translation.

An answer is looked for: `zoo.runtime.beam_search` has the search, and tells of
the two methods that a module must have. Both languages are read and written by one
tokenizer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from zoo.errors import InputError
from zoo.models.metadata import model_metadata
from zoo.preprocessing.text import describe
from zoo.runtime import beam_search as beams
from zoo.runtime import tokenizer as tokens
from zoo.runtime.beam_search import BeamSearchConfig, Written
from zoo.specs import TextInput, TranslationOutput
from zoo.tasks._options import Rules, check, number, whole
from zoo.tasks._tokens import TokenTask
from zoo.tasks.results.result import Result
from zoo.tasks.results.translation import Alternative, Translation

__all__ = ["TASK"]

WIDEST, LARGEST = 100, 1 << 12  # beams, and tokens that are written
BROKEN = "\ufffd"  # what part of a character is read as

RULES: Rules = {
    "beams": (
        lambda value: whole(value, 1, WIDEST),
        f"a whole number from 1 to {WIDEST}",
    ),
    "max_tokens": (
        lambda value: value is None or whole(value, 1, LARGEST),
        f"a whole number from 1 to {LARGEST:,}, or None",
    ),
    "length_penalty": (
        lambda value: number(value, 0, 10),
        "from 0, for none, to 10",
    ),
}


class Translating(TokenTask[TranslationOutput]):
    outputs = (TranslationOutput,)
    searches = True
    options = tuple(field.name for field in fields(BeamSearchConfig))

    def opened(self, item: Any, input_spec: TextInput) -> str | Tensor:
        """Return a text that the model can read to its end, or an InputError.

        Where its lines end, and how wide its gaps are, says nothing of what it means.
        """
        found: str | Tensor = super().opened(item, input_spec)
        if isinstance(found, str):
            found = " ".join(found.split())
            around = len(tokens.tokenizer(input_spec).encode("").ids)
            count = len(tokens.whole(found, input_spec)) + around
            if count > input_spec.max_length:
                problem = (
                    f"The text has {count:,} tokens, and the model reads "
                    f"{input_spec.max_length:,} at most: give it sentence by "
                    "sentence, as a "
                    "list."
                )
                raise InputError(problem, describe(input_spec))
        elif (found == input_spec.pad_token_id).all():
            problem = "A row of token numbers that is padding alone has nothing to say."
            raise InputError(problem, describe(input_spec))
        return found

    def suspicion(self, batch: Tensor, input_spec: TextInput) -> tuple[str, str] | None:
        """Return why a translation would say nothing: letters that are no token."""
        made = tokens.tokenizer(input_spec)
        strange = [n for n in batch.unique().tolist() if BROKEN in made.decode([n])]
        parts = torch.isin(batch, torch.tensor(strange, dtype=batch.dtype)).sum(dim=1)
        if (2 * parts <= (batch != input_spec.pad_token_id).sum(dim=1)).all():
            return super().suspicion(batch, input_spec)
        language = f" (language: {input_spec.language})" if input_spec.language else ""
        return "letters", (
            "A text is mostly of signs that the model has no token for, so its "
            "translation means nothing: check the language and the alphabet"
            f"{language}."
        )

    def answers(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return translations; `options` are those of `beam_search.Plan`."""
        spec = model_metadata(module).spec
        input_spec, output_spec = self.signature(spec)
        check(spec.name, options, RULES)
        sources = [
            tokens.numbers([one], input_spec)[0]
            if isinstance(one, str)
            else one.tolist()
            for one in opened
        ]
        found = beams.search(module, sources, plan=BeamSearchConfig(**options))
        return [
            _told(one, source, texts, input_spec, output_spec)
            for one, source, texts in zip(opened, sources, found, strict=True)
        ]


TASK = Translating()


def _told(
    given: str | Tensor,
    source: Sequence[int],
    found: Sequence[Written],
    input_spec: TextInput,
    output_spec: TranslationOutput,
) -> Translation:
    made, best = tokens.tokenizer(input_spec), found[0]

    def shown(row: Sequence[int]) -> tuple[str, ...]:
        return tuple(made.decode([n], skip_special_tokens=False) for n in row)

    ended = [output_spec.eos_token_id] if best.finished else []
    return Translation(
        source=given if isinstance(given, str) else tokens.spelled(source, input_spec),
        text=tokens.spelled(best.tokens, input_spec),
        score=best.score,
        finished=best.finished,
        alternatives=tuple(
            Alternative(text=tokens.spelled(one.tokens, input_spec), score=one.score)
            for one in found[1:]
        ),
        source_tokens=shown(source),
        tokens=shown([*best.tokens, *ended]),
        attention=tuple(map(tuple, best.attention.tolist())),
    )
