"""Image classifiers whose architecture is timm's and whose weights are others'.

Besides the registered ones every classifier of timm is "timm/" and its name there.

This module is only metadata; it must stay free of torch and of timm.
"""

from pathlib import Path

from zoo import (
    ClassOutput,
    ImageInput,
    License,
    ModelSpec,
    Namespace,
    Trunk,
    Weights,
    hookimpl,
)

LABELS = tuple(
    Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines()
)
IMAGENET = ClassOutput(labels=LABELS)
PUBLISHED = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # of ImageNet's pixels
HALVES = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # brings pixels to -1..1

SPECS = (
    ModelSpec(
        name="efficientnet-lite0",
        summary="EfficientNet-Lite0 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_timm.models:efficientnet_lite0",
        recipe="zoo_timm.hymenoptera",
        card="cards/efficientnet-lite0.md",
        license=License(
            code="apache-2.0", weights="apache-2.0", data="imagenet-agreement"
        ),
        parameters=4_652_008,
        input=ImageInput(
            height=224,
            width=224,
            mean=HALVES[0],
            std=HALVES[1],
            resample="bicubic",
            crop=0.875,
        ),
        output=IMAGENET,
        trained_on=("imagenet-1k",),
        head="classifier",
        trunk=Trunk(module="bn2", size=(7, 7), stride=32),
        examples=("coffee.jpg", "cat.jpg"),
        stored="float16",
        papers=("https://arxiv.org/abs/1905.11946",),
        tags=("imagenet", "efficientnet", "backbone", "timm"),
        chapters=("transfer-learning", "sliding-windows"),
    ),
    ModelSpec(
        name="vgg16",
        summary="VGG-16 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_timm.models:vgg16",
        card="cards/vgg16.md",
        license=License(
            code="apache-2.0", weights="bsd-3-clause", data="imagenet-agreement"
        ),
        parameters=138_357_544,
        input=ImageInput(
            height=224,
            width=224,
            mean=PUBLISHED[0],
            std=PUBLISHED[1],
            crop=0.875,
        ),
        output=IMAGENET,
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


@hookimpl
def zoo_namespaces() -> tuple[Namespace, ...]:
    return (
        Namespace(
            prefix="timm",
            summary="timm's classifiers of photographs, by their names there.",
            resolve="zoo_timm.bridge:resolve",
            names="zoo_timm.bridge:names",
            build="zoo_timm.models:create",
        ),
    )
