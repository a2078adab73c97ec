"""Autoencoders: images to short codes, and images from codes.

This module is only metadata; it must stay free of torch.
"""

from zoo import (
    AnomalyOutput,
    Column,
    ImageInput,
    ImageOutput,
    License,
    ModelSpec,
    SeriesInput,
    hookimpl,
)

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
            height=28, width=28, channels=1, function_to_apply="sigmoid", noise=0.0
        ),
        trained_on=("fashion_mnist",),
        examples=("boot.png",),
        stored="float16",
        papers=("https://doi.org/10.1126/science.1127647",),
        tags=("fashion-mnist", "clothes", "autoencoder"),
        chapters=("autoencoder",),
    ),
    ModelSpec(
        name="ae-ecg5000",
        summary="An autoencoder of normal heartbeats detects unusual ones.",
        task="anomaly-detection",
        build="zoo_autoencoder.ecg_ae:ecg_autoencoder",
        recipe="zoo_autoencoder.ecg_ae_recipe",
        card="cards/ae-ecg5000.md",
        license=License(code="mit", weights="mit", data="unknown"),
        parameters=10_484,
        input=SeriesInput(
            columns=(Column(name="voltage", low=-7.1, high=7.5),), length=140
        ),
        output=AnomalyOutput(name="mean absolute error"),
        trained_on=("ecg5000",),
        behind_baseline="Principal components are the best linear code of such beats; "
        "logistic regression learns from the labels of unusual beats, and the model "
        "from normal beats alone.",
        examples=("beat.csv", "noise.csv"),
        papers=("https://doi.org/10.1145/2689746.2689747",),
        tags=("ecg", "autoencoder", "anomaly-detection"),
        chapters=("autoencoder", "anomaly"),
    ),
    ModelSpec(
        name="deep-ae-mnist",
        summary="A deep autoencoder encodes a handwritten digit as 30 numbers.",
        task="image-to-image",
        build="zoo_autoencoder.deep_ae:deep_autoencoder",
        recipe="zoo_autoencoder.deep_ae_recipe",
        card="cards/deep-ae-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=2_837_314,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid", noise=0.0
        ),
        trained_on=("mnist",),
        examples=("seven.png", "five.png"),
        stored="float16",
        papers=(
            "https://doi.org/10.1126/science.1127647",
            "https://arxiv.org/abs/1502.01852",
        ),
        tags=("mnist", "digits", "autoencoder"),
        chapters=("autoencoder",),
    ),
    ModelSpec(
        name="sparse-ae-mnist",
        summary="A sparse autoencoder encodes a digit as 25 of 256 numbers.",
        task="image-to-image",
        build="zoo_autoencoder.sparse_ae:sparse_autoencoder",
        recipe="zoo_autoencoder.sparse_ae_recipe",
        card="cards/sparse-ae-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=201_744,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid", noise=0.0
        ),
        trained_on=("mnist",),
        examples=("seven.png", "five.png"),
        stored="float16",
        papers=("https://arxiv.org/abs/1312.5663",),
        tags=("mnist", "digits", "autoencoder", "sparse"),
        chapters=("autoencoder",),
    ),
    ModelSpec(
        name="conv-dae-fashion-mnist",
        summary="A convolutional autoencoder removes noise from images of clothes.",
        task="image-to-image",
        build="zoo_autoencoder.conv_dae:conv_dae",
        recipe="zoo_autoencoder.conv_dae_recipe",
        card="cards/conv-dae-fashion-mnist.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=3_217,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid", noise=0.2
        ),
        trained_on=("fashion_mnist",),
        examples=("noisy_boot.png",),
        stored="float16",
        papers=("https://doi.org/10.1145/1390156.1390294",),
        tags=("fashion-mnist", "clothes", "autoencoder", "denoising"),
        chapters=("autoencoder", "denoising"),
    ),
    ModelSpec(
        name="cae-denoise-mnist",
        summary="A convolutional autoencoder finds digits in strong noise.",
        task="image-to-image",
        build="zoo_autoencoder.cae:cae",
        options={"outer": 16, "inner": 32, "batch_norm": True},
        recipe="zoo_autoencoder.cae_recipe",
        card="cards/cae-denoise-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=40_369,
        input=ImageInput(height=28, width=28, channels=1, background="dark"),
        output=ImageOutput(
            height=28, width=28, channels=1, function_to_apply="sigmoid", noise=0.8
        ),
        trained_on=("mnist",),
        examples=("noisy_five.png", "noisy_seven.png"),
        stored="float16",
        papers=(
            "https://doi.org/10.1145/1390156.1390294",
            "https://doi.org/10.1007/978-3-642-21735-7_7",
            "https://arxiv.org/abs/1502.03167",
        ),
        tags=("mnist", "digits", "autoencoder", "denoising"),
        chapters=("autoencoder", "denoising"),
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
        chapters=("autoencoder",),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
