"""Fine-tune efficientnet-lite0 on small sets, beside other ways on the same rows.

    python scripts/finetune_tables.py [--only SET] [--state FILE]

Every set gives its training rows to five ways: the commonest class, a linear classifier
on pixels, the same network from scratch, its head alone on frozen features, and all of
it. The test rows are measured once for each, and choose nothing. Needs ZOO_DATA. The
figures go into the model's receipt, where its card reads them; `scripts/cards.py` then
writes the card. With --state, cells that were measured before are not measured again.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch
from datasets import Dataset
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate

import zoo
from zoo._utils.allocator import keep_freed_memory
from zoo.artifacts import checkpoint_folder, weight_store
from zoo.datasets.custom import reader
from zoo.datasets.custom.examples import DatasetSplits, LabeledExamples
from zoo.datasets.custom.wanted import ReadOptions
from zoo.evaluation.evaluate import compute_metrics
from zoo.finetuning import linear_solver
from zoo.finetuning.finetune import finetune_by_name
from zoo.inference import features

NAME = "efficientnet-lite0"
EPOCHS = 3  # of all of it
SCRATCH = {"epochs": 30, "side": 64}  # smaller pictures: more epochs in the same time
BATCH = 32
SIDE = 16  # pixels that the linear classifier sees, across and down
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Set:
    """A dataset's target, and how many rows of each class; None for all."""

    data: str
    target: str = "label"
    training: int | None = None
    test: int | None = None


SETS = {
    "cifar10": Set(data="cifar10", training=100, test=200),
    "fashion_mnist": Set(data="fashion_mnist", training=100, test=200),
    "hymenoptera": Set(data="hymenoptera"),
    "breeds": Set(data="oxford_iiit_pet"),
    "species": Set(data="oxford_iiit_pet", target="species"),
}


def rows(part: Set, split: str) -> Dataset:
    """Return a split's pictures and targets: of each class the first so many, drawn."""
    count = part.training if split == "train" else part.test
    table = zoo.load_dataset(part.data, split).select_columns(["image", part.target])
    if count is None:
        return table
    target = torch.tensor(table[part.target])
    order = torch.randperm(len(target), generator=torch.Generator().manual_seed(SEED))
    picked = [order[target[order] == n][:count] for n in target.unique()]
    return table.select(sorted(torch.cat(picked).tolist()))


def gathered(part: Set) -> DatasetSplits:
    """Return both splits as the fine-tuning finds them."""
    both = {split: rows(part, split) for split in ("train", "test")}
    expected = zoo.get_spec(NAME).input
    training = reader.read_data(both["train"], expected, target=part.target)
    test = reader.read_data(
        both["test"], expected, target=part.target, labels=training.labels
    )
    return DatasetSplits(
        source=part.data,
        labels=training.labels,
        training=training.training,
        test=test.training,
    )


def taught(part: Set, **settings: object) -> dict[str, float]:
    lesson = finetune_by_name(
        NAME,
        rows(part, "train"),
        test=rows(part, "test"),
        options=ReadOptions(target=part.target),
        settings={"seed": SEED, **settings},
    )
    return lesson.metrics


def head_alone(part: Set) -> dict[str, float]:
    return taught(part)


def all_of_it(part: Set) -> dict[str, float]:
    return taught(part, freeze="none", epochs=EPOCHS, batch_size=BATCH)


def commonest(part: Set) -> dict[str, float]:
    found = gathered(part)
    targets = found.training.targets
    assert found.test is not None
    answer = max(targets, key=targets.count)
    return {"accuracy": found.test.targets.count(answer) / len(found.test)}


def pixels(part: Set) -> dict[str, float]:
    """Return what the best linear classifier reaches, its pull cross-validated."""
    found = gathered(part)
    assert found.test is not None
    given, target = _small(found.training), torch.tensor(found.training.targets).long()
    classes = len(found.labels)
    zeros = torch.zeros(classes, given.shape[1]), torch.zeros(classes)

    def right(output: Tensor, target: Tensor) -> float:
        return (output.argmax(dim=1) == target).double().mean().item()

    tried = linear_solver.choose(
        lambda _: {"zeros": zeros},
        *(given, target, cross_entropy, right),
        seed=SEED,
        stratified=True,
    )
    weight, bias = linear_solver.solve(
        zeros, given, target, cross_entropy, l2=tried[0].l2
    )
    true = torch.tensor(found.test.targets).long()
    return {"accuracy": right(_small(found.test) @ weight.T + bias, true)}


def _small(part: LabeledExamples) -> Tensor:
    """Return pictures as rows of numbers from -1 to 1."""
    small = [
        item.convert("RGB").resize((SIDE, SIDE)).tobytes() for item in list(part.items)
    ]
    values = torch.frombuffer(bytearray(b"".join(small)), dtype=torch.uint8)
    return values.view(len(small), -1).float() / 127.5 - 1


def from_scratch(part: Set) -> dict[str, float]:
    """Return what the same network reaches on these rows alone, flipped at random."""
    found = gathered(part)
    assert found.test is not None
    torch.manual_seed(SEED)
    model = zoo.build(NAME, labels=list(found.labels))
    given = _smaller(model, found.training)
    target = torch.tensor(found.training.targets).long()
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    steps = -(-len(target) // BATCH) * SCRATCH["epochs"]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=2e-3, total_steps=steps
    )
    model.train()
    for _ in range(SCRATCH["epochs"]):
        for picked in torch.randperm(len(target)).split(BATCH):
            if len(picked) == 1:
                continue  # batch normalisation needs two
            some = given[picked]
            some = some.flip(3) if torch.rand(()) < 0.5 else some
            loss = cross_entropy(model(some), target[picked])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    _settle(model, given)
    model.eval()
    with torch.inference_mode():
        parts = _smaller(model, found.test).split(BATCH)
        output = torch.cat([model(some) for some in parts])
    return compute_metrics(model, output, found.test)


def _smaller(model: nn.Module, part: LabeledExamples) -> Tensor:
    """Return pictures as the model takes them, but of fewer pixels."""
    size = (SCRATCH["side"], SCRATCH["side"])
    return torch.cat(
        [
            interpolate(some, size, mode="area")
            for some in features.model_inputs(model, part)
        ]
    )


@torch.no_grad()
def _settle(model: nn.Module, given: Tensor) -> None:
    """Take the statistics of normalisation anew: few steps have not reached them."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_running_stats()
            module.momentum = None  # the plain mean over batches
    for batch in given.split(2 * BATCH):
        model(batch)


WAYS: dict[str, Callable[[Set], dict[str, float]]] = {
    "commonest": commonest,
    "pixels": pixels,
    "head": head_alone,
    "full": all_of_it,
    "scratch": from_scratch,
}


def table(only: tuple[str, ...], state: Path | None) -> dict[str, Any]:
    """Return accuracy and seconds by set and way, and how many rows there were."""
    held = json.loads(state.read_text()) if state and state.exists() else {}
    for name in only or SETS:
        for way, run in WAYS.items():
            found = held.setdefault(name, _counted(SETS[name]))
            if way in found:
                continue
            started = time.perf_counter()
            figure = run(SETS[name])["accuracy"]
            seconds = round(time.perf_counter() - started, 1)
            found[way] = figure
            found[f"{way}_seconds"] = seconds
            click.echo(f"{name:14} {way:10} {figure:.4f} {seconds:8.1f} s")
            if state:
                state.write_text(json.dumps(held, indent=2))
    return held


def _counted(part: Set) -> dict[str, Any]:
    found = gathered(part)
    assert found.test is not None
    counts = {"training": len(found.training), "test": len(found.test)}
    return counts | {"classes": len(found.labels), "each": part.training}


def keep(part: str, found: object) -> Path:
    """Write figures into the receipt of the shipped model, under their own name."""
    folder = weight_store.shipped_checkpoint(zoo.get_spec(NAME))
    receipt = checkpoint_folder.read_receipt(folder)
    checkpoint_folder.write_receipt(
        folder, {**receipt, "measured": {**receipt["measured"], part: found}}
    )
    return folder / checkpoint_folder.RECEIPT


@click.command(help=__doc__)
@click.option("--only", multiple=True, type=click.Choice(list(SETS)))
@click.option("--state", type=click.Path(path_type=Path), help="Cells measured so far.")
def main(only: tuple[str, ...], state: Path | None) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    found = table(only, state)
    if not only:
        figures = {"epochs": EPOCHS, "scratch": SCRATCH, **found}
        click.echo(f"kept in {keep('transfer', figures)}")


if __name__ == "__main__":
    main()
