"""A network that reads the labels of a photograph, trained where a report needs one.

What it reads in a made photograph says whether that shows what its label map asks for.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zoo.recipes import TensorRows, predict_batches, seeded, to_model_input
from zoo.recipes.metrics import overlap

__all__ = ["EPOCHS", "labels_of", "mean_iou", "train_reader"]

EPOCHS, BATCH_SIZE, LR, WIDTH = 20, 8, 4e-3, 32
DILATIONS = 1, 2, 4, 8  # of the convolutions at a quarter of the size


def train_reader(
    rows: TensorRows, input_spec: Any, *, epochs: int, seed: int = 0
) -> nn.Module:
    """Return a network that reads photographs, the targets of `rows`, as their label
    maps: pixels in 0..1, (B, 3, H, W), to logits, (B, labels, H, W)."""
    labels = labels_of(rows.input, input_spec)
    with seeded(seed):
        reader = _network(len(input_spec.label_colors))
        optimizer = torch.optim.AdamW(reader.parameters(), LR, weight_decay=0.05)
        steps = epochs * -(-len(rows) // BATCH_SIZE)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=LR, total_steps=steps
        )
        generator = torch.Generator().manual_seed(seed)
        for _ in range(epochs):
            order = torch.randperm(len(rows), generator=generator)
            for picked in order.split(BATCH_SIZE):
                photo, label = to_model_input(rows.target[picked]), labels[picked]
                if torch.rand((), generator=generator) < 0.5:
                    photo, label = photo.flip(3), label.flip(2)
                loss = cross_entropy(reader(photo), label)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
    return reader.eval()


def labels_of(maps: Tensor, input_spec: Any) -> Tensor:
    """Return label maps in the labels' colours, bytes, (B, 3, H, W), as the numbers of
    the labels, (B, H, W)."""
    label = torch.zeros(len(maps), *maps.shape[2:], dtype=torch.long)
    for number, one in enumerate(input_spec.label_colors):
        color = torch.tensor(one.color, dtype=torch.uint8)[:, None, None]
        label[(maps == color).all(dim=1)] = number
    return label


def mean_iou(reader: nn.Module, photo: Tensor, label: Tensor) -> float:
    """Return the mean over labels of the intersection over union of what the reader
    reads, on all pixels of photographs in 0..1, (B, 3, H, W), and of what is right."""
    logits = predict_batches(reader, photo, batch_size=50)
    shared, either = overlap(logits.argmax(dim=1), label, logits.shape[1])
    share = shared.sum(dim=0) / either.sum(dim=0)
    return share[~share.isnan()].mean().item()


def _network(labels: int) -> nn.Module:
    layers: list[nn.Module] = []
    before = 3
    for _ in range(2):
        layers += _block(before, WIDTH, stride=2)
        before = WIDTH
    for dilation in DILATIONS:
        layers += _block(WIDTH, WIDTH, dilation=dilation)
    return nn.Sequential(
        *layers,
        nn.Conv2d(WIDTH, labels, 1),
        nn.Upsample(scale_factor=4, mode="bilinear"),
    )


def _block(
    in_channels: int, out_channels: int, *, stride: int = 1, dilation: int = 1
) -> list[nn.Module]:
    return [
        nn.Conv2d(
            in_channels,
            out_channels,
            3,
            stride=stride,
            padding=dilation,
            dilation=dilation,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    ]
