"""A text in, and how it may go on. The Hub's tag is text-generation.

An answer takes many passes through the model, and its tokenizer: `zoo.tasks.decoding.generation` has
the loop, and tells of the one method that a module must have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from zoo.models.metadata import model_metadata
from zoo.preprocessing import text as texts
from zoo.preprocessing import tokenizer as tokens
from zoo.specs import TextInput
from zoo.tasks._options import Rules, check, number, whole
from zoo.tasks.decoding import generation as generating
from zoo.tasks.decoding.generation import GenerationConfig
from zoo.tasks.results.vision import GeneratedText, Result

__all__ = ["OPTIONS", "answers", "batch", "items", "opened", "sampled", "suspicion"]

OPTIONS = tuple(field.name for field in fields(GenerationConfig))
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

items, opened, suspicion = texts.items, texts.opened, texts.suspicion
batch = texts.batch


def answers(
    module: nn.Module, opened: Sequence[str | Tensor], options: Mapping[str, Any]
) -> list[Result]:
    """Return how each text goes on; `options` are those of `zoo.tasks.decoding.generation.GenerationConfig`."""
    plan = planned(model_metadata(module).spec.name, options)
    input_spec = _expected(module)
    prompts = [
        tokens.whole(one, input_spec) if isinstance(one, str) else one.tolist()
        for one in opened
    ]
    given = [
        one if isinstance(one, str) else tokens.spelled(row, input_spec)
        for one, row in zip(opened, prompts, strict=True)
    ]
    count = len(opened)
    seeds = generating.seeds(count) if plan.seed is None else [plan.seed] * count
    return _told(module, given, prompts, seeds, plan)


def sampled(
    module: nn.Module, count: int, random: torch.Generator, options: Mapping[str, Any]
) -> list[Result]:
    """Return texts that begin with nothing, each drawn by a seed of its own."""
    known = model_metadata(module).spec
    plan = planned(known.name, options)
    seeds = generating.seeds(count, random)
    prompts = [generating.beginning(known)] * count
    return _told(module, [""] * count, prompts, seeds, plan)


def planned(model: str, options: Mapping[str, Any]) -> GenerationConfig:
    """Return the plan of a generation, or an OptionError about one of its options."""
    check(model, options, RULES)
    return GenerationConfig(**options)


def _told(
    module: nn.Module,
    given: Sequence[str],
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    plan: GenerationConfig,
) -> list[Result]:
    input_spec = _expected(module)

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


def _expected(module: nn.Module) -> TextInput:
    input_spec = model_metadata(module).spec.input
    assert isinstance(input_spec, TextInput), "what a model of this task takes"
    return input_spec
