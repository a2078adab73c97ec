"""The specs of six small MLPs that differ in their regularization.

This module is only metadata; it must stay free of torch.
"""

from typing import Any

from zoo import ModelSpec
from zoo_mlp.fashion import FASHION_MNIST

__all__ = ["SPECS"]

SMALL = {**FASHION_MNIST, "parameters": 50_890}

# The variants differ in what their names say, and in nothing else: equally many epochs,
# each from fresh weights. The penalties add up; the schedules replace the one-cycle of
# the plain network. Sweeps on validation rows chose the learning rate, for the plain
# network, and then every strength; the cards hold their tables.
EPOCH = 422  # steps
ADAM: dict[str, Any] = {"optimizer": "adam", "weight_decay": 0.0, "lr": 5e-3}
PLAIN = {**ADAM, "epochs": 20}
L1L2 = {**PLAIN, "l1": 3e-5, "l2": 1e-5}
MAXNORM = {**L1L2, "max_norm": 3.0}
EXPDECAY = {
    **PLAIN,
    "schedule": "exponential",
    "schedule_period": EPOCH,
    "schedule_decay": 0.9,
}
COSINE = {**PLAIN, "schedule": "cosine", "schedule_period": 2 * EPOCH}

REGULARIZED = {
    **SMALL,
    "tags": (*SMALL["tags"], "regularization"),
    "chapters": ("regularization",),
}

SPECS = (
    ModelSpec(
        name="mlp-fashion-mnist-reg.none",
        summary="An MLP with 64 hidden units without regularization, for comparison.",
        **REGULARIZED,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.ablation_recipe",
        settings=PLAIN,
        card="cards/mlp-fashion-mnist-reg.none.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.l1l2",
        summary="An MLP with L2 on its weights and L1 on its activations.",
        **REGULARIZED,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=L1L2,
        card="cards/mlp-fashion-mnist-reg.l1l2.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.maxnorm",
        summary="As .l1l2, with a max-norm constraint on the weights of each unit.",
        **REGULARIZED,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=MAXNORM,
        card="cards/mlp-fashion-mnist-reg.maxnorm.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.dropout",
        summary="As .maxnorm, with dropout of one hidden unit in twenty.",
        **REGULARIZED,
        options={"hidden": (64,), "dropout": 0.05},
        recipe="zoo_mlp.recipe",
        settings={**MAXNORM, "dropout": 0.05},
        card="cards/mlp-fashion-mnist-reg.dropout.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.expdecay",
        summary="An MLP trained with an exponentially decaying learning rate.",
        **REGULARIZED,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=EXPDECAY,
        card="cards/mlp-fashion-mnist-reg.expdecay.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.cosine",
        summary="An MLP trained with cosine annealing and warm restarts.",
        **REGULARIZED,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=COSINE,
        card="cards/mlp-fashion-mnist-reg.cosine.md",
    ),
)
