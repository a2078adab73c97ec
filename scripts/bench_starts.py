"""Cold starts: a fresh process for each command, the interpreter's own start in it."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
from bench_rows import Measured, available, console, environment, measured, table

__all__ = ["show", "starts"]

STARTS = {
    "bare python": ["-c", "pass"],
    "import zoo": ["-c", "import zoo"],
    "zoo list": ["-m", "zoo", "list"],
    "import torch": ["-c", "import torch"],
    "import torchvision.models": ["-c", "import torchvision.models"],
    "import timm": ["-c", "import timm"],
    "import transformers": ["-c", "import transformers"],
    "transformers.AutoModel": ["-c", "from transformers import AutoModel"],
}


def starts(repeat: int) -> list[Measured]:
    """Run each command in a fresh process, `repeat` times in turn."""
    with tempfile.TemporaryDirectory(prefix="zoo-bench-") as folder:
        commands = {n: c for n, c in STARTS.items() if available(n, _module(n))}
        seen = {name: [_started(c, Path(folder))] for name, c in commands.items()}
        for _ in range(repeat):
            for name, command in commands.items():
                seen[name].append(_started(command, Path(folder)))
        rows = [measured(name, answers) for name, answers in seen.items()]
        total = [_importing_zoo(Path(folder)) for _ in range(repeat)]
    console.print(
        f"python -X importtime -c 'import zoo': {statistics.median(total):.1f} ms"
    )
    return rows


def show(rows: Sequence[Measured]) -> None:
    """Print the cold starts, as times of what the zoo and torch take."""
    filled = table("Cold start, a fresh process each", "ms", "peak MiB")
    filled.add_column("/ import zoo", justify="right")
    filled.add_column("/ import torch", justify="right")
    known = {row.name: row for row in rows}
    for row in rows:
        ratios = [row.times(known[f"import {name}"]) for name in ("zoo", "torch")]
        filled.add_row(
            row.name,
            f"{row.ms:,.0f}",
            f"{row.mib:,.0f}",
            *(f"{ratio:.2f}" for ratio in ratios),
        )
    console.print(filled)


def _module(name: str) -> str:
    return name.split()[-1].removesuffix(".AutoModel")


def _started(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Return milliseconds from fork to exit, and the most MiB that were in memory."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,  # python -c would import what lies in the current folder
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)  # or Popen waits for it too
    if process.returncode:
        raise click.ClickException(f"python {' '.join(command)} failed")
    return seconds * 1e3, usage.ru_maxrss / 2**10


def _importing_zoo(folder: Path) -> float:
    """Return the milliseconds that the interpreter itself counts for `import zoo`."""
    command = [sys.executable, "-X", "importtime", "-c", "import zoo"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    last = done.stderr.splitlines()[-1]  # "import time: self | cumulative | zoo"
    return int(last.split("|")[1]) / 1e3
