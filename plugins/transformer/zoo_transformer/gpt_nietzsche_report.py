"""What the card of gpt-mini-nietzsche tells: baselines, samples, no pre-training."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from zoo import Run
from zoo.recipes import seeded
from zoo.recipes.sampling import sample
from zoo_transformer.gpt_nietzsche_recipe import (
    DATASET,
    OTHERS,
    data,
    evaluate,
    keep_known,
    load_stream,
    train,
)
from zoo_transformer.gpt_report import add_baselines, add_samples

__all__ = ["COMPARISON", "compare", "report", "unseen_fraction"]

COMPARISON = "the same network without pre-training"
SCRATCH_LR = 6e-3  # gpt-mini's: fresh weights stand a higher rate
PROMPT_LENGTH = 68  # characters of the test split to be continued
SAMPLES, SAMPLE_LENGTH = 10, 500


def report(model: Any, run: Run) -> None:
    """Add the figures of the card to the run."""
    training, validation, test = (
        load_stream(run, split) for split in ("train", "validation", "test")
    )
    ngrams = add_baselines(run, training, validation, test)
    book = "\n".join(run.load_texts(DATASET)).lower()
    others = "\n".join(text for name in OTHERS for text in run.load_texts(name))
    kept = keep_known(book)(others)
    run.log_summary(
        ngram_loss=ngrams.nats(test.token).mean().item(),
        validation_loss=_best(run),
        pretraining_characters=len(kept),
        left_out=1 - len(kept) / max(1, len(others)),
        best_epoch=_best_epoch(run),
    )
    before = [row for row in run.history if row["epoch"] <= _pretraining_epochs(run)]
    if before:
        run.log_summary(untuned_validation_loss=before[-1]["validation_loss"])
    add_samples(model, run, book, test.token[:PROMPT_LENGTH])
    length, count = (48, 2) if run.smoke else (SAMPLE_LENGTH, SAMPLES)
    for suffix, temperature in {"": 1.0, "_low_temperature": 0.5}.items():
        samples = sample(
            model, count, seed=0, temperature=temperature, max_new_tokens=length
        )
        texts = [str(one) for one in samples]
        run.log_summary(
            **{f"words_not_in_book{suffix}": unseen_fraction(texts, book)},
            **{f"unseen_words{suffix}": unseen_fraction(texts, book + others.lower())},
        )


def compare(model: Any, run: Run) -> None:
    """Add what the same network reaches on the book alone, in as many passes."""
    settings = replace(run.settings, pretraining_epochs=0, lr=SCRATCH_LR)
    own = Run(run.spec, seed=run.seed, smoke=run.smoke, place=run.context)
    with seeded(run.seed):
        fresh = train(settings, own)
    run.log_baseline("without pre-training", **evaluate(fresh, data(run, "test")))
    run.log_summary(
        scratch_validation_loss=_best(own),
        scratch_best_epoch=_best_epoch(own),
        scratch_lr=SCRATCH_LR,
    )


def unseen_fraction(texts: Sequence[str], source: str) -> float:
    """Return the fraction of words in `texts` that `source` does not have.

    The first and the last word of a text, which may be cut, do not count.
    """
    known = set(re.findall(r"[a-z]+", source))
    written = [word for text in texts for word in re.findall(r"[a-z]+", text)[1:-1]]
    return sum(word not in known for word in written) / max(1, len(written))


def _pretraining_epochs(run: Run) -> int:
    return int(run.settings.pretraining_epochs) if run.settings else 0


def _tuned(run: Run) -> list[dict[str, float]]:
    return [row for row in run.history if row["epoch"] > _pretraining_epochs(run)]


def _best(run: Run) -> float:
    return min(row["validation_loss"] for row in _tuned(run))


def _best_epoch(run: Run) -> int:
    """Return which pass over the book left the weights that are kept."""
    losses = [row["validation_loss"] for row in _tuned(run)]
    return losses.index(min(losses)) + 1
