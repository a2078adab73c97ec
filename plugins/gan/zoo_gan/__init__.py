"""Generative adversarial networks: pictures from noise.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ImageOutput,
    License,
    Metric,
    ModelSpec,
    NoiseInput,
    Weights,
    hookimpl,
)

SPECS = (
    ModelSpec(
        name="dcgan-mnist",
        summary="A generator draws handwritten digits, taught by a critic.",
        task="unconditional-image-generation",
        build="zoo_gan.dcgan:dcgan",
        recipe="zoo_gan.dcgan_recipe",
        card="cards/dcgan-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=896_736,
        input=NoiseInput(numbers=100),
        output=ImageOutput(height=28, width=28, channels=1, low=-1.0, high=1.0),
        trained_on=("mnist",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1511.06434",
            "https://arxiv.org/abs/1406.2661",
            "https://arxiv.org/abs/1801.04406",
        ),
        tags=("mnist", "digits", "gan", "dcgan"),
        weights=Weights(
            size=1_820_544,
            sha256="cb01609c20b2313cdc655f473c13bc9b24e37bd2848c38d02c3d0f475efe6990",
        ),
        metrics=(
            Metric(
                name="frechet_distance",
                value=13.077875,
                dataset="mnist",
                split="test",
                tolerance=0.01,
                baseline=713.623446,
                baseline_name="20 principal components",
            ),
        ),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
