"""Generative adversarial networks: images from noise.

This module is only metadata; it must stay free of torch.
"""

from zoo import ImageOutput, License, ModelSpec, NoiseInput, hookimpl

SPECS = (
    ModelSpec(
        name="dcgan-mnist",
        summary="The generator of a DCGAN generates handwritten digits.",
        task="unconditional-image-generation",
        build="zoo_gan.dcgan:dcgan",
        recipe="zoo_gan.dcgan_recipe",
        card="cards/dcgan-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=896_736,
        input=NoiseInput(latent_dim=100),
        output=ImageOutput(height=28, width=28, channels=1, low=-1.0, high=1.0),
        trained_on=("mnist",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1511.06434",
            "https://arxiv.org/abs/1406.2661",
            "https://arxiv.org/abs/1801.04406",
        ),
        tags=("mnist", "digits", "gan", "dcgan"),
        chapters=("gan", "dcgan"),
    ),
    ModelSpec(
        name="gan-mnist",
        summary="The first GAN: a multilayer perceptron generates handwritten digits.",
        task="unconditional-image-generation",
        build="zoo_gan.gan:gan",
        recipe="zoo_gan.gan_recipe",
        card="cards/gan-mnist.md",
        license=License(code="mit", weights="mit", data="cc-by-sa-3.0"),
        parameters=1_031_440,
        input=NoiseInput(latent_dim=64),
        output=ImageOutput(height=28, width=28, channels=1, low=-1.0, high=1.0),
        trained_on=("mnist",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1406.2661",
            "https://arxiv.org/abs/1801.04406",
        ),
        tags=("mnist", "digits", "gan"),
        chapters=("gan",),
    ),
    ModelSpec(
        name="dcgan-face",
        summary="The generator of a DCGAN generates faces in color.",
        task="unconditional-image-generation",
        build="zoo_gan.dcgan_face:dcgan_face",
        recipe="zoo_gan.dcgan_face_recipe",
        card="cards/dcgan-face.md",
        license=License(code="mit", weights="mit", data="other"),
        parameters=1_100_224,
        input=NoiseInput(latent_dim=100),
        output=ImageOutput(height=64, width=64, low=-1.0, high=1.0),
        trained_on=("utkface",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1511.06434",
            "https://arxiv.org/abs/1801.04406",
            "https://arxiv.org/abs/2006.10738",
        ),
        tags=("faces", "gan", "dcgan"),
        chapters=("gan", "dcgan"),
    ),
    ModelSpec(
        name="stylegan-mini",
        summary="The generator of a small StyleGAN generates images of clothes.",
        task="unconditional-image-generation",
        build="zoo_gan.stylegan:stylegan",
        recipe="zoo_gan.stylegan_recipe",
        card="cards/stylegan-mini.md",
        license=License(code="mit", weights="mit", data="mit"),
        parameters=432_923,
        input=NoiseInput(latent_dim=64),
        output=ImageOutput(height=32, width=32, channels=1, low=-1.0, high=1.0),
        trained_on=("fashion_mnist",),
        stored="float16",
        papers=(
            "https://arxiv.org/abs/1812.04948",
            "https://arxiv.org/abs/1912.04958",
            "https://arxiv.org/abs/1801.04406",
        ),
        tags=("fashion-mnist", "clothes", "gan", "stylegan"),
        chapters=("gan", "stylegan"),
    ),
)


@hookimpl
def zoo_models() -> tuple[ModelSpec, ...]:
    return SPECS
