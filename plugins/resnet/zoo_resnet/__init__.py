"""Residual networks for small images.

This module is only metadata; it must stay free of torch.
"""

from zoo import ClassOutput, ImageInput, License, ModelSpec, Trunk, hookimpl

CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

# Of the pixels of the 45,000 training rows that it was fitted to, by its recipe's seed.
MEAN, STD = (0.491, 0.4817, 0.4461), (0.2451, 0.2427, 0.2605)

SPECS = (
    ModelSpec(
        name="resnet20-cifar10",
        summary="ResNet-20 classifies images of 32x32 pixels into ten classes.",
        task="image-classification",
        build="zoo_resnet.resnet20:resnet20",
        recipe="zoo_resnet.resnet20_recipe",
        card="cards/resnet20-cifar10.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=269_722,
        input=ImageInput(height=32, width=32, mean=MEAN, std=STD),
        output=ClassOutput(labels=CLASSES),
        trained_on=("cifar10",),
        head="fc",
        trunk=Trunk(module="layer3", size=(8, 8), stride=4),
        examples=("cat.png",),
        stored="float16",
        papers=("https://arxiv.org/abs/1512.03385",),
        tags=("cifar10", "resnet", "cnn", "backbone"),
    ),
    ModelSpec(
        name="resnet-basic-cifar10",
        summary="Three residual blocks classify small images into ten classes.",
        task="image-classification",
        build="zoo_resnet.resnet_basic:resnet_basic",
        options={"width": 16},
        recipe="zoo_resnet.resnet_basic_recipe",
        settings={"lr": 0.1},
        card="cards/resnet-basic-cifar10.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=667_002,
        input=ImageInput(height=32, width=32, mean=MEAN, std=STD),
        output=ClassOutput(labels=CLASSES),
        trained_on=("cifar10",),
        head="classifier.5",
        trunk=Trunk(module="layer3", size=(4, 4), stride=8),
        examples=("cat.png",),
        stored="float16",
        papers=("https://arxiv.org/abs/1512.03385",),
        tags=("cifar10", "resnet", "cnn"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
