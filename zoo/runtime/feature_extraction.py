"""From a model's output to a vector for each text, and the words nearest to it.

A module whose `embedding_matrix()` returns the vector of each token of its vocabulary,
(tokens, numbers), also gives the nearest words. A token with a vector of zeros is no
word.
"""

from collections.abc import Collection, Sequence
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from zoo.runtime import tokenizer
from zoo.runtime.eval_mode import eval_mode, forward_on_device
from zoo.runtime.input_errors import InputError, OptionError
from zoo.runtime.rows import spec_of, unwrap_model

__all__ = ["OPTIONS", "check_count", "embedding_matrix", "nearest", "predict"]

OPTIONS = ("top_k",)
SHOWN = 5  # words that are returned by default


def predict(
    model: nn.Module,
    batch: Tensor,
    items: Sequence[str | Tensor],
    *,
    top_k: int = SHOWN,
) -> list[dict[str, Any]]:
    """Return the vector of each text, and the `top_k` words nearest to it.

    The words of the text itself are not among them. Raises OptionError, InputError.
    """
    input_spec = spec_of(model).input
    count = check_count(model, top_k, "top_k", ["batch_size", *OPTIONS])
    with eval_mode(model):
        vector = forward_on_device(model, batch).float()
    if not vector.isfinite().all():
        problem = "The model's output is not finite: its weights are at fault."
        raise InputError(problem, "numbers it can count with")
    results = []
    for text, row, one in zip(items, batch, vector, strict=True):
        shown = (
            text
            if isinstance(text, str)
            else tokenizer.decode_sentence(row, input_spec)
        )
        near = nearest(model, one, count, without=row.tolist())
        result = {"text": shown, "vector": tuple(one.tolist()), "most_similar": near}
        results.append(result)
    return results


def nearest(
    model: nn.Module, vector: Tensor, count: int, *, without: Collection[int]
) -> tuple[dict[str, Any], ...]:
    """Return the words that lie nearest to a vector by the cosine, some left out."""
    matrix = embedding_matrix(model)
    if matrix is None or not vector.any():
        return ()
    score = normalize(matrix, dim=1) @ normalize(vector, dim=0)
    closed = ~matrix.any(dim=1)
    closed[list(without)] = True
    best = score.masked_fill(closed, -torch.inf).topk(min(count, len(score)))
    reader = tokenizer.tokenizer(spec_of(model).input)
    pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
    return tuple(
        {"word": str(reader.id_to_token(number)), "score": value}
        for value, number in pairs
        if not closed[number]
    )


def embedding_matrix(model: nn.Module) -> Tensor | None:
    """Return the vector of each token, or None of a model that has none for them."""
    method: Any = getattr(unwrap_model(model), "embedding_matrix", None)
    if not callable(method):
        return None
    with torch.inference_mode():
        matrix: Tensor = method().float().cpu()
    return matrix


def check_count(model: nn.Module, count: Any, name: str, known: list[str]) -> int:
    """Return how many words are asked for. Raises OptionError."""
    whole = isinstance(count, Integral) and not isinstance(count, bool)
    if not whole or count < 1:
        problem = f"{name}={count!r} should be 1 or more."
        raise OptionError(spec_of(model).name, problem, known)
    return int(count)
