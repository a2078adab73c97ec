"""What the card of the linear classifier tells: baselines, pairs, mistakes, words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from zoo import Run, TextInput
from zoo.recipes import TensorRows, baselines, choose_settings, plots, predict_batches
from zoo.recipes.text import tokenizer
from zoo_text_retrieval.baselines import naive_bayes
from zoo_text_retrieval.group_folds import group_folds, group_ids
from zoo_text_retrieval.lsa import TfIdf
from zoo_text_retrieval.recipe import DATASET, SMOKE_STEP
from zoo_text_retrieval.scikit_learn import (
    NUM_PAIR_FEATURES,
    correct_with_pairs,
    random_forest,
)
from zoo_text_retrieval.tfidf_linear import TfidfLinear
from zoo_text_retrieval.tfidf_recipe import C_GRID, Settings, data

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["report", "strongest_words"]

BASELINES = {"naive Bayes": naive_bayes, "random forest": random_forest}
LISTED_WORDS = 15
COLOURS = ("#cc6677", "#4477aa")


def report(model: TfidfLinear, run: Run) -> None:
    """Add the baselines, what pairs of words bring, where it fails, and its words."""
    training, test = data(run, "train"), data(run, "test")
    run.log_summary(**_other_methods_in_folds(run, training))
    features, test_features = (model.tfidf(r.input).detach() for r in (training, test))
    predicted = predict_batches(model, test.input).argmax(dim=1)
    correct = predicted == test.target
    known_words = (model.tfidf.count(test.input)[:, 2:] > 0).sum(dim=1)
    short = known_words <= known_words.float().quantile(0.25)
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    right = {
        name: baseline(features, training.target, test_features) == test.target
        for name, baseline in BASELINES.items()
    }
    for name, theirs in right.items():
        run.log_baseline(name, accuracy=_mean(theirs))
    run.log_summary(
        only_model_correct=(correct & ~right["naive Bayes"]).sum().item(),
        only_naive_bayes_correct=(~correct & right["naive Bayes"]).sum().item(),
        accuracy_short=_mean(correct[short]),
        accuracy_long=_mean(correct[~short]),
        short_max_words=known_words[short].max().item(),
        posts_without_known_words=(known_words == 0).sum().item(),
        training_accuracy=_mean(model(training.input).argmax(dim=1) == training.target),
        words=(model.tfidf.idf > 0).sum().item(),
        pair_features=NUM_PAIR_FEATURES,
    )
    run.log_figure(
        "confusion",
        plots.confusion_matrix(predicted, test.target, run.spec.labels),
        "Confusion matrix of the test posts.",
    )
    run.log_figure(
        "words",
        _words_figure(model, run),
        "The words with the largest weights for each of the groups.",
    )


def strongest_words(
    model: TfidfLinear, input_spec: TextInput, count: int
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Return the words with the largest weights for the first label, and for the other.

    The weight is the difference of the two logits' weights, times the word's idf.
    """
    known = tokenizer(input_spec)
    first, second = model.classifier.weight.detach()
    weight = (second - first) * model.tfidf.idf
    found = []
    for sign in (-1, 1):
        values, numbers = (sign * weight).topk(count)
        words = [str(known.id_to_token(n)) for n in numbers.tolist()]
        found.append(list(zip(words, values.tolist(), strict=True)))
    return found[0], found[1]


def _other_methods_in_folds(run: Run, rows: TensorRows) -> dict[str, float]:
    """Return the accuracy of naive Bayes, and of logistic regression with word pairs,
    on the folds by which the recipe chose C; that of pairs has the best C of its own.
    """
    settings = run.settings or choose_settings(run.spec, None, smoke=run.smoke)[1]
    assert isinstance(settings, Settings)
    step = SMOKE_STEP if run.smoke else 1
    texts = run.load_texts(DATASET)[::step]
    thread = group_ids(run.load_texts(DATASET, column="thread")[::step])
    label, bayes, pairs = rows.target, 0.0, torch.zeros(len(C_GRID))
    for repeat in range(settings.repeats):
        for held_out in group_folds(
            thread, settings.folds, seed=settings.seed + repeat
        ):
            tfidf = TfIdf(run.spec.options["vocab_size"])
            tfidf.fit(rows.input[~held_out])
            given, asked = tfidf(rows.input[~held_out]), tfidf(rows.input[held_out])
            said = naive_bayes(given, label[~held_out], asked)
            bayes += (said == label[held_out]).sum().item()
            pairs += correct_with_pairs(
                texts, label, held_out, grid=C_GRID, max_df=settings.max_df
            )
    asked_about = settings.repeats * len(rows)
    return {
        "cv_naive_bayes": bayes / asked_about,
        "cv_with_pairs": pairs.max().item() / asked_about,
    }


def _words_figure(model: TfidfLinear, run: Run) -> bytes:
    input_spec = run.spec.input
    assert isinstance(input_spec, TextInput), "the models here read text"
    lists: Sequence[list[tuple[str, float]]] = strongest_words(
        model, input_spec, LISTED_WORDS
    )

    def draw(figure: Figure) -> None:
        for number, label in enumerate(run.spec.labels):
            axes = figure.add_subplot(1, 2, number + 1)
            words, values = zip(*reversed(lists[number]), strict=True)
            axes.barh(words, values, color=COLOURS[number])
            axes.set_title(label)
            axes.set_xlabel("weight times idf")

    return plots.to_png(8.0, 4.0, draw)


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
