"""Compare `zoo finetune` with the loop of PyTorch's transfer-learning tutorial.

    python scripts/bench_finetune.py [--all-layers 25] [--last-layer 25] [--keep]

Ants and bees, 244 photographs to learn from and 153 to measure on, as JPEG files, and
the same weights of efficientnet-lite0. Each way is a process of its own, one after the
other, timed from its start to its end with everything in it. The tutorial's loop is
written here against timm's model: batches of 4, SGD at 1e-3 with momentum 0.9, a tenth
of the rate every 7 epochs, random crops and flips, the measured photographs after every
epoch, and the best epoch kept; once with all layers learning, once with the last one
alone, for 25 epochs each if not told otherwise. The best epoch is chosen by the very
photographs that are measured, so the last one is told too. With --keep the figures go
into the model's receipt. Needs ZOO_DATA.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from finetune_tables import NAME, keep

import zoo
from zoo.artifacts import weight_store

MEAN = STD = (0.5, 0.5, 0.5)  # what these weights were trained with
WAYS = ("zoo finetune", "tutorial, all layers", "tutorial, last layer")
PARTS = ("train", "test")
WORKERS = 2  # the tutorial has four, of which PyTorch warns on two cores


@click.group(help=__doc__, invoke_without_command=True)
@click.option("--all-layers", default=25, show_default=True, help="Epochs.")
@click.option("--last-layer", default=25, show_default=True, help="Epochs.")
@click.option("--keep", "kept", is_flag=True, help="Write the figures into the card.")
@click.pass_context
def main(context: click.Context, all_layers: int, last_layer: int, kept: bool) -> None:
    if context.invoked_subcommand is not None:
        return
    found = ways(all_layers, last_layer)
    show(found)
    if kept:
        plain = {way.replace(", ", " "): one for way, one in found.items()}
        click.echo(f"kept in {keep('speed', plain)}")


def ways(all_layers: int, last_layer: int) -> dict[str, dict[str, Any]]:
    """Return accuracy, seconds, times of the zoo's; ways of 0 epochs are left out."""
    with tempfile.TemporaryDirectory() as folder:
        photographs(Path(folder))
        found = dict(_measured(Path(folder), all_layers, last_layer))
    for one in found.values():
        one["ratio"] = one["seconds"] / found[WAYS[0]]["seconds"]
    return found


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print a line for each way."""
    click.echo(f"{'way':22} accuracy  last epoch   seconds   this / zoo  epochs")
    for way, one in found.items():
        click.echo(
            f"{way:22} {one['accuracy']:8.4f} {one['last']:11.4f} {one['seconds']:9.1f}"
            f" {one['ratio']:12.1f} {one['epochs']:7}"
        )


def photographs(folder: Path) -> None:
    """Write the photographs as files, in a folder for each part and class."""
    from datasets import Image

    for part in PARTS:
        rows = zoo.load_dataset("hymenoptera", part).cast_column(
            "image", Image(decode=False)
        )
        names = rows.features["label"].names
        for number, row in enumerate(rows):
            place = folder / "photos" / part / names[row["label"]]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number}.jpg").write_bytes(row["image"]["bytes"])


def _measured(
    folder: Path, every: int, last: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run every way once, in a process of its own."""
    photos, out = folder / "photos", folder / "out"
    ours: list[Any] = [
        sys.executable,
        "-m",
        "zoo",
        "finetune",
        NAME,
        photos,
        "-o",
        out,
        "--json",
    ]
    theirs = [sys.executable, __file__, "tutorial", photos, "--epochs"]
    fresh = os.environ | {"ZOO_CACHE": str(folder / "cache")}  # no features of before
    commands = {WAYS[0]: ours}
    if every:
        commands[WAYS[1]] = [*theirs, every]
    if last:
        commands[WAYS[2]] = [*theirs, last, "--frozen"]
    for way, command in commands.items():
        started = time.perf_counter()
        done = subprocess.run(
            list(map(str, command)), check=True, stdout=subprocess.PIPE, env=fresh
        )
        seconds = time.perf_counter() - started
        told = json.loads(done.stdout)
        if "metrics" in told:
            accuracy = told["metrics"][0]["value"]
            told = {"accuracy": accuracy, "last": accuracy, "epochs": 0}
        yield way, {**told, "seconds": round(seconds, 1)}


@main.command("tutorial", hidden=True)
@click.argument("photos", type=click.Path(path_type=Path))
@click.option("--epochs", type=int, required=True)
@click.option("--frozen", is_flag=True)
def tutorial(photos: Path, epochs: int, frozen: bool) -> None:
    """Run the tutorial's loop; print its best and its last epoch."""
    import torch
    from torch import nn, optim

    torch.manual_seed(0)
    parts = {part: _loader(photos, part) for part in PARTS}
    model = _pretrained()
    if frozen:
        model.requires_grad_(False)
    model.classifier = nn.Linear(model.num_features, 2)
    learning = model.classifier if frozen else model
    optimizer = optim.SGD(learning.parameters(), lr=1e-3, momentum=0.9)
    schedule = optim.lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)
    best, weights, right = -1.0, None, 0.0
    for epoch in range(1, epochs + 1):
        _fitted(model, parts["train"], optimizer)
        schedule.step()
        right = _share(model, parts["test"])
        print(f"epoch {epoch}/{epochs} accuracy {right:.4f}", file=sys.stderr)
        if right > best:
            best, weights = right, {k: v.clone() for k, v in model.state_dict().items()}
    if weights is not None:
        model.load_state_dict(weights)
    print(json.dumps({"accuracy": best, "last": right, "epochs": epochs}))


def _loader(photos: Path, part: str) -> Any:
    """Return what the tutorial calls a dataloader, for one part."""
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    learning = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
    measuring = [transforms.Resize(256), transforms.CenterCrop(224)]
    steps = [
        *(learning if part == "train" else measuring),
        *(transforms.ToTensor(), transforms.Normalize(MEAN, STD)),
    ]
    rows = datasets.ImageFolder(str(photos / part), transforms.Compose(steps))
    return DataLoader(rows, batch_size=4, shuffle=True, num_workers=WORKERS)


def _pretrained() -> Any:
    """Return timm's model with the weights that the zoo ships."""
    import timm
    from safetensors.torch import load_file

    model = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    shipped = load_file(
        weight_store.shipped_checkpoint(zoo.get_spec(NAME)) / "model.safetensors"
    )
    model.load_state_dict(
        {k: v.float() if v.is_floating_point() else v for k, v in shipped.items()}
    )
    return model


def _fitted(model: Any, rows: Any, optimizer: Any) -> None:
    from torch.nn.functional import cross_entropy

    model.train()
    for image, label in rows:
        optimizer.zero_grad()
        cross_entropy(model(image), label).backward()
        optimizer.step()


def _share(model: Any, rows: Any) -> float:
    import torch

    model.eval()
    with torch.no_grad():
        right = [(model(image).argmax(dim=1) == label).sum() for image, label in rows]
    return float(sum(right)) / len(rows.dataset)


if __name__ == "__main__":
    main()
