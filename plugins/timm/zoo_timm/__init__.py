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
    hookimpl,
)

LABELS = tuple(
    Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines()
)
IMAGENET = ClassOutput(labels=LABELS)
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
