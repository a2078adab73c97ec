"""What the card of bert-mini tells: baselines, accuracy by frequency, and examples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

import zoo
from zoo import Run
from zoo.recipes import TensorRows, plots
from zoo_transformer import masking
from zoo_transformer.baselines import NeighbourCounts
from zoo_transformer.bert_recipe import (
    BOOKS,
    SENTENCES,
    data,
    evaluate,
    passages,
    streams,
)
from zoo_transformer.wordpiece_tokenizer import MASK_TOKEN_ID

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["add_baselines", "report"]

REVIEWS = {"rotten_tomatoes": "text"}  # for evaluation only
MAX_PASSAGES = 25  # of a dataset that is compared with the others
BIGRAM_PRIORS, TRIGRAM_PRIORS = (1.0, 3.0), (3.0, 10.0)  # tried on validation rows
FREQUENCY_RANKS = {"frequent": (0, 50), "medium": (50, 500), "rare": (500, None)}
TEXTS = (
    "the king is [MASK] .",
    "the king is dead , long live the [MASK] !",
    "i have never [MASK] him before .",
    "she [MASK] to be married .",
    "what is your [MASK] ?",
    "mr . [MASK] was not at home .",
    "[MASK] did you do that ?",
    "the capital of france is [MASK] .",
    "two plus two is [MASK] .",
)
CAPTION = "The most likely tokens at some masks, with the probability of each."


def report(model: Any, run: Run) -> None:
    """Add the figures of the card to the run."""
    training = passages(run, streams(run, BOOKS | SENTENCES, "train")).input
    validation, test = (data(run, split) for split in ("validation", "test"))
    baseline = add_baselines(run, training, validation, test)
    add_accuracy_by_frequency(model, run, training, test[::3])
    add_examples(model, run)
    others = {
        "novels": dict([*BOOKS.items()][:1]),
        "plays": dict([*BOOKS.items()][1:]),
        "sentences": SENTENCES,
        "reviews": REVIEWS,
    }
    for name, datasets in others.items():
        first = passages(run, streams(run, datasets, "test"))[:MAX_PASSAGES]
        rows = masking.mask_every_token(first, mask_token_id=MASK_TOKEN_ID)
        log_probs = baseline.log_probs(rows, mask_token_id=MASK_TOKEN_ID)
        reached = masking.masked_metrics(log_probs, rows)["masked_accuracy"]
        run.log_summary(
            **{f"{name}_accuracy": evaluate(model, rows)["masked_accuracy"]},
            **{f"{name}_baseline": reached},
        )


def add_baselines(
    run: Run, training: Tensor, validation: TensorRows, test: TensorRows
) -> NeighbourCounts:
    """Add baselines to a run; return the best: neighbour counts, whose two
    hyperparameters are chosen on validation rows."""
    vocab_size: int = run.spec.options["vocab_size"]

    def counts(bigram_prior: float, trigram_prior: float) -> NeighbourCounts:
        return NeighbourCounts(
            training,
            vocab_size=vocab_size,
            bigram_prior=bigram_prior,
            trigram_prior=trigram_prior,
        )

    def metrics(baseline: NeighbourCounts, rows: TensorRows) -> dict[str, float]:
        log_probs = baseline.log_probs(rows, mask_token_id=MASK_TOKEN_ID)
        return masking.masked_metrics(log_probs, rows)

    best, best_accuracy = counts(BIGRAM_PRIORS[0], TRIGRAM_PRIORS[0]), -1.0
    subset = validation[::5]
    for bigram_prior in BIGRAM_PRIORS:
        baseline = counts(bigram_prior, TRIGRAM_PRIORS[0])
        for trigram_prior in TRIGRAM_PRIORS:
            baseline.trigram_prior = trigram_prior
            accuracy = metrics(baseline, subset)["masked_accuracy"]
            if accuracy > best_accuracy:
                best_accuracy = accuracy
                run.log_summary(
                    bigram_prior=bigram_prior,
                    trigram_prior=trigram_prior,
                    baseline_validation=accuracy,
                )
                best = counts(bigram_prior, trigram_prior)
    masked_tokens = int((test.target != masking.IGNORE_INDEX).sum())
    unigram = best.unigram.log().expand(masked_tokens, -1)
    run.log_baseline("most frequent token", **masking.masked_metrics(unigram, test))
    run.log_baseline("neighbour counts", **metrics(best, test))
    run.log_summary(masked_tokens=masked_tokens)
    return best


def add_accuracy_by_frequency(
    model: Any, run: Run, training: Tensor, test: TensorRows
) -> None:
    """Add the accuracy on frequent and on rarer tokens, and their share of all."""
    vocab_size: int = run.spec.options["vocab_size"]
    count = torch.bincount(training.flatten().long(), minlength=vocab_size)
    rank = count.argsort(descending=True).argsort()
    target = test.target[test.target != masking.IGNORE_INDEX]
    correct = masking.correct(masking.masked_logits(model, test), test)
    for name, (low, high) in FREQUENCY_RANKS.items():
        in_group = (rank[target] >= low) & (rank[target] < (high or vocab_size))
        run.log_summary(
            **{f"{name}_accuracy": correct[in_group].float().mean().item()},
            **{f"{name}_share": in_group.float().mean().item()},
        )


def add_examples(model: Any, run: Run) -> None:
    """Add a figure of what the model fills into some masks."""
    results: Any = [zoo.predict(model, text) for text in TEXTS]

    def draw(figure: Figure) -> None:
        axes = figure.add_subplot(1, 1, 1)
        axes.set_axis_off()
        for place, result in enumerate(results):
            fills = "   ".join(f"{f.token_str} {f.score:.0%}" for f in result.masks[0])
            height = 1 - place / len(results)
            axes.text(0, height, result.text, va="top", weight="bold", fontsize=9)
            axes.text(0, height - 0.045, fills, va="top", fontsize=9)

    run.log_figure("mask_fills", plots.to_png(6.2, 4.6, draw), CAPTION)
