"""Draw the terminal that the README shows: commands, and what they really print.

    python scripts/terminal_picture.py [FILE]

The commands run one after the other, in a folder that holds the model's example.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

import zoo

HOME = Path(__file__).resolve().parents[1]
PICTURE = HOME / "docs" / "terminal.svg"
WIDTH = 84  # characters
COMMANDS = (
    "zoo search digits --metric 'accuracy>=0.99'",
    "zoo predict lenet5-mnist seven.png",
    "zoo predict attention-eng-fra 'It is very cold here.'",
    "zoo generate gpt-mini 'ROMEO:' --max-new-tokens 60 --seed 0",
)
# The fonts of whoever looks at it: rich's own would be fetched from elsewhere.
FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")


def drawn() -> str:
    """Return the terminal after all commands, as an SVG."""
    console = Console(record=True, width=WIDTH, file=open(os.devnull, "w"))  # noqa: SIM115
    known = dict(os.environ, COLUMNS=str(WIDTH), FORCE_COLOR="1", LINES="60")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(zoo.example("lenet5-mnist"), folder)
        for command in COMMANDS:
            done = subprocess.run(
                shlex.split(command),
                cwd=folder,
                env=known,
                capture_output=True,
                text=True,
                check=True,
            )
            console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
            console.print(Text.from_ansi(done.stdout.rstrip()))
            console.print()
    return FONT_FACE.sub("", console.export_svg(title="zoo", unique_id="zoo"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the terminal of the README.")
    parser.add_argument("file", nargs="?", type=Path, default=PICTURE)
    file = parser.parse_args().file
    file.write_text(drawn(), encoding="utf-8")
    print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
