"""Train a GRU to classify the sentiment of Korean film reviews.

Read it from top to bottom: settings, data, training. The character
tokenizer is made of the training reviews first. Batches hold reviews of similar length,
so that there is little padding. The input features, the regularization and the epoch
were chosen on validation rows. The weights that are kept are an exponential moving
average. The wide path is fitted afterwards, on the same rows: until then its output is
zero, so that neither path relies on the other. How much each counts is fitted on the
validation rows. The test reviews are used at the end.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, predict_batches, to_model_input
from zoo.recipes.metrics import evaluate_classification as evaluate
from zoo.recipes.optim import ema
from zoo.recipes.text import TextRun, bucket_by_length, use_tokenizer
from zoo_rnn.char_tokenizer import random_unk, train_tokenizer
from zoo_rnn.fit_wide import fit_path_weights, fit_wide
from zoo_rnn.gru import GRUClassifier

__all__ = [
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "evaluate",
    "path_log_odds",
    "reviews",
    "train",
]

SMOKE_REVIEWS = 200
# As OneCycleLR's pct_start. A tenth would divide by zero in a run of ten steps.
WARMUP_FRACTION = 0.11


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    dropout: float = 0.5  # of the inputs of the GRUs, and of the pooled features
    unk_probability: float = 0.05  # of a character to be replaced by [UNK]
    epochs: int = 4  # the best on the validation rows is the third
    batch_size: int = 128
    lr: float = 2e-3  # the peak of the one-cycle schedule
    weight_decay: float = 0.01
    ngram_weight_decay: float = 0.5  # so that the embeddings of rare n-grams stay small
    max_grad_norm: float = 1.0
    ema_decay: float = 0.998  # of the moving average of the weights, per step
    amp: bool = True  # bfloat16 where the hardware computes in it
    wide_c: float = 8.0  # inverse regularization strength of the wide path
    wide_max_iter: int = 200  # of L-BFGS on the wide path
    val_fraction: float = 0.05  # of the training rows


SMOKE_SETTINGS = {"epochs": 1, "wide_max_iter": 3}


def data(run: TextRun, split: str) -> TensorRows:
    """Return reviews as token ids, and 1 for a positive one."""
    first = SMOKE_REVIEWS if run.smoke else None
    return run.load_rows("nsmc", split, columns="text", first=first)


def train(settings: Settings, run: TextRun) -> nn.Module:
    vocab_size = run.spec.options["vocab_size"]
    tokenizer = train_tokenizer(reviews(run, "train"), vocab_size=vocab_size)
    use_tokenizer(run, tokenizer)
    training, validation = run.split(data(run, "train"), settings.val_fraction)
    unwrapped: GRUClassifier = run.build(dropout=settings.dropout)
    unwrapped.wide.requires_grad_(False)
    average = ema(run, unwrapped, decay=settings.ema_decay)
    order = bucket_by_length(unwrapped.length(training.input))
    model = run.prepare(unwrapped)
    optimizer = run.prepare(
        torch.optim.AdamW(_parameter_groups(unwrapped, settings), lr=settings.lr)
    )
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=settings.lr,
            total_steps=run.steps(training, settings.batch_size, settings.epochs),
            pct_start=WARMUP_FRACTION,
        )
    )
    augment = random_unk(settings.unk_probability)
    for _ in run.epochs(settings.epochs):
        model.train()
        batches = run.batches(
            training, settings.batch_size, augment=augment, order=order
        )
        for token, label in batches:
            loss = cross_entropy(model(token), label)
            run.step(loss, optimizer, schedule, clip=settings.max_grad_norm)
        run.log(evaluate(average, validation), best="accuracy", model=average)
    best = run.best(average)
    assert isinstance(best, GRUClassifier), "the average of what was built"
    _add_wide_path(best, training, validation, settings, run)
    return best


def _parameter_groups(model: GRUClassifier, settings: Settings) -> list[dict[str, Any]]:
    """Return the n-gram embeddings, many of which are rare, and all else, as groups of
    different weight decay."""
    ngrams = list(model.ngrams.parameters())
    excluded = {id(p) for p in (*ngrams, *model.wide.parameters())}
    rest = [p for p in model.parameters() if id(p) not in excluded]
    return [
        {"params": ngrams, "weight_decay": settings.ngram_weight_decay},
        {"params": rest, "weight_decay": settings.weight_decay},
    ]


@torch.no_grad()
def _add_wide_path(
    model: GRUClassifier,
    training: TensorRows,
    validation: TensorRows,
    settings: Settings,
    run: TextRun,
) -> None:
    """Fit the wide path, and the weights of both paths on the validation rows."""
    fit_wide(model.wide, training, c=settings.wide_c, max_iter=settings.wide_max_iter)
    token = to_model_input(validation.input, run.spec.input)
    log_odds = path_log_odds(model, token)
    deep_weight, wide_weight, intercept = fit_path_weights(
        [log_odds["deep"], log_odds["wide"]], validation.target
    ).to(run.device)
    side = torch.tensor([-0.5, 0.5], device=run.device)
    model.classifier.weight.mul_(deep_weight)
    model.classifier.bias.mul_(deep_weight).add_(intercept * side)
    model.classifier.weight[:, -1] = wide_weight * side
    for path, values in path_log_odds(model, token).items():
        accuracy = _mean((values > 0) == validation.target)
        run.log_summary(**{f"validation_{path}": accuracy})


def path_log_odds(model: GRUClassifier, token: Tensor) -> dict[str, Tensor]:
    """Return the log-odds of a positive review by each path alone, and by both."""
    logits, wide = (
        predict_batches(model, token),
        predict_batches(model.wide, token)[:, 0],
    )
    wide_weight = model.classifier.weight[:, -1].detach().cpu()
    both = logits[:, 1] - logits[:, 0]
    deep = both - wide * (wide_weight[1] - wide_weight[0])
    return {"deep": deep, "wide": wide, "both": both}


def reviews(run: TextRun, split: str) -> list[str]:
    """Return the reviews of a split as texts; a smoke run takes the first of them."""
    texts = run.load_texts("nsmc", split)
    return texts[:SMOKE_REVIEWS] if run.smoke else texts


def _mean(values: Tensor) -> float:
    return values.float().mean().item()
