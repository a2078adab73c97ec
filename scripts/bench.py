"""Compare the zoo with its peers in one run: from a cold start to training.

    python scripts/bench.py [--repeat N] [--only PART] [--json FILE] [--write]

It prints what it measured and judges nothing: times differ between machines and hours,
so read the ratios, which are medians over rounds in which everything had its turn. The
files, 1.4 GB at a time, lie in a temporary folder that is removed. Fine-tuning runs
once, and needs ZOO_DATA. With --write the table of the page about benchmarks in docs/
is written anew, which takes every part.
"""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bench_features
import bench_loads
import bench_predictions
import bench_starts
import click
from bench_rows import ROOT, Measured
from bench_ways import ARCHITECTURES

PARTS = ("start", "load", "predict", "finetune", "train")  # of the table
ALONE = ("features",)  # printed where it is asked for
EPOCHS = 5  # of the tutorial's loop, the last layer alone
STEPS = 300  # of training in an epoch
PACKAGES = ("torch", "torchvision", "timm", "transformers", "accelerate", "lightning")
BEGIN, END = "<!-- bench: written by scripts/bench.py -->", "<!-- end of bench -->"


@click.command(help=__doc__, context_settings={"max_content_width": 96})
@click.option("--repeat", default=7, show_default=True, help="Rounds of each.")
@click.option(
    "--only", type=click.Choice((*PARTS, *ALONE)), help="Leave out the others."
)
@click.option("--json", "target", type=click.Path(path_type=Path), help="Raw numbers.")
@click.option("--write", "record", is_flag=True, help="Write the table into docs/.")
def main(repeat: int, only: str | None, target: Path | None, record: bool) -> None:
    if only and record:
        raise click.UsageError("--write needs every part: leave out --only.")
    found: dict[str, Any] = {}
    for part in (only,) if only else PARTS:
        found |= measured(part, repeat)
    if target:
        target.write_text(json.dumps(found, indent=1, default=asdict) + "\n")
    if record:
        write(found)


def measured(part: str, repeat: int) -> dict[str, Any]:
    """Measure one part and print it; return its rows under the names of its tables."""
    if part == "start":
        rows = bench_starts.starts(repeat)
        bench_starts.show(rows)
        return {"start": rows}
    if part == "load":
        found = {}
        for name, architecture in ARCHITECTURES.items():
            found[name] = bench_loads.loads(name, repeat)
            bench_loads.show(architecture.title, found[name])
        return found
    if part == "predict":
        predicted = bench_predictions.predictions(repeat)
        bench_predictions.show(predicted)
        return {f"predict {count}": rows for count, rows in predicted.items()}
    if part == "features":
        computed = bench_features.features(repeat)
        bench_features.show(computed)
        return {f"features {name}": rows for name, rows in computed.items()}
    if part == "finetune":
        import bench_finetune

        ways = bench_finetune.ways(0, EPOCHS)
        bench_finetune.show(ways)
        return {"finetune": ways}
    import bench_train  # and torch: a child's peak memory begins with ours

    trained = {}
    for large, name in ((False, "train small"), (True, "train large")):
        trained[name] = bench_train.engines(repeat, STEPS, large=large)
        bench_train.show(trained[name], STEPS, large=large)
    return trained


def write(found: dict[str, Any]) -> None:
    """Put the table of all parts between its two marks in its page."""
    path = ROOT / "docs" / "explanation" / "benchmarks.md"
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    lines = "\n".join(["", *headlines(found), "", machine()])
    path.write_text(f"{before}{BEGIN}\n{lines}\n{END}{after}", encoding="utf-8")


def headlines(found: dict[str, Any]) -> list[str]:
    """Return the lines of a table: what was done, the zoo's time, the others' in it."""
    ours = {
        "start": ("`import zoo`", "import zoo"),
        "resnet50": ("load ResNet-50, 102 MB", bench_loads.OURS),
        "vit": ("load ViT-B/16, 346 MB", bench_loads.OURS),
        "predict 1": ("classes of a JPEG by ResNet-50", bench_predictions.OURS),
        "predict 32": ("of 32 at once", bench_predictions.OURS),
        "train small": (f"{STEPS} steps of a small MLP", "zoo.Run"),
        "train large": (f"{STEPS} steps of a large MLP", "zoo.Run"),
    }
    lines = ["| what | zoo | others take times as long |", "| --- | ---: | --- |"]
    lines += [_line(title, found[part], own) for part, (title, own) in ours.items()]
    quick, slow = found["finetune"].values()
    lines.append(
        f"| fine-tune on 244 photographs | {quick['seconds']:.0f} s, accuracy "
        f"{quick['accuracy']:.3f} | tutorial's loop, last layer, {slow['epochs']} "
        f"epochs {slow['ratio']:.2f}, accuracy {slow['last']:.3f} |"
    )
    return lines


def _line(title: str, rows: Sequence[Measured], own: str) -> str:
    known = {row.name: row for row in rows}
    mine = known.pop(own)
    others = "; ".join(f"{n} {row.times(mine):.2f}" for n, row in known.items())
    return f"| {title} | {mine.ms:,.1f} ms | {others} |"


def machine() -> str:
    """Return what it was measured on, in a sentence."""
    import torch

    from zoo._utils.hardware import hardware_name

    told = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    hardware = hardware_name(torch.device("cpu"))
    return f"Measured on {hardware}, Python {platform.python_version()}, {told}."


if __name__ == "__main__":
    main()
