"""Train a CycleGAN on horses and zebras: two generators, two discriminators, one run.

Read it from top to bottom: settings, data, training, losses. No horse is paired with a
zebra. The losses are those of Zhu et al., "Unpaired image-to-image translation using
cycle-consistent adversarial networks", 2017: the adversarial one with least squares
(section 4), cycle consistency (section 3.2), and the identity loss (section 5.2), which
the course has too. As there, discriminators see made images of earlier steps, drawn
from a buffer (Shrivastava et al.: "Learning from simulated and unsupervised images
through adversarial training", 2017), and the learning rate is constant for half of the
run, and falls to zero along a line in the other half.

Nothing is chosen by a run: it keeps the weights of its last step. The test rows are
used once, at the end. The discriminators are not part of the model; a run that resumes
after a kill has them again.
"""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, mse_loss, pad
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

from zoo.recipes import Run, TensorRows
from zoo_image2image.cyclegan import CycleGAN
from zoo_image2image.patchgan import PatchGAN

__all__ = ["SMOKE_SETTINGS", "ImageBuffer", "Settings", "data", "train"]

READER = "zoo_image2image.pictures:read_domains"
HORSE, ZEBRA = 0, 1  # the numbers of the domains
SMOKE_PICTURES = 16  # of each domain


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 10
    batch_size: int = 2  # of each domain
    lr: float = 3e-4  # until half of the run; then it falls to zero
    beta1: float = 0.5  # of Adam
    cycle: float = 10.0  # weight of the cycle consistency loss
    identity: float = 5.0  # weight of the identity loss
    d_width: int = 32  # half the course's
    d_layers: int = 2  # of stride 2: patches of 34x34
    buffer_size: int = 50  # made images of each domain; 0 for those of the step alone
    shift_pixels: int = 4  # a training picture is moved by up to so many pixels
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return pictures, (N, 3, 64, 64) bytes, and their domains: 0 horse, 1 zebra."""
    first = SMOKE_PICTURES if run.smoke else None
    rows = run.load_rows("horse2zebra", split, reader=READER, first=first)
    return with_domains(rows)


def train(settings: Settings, run: Run) -> nn.Module:
    rows = data(run, "train")
    horses, zebras = of_domain(rows, HORSE), of_domain(rows, ZEBRA)
    model: CycleGAN = run.build()
    g, f = run.prepare(model.generator), run.prepare(model.inverse)
    d_x, d_y = (
        run.prepare(
            PatchGAN(channels=3, width=settings.d_width, layers=settings.d_layers)
        )
        for _ in range(2)
    )
    count = min(
        run.steps(one, settings.batch_size, settings.epochs) for one in (horses, zebras)
    )
    g_optimizer, g_scheduler = optimizer_of((g, f), settings, count, run)
    d_optimizer, d_scheduler = optimizer_of((d_x, d_y), settings, count, run)
    buffer_x, buffer_y = (
        run.prepare(ImageBuffer(settings.buffer_size)) for _ in range(2)
    )
    snapshots = run.prepare(Snapshots())
    augment = Shift(settings.shift_pixels)
    for _ in run.epochs(settings.epochs):
        model.train()
        batches = (
            run.batches(one, settings.batch_size, augment=augment)
            for one in (horses, zebras)
        )
        for (x, _), (y, _) in zip(*batches, strict=False):
            fake_y, same_y = g(torch.cat([x, y])).split([len(x), len(y)])
            fake_x, same_x = f(torch.cat([y, x])).split([len(y), len(x)])
            g_loss = (
                generator_loss(d_y, fake_y)
                + generator_loss(d_x, fake_x)
                + settings.cycle * (l1_loss(f(fake_y), x) + l1_loss(g(fake_x), y))
                + settings.identity * (l1_loss(same_y, y) + l1_loss(same_x, x))
            )
            run.step(g_loss, g_optimizer, g_scheduler, name="generator_loss")
            old_x = buffer_x.exchange(fake_x.detach(), run.generator)
            old_y = buffer_y.exchange(fake_y.detach(), run.generator)
            d_loss = discriminator_loss(d_x, x, old_x) + discriminator_loss(
                d_y, y, old_y
            )
            run.step(d_loss, d_optimizer, d_scheduler, name="discriminator_loss")
        run.log({})
        snapshots.add(model)
    run.artifacts["weights"] = snapshots.epochs
    return model


def with_domains(rows: TensorRows) -> TensorRows:
    """Return rows as they are; noise that stands in for them gets a domain each."""
    if not rows.target.is_floating_point():
        return rows
    few = rows[: 2 * SMOKE_PICTURES]
    return replace(few, target=(few.target > 0).long())


def of_domain(rows: TensorRows, domain: int) -> TensorRows:
    """Return the rows of one domain."""
    return rows[rows.target == domain]


class ImageBuffer:
    """Made images of earlier steps, half of which stand in for those of this step.

    While it is being filled, images come back as they are. Then each is, with a
    probability of one half, kept in the place of an older one, which comes back.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def exchange(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return as many images, (B, C, H, W), new or old."""
        if not self.size:
            return images
        returned = []
        for image in images:
            if len(self.images) < self.size:
                self.images.append(image)
            elif torch.rand((), generator=generator) < 0.5:
                place = int(torch.randint(self.size, (), generator=generator))
                self.images[place], image = image, self.images[place]
            returned.append(image)
        return torch.stack(returned)

    def state_dict(self) -> dict[str, Any]:
        """Return the images, as a run keeps them."""
        return {"images": [image.clone() for image in self.images]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue with the images of a run that was killed."""
        self.images = list(state["images"])


class Snapshots:
    """The weights after each epoch, in half precision, for the pictures of the card."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, Tensor]] = []

    def add(self, model: nn.Module) -> None:
        """Add the weights of a model."""
        state = model.state_dict()
        self.epochs.append({name: tensor.half() for name, tensor in state.items()})

    def state_dict(self) -> dict[str, Any]:
        """Return the weights, as a run keeps them."""
        return {"epochs": self.epochs}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue after the epochs of a run that was killed."""
        self.epochs = list(state["epochs"])


class Shift:
    """A batch moved by up to `most` pixels, one way for all of it, and mirrored at
    random; beyond the border an image is mirrored."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Return images, (B, C, H, W), changed."""
        down, right = torch.randint(
            2 * self.most + 1, (2,), generator=generator
        ).tolist()
        height, width = image.shape[2:]
        wider = pad(image, [self.most] * 4, mode="reflect")
        moved = wider[..., down : down + height, right : right + width]
        mirrored = torch.rand((), generator=generator) < 0.5
        return moved.flip(3) if mirrored else moved


def generator_loss(discriminator: nn.Module, fake: Tensor) -> Tensor:
    """Return the adversarial loss of a generator with least squares:

        L_GAN(G) = E (D(G(x)) - 1)^2

    The discriminator itself is given no gradient.
    """
    discriminator.requires_grad_(False)
    scores = discriminator(fake)
    discriminator.requires_grad_(True)
    return mse_loss(scores, torch.ones_like(scores))


def discriminator_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Return the loss of a discriminator, half of its objective as in the paper:

    L_D = 1/2 (E (D(y) - 1)^2 + E D(G(x))^2)
    """
    real_scores, fake_scores = discriminator(torch.cat([real, fake])).split(
        [len(real), len(fake)]
    )
    return (
        mse_loss(real_scores, torch.ones_like(real_scores))
        + mse_loss(fake_scores, torch.zeros_like(fake_scores))
    ) / 2


def optimizer_of(
    networks: tuple[nn.Module, nn.Module], settings: Settings, steps: int, run: Run
) -> tuple[Optimizer, LRScheduler]:
    """Return Adam for both networks, with a learning rate that is constant for half of
    the steps and then falls to zero along a line."""
    parameters = list(chain.from_iterable(one.parameters() for one in networks))
    optimizer = run.prepare(
        torch.optim.Adam(
            parameters, settings.lr, betas=(settings.beta1, 0.999), fused=True
        )
    )
    half = steps // 2
    scheduler = LambdaLR(
        optimizer, lambda step: 1 - max(0, step - half) / (steps - half)
    )
    return optimizer, run.prepare(scheduler)
