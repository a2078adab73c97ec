"""The report of a segmentation: what its model card says of it.

Baselines and their thresholds are fitted on the training rows. Of the test set only
silhouettes are shown: its photographs belong to whoever took them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

import zoo
from zoo import Run
from zoo.errors import DataError, DatasetNotFound, MissingExtra
from zoo.recipes import TensorRows, predict_batches, to_model_input
from zoo.recipes import data as datasets
from zoo.recipes.metrics import SEGMENTATION, overlap
from zoo.results import image_grid, png
from zoo_segmentation.full_size import draw_examples, full_size_ious
from zoo_segmentation.pets import FURTHER_BREEDS, data
from zoo_segmentation.photographs import BINARY, EXAMPLES, photographs

__all__ = [
    "baseline_masks",
    "best_threshold",
    "fit_color_classifier",
    "further_breeds_ious",
    "mean_mask",
    "pet_share_without_pets",
    "report",
]

BATCH_SIZE = 50
FITTED_PIXELS = 40_000  # of the training rows, for the linear classifier
THRESHOLDS = [number / 40 for number in range(2, 39)]
CHANGED_EVERY = 3  # every third test photograph is also changed
COLUMNS = 6  # silhouettes in a row of the image
COLORS = {"correct": "white", "missed": "#cc6677", "spurious": "#4477aa"}
BREEDS = ("Abyssinian", "Bengal", "american_bulldog")
WITHOUT_PETS = {"insects": ("hymenoptera", "test"), "streets": ("camvid", "test")}


def report(model: nn.Module, run: Run) -> None:
    """Add the baselines, measurements and images of the model card."""
    train_rows, test_rows = data(run, "train"), data(run, "test")
    output_spec: Any = run.spec.output
    image, target = to_model_input(test_rows.input, run.spec.input), test_rows.target
    logits = predict_batches(model, image, batch_size=BATCH_SIZE)
    for name, mask in baseline_masks(train_rows, test_rows).items():
        run.log_baseline(
            name, **SEGMENTATION.compute_metrics(_as_logits(mask), target, output_spec)
        )
    iou = _iou_of_each(logits, target)
    run.log_summary(
        min_iou=iou.min().item(),
        median_iou=iou.median().item(),
        iou_above_four_fifths=(iou > 0.8).double().mean().item(),
        **_changed_iou(
            model, image[::CHANGED_EVERY], target[::CHANGED_EVERY], output_spec
        ),
    )
    run.log_figure("silhouettes", _silhouettes(logits, target, iou), SILHOUETTES)
    run.log_figure("examples", draw_examples(model, EXAMPLES), FOUND)
    run.log_summary(
        further_breeds_iou=further_breeds_ious(model, BINARY, smoke=run.smoke)[1],
        **pet_share_without_pets(model, smoke=run.smoke),
    )
    noise = test_rows.fingerprint == "stand-in"
    run.log_summary(**_full_size_and_breeds(model, len(test_rows), iou, noise))


FOUND = "The masks of the two CC0 photographs."
SILHOUETTES = (
    "Test masks: the highest IoU in the first row, the median in the second, "
    "the lowest in the third. White is correct, red was missed, blue is spurious."
)


def baseline_masks(train_rows: TensorRows, test_rows: TensorRows) -> dict[str, Tensor]:
    """Return the masks of simple methods for the test rows, (rows, height, width)."""
    everything = torch.ones_like(test_rows.target).bool()
    mean = mean_mask(train_rows)
    color_classifier = fit_color_classifier(train_rows)
    return {
        "all pet": everything,
        "all background": ~everything,
        "mean mask": mean.expand_as(everything),
        "linear classifier of colour": color_classifier(test_rows.input),
    }


def mean_mask(train_rows: TensorRows) -> Tensor:
    """Return one mask for every image: where pets often are, (height, width)."""
    frequency = train_rows.target.double().mean(dim=0)
    every = frequency.expand(train_rows.target.shape)
    return frequency > best_threshold(every, train_rows.target)


def fit_color_classifier(train_rows: TensorRows) -> Any:
    """Return a function from images to masks: a linear classifier of each pixel's
    color, and of how often a pet is at its place."""
    generator = torch.Generator().manual_seed(0)
    frequency = train_rows.target.double().mean(dim=0)
    features = _pixel_features(train_rows.input, frequency)
    pixels = torch.randint(len(features), (FITTED_PIXELS,), generator=generator)
    inputs = features[pixels]
    target = train_rows.target.flatten()[pixels].double()
    weight = torch.zeros(inputs.shape[1]).double().requires_grad_()
    optimizer = torch.optim.LBFGS([weight], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> float:
        optimizer.zero_grad()
        loss = binary_cross_entropy_with_logits(inputs @ weight, target)
        loss.backward()
        return loss.item()

    optimizer.step(closure)
    fitted = weight.detach()

    def probability(image: Tensor) -> Tensor:
        logits = _pixel_features(image, frequency) @ fitted
        return logits.view(-1, *frequency.shape).sigmoid()

    threshold = best_threshold(probability(train_rows.input), train_rows.target)
    return lambda image: probability(image) > threshold


def _pixel_features(image: Tensor, frequency: Tensor) -> Tensor:
    """Return the features of each pixel, (pixels, 8): its color, the squares of that,
    how often a pet is at its place, and one."""
    color = image.permute(0, 2, 3, 1).reshape(-1, 3).double() / 255
    place = frequency.flatten().repeat(len(image))[:, None]
    return torch.cat([color, color**2, place, torch.ones_like(place)], dim=1)


def best_threshold(probability: Tensor, target: Tensor) -> float:
    """Return the threshold with the largest IoU."""
    true = target.bool()

    def iou(threshold: float) -> float:
        predicted = probability > threshold
        return ((predicted & true).sum() / (predicted | true).sum()).item()

    return max(THRESHOLDS, key=iou)


def _as_logits(mask: Tensor) -> Tensor:
    return (2 * mask.double() - 1)[:, None]


def _iou_of_each(logits: Tensor, target: Tensor) -> Tensor:
    """Return the IoU of each image."""
    intersection, union = overlap((logits[:, 0] > 0).long(), target, 2)
    return intersection[:, 1] / union[:, 1].clamp(min=1)


def _changed_iou(
    model: nn.Module, image: Tensor, target: Tensor, output_spec: Any
) -> dict[str, float]:
    """Return the IoU of photographs that are changed, each in one way."""
    small = interpolate(image, scale_factor=0.25, mode="bilinear", antialias=True)
    changed = {
        "upside_down": (image.flip(2), target.flip(1)),
        "sideways": (image.transpose(2, 3), target.transpose(1, 2)),
        "flipped": (image.flip(3), target.flip(2)),
        "grayscale": (image.mean(dim=1, keepdim=True).expand_as(image), target),
        "low_resolution": (interpolate(small, size=image.shape[-2:]), target),
        "two_pets": _side_by_side(image, target),
    }
    return {
        f"iou_{name}": SEGMENTATION.compute_metrics(
            predict_batches(model, other, batch_size=BATCH_SIZE), mask, output_spec
        )["iou"]
        for name, (other, mask) in changed.items()
    }


def _side_by_side(image: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return photographs half as wide, each with the next one beside it."""
    narrow = interpolate(
        image, scale_factor=(1.0, 0.5), mode="bilinear", antialias=True
    )
    masks = target[:, :, ::2]
    return (
        torch.cat([narrow, narrow.roll(1, dims=0)], dim=3),
        torch.cat([masks, masks.roll(1, dims=0)], dim=2),
    )


def pet_share_without_pets(model: nn.Module, *, smoke: bool) -> dict[str, float]:
    """Return how much of images without a cat or dog is classified as pet, by dataset;
    in a smoke run without the data, nothing."""
    shares = {}
    for name, (source, split) in WITHOUT_PETS.items():
        key = f"pet_share_{name}"
        try:
            rows = datasets.load_dataset(source, split)
        except (DataError, DatasetNotFound, MissingExtra):
            if not smoke:
                raise
            shares[key] = 0.0
            continue
        images = [row["image"] for row in rows.select(range(2 if smoke else 60))]
        results: Any = zoo.predict(model, images, batch_size=BATCH_SIZE)
        shares[key] = sum(one.shares["pet"] for one in results) / len(results)
    return shares


def further_breeds_ious(
    model: nn.Module, numbers: Sequence[int], *, smoke: bool
) -> list[float]:
    """Return the IoU of each class on pets of breeds that nothing was trained on, on
    masks as large as their photographs; in a smoke run without the data, zeros.

    `numbers` has the class of a pixel by its value in a trimap.
    """
    limit = 2 if smoke else None
    try:
        photos = [
            photo
            for split in ("train", "validation")
            for photo in photographs(split, limit, dataset=FURTHER_BREEDS)
        ]
    except (DataError, DatasetNotFound, MissingExtra):
        if not smoke:
            raise
        return [0.0] * (max(numbers) + 1)
    return full_size_ious(model, photos, numbers).tolist()


def _full_size_and_breeds(
    model: nn.Module, rows: int, iou: Tensor, noise: bool
) -> dict[str, float]:
    """Return the IoU of masks as large as their photographs, and the mean IoU of each
    breed; of noise, nothing."""
    if noise:
        return {f"iou_{name.lower()}": 0.0 for name in BREEDS} | {"full_size_iou": 0.0}
    photos = photographs("test", rows)
    figures = {"full_size_iou": full_size_ious(model, photos, BINARY)[1].item()}
    for name in BREEDS:
        of_breed = [photo.breed == name for photo in photos]
        figures[f"iou_{name.lower()}"] = iou[of_breed].mean().item()
    return figures


def _silhouettes(logits: Tensor, target: Tensor, iou: Tensor) -> bytes:
    order = iou.argsort(descending=True)
    middle = (len(order) - COLUMNS) // 2
    rows = [order[:COLUMNS], order[middle : middle + COLUMNS], order[-COLUMNS:]]
    images = [
        _silhouette(logits[row, 0] > 0, target[row].bool())
        for row in torch.cat(rows).tolist()
    ]
    return png(image_grid(images, columns=min(COLUMNS, len(iou))))


def _silhouette(mask: Tensor, true: Tensor) -> Image.Image:
    """Return where both masks are, and where only one of them is, in colors."""
    size = (mask.shape[1], mask.shape[0])
    image = Image.new("RGB", size, "black")
    parts = {"correct": mask & true, "missed": ~mask & true, "spurious": mask & ~true}
    for name, where in parts.items():
        stencil = Image.fromarray(where.numpy().astype(np.uint8) * 255)
        image.paste(COLORS[name], (0, 0, *size), stencil)
    return image
