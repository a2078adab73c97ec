"""Autoencoders: pictures to short codes, and pictures from codes.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, ImageOutput, License, Metric, ModelSpec, Weights, hookimpl

SPECS = (
    ModelSpec(
        name="ae-fashion-mnist",
        summary="An autoencoder keeps 64 numbers of a piece of clothing.",
        task="image-to-image",
        build="zoo_autoencoder.ae:autoencoder",
        recipe="zoo_autoencoder.ae_recipe",
        card="cards/ae-fashion-mnist.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=101_200,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid"
        ),
        trained_on=("fashion_mnist",),
        examples=("boot.png",),
        stored="float16",
        papers=("https://doi.org/10.1126/science.1127647",),
        tags=("fashion-mnist", "clothes", "autoencoder"),
        weights=Weights(
            size=202_736,
            sha256="8a6771c55015d8915c8a168fd487eed69d53b46fccbe6e37b74f3bae19aeb9ac",
        ),
        metrics=(
            Metric(
                name="mse",
                value=0.008345,
                dataset="fashion_mnist",
                split="test",
                tolerance=8e-06,
                baseline=0.010368,
                baseline_name="64 principal components",
            ),
        ),
    ),
    ModelSpec(
        name="vae-mnist",
        summary="A variational autoencoder draws handwritten digits by 20 numbers.",
        task="unconditional-image-generation",
        build="zoo_autoencoder.vae:vae",
        recipe="zoo_autoencoder.vae_recipe",
        card="cards/vae-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=652_824,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid"
        ),
        trained_on=("mnist",),
        examples=("seven.png", "five.png"),
        stored="float16",
        papers=("https://arxiv.org/abs/1312.6114",),
        tags=("mnist", "digits", "autoencoder", "vae"),
        weights=Weights(
            size=1_306_464,
            sha256="97012b208ef57c898f3648cf41c661818fb14e98e517db73360fa699d728891f",
        ),
        metrics=(
            Metric(
                name="negative_elbo",
                value=100.877266,
                dataset="mnist",
                split="test",
                tolerance=0.1,
                baseline=205.815552,
                baseline_name="independent pixels",
            ),
            Metric(
                name="bits_per_pixel",
                value=0.185632,
                dataset="mnist",
                split="test",
                tolerance=0.0002,
                baseline=0.378736,
                baseline_name="independent pixels",
            ),
            Metric(
                name="mse",
                value=0.008207,
                dataset="mnist",
                split="test",
                tolerance=8e-06,
                baseline=0.023538,
                baseline_name="20 principal components",
            ),
            Metric(
                name="frechet_distance",
                value=317.055116,
                dataset="mnist",
                split="test",
                tolerance=0.3,
                baseline=713.623446,
                baseline_name="20 principal components",
            ),
        ),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
