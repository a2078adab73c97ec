"""Compare the zoo with its peers in one run: cold starts, and loading big models.

    python scripts/bench.py [--repeat N] [--only start|load] [--json FILE]

It prints what it measured and judges nothing: times differ between machines and hours,
so read the ratios, which are medians over rounds in which everything had its turn. The
files, 1.4 GB at a time, lie in a temporary folder that is removed.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import click
from bench_ways import ARCHITECTURES, LIBRARIES, WAYS
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
CHILD = str(Path(__file__).with_name("bench_ways.py"))
FLOOR, OURS = "floor: every byte read", "zoo.load"
STARTS = {
    "bare python": ["-c", "pass"],
    "import zoo": ["-c", "import zoo"],
    "zoo list": ["-m", "zoo", "list"],
    "import torch": ["-c", "import torch"],
    "import torchvision.models": ["-c", "import torchvision.models"],
    "import timm": ["-c", "import timm"],
    "import transformers": ["-c", "import transformers"],
}
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


@click.command(help=__doc__, context_settings={"max_content_width": 96})
@click.option("--repeat", default=7, show_default=True, help="Rounds of each.")
@click.option("--only", type=click.Choice(["start", "load"]), help="Leave the other.")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Raw numbers.")
def main(repeat: int, only: str | None, target: Path | None) -> None:
    found: dict[str, list[Measured]] = {}
    if only != "load":
        found["start"] = starts(repeat)
        show_starts(found["start"])
    for name, architecture in ARCHITECTURES.items() if only != "start" else ():
        found[name] = loads(name, repeat)
        show_loads(architecture.title, found[name])
    if target:
        rows = {part: [asdict(row) for row in rows] for part, rows in found.items()}
        target.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def starts(repeat: int) -> list[Measured]:
    """Run each command in a fresh process, `repeat` times in turn."""
    with tempfile.TemporaryDirectory(prefix="zoo-bench-") as folder:
        commands = {n: c for n, c in STARTS.items() if _available(n, n.split()[-1])}
        seen = {name: [start(c, Path(folder))] for name, c in commands.items()}
        for _ in range(repeat):
            for name, command in commands.items():
                seen[name].append(start(command, Path(folder)))
        rows = [_measured(name, answers) for name, answers in seen.items()]
        total = [importing_zoo(Path(folder)) for _ in range(repeat)]
    console.print(
        f"python -X importtime -c 'import zoo': {statistics.median(total):.1f} ms"
    )
    return rows


def start(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Return milliseconds from fork to exit, and the most MiB that were in memory."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,  # python -c would import what lies in the current folder
        env=_environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)  # or Popen waits for it too
    if process.returncode:
        raise click.ClickException(f"python {' '.join(command)} failed")
    return seconds * 1e3, usage.ru_maxrss / 2**10


def importing_zoo(folder: Path) -> float:
    """Return the milliseconds that the interpreter itself counts for `import zoo`."""
    command = [sys.executable, "-X", "importtime", "-c", "import zoo"]
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    last = done.stderr.splitlines()[-1]  # "import time: self | cumulative | zoo"
    return int(last.split("|")[1]) / 1e3


def loads(architecture: str, repeat: int) -> list[Measured]:
    """Load in every way in turn: once to begin with, then `repeat` times."""
    with tempfile.TemporaryDirectory(prefix="zoo-bench-") as temporary:
        folder = Path(temporary)
        libraries = [name for name in LIBRARIES if _available(name, name)]
        for library in libraries:
            _run(["make", library, architecture], folder)
        ways = [name for name, way in WAYS.items() if way.library in libraries]
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        with children(ways, architecture, folder) as processes:
            for _ in range(repeat + 1):
                for name, process in processes.items():
                    seen[name].append(ask(process))
    return [_measured(name, answers) for name, answers in seen.items()]


@contextmanager
def children(
    ways: Sequence[str], architecture: str, folder: Path
) -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Have a process for each way that has imported its library and waits."""
    processes: dict[str, subprocess.Popen[str]] = {}
    try:
        for name in ways:
            processes[name] = subprocess.Popen(
                [sys.executable, CHILD, "load", name, architecture, str(folder)],
                cwd=folder,
                env=_environment(folder),
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


def ask(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Have a child load once; return its milliseconds and by how many MiB it grew."""
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


def _measured(name: str, answers: Sequence[tuple[float, float]]) -> Measured:
    """Keep the first round apart: it alone pays for what a process does once."""
    times = [milliseconds for milliseconds, _ in answers]
    return Measured(
        name=name, first_ms=times[0], rounds_ms=tuple(times[1:]), mib=answers[0][1]
    )


def _available(name: str, module: str) -> bool:
    module = {"python": "sys", "list": "zoo.cli"}.get(module, module)
    # Only zoo's own may be imported here: a child's peak memory begins with ours.
    if find_spec(module if module == "zoo.cli" else module.partition(".")[0]):
        return True
    console.print(f"skipped {name!r}: {module} is not installed")
    return False


def _run(arguments: Sequence[str], folder: Path) -> None:
    command = [sys.executable, CHILD, *arguments, str(folder)]
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise click.ClickException(done.stderr)


def _environment(folder: Path) -> Mapping[str, str]:
    """Return this checkout's zoo, the plugin made for this run, and nothing online."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder / "zoo"))),
        "ZOO_CACHE": str(folder / "cache"),
        "HF_HOME": str(folder / "hub"),
        "HF_HUB_OFFLINE": "1",
    }


def show_starts(rows: Sequence[Measured]) -> None:
    """Print the cold starts, as times of what the zoo and torch take."""
    table = _table("Cold start, a fresh process each", "ms", "peak MiB")
    table.add_column("/ import zoo", justify="right")
    table.add_column("/ import torch", justify="right")
    known = {row.name: row for row in rows}
    for row in rows:
        ratios = [row.times(known[f"import {name}"]) for name in ("zoo", "torch")]
        table.add_row(
            row.name,
            f"{row.ms:,.0f}",
            f"{row.mib:,.0f}",
            *(f"{ratio:.2f}" for ratio in ratios),
        )
    console.print(table)


def show_loads(title: str, rows: Sequence[Measured]) -> None:
    """Print the loads, as times of what the zoo and the floor take."""
    table = _table(f"Loading {title}", "first ms", "ms", "RSS MiB")
    table.caption = (
        "first: the first load in its process, libraries imported; RSS: its growth then"
    )
    table.add_column("/ zoo.load", justify="right")
    table.add_column("/ floor", justify="right")
    known = {row.name: row for row in rows}
    for row in rows:
        table.add_row(
            row.name,
            f"{row.first_ms:,.1f}",
            f"{row.ms:,.1f}",
            f"{row.mib:,.0f}",
            f"{row.times(known[OURS]):.2f}",
            f"{row.times(known[FLOOR]):.2f}",
        )
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table


if __name__ == "__main__":
    main()
