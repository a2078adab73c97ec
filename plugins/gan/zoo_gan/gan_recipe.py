"""Train the first GAN on MNIST: two multilayer perceptrons against each other.

Read it from top to bottom: settings, data, training. The losses, the gradient penalty
and what is measured after each epoch are those of `dcgan_recipe.py`; what differs is
the networks. The epoch that is kept is chosen by the Fréchet distance from the 6,000
validation rows, and so were settings, by short runs. The test rows are used once, at
the end.
"""

from dataclasses import dataclass

import torch
from torch import nn

from zoo.recipes import Run, to_model_input
from zoo.recipes.metrics import extract_features
from zoo.recipes.optim import ema as moving_average
from zoo.recipes.sampling import check_mode_collapse
from zoo_gan.dcgan_recipe import (
    CLASSIFIER,
    FIRST_EPOCHS,
    SHOWN_EVERY,
    ShownSamples,
    adversarial_step,
    data,
    lazy_weight,
    linear_decay,
    measure_validation,
)
from zoo_gan.gan import Discriminator, Generator

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "train"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 64
    batch_size: int = 128
    lr: float = 1.5e-3  # of the generator, at the beginning
    d_lr: float = 1.5e-3  # of the discriminator
    beta1: float = 0.5  # of Adam
    d_width: int = 512  # units of the discriminator's first layer; half in the second
    d_dropout: float = 0.0
    r1_gamma: float = 1.0  # weight of the gradient penalty
    r1_every: int = 8  # steps between two penalties, each weighted by as many
    ema_decay: float = 0.997  # of the moving average of the generator
    amp: bool = True  # bfloat16 where the hardware computes in it
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model: Generator = run.build()
    generator = run.prepare(model)
    hidden = settings.d_width, settings.d_width // 2
    discriminator = run.prepare(
        Discriminator(hidden=hidden, dropout=settings.d_dropout)
    )
    betas = settings.beta1, 0.99
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
    val_features = extract_features(classifier, to_model_input(val_rows.input))
    for epoch in run.epochs(settings.epochs):
        generator.train()
        for step, (image, _) in enumerate(run.batches(train_rows, settings.batch_size)):
            real, noise = 2 * image - 1, torch.randn(len(image), model.latent_dim)
            fake = generator(noise.to(run.device))
            gamma = lazy_weight(settings.r1_gamma, step, settings.r1_every)
            adversarial_step(run, discriminator, real, fake, d, g, r1=gamma)
        metrics = measure_validation(ema, classifier, val_features)
        run.log(metrics, best="frechet_distance", model=ema)
        if epoch <= FIRST_EPOCHS or epoch % SHOWN_EVERY == 0:
            shown.add(ema)
        check_mode_collapse(run.history)
    run.log_summary(min_variety=min(row["variety"] for row in run.history))
    run.artifacts["samples"] = shown.epochs
    return run.best(generator)
