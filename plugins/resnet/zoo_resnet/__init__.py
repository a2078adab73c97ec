"""Residual networks for photographs, with others' weights, and for small images.

This module is only metadata; it must stay free of torch.
"""

from pathlib import Path

from zoo import (
    ClassOutput,
    ImageInput,
    License,
    ModelSpec,
    Trunk,
    Weights,
    hookimpl,
)

LABELS = tuple(
    Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines()
)
IMAGENET = ClassOutput(labels=LABELS)
PHOTOGRAPH = ImageInput(
    height=224,
    width=224,
    mean=(0.485, 0.456, 0.406),  # of ImageNet
    std=(0.229, 0.224, 0.225),
    resample="bicubic",
    crop=0.95,
)

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
MEAN, STD = (0.4912, 0.482, 0.4464), (0.2472, 0.2436, 0.2617)

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
        chapters=("resnet", "transfer-learning"),
    ),
    ModelSpec(
        name="resnet-basic-cifar10",
        summary="Three residual blocks classify small images into ten classes.",
        task="image-classification",
        build="zoo_resnet.resnet_basic:resnet_basic",
        options={"width": 16},
        recipe="zoo_resnet.resnet_basic_recipe",
        settings={"epochs": 24, "lr": 0.1},
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
        chapters=("resnet",),
    ),
    ModelSpec(
        name="resnet18-cifar10",
        summary="ResNet-18 at half its width classifies tiny color images.",
        task="image-classification",
        build="zoo_resnet.resnet:resnet18_cifar",
        options={"width": 32},
        recipe="zoo_resnet.resnet18_recipe",
        settings={"epochs": 15},
        card="cards/resnet18-cifar10.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=2_797_610,
        input=ImageInput(height=32, width=32, mean=MEAN, std=STD),
        output=ClassOutput(labels=CLASSES),
        trained_on=("cifar10",),
        head="fc",
        trunk=Trunk(module="layer4", size=(4, 4), stride=8),
        examples=("cat.png",),
        stored="float16",
        papers=("https://arxiv.org/abs/1512.03385",),
        tags=("cifar10", "resnet", "cnn", "backbone"),
        chapters=("resnet",),
    ),
    ModelSpec(
        name="resnet18",
        summary="ResNet-18 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_resnet.resnet:resnet18",
        card="cards/resnet18.md",
        license=License(code="mit", weights="apache-2.0", data="imagenet-agreement"),
        parameters=11_689_512,
        input=PHOTOGRAPH,
        output=IMAGENET,
        trained_on=("imagenet-1k",),
        head="fc",
        trunk=Trunk(module="layer4", size=(7, 7), stride=32),
        examples=("coffee.jpg", "cat.jpg"),
        papers=("https://arxiv.org/abs/1512.03385", "https://arxiv.org/abs/2110.00476"),
        tags=("imagenet", "resnet", "backbone", "timm"),
        weights=Weights(
            size=46_807_446,
            sha256="80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612",
            repo="timm/resnet18.a1_in1k",
            revision="491b427b45c94c7fb0e78b5474cc919aff584bbf",
        ),
        chapters=("resnet",),
    ),
    ModelSpec(
        name="resnet50",
        summary="ResNet-50 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_resnet.resnet:resnet50",
        card="cards/resnet50.md",
        license=License(code="mit", weights="apache-2.0", data="imagenet-agreement"),
        parameters=25_557_032,
        input=PHOTOGRAPH,
        output=IMAGENET,
        trained_on=("imagenet-1k",),
        head="fc",
        trunk=Trunk(module="layer4", size=(7, 7), stride=32),
        examples=("coffee.jpg", "cat.jpg"),
        papers=("https://arxiv.org/abs/1512.03385", "https://arxiv.org/abs/2110.00476"),
        tags=("imagenet", "resnet", "backbone", "timm"),
        weights=Weights(
            size=102_469_840,
            sha256="773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",
            repo="timm/resnet50.a1_in1k",
            revision="767268603ca0cb0bfe326fa87277f19c419566ef",
        ),
        chapters=("resnet", "transfer-learning"),
    ),
    ModelSpec(
        name="resnet50-transfer",
        summary="ResNet-50 with ImageNet's layers and a new head tells ants from bees.",
        task="image-classification",
        build="zoo_resnet.resnet:resnet50",
        options={"classes": 2},
        recipe="zoo_resnet.resnet50_transfer_recipe",
        card="cards/resnet50-transfer.md",
        license=License(code="mit", weights="apache-2.0", data="unknown"),
        parameters=23_512_130,
        input=PHOTOGRAPH,
        output=ClassOutput(labels=("ants", "bees")),
        trained_on=("hymenoptera",),
        head="fc",
        trunk=Trunk(module="layer4", size=(7, 7), stride=32),
        papers=("https://arxiv.org/abs/1512.03385", "https://arxiv.org/abs/1411.1792"),
        tags=("transfer learning", "resnet", "course"),
        chapters=("transfer-learning",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
