"""Loading a big model from a local file, in a process that has imported its library."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench_rows import Measured, asked_in_turn, available, console, made, table
from bench_ways import LIBRARIES, WAYS

__all__ = ["FLOOR", "OURS", "loads", "show"]

CHILD = str(Path(__file__).with_name("bench_ways.py"))
FLOOR, OURS = "floor: every byte read", "zoo.load"


def loads(architecture: str, repeat: int) -> list[Measured]:
    """Load in every way in turn: once to begin with, then `repeat` times."""
    with tempfile.TemporaryDirectory(prefix="zoo-bench-") as temporary:
        folder = Path(temporary)
        libraries = [name for name in LIBRARIES if available(name, name)]
        for library in libraries:
            made([CHILD, "make", library, architecture, temporary], folder)
        commands = {
            name: [CHILD, "load", name, architecture, temporary]
            for name, way in WAYS.items()
            if way.library in libraries
        }
        return asked_in_turn(commands, folder, repeat)


def show(title: str, rows: Sequence[Measured]) -> None:
    """Print the loads, as times of what the zoo and the floor take."""
    filled = table(f"Loading {title}", "first ms", "ms", "RSS MiB")
    filled.caption = (
        "first: the first load in its process, libraries imported; RSS: its growth then"
    )
    filled.add_column("/ zoo.load", justify="right")
    filled.add_column("/ floor", justify="right")
    known = {row.name: row for row in rows}
    for row in rows:
        filled.add_row(
            row.name,
            f"{row.first_ms:,.1f}",
            f"{row.ms:,.1f}",
            f"{row.mib:,.0f}",
            f"{row.times(known[OURS]):.2f}",
            f"{row.times(known[FLOOR]):.2f}",
        )
    console.print(filled)
