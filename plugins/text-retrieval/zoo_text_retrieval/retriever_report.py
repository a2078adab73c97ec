"""What the card of the retriever tells: baselines, a k-d tree, and the topics found."""

from __future__ import annotations

import time

import torch
from torch import Tensor
from torch.nn.functional import normalize

from zoo import Run
from zoo.recipes import TensorRows, plots, predict_batches
from zoo.recipes.data import load_dataset
from zoo_text_retrieval.retriever import TfidfRetriever
from zoo_text_retrieval.retriever_recipe import (
    DATASET,
    NEIGHBOURS,
    SMOKE_STEP,
    data,
    evaluate,
    neighbour_scores,
)
from zoo_text_retrieval.scikit_learn import kd_tree, svd_topics, words_and_pairs

__all__ = ["chance", "report"]

TOPICS = ("business", "entertainment", "politics", "sport", "tech")
SVD_TOPICS = 50  # of the baseline
REPEATS = 3  # of a timing; the shortest counts


def report(model: TfidfRetriever, run: Run) -> None:
    """Add the baselines, what was chosen, the search of an archive, and a figure."""
    archive, test = data(run, "train"), data(run, "test")
    known, asked = (predict_batches(model, rows.input) for rows in (archive, test))
    _add_baselines(model, run, archive, test)
    similarity = asked @ known.T
    found = neighbour_scores(similarity, test.target, archive.target)
    tree_seconds, tree_nearest = kd_tree(known, asked, NEIGHBOURS)
    nearest = similarity.topk(NEIGHBOURS, dim=1).indices
    run.log_summary(
        words=(model.idf > 0).sum().item(),
        archive_articles=len(archive),
        queries=len(test),
        training_precision=evaluate(model, archive)[f"precision_at_{NEIGHBOURS}"],
        **{f"archive_{name}": value for name, value in found.items()},
        brute_force_milliseconds=1000 * _seconds(known, asked) / len(asked),
        kd_tree_milliseconds=1000 * tree_seconds / len(asked),
        kd_tree_agrees=(tree_nearest == nearest).float().mean().item(),
        seen_words=((known > 0).sum(dim=1)).float().mean().item(),
    )
    given = test.target.repeat_interleave(NEIGHBOURS)
    run.log_figure(
        "topics",
        plots.confusion_matrix(archive.target[nearest].flatten(), given, TOPICS),
        "Topics of the five nearest training articles, by the topic of the held-out "
        "article that was looked up.",
    )


def chance(label: Tensor) -> float:
    """Return how often another article, drawn at random, is on the same topic."""
    count = label.bincount().double()
    same = (count * (count - 1)).sum() / (len(label) * (len(label) - 1))
    return same.item()


def _add_baselines(
    model: TfidfRetriever, run: Run, archive: TensorRows, test: TensorRows
) -> None:
    step = SMOKE_STEP if run.smoke else 1
    texts = {
        split: list(load_dataset(DATASET, split)["text"])[::step]
        for split in ("train", "test")
    }
    with torch.no_grad():
        counts = normalize(model.count(test.input)[:, 2:])
        known, asked = model(archive.input), model(test.input)
    vectors = {
        "word counts": counts,
        "words and pairs, as in the course": words_and_pairs(**texts),
        f"{SVD_TOPICS} topics of an SVD": svd_topics(known, asked, SVD_TOPICS),
    }
    precision = f"precision_at_{NEIGHBOURS}"
    run.log_baseline("random article", **{precision: chance(test.target)})
    for name, vector in vectors.items():
        similarity = vector @ vector.T
        similarity.fill_diagonal_(-torch.inf)
        run.log_baseline(name, **neighbour_scores(similarity, test.target, test.target))


def _seconds(known: Tensor, asked: Tensor) -> float:
    """Return the time of comparing every query with every document."""
    taken = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        (asked @ known.T).topk(NEIGHBOURS, dim=1)
        taken.append(time.perf_counter() - started)
    return min(taken)
