"""A text in, a vector out that stands for it. The Hub's tag is feature-extraction.

A module whose `table()` returns the vector of each token of its vocabulary, (tokens,
numbers), is also asked which words lie nearest. A token with a vector of zeros is no
word.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from zoo.errors import InputError, OptionError
from zoo.models.eval_mode import forward_on_device
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.preprocessing import text as texts
from zoo.preprocessing import tokenizer as tokens
from zoo.specs import TextInput
from zoo.tasks.results.vision import Neighbour, Result, Vector

__all__ = [
    "OPTIONS",
    "answers",
    "batch",
    "items",
    "nearest",
    "opened",
    "suspicion",
    "table",
    "wanted",
]

OPTIONS = ("top_k",)
SHOWN = 5  # words that are told, where nobody says how many

items, opened, suspicion = texts.items, texts.opened, texts.suspicion
batch = texts.batch


def answers(
    module: nn.Module, opened: Sequence[str | Tensor], options: Mapping[str, Any]
) -> list[Result]:
    """Return the vector of each text, and the `top_k` words nearest to it.

    The words of the text itself are not among them. Raises OptionError, InputError.
    """
    spec = model_metadata(module).spec
    input_spec = spec.input
    assert isinstance(input_spec, TextInput), "what a model of this task takes"
    count = wanted(module, options.get("top_k", SHOWN), "top_k", ["batch", *OPTIONS])
    token = batch(opened, input_spec)
    vector = forward_on_device(module, token).float()
    if not vector.isfinite().all():
        problem = "The model's output is not finite: its weights are at fault."
        raise InputError(problem, "numbers it can count with")
    told: list[Result] = []
    for text, row, one in zip(opened, token, vector, strict=True):
        near = nearest(module, one, count, without=row.tolist())
        shown = text if isinstance(text, str) else tokens.sentence(row, input_spec)
        told.append(Vector(text=shown, vector=tuple(one.tolist()), neighbours=near))
    return told


def nearest(
    module: nn.Module, vector: Tensor, count: int, *, without: Collection[int]
) -> tuple[Neighbour, ...]:
    """Return the words that lie nearest to a vector by the cosine, some left out."""
    held, input_spec = table(module), model_metadata(module).spec.input
    if held is None or not vector.any():
        return ()
    assert isinstance(input_spec, TextInput), "only texts have words"
    score = normalize(held, dim=1) @ normalize(vector, dim=0)
    closed = ~held.any(dim=1)
    closed[list(without)] = True
    found = score.masked_fill(closed, -torch.inf).topk(min(count, len(score)))
    reader = tokens.tokenizer(input_spec)
    pairs = zip(found.values.tolist(), found.indices.tolist(), strict=True)
    return tuple(
        Neighbour(word=str(reader.id_to_token(number)), score=value)
        for value, number in pairs
        if not closed[number]
    )


def table(module: nn.Module) -> Tensor | None:
    """Return the vector of each token, or None of a model that has none for them."""
    held = getattr(unwrap_model(module), "table", None)
    if not callable(held):
        return None
    with torch.inference_mode():
        found: Tensor = held().float().cpu()
    return found


def wanted(module: nn.Module, count: Any, name: str, known: list[str]) -> int:
    """Return how many words are asked for. Raises OptionError."""
    whole = isinstance(count, int) and not isinstance(count, bool)
    if not whole or count < 1:
        problem = f"{name}={count!r} should be 1 or more."
        raise OptionError(model_metadata(module).spec.name, problem, known)
    return int(count)
