"""What the card of a segmentation tells: simple methods beside it, figures, pictures.

Simple methods are fitted on the training rows, their thresholds too. Of the test set
only silhouettes are drawn: its photographs belong to whoever took them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from zoo import Run
from zoo.datasets import registered as datasets
from zoo.datasets.in_memory import TensorRows, to_model_input
from zoo.errors import DataError, DatasetNotFound, MissingExtra
from zoo.evaluation.evaluate_tensors import predict_batches
from zoo.inference import predict as prediction
from zoo.tasks.image_segmentation import TASK, overlap
from zoo.tasks.results.rendering import image_grid, png
from zoo_segmentation.pets import BACKGROUND, EXAMPLES, photographs

__all__ = ["compared", "describe", "linear", "mean_mask", "threshold"]

BATCH = 50
DRAWN = 40_000  # pixels of the training rows that the linear classifier is fitted on
THRESHOLDS = [number / 40 for number in range(2, 39)]
THIRD = 3  # every third test photograph is also changed
SEEN = 6  # silhouettes in a row of the picture
COLOURS = {"both": "white", "missed": "#cc6677", "too much": "#4477aa"}
BREEDS = ("Abyssinian", "Bengal", "american_bulldog")
STRANGE = {"insects": ("hymenoptera", "test"), "streets": ("camvid", "test")}


def describe(
    model: nn.Module, run: Run, training: TensorRows, test: TensorRows
) -> None:
    """Add baselines, notes and pictures to a run."""
    meaning: Any = run.spec.output
    given = to_model_input(test.input, run.spec.input)
    logits = predict_batches(model, given, batch=BATCH)
    for name, said in compared(training, test).items():
        run.log_baseline(name, **TASK.measure(_logits(said), test.target, meaning))
    each = _each(logits, test.target)
    run.log_summary(
        worst_iou=each.min().item(),
        median_iou=each.median().item(),
        good_share=(each > 0.8).double().mean().item(),
        **_changed(model, given[::THIRD], test.target[::THIRD], meaning),
    )
    run.log_figure("silhouettes", _silhouettes(logits, test.target, each), SILHOUETTES)
    run.log_figure(
        "examples", _examples(model), "The masks of the two CC0 photographs."
    )
    run.log_summary(**_strange(model, smoke=run.smoke))
    run.log_summary(**_whole(model, len(test), each, test.fingerprint == "stand-in"))


SILHOUETTES = (
    "Test masks: the best found in the first row, the middling in the second, the "
    "worst in the third. White is right, red was missed, blue is too much."
)


def compared(training: TensorRows, test: TensorRows) -> dict[str, Tensor]:
    """Return what simple methods say of the test rows, masks (rows, height, width)."""
    whole = torch.ones_like(test.target).bool()
    mean = mean_mask(training)
    colour = linear(training)
    return {
        "all pet": whole,
        "all background": ~whole,
        "mean mask": mean.expand_as(whole),
        "linear classifier of colour": colour(test.input),
    }


def mean_mask(training: TensorRows) -> Tensor:
    """Return one mask for every picture: where pets often are, (height, width)."""
    often = training.target.double().mean(dim=0)
    return often > threshold(often.expand(training.target.shape), training.target)


def linear(training: TensorRows) -> Any:
    """Return what finds pets by a linear classifier of each pixel's colour, and of
    where in the picture it is."""
    random = torch.Generator().manual_seed(0)
    often = training.target.double().mean(dim=0)
    told = _told(training.input, often)
    picked = torch.randint(len(told), (DRAWN,), generator=random)
    given, target = told[picked], training.target.flatten()[picked].double()
    weight = torch.zeros(given.shape[1]).double().requires_grad_()
    search = torch.optim.LBFGS([weight], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> float:
        search.zero_grad()
        cost = binary_cross_entropy_with_logits(given @ weight, target)
        cost.backward()
        return cost.item()

    search.step(closure)
    fitted = weight.detach()

    def surety(input: Tensor) -> Tensor:
        return (_told(input, often) @ fitted).view(-1, *often.shape).sigmoid()

    border = threshold(surety(training.input), training.target)
    return lambda input: surety(input) > border


def _told(input: Tensor, often: Tensor) -> Tensor:
    """Return what a pixel tells, (pixels, 8): its colour, the squares of that, how
    often a pet is there, and one."""
    colour = input.permute(0, 2, 3, 1).reshape(-1, 3).double() / 255
    place = often.flatten().repeat(len(input))[:, None]
    return torch.cat([colour, colour**2, place, torch.ones_like(place)], dim=1)


def threshold(surety: Tensor, target: Tensor) -> float:
    """Return the threshold at which surety overlaps best with masks."""
    true = target.bool()

    def overlapping(border: float) -> float:
        said = surety > border
        return ((said & true).sum() / (said | true).sum()).item()

    return max(THRESHOLDS, key=overlapping)


def _logits(said: Tensor) -> Tensor:
    return (2 * said.double() - 1)[:, None]


def _each(logits: Tensor, target: Tensor) -> Tensor:
    """Return the IoU of each picture."""
    shared, either = overlap((logits[:, 0] > 0).long(), target, 2)
    return shared[:, 1] / either[:, 1].clamp(min=1)


def _changed(
    model: nn.Module, given: Tensor, target: Tensor, meaning: Any
) -> dict[str, float]:
    """Return the IoU of photographs as a model may meet them elsewhere."""
    small = interpolate(given, scale_factor=0.25, mode="bilinear", antialias=True)
    changes = {
        "upside_down": (given.flip(2), target.flip(1)),
        "sideways": (given.transpose(2, 3), target.transpose(1, 2)),
        "mirrored": (given.flip(3), target.flip(2)),
        "grey": (given.mean(dim=1, keepdim=True).expand_as(given), target),
        "coarse": (interpolate(small, size=given.shape[-2:]), target),
        "two_pets": _paired(given, target),
    }
    return {
        name: TASK.measure(predict_batches(model, seen, batch=BATCH), true, meaning)[
            "iou"
        ]
        for name, (seen, true) in changes.items()
    }


def _paired(given: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return photographs half as wide, each with the next one beside it."""
    narrow = interpolate(
        given, scale_factor=(1.0, 0.5), mode="bilinear", antialias=True
    )
    masks = target[:, :, ::2]
    return (
        torch.cat([narrow, narrow.roll(1, dims=0)], dim=3),
        torch.cat([masks, masks.roll(1, dims=0)], dim=2),
    )


def _strange(model: nn.Module, *, smoke: bool) -> dict[str, float]:
    """Return how much of pictures without a cat or dog is called pet, by data set; in a
    smoke run without the data, nothing."""
    found = {}
    for name, (source, split) in STRANGE.items():
        try:
            rows = datasets.load_dataset(source, split)
        except (DataError, DatasetNotFound, MissingExtra):
            if not smoke:
                raise
            found[name] = 0.0
            continue
        pictures = [row["image"] for row in rows.select(range(2 if smoke else 60))]
        said = prediction.predict(model, pictures, batch=BATCH)
        found[name] = sum(one.shares["pet"] for one in said) / len(said)
    return found


def _whole(model: nn.Module, rows: int, each: Tensor, noise: bool) -> dict[str, float]:
    """Return the IoU where each mask is as large as its photograph, and the mean IoU of
    each breed; of noise, nothing."""
    if noise:
        return {f"breed_{name.lower()}": 0.0 for name in BREEDS} | {
            "full_size_iou": 0.0
        }
    held = photographs("test", rows)
    said = prediction.predict(model, [photo.picture for photo in held], batch=BATCH)
    shared = either = 0
    for one, photo in zip(said, held, strict=True):
        mask, true = np.asarray(one.mask) == 1, np.asarray(photo.trimap) != BACKGROUND
        shared += int((mask & true).sum())
        either += int((mask | true).sum())
    found = {"full_size_iou": shared / either}
    for name in BREEDS:
        theirs = [one.breed == name for one in held]
        found[f"breed_{name.lower()}"] = each[theirs].mean().item()
    return found


def _silhouettes(logits: Tensor, target: Tensor, each: Tensor) -> bytes:
    order = each.argsort(descending=True)
    middle = (len(order) - SEEN) // 2
    rows = [order[:SEEN], order[middle : middle + SEEN], order[-SEEN:]]
    drawn = [
        _silhouette(logits[row, 0] > 0, target[row].bool())
        for row in torch.cat(rows).tolist()
    ]
    return png(image_grid(drawn, columns=min(SEEN, len(each))))


def _silhouette(said: Tensor, true: Tensor) -> Image.Image:
    """Return where both masks are, and where only one of them is, in colours."""
    size = (said.shape[1], said.shape[0])
    drawn = Image.new("RGB", size, "black")
    parts = {"both": said & true, "missed": ~said & true, "too much": said & ~true}
    for name, where in parts.items():
        stencil = Image.fromarray(where.numpy().astype(np.uint8) * 255)
        drawn.paste(COLOURS[name], (0, 0, *size), stencil)
    return drawn


def _examples(model: nn.Module) -> bytes:
    """Return the photographs that ship with the models, with what is found in them."""
    folder = Path(__file__).with_name("examples")
    found = [prediction.predict(model, folder / name) for name in EXAMPLES]
    drawn = [one.render().resize((300, 200)) for one in found]
    plain = [one.picture.convert("RGB").resize((300, 200)) for one in found]
    return png(image_grid([plain[0], drawn[0], plain[1], drawn[1]], columns=2))
