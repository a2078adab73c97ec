"""Vision Transformers: ViT-B/16 with others' weights, and a small one of our own.

This module is only metadata; it must stay free of torch.
"""

from pathlib import Path

from zoo import ClassOutput, ImageInput, License, ModelSpec, Weights, hookimpl

LABELS = tuple(
    Path(__file__).with_name("labels.txt").read_text(encoding="utf-8").splitlines()
)
HALVES = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))  # brings pixels to -1..1

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
        name="vit-base-patch16",
        summary="ViT-B/16 names what a photograph shows, of 1,000 things.",
        task="image-classification",
        build="zoo_vit.vit:vit_base_patch16",
        card="cards/vit-base-patch16.md",
        license=License(code="mit", weights="apache-2.0", data="imagenet-agreement"),
        parameters=86_567_656,
        input=ImageInput(
            height=224,
            width=224,
            mean=HALVES[0],
            std=HALVES[1],
            resample="bicubic",
            crop=0.9,
        ),
        output=ClassOutput(labels=LABELS),
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
        chapters=("transformer",),
    ),
    ModelSpec(
        name="vit-cifar10",
        summary="A small Vision Transformer classifies small images into ten classes.",
        task="image-classification",
        build="zoo_vit.vit:vit",
        options={
            "image_size": 32,
            "patch_size": 8,
            "embed_dim": 96,
            "depth": 4,
            "num_heads": 3,
            "mlp_ratio": 2.0,
            "stem_channels": (24, 48, 96),
        },
        recipe="zoo_vit.vit_cifar10_recipe",
        card="cards/vit-cifar10.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=364_162,
        input=ImageInput(height=32, width=32, mean=MEAN, std=STD),
        output=ClassOutput(labels=CLASSES),
        trained_on=("cifar10",),
        head="head",
        examples=("cat.png",),
        stored="float16",
        papers=("https://arxiv.org/abs/2010.11929", "https://arxiv.org/abs/2106.14881"),
        tags=("cifar10", "vit", "transformer", "attention"),
        chapters=("transformer",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
