"""Ants or bees: whether an ImageNet model's weights, labels and pictures fit together.

Nothing is trained. The photographs of the transfer-learning set are shown to a model of
ImageNet's 1,000 labels, two of which are ant and bee. The set was taken from ImageNet,
so the model may have been trained on these very pictures: the figures show that it was
converted and is fed rightly, not how it does on pictures it has never seen.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from zoo import Run
from zoo.errors import DataError
from zoo.recipes import TensorRows, get_task, model_metadata, predict_batches
from zoo.recipes import data as datasets

__all__ = ["data", "evaluate", "report"]

SET = "hymenoptera"
NAMES = {"ants": "ant", "bees": "bee"}  # the labels of the set, and of ImageNet
BATCH = 16
COARSE = 8  # pixels that become one


def data(run: Run, split: str) -> TensorRows:
    """Return photographs as the model takes them, and the numbers of their labels."""
    rows, doing = datasets.load_dataset(SET, split), get_task(run.spec.task)
    opened = [doing.load_item(picture, run.spec.input) for picture in rows["image"]]
    sizes, labels = [picture.size for picture in opened], rows["label"]
    content = {
        "image": (f"RGB{sizes}", b"".join(picture.tobytes() for picture in opened)),
        "label": (f"int{len(labels)}", bytes(labels)),
    }
    seal = datasets.fingerprint(content)
    run.data[f"{SET}/{split}"] = {"rows": len(labels), "fingerprint": seal}
    return TensorRows(
        input=doing.collate(opened, run.spec.input),
        target=torch.tensor(labels),
        source=f"{SET}/{split}",
        fingerprint=seal,
    )


def evaluate(model: nn.Module, rows: TensorRows) -> dict[str, float]:
    """Return how often the better of ant and bee is right, and the best of all labels.

    `top5_accuracy` counts a picture whose label is among the five best of all.
    """
    logits, places = (
        predict_batches(model, rows.input, batch_size=BATCH),
        _places(model),
    )
    true = places[rows.target]
    return {
        "two_way_accuracy": _share(logits[:, places].argmax(dim=1) == rows.target),
        "accuracy": _share(logits.argmax(dim=1) == true),
        "top5_accuracy": _share((logits.topk(5).indices == true[:, None]).any(dim=1)),
    }


def report(model: nn.Module, run: Run) -> None:
    """Measure what the card speaks of; the photographs may not be shown there."""
    rows = data(run, "test")
    commonest = rows.target.bincount().max().item() / len(rows)
    run.log_baseline("commonest class", two_way_accuracy=commonest, accuracy=commonest)
    places = _places(model)
    whole = predict_batches(model, rows.input, batch_size=BATCH).softmax(dim=1)
    run.log_summary(
        surety=whole.max(dim=1).values.mean().item(),
        share_of_two=whole[:, places].sum(dim=1).mean().item(),
    )
    for name, changed in _changed(rows.input).items():
        again = predict_batches(model, changed, batch_size=BATCH)[:, places].argmax(
            dim=1
        )
        run.log_summary(**{name: _share(again == rows.target)})


def _changed(image: Tensor) -> dict[str, Tensor]:
    """Return the photographs as a model may meet them elsewhere."""
    coarse = interpolate(avg_pool2d(image, COARSE), scale_factor=COARSE)
    return {
        "upside_down": image.flip(2),
        "grey": image.mean(dim=1, keepdim=True).expand_as(image),
        "coarse": coarse,
        "bgr": image.flip(1),
    }


def _places(model: nn.Module) -> Tensor:
    """Return where the set's labels are among the model's."""
    labels = model_metadata(model).labels
    missing = [name for name in NAMES.values() if name not in labels]
    if missing:
        raise DataError(
            f"{model_metadata(model).spec.name!r} has no label {missing[0]!r}, so "
            f"{SET} does "
            "not measure it. Measure a new head on data with its own labels."
        )
    return torch.tensor([labels.index(name) for name in NAMES.values()])


def _share(right: Tensor) -> float:
    return right.double().mean().item()
