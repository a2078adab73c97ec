"""VGG: deep stacks of 3x3 convolutions, for photographs and for small images.

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
        name="vgg-small-cifar10",
        summary="A slim VGG of six convolutions classifies tiny color images.",
        task="image-classification",
        build="zoo_vgg.vgg:vgg_small",
        options={"width": 8, "hidden": (256, 128), "batch_norm": True, "dropout": 0.0},
        recipe="zoo_vgg.recipe",
        card="cards/vgg-small-cifar10.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=694_666,
        input=ImageInput(height=32, width=32, mean=MEAN, std=STD),
        output=ClassOutput(labels=CLASSES),
        trained_on=("cifar10",),
        head="classifier.6",
        trunk=Trunk(module="features", size=(4, 4), stride=8),
        examples=("cat.png",),
        stored="float16",
        papers=("https://arxiv.org/abs/1409.1556", "https://arxiv.org/abs/1502.03167"),
        tags=("cifar10", "vgg", "cnn"),
        chapters=("vgg",),
    ),
    ModelSpec(
        name="vgg16-cifar10",
        summary="VGG-16 at half its width classifies tiny color images.",
        task="image-classification",
        build="zoo_vgg.vgg:vgg16_cifar",
        options={"width": 32},
        recipe="zoo_vgg.recipe",
        settings={"epochs": 30, "amp": True},
        card="cards/vgg16-cifar10.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=3_686_954,
        input=ImageInput(height=32, width=32, mean=MEAN, std=STD),
        output=ClassOutput(labels=CLASSES),
        trained_on=("cifar10",),
        head="classifier.0",
        trunk=Trunk(module="features.32", size=(4, 4), stride=8),
        examples=("cat.png",),
        stored="float16",
        papers=("https://arxiv.org/abs/1409.1556", "https://arxiv.org/abs/1502.03167"),
        tags=("cifar10", "vgg", "cnn"),
        chapters=("vgg",),
    ),
    ModelSpec(
        name="vgg16",
        summary="VGG-16 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_vgg.vgg:vgg16_dense",
        card="cards/vgg16.md",
        license=License(code="mit", weights="bsd-3-clause", data="imagenet-agreement"),
        parameters=138_357_544,
        input=ImageInput(  # mean and deviation of ImageNet
            height=224,
            width=224,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
            crop=0.875,
        ),
        output=ClassOutput(labels=LABELS),
        trained_on=("imagenet-1k",),
        head="head.fc",
        trunk=Trunk(module="pre_logits", size=(1, 1), stride=32),
        examples=("coffee.jpg", "cat.jpg"),
        papers=("https://arxiv.org/abs/1409.1556",),
        tags=("imagenet", "vgg", "backbone", "timm"),
        weights=Weights(
            size=None,  # in no public manifest beside the SHA-256
            sha256="57b026918159a6bf9faf8405c3a551903768e7138989d9c6224a14227203fad8",
            repo="timm/vgg16.tv_in1k",
            revision="b8d8aa2dd860af9233c8c67385a8097fd6c35d3f",
        ),
        chapters=("vgg", "transfer-learning", "sliding-windows"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
