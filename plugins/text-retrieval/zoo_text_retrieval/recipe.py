"""Train LSA and an MLP to tell posts on electronics from posts on politics.

Read it from top to bottom: settings, data, training, measuring. Words, their weights,
their leanings and the topics are counted, not trained by gradients; the MLP is trained
on top. What counts most, see the card, was chosen by cross-validation over the training
posts, with whole threads held back, and `train` notes what came of it. No post is held
back in the end, so there is no best epoch: their number is a setting like the others.
The test posts chose nothing, but were looked at for other variants: see the card.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.evaluation import baselines
from zoo.evaluation import plots as pictures
from zoo.evaluation.evaluate_tensors import evaluate, predict_batches
from zoo.training import train_tokenizer as tokenising
from zoo_text_retrieval import words
from zoo_text_retrieval.folds import compared
from zoo_text_retrieval.lsa import LSA
from zoo_text_retrieval.simple import METHODS
from zoo_text_retrieval.topics import drawn

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "report", "train"]

SET = "newsgroups-pair"
SMOKING = 4  # a smoke run takes every fourth post


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    topics: int = 50
    most: float = 0.2  # words in a larger share of the posts are left out
    epochs: int = 40
    batch: int = 32
    lr: float = 3e-3
    weight_decay: float = 1.0
    folds: int = 5  # of the cross-validation, each with a model of its own
    repeats: int = 5  # of it, each with other folds


SMOKE_SETTINGS = {"epochs": 1, "topics": 8, "folds": 2, "repeats": 1}


def data(run: Run, split: str) -> TensorRows:
    """Return posts as token numbers, and which of the two groups they are from."""
    rows = run.load_rows(SET, split, columns="text")
    return rows[::SMOKING] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    posts = tokenising.training_texts(run, SET)
    size = run.spec.options["vocabulary"]
    tokenising.use_tokenizer(run, words.tokenizer(posts, size=size, most=settings.most))
    rows = data(run, "train")
    model = fit(settings, run, rows)
    threads = tokenising.training_texts(run, SET, column="thread")
    kept = threads[:: SMOKING if run.smoke else 1]
    run.log_summary(**compared(fit, settings, run, rows, kept))
    return model


def fit(settings: Settings, run: Run, rows: TensorRows) -> LSA:
    """Return a fresh model that has learned from these posts."""
    model: LSA = run.build(topics=settings.topics)
    described = model.learn(to_model_input(rows.input, run.spec.input), rows.target)
    lessons = replace(rows, input=described)
    head = run.prepare(model.decide)
    optimizer = run.prepare(
        torch.optim.AdamW(
            head.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    head.train()
    for _ in run.epochs(settings.epochs):
        for description, label in run.batches(lessons, settings.batch):
            run.step(cross_entropy(head(description), label), optimizer)
        run.log({})
    return model.eval()


def report(model: LSA, run: Run) -> None:
    """Note what simple methods reach and where the model fails; draw its topics."""
    training, test = data(run, "train"), data(run, "test")
    weights, asked = (model.weigh(r.input).detach() for r in (training, test))
    said = predict_batches(model, test.input).argmax(dim=1)
    right = said == test.target
    length = (model.weigh.count(test.input)[:, 2:] > 0).sum(dim=1)
    short = length <= length.float().quantile(0.25)
    run.log_baseline("majority class", accuracy=baselines.majority(training, test))
    for name, way in METHODS.items():
        theirs = way(weights, training.target, asked) == test.target
        run.log_baseline(name, accuracy=_share(theirs))
    run.log_summary(
        alone=(right & ~theirs).sum().item(),  # theirs are those of naive Bayes
        beaten=(~right & theirs).sum().item(),
        short=_share(right[short]),
        long=_share(right[~short]),
        words=length[short].max().item(),
        empty=(length == 0).sum().item(),
        first=model.project.strength[0].item(),
        second=model.project.strength[1].item(),
    )
    run.log_figure(
        "confusion",
        pictures.confusion(said, test.target, run.spec.labels),
        "How often each group of the test split was taken for which.",
    )
    topic = model.project(model.lean(asked)).detach()
    run.log_figure(
        "topics",
        drawn(model, topic, test.target, run.spec),
        "The test posts on two topics, and the words that weigh most in some topics.",
    )


def _share(right: Tensor) -> float:
    return right.float().mean().item()
