"""Set the kernels of the filters by hand: nothing is trained.

The edge kernel, the square of ones and the sizes of the line kernels are the course's;
Sobel's operators are as in every textbook. The test rows measure how far the float32
result is from the definition, computed in float64.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zoo.recipes import Run, TensorRows, predict_batches, to_model_input
from zoo_cnn.conv_filters import ConvFilters

__all__ = ["KERNELS", "SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]

KERNELS = {
    # 8 times the pixel less its neighbours: zero where all are alike.
    "edge": torch.tensor([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    "blur": torch.ones(3, 3) / 9,
    "sharpen": torch.tensor([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "sobel_x": torch.tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": torch.tensor([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "horizontal_line": torch.tensor([-1, 1, 1, -1])[:, None].expand(4, 4),
    "vertical_line": torch.tensor([-1, -1, 4, -1, -1]).expand(5, 5),
    "difference": torch.tensor([-1, 1]),
    "moving_average": torch.ones(3) / 3,
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    seed: int = 0  # unused: every kernel is set


SMOKE_SETTINGS: dict[str, object] = {}


def data(run: Run, split: str) -> TensorRows:
    """Return clothes, 28x28 bytes; only the test rows are used, to measure."""
    rows = run.load_rows("fashion_mnist", split)
    return rows[: 8 * 32] if run.smoke else rows


@torch.no_grad()
def train(settings: Settings, run: Run) -> ConvFilters:
    model: ConvFilters = run.build()
    for name, kernel in KERNELS.items():
        model.kernels[name].copy_(kernel.expand_as(model.kernels[name]))
    return model


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return the largest error of an edge map, of pixels in 0..1."""
    image = to_model_input(rows.input)
    error = predict_batches(model, image) - by_definition(image, KERNELS["edge"])
    return {"max_abs_error": error.abs().max().item()}


def by_definition(image: Tensor, kernel: Tensor) -> Tensor:
    """Return the sum of shifted pictures, in float64, for padding 1 and stride 1."""
    padded = nn.functional.pad(image.double(), (1, 1, 1, 1))
    height, width = image.shape[2:]
    total = torch.zeros_like(image, dtype=torch.float64)
    for i, row in enumerate(kernel.double()):
        for j, weight in enumerate(row):
            total += weight * padded[:, :, i : i + height, j : j + width]
    return total
