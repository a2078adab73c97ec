"""Multilayer perceptrons that classify images.

This module is only metadata; it must stay free of torch.
"""

from zoo import ClassOutput, ImageInput, License, ModelSpec, hookimpl
from zoo_mlp import fashion, variants

DIGIT = ImageInput(height=28, width=28, channels=1, background="dark")
DIGITS = ClassOutput(labels=tuple("0123456789"))
MNIST = License(code="mit", weights="mit", data="cc-by-sa-3.0")

SPECS = (
    ModelSpec(
        name="mlp-mnist",
        summary="An MLP with 128 hidden units classifies handwritten digits.",
        task="image-classification",
        build="zoo_mlp.mlp:mlp",
        options={"hidden": (128,), "dropout": 0.2},
        recipe="zoo_mlp.recipe",
        card="cards/mlp-mnist.md",
        license=MNIST,
        parameters=101_770,
        input=DIGIT,
        output=DIGITS,
        trained_on=("mnist",),
        head="head",
        examples=("five.png",),
        stored="float16",
        papers=("https://doi.org/10.1038/323533a0",),
        tags=("mnist", "digits", "mlp"),
        chapters=("mlp",),
    ),
    ModelSpec(
        name="mlp-dropout-mnist",
        summary="An MLP of 1,200 units twice with dropout classifies digits.",
        task="image-classification",
        build="zoo_mlp.mlp:mlp",
        options={"hidden": (1200, 1200), "dropout": 0.5},
        recipe="zoo_mlp.recipe",
        settings={"epochs": 50, "lr": 1e-3, "amp": True},
        card="cards/mlp-dropout-mnist.md",
        license=MNIST,
        parameters=2_395_210,
        input=DIGIT,
        output=DIGITS,
        trained_on=("mnist",),
        head="head",
        examples=("five.png",),
        stored="float16",
        papers=("https://jmlr.org/papers/v15/srivastava14a.html",),
        tags=("mnist", "digits", "mlp", "dropout", "regularization"),
        chapters=("mlp", "regularization"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return (*SPECS, *fashion.SPECS, *variants.SPECS)
