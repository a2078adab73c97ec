"""Image classifiers whose architecture is timm's and whose weights are others'.

This module is only metadata; it must stay free of torch and of timm.
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
    ),
    ModelSpec(
        name="resnet50",
        summary="ResNet-50 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_timm.models:resnet50",
        card="cards/resnet50.md",
        license=License(
            code="apache-2.0", weights="apache-2.0", data="imagenet-agreement"
        ),
        parameters=25_557_032,
        input=ImageInput(
            height=224,
            width=224,
            mean=PUBLISHED[0],
            std=PUBLISHED[1],
            resample="bicubic",
            crop=0.95,
        ),
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
    ),
    ModelSpec(
        name="vit-base-patch16",
        summary="ViT-B/16 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_timm.models:vit_base_patch16",
        card="cards/vit-base-patch16.md",
        license=License(
            code="apache-2.0", weights="apache-2.0", data="imagenet-agreement"
        ),
        parameters=86_567_656,
        input=ImageInput(
            height=224,
            width=224,
            mean=HALVES[0],
            std=HALVES[1],
            resample="bicubic",
            crop=0.9,
        ),
        output=IMAGENET,
        trained_on=("imagenet-21k", "imagenet-1k"),
        head="head",
        examples=("coffee.jpg", "cat.jpg"),
        papers=("https://arxiv.org/abs/2010.11929", "https://arxiv.org/abs/2106.10270"),
        tags=("imagenet", "vit", "transformer", "backbone", "timm"),
        weights=Weights(
            size=346_284_714,
            sha256="32aa17d6e17b43500f531d5f6dc9bc93e56ed8841b8a75682e1bb295d722405b",
            repo="timm/vit_base_patch16_224.augreg2_in21k_ft_in1k",
            revision="063c6c38a5d8510b2e57df480445e94b231dad2c",
        ),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
