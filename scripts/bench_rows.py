"""What the parts of bench.py share: rows of times, tables, child processes."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

__all__ = [
    "Measured",
    "asked_in_turn",
    "available",
    "console",
    "environment",
    "made",
    "measured",
    "table",
]

ROOT = Path(__file__).resolve().parents[1]
console = Console(width=96, highlight=False)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one row measured: by round, and the memory of the first round."""

    name: str
    first_ms: float
    rounds_ms: tuple[float, ...]
    mib: float

    @property
    def ms(self) -> float:
        return statistics.median(self.rounds_ms)

    def times(self, other: "Measured") -> float:
        """Return how many times as long this took as `other`, paired by round."""
        pairs = zip(self.rounds_ms, other.rounds_ms, strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


def measured(name: str, answers: Sequence[tuple[float, float]]) -> Measured:
    """Keep the first round apart: it alone pays for what a process does once."""
    times = [milliseconds for milliseconds, _ in answers]
    return Measured(
        name=name, first_ms=times[0], rounds_ms=tuple(times[1:]), mib=answers[0][1]
    )


def asked_in_turn(
    commands: Mapping[str, Sequence[str]], folder: Path, repeat: int
) -> list[Measured]:
    """Have a waiting process for each command do its thing, in turn, `repeat` times
    and once to begin with."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    with _children(commands, folder) as processes:
        for _ in range(repeat + 1):
            for name, process in processes.items():
                seen[name].append(_asked(process))
    return [measured(name, answers) for name, answers in seen.items()]


@contextmanager
def _children(
    commands: Mapping[str, Sequence[str]], folder: Path
) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Have a process for each way that has imported its library and waits."""
    processes: dict[str, subprocess.Popen[str]] = {}
    try:
        for name, words in commands.items():
            processes[name] = subprocess.Popen(
                [sys.executable, *words],
                cwd=folder,
                env=environment(folder),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            _line(processes[name])  # "ready"; one after the other, as cores are few
        yield processes
    finally:
        for process in processes.values():
            process.communicate()  # the end of its input is the end of it


def _asked(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Have a child do it once; return its milliseconds and by how many MiB it grew."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    answer = json.loads(_line(process))
    return answer["ms"], answer["mib"]


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        command = " ".join(map(str, process.args))  # type: ignore[arg-type]
        raise click.ClickException(f"this failed: {command}")
    return line


def available(name: str, module: str) -> bool:
    """Return whether a module can be imported; say so where it can't."""
    module = {"python": "sys", "list": "zoo.cli"}.get(module, module)
    # Only zoo's own may be imported here: a child's peak memory begins with ours.
    if find_spec(module if module == "zoo.cli" else module.partition(".")[0]):
        return True
    console.print(f"skipped {name!r}: {module} is not installed")
    return False


def made(command: Iterable[str], folder: Path) -> None:
    """Run a script that writes what is measured afterwards."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(done.stderr)


def environment(folder: Path) -> Mapping[str, str]:
    """Return this checkout's zoo, the plugin made for this run, and nothing online."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder / "zoo"))),
        "ZOO_CACHE": str(folder / "cache"),
        "HF_HOME": str(folder / "hub"),
        "HF_HUB_OFFLINE": "1",
    }


def table(title: str, *columns: str) -> Table:
    """Return a table to be filled, the first column for names."""
    empty = Table(title=title, title_justify="left")
    empty.add_column("")
    for column in columns:
        empty.add_column(column, justify="right")
    return empty
