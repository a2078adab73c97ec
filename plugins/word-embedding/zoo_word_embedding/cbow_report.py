"""What the card of CBOW tells: that of skip-gram, and skip-gram beside it."""

from typing import Any

from torch.nn.functional import normalize

import zoo
from zoo import Run
from zoo_word_embedding import report as skipgram_report
from zoo_word_embedding.cbow import CBOW
from zoo_word_embedding.recipe import data, nearer_word_accuracy

__all__ = ["report"]

SKIPGRAM = "word2vec-skipgram"


def report(model: CBOW, run: Run) -> None:
    """Add the baselines and the plot, and skip-gram on the same rows."""
    skipgram_report.report(model, run)
    # A smoke run has another vocabulary, and its figure says nothing.
    other: Any = zoo.load(SKIPGRAM)
    unit = normalize(other.embedding_matrix().float(), dim=1)
    rows = data(run, "test").input
    run.log_baseline("skip-gram", accuracy=nearer_word_accuracy(unit, rows))
