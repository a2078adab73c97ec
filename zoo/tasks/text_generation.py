"""A text in, and how it may go on. The Hub's tag is text-generation.

An answer takes many passes through the model, and its tokenizer:
`zoo.runtime.generation` has the loop, and tells of the one method that a module
must have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from zoo.models.metadata import model_metadata, unwrap_model
from zoo.runtime import generation as generating
from zoo.runtime import tokenizer as tokens
from zoo.runtime.generation import GenerationConfig
from zoo.specs import TextOutput
from zoo.tasks._options import Rules, check, number, whole
from zoo.tasks._tokens import TokenTask
from zoo.tasks.results.result import Result
from zoo.tasks.results.text_generation import GeneratedText

__all__ = ["TASK", "planned"]

LARGEST = 1 << 20  # tokens that are written at once


def _texts(value: object) -> bool:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, (list, tuple)):
        return False
    return all(isinstance(one, str) and one for one in several)


# What each option must be, and how that is said.
RULES: Rules = {
    "max_new_tokens": (
        lambda value: whole(value, 1, LARGEST),
        f"a whole number from 1 to {LARGEST:,}",
    ),
    "temperature": (
        lambda value: value == 0 or number(value, 0.01, 100),
        "0, for the likeliest token, or from 0.01 to 100",
    ),
    "top_k": (
        lambda value: value is None or whole(value, 1, 1 << 62),
        "a whole number from 1 on, or None",
    ),
    "top_p": (
        lambda value: value is None or (number(value, 0, 1) and value > 0),
        "above 0 and at most 1, or None",
    ),
    "seed": (
        lambda value: value is None or whole(value, 0, (1 << 63) - 1),
        "a whole number from 0 on, below 2**63, or None",
    ),
    "stop": (
        lambda value: value is None or _texts(value),
        "a text that is not empty, a list of those, or None",
    ),
}


class TextGeneration(TokenTask[TextOutput]):
    outputs = (TextOutput,)
    options = tuple(field.name for field in fields(GenerationConfig))

    def answers(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return how each text goes on; `options` are those of `generation.Plan`."""
        spec = model_metadata(module).spec
        plan = planned(spec.name, options)
        input_spec, _ = self.signature(spec)
        prompts = [
            tokens.whole(one, input_spec) if isinstance(one, str) else one.tolist()
            for one in opened
        ]
        texts = [
            one if isinstance(one, str) else tokens.spelled(row, input_spec)
            for one, row in zip(opened, prompts, strict=True)
        ]
        count = len(opened)
        seeds = generating.seeds(count) if plan.seed is None else [plan.seed] * count
        return self._told(module, texts, prompts, seeds, plan)

    def writes(self, module: nn.Module) -> bool:
        """Return whether a model writes texts that begin with nothing."""
        output_spec: Any = model_metadata(module).spec.output
        method = getattr(unwrap_model(module), generating.METHOD, None)
        return output_spec.bos_token_id is not None and callable(method)

    def sampled(
        self,
        module: nn.Module,
        count: int,
        random: torch.Generator,
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return texts that begin with nothing, each drawn by a seed of its own."""
        known = model_metadata(module).spec
        plan = planned(known.name, options)
        seeds = generating.seeds(count, random)
        prompts = [generating.beginning(known)] * count
        return self._told(module, [""] * count, prompts, seeds, plan)

    def drawn(self, module: nn.Module, count: int, random: torch.Generator) -> Tensor:
        """Return the numbers of a few tokens, (count, tokens)."""
        return generating.drawn(module, count, random)

    def _told(
        self,
        module: nn.Module,
        given: Sequence[str],
        prompts: Sequence[Sequence[int]],
        seeds: Sequence[int],
        plan: GenerationConfig,
    ) -> list[Result]:
        input_spec, _ = self.signature(model_metadata(module).spec)

        def over(row: list[int]) -> bool:
            text = tokens.spelled(row, input_spec)
            return plan.cut(text) != text

        written = generating.generate(
            module, prompts, plan=plan, seeds=seeds, over=over if plan.stop else None
        )
        return [
            GeneratedText(
                prompt=prompt,
                text=plan.cut(tokens.spelled(one.tokens, input_spec)),
                tokens=len(one.tokens),
                finished=one.finished,
            )
            for prompt, one in zip(given, written, strict=True)
        ]


TASK = TextGeneration()


def planned(model: str, options: Mapping[str, Any]) -> GenerationConfig:
    """Return the plan of a generation, or an OptionError about one of its options."""
    check(model, options, RULES)
    return GenerationConfig(**options)
