"""Image to image: pictures of one kind translated to another.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, ImageOutput, LabelColor, License, ModelSpec, hookimpl

HALF = (0.5, 0.5, 0.5)  # mean and std of the pixels: models count from -1 to 1
# The labels of the CMP facades, and their colours as the published pairs have them.
FACADE_COLORS = (
    LabelColor(label="background", color=(0, 0, 222)),
    LabelColor(label="facade", color=(0, 48, 255)),
    LabelColor(label="window", color=(0, 128, 255)),
    LabelColor(label="door", color=(0, 207, 255)),
    LabelColor(label="cornice", color=(32, 255, 224)),
    LabelColor(label="sill", color=(112, 255, 143)),
    LabelColor(label="balcony", color=(192, 255, 63)),
    LabelColor(label="blind", color=(255, 240, 0)),
    LabelColor(label="decoration", color=(255, 159, 0)),
    LabelColor(label="molding", color=(255, 80, 0)),
    LabelColor(label="pillar", color=(255, 0, 0)),
    LabelColor(label="shop", color=(174, 0, 0)),
)

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
        examples=("horse.png", "horse-on-sand.png", "white-horse.png"),
        stored="float16",
        papers=("https://arxiv.org/abs/1703.10593",),
        tags=("gan", "cyclegan", "unpaired", "horses", "zebras"),
        chapters=("cyclegan",),
    ),
    ModelSpec(
        name="pix2pix-facades",
        summary="The U-Net of pix2pix turns a label map into a photograph of a facade.",
        task="image-to-image",
        build="zoo_image2image.pix2pix:pix2pix",
        recipe="zoo_image2image.pix2pix_recipe",
        card="cards/pix2pix-facades.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=1_807_683,
        input=ImageInput(
            height=128,
            width=128,
            mean=HALF,
            std=HALF,
            resample="nearest",
            label_colors=FACADE_COLORS,
        ),
        output=ImageOutput(height=128, width=128, low=-1.0, high=1.0),
        trained_on=("facades",),
        examples=("house.png", "tower.png", "shop.png"),
        stored="float16",
        papers=("https://arxiv.org/abs/1611.07004",),
        tags=("gan", "pix2pix", "facades", "label-map"),
        chapters=("pix2pix",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
