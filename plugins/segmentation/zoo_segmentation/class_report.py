"""The report of a segmentation into several classes: what its model card says of it.

Baselines are fitted on the training rows. Of the test set only masks are shown: its
pictures belong to whoever took them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from zoo import Run
from zoo.recipes import TensorRows, predict_batches, to_model_input
from zoo.recipes.metrics import SEGMENTATION, overlap
from zoo.results import image_grid, png
from zoo_segmentation.losses import IGNORED

__all__ = [
    "baseline_masks",
    "class_ious",
    "fit_pixel_classifier",
    "majority_mask",
    "report_classes",
]

BATCH_SIZE = 50
FITTED_PIXELS = 40_000  # of the training rows, for the linear classifier
SHOWN = 3  # test rows each of the best, the median and the worst IoU
WIDTH = 160  # pixels of a mask in the figure
ENTRY, LINE, BOX = 120, 20, 10  # pixels of an entry of its legend, a line and a box
MASKS = (
    "Test masks, each annotated at the left and found at the right: the highest IoU in "
    "the first pair of columns, the median in the second, the lowest in the third. "
    "White pixels are of no class and do not count."
)

Color = tuple[int, int, int]


def report_classes(
    model: nn.Module,
    run: Run,
    train_rows: TensorRows,
    test_rows: TensorRows,
    colors: Sequence[Color],
) -> Tensor:
    """Add the baselines, the IoU of each class, that of changed pictures, and a figure
    of masks in the `colors` of the classes.

    Returns the predicted classes of the test rows, (rows, height, width).
    """
    output_spec: Any = run.spec.output
    image, target = to_model_input(test_rows.input, run.spec.input), test_rows.target
    predicted = _classes(model, image)
    count = len(output_spec.labels)
    for name, mask in baseline_masks(train_rows, test_rows, count).items():
        logits = _as_logits(mask, count)
        run.log_baseline(
            name, **SEGMENTATION.compute_metrics(logits, target, output_spec)
        )
    each = class_ious(predicted, target, count)
    iou = _iou_of_each(predicted, target, count)
    run.log_summary(
        **{
            f"iou_{label.lower()}": value
            for label, value in zip(
                output_spec.labels, each.nan_to_num(nan=1.0).tolist(), strict=True
            )
        },
        min_iou=iou.min().item(),
        median_iou=iou.median().item(),
        **_changed(model, image, target, count),
    )
    of_class = dict(zip(output_spec.labels, colors, strict=True))
    run.log_figure("masks", _masks(predicted, target, iou, of_class), MASKS)
    return predicted


def class_ious(predicted: Tensor, target: Tensor, classes: int) -> Tensor:
    """Return the IoU of each class, (classes,), over the pixels of all pictures.

    Pixels of no label, 255, count nowhere. A class in neither mask has no IoU: NaN.
    """
    known = predicted.masked_fill(target == IGNORED, IGNORED)
    shared, either = (one.sum(dim=0) for one in overlap(known, target, classes))
    return shared / either


def baseline_masks(
    train_rows: TensorRows, test_rows: TensorRows, classes: int
) -> dict[str, Tensor]:
    """Return the classes that simple methods give the pixels of the test rows, each
    (rows, height, width)."""
    known = train_rows.target[train_rows.target != IGNORED]
    commonest = torch.bincount(known.long(), minlength=classes).argmax()
    majority = majority_mask(train_rows.target, classes)
    classifier = fit_pixel_classifier(train_rows, classes)
    return {
        "commonest class": torch.full_like(test_rows.target, int(commonest)),
        "commonest class at each place": majority.expand_as(test_rows.target),
        "linear classifier of colour and place": classifier(test_rows.input),
    }


def majority_mask(target: Tensor, classes: int) -> Tensor:
    """Return the most frequent class at each place, (height, width)."""
    return _frequency(target, classes).argmax(dim=0)


def _frequency(target: Tensor, classes: int) -> Tensor:
    """Return how often each class is at each place, (classes, height, width)."""
    counts = torch.stack([(target == n).sum(dim=0) for n in range(classes)]).float()
    return counts / counts.sum(dim=0).clamp_min(1)


def fit_pixel_classifier(
    train_rows: TensorRows, classes: int
) -> Callable[[Tensor], Tensor]:
    """Return a function from pictures, (B, 3, H, W) bytes, to classes, (B, H, W): a
    logistic regression of each pixel's color, the squares of that, and how often each
    class is at its place."""
    frequency = _frequency(train_rows.target, classes)
    place = frequency.flatten(1).T.numpy()  # (H * W, classes)
    known = (train_rows.target != IGNORED).flatten().nonzero()[:, 0]
    generator = torch.Generator().manual_seed(0)
    picked = known[torch.randint(len(known), (FITTED_PIXELS,), generator=generator)]
    color = train_rows.input.permute(0, 2, 3, 1).reshape(-1, 3)[picked].numpy()
    scaler = StandardScaler()
    features = scaler.fit_transform(_features(color, place[picked % len(place)]))
    fitted = LogisticRegression(max_iter=1000)
    fitted.fit(features, train_rows.target.flatten()[picked].numpy())

    def classify(image: Tensor) -> Tensor:
        found = [
            fitted.predict(
                scaler.transform(_features(one.flatten(1).T.numpy(), place))
            ).reshape(one.shape[1:])
            for one in image
        ]
        return torch.from_numpy(np.stack(found))

    return classify


def _features(color: Any, place: Any) -> Any:
    scaled = color.astype(np.float32) / 255
    return np.concatenate([scaled, scaled**2, place], axis=1)


def _as_logits(mask: Tensor, classes: int) -> Tensor:
    """Return an output that means these classes, (rows, classes, height, width)."""
    return torch.stack([(mask == number).float() for number in range(classes)], dim=1)


def _classes(model: nn.Module, image: Tensor) -> Tensor:
    parts = image.split(BATCH_SIZE)
    return torch.cat([predict_batches(model, one).argmax(dim=1) for one in parts])


def _iou_of_each(predicted: Tensor, target: Tensor, classes: int) -> Tensor:
    """Return the mean IoU of the classes in each picture, (rows,)."""
    known = predicted.masked_fill(target == IGNORED, IGNORED)
    shared, either = overlap(known, target, classes)
    return (shared / either).nanmean(dim=1)


def _changed(
    model: nn.Module, image: Tensor, target: Tensor, classes: int
) -> dict[str, float]:
    """Return the mean IoU of pictures that are changed, each in one way."""
    changed = {
        "upside_down": (image.flip(2), target.flip(1)),
        "flipped": (image.flip(3), target.flip(2)),
        "grayscale": (image.mean(dim=1, keepdim=True).expand_as(image), target),
        "low_resolution": (_blurred(image), target),
        "darker": (image - 1.0, target),
    }
    return {
        f"iou_{name}": class_ious(_classes(model, other), mask, classes)
        .nanmean()
        .item()
        for name, (other, mask) in changed.items()
    }


def _blurred(image: Tensor) -> Tensor:
    """Return pictures that were downsampled by four, as large as before."""
    small = nn.functional.interpolate(
        image, scale_factor=0.25, mode="bilinear", antialias=True
    )
    return nn.functional.interpolate(small, size=image.shape[-2:], mode="bilinear")


def _masks(
    predicted: Tensor, target: Tensor, iou: Tensor, colors: Mapping[str, Color]
) -> bytes:
    """Return masks of test rows, annotated and found side by side, over a legend."""
    order = iou.argsort(descending=True)
    middle = max(0, (len(order) - SHOWN) // 2)
    parts = (order[:SHOWN], order[middle : middle + SHOWN], order[-SHOWN:])
    rows = [row for three in zip(*parts, strict=True) for row in three]
    known = predicted.masked_fill(target == IGNORED, IGNORED)
    palette = [*colors.values()]
    drawn = [_drawn(mask[row], palette) for row in rows for mask in (target, known)]
    grid = image_grid(drawn, columns=2 * len(parts))
    legend = _legend(colors, grid.width)
    page = Image.new("RGB", (grid.width, grid.height + legend.height))
    page.paste(grid)
    page.paste(legend, (0, grid.height))
    return png(page)


def _drawn(mask: Tensor, palette: Sequence[Color]) -> Image.Image:
    """Return a mask, (height, width), in the colors of its classes."""
    colors = torch.full((256, 3), 255, dtype=torch.uint8)
    colors[: len(palette)] = torch.tensor(palette, dtype=torch.uint8)
    picture = Image.fromarray(colors[mask.long()].numpy())
    height = round(WIDTH * mask.shape[0] / mask.shape[1])
    return picture.resize((WIDTH, height), Image.Resampling.NEAREST)


def _legend(colors: Mapping[str, Color], width: int) -> Image.Image:
    """Return the names of the classes beside their colors."""
    columns = width // ENTRY
    lines = -(-len(colors) // columns)
    page = Image.new("RGB", (width, lines * LINE), "white")
    pen = ImageDraw.Draw(page)
    for number, (label, color) in enumerate(colors.items()):
        line, column = divmod(number, columns)
        x, y = column * ENTRY + BOX // 2, line * LINE + (LINE - BOX) // 2
        pen.rectangle((x, y, x + BOX, y + BOX), fill=color)
        pen.text((x + 2 * BOX, y - 1), label, fill="black")
    return page
