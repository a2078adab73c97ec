"""Segmentation: which pixels of a photograph are the pet.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, License, MaskOutput, ModelSpec, hookimpl

PET = MaskOutput(labels=("background", "pet"), function_to_apply="sigmoid")
HALVES = (0.5, 0.5, 0.5)  # mean and std: pixels in -1..1, as EfficientNet-Lite0 has

SPECS = (
    ModelSpec(
        name="unet-pet",
        summary="A slim U-Net, trained from scratch, segments the pet in a photo.",
        task="image-segmentation",
        build="zoo_segmentation.unet:unet",
        recipe="zoo_segmentation.unet_recipe",
        card="cards/unet-pet.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-4.0"),
        parameters=1_463_377,
        input=ImageInput(
            height=128,
            width=128,
            mean=(0.4811, 0.4405, 0.3835),
            std=(0.2579, 0.2559, 0.2643),
            fit="stretch",
        ),
        output=PET,
        trained_on=("oxford_iiit_pet",),
        head="head",
        examples=("cat.jpg", "coffee.jpg"),
        stored="float16",
        papers=("https://arxiv.org/abs/1505.04597",),
        tags=("pets", "unet"),
        chapters=("segmentation",),
    ),
    ModelSpec(
        name="unet-efficientnet-lite0-pet",
        summary="A U-Net with an EfficientNet-Lite0 encoder segments a pet in a photo.",
        task="image-segmentation",
        build="zoo_segmentation.unet_efficientnet:unet_efficientnet_lite0",
        recipe="zoo_segmentation.unet_efficientnet_recipe",
        card="cards/unet-efficientnet-lite0-pet.md",
        license=License(code="mit", weights="apache-2.0", data="cc-by-sa-4.0"),
        parameters=3_782_353,
        input=ImageInput(
            height=192,
            width=192,
            mean=HALVES,
            std=HALVES,
            resample="bicubic",
            fit="stretch",
        ),
        output=PET,
        trained_on=("imagenet-1k", "oxford_iiit_pet"),
        head="head",
        examples=("cat.jpg", "coffee.jpg"),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1505.04597",
            "https://arxiv.org/abs/1905.11946",
        ),
        tags=("pets", "unet", "efficientnet", "timm"),
        chapters=("segmentation", "transfer-learning"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
