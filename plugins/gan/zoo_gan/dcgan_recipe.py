"""Train a deep convolutional GAN on MNIST: two networks, two optimizers, one run.

Read it from top to bottom: settings, data, training, validation. The epoch that is kept
is chosen by the Fréchet distance from the 6,000 validation rows; settings were narrowed
down on these rows by short runs. The test rows are used once, at the end.

The discriminator learns to classify images as real or generated, and the generator to
have its samples classified as real: the non-saturating loss of Goodfellow et al.,
"Generative adversarial nets", 2014. The discriminator has the gradient penalty R1 of
Mescheder et al., "Which training methods for GANs do actually converge?", 2018, every
few steps (lazy regularization: Karras et al., "Analyzing and improving the image
quality of StyleGAN", 2020). It is meant to keep the discriminator from getting ahead,
as it did in an earlier run without it: its loss went on falling while the samples got
no better. The penalty is larger once samples look like digits: on the validation rows
that came nearer. What is kept is an exponential moving average of the generator. The
discriminator is not part of the model; a run that resumes after a kill has it again.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from zoo.recipes import Run, TensorRows, to_model_input, unwrap_model
from zoo.recipes.metrics import (
    extract_features,
    feature_diversity,
    frechet_from_features,
)
from zoo.recipes.optim import ema as moving_average
from zoo.recipes.sampling import check_mode_collapse, draw_samples
from zoo_gan.dcgan import Discriminator, Generator

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "train"]

CLASSIFIER = "lenet5-mnist"  # whose features the Fréchet distance is of
FIRST_EPOCHS, SHOWN_EVERY = 10, 5  # samples kept after each of the first, then of some
SHOWN, GRAYS = 48, 16  # samples that are kept for the card, and their gray values
MAX_NORM = 5.0  # of the discriminator's gradient: R1 can have outliers
FINAL_LR = 0.02  # factor of the learning rates at the end; they fall from half-way on


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 80
    batch_size: int = 32
    lr: float = 1e-3  # of the generator, at the beginning
    d_lr: float = 1e-3  # of the discriminator
    beta1: float = 0.5  # of Adam; at 0.9 the two networks oscillate
    d_width: int = 32  # half the course's
    d_layers: int = 3  # one more: two see strokes, and hardly a whole digit
    d_dropout: float = 0.0  # of whole channels of the discriminator
    r1_gamma: float = 0.3  # weight of the gradient penalty
    late_r1_gamma: float = 1.0  # and from the epoch `late_r1_epoch` on
    late_r1_epoch: int = 34
    r1_every: int = 8  # steps between two penalties, each weighted by as many
    ema_decay: float = 0.999  # of the moving average of the generator
    amp: bool = True  # bfloat16 where the hardware computes in it
    val_fraction: float = 0.1  # of the training rows, held out for validation


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return digits, 28x28 bytes, and their labels, which nothing here uses."""
    rows = run.load_rows("mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model: Generator = run.build()
    generator = run.prepare(model)
    discriminator = run.prepare(
        Discriminator(
            width=settings.d_width,
            layers=settings.d_layers,
            dropout=settings.d_dropout,
        )
    )
    g_optimizer = run.prepare(_adam(generator, settings.lr, settings.beta1))
    d_optimizer = run.prepare(_adam(discriminator, settings.d_lr, settings.beta1))
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
            gamma = lazy_weight(r1_gamma(settings, epoch), step, settings.r1_every)
            adversarial_step(run, discriminator, real, fake, d, g, r1=gamma)
        metrics = measure_validation(ema, classifier, val_features)
        run.log(metrics, best="frechet_distance", model=ema)
        if epoch <= FIRST_EPOCHS or epoch % SHOWN_EVERY == 0:
            shown.add(ema)
        check_mode_collapse(run.history)
    run.log_summary(min_variety=min(row["variety"] for row in run.history))
    run.artifacts["samples"] = shown.epochs
    return run.best(generator)


def pixels(output: Tensor) -> Tensor:
    """Return the output of a generator, in -1..1, as pixels in 0..1."""
    return (output + 1) / 2


class ShownSamples:
    """Samples of the same noise after each epoch, for resuming and the card."""

    def __init__(self, count: int = SHOWN) -> None:
        self.epochs: list[Tensor] = []
        self.count = count

    def add(self, model: nn.Module) -> None:
        """Add the samples of a model, in a few gray values."""
        samples = pixels(draw_samples(model, self.count, seed=0)).clamp(0, 1)
        gray = samples.mul(GRAYS - 1).round().mul(255 / (GRAYS - 1))
        self.epochs.append(gray.round().byte())

    def state_dict(self) -> dict[str, Any]:
        """Return the samples, as a run keeps them."""
        return {"epochs": self.epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue after the samples of a run that was killed."""
        self.epochs = list(state["epochs"])


def r1_gamma(settings: Settings, epoch: int) -> float:
    """Return the weight of the gradient penalty in an epoch."""
    late = epoch >= settings.late_r1_epoch
    return settings.late_r1_gamma if late else settings.r1_gamma


Update = tuple[Optimizer, LRScheduler]  # how the weights of a network are changed


def adversarial_step(
    run: Run,
    discriminator: nn.Module,
    real: Tensor,
    fake: Tensor,
    d: Update,
    g: Update,
    *,
    r1: float,
    clip: float | None = MAX_NORM,
) -> None:
    """Make a step of the discriminator, with the gradient penalty R1 of a weight, zero
    for none, then a step of the generator that made `fake`: what all the GANs here are
    trained by, and fine-tuned."""
    d_loss = discriminator_loss(discriminator, real, fake.detach())
    if r1:
        d_loss = d_loss + r1 * r1_penalty(discriminator, real)
    run.step(d_loss, *d, clip=clip, name="d_loss")
    g_loss = generator_loss(discriminator, fake)
    run.step(g_loss, *g, name="g_loss")


def lazy_weight(gamma: float, step: int, every: int) -> float:
    """Return the weight of a penalty that is taken once in so many steps: for as many
    steps, or zero.

    >>> [lazy_weight(0.5, step, 2) for step in range(4)]
    [1.0, 0.0, 1.0, 0.0]
    """
    return 0.0 if step % every else gamma * every


def discriminator_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Return the loss of the discriminator, D being the sigmoid of its logit:

        L_D = -E log D(x) - E log(1 - D(G(z)))

    which is minus the value function of Goodfellow et al., equation 1.
    """
    logits = discriminator(torch.cat([real, fake]))
    real_logits, fake_logits = logits[: len(real)], logits[len(real) :]
    # -log sigmoid(l) = softplus(-l), and -log(1 - sigmoid(l)) = softplus(l)
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def r1_penalty(discriminator: nn.Module, real: Tensor) -> Tensor:
    """Return the gradient penalty on real images, without its weight gamma:

        R1 = gamma / 2 * E |grad_x D(x)|^2, with D the logit

    Mescheder et al., equation 9.
    """
    real = real.detach().requires_grad_()
    inner = unwrap_model(discriminator)
    logits = type(inner).forward(inner, real)  # float32, whatever a run computes in
    (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean() / 2


def generator_loss(discriminator: nn.Module, fake: Tensor) -> Tensor:
    """Return the non-saturating loss of the generator:

        L_G = -E log D(G(z))

    Goodfellow et al., section 3, below equation 1. The discriminator itself is given no
    gradient.
    """
    frozen = unwrap_model(discriminator).requires_grad_(False)
    logits = frozen(fake)
    frozen.requires_grad_(True)
    return softplus(-logits).mean()


def measure_validation(
    model: nn.Module, classifier: nn.Module, real_features: Tensor
) -> dict[str, float]:
    """Return the Fréchet distance of samples to real features, and how much they vary;
    drawn by a fixed seed."""
    samples = pixels(draw_samples(model, len(real_features), seed=0))
    features = extract_features(classifier, samples)
    return {
        "frechet_distance": frechet_from_features(features, real_features),
        "variety": feature_diversity(features, real_features),
    }


def _adam(network: nn.Module, lr: float, beta1: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr, betas=(beta1, 0.999), fused=True)


def linear_decay(optimizer: torch.optim.Optimizer, steps: int) -> LRScheduler:
    """Return a scheduler: constant for half of the steps, then falling linearly."""
    half = steps // 2
    return LambdaLR(
        optimizer,
        lambda step: 1 - (1 - FINAL_LR) * max(0, step - half) / (steps - half),
    )
