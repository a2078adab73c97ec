"""What the card of the word vectors tells: count-based baselines, and a plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import normalize

from zoo import ModelSpec, Run, TextInput
from zoo.recipes import plots
from zoo.recipes.text import tokenizer
from zoo_word_embedding.pairs import keep_probability, sample_pairs, word_counts
from zoo_word_embedding.recipe import (
    Settings,
    data,
    load_tokens,
    nearer_word_accuracy,
)
from zoo_word_embedding.skipgram import SkipGram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "WORD_GROUPS",
    "frequency_accuracy",
    "ppmi_svd",
    "report",
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


def report(model: SkipGram, run: Run) -> None:
    """Add baselines and the figures and plot of the card to the run."""
    vocab_size = run.spec.options["vocab_size"]
    embed_dim = run.spec.options["embed_dim"]
    training, test = load_tokens(run, "train"), data(run, "test")
    count = word_counts(training, vocab_size)
    random = torch.Generator().manual_seed(0)
    keep = keep_probability(count, Settings.sample)
    run.log_baseline("word frequency", accuracy=frequency_accuracy(count, test.input))
    pairs = sample_pairs(training, keep, Settings.window, random)
    unit = normalize(ppmi_svd(pairs, vocab_size, embed_dim), dim=1)
    run.log_baseline("SVD of PPMI", accuracy=nearer_word_accuracy(unit, test.input))
    run.log_summary(
        vocabulary_words=(count > 0).sum().item(), training_words=training.shape[1]
    )
    run.log_figure(
        "groups",
        word_plot(model, run.spec),
        "Words of some groups, on the first two principal components.",
    )


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
    vocabulary = tokenizer(input_spec).get_vocab()
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

    return plots.to_png(8.0, 5.6, draw)


def _principal_components(model: SkipGram, ids: list[int]) -> Tensor:
    """Return words on their first two principal components, (words, 2)."""
    if len(ids) < 3:  # a smoke run without data knows none of them
        return torch.zeros(len(ids), 2)
    unit = normalize(model.embedding_matrix()[ids].float(), dim=1)
    centred = unit - unit.mean(dim=0)
    _, _, components = torch.linalg.svd(centred, full_matrices=False)
    projected: Tensor = centred @ components[:2].T
    return projected
