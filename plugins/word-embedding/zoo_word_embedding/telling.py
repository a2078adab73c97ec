"""What the card of word vectors tells: measures, a simpler way, a picture."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from zoo import ModelSpec, TextInput
from zoo.evaluation import plots as pictures
from zoo.models.metadata import unwrap_model
from zoo.preprocessing import tokenizer as tokens
from zoo_word_embedding.skipgram import SkipGram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "GROUPS",
    "bare",
    "commoner",
    "counted",
    "drawn",
    "factors",
    "nearer",
    "seal",
]

GROUPS = {
    "family": "mother father sister brother daughter son wife husband aunt uncle",
    "animals": "dog cat horse cow bird sheep puppy kitten elephant duck",
    "food": "bread cheese meat soup cake rice apple coffee milk sugar",
    "places": "france germany england japan china italy spain russia america india",
    "time": "monday tuesday wednesday thursday friday saturday sunday week month year",
    "computers": "software windows disk keyboard monitor driver printer files card pc",
}
COLOURS = ("#cc6677", "#4477aa", "#ddcc77", "#117733", "#aa4499", "#88ccee")
POWER = 0.5  # of the singular values, by which each direction counts


def bare(model: nn.Module) -> SkipGram:
    """Return the model itself, also where it is wrapped for several processes."""
    found = unwrap_model(model)
    assert isinstance(found, SkipGram), "the models here are of one class"
    return found


def seal(held: Tensor) -> str:
    """Return the hash of numbers."""
    return hashlib.sha256(held.numpy().tobytes()).hexdigest()


def counted(words: Tensor, size: int) -> Tensor:
    """Return how often each word of the vocabulary occurs, (words,)."""
    return torch.bincount(words[0], minlength=size)


def nearer(unit: Tensor, rows: Tensor) -> float:
    """Return the share of rows whose second word is nearer to the first than the third.

    `unit` are vectors of length one; where both are as near, half a row counts.
    """
    word, near, far = rows.long().T
    gap = (unit[word] * (unit[near] - unit[far])).sum(dim=1)
    return (gap.sign().mean().item() + 1) / 2


def commoner(count: Tensor, rows: Tensor) -> float:
    """Return how often the second word of a row is commoner than the third."""
    _, near, far = rows.long().T
    return ((count[near] - count[far]).sign().float().mean().item() + 1) / 2


def factors(pairs: tuple[Tensor, Tensor], size: int, width: int) -> Tensor:
    """Return vectors by counting: the singular vectors of what words share.

    What they share is the pointwise mutual information of word and context where it is
    positive. Levy, Goldberg, Dagan, 2015: with such counts much of what word2vec does
    can be had.
    """
    word, context = (one.long() for one in pairs)
    cell, times = torch.unique(word * size + context, return_counts=True)
    row, column = cell // size, cell % size
    rows = torch.bincount(word, minlength=size).double()
    columns = torch.bincount(context, minlength=size).double()
    value = (times * len(word) / (rows[row] * columns[column])).log().clamp(min=0)
    held = torch.sparse_coo_tensor(
        torch.stack([row, column]),
        value.float(),
        (size, size),
        is_coalesced=True,
        check_invariants=False,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        left, strength, _ = torch.svd_lowrank(held, q=2 * width, niter=3)
    return left[:, :width] * strength[:width] ** POWER


def drawn(model: SkipGram, spec: ModelSpec) -> bytes:
    """Return the words of some groups on a plane, coloured by group."""
    expected = spec.input
    assert isinstance(expected, TextInput), "the models here read text"
    reader = tokens.tokenizer(expected)
    number = reader.get_vocab()
    known = {
        group: [word for word in listed.split() if word in number]
        for group, listed in GROUPS.items()
    }
    place = _plane(model, [number[one] for listed in known.values() for one in listed])

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        start = 0
        for colour, (group, listed) in zip(COLOURS, known.items(), strict=True):
            part = place[start : start + len(listed)]
            axes.scatter(part[:, 0], part[:, 1], s=14, color=colour, label=group)
            for word, (x, y) in zip(listed, part.tolist(), strict=True):
                axes.annotate(
                    word, (x, y), (2, 2), textcoords="offset points", fontsize=7
                )
            start += len(listed)
        axes.legend(fontsize=8)

    return pictures.png(8.0, 5.6, draw)


def _plane(model: SkipGram, numbers: list[int]) -> Tensor:
    """Return words on their first two principal components, (words, 2)."""
    if len(numbers) < 3:  # a smoke run without data knows none of them
        return torch.zeros(len(numbers), 2)
    unit = normalize(model.table()[numbers].float(), dim=1)
    centred = unit - unit.mean(dim=0)
    _, _, direction = torch.linalg.svd(centred, full_matrices=False)
    place: Tensor = centred @ direction[:2].T
    return place
