"""Train LSA and an MLP to classify posts as electronics or politics.

Read it from top to bottom: settings, data, training, evaluation. TF-IDF, log-count
ratios and topics are fitted without gradients; the MLP is trained on top. The main
choices, see the card, were made by cross-validation over the training posts with whole
threads in a fold, and `train` records its result. No post is held out for validation in
the end, so there is no best epoch: their number is a setting like the others. The test
posts chose nothing, but were evaluated for other variants: see the card.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.recipes import TensorRows, baselines, evaluate, predict_batches, to_model_input
from zoo.recipes import plots as pictures
from zoo.recipes import text as tokenising
from zoo_text_retrieval import plots
from zoo_text_retrieval.baselines import BASELINES
from zoo_text_retrieval.cross_validation import cross_validate
from zoo_text_retrieval.lsa import LSA
from zoo_text_retrieval.word_tokenizer import train_tokenizer

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "report", "train"]

DATASET = "newsgroups-pair"
SMOKE_STEP = 4  # a smoke run takes every fourth post


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    num_topics: int = 50
    max_df: float = 0.2  # words in a larger fraction of the posts are left out
    epochs: int = 40
    batch_size: int = 32
    lr: float = 3e-3
    weight_decay: float = 1.0
    folds: int = 5  # of the cross-validation, each with a model of its own
    repeats: int = 5  # of the cross-validation, each with other folds


SMOKE_SETTINGS = {"epochs": 1, "num_topics": 8, "folds": 2, "repeats": 1}


def data(run: Run, split: str) -> TensorRows:
    """Return posts as token ids, and which of the two groups they are from."""
    rows = run.load_rows(DATASET, split, columns="text")
    return rows[::SMOKE_STEP] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    texts = tokenising.training_texts(run, DATASET)
    vocab_size = run.spec.options["vocab_size"]
    tokenizer = train_tokenizer(texts, vocab_size=vocab_size, max_df=settings.max_df)
    tokenising.use_tokenizer(run, tokenizer)
    rows = data(run, "train")
    model = fit(settings, run, rows)
    threads = tokenising.training_texts(run, DATASET, column="thread")
    threads = threads[:: SMOKE_STEP if run.smoke else 1]
    run.log_summary(**cross_validate(fit, settings, run, rows, threads))
    return model


def fit(settings: Settings, run: Run, rows: TensorRows) -> LSA:
    """Return a new model, fitted to these posts."""
    model: LSA = run.build(num_topics=settings.num_topics)
    features = model.fit(to_model_input(rows.input, run.spec.input), rows.target)
    head = run.prepare(model.classifier)
    optimizer = run.prepare(
        torch.optim.AdamW(
            head.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    head.train()
    feature_rows = replace(rows, input=features)
    for _ in run.epochs(settings.epochs):
        for batch, label in run.batches(feature_rows, settings.batch_size):
            run.step(cross_entropy(head(batch), label), optimizer)
        run.log({})
    return model.eval()


def report(model: LSA, run: Run) -> None:
    """Add baselines, where the model fails, and a figure of its topics."""
    training, test = data(run, "train"), data(run, "test")
    features, test_features = (model.tfidf(r.input).detach() for r in (training, test))
    predicted = predict_batches(model, test.input).argmax(dim=1)
    correct = predicted == test.target
    known_words = (model.tfidf.count(test.input)[:, 2:] > 0).sum(dim=1)
    short = known_words <= known_words.float().quantile(0.25)
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    for name, baseline in BASELINES.items():
        theirs = baseline(features, training.target, test_features) == test.target
        run.log_baseline(name, accuracy=_mean(theirs))
    run.log_summary(
        only_model_correct=(correct & ~theirs).sum().item(),  # against naive Bayes
        only_naive_bayes_correct=(~correct & theirs).sum().item(),
        accuracy_short=_mean(correct[short]),
        accuracy_long=_mean(correct[~short]),
        short_max_words=known_words[short].max().item(),
        posts_without_known_words=(known_words == 0).sum().item(),
        singular_value_1=model.svd.singular_values[0].item(),
        singular_value_2=model.svd.singular_values[1].item(),
    )
    run.log_figure(
        "confusion",
        pictures.confusion(predicted, test.target, run.spec.labels),
        "Confusion matrix of the test posts.",
    )
    topics = model.svd(model.naive_bayes(test_features)).detach()
    run.log_figure(
        "topics",
        plots.topics(model, topics, test.target, run.spec),
        "The test posts on two topics, and the words with most weight in some topics.",
    )


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
