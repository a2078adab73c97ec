"""Autoencoders: pictures to short codes, and pictures from codes.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, ImageOutput, License, ModelSpec, hookimpl

SPECS = (
    ModelSpec(
        name="vae-mnist",
        summary="A variational autoencoder draws handwritten digits by 20 numbers.",
        task="unconditional-image-generation",
        build="zoo_autoencoder.vae:vae",
        recipe="zoo_autoencoder.vae_recipe",
        card="cards/vae-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=652_824,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid"
        ),
        trained_on=("mnist",),
        examples=("seven.png", "five.png"),
        stored="float16",
        papers=("https://arxiv.org/abs/1312.6114",),
        tags=("mnist", "digits", "autoencoder", "vae"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
