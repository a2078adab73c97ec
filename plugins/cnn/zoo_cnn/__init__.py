"""Small convolutional networks.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    ClassOutput,
    ImageInput,
    ImageOutput,
    License,
    ModelSpec,
    Trunk,
    hookimpl,
)

CIFAR10_CLASSES = (
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

FLOWERS = ("dandelion", "daisy", "tulips", "sunflowers", "roses")

# Of the pixels of the 45,000 training rows that it was fitted to, by its recipe's seed.
CIFAR10_MEAN, CIFAR10_STD = (0.4912, 0.482, 0.4464), (0.2472, 0.2436, 0.2617)
# Of the pixels of the training rows.
FLOWERS_MEAN, FLOWERS_STD = (0.487, 0.4377, 0.3131), (0.2781, 0.2519, 0.2737)

SPECS = (
    ModelSpec(
        name="lenet5-mnist",
        summary="LeNet-5 classifies handwritten digits.",
        task="image-classification",
        build="zoo_cnn.lenet5:lenet5",
        recipe="zoo_cnn.lenet5_recipe",
        card="cards/lenet5-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=61_706,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ClassOutput(labels=tuple("0123456789")),
        trained_on=("mnist",),
        head="classifier.5",
        trunk=Trunk(module="features", size=(5, 5), stride=4),
        examples=("seven.png",),
        stored="float16",
        papers=("https://doi.org/10.1109/5.726791",),
        tags=("mnist", "digits", "cnn"),
        chapters=("cnn",),
    ),
    ModelSpec(
        name="conv-filters",
        summary="Kernels set by hand find edges, blur and sharpen gray images.",
        task="image-to-image",
        build="zoo_cnn.conv_filters:conv_filters",
        options={"padding": 1, "stride": 1},
        recipe="zoo_cnn.conv_filters_recipe",
        card="cards/conv-filters.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=91,
        input=ImageInput(height=28, width=28, channels=1),
        output=ImageOutput(height=28, width=28, channels=1),
        trained_on=(),
        examples=("boot.png", "cat.png"),
        papers=("https://arxiv.org/abs/1603.07285",),
        tags=("filters", "edges", "convolution"),
        chapters=("cnn",),
    ),
    ModelSpec(
        name="cnn-cifar10",
        summary="Three convolutions with batch norm classify tiny color images.",
        task="image-classification",
        build="zoo_cnn.small_cnn:small_cnn",
        options={"batch_norm": True, "dropout": 0.0},
        recipe="zoo_cnn.cifar10_recipe",
        card="cards/cnn-cifar10.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=122_890,
        input=ImageInput(height=32, width=32, mean=CIFAR10_MEAN, std=CIFAR10_STD),
        output=ClassOutput(labels=CIFAR10_CLASSES),
        trained_on=("cifar10",),
        head="classifier.5",
        trunk=Trunk(module="features", size=(4, 4), stride=4),
        examples=("cat.png",),
        stored="float16",
        papers=(
            "https://doi.org/10.1109/5.726791",
            "https://arxiv.org/abs/1502.03167",
        ),
        tags=("cifar10", "cnn"),
        chapters=("cnn",),
    ),
    ModelSpec(
        name="cnn-flowers",
        summary="Three convolutions tell five kinds of flowers apart.",
        task="image-classification",
        build="zoo_cnn.flowers_cnn:flowers_cnn",
        options={"side": 64, "batch_norm": True, "dropout": 0.25},
        recipe="zoo_cnn.flowers_recipe",
        card="cards/cnn-flowers.md",
        license=License(code="mit", weights="mit", data="cc-by-2.0"),
        parameters=548_869,
        input=ImageInput(height=64, width=64, mean=FLOWERS_MEAN, std=FLOWERS_STD),
        output=ClassOutput(labels=FLOWERS),
        trained_on=("flowers",),
        head="classifier.5",
        trunk=Trunk(module="features", size=(8, 8), stride=8),
        examples=("daisy.png", "sunflower.png"),
        stored="float16",
        papers=(
            "https://doi.org/10.1109/5.726791",
            "https://arxiv.org/abs/1502.03167",
        ),
        tags=("flowers", "cnn"),
        chapters=("cnn",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
