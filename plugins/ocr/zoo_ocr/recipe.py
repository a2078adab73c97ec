"""Train a CRNN to read captchas, real ones and generated ones.

Read it from top to bottom: settings, training, validation; the data is in captchas.py.
A tenth of the real training rows is held out for validation, and the epoch is chosen on
them, and on generated rows where they tie; the test rows are used once, at the end.

CTC first learns to predict only blanks, and it takes a while to find the first
characters. On the real captchas, which are much alike, it finds them soon: the
generated ones are added after that.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo.recipes import (
    Run,
    TensorRows,
    fit_normalization,
    predict_batches,
    to_model_input,
)
from zoo.recipes.ctc import loss as ctc_loss
from zoo.recipes.ctc import unpad
from zoo.recipes.metrics import decode_labels, read_texts, text_accuracy
from zoo.recipes.metrics import evaluate_ocr as evaluate
from zoo_ocr.captchas import GENERATED, concatenate, data, random_distortion

__all__ = ["BEAMS", "SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

BEAMS = 20  # of the search that is compared with the best path


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 40
    real_only_epochs: int = 12  # at the beginning, without generated captchas
    batch_size: int = 32
    lr: float = 3e-3  # the peak of the one-cycle schedule
    warmup_fraction: float = 0.1  # of the steps
    weight_decay: float = 0.01
    max_grad_norm: float = 5.0
    val_fraction: float = 0.1  # of the real training rows
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {
    "epochs": 2,
    "real_only_epochs": 1,
    "batch_size": 8,
}  # of the test suite


def train(settings: Settings, run: Run) -> nn.Module:
    real, generated = data(run, "train"), data(run, "train", GENERATED)
    fit_normalization(run, real)
    training, validation = run.split(real, settings.val_fraction)
    both = concatenate(training, generated)
    model = run.prepare(run.build())
    optimizer = run.prepare(
        torch.optim.AdamW(
            model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
        )
    )
    later_epochs = settings.epochs - settings.real_only_epochs
    steps = run.steps(training, settings.batch_size, settings.real_only_epochs)
    steps += run.steps(both, settings.batch_size, later_epochs)
    schedule = run.prepare(
        torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            settings.lr,
            total_steps=steps,
            pct_start=settings.warmup_fraction,
        )
    )
    validation_sets = {
        "": validation,
        "generated_": data(run, "validation", GENERATED),
    }
    for epoch in run.epochs(settings.epochs):
        model.train()
        rows = training if epoch <= settings.real_only_epochs else both
        batches = run.batches(rows, settings.batch_size, augment=random_distortion)
        for image, text in batches:
            logits = model(image)
            # Graves et al., equations (2) and (3): -log p(l | x), where p(l | x) is the
            # sum of prod_t y_t(pi_t) over the paths pi in B^-1(l)
            loss = ctc_loss(logits, text)
            run.step(loss, optimizer, schedule, clip=settings.max_grad_norm)
        metrics = validate(model, validation_sets)
        run.log(metrics, best=("string_accuracy", "generated_string_accuracy"))
    best = run.best(model)
    log_validation_accuracy(best, run, validation)
    return best


def validate(model: nn.Module, datasets: dict[str, TensorRows]) -> dict[str, float]:
    """Return the metrics on each of several datasets, with its prefix."""
    return {
        prefix + name: value
        for prefix, rows in datasets.items()
        for name, value in evaluate(model, rows).items()
    }


def log_validation_accuracy(model: nn.Module, run: Run, validation: TensorRows) -> None:
    """Log the accuracy on validation rows of the best path and of a beam search."""
    output_spec = run.spec.output
    rows = to_model_input(validation.input, run.spec.input)
    logits = predict_batches(model, rows, batch_size=100)
    true = [decode_labels(row, output_spec) for row in unpad(validation.target)]
    read = {"accuracy": read_texts(logits, output_spec)}
    read["beam_search"] = read_texts(logits, output_spec, beams=BEAMS)
    accuracy = {
        n: text_accuracy(one, true)["string_accuracy"] for n, one in read.items()
    }
    run.log_summary(**{f"validation_{n}": value for n, value in accuracy.items()})
