"""The specs of the MLPs that name clothes, from softmax regression to the ablation.

This module is only metadata; it must stay free of torch.
"""

from typing import Any

from zoo import ClassOutput, ImageInput, License, Metric, ModelSpec, Weights

CLOTHES: dict[str, Any] = {
    "task": "image-classification",
    "build": "zoo_mlp.mlp:mlp",
    "license": License(code="mit", weights="mit", data="mit"),
    "input": ImageInput(height=28, width=28, channels=1, background="dark"),
    "output": ClassOutput(
        labels=(
            *("T - shirt / top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        )
    ),
    "trained_on": ("fashion_mnist",),
    "head": "head",
    "examples": ("boot.png",),
    "stored": "float16",
    "papers": (
        "https://arxiv.org/abs/1708.07747",
        "https://jmlr.org/papers/v15/srivastava14a.html",
    ),
    "tags": ("fashion-mnist", "clothes", "mlp"),
}
SMALL = {**CLOTHES, "parameters": 50_890}

# The variants differ in what their names say, and in nothing else: equally many epochs,
# each from fresh weights. The penalties add up; the schedules replace the one-cycle of
# the plain network. Few strengths were tried, on validation rows.
EPOCH = 422  # steps
ADAM: dict[str, Any] = {"optimizer": "adam", "weight_decay": 0.0, "lr": 3e-3}
PLAIN = {**ADAM, "epochs": 20}
L1L2 = {**PLAIN, "l1": 3e-4, "l2": 3e-4}
MAXNORM = {**L1L2, "max_norm": 2.0}
EXPDECAY = {**PLAIN, "schedule": "exponential", "period": EPOCH, "decay": 0.9}
COSINE = {**PLAIN, "schedule": "cosine", "period": 10 * EPOCH}

SPECS = (
    ModelSpec(
        name="softmax-fashion-mnist",
        summary="Softmax regression over the pixels of a piece of clothing.",
        **CLOTHES,
        options={"hidden": (), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings={"epochs": 20, "lr": 0.003, "weight_decay": 0.0},
        card="cards/softmax-fashion-mnist.md",
        parameters=7_850,
        weights=Weights(
            size=15_876,
            sha256="2b97abbcd7b35051a233d831f5a3c03255bcac40e50fd0d678d0813072f6498d",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.849,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.847732,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-fashion-mnist",
        summary="One hidden layer of 512 units names a piece of clothing.",
        **CLOTHES,
        options={"hidden": (512,), "dropout": 0.4},
        recipe="zoo_mlp.comparison",
        settings={"epochs": 25, "lr": 0.002},
        card="cards/mlp-fashion-mnist.md",
        parameters=407_050,
        weights=Weights(
            size=814_444,
            sha256="bcd0f956da54ba08e46229a904621438a41a05a609d5e0bff8a1e66208770155",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8957,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.8955,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
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
            sha256="227156cba0efef09ec145252a553e5acc6d63bacef7aeaffce6f235b2bac4451",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8854,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.885158,
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
            sha256="e7f450174214f4b9a5e7a6400e61ac989cb6267e77b178059be314678bd3fcf1",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8827,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.882448,
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
            sha256="4685289da0bf96b511bbde3a232aa076da4b0d40602f00d3032220adc79b3804",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8837,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.883404,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
    ModelSpec(
        name="mlp-fashion-mnist-reg.dropout",
        summary="As .maxnorm, and one hidden unit in five at rest.",
        **SMALL,
        options={"hidden": (64,), "dropout": 0.2},
        recipe="zoo_mlp.recipe",
        settings=MAXNORM,
        card="cards/mlp-fashion-mnist-reg.dropout.md",
        weights=Weights(
            size=102_116,
            sha256="5b5188f74f43df1c815f3943069616095c85e4c4dbae9349182e2e28767b768f",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8821,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.881364,
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
            sha256="d94ebd707ec51b2ad6d3136fa87fde5d5837617756e6a0a5748b22d8b2e27a0f",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8787,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.878538,
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
            sha256="6fa62634d54a548896334698852efb2a913be4025da21218b1e15361bdf889b9",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.8816,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
                baseline=0.6768,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.881215,
                dataset="fashion_mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
)
