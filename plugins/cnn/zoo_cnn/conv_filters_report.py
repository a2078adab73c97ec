"""What the card of the filters tells: each filter's picture, and max pooling."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d

from zoo import ImageInput, Run
from zoo.recipes import plots, predict_batches, to_model_input
from zoo.recipes.images import image_to_tensor, open_image
from zoo_cnn.conv_filters import IN_TWO_DIMENSIONS, ConvFilters
from zoo_cnn.conv_filters_recipe import KERNELS, by_definition, data

__all__ = ["report"]

CAT = Path(__file__).parent / "examples" / "cat.png"


@torch.no_grad()
def report(model: ConvFilters, run: Run) -> None:
    """Add the baseline, what clipping loses, and the filtered pictures."""
    image = to_model_input(data(run, "test").input)
    edge = predict_batches(model, image)
    error = image - by_definition(image, KERNELS["edge"])
    run.log_baseline("unfiltered image", max_abs_error=error.abs().max().item())
    run.log_summary(
        below_black=(edge < 0).float().mean().item(),
        above_white=(edge > 1).float().mean().item(),
    )
    given = run.spec.input
    assert isinstance(given, ImageInput)
    opened = open_image(CAT, given)
    as_is = replace(given, height=opened.height, width=opened.width)
    cat = image_to_tensor(opened, as_is)[None]
    maps = {name: model.filter(cat, name) for name in IN_TWO_DIMENSIONS}
    run.log_figure(
        "filters",
        _panels({"picture": cat, **maps}),
        "A cat, and what each kernel makes of it; every map has its own scale, of "
        "which black is the 1st percentile and white the 99th.",
    )
    pooled = max_pool2d(cat, 2)
    run.log_figure(
        "pooling",
        _panels(
            {
                "picture": cat,
                "pooled": pooled,
                "pooled twice": max_pool2d(pooled, 2),
                "edge map, pooled": max_pool2d(maps["edge"], 2),
            }
        ),
        "2x2 max pooling, which halves both sides, of the cat and of its edge map.",
    )


def _panels(maps: dict[str, Tensor]) -> bytes:
    def draw(figure: Any) -> None:
        columns = 4
        for number, (name, one) in enumerate(maps.items(), start=1):
            axes = figure.add_subplot(-(-len(maps) // columns), columns, number)
            low, high = one.quantile(torch.tensor([0.01, 0.99])).tolist()
            axes.imshow(one[0, 0].numpy(), cmap="gray", vmin=low, vmax=high)
            title = f"{name.replace('_', ' ')}, {one.shape[3]}x{one.shape[2]}"
            axes.set_title(title, fontsize=8)
            axes.axis("off")

    return plots.to_png(8.0, 2.3 * -(-len(maps) // 4), draw)
