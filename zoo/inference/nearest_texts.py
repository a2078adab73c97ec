"""The texts nearest to a text, by their vectors: `zoo.nearest_texts`."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from zoo.errors import InputError
from zoo.inference.features import features
from zoo.models.devices import Device
from zoo.models.loading import require_module
from zoo.models.metadata import model_metadata
from zoo.runtime import feature_extraction, tokenizer
from zoo.specs import ModelSpec
from zoo.tasks import task_of
from zoo.tasks.results.vision import NearestTexts, SimilarText

__all__ = ["check_reads_texts", "nearest_texts"]


def nearest_texts(
    model: nn.Module | str | Path,
    text: Any,
    texts: Any,
    *,
    n: int = 5,
    device: Device | None = None,
) -> Any:
    """Return the `n` of `texts` nearest to a text, by the cosine between their vectors.

    The vectors are those of `zoo.features`: of a classifier, the input of its head.
    `texts` is a list as in `zoo.predict`. A list in place of `text` gives a list of
    results, and the vectors of `texts` are computed once. Every pair is compared. A
    text with a cosine of zero, as one that shares no word with it, is left out.
    `device` is where it computes, as for `zoo.predict`. Raises InputError, OptionError,
    DeviceError.

    >>> texts = ["A black cat sleeps.", "The train was late."]
    >>> zoo.nearest_texts(
    ...     "word2vec-skipgram", "I missed my train", texts, n=1
    ... ).most_similar[0].text
    'The train was late.'
    """
    module = require_module(model, "zoo.nearest_texts(model, text, texts)", device)
    spec = model_metadata(module).spec
    check_reads_texts(spec)
    count = feature_extraction.check_count(module, n, "n", ["n"])
    task = task_of(spec)
    asked, single = task.split_items(text, spec.input)
    among, _ = task.split_items(texts, spec.input)
    score = _unit(module, asked, device) @ _unit(module, among, device).T
    results = []
    for item, row in zip(asked, score, strict=True):
        best = row.topk(min(count, len(row)))
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        near = tuple(
            SimilarText(text=str(among[place]), index=place, score=value)
            for value, place in pairs
            if value  # where no word is shared, nothing is near
        )
        results.append(NearestTexts(text=str(item), most_similar=near))
    return results[0] if single else results


def check_reads_texts(spec: ModelSpec) -> None:
    """Refuse a model whose inputs are no texts. Raises InputError."""
    if tokenizer.text_input(spec.input) is None:
        raise InputError(f"{spec.name!r} reads no texts.", spec.input.description)


def _unit(module: nn.Module, items: list[Any], device: Device | None) -> Tensor:
    """Return vectors of length one; a text that says nothing has zeros."""
    found = features(module, items, precision="no", device=device).float().cpu()
    if not torch.isfinite(found).all():
        problem = "The model's output is not finite: its weights are at fault."
        raise InputError(problem, "numbers it can count with")
    return normalize(found, dim=1)
