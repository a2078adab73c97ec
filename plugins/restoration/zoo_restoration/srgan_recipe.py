"""Train SRGAN: a generator that enlarges faces, against a discriminator.

Read it from top to bottom: settings, data, training, losses. The generator begins with
the weights of `srresnet-face`, as in the paper, and learns to give pictures whose
features in another network are those of the original, and which the discriminator takes
for photographs. The epoch is chosen on the validation rows, a tenth of the training
faces, by the features of a third network, which the loss does not see. The test rows
are used once, at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize as normalized
from torch.optim.lr_scheduler import LambdaLR

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
    "StageFeatures",
    "content_features",
    "data",
    "discriminator_loss",
    "feature_distance",
    "generator_loss",
    "judge_features",
    "train",
]

PARENT = "srresnet-face"
CONTENT = "efficientnet-lite0"  # whose features the generator learns by
JUDGE, JUDGE_LAYERS = "vgg16-cifar10", (6, 13, 23)  # whose features measure
CHUNK_ROWS = 64  # pictures of which the judge looks at a time


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0
    epochs: int = 2
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
    content = content_features(run.load_model(CONTENT))
    generator = run.prepare(WithDistance(model, content))
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
    steps = run.steps(train_rows, settings.batch_size, settings.epochs)
    scheduler, d_scheduler = (
        run.prepare(LambdaLR(one, lambda step: max(0.0, 1 - step / steps)))
        for one in (optimizer, d_optimizer)
    )
    judge = judge_features(run.load_model(JUDGE))
    distance = FeatureDistance(judge, val_rows.target)
    for epoch in run.epochs(settings.epochs):
        generator.train()
        discriminator.train()
        random = torch.Generator().manual_seed(settings.seed + epoch)
        for small, large in run.batches(train_rows, settings.batch_size):
            real = normalize(to_model_input(large), run.spec.input)
            small, real = turned(small, real, random)
            fake, content_loss = generator(small, real)
            d_loss = discriminator_loss(discriminator, real, fake.detach())
            run.step(d_loss, d_optimizer, d_scheduler, name="d_loss")
            adversarial = generator_loss(discriminator, fake)
            loss = content_loss + settings.adversarial_weight * adversarial
            run.step(loss, optimizer, scheduler, name="g_loss")
        measured = evaluate_enlarged(model, val_rows)
        measured["feature_distance"] = distance(model, val_rows.input)
        run.log(measured, best="feature_distance")
    return run.best(model)


class WithDistance(nn.Module):
    """The generator, and how far what it gives is from what it should give."""

    def __init__(self, generator: nn.Module, content: nn.Module) -> None:
        super().__init__()
        self.generator, self.content = generator, content

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.content.eval()  # its batch normalization is that of its own training
        return self

    def forward(self, small: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """Return enlarged pictures, (B, 3, 64, 64), and the content loss: their mean
        distance from the originals."""
        fake = self.generator(small)
        # The first layer sees every second place: not always the same ones.
        top, left = torch.randint(2, (2,)).tolist()
        with torch.no_grad():
            expected = self.content(real[..., top:, left:])
        made = self.content(fake[..., top:, left:])
        return fake, feature_distance(made, expected).mean()


class StageFeatures(nn.Module):
    """The features of a network after each of some stages, for pictures in -1..1.

    A network expects pixels that are normalized by the moments of its input.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, input_spec: Any, stages: Sequence[nn.Module]) -> None:
        super().__init__()
        for name in ("mean", "std"):
            moment = torch.tensor(getattr(input_spec, name)).view(-1, 1, 1)
            self.register_buffer(name, moment)
        self.stages = nn.ModuleList(stages)
        self.requires_grad_(False).eval()

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return features, (B, C, h, w) each: fewer places and more channels, stage by
        stage."""
        features = ((image + 1) / 2 - self.mean) / self.std
        found = []
        for stage in self.stages:
            features = stage(features)
            found.append(features)
        return found


def content_features(network: Any) -> StageFeatures:
    """Return the first three stages of an EfficientNet-Lite0."""
    first = nn.Sequential(network.conv_stem, network.bn1, network.blocks[0])
    stages = [first, network.blocks[1], network.blocks[2]]
    return StageFeatures(spec_of(network).input, stages)


def judge_features(network: Any) -> StageFeatures:
    """Return the first three blocks of a VGG-16, each without its pooling."""
    borders = [0, *JUDGE_LAYERS]
    stages = [network.features[first:last] for first, last in pairwise(borders)]
    return StageFeatures(spec_of(network).input, stages)


def feature_distance(made: Sequence[Tensor], expected: Sequence[Tensor]) -> Tensor:
    """Return how far the features of pictures are from those of others, (B,):

    d = sum over stages of the mean over places of |f - f'|^2, with f and f' of length 1

    Zhang et al., "The unreasonable effectiveness of deep features as a perceptual
    metric", 2018, equation 1, with all weights one. The content loss of SRGAN, equation
    5 there, is the same of one stage and of features of any length.
    """
    distances = [
        (normalized(one.float(), dim=1) - normalized(other.float(), dim=1))
        .square()
        .sum(dim=1)
        .mean(dim=(1, 2))
        for one, other in zip(made, expected, strict=True)
    ]
    return torch.stack(distances).sum(dim=0)


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
    """How far enlarged pictures are from some originals, by the features of a network.

    See `feature_distance`; the features of the originals are computed once.
    """

    def __init__(self, features: StageFeatures, original: Tensor) -> None:
        self.features = features
        with torch.inference_mode():
            self.expected = [
                features(part / 127.5 - 1) for part in original.split(CHUNK_ROWS)
            ]

    def __call__(self, model: nn.Module, small: Tensor) -> float:
        """Return the mean distance of a model's output for bytes, (N, 3, H, W)."""
        made = predict_batches(model, small / 127.5 - 1, batch_size=CHUNK_ROWS)
        return self.of_pictures(made)

    @torch.inference_mode()
    def of_pictures(self, made: Tensor) -> float:
        """Return the mean distance of pictures in -1..1, (N, 3, 2 H, 2 W)."""
        parts = zip(made.clamp(-1, 1).split(CHUNK_ROWS), self.expected, strict=True)
        distances = [feature_distance(self.features(one), to) for one, to in parts]
        return torch.cat(distances).mean().item()
