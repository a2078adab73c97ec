"""The specs of six small MLPs that differ in their regularization.

This module is only metadata; it must stay free of torch.
"""

from typing import Any

from zoo import Metric, ModelSpec, Weights
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

SPECS = (
    ModelSpec(
        name="mlp-fashion-mnist-reg.none",
        summary="An MLP with 64 hidden units without regularization, for comparison.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.ablation_recipe",
        settings=PLAIN,
        card="cards/mlp-fashion-mnist-reg.none.md",
        weights=Weights(
            size=102_108,
            sha256="02ec37607d60e0ce1154cd41b68f924b17e0136849ea75b2bc542a9a6584eebd",
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
        summary="An MLP with L2 on its weights and L1 on its activations.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=L1L2,
        card="cards/mlp-fashion-mnist-reg.l1l2.md",
        weights=Weights(
            size=102_108,
            sha256="0e5099de8714b6be01b98999ede18295e11cf178ca0295ec2472ce8b717ea9dd",
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
        summary="As .l1l2, with a max-norm constraint on the weights of each unit.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=MAXNORM,
        card="cards/mlp-fashion-mnist-reg.maxnorm.md",
        weights=Weights(
            size=102_108,
            sha256="b46cf0ba5264770c1916ed33bd59aac486aad08d7c603b79860085f94995df29",
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
        summary="As .maxnorm, with dropout of one hidden unit in twenty.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.05},
        recipe="zoo_mlp.recipe",
        settings={**MAXNORM, "dropout": 0.05},
        card="cards/mlp-fashion-mnist-reg.dropout.md",
        weights=Weights(
            size=102_108,
            sha256="49a7d5142efbc7037fd0ef47c02a57da584bf2abfd5d7b60e7361d51baab8a2f",
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
        summary="An MLP trained with an exponentially decaying learning rate.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=EXPDECAY,
        card="cards/mlp-fashion-mnist-reg.expdecay.md",
        weights=Weights(
            size=102_108,
            sha256="1596019d7786b3d909e0986070d0f25f8a87e5afa24f10c24af4263b4bffb6c9",
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
        summary="An MLP trained with cosine annealing and warm restarts.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings=COSINE,
        card="cards/mlp-fashion-mnist-reg.cosine.md",
        weights=Weights(
            size=102_108,
            sha256="443be38567bd3d398e95b10e9907db3a0fecf4ed98022bed6087bc3c22d66d5c",
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
