"""Boltzmann machines: energy-based models of images, trained without a loss.

This module is only metadata; it must stay free of torch.
"""

from zoo import ClassOutput, ImageInput, ImageOutput, License, ModelSpec, hookimpl

SPECS = (
    ModelSpec(
        name="dbn-mnist",
        summary="A deep belief network, and the classifier of digits it leads to.",
        task="image-classification",
        build="zoo_boltzmann.dbn:dbn",
        options={"hidden": (500, 500), "dropout": 0.25},
        recipe="zoo_boltzmann.dbn_recipe",
        card="cards/dbn-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=1_292_294,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ClassOutput(labels=tuple("0123456789")),
        trained_on=("mnist",),
        head="head",
        examples=("three.png", "eight.png"),
        stored="float16",
        papers=(
            "https://doi.org/10.1162/neco.2006.18.7.1527",
            "https://doi.org/10.1126/science.1127647",
            "https://doi.org/10.1007/978-3-642-35289-8_32",
        ),
        tags=("mnist", "digits", "boltzmann", "dbn"),
        chapters=("boltzmann",),
    ),
    ModelSpec(
        name="rbm-mnist",
        summary="A restricted Boltzmann machine, 500 hidden units, generates digits.",
        task="unconditional-image-generation",
        build="zoo_boltzmann.rbm:rbm",
        recipe="zoo_boltzmann.rbm_recipe",
        card="cards/rbm-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=393_284,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid"
        ),
        trained_on=("mnist",),
        examples=("three.png", "eight.png"),
        stored="float16",
        papers=(
            "https://doi.org/10.1162/089976602760128018",
            "https://doi.org/10.1007/978-3-642-35289-8_32",
            "https://doi.org/10.1145/1390156.1390290",
            "https://doi.org/10.1145/1390156.1390266",
        ),
        tags=("mnist", "digits", "boltzmann", "rbm"),
        chapters=("boltzmann",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
