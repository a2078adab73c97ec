"""Segmentation: pets in photographs, and what a street is made of.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, License, MaskOutput, ModelSpec, hookimpl

PET = MaskOutput(labels=("background", "pet"), function_to_apply="sigmoid")
TRIMAP = MaskOutput(labels=("background", "pet", "border"))
STREET = MaskOutput(
    labels=(
        "Sky",
        "Building",
        "Pole",
        "Road",
        "Pavement",
        "Tree",
        "SignSymbol",
        "Fence",
        "Car",
        "Pedestrian",
        "Bicyclist",
    )
)
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
    ModelSpec(
        name="unet-efficientnet-lite0-trimap",
        summary="A U-Net with an EfficientNet-Lite0 encoder segments a pet, its border "
        "and the background.",
        task="image-segmentation",
        build="zoo_segmentation.unet_efficientnet:unet_efficientnet_lite0",
        options={"classes": 3},
        recipe="zoo_segmentation.unet_efficientnet_trimap_recipe",
        card="cards/unet-efficientnet-lite0-trimap.md",
        license=License(code="mit", weights="apache-2.0", data="cc-by-sa-4.0"),
        parameters=3_782_387,
        input=ImageInput(
            height=192,
            width=192,
            mean=HALVES,
            std=HALVES,
            resample="bicubic",
            fit="stretch",
        ),
        output=TRIMAP,
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
    ModelSpec(
        name="unet-camvid",
        summary="A slim U-Net, trained from scratch, segments a street into eleven "
        "classes.",
        task="image-segmentation",
        build="zoo_segmentation.unet:unet",
        options={"classes": 11},
        recipe="zoo_segmentation.unet_camvid_recipe",
        card="cards/unet-camvid.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=1_463_547,
        input=ImageInput(
            height=176,
            width=240,
            mean=(0.4114, 0.4246, 0.4321),
            std=(0.3005, 0.3046, 0.3004),
            fit="stretch",
        ),
        output=STREET,
        trained_on=("camvid",),
        head="head",
        examples=("street.jpg", "temple.jpg"),
        stored="float16",
        papers=("https://arxiv.org/abs/1505.04597",),
        tags=("streets", "unet"),
        chapters=("segmentation",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
