"""A text in, and how it may go on. The Hub's tag is text-generation.

An answer takes many passes through the model, and its tokenizer:
`zoo.runtime.generation` has the loop, and describes the one method that a module must
have. It is fine-tuned on plain texts: which token comes next.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.models.metadata import model_metadata, unwrap_model
from zoo.runtime import generation, text_generation
from zoo.specs import TextInput, TextOutput
from zoo.tasks._language_models import (
    IGNORE_INDEX,
    MOST_TOKENS,
    LanguageModelTask,
    padded,
)
from zoo.tasks.results.result import Result
from zoo.tasks.results.text_generation import GeneratedText

__all__ = ["TASK"]


class TextGeneration(LanguageModelTask[TextOutput]):
    output_types = (TextOutput,)
    options = text_generation.OPTIONS

    def blocks(
        self, token: Sequence[int], input_spec: TextInput, output_spec: TextOutput
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield parts of a text that follow each other, and the token after each of
        theirs; after its last one comes the end of a text, if the model has one."""
        length = min(input_spec.max_length, MOST_TOKENS)
        if output_spec.eos_token_id is not None:
            token = [*token, output_spec.eos_token_id]
        for start in range(0, len(token) - 1, length):
            part = token[start : start + length + 1]
            yield (
                padded(part[:-1], length, input_spec.pad_token_id),
                padded(part[1:], length, IGNORE_INDEX),
            )

    def truncated(self, opened: Sequence[Any], input_spec: Any) -> int:
        """Return 0: of a long text, the model goes on from its end, as it writes."""
        return 0

    def predict(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return how each text goes on; `options` are those of `GenerationConfig`."""
        results = text_generation.predict(module, given, opened, **options)
        return [GeneratedText(**one) for one in results]

    def generates(self, module: nn.Module) -> bool:
        """Return whether a model writes texts that begin with nothing."""
        output_spec: Any = model_metadata(module).spec.output
        method = getattr(unwrap_model(module), generation.METHOD, None)
        return output_spec.bos_token_id is not None and callable(method)

    def generate(
        self,
        module: nn.Module,
        count: int,
        random: torch.Generator,
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return texts that begin with nothing, each drawn by a seed of its own."""
        results = text_generation.draw(module, count, random, options)
        return [GeneratedText(**one) for one in results]

    def generate_tensor(
        self, module: nn.Module, count: int, random: torch.Generator
    ) -> Tensor:
        """Return the numbers of a few tokens, (count, tokens)."""
        return generation.drawn(module, count, random)


TASK = TextGeneration()
