"""Train logistic regression on TF-IDF vectors, to tell electronics from politics.

Read it from top to bottom: settings, data, the choice of the regularization strength,
training. The strength is chosen by cross-validation over the training posts with whole
threads in a fold. The problem is convex, so L-BFGS on all posts at once finds the one
optimum: there is no learning rate, and more epochs change nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, to_model_input
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo.recipes.optim import lbfgs_closure, optimizer
from zoo.recipes.text import TextRun, use_tokenizer
from zoo_text_retrieval.group_folds import group_folds, group_ids
from zoo_text_retrieval.recipe import DATASET, SMOKE_STEP, data
from zoo_text_retrieval.tfidf_linear import TfidfLinear
from zoo_text_retrieval.word_tokenizer import train_tokenizer

__all__ = [
    "C_GRID",
    "SMOKE_SETTINGS",
    "Settings",
    "choose_c",
    "data",
    "evaluate",
    "fit_classifier",
    "objective",
    "train",
]

C_GRID = (  # inverse regularization strengths
    1.0,
    3.0,
    10.0,
    30.0,
    100.0,
    300.0,
    1000.0,
)
STEPS_PER_EPOCH = 10  # of L-BFGS, each a pass or two over all posts


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    max_df: float = 0.2  # words in a larger fraction of the posts are left out
    epochs: int = 10
    cv_epochs: int = 5  # of each fit in the cross-validation
    folds: int = 5
    repeats: int = 3  # of the cross-validation, each with other folds


SMOKE_SETTINGS = {"epochs": 1, "cv_epochs": 1, "folds": 2, "repeats": 1}


def train(settings: Settings, run: TextRun) -> nn.Module:
    texts = run.load_texts(DATASET)
    vocab_size = run.spec.options["vocab_size"]
    tokenizer = train_tokenizer(texts, vocab_size=vocab_size, max_df=settings.max_df)
    use_tokenizer(run, tokenizer)
    rows = data(run, "train")
    threads = run.load_texts(DATASET, column="thread")
    c = choose_c(settings, run, rows, threads[:: SMOKE_STEP if run.smoke else 1])
    model: TfidfLinear = run.build()
    token, label = to_model_input(rows.input, run.spec.input), rows.target
    model.tfidf.fit(token)
    features = model.tfidf(token)
    classifier = run.prepare(model.classifier)
    search = run.prepare(_lbfgs(classifier))
    for _ in run.epochs(settings.epochs):
        search.step(
            lbfgs_closure(search, lambda: objective(classifier, features, label, c=c))
        )
        with torch.no_grad():
            run.log({"objective": objective(classifier, features, label, c=c).item()})
    return model.eval()


def objective(
    classifier: nn.Linear, features: Tensor, label: Tensor, *, c: float
) -> Tensor:
    """Return the loss of logistic regression with scikit-learn's C, over C and rows."""
    # min over w of |w|^2 / 2 + C sum_i log(1 + exp(-y_i w^T x_i)). The rows of W are
    # w / 2 and -w / 2 at the optimum, so that |w|^2 / 2 is the squared norm of W.
    loss = cross_entropy(classifier(features), label)
    return loss + classifier.weight.square().sum() / (c * len(features))


def choose_c(
    settings: Settings, run: TextRun, rows: TensorRows, threads: Sequence[str]
) -> float:
    """Return the C with the best accuracy on posts that are left out, and note it.

    Of several that are equal it is the smallest, which regularizes most.
    """
    thread = group_ids(threads)
    correct = torch.zeros(len(C_GRID))
    for repeat in range(settings.repeats):
        for held_out in group_folds(
            thread, settings.folds, seed=settings.seed + repeat
        ):
            correct += _count_correct(settings, run, rows, held_out)
    accuracy = correct / (settings.repeats * len(rows))
    run.log_summary(
        **{f"cv_c_{c:g}": value for c, value in zip(C_GRID, accuracy, strict=True)},
        cv_accuracy=accuracy.max().item(),
        c=C_GRID[int(accuracy.argmax())],
    )
    return C_GRID[int(accuracy.argmax())]


def fit_classifier(
    classifier: nn.Linear, features: Tensor, label: Tensor, *, c: float, epochs: int
) -> None:
    """Fit a linear layer to features, (rows, numbers), from its present weights on."""
    search = _lbfgs(classifier)
    for _ in range(epochs):
        search.step(
            lbfgs_closure(search, lambda: objective(classifier, features, label, c=c))
        )


def _count_correct(
    settings: Settings, run: TextRun, rows: TensorRows, held_out: Tensor
) -> Tensor:
    """Return how many posts of a fold are right by each C, fitted to the others."""
    model = TfidfLinear(**{"classes": 2, **run.spec.options})
    token, label = to_model_input(rows.input, run.spec.input), rows.target
    model.tfidf.fit(token[~held_out])
    features = model.tfidf(token)
    correct = torch.zeros(len(C_GRID))
    for place, c in enumerate(C_GRID):  # each begins where the last one ended
        given, known = features[~held_out], label[~held_out]
        fit_classifier(model.classifier, given, known, c=c, epochs=settings.cv_epochs)
        with torch.no_grad():
            predicted = model.classifier(features[held_out]).argmax(dim=1)
        correct[place] = (predicted == label[held_out]).sum()
    return correct


def _lbfgs(classifier: nn.Linear) -> torch.optim.Optimizer:
    return optimizer("l-bfgs", classifier.parameters(), lr=1, max_iter=STEPS_PER_EPOCH)
