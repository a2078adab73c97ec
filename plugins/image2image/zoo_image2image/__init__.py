"""Image to image: pictures of one kind translated to another.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, ImageOutput, License, ModelSpec, hookimpl

HALF = (0.5, 0.5, 0.5)  # mean and std of the pixels: models count from -1 to 1

SPECS = (
    ModelSpec(
        name="cyclegan-horse2zebra",
        summary="A CycleGAN turns horses into zebras, and zebras into horses.",
        task="image-to-image",
        build="zoo_image2image.cyclegan:cyclegan",
        recipe="zoo_image2image.cyclegan_recipe",
        card="cards/cyclegan-horse2zebra.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=692_742,
        input=ImageInput(height=64, width=64, mean=HALF, std=HALF),
        output=ImageOutput(height=64, width=64, low=-1.0, high=1.0),
        trained_on=("horse2zebra",),
        stored="float16",
        papers=("https://arxiv.org/abs/1703.10593",),
        tags=("gan", "cyclegan", "unpaired", "horses", "zebras"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
