"""Train pix2pix on facades: a generator, a discriminator of pairs, one run.

Read it from top to bottom: settings, data, training, losses. The losses are those of
Isola et al., "Image-to-image translation with conditional adversarial networks", 2017,
section 3.1: a conditional GAN and L1. The discriminator sees a label map and a
photograph side by side, and tells whether they belong together. As there, the
generator's loss is the non-saturating one, and that of the discriminator is halved.

What is kept is an exponential moving average of the generator after the last step: what
single steps add to please the discriminator of that moment averages out (Yazici et al.,
"The unusual effectiveness of averaging in GAN training", 2019). The validation rows say
after each epoch how far its photographs are from the real ones; the test rows are used
once, at the end.
The discriminator is not part of the model; a run that resumes after a kill has it
again.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, pad, softplus
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from zoo.recipes import Run, TensorRows, normalize, predict_batches, to_model_input
from zoo.recipes.optim import ema as moving_average
from zoo_image2image.patchgan import PatchGAN

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "train"]

READER = "zoo_image2image.pictures:read_pairs"
SMOKE_PICTURES = 8


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 12
    batch_size: int = 2
    lr: float = 3e-4  # until half of the run; then it falls to zero
    beta1: float = 0.5  # of Adam
    l1: float = 100.0  # weight of the L1 loss
    d_width: int = 24  # of the discriminator; the course's is 64
    d_layers: int = 3  # of stride 2: patches of 70x70
    shift_pixels: int = 8  # a training pair is moved by up to so many pixels
    ema_decay: float = 0.998  # of the moving average of the generator
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return label maps, (N, 3, 128, 128) bytes, and as targets photographs."""
    first = SMOKE_PICTURES if run.smoke else None
    rows = run.load_rows("facades", split, reader=READER, first=first)
    return with_photos(rows)[:first]


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = data(run, "train"), data(run, "validation")
    model: nn.Module = run.build()
    generator = run.prepare(model)
    discriminator = run.prepare(
        PatchGAN(channels=6, width=settings.d_width, layers=settings.d_layers)
    )
    steps = run.steps(train_rows, settings.batch_size, settings.epochs)
    g_optimizer, g_scheduler = optimizer_of(generator, settings, steps, run)
    d_optimizer, d_scheduler = optimizer_of(discriminator, settings, steps, run)
    ema = moving_average(run, generator, decay=settings.ema_decay)
    for epoch in run.epochs(settings.epochs):
        generator.train()
        moving = torch.Generator().manual_seed(settings.seed + epoch)
        for given, photo in run.batches(train_rows, settings.batch_size):
            real = normalize(to_model_input(photo), run.spec.input)
            label, real = moved(given, real, settings.shift_pixels, moving)
            fake = generator(label)
            d_loss = discriminator_loss(discriminator, label, real, fake.detach())
            run.step(d_loss, d_optimizer, d_scheduler, name="discriminator_loss")
            g_loss = whole_loss(discriminator, label, real, fake, settings.l1)
            run.step(g_loss, g_optimizer, g_scheduler, name="generator_loss")
        run.log({"mae": mean_absolute_error(ema, val_rows)})
    return ema


def with_photos(rows: TensorRows) -> TensorRows:
    """Return rows as they are; noise that stands in for them is its own photograph."""
    return rows if rows.target.ndim > 1 else replace(rows, target=rows.input)


def mean_absolute_error(model: nn.Module, rows: TensorRows) -> float:
    """Return how far photographs are from the real ones: the mean difference of the
    channels of pixels, in 0..1."""
    made = (predict_batches(model, rows, batch_size=50) + 1) / 2
    return l1_loss(made, to_model_input(rows.target)).item()


def moved(
    label: Tensor, photo: Tensor, most: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return a batch of pairs, (B, 3, H, W) each, moved by up to `most` pixels and
    mirrored at random: one way for the whole batch. Beyond the border both are
    mirrored."""
    down, right = torch.randint(2 * most + 1, (2,), generator=generator).tolist()
    mirrored = torch.rand((), generator=generator) < 0.5
    height, width = label.shape[2:]
    both = pad(torch.cat([label, photo], dim=1), [most] * 4, mode="reflect")
    both = both[..., down : down + height, right : right + width]
    label, photo = (both.flip(3) if mirrored else both).split(3, dim=1)
    return label, photo


def discriminator_loss(
    discriminator: nn.Module, label: Tensor, real: Tensor, fake: Tensor
) -> Tensor:
    """Return the loss of the discriminator, D being the sigmoid of its score:

    L_D = 1/2 (-E log D(x, y) - E log(1 - D(x, G(x, z))))

    which is minus half of L_cGAN(G, D), equation 1.
    """
    pairs = torch.cat([torch.cat([label, one], dim=1) for one in (real, fake)])
    real_scores, fake_scores = discriminator(pairs).chunk(2)
    # -log sigmoid(s) = softplus(-s), and -log(1 - sigmoid(s)) = softplus(s)
    return (softplus(-real_scores).mean() + softplus(fake_scores).mean()) / 2


def generator_loss(discriminator: nn.Module, label: Tensor, fake: Tensor) -> Tensor:
    """Return the adversarial loss of the generator:

        L_G = -E log D(x, G(x, z))

    section 3.3: instead of the smallest log(1 - D), the largest log D. The
    discriminator itself is given no gradient.
    """
    discriminator.requires_grad_(False)
    scores = discriminator(torch.cat([label, fake], dim=1))
    discriminator.requires_grad_(True)
    return softplus(-scores).mean()


def whole_loss(
    discriminator: nn.Module, label: Tensor, real: Tensor, fake: Tensor, l1: float
) -> Tensor:
    """Return the whole objective of the generator, equation 4: the adversarial loss and
    lambda L_L1(G) = lambda E |y - G(x, z)|_1, here of the mean over pixels."""
    return generator_loss(discriminator, label, fake) + l1 * l1_loss(fake, real)


def optimizer_of(
    network: nn.Module, settings: Settings, steps: int, run: Run
) -> tuple[Optimizer, LRScheduler]:
    """Return Adam, with a learning rate that is constant for half of the steps and then
    falls to zero along a line."""
    optimizer = run.prepare(
        torch.optim.Adam(
            network.parameters(), settings.lr, betas=(settings.beta1, 0.999), fused=True
        )
    )
    half = steps // 2
    scheduler = LambdaLR(
        optimizer, lambda step: 1 - max(0, step - half) / (steps - half)
    )
    return optimizer, run.prepare(scheduler)
