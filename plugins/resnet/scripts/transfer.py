"""Fine-tune resnet20-cifar10 on small sets; write what it reaches into its receipt.

    python plugins/resnet/scripts/transfer.py

The card reads the figures from there; `scripts/cards.py` then writes the card. The head
alone learns, as by default. The test rows of each set are measured once and choose
nothing. Needs ZOO_DATA.
"""

import numpy as np
import torch
from datasets import Dataset
from zoo_resnet.telling import linear

import zoo
from zoo import ImageInput, baselines, checkpoints, store
from zoo.finetuning import teach
from zoo.images import fitted, open_image
from zoo.tensors import Tensors

NAME = "resnet20-cifar10"
ROWS = 400  # to learn from, at most, and as many to measure on
SETS = ("hymenoptera", "horse2zebra")


def main() -> None:
    """Measure every set, and write the table down."""
    torch.set_num_threads(1)
    folder = store.shipped(zoo.spec(NAME))
    receipt = checkpoints.read_receipt(folder)
    receipt["measured"]["transfer"] = {name: told(name) for name in SETS}
    checkpoints.write_receipt(folder, receipt)


def told(name: str) -> dict[str, float]:
    """Return the size of a set, the accuracy of the commonest class, of a softmax
    regression on pixels, and of the model with its head fine-tuned.
    """
    training, test = rows(name, "train"), rows(name, "test")
    lesson = teach(NAME, training, test=test)
    known, asked = pixels(training), pixels(test)
    found = {
        "training": len(training),
        "test": len(test),
        "commonest": baselines.majority(known, asked),
        "pixels": linear(known, asked),
        "head": lesson.metrics["accuracy"],
    }
    print(name, found, flush=True)
    return found


def rows(name: str, split: str) -> Dataset:
    """Return some rows of a dataset, drawn with a seed."""
    table = zoo.data(name, split).shuffle(seed=0)
    return table.select(range(min(ROWS, len(table))))


def pixels(table: Dataset) -> Tensors:
    """Return pictures in the size of the model, not yet normalised."""
    expected = zoo.spec(NAME).input
    assert isinstance(expected, ImageInput)
    held = [fitted(open_image(one, expected), expected) for one in table["image"]]
    image = torch.from_numpy(np.stack([np.array(one) for one in held]))
    target = torch.tensor(table["label"])
    return Tensors(
        input=image.permute(0, 3, 1, 2), target=target, source="", fingerprint=""
    )


if __name__ == "__main__":
    main()
