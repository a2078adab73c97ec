"""Restoration: images out of what has been lost of them.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ColorizedImageOutput,
    ImageInput,
    License,
    ModelSpec,
    ScaledImageOutput,
    hookimpl,
)

SPECS = (
    ModelSpec(
        name="colorize-iizuka",
        summary="A slim colorizer gives grey photographs of flowers their colours.",
        task="image-to-image",
        build="zoo_restoration.colorizer:colorizer",
        recipe="zoo_restoration.colorizer_recipe",
        card="cards/colorize-iizuka.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=1_230_250,
        input=ImageInput(height=72, width=72, channels=1, fit="keep"),
        output=ColorizedImageOutput(),
        trained_on=("flowers",),
        examples=("flower.jpg", "temple.jpg"),
        stored="float16",
        papers=("https://doi.org/10.1145/2897824.2925974",),
        tags=("photographs", "flowers", "colorization"),
        chapters=("colorization",),
    ),
    ModelSpec(
        name="srresnet-face",
        summary="A slim SRResNet enlarges faces and photographs to twice their size.",
        task="image-to-image",
        build="zoo_restoration.srresnet:srresnet",
        recipe="zoo_restoration.srresnet_recipe",
        card="cards/srresnet-face.md",
        license=License(code="mit", weights="mit", data="other"),
        parameters=117_320,
        input=ImageInput(
            height=32,
            width=32,
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
            fit="keep",
        ),
        output=ScaledImageOutput(scale=2, low=-1.0, high=1.0, reach=14),
        trained_on=("utkface", "sr_photos"),
        examples=("portrait.png", "cat.png"),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1609.04802",
            "https://arxiv.org/abs/1609.05158",
            "https://arxiv.org/abs/1707.02921",
            "https://arxiv.org/abs/1511.04587",
        ),
        tags=("faces", "photographs", "super-resolution"),
        chapters=("super-resolution",),
    ),
    ModelSpec(
        name="srgan-face",
        summary="SRGAN enlarges faces to twice their size, and makes up details.",
        task="image-to-image",
        build="zoo_restoration.srresnet:srresnet",
        recipe="zoo_restoration.srgan_recipe",
        card="cards/srgan-face.md",
        license=License(code="mit", weights="mit", data="other"),
        parameters=117_320,
        input=ImageInput(
            height=32,
            width=32,
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
            fit="keep",
        ),
        output=ScaledImageOutput(scale=2, low=-1.0, high=1.0, reach=14),
        trained_on=("utkface",),
        examples=("portrait.png", "cat.png"),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1609.04802",
            "https://arxiv.org/abs/1611.04076",
            "https://arxiv.org/abs/1801.03924",
        ),
        tags=("faces", "super-resolution", "gan"),
        chapters=("super-resolution",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
