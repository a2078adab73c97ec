"""Train a deep convolutional GAN on a few thousand faces of 64x64.

Read it from top to bottom: settings, data, training, validation. The losses and the
gradient penalty R1 are those of `dcgan_recipe.py`. With so few images the discriminator
would learn them by heart; `diff_augment.py` changes real and generated images alike
before it sees them. Faces are mirrored at random as well. What is kept is an
exponential moving average of the generator, at the epoch that has the least Fréchet
distance from the validation rows. The test rows are used once, at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from zoo.recipes import Run, TensorRows, normalize, spec_of, to_model_input
from zoo.recipes.metrics import (
    extract_features,
    feature_diversity,
    frechet_from_features,
)
from zoo.recipes.optim import ema as moving_average
from zoo.recipes.sampling import check_mode_collapse, draw_samples
from zoo_gan.dcgan_face import Discriminator, Generator
from zoo_gan.dcgan_recipe import (
    ShownSamples,
    adversarial_step,
    lazy_weight,
    linear_decay,
    pixels,
)
from zoo_gan.diff_augment import diff_augment

__all__ = [
    "CLASSIFIER",
    "SMOKE_SETTINGS",
    "Settings",
    "data",
    "face_features",
    "train",
]

FACES = "utkface"
READER = "zoo_gan.faces:read_rows"
CLASSIFIER = "efficientnet-lite0"  # whose features the Fréchet distance is of
FEATURE_SIDE = 128  # to which faces are enlarged for it: its own 224 cost three times
FEATURE_BATCH = 32
SMOKE_ROWS = 96
SHOWN = 16  # samples kept after each epoch


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 18
    passes: int = 3  # over the training rows in an epoch
    batch_size: int = 16
    lr: float = 2e-4  # of the generator, at the beginning
    d_lr: float = 2e-4  # of the discriminator
    beta1: float = 0.5  # of Adam
    d_width: int = 32  # half the course's
    r1_gamma: float = 0.3  # weight of the gradient penalty
    r1_every: int = 16  # steps between two penalties, each weighted by as many
    ema_decay: float = 0.997  # of the moving average of the generator
    amp: bool = True  # bfloat16 where the hardware computes in it
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1, "passes": 1}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return faces, (N, 3, 64, 64) bytes; the targets are zeros."""
    rows = run.load_rows(FACES, split, reader=READER)
    return rows[:SMOKE_ROWS] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model: Generator = run.build()
    generator = run.prepare(model)
    discriminator = run.prepare(Discriminator(width=settings.d_width, batch_norm=False))
    betas = settings.beta1, 0.99
    g_optimizer, d_optimizer = (
        run.prepare(torch.optim.Adam(one.parameters(), lr, betas=betas, fused=True))
        for one, lr in ((generator, settings.lr), (discriminator, settings.d_lr))
    )
    epochs = settings.epochs * settings.passes
    steps = run.steps(train_rows, settings.batch_size, epochs)
    g, d = (
        (optimizer, run.prepare(linear_decay(optimizer, steps)))
        for optimizer in (g_optimizer, d_optimizer)
    )
    ema = moving_average(run, generator, decay=settings.ema_decay)
    shown, classifier = run.prepare(ShownSamples(SHOWN)), run.load_model(CLASSIFIER)
    val_features = face_features(classifier, to_model_input(val_rows.input))
    for _ in run.epochs(settings.epochs):
        generator.train()
        for step, image in enumerate(_passes(run, train_rows, settings)):
            real, noise = 2 * image - 1, torch.randn(len(image), model.latent_dim)
            real, fake = diff_augment(real), generator(noise.to(run.device)).float()
            fake = diff_augment(fake)
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


def face_features(classifier: nn.Module, image: Tensor) -> Tensor:
    """Return what the classifier's head is given for images in 0..1, (rows, 1280)."""
    expected, size = spec_of(classifier).input, (FEATURE_SIDE, FEATURE_SIDE)
    features = []
    for part in image.split(FEATURE_BATCH):
        large = interpolate(part, size, mode="bicubic", align_corners=False)
        prepared = normalize(large.clamp(0, 1), expected)
        features.append(extract_features(classifier, prepared))
    return torch.cat(features)


def measure_validation(
    model: nn.Module, classifier: nn.Module, real_features: Tensor
) -> dict[str, float]:
    """Return the Fréchet distance of samples to real features, and how much they vary;
    drawn by a fixed seed."""
    samples = pixels(draw_samples(model, len(real_features), seed=0))
    features = face_features(classifier, samples)
    return {
        "frechet_distance": frechet_from_features(features, real_features),
        "variety": feature_diversity(features, real_features),
    }


def _passes(run: Run, rows: TensorRows, settings: Settings) -> Iterator[Tensor]:
    """Yield the batches of an epoch, half of the images mirrored."""
    for _ in range(settings.passes):
        for image, _ in run.batches(rows, settings.batch_size):
            mirrored = torch.rand(len(image), 1, 1, 1, device=image.device) < 0.5
            yield torch.where(mirrored, image.flip(3), image)
