"""Generative adversarial networks: images from noise.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageOutput, License, ModelSpec, NoiseInput, hookimpl

SPECS = (
    ModelSpec(
        name="dcgan-mnist",
        summary="The generator of a DCGAN generates handwritten digits.",
        task="unconditional-image-generation",
        build="zoo_gan.dcgan:dcgan",
        recipe="zoo_gan.dcgan_recipe",
        card="cards/dcgan-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=896_736,
        input=NoiseInput(latent_dim=100),
        output=ImageOutput(height=28, width=28, channels=1, low=-1.0, high=1.0),
        trained_on=("mnist",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1511.06434",
            "https://arxiv.org/abs/1406.2661",
            "https://arxiv.org/abs/1801.04406",
        ),
        tags=("mnist", "digits", "gan", "dcgan"),
        chapters=("gan", "dcgan"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
