"""Train LSA and an MLP to tell posts on electronics from posts on politics.

Read it from top to bottom: settings, data, training, measuring. Words and their weights
and the topics are counted, not trained by gradients; the MLP is trained on top. The
share `most` and the number of topics were chosen by five-fold cross-validation over the
training posts, and the epoch on the rows held back; the rest is as it was first tried.
The test posts chose nothing, but were looked at for two variants more: see the card.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo import Run, baselines, heads, pictures, tokenising
from zoo.measuring import measure, outputs
from zoo.tensors import Tensors, prepared
from zoo_text_retrieval import words
from zoo_text_retrieval.lsa import LSA
from zoo_text_retrieval.topics import drawn

__all__ = ["SMOKE", "Settings", "data", "measure", "report", "train"]

SET = "newsgroups-pair"
PULL = 1 / 20  # of logistic regression, over the rows: C=10 in scikit-learn's words
SMOOTHING = 0.1  # what naive Bayes adds to each count


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    topics: int = 50
    most: float = 0.2  # words in a larger share of the posts are left out
    epochs: int = 40
    batch: int = 32
    lr: float = 3e-3
    weight_decay: float = 0.1
    holding: float = 0.1  # share of the training rows kept for validation


SMOKE = {"epochs": 1, "topics": 8}


def data(run: Run, split: str) -> Tensors:
    """Return posts as token numbers, and which of the two groups they are from."""
    rows = run.tensors(SET, split, columns="text")
    return rows[::4] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    posts = tokenising.texts(run, SET)
    size = run.spec.options["vocabulary"]
    tokenising.adopt(run, words.tokenizer(posts, size=size, most=settings.most))
    fitting, holding = run.split(data(run, "train"), settings.holding)
    bare: LSA = run.build(topics=settings.topics)
    token = prepared(fitting.input, run.spec.input)
    bare.weigh.learn(token)
    bare.project.learn(bare.weigh(token))
    model = run.prepare(bare)
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    for _ in run.epochs(settings.epochs):
        model.train()
        for token, label in run.batches(fitting, settings.batch):
            run.step(cross_entropy(model(token), label), optimizer)
        found = {**measure(model, holding), "validation_loss": cost(model, holding)}
        run.log(found, best="validation_loss")
    return run.best(model)


def cost(model: nn.Module, held: Tensors) -> float:
    """Return the cross-entropy: on few rows it tells more than the accuracy."""
    given = held.input.long()
    return cross_entropy(outputs(model, given), held.target).item()


def report(model: LSA, run: Run) -> None:
    """Note what simple methods reach and where the model fails; draw its topics."""
    training, test = data(run, "train"), data(run, "test")
    weights, asked = (model.weigh(r.input).detach() for r in (training, test))
    right = outputs(model, test.input).argmax(dim=1) == test.target
    length = (model.weigh.count(test.input)[:, 2:] > 0).sum(dim=1)
    short = length <= length.float().quantile(0.25)
    run.baseline("majority class", accuracy=baselines.majority(training, test))
    for name, way in {"logistic regression": _logistic, "naive Bayes": _bayes}.items():
        said = way(weights, training.target, asked)
        run.baseline(name, accuracy=_share(said == test.target))
    run.note(
        short=_share(right[short]),
        long=_share(right[~short]),
        words=length[short].max().item(),
        empty=(length == 0).sum().item(),
        first=model.project.strength[0].item(),
        second=model.project.strength[1].item(),
    )
    run.picture(
        "confusion",
        pictures.confusion(
            outputs(model, test.input).argmax(dim=1), test.target, run.spec.labels
        ),
        "How often each group of the test split was taken for which.",
    )
    topic = model.project(asked)
    run.picture(
        "topics",
        drawn(model, topic, test.target, run.spec),
        "The test posts on two topics, and the words that weigh most in some topics.",
    )


def _logistic(given: Tensor, label: Tensor, asked: Tensor) -> Tensor:
    """Return what logistic regression says of `asked`, fitted exactly."""
    count = int(label.max()) + 1
    zeros = torch.zeros(count, given.shape[1]), torch.zeros(count)
    pull = PULL / len(given)
    weight, bias = heads.solve(zeros, given, label, cross_entropy, pull=pull)
    return (asked @ weight.T + bias).argmax(dim=1)


def _bayes(given: Tensor, label: Tensor, asked: Tensor) -> Tensor:
    """Return what multinomial naive Bayes on weighted words says of `asked`."""
    member = nn.functional.one_hot(label).float()  # (rows, classes)
    share = member.T @ given + SMOOTHING
    chance = (share / share.sum(dim=1, keepdim=True)).log()
    return (asked @ chance.T + member.mean(dim=0).log()).argmax(dim=1)


def _share(right: Tensor) -> float:
    return right.float().mean().item()
