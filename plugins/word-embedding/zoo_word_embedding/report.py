"""The figures of the word vectors' card: metrics, a count-based baseline, a plot."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from zoo import ModelSpec, TextInput
from zoo.recipes import plots as pictures
from zoo.recipes import text as tokens
from zoo.recipes import unwrap_model
from zoo_word_embedding.skipgram import SkipGram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "WORD_GROUPS",
    "bare_model",
    "fingerprint",
    "frequency_accuracy",
    "nearer_word_accuracy",
    "ppmi_svd",
    "word_counts",
    "word_plot",
]

WORD_GROUPS = {
    "family": "mother father sister brother daughter son wife husband aunt uncle",
    "animals": "dog cat horse cow bird sheep puppy kitten elephant duck",
    "food": "bread cheese meat soup cake rice apple coffee milk sugar",
    "places": "france germany england japan china italy spain russia america india",
    "time": "monday tuesday wednesday thursday friday saturday sunday week month year",
    "computers": "software windows disk keyboard monitor driver printer files card pc",
}
COLOURS = ("#cc6677", "#4477aa", "#ddcc77", "#117733", "#aa4499", "#88ccee")
EIGENVALUE_POWER = 0.5  # the p of section 3.3 in Levy, Goldberg, Dagan, 2015


def bare_model(model: nn.Module) -> SkipGram:
    """Return the model itself, also where it is wrapped for several processes."""
    bare = unwrap_model(model)
    assert isinstance(bare, SkipGram), "the models here are of one class"
    return bare


def fingerprint(tensor: Tensor) -> str:
    """Return the SHA-256 of a tensor's bytes."""
    return hashlib.sha256(tensor.numpy().tobytes()).hexdigest()


def word_counts(tokens: Tensor, vocab_size: int) -> Tensor:
    """Return how often each word of the vocabulary occurs, (words,)."""
    return torch.bincount(tokens[0], minlength=vocab_size)


def nearer_word_accuracy(unit: Tensor, rows: Tensor) -> float:
    """Return the fraction of rows whose second word is nearer to the first than the
    third.

    `unit` are vectors of length one; a tie counts as half a row.
    """
    word, context, other = rows.long().T
    gap = (unit[word] * (unit[context] - unit[other])).sum(dim=1)
    return (gap.sign().mean().item() + 1) / 2


def frequency_accuracy(count: Tensor, rows: Tensor) -> float:
    """Return how often the second word of a row is more frequent than the third."""
    _, context, other = rows.long().T
    gap = (count[context] - count[other]).sign().float()
    return (gap.mean().item() + 1) / 2


def ppmi_svd(pairs: tuple[Tensor, Tensor], vocab_size: int, embed_dim: int) -> Tensor:
    """Return word vectors by a truncated SVD of the PPMI matrix of pairs.

    PPMI(w, c) = max(0, log(P(w, c) / (P(w) P(c)))). Levy, Goldberg, Dagan: "Improving
    distributional similarity with lessons learned from word embeddings", 2015.
    """
    word, context = (ids.long() for ids in pairs)
    cell, count = torch.unique(word * vocab_size + context, return_counts=True)
    row, column = cell // vocab_size, cell % vocab_size
    word_count = torch.bincount(word, minlength=vocab_size).double()
    context_count = torch.bincount(context, minlength=vocab_size).double()
    ratio = count * len(word) / (word_count[row] * context_count[column])
    matrix = torch.sparse_coo_tensor(
        torch.stack([row, column]),
        ratio.log().clamp(min=0).float(),
        (vocab_size, vocab_size),
        is_coalesced=True,
        check_invariants=False,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        left, singular_values, _ = torch.svd_lowrank(matrix, q=2 * embed_dim, niter=3)
    return left[:, :embed_dim] * singular_values[:embed_dim] ** EIGENVALUE_POWER


def word_plot(model: SkipGram, spec: ModelSpec) -> bytes:
    """Return the words of some groups in a plane, coloured by group."""
    input_spec = spec.input
    assert isinstance(input_spec, TextInput), "the models here read text"
    vocabulary = tokens.tokenizer(input_spec).get_vocab()
    groups = {
        group: [word for word in words.split() if word in vocabulary]
        for group, words in WORD_GROUPS.items()
    }
    ids = [vocabulary[word] for words in groups.values() for word in words]
    position = _principal_components(model, ids)

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot()
        start = 0
        for colour, (group, words) in zip(COLOURS, groups.items(), strict=True):
            part = position[start : start + len(words)]
            axes.scatter(part[:, 0], part[:, 1], s=14, color=colour, label=group)
            for word, (x, y) in zip(words, part.tolist(), strict=True):
                axes.annotate(
                    word, (x, y), (2, 2), textcoords="offset points", fontsize=7
                )
            start += len(words)
        axes.legend(fontsize=8)

    return pictures.png(8.0, 5.6, draw)


def _principal_components(model: SkipGram, ids: list[int]) -> Tensor:
    """Return words on their first two principal components, (words, 2)."""
    if len(ids) < 3:  # a smoke run without data knows none of them
        return torch.zeros(len(ids), 2)
    unit = normalize(model.table()[ids].float(), dim=1)
    centred = unit - unit.mean(dim=0)
    _, _, components = torch.linalg.svd(centred, full_matrices=False)
    projected: Tensor = centred @ components[:2].T
    return projected
