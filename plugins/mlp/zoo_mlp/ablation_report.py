"""What the card of `mlp-fashion-mnist-reg.none` tells: that of every MLP, and an
ablation.

Every variant is trained again from fresh weights, with the seed, the learning rate and
as many epochs as this run. The table is of the validation rows alone.
"""

import math
from typing import Any

from torch import nn

import zoo
from zoo import ModelSpec, Run
from zoo.recipes import ExecutionContext, choose_settings, plots, seeded
from zoo_mlp.recipe import train
from zoo_mlp.report import report as report_every_mlp

__all__ = ["COMPARISON", "compare", "report"]

COMPARISON = "each of the other variants, and two with the strengths of the course"
COURSE: dict[str, dict[str, Any]] = {  # the strengths of the course, by variant
    "l1l2": {"l1": 0.01, "l2": 0.01},
    "dropout": {"dropout": 0.5},
}

# What a run and the variants that it is compared with have in common.
COMMON = ("seed", "epochs", "batch_size", "lr", "val_fraction")


def report(model: nn.Module, run: Run) -> None:
    """Add the report of every MLP."""
    report_every_mlp(model, run)


def compare(model: nn.Module, run: Run) -> None:
    """Add the ablation: train the other variants, and those of the course."""
    family = run.spec.name.partition(".")[0]
    histories = {}
    for spec in zoo.search(f"{family}.*"):
        own = spec.name == run.spec.name
        history = run.history if own else _train_variant(spec, run)
        histories[spec.name.partition(".")[2]] = history
    for variant, strengths in COURSE.items():
        spec = zoo.get_spec(f"{family}.{variant}")
        histories[f"{variant}_course"] = _train_variant(spec, run, **strengths)
    accuracy = max(row["accuracy"] for row in histories["none"])
    val_rows = run.split_sizes[1] if run.split_sizes else 1
    run.log_summary(standard_error=math.sqrt(accuracy * (1 - accuracy) / val_rows))
    for variant, history in histories.items():
        best = max(history, key=lambda row: row["accuracy"])
        run.log_summary(
            **{
                f"val_accuracy_{variant}": best["accuracy"],
                f"best_epoch_{variant}": best["epoch"],
                f"train_loss_{variant}": best["loss"],
            }
        )
    curves = {name: [row["accuracy"] for row in h] for name, h in histories.items()}
    run.log_figure(
        "ablation",
        plots.lines(curves, "epoch", "validation accuracy"),
        "Validation accuracy of each variant by epoch.",
    )


def _train_variant(spec: ModelSpec, run: Run, **changes: Any) -> list[dict[str, float]]:
    """Return the history of a variant's own run, trained from fresh weights."""
    common = {name: getattr(run.settings, name) for name in COMMON if run.settings}
    settings = choose_settings(spec, {**common, **changes}, smoke=run.smoke)[1]
    own = Run(
        spec, seed=settings.seed, smoke=run.smoke, place=ExecutionContext(run.device)
    )
    with seeded(settings.seed):
        train(settings, own)
    return own.history
