"""Autoencoders: images to short codes, and images from codes.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageInput, ImageOutput, License, Metric, ModelSpec, Weights, hookimpl

SPECS = (
    ModelSpec(
        name="ae-fashion-mnist",
        summary="An autoencoder encodes an image of clothes as 64 numbers.",
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
            size=202_752,
            sha256="762e9cc30097974b293a21c04465530209ec5581b28cc20f6d03d41566a82f24",
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
        summary="A variational autoencoder with 20 latents generates digits.",
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
            size=1_306_480,
            sha256="43edc94f2413941e70a40312179051fcf697f232b944bddbce9aa7afd22350e2",
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
