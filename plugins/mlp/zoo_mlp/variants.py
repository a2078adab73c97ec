"""The specs of six small MLPs that differ in how they are regularised.

This module is only metadata; it must stay free of torch.
"""

from typing import Any

from zoo import ModelSpec
from zoo_mlp.fashion import CLOTHES

__all__ = ["SPECS"]

SMALL = {**CLOTHES, "parameters": 50_890}

# The variants differ in what their names say, and in nothing else: equally many epochs,
# each from fresh weights. The penalties add up; the schedules replace the one-cycle of
# the plain network. Sweeps on validation rows chose the learning rate, for the plain
# network, and then every strength; the cards hold their tables.
EPOCH = 422  # steps
ADAM: dict[str, Any] = {"optimizer": "adam", "weight_decay": 0.0, "lr": 5e-3}
PLAIN = {**ADAM, "epochs": 20}
L1L2 = {**PLAIN, "l1": 3e-5, "l2": 1e-5}
MAXNORM = {**L1L2, "max_norm": 3.0}
EXPDECAY = {**PLAIN, "schedule": "exponential", "period": EPOCH, "decay": 0.9}
COSINE = {**PLAIN, "schedule": "cosine", "period": 2 * EPOCH}

SPECS = (
    ModelSpec(
        name="mlp-fashion-mnist-reg.none",
        summary="64 hidden units without regularisation, for comparison.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.ablation",
        settings=PLAIN,
        card="cards/mlp-fashion-mnist-reg.none.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.l1l2",
        summary="64 hidden units, small weights and quiet units rewarded.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=L1L2,
        card="cards/mlp-fashion-mnist-reg.l1l2.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.maxnorm",
        summary="As .l1l2, and a bound on the weights of each unit.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=MAXNORM,
        card="cards/mlp-fashion-mnist-reg.maxnorm.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.dropout",
        summary="As .maxnorm, and one hidden unit in twenty at rest.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.05},
        recipe="zoo_mlp.recipe",
        settings={**MAXNORM, "dropout": 0.05},
        card="cards/mlp-fashion-mnist-reg.dropout.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.expdecay",
        summary="64 hidden units, the learning rate decaying exponentially.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=EXPDECAY,
        card="cards/mlp-fashion-mnist-reg.expdecay.md",
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.cosine",
        summary="64 hidden units, the learning rate a cosine that restarts.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=COSINE,
        card="cards/mlp-fashion-mnist-reg.cosine.md",
    ),
)
