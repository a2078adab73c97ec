"""Compare a loop in `Run` with a bare one, and with the trainers people use.

    python scripts/bench_train.py [--rounds N] [--steps N] [--large]

One epoch of an MLP on tensors in memory, Adam, one thread; every engine has its turn in
every round, timed from its first step to its last. Read the ratios. Engines that are
not installed (accelerate, lightning, transformers) are left out.
"""

import logging
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import click
import torch
from bench_rows import Measured, console, measured, table
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import zoo
from zoo.datasets.in_memory import TensorRows
from zoo.training.run import Run

BARE, OURS = "bare loop", "zoo.Run"
Engine = Callable[[nn.Module, Tensor, Tensor, int], float]
SIZES = {False: ((128, 128), 32), True: ((1200, 1200), 128)}


def bare(model: nn.Module, given: Tensor, target: Tensor, batch: int) -> float:
    optimizer = adam(model)
    started = time.perf_counter()
    for picked in torch.randperm(len(target)).split(batch):
        loss = cross_entropy(model(given[picked]), target[picked])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return time.perf_counter() - started


def zoo_run(model: nn.Module, given: Tensor, target: Tensor, batch: int) -> float:
    run = Run(zoo.get_spec("mlp-mnist"))
    rows = TensorRows(input=given, target=target, source="bench", fingerprint="none")
    model, optimizer = run.prepare(model), run.prepare(adam(model))
    started = time.perf_counter()
    for _ in run.epochs(1):
        for image, label in run.batches(rows, batch):
            run.step(cross_entropy(model(image), label), optimizer)
        run.log({})
    return time.perf_counter() - started


def loader(model: nn.Module, given: Tensor, target: Tensor, batch: int) -> float:
    optimizer = adam(model)
    rows = DataLoader(TensorDataset(given, target), batch_size=batch, shuffle=True)
    started = time.perf_counter()
    for image, label in rows:
        loss = cross_entropy(model(image), label)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return time.perf_counter() - started


def accelerate(model: nn.Module, given: Tensor, target: Tensor, batch: int) -> float:
    from accelerate import Accelerator

    around = Accelerator(cpu=True)
    rows = DataLoader(TensorDataset(given, target), batch_size=batch, shuffle=True)
    model, optimizer, rows = around.prepare(model, adam(model), rows)
    started = time.perf_counter()
    for image, label in rows:
        loss = cross_entropy(model(image), label)
        around.backward(loss)
        optimizer.step()
        optimizer.zero_grad()
    return time.perf_counter() - started


def lightning(model: nn.Module, given: Tensor, target: Tensor, batch: int) -> float:
    from lightning.pytorch import LightningModule, Trainer

    seen: dict[str, float] = {}

    class Module(LightningModule):
        def training_step(self, rows: Any, _: int) -> Tensor:
            return cross_entropy(model(rows[0]), rows[1])

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return adam(model)

        def on_train_start(self) -> None:
            seen["start"] = time.perf_counter()

        def on_train_end(self) -> None:
            seen["end"] = time.perf_counter()

    module = Module()
    module.inner = model
    rows = DataLoader(TensorDataset(given, target), batch_size=batch, shuffle=True)
    trainer = Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, rows)
    return seen["end"] - seen["start"]


def transformers(model: nn.Module, given: Tensor, target: Tensor, batch: int) -> float:
    from transformers import Trainer, TrainerCallback, TrainingArguments

    seen: dict[str, float] = {}

    class Clock(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            seen["start"] = time.perf_counter()

        def on_train_end(self, *_: Any, **__: Any) -> None:
            seen["end"] = time.perf_counter()

    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model

        def forward(self, image: Tensor, labels: Tensor) -> dict[str, Tensor]:
            logits = self.inner(image)
            return {"loss": cross_entropy(logits, labels), "logits": logits}

    quiet: dict[str, Any] = {
        "report_to": [],
        "save_strategy": "no",
        "logging_strategy": "no",
    }
    arguments = TrainingArguments(
        output_dir=tempfile.gettempdir(),
        per_device_train_batch_size=batch,
        num_train_epochs=1,
        use_cpu=True,
        disable_tqdm=True,
        **quiet,
    )
    rows = [{"image": i, "labels": t} for i, t in zip(given, target, strict=True)]
    optimizers = (adam(model), None)
    Trainer(
        Wrapped(),
        arguments,
        train_dataset=rows,
        callbacks=[Clock()],
        optimizers=optimizers,
    ).train()
    return seen["end"] - seen["start"]


ENGINES: dict[str, Engine] = {
    BARE: bare,
    OURS: zoo_run,
    "DataLoader + TensorDataset": loader,
    "accelerate": accelerate,
    "lightning": lightning,
    "transformers": transformers,
}


def adam(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


def engines(rounds: int, steps: int, *, large: bool) -> list[Measured]:
    """Return what an epoch of `steps` steps takes in every engine, in turn."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    hidden, batch = SIZES[large]
    given = torch.rand(steps * batch, 1, 28, 28)
    target = torch.randint(10, (steps * batch,))
    there = {
        name: engine
        for name, engine in ENGINES.items()
        if name not in ("accelerate", "lightning", "transformers") or find_spec(name)
    }
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in there}
    for _ in range(rounds + 1):  # the first warms up
        for name, engine in there.items():
            model = zoo.build("mlp-mnist", hidden=hidden)
            seen[name].append((engine(model, given, target, batch) * 1e3, 0.0))
    return [measured(name, answers) for name, answers in seen.items()]


def show(rows: Sequence[Measured], steps: int, *, large: bool) -> None:
    """Print what a step takes, as times of a bare loop's."""
    hidden, batch = SIZES[large]
    wide = "-".join(map(str, hidden))
    filled = table(f"Training an MLP 784-{wide}-10, batch {batch}", "us a step")
    filled.add_column("/ bare loop", justify="right")
    known = {row.name: row for row in rows}
    for row in rows:
        ratio = row.times(known[BARE])
        filled.add_row(row.name, f"{row.ms / steps * 1e3:,.0f}", f"{ratio:.2f}")
    console.print(filled)


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True)
@click.option("--steps", default=300, show_default=True)
@click.option("--large", is_flag=True, help="784-1200-1200-10 at 128, not 128s at 32.")
def main(rounds: int, steps: int, large: bool) -> None:
    show(engines(rounds, steps, large=large), steps, large=large)


if __name__ == "__main__":
    main()
