"""The specs of the MLPs for Fashion-MNIST: softmax regression, and one hidden layer.

This module is only metadata; it must stay free of torch.
"""

from dataclasses import replace
from typing import Any

from zoo import ClassOutput, ImageInput, License, ModelSpec

FASHION_MNIST: dict[str, Any] = {
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
# Mean and standard deviation of the pixels that mlp-fashion-mnist was trained on:
# 54,000 of the training rows, by the seed of its recipe.
NORMALIZED = replace(FASHION_MNIST["input"], mean=(0.2863,), std=(0.3531,))

SPECS = (
    ModelSpec(
        name="softmax-fashion-mnist",
        summary="Softmax regression classifies images of clothes.",
        **FASHION_MNIST,
        options={"hidden": (), "dropout": 0.0},
        recipe="zoo_mlp.recipe",
        settings={"epochs": 20, "lr": 0.003, "weight_decay": 0.0},
        card="cards/softmax-fashion-mnist.md",
        parameters=7_850,
        chapters=("mlp",),
    ),
    ModelSpec(
        name="mlp-fashion-mnist",
        summary="An MLP with 512 hidden units classifies images of clothes.",
        **{**FASHION_MNIST, "input": NORMALIZED},
        options={"hidden": (512,), "dropout": 0.3},
        recipe="zoo_mlp.comparison_recipe",
        settings={
            "epochs": 25,
            "lr": 0.0015648369535442885,
            "dropout": 0.3,
            "normalize": True,
        },
        card="cards/mlp-fashion-mnist.md",
        parameters=407_050,
        chapters=("mlp", "tuning"),
    ),
)
