"""A classifier of two domains of pictures, trained where a report needs one.

It judges how a translation looks, and so it must not go by what any change of colours
would bring about: each training picture is shown in other colours each time.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, seeded, to_model_input
from zoo.recipes.augment import random_shift

__all__ = ["EPOCHS", "jittered", "train_judge"]

EPOCHS, BATCH_SIZE, LR = 20, 32, 3e-3
WIDTHS = 16, 32, 64, 128  # of the convolutions
SHIFT = 4  # pixels


def train_judge(rows: TensorRows, *, epochs: int, seed: int = 0) -> nn.Module:
    """Return a classifier of pictures in 0..1, (B, 3, H, W), by the target of `rows`:
    its output is (B, 2) logits."""
    with seeded(seed):
        judge = _network()
        optimizer = torch.optim.AdamW(judge.parameters(), LR, weight_decay=0.05)
        steps = epochs * -(-len(rows) // BATCH_SIZE)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=LR, total_steps=steps
        )
        generator = torch.Generator().manual_seed(seed)
        for _ in range(epochs):
            order = torch.randperm(len(rows), generator=generator)
            for picked in order.split(BATCH_SIZE):
                image = to_model_input(rows.input[picked])
                image = jittered(random_shift(image, SHIFT, generator), generator)
                loss = cross_entropy(judge(image), rows.target[picked])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
    return judge.eval()


def jittered(image: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures in 0..1, (B, 3, H, W), mirrored, and in other colours, at random.

    Channels change places, colours become paler, down to grey, and each channel gets
    another gain and another black.
    """

    def uniform(low: float, high: float, channels: int) -> Tensor:
        drawn = torch.rand(len(image), channels, 1, 1, generator=generator)
        return low + (high - low) * drawn

    mirrored = torch.rand(len(image), generator=generator) < 0.5
    image = torch.where(mirrored[:, None, None, None], image.flip(3), image)
    image = image[:, torch.randperm(3, generator=generator)]
    gray = image.mean(dim=1, keepdim=True)
    image = gray + uniform(0, 1, 1) * (image - gray)
    return image * uniform(0.5, 1.3, 3) + uniform(-0.2, 0.2, 3)


def _network() -> nn.Module:
    layers: list[nn.Module] = []
    before = 3
    for width in WIDTHS:
        layers += [
            nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        ]
        before = width
    return nn.Sequential(
        *layers,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(before, 2),
    )
