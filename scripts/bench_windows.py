"""Compare windows of features with windows of pixels, on collages of two photographs.

    python scripts/bench_windows.py [--count N] [--choose] [--pictures FOLDER]

Each collage is an ant and a bee of the test split side by side. Two classifiers: a new
head for the two labels, trained on part of the training split, and ImageNet's own 1,000
labels. The thresholds were chosen on collages of the rest of the training split, which
`--choose` shows. It prints how often the two ways agree, how many collages give both
labels, and the ratio of their times, and judges nothing.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

import click
import torch
from collages import NAMES, SIDE, Collage, collages, photographs, two_way
from torch import nn

import zoo
from zoo.results import Detection

MODEL = "efficientnet-lite0"
FITTED = 164  # photographs for the head; collages of the rest choose the threshold
THRESHOLDS = {"two labels": 0.7, "1,000 labels": 0.1}  # of windows that vote
TRIED = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
# Every window's vote: none is unsure, and none gives way to another.
ALL = {"size": SIDE, "stride": 32, "threshold": 0.0, "overlap": 1.0}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the windows of one collage say, by place and by way, and the ratio."""

    features: dict[object, Detection]
    pixels: dict[object, Detection]
    ratio: float

    def agreeing(self, threshold: float) -> list[bool]:
        """Tell for each window that is sure both ways whether it says the same."""
        pairs = ((one, self.pixels[box]) for box, one in self.features.items())
        return [
            one.label == other.label
            for one, other in pairs
            if min(one.score, other.score) >= threshold
        ]


def looked(model: nn.Module, whole: Collage) -> Seen:
    """Run both ways over one collage."""
    said, seconds = {}, {}
    for way in ("features", "pixels"):
        started = time.perf_counter()
        found = zoo.predict(model, whole.picture, windows={**ALL, "by": way})
        seconds[way] = time.perf_counter() - started
        said[way] = {one.box: one for one in found.objects}
    return Seen(**said, ratio=seconds["pixels"] / seconds["features"])


def both(votes: Iterable[Detection], threshold: float) -> bool:
    """Return whether both labels would be found: suppression never takes the last."""
    return set(NAMES) <= {one.label for one in votes if one.score >= threshold}


def told(name: str, seen: list[Seen], threshold: float) -> None:
    """Print a line: agreement, collages with both labels, and the ratio of times."""
    every = mean(same for one in seen for same in one.agreeing(0))
    sure = [same for one in seen for same in one.agreeing(threshold)]
    by = [
        mean(both(found.values(), threshold) for found in ways)
        for ways in ([s.features for s in seen], [s.pixels for s in seen])
    ]
    click.echo(
        f"{name:<13} threshold {threshold:<4}  same label {every:6.1%} of windows, "
        f"{mean(sure or [0]):6.1%} of {len(sure):>4} sure ones; both labels "
        f"{by[0]:6.1%} by features, {by[1]:6.1%} by pixels; pixels take "
        f"{median(one.ratio for one in seen):.1f} times as long"
    )


@click.command()
@click.option("--count", default=60, help="Collages.", show_default=True)
@click.option("--choose", is_flag=True, help="Show thresholds, on training photos.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Draw them here.")
def main(count: int, choose: bool, pictures: Path | None) -> None:
    torch.set_num_threads(1)
    training = photographs("train")
    models = {
        "two labels": two_way(MODEL, training[:FITTED]),
        "1,000 labels": zoo.load(MODEL),
    }
    photos = training[FITTED:] if choose else photographs("test")
    for name, model in models.items():
        looked(model, next(collages(photos, 1)))  # the first time, the layers are tried
        seen = [looked(model, whole) for whole in collages(photos, count)]
        for threshold in TRIED if choose else (THRESHOLDS[name],):
            told(name, seen, threshold)
    if pictures:
        draw(models["two labels"], collages(photos, 8), pictures)


def draw(model: nn.Module, some: Iterable[Collage], folder: Path) -> None:
    """Write what is found in some collages, as pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, whole in enumerate(some):
        for way in ("features", "pixels"):
            over = {**ALL, "threshold": 0.7, "overlap": 0.2, "by": way}
            found = zoo.predict(model, whole.picture, windows=over)
            found.drawn().save(folder / f"{number}-{way}.png")


if __name__ == "__main__":
    main()
