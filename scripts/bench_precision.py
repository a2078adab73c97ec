"""Compare training in bfloat16 with float32: how fast it is, and what it costs.

    python scripts/bench_precision.py [--seeds N] [--rounds N] [--only NAME] [--write]

First the time of a step: the loop of `zoo.train` in either precision, channels-last,
and the loop as people write it, in float32 and with the recipe's optimizer as torch
makes it by default, each in turn in every round. Then recipes from start to end with a
budget that is fixed here, in both precisions, from the same seeds: the best figure on
validation rows. Of the differences the mean is printed, and the bound below which the
loss lies with 95 % certainty (paired, one-sided, by t). The test rows are not read.
With --write the page about benchmarks has the table. It needs ZOO_DATA, and takes an
hour.
"""

import math
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest.mock import patch

import click
import torch
from bench_rows import ROOT, Measured, console, measured
from scipy.stats import t as student  # type: ignore[import-untyped]
from torch import Tensor
from torch.nn.functional import cross_entropy

import zoo
from zoo._utils.hardware import hardware_name
from zoo.datasets.in_memory import TensorRows
from zoo.recipes.optim import optimizer as make_optimizer
from zoo.training import execution
from zoo.training.run import Run
from zoo.training.train import choose_settings

PLAIN, FLOAT32, BFLOAT16 = "loop as written", "no", "bf16"
BEGIN, END = (
    "<!-- precision: written by scripts/bench_precision.py -->",
    "<!-- end of precision -->",
)
STEPS = 12  # of a round
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A recipe with its budget, and the shapes of its steps."""

    name: str
    settings: Mapping[str, Any]
    metric: str  # on validation rows
    rows: int | None  # training rows that are used, those for validation among them
    shape: tuple[int, ...]  # of a batch, for the time of a step
    optimizer: str  # the recipe's, by its name in zoo.recipes.optim
    fused: bool = False  # whether the recipe asks for torch's fused kernel


CASES = (
    Case(
        name="resnet20-cifar10",
        settings={"epochs": 5, "val_fraction": 0.2},
        metric="accuracy",
        rows=25_000,
        shape=(128, 3, 32, 32),
        optimizer="nag",
        fused=True,
    ),
    Case(
        name="unet-pet",
        settings={"epochs": 30},
        metric="iou",
        rows=None,
        shape=(16, 3, 128, 128),
        optimizer="adamw",
    ),
    Case(
        name="mlp-dropout-mnist",
        settings={"epochs": 4, "batch_size": 128},
        metric="accuracy",
        rows=None,
        shape=(128, 1, 28, 28),
        optimizer="adamw",
        fused=True,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Paired:
    """The best validation figures of one recipe, by seed, in both precisions."""

    name: str
    metric: str
    float32: tuple[float, ...]
    bfloat16: tuple[float, ...]
    seconds: tuple[float, float]  # of all runs, in float32 and in bfloat16

    @property
    def losses(self) -> tuple[float, ...]:
        pairs = zip(self.float32, self.bfloat16, strict=True)
        return tuple(full - half for full, half in pairs)

    @property
    def loss(self) -> float:
        return statistics.mean(self.losses)

    @property
    def bound(self) -> float:
        """The mean loss is smaller than this, with 95 % certainty."""
        count = len(self.losses)
        spread = statistics.stdev(self.losses) / math.sqrt(count)
        quantile: float = student.ppf(0.95, count - 1)
        return self.loss + quantile * spread


def steps(case: Case, rounds: int) -> list[Measured]:
    """Return what STEPS steps take, of every way in turn."""
    torch.manual_seed(0)
    image = torch.rand(STEPS * case.shape[0], *case.shape[1:])
    target, loss = _target(case, image)
    ways: dict[str, Callable[[], float]] = {
        PLAIN: lambda: _plain_loop(case, image, target, loss),
        FLOAT32: lambda: _zoo_loop(case, image, target, loss, FLOAT32),
        BFLOAT16: lambda: _zoo_loop(case, image, target, loss, BFLOAT16),
    }
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds + 1):  # the first warms up
        for name, way in ways.items():
            seen[name].append((way() * 1e3, 0.0))
    return [measured(name, answers) for name, answers in seen.items()]


def _target(case: Case, image: Tensor) -> tuple[Tensor, Loss]:
    """Return drawn targets of a task, and the loss that compares them."""
    if zoo.get_spec(case.name).task == "image-segmentation":
        drawn = torch.randint(2, (len(image), *image.shape[-2:]))
        return drawn, lambda logits, mask: cross_entropy(logits, mask)
    return torch.randint(10, (len(image),)), cross_entropy


def _plain_loop(case: Case, image: Tensor, target: Tensor, loss: Loss) -> float:
    """Return the seconds of a loop as people write it: float32, channels-first."""
    model = zoo.build(case.name).train()
    optimizer = make_optimizer(case.optimizer, model.parameters(), 1e-3, fused=None)
    started = time.perf_counter()
    for picked in torch.randperm(len(target)).split(case.shape[0]):
        optimizer.zero_grad()
        _two_classes(loss, model(image[picked]), target[picked]).backward()
        optimizer.step()
    return time.perf_counter() - started


def _zoo_loop(
    case: Case, image: Tensor, target: Tensor, loss: Loss, precision: Any
) -> float:
    """Return the seconds of the same steps in a Run of this precision."""
    place = execution.execution_context("cpu", precision)
    run = Run(zoo.get_spec(case.name), place=place)
    rows = TensorRows(input=image, target=target, source="bench", fingerprint="none")
    model = run.prepare(zoo.build(case.name)).train()
    optimizer = run.prepare(
        make_optimizer(
            case.optimizer, model.parameters(), 1e-3, fused=case.fused or None
        )
    )
    started = time.perf_counter()
    for _ in run.epochs(1):
        for given, wanted in run.batches(rows, case.shape[0]):
            run.step(_two_classes(loss, model(given), wanted), optimizer)
        run.log({})
    return time.perf_counter() - started


def _two_classes(loss: Loss, logits: Tensor, target: Tensor) -> Tensor:
    """Return the loss of logits of one or more classes a pixel."""
    if logits.shape[1] == 1:  # one logit a pixel: the other class has zero
        logits = torch.cat((torch.zeros_like(logits), logits), dim=1)
    return loss(logits.float(), target)


def paired(case: Case, seeds: Sequence[int]) -> Paired:
    """Return the best validation figures of runs that differ in precision alone."""
    found: dict[str, list[float]] = {FLOAT32: [], BFLOAT16: []}
    seconds = dict.fromkeys(found, 0.0)
    for seed in seeds:
        for precision in found:
            started = time.process_time()
            found[precision].append(best_figure(case, seed, precision))
            seconds[precision] += time.process_time() - started
            console.print(
                f"{case.name} seed {seed} {precision}: "
                f"{case.metric} {found[precision][-1]:.4f}"
            )
    return Paired(
        name=case.name,
        metric=case.metric,
        float32=tuple(found[FLOAT32]),
        bfloat16=tuple(found[BFLOAT16]),
        seconds=(seconds[FLOAT32], seconds[BFLOAT16]),
    )


def best_figure(case: Case, seed: int, precision: Any) -> float:
    """Train a recipe with the budget of its case; return the best validation figure."""
    spec = zoo.get_spec(case.name)
    recipe, chosen = choose_settings(spec, {**case.settings, "seed": seed})
    module = import_module(str(spec.recipe))
    read: Callable[[Run, str], TensorRows] = module.data

    def fewer(run: Run, split: str) -> TensorRows:
        rows = read(run, split)
        return rows if case.rows is None else rows[: case.rows]

    torch.manual_seed(seed)
    place = execution.execution_context("cpu", precision)
    run = Run(spec, seed=seed, place=place, settings=chosen)
    with patch.object(module, "data", fewer):
        recipe.train(chosen, run)
    return max(epoch[case.metric] for epoch in run.history)


def show(found: Mapping[str, tuple[Sequence[Measured], Paired | None]]) -> None:
    """Print both tables."""
    console.print("\n".join(lines(found)))


def lines(
    found: Mapping[str, tuple[Sequence[Measured], Paired | None]],
) -> list[str]:
    """Return the lines of a Markdown table, a row a recipe."""
    shown = [
        "| recipe | step as written | zoo, float32 | zoo, bfloat16 | times as fast "
        "| validation, float32 | bfloat16 | mean loss | 95 % bound |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, (rows, pairs) in found.items():
        known = {row.name: row for row in rows}
        plain, full, half = (known[way] for way in (PLAIN, FLOAT32, BFLOAT16))
        cells = [f"`{name}`"]
        cells += [f"{row.ms / STEPS:,.1f} ms" for row in (plain, full, half)]
        cells.append(f"{plain.times(half):.2f}")
        if pairs:
            means = statistics.mean(pairs.float32), statistics.mean(pairs.bfloat16)
            cells += [f"{pairs.metric} {means[0]:.4f}", f"{means[1]:.4f}"]
            cells += [f"{pairs.loss:+.4f}", f"{pairs.bound:+.4f}"]
        shown.append("| " + " | ".join(cells) + " |")
    return shown


def write(found: Mapping[str, tuple[Sequence[Measured], Paired | None]]) -> None:
    """Put the table between its two marks in the page about benchmarks."""
    path = ROOT / "docs" / "explanation" / "benchmarks.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    hardware = hardware_name(torch.device("cpu"))
    machine = (
        f"Measured on {hardware}, one thread, Python {platform.python_version()}, "
        f"torch {torch.__version__}."
    )
    text = "\n".join(["", *lines(found), "", machine])
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


@click.command(help=__doc__, context_settings={"max_content_width": 96})
@click.option("--seeds", default=5, show_default=True, help="Pairs of runs; 0: none.")
@click.option("--rounds", default=5, show_default=True, help="Rounds of timed steps.")
@click.option("--only", help="One recipe.")
@click.option("--write", "record", is_flag=True, help="Write the table into docs/.")
def main(seeds: int, rounds: int, only: str | None, record: bool) -> None:
    torch.set_num_threads(1)
    chosen = [case for case in CASES if only in (None, case.name)]
    if not chosen:
        raise click.UsageError(f"--only takes {', '.join(c.name for c in CASES)}.")
    if record and (only or seeds < 2):
        raise click.UsageError("--write needs every recipe, and two seeds at least.")
    found = {}
    for case in chosen:
        timed = steps(case, rounds)
        found[case.name] = timed, paired(case, range(seeds)) if seeds else None
        show(found)
    if record:
        write(found)


if __name__ == "__main__":
    main()
