"""Train SRGAN: a generator that enlarges faces, against a discriminator.

Read it from top to bottom: settings, data, training, losses. The generator begins with
the weights of `srresnet-face`, as in the paper, and learns to give pictures whose
features in another network are those of the original, and which the discriminator takes
for photographs. The epoch is chosen on the validation rows, a tenth of the training
faces, by the features of a third network, which the loss does not see. The test rows
are used once, at the end.
"""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from zoo.recipes import (
    Run,
    TensorRows,
    normalize,
    predict_batches,
    spec_of,
    to_model_input,
    unwrap_model,
)
from zoo.recipes.metrics import evaluate_enlarged
from zoo_restoration.pairs import FACES, load_pairs, turned
from zoo_restoration.srgan import Discriminator

__all__ = [
    "CONTENT",
    "JUDGE",
    "PARENT",
    "SMOKE_SETTINGS",
    "FeatureDistance",
    "Settings",
    "content_features",
    "data",
    "discriminator_loss",
    "generator_loss",
    "train",
]

PARENT = "srresnet-face"
CONTENT, LAYERS = "vgg16-cifar10", 13  # to the second ReLU of its second block
JUDGE, STAGES = "efficientnet-lite0", (0, 1, 2)  # whose features measure
CHUNK_ROWS = 64  # pictures of which the judge looks at a time


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 4
    batch_size: int = 8
    lr: float = 2e-4  # of the generator
    d_lr: float = 2e-4  # of the discriminator
    beta1: float = 0.5  # of Adam
    adversarial_weight: float = 1e-3  # of the loss of the discriminator's scores
    val_fraction: float = 0.1  # of the training faces, held out for validation
    amp: bool = True  # bfloat16 where the hardware computes in it


SMOKE_SETTINGS = {"epochs": 1, "batch_size": 4}  # what the test suite runs


def data(run: Run, split: str) -> TensorRows:
    """Return faces, (N, 3, 32, 32) bytes, and as targets those of 64x64."""
    return load_pairs(run, FACES, split)


def train(settings: Settings, run: Run) -> nn.Module:
    train_rows, val_rows = run.split(data(run, "train"), settings.val_fraction)
    model = run.build()
    model.load_state_dict(run.load_model(PARENT, parent=True).state_dict())
    generator = run.prepare(WithFeatures(model, content_features(run)))
    discriminator = run.prepare(Discriminator())
    betas = (settings.beta1, 0.999)
    optimizer = run.prepare(
        torch.optim.Adam(model.parameters(), settings.lr, betas=betas, fused=True)
    )
    d_optimizer = run.prepare(
        torch.optim.Adam(
            discriminator.parameters(), settings.d_lr, betas=betas, fused=True
        )
    )
    distance = FeatureDistance(run.load_model(JUDGE), val_rows.target)
    for epoch in run.epochs(settings.epochs):
        generator.train()
        discriminator.train()
        random = torch.Generator().manual_seed(settings.seed + epoch)
        for small, large in run.batches(train_rows, settings.batch_size):
            real = normalize(to_model_input(large), run.spec.input)
            small, real = turned(small, real, random)
            fake, features, expected = generator(small, real)
            d_loss = discriminator_loss(discriminator, real, fake.detach())
            run.step(d_loss, d_optimizer, name="d_loss")
            adversarial = generator_loss(discriminator, fake)
            content = l1_loss(features.float(), expected.float())
            loss = content + settings.adversarial_weight * adversarial
            run.step(loss, optimizer, name="g_loss")
        measured = evaluate_enlarged(model, val_rows)
        measured["feature_distance"] = distance(model, val_rows.input)
        run.log(measured, best="feature_distance")
    return run.best(model)


class WithFeatures(nn.Module):
    """The generator, with the features of what it gives and of what it should give."""

    def __init__(self, generator: nn.Module, content: nn.Module) -> None:
        super().__init__()
        self.generator, self.content = generator, content

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.content.eval()  # its batch normalization is that of its own training
        return self

    def forward(self, small: Tensor, real: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return enlarged pictures, (B, 3, 64, 64), their features and those of the
        originals, (B, C, H, W) each."""
        fake = self.generator(small)
        with torch.no_grad():
            expected = self.content(real)
        return fake, self.content(fake), expected


def content_features(run: Run) -> nn.Module:
    """Return the first layers of a network that takes pictures in -1..1."""
    network: Any = run.load_model(CONTENT)
    layers = network.features[:LAYERS]
    return (
        nn.Sequential(Renormalized(spec_of(network).input), layers)
        .requires_grad_(False)
        .eval()
    )


class Renormalized(nn.Module):
    """Pictures in -1..1 to what a network takes that was trained on other moments."""

    mean: Tensor
    std: Tensor

    def __init__(self, input_spec: object) -> None:
        super().__init__()
        for name in ("mean", "std"):
            moment = torch.tensor(getattr(input_spec, name)).view(-1, 1, 1)
            self.register_buffer(name, moment)

    def forward(self, image: Tensor) -> Tensor:
        """Return (image / 2 + 1 / 2 - mean) / std, (B, 3, H, W)."""
        return ((image + 1) / 2 - self.mean) / self.std


def discriminator_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Return the least-squares loss of the discriminator:

        L_D = 1/2 E (D(x) - 1)^2 + 1/2 E D(G(z))^2

    Mao et al., "Least squares generative adversarial networks", 2017, equation 9.
    """
    real_score, fake_score = discriminator(real), discriminator(fake)
    real_loss: Tensor = (real_score.float() - 1).square().mean()
    fake_loss: Tensor = fake_score.float().square().mean()
    return (real_loss + fake_loss) / 2


def generator_loss(discriminator: nn.Module, fake: Tensor) -> Tensor:
    """Return the least-squares loss of the generator:

        L_G = 1/2 E (D(G(z)) - 1)^2

    Mao et al., equation 9. The discriminator itself is given no gradient.
    """
    frozen = unwrap_model(discriminator).requires_grad_(False)
    score: Tensor = frozen(fake)
    frozen.requires_grad_(True)
    return (score.float() - 1).square().mean() / 2


class FeatureDistance:
    """How far enlarged pictures are from the originals in the features of a network.

    d = sum over stages of the mean over places of |f - f'|^2, with f and f' of length 1

    the distance of Zhang et al., "The unreasonable effectiveness of deep features as a
    perceptual metric", 2018, equation 1, with all weights one.
    """

    def __init__(self, judge: Any, original: Tensor) -> None:
        self.judge = judge.eval()
        self.expected = [
            self.features(part / 127.5 - 1) for part in original.split(CHUNK_ROWS)
        ]

    def __call__(self, model: nn.Module, small: Tensor) -> float:
        """Return the mean distance of a model's output for bytes, (N, 3, H, W)."""
        made = predict_batches(model, small / 127.5 - 1, batch_size=CHUNK_ROWS)
        return self.of_pictures(made)

    @torch.inference_mode()
    def of_pictures(self, made: Tensor) -> float:
        """Return the mean distance of pictures in -1..1, (N, 3, 2 H, 2 W)."""
        total = 0.0
        parts = zip(made.split(CHUNK_ROWS), self.expected, strict=True)
        for part, expected in parts:
            for one, other in zip(self.features(part), expected, strict=True):
                apart = (one - other).square().sum(dim=1)  # (B, h, w)
                total += apart.mean(dim=(1, 2)).sum().item()
        return total / len(made)

    @torch.inference_mode()
    def features(self, image: Tensor) -> list[Tensor]:
        """Return the features of pictures in -1..1 after some stages, each place's of
        length 1: (B, C, h, w) each."""
        features = self.judge.bn1(self.judge.conv_stem(image.clamp(-1, 1)))
        found = []
        for number, stage in enumerate(self.judge.blocks):
            if number > max(STAGES):
                break
            features = stage(features)
            if number in STAGES:
                found.append(nn.functional.normalize(features, dim=1))
        return found
