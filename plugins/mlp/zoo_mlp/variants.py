"""The specs of six small MLPs that differ in how they are regularised.

This module is only metadata; it must stay free of torch.
"""

from typing import Any

from zoo import Metric, ModelSpec, Weights
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
        weights=Weights(
            size=102_116,
            sha256="e7e8f5c988a762438cee760fdcc5745816f392a158e7f95e77f2bdd21945d2ff",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8885,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.888453,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.l1l2",
        summary="64 hidden units, small weights and quiet units rewarded.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=L1L2,
        card="cards/mlp-fashion-mnist-reg.l1l2.md",
        weights=Weights(
            size=102_116,
            sha256="d83e249af965a8574898debdb334695766d851bd59641126ccac62c83d1efccb",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8865,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.886411,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.maxnorm",
        summary="As .l1l2, and a bound on the weights of each unit.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=MAXNORM,
        card="cards/mlp-fashion-mnist-reg.maxnorm.md",
        weights=Weights(
            size=102_116,
            sha256="68eb5bf68917b02d4511faa98fd3abb9a9851a5a7f4d7d48c2fd68f6df93cacb",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8889,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.888631,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.dropout",
        summary="As .maxnorm, and one hidden unit in twenty at rest.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.05},
        recipe="zoo_mlp.recipe",
        settings={**MAXNORM, "dropout": 0.05},
        card="cards/mlp-fashion-mnist-reg.dropout.md",
        weights=Weights(
            size=102_116,
            sha256="e75a3fee804e723f82bf69e5375f1ac4c85d86fd608826224f7e8fa00050e96f",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8875,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.887081,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.expdecay",
        summary="64 hidden units, the learning rate decaying exponentially.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=EXPDECAY,
        card="cards/mlp-fashion-mnist-reg.expdecay.md",
        weights=Weights(
            size=102_116,
            sha256="db1a5b762213db488db4b5b1b6a432d24d832bd56f36a66110ace0b6c19ea919",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8822,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.882234,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.cosine",
        summary="64 hidden units, the learning rate a cosine that restarts.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=COSINE,
        card="cards/mlp-fashion-mnist-reg.cosine.md",
        weights=Weights(
            size=102_116,
            sha256="e52dc5a2b74bfa76b035c68480359b0a0419445d6ee2de13a268acb5c7df6308",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8831,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.882782,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
)
