"""Compare windows of features with windows of pixels, on collages of two photographs.

    python scripts/bench_windows.py [--count N] [--choose] [--pictures FOLDER]

Each collage shows photographs of two labels side by side, of the test split. Three
classifiers: a new head for cats and dogs, one for ants and bees, each trained on part
of the training split, and ImageNet's own 1,000 labels, two of which are ant and bee.
The thresholds were chosen on collages of the rest of the training split, which
`--choose` shows. It prints how often windows of both ways agree, how many collages give
the same labels both ways, how many give both labels, each in its half, and the ratio of
their times, which grows with the number of windows; and judges nothing.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

import click
import torch
from collages import INSECTS, PETS, SIDE, Collage, collages, photographs, two_way
from PIL import Image
from torch import nn

import zoo
from zoo.tasks.results.vision import Detection

MODEL = "efficientnet-lite0"
FITTED = 2 / 3  # of the training photographs; the rest choose the threshold
# Of windows that vote.
THRESHOLDS = {"cat, dog": 0.8, "ant, bee": 0.6, "1,000 labels": 0.05}
TRIED = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
# Every window's vote: none is unsure, and none gives way to another.
ALL = {"size": SIDE, "stride": 32, "threshold": 0.0, "overlap": 1.0}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the windows of one collage say, by place and by way, and the ratio."""

    whole: Collage
    features: dict[object, Detection]
    pixels: dict[object, Detection]
    ratio: float

    def both(self, way: str, threshold: float) -> bool:
        """Tell whether both labels are found by the windows that are sure."""
        votes: dict[object, Detection] = getattr(self, way)
        sure = [one for one in votes.values() if one.score >= threshold]
        return self.whole.shown_by(sure)

    def same(self, threshold: float) -> bool:
        """Tell whether the windows that are sure give the same labels both ways."""
        labels = [
            {one.label for one in votes.values() if one.score >= threshold}
            for votes in (self.features, self.pixels)
        ]
        return labels[0] == labels[1]

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
        found: Any = zoo.predict(model, whole.picture, windows={**ALL, "by": way})
        seconds[way] = time.perf_counter() - started
        said[way] = {one.box: one for one in found.objects}
    return Seen(whole=whole, **said, ratio=seconds["pixels"] / seconds["features"])


def told(name: str, seen: list[Seen], threshold: float) -> None:
    """Print a line: agreement, collages with both labels, and the ratio of times."""
    every = mean(same for one in seen for same in one.agreeing(0))
    sure = [same for one in seen for same in one.agreeing(threshold)]
    by = [
        mean(one.both(way, threshold) for one in seen) for way in ("features", "pixels")
    ]
    alike = mean(one.same(threshold) for one in seen)
    click.echo(
        f"{name:<13} threshold {threshold:<4}  same label {every:6.1%} of windows, "
        f"{mean(sure or [0]):6.1%} of {len(sure):>4} sure ones; the same labels for "
        f"{alike:6.1%} of collages; both labels "
        f"{by[0]:6.1%} by features, {by[1]:6.1%} by pixels; pixels take "
        f"{median(one.ratio for one in seen):.1f} times as long"
    )


@click.command()
@click.option("--count", default=60, help="Collages.", show_default=True)
@click.option("--choose", is_flag=True, help="Show thresholds, on training photos.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Draw them here.")
def main(count: int, choose: bool, pictures: Path | None) -> None:
    torch.set_num_threads(1)
    for pair in (PETS, INSECTS):
        training = photographs(pair, "train")
        fitted = round(FITTED * len(training))
        photos = training[fitted:] if choose else photographs(pair, "test")
        models = {", ".join(pair.names): two_way(MODEL, pair, training[:fitted])}
        if pair is INSECTS:
            models["1,000 labels"] = zoo.load(MODEL)
        for name, model in models.items():
            looked(model, next(collages(pair, photos, 1)))  # its layers are tried once
            seen = [looked(model, one) for one in collages(pair, photos, count)]
            for threshold in TRIED if choose else (THRESHOLDS[name],):
                told(name, seen, threshold)
            larger(model, seen[0].whole)
            if pictures:
                draw(model, seen[:4], THRESHOLDS[name], pictures / name)


def larger(model: nn.Module, whole: Collage) -> None:
    """Print the ratio for windows that move both ways, over a picture twice as high."""
    high = Image.new("RGB", (2 * SIDE, 2 * SIDE))
    for top in (0, SIDE):
        high.paste(whole.picture, (0, top))
    seen = [looked(model, Collage(picture=high, names=whole.names)) for _ in range(3)]
    ratio = median(one.ratio for one in seen)
    count = len(seen[0].features)
    click.echo(f"{'':<13} of {count} windows pixels take {ratio:.1f} times as long")


def draw(model: nn.Module, some: list[Seen], threshold: float, folder: Path) -> None:
    """Write what is found in some collages, as pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seen in enumerate(some):
        for way in ("features", "pixels"):
            over = {"by": way, "threshold": threshold}
            found: Any = zoo.predict(model, seen.whole.picture, windows=over)
            found.render().save(folder / f"{number}-{way}.png")


if __name__ == "__main__":
    main()
