"""Small convolutional networks.

This module is only metadata; it must stay free of torch.
"""

from zoo import ClassOutput, ImageInput, License, Metric, ModelSpec, Weights, hookimpl

SPECS = (
    ModelSpec(
        name="lenet5-mnist",
        summary="LeNet-5 reads a handwritten digit.",
        task="image-classification",
        build="zoo_cnn.lenet5:lenet5",
        recipe="zoo_cnn.lenet5_recipe",
        card="cards/lenet5-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=61_706,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ClassOutput(labels=tuple("0123456789")),
        trained_on=("mnist",),
        head="decide.5",
        examples=("seven.png",),
        stored="float16",
        papers=("https://doi.org/10.1109/5.726791",),
        tags=("mnist", "digits", "cnn"),
        weights=Weights(
            size=124_228,
            sha256="6feb5ebf745f58b51fa928f462e90a7770a2933f185064965929067f94eb86c7",
        ),
        metrics=(
            Metric(
                name="accuracy",
                value=0.9947,
                dataset="mnist",
                split="test",
                tolerance=0.001,
                baseline=0.8203,
                baseline_name="nearest class mean",
            ),
            Metric(
                name="f1",
                value=0.994635,
                dataset="mnist",
                split="test",
                tolerance=0.001,
            ),
        ),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
