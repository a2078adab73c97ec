"""Boltzmann machines: energy-based models of images, trained without a loss.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, ImageOutput, License, Metric, ModelSpec, Weights, hookimpl

SPECS = (
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
        weights=Weights(
            size=788_472,
            sha256="1d2dbd3645a282f366f14fd88308b36140f00d70208651dfc937c7fe1c4e2096",
        ),
        metrics=(
            Metric(
                name="negative_log_likelihood",
                value=87.532459,
                dataset="mnist",
                split="test",
                tolerance=0.09,
                baseline=205.812897,
                baseline_name="independent pixels",
            ),
            Metric(
                name="mse",
                value=0.004274,
                dataset="mnist",
                split="test",
                tolerance=4e-06,
                baseline=0.06747,
                baseline_name="independent pixels",
            ),
        ),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
