"""Train a small StyleGAN on Fashion-MNIST: clothes of 28x28 in a black frame of 32x32.

Read it from top to bottom: settings, data, training, validation. The losses and the
gradient penalty R1 are those of `dcgan_recipe.py`. In a share of the steps the styles
of the generator come from two rows of noise, with a change at a random layer, so that
layers do not learn to rely on each other: mixing regularization. What is kept is an
exponential moving average of the generator, at the epoch that has the least Fréchet
distance from the validation rows. The test rows are used once, at the end.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from zoo.recipes import Run, TensorRows, normalize, spec_of, to_model_input
from zoo.recipes.metrics import (
    extract_features,
    feature_diversity,
    frechet_from_features,
)
from zoo.recipes.optim import ema as moving_average
from zoo.recipes.sampling import check_mode_collapse, draw_samples
from zoo_gan.dcgan_recipe import (
    ShownSamples,
    adversarial_step,
    lazy_weight,
    linear_decay,
    pixels,
)
from zoo_gan.stylegan import Discriminator, Generator

__all__ = [
    "CLASSIFIER",
    "FRAME",
    "SMOKE_SETTINGS",
    "Settings",
    "clothes_features",
    "data",
    "framed",
    "train",
]

CLASSIFIER = "mlp-fashion-mnist"  # whose features the Fréchet distance is of
FRAME = 2  # black pixels on each side, from 28x28 to 32x32


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 2
    batch_size: int = 32
    lr: float = 2e-3  # of the generator, at the beginning
    d_lr: float = 2e-3  # of the discriminator
    d_width: int = 32  # of the discriminator: channels of the first layer
    mixing: float = 0.5  # share of the steps whose styles are of two rows of noise
    r1_gamma: float = 0.3  # weight of the gradient penalty
    r1_every: int = 8  # steps between two penalties, each weighted by as many
    ema_decay: float = 0.999  # of the moving average of the generator
    amp: bool = True  # bfloat16 where the hardware computes in it
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return clothes, 28x28 bytes, and their labels, which nothing here uses."""
    rows = run.load_rows("fashion_mnist", split)
    return rows[: 4 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model: Generator = run.build()
    generator = run.prepare(model)
    channels = tuple(settings.d_width * 2**number for number in range(3))
    discriminator = run.prepare(Discriminator(channels=channels))
    betas = 0.0, 0.99
    g_optimizer, d_optimizer = (
        run.prepare(torch.optim.Adam(one.parameters(), lr, betas=betas, fused=True))
        for one, lr in ((generator, settings.lr), (discriminator, settings.d_lr))
    )
    steps = run.steps(train_rows, settings.batch_size, settings.epochs)
    g, d = (
        (optimizer, run.prepare(linear_decay(optimizer, steps)))
        for optimizer in (g_optimizer, d_optimizer)
    )
    ema = moving_average(run, generator, decay=settings.ema_decay)
    shown, classifier = run.prepare(ShownSamples()), run.load_model(CLASSIFIER)
    val_features = clothes_features(classifier, to_model_input(val_rows.input))
    for _ in run.epochs(settings.epochs):
        generator.train()
        for step, (image, _) in enumerate(run.batches(train_rows, settings.batch_size)):
            real = 2 * framed(image) - 1
            noise, other = torch.randn(2, len(image), model.latent_dim)
            first = mixing_layer(settings.mixing, len(model.convs))
            fake = generator(noise.to(run.device), other.to(run.device), first)
            gamma = lazy_weight(settings.r1_gamma, step, settings.r1_every)
            adversarial_step(run, discriminator, real, fake, d, g, r1=gamma)
        run.log(
            measure_validation(ema, classifier, val_features),
            best="frechet_distance",
            model=ema,
        )
        shown.add(ema)
        check_mode_collapse(run.history)
    run.log_summary(min_variety=min(row["variety"] for row in run.history))
    run.artifacts["samples"] = shown.epochs
    return run.best(generator)


def framed(image: Tensor) -> Tensor:
    """Return images in 0..1, (B, 1, 28, 28), in a black frame, (B, 1, 32, 32)."""
    return pad(image, (FRAME, FRAME, FRAME, FRAME))


def mixing_layer(share: float, layers: int) -> int:
    """Return the layer from which on styles are of other noise; `layers` for none."""
    if torch.rand(()) >= share:
        return layers
    return int(torch.randint(1, layers, ()))


def clothes_features(classifier: nn.Module, image: Tensor) -> Tensor:
    """Return what the classifier's head is given for images in 0..1, of 28x28 or with
    the frame, which is cut off, (rows, 512)."""
    if image.shape[-1] > 28:
        image = image[:, :, FRAME:-FRAME, FRAME:-FRAME]
    prepared = normalize(image.clamp(0, 1), spec_of(classifier).input)
    features: Tensor = extract_features(classifier, prepared)
    return features


def measure_validation(
    model: nn.Module, classifier: nn.Module, real_features: Tensor
) -> dict[str, float]:
    """Return the Fréchet distance of samples to real features, and how much they vary;
    drawn by a fixed seed."""
    samples = pixels(draw_samples(model, len(real_features), seed=0))
    features = clothes_features(classifier, samples)
    return {
        "frechet_distance": frechet_from_features(features, real_features),
        "variety": feature_diversity(features, real_features),
    }
