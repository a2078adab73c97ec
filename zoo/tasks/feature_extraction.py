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
from zoo.models.metadata import model_metadata, unwrap_model
from zoo.runtime import tokenizer as tokens
from zoo.runtime.eval_mode import forward_on_device
from zoo.specs import ModelSpec, TextInput, VectorOutput
from zoo.tasks._task import Task
from zoo.tasks.results.embeddings import Neighbour, Vector
from zoo.tasks.results.result import Result

__all__ = ["TASK", "nearest", "table", "wanted"]

SHOWN = 5  # words that are told, where nobody says how many


class FeatureExtraction(Task[TextInput, VectorOutput]):
    inputs = (TextInput,)
    outputs = (VectorOutput,)
    options = ("top_k",)

    def answers(
        self,
        module: nn.Module,
        given: Tensor,
        opened: Sequence[Any],
        options: Mapping[str, Any],
    ) -> list[Result]:
        """Return the vector of each text, and the `top_k` words nearest to it.

        The words of the text itself are not among them. Raises OptionError, InputError.
        """
        input_spec, _ = self.signature(model_metadata(module).spec)
        known = ["batch", *self.options]
        count = wanted(module, options.get("top_k", SHOWN), "top_k", known)
        vector = forward_on_device(module, given).float()
        if not vector.isfinite().all():
            problem = "The model's output is not finite: its weights are at fault."
            raise InputError(problem, "numbers it can count with")
        told: list[Result] = []
        for text, row, one in zip(opened, given, vector, strict=True):
            near = nearest(module, one, count, without=row.tolist())
            shown = text if isinstance(text, str) else tokens.sentence(row, input_spec)
            told.append(Vector(text=shown, vector=tuple(one.tolist()), neighbours=near))
        return told

    def check_output(self, output: Tensor, given: Tensor, spec: ModelSpec) -> None:
        _, output_spec = self.signature(spec)
        wanted = (len(given), output_spec.dim)
        assert tuple(output.shape) == wanted, f"{tuple(output.shape)} is not {wanted}"


TASK = FeatureExtraction()


def nearest(
    module: nn.Module, vector: Tensor, count: int, *, without: Collection[int]
) -> tuple[Neighbour, ...]:
    """Return the words that lie nearest to a vector by the cosine, some left out."""
    held = table(module)
    if held is None or not vector.any():
        return ()
    input_spec = tokens.text_input(model_metadata(module).spec.input)
    assert input_spec is not None, "only texts have words"
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
