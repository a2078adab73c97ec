"""Pictures that no recipe of the core draws."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from zoo.evaluation import plots


def test_lines_are_a_picture_and_the_same_each_time() -> None:
    """
    Seven series need a second round through the colours; a PNG holds no date.
    """
    series = {f"series {n}": [0.1 * n + 0.1, 0.5, 1.0] for n in range(7)}
    first, again = (
        plots.lines(series, "epoch", "accuracy", log=True) for _ in range(2)
    )

    assert Image.open(io.BytesIO(first)).format == "PNG"
    assert first == again


@pytest.mark.parametrize("labels", ["0123456789", [f"number {n}" for n in range(10)]])
def test_labels_below_a_confusion_do_not_cover_each_other(labels: list[str]) -> None:
    """
    Ten digits, or ten long words, are ten pieces of ink side by side.
    """
    drawn = plots.confusion_matrix(torch.arange(10), torch.arange(10), labels)

    dark = torch.tensor(np.asarray(Image.open(io.BytesIO(drawn)).convert("L"))) < 128
    frame = int((dark.sum(dim=1) > 200).nonzero().max())  # the line below the counts
    ink = dark[frame + 6 : frame + 18].any(dim=0).int()  # below the ticks
    assert (ink.diff() == 1).sum() == 10
