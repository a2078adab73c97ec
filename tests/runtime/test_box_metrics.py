"""Mean average precision: as pycocotools counts it, and small cases by hand."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torchmetrics.detection import MeanAveragePrecision

from zoo.runtime.box_metrics import average_precision, metrics, precisions
from zoo.runtime.object_detection import Found
from zoo.specs import BoxOutput

LABELS = BoxOutput(labels=("cat", "dog", "bird"), overlap=1.0)
CAT, DOG = (0.1, 0.1, 0.4, 0.5), (0.5, 0.5, 0.9, 0.9)


def found(*objects: tuple[int, float, tuple[float, ...]]) -> Found:
    return Found(
        torch.tensor([box for _, _, box in objects]).reshape(-1, 4),
        torch.tensor([label for label, _, _ in objects]).long(),
        torch.tensor([score for _, score, _ in objects]),
    )


def answers(*objects: tuple[int, tuple[float, ...]]) -> Tensor:
    rows = [[label, *box] for label, box in objects]
    return torch.tensor([*rows, [-1.0, 0, 0, 0, 0]])


def random_rows(seed: int, pictures: int = 12) -> tuple[list[Found], Tensor]:
    """Return true boxes, and found ones that are near them, with more and less."""
    random = torch.Generator().manual_seed(seed)
    target = torch.full((pictures, 9, 5), -1.0)
    rows = []
    for row in range(pictures):
        count = int(torch.randint(0, 9, (), generator=random))
        low = 0.7 * torch.rand(count, 2, generator=random)
        size = 0.05 + 0.25 * torch.rand(count, 2, generator=random)
        label = torch.randint(3, (count, 1), generator=random).float()
        target[row, :count] = torch.cat([label, low, low + size], dim=1)
        twice = target[row, :count].repeat(2, 1)
        moved = twice[:, 1:] + 0.02 * torch.randn(len(twice), 4, generator=random)
        wrong = torch.rand(len(twice), generator=random) < 0.2
        labels = torch.where(wrong, 0.0, twice[:, 0]).long()
        kept = torch.rand(len(twice), generator=random) < 0.7
        # Equal scores occur, and are in the order of the pictures.
        scores = torch.rand(len(twice), generator=random).mul(20).round() / 20
        order = scores[kept].argsort(descending=True, stable=True)
        rows.append(Found(moved[kept][order], labels[kept][order], scores[kept][order]))
    return rows, target


@pytest.mark.parametrize("seed", range(3))
def test_it_is_pycocotools(seed: int) -> None:
    """
    Of three labels in twelve pictures, some of which have nothing, to a billionth.
    """
    rows, target = random_rows(seed)
    theirs = MeanAveragePrecision(class_metrics=True)
    theirs.update(
        [
            {"boxes": 500 * one.boxes, "labels": one.labels, "scores": one.scores}
            for one in rows
        ],
        [
            {
                "boxes": 500 * one[one[:, 0] >= 0][:, 1:],
                "labels": one[one[:, 0] >= 0][:, 0].long(),
            }
            for one in target
        ],
    )
    expected: Any = theirs.compute()
    ours = precisions(rows, target, 3)

    assert 0.1 < ours.mean() < 0.9
    assert ours.mean().item() == pytest.approx(expected["map"].item(), abs=1e-6)
    assert ours[:, 0].mean().item() == pytest.approx(
        expected["map_50"].item(), abs=1e-6
    )
    assert torch.allclose(
        ours.mean(dim=1).float(), expected["map_per_class"], atol=1e-6
    )


def test_all_found_is_one_and_half_is_half() -> None:
    """
    A label that is nowhere counts nowhere, and one in a wrong place is not found.
    """
    target = answers((0, CAT), (1, DOG))[None]
    both = precisions([found((0, 0.9, CAT), (1, 0.8, DOG))], target, 3)
    one = precisions([found((0, 0.9, CAT), (1, 0.8, CAT))], target, 3)

    assert both[:2].tolist() == [[1.0] * 10] * 2
    assert both[2].isnan().all()
    assert one[:2, 0].tolist() == [1.0, 0.0]


def test_a_true_object_is_found_once() -> None:
    """
    The second box around it is wrong: behind the right ones it costs nothing, and
    before another right one it does.
    """
    target = answers((0, CAT), (0, DOG))[None]
    behind = found((0, 0.9, CAT), (0, 0.8, DOG), (0, 0.7, CAT))
    before = found((0, 0.9, CAT), (0, 0.8, CAT), (0, 0.7, DOG))

    assert precisions([behind], target, 1)[0, 0] == 1
    # Precision is 1 up to the recall .5, of which there are 51 steps, and then 2/3.
    assert precisions([before], target, 1)[0, 0].item() == pytest.approx(
        (51 + 50 * 2 / 3) / 101
    )


def test_what_is_found_where_nothing_is_costs_precision() -> None:
    target = torch.stack([answers((0, CAT)), torch.full((2, 5), -1.0)])
    rows = [found((0, 0.5, CAT)), found((0, 0.6, DOG))]

    assert precisions(rows, target, 1)[0, 0] == 0.5


def test_nothing_found_is_nothing() -> None:
    assert average_precision(torch.zeros(0, dtype=torch.bool), 3) == 0


def test_metrics_are_of_the_output() -> None:
    """
    A box of each thing with a high score, and one that is sure of nothing.
    """
    output = torch.full((1, 3, 8), -9.0)
    output[0, :, :4] = torch.tensor([CAT, DOG, CAT])
    output[0, 0, [4, 5]] = output[0, 1, [4, 6]] = 9.0
    target = answers((0, CAT), (1, DOG))[None]
    empty = torch.full_like(target, -1.0)

    assert metrics(output, target, LABELS) == {"map_50": 1.0, "map": 1.0}
    assert metrics(output, empty, LABELS) == {"map_50": 0.0, "map": 0.0}
