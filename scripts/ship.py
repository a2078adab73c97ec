"""Make a run the shipped checkpoint of its model.

    python scripts/ship.py RUN_FOLDER...
    python scripts/ship.py --refresh

Copies each folder into its plugin's package, and writes its pin (size, SHA-256) and its
metrics into the package's measured.json, so that what a model claims is what was
measured. With --refresh nothing is copied: the pins and metrics of every plugin of this
repository are written again from the checkpoints that it ships; costs stay.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import zoo
from zoo import ZooError
from zoo.artifacts import checkpoint_folder, claims
from zoo.plugins import measured
from zoo.plugins.measured import Facts

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"


def main(words: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Ship runs as their models' weights.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="RUN_FOLDER")
    parser.add_argument("--refresh", action="store_true", help="of what is shipped")
    asked = parser.parse_args(words)
    if bool(asked.folders) == asked.refresh:
        parser.error("name run folders, or --refresh alone")
    try:
        for folder in asked.folders:
            shipped = zoo.ship(folder)
            print(f"{shipped.name}: {shipped.folder} ({shipped.size:,} bytes)")
        if asked.refresh:
            refresh(PLUGINS)
    except ZooError as exc:
        sys.exit(f"error: {exc}")


def refresh(plugins: Path) -> None:
    """Write the pins and metrics of every plugin in a folder from its checkpoints.

    Looks at files alone: a plugin whose specs can't be read is refreshed as well.
    """
    for package in sorted(plugins.glob("*/zoo_*")):
        path, plugin = package / measured.FILE, package.parent.name
        held = measured.read(path, plugin)
        shipped = [
            claims_of(home) for home in sorted(package.glob("checkpoints/[!.]*"))
        ]
        bare = {n: replace(f, weights=None, metrics=()) for n, f in held.items()}
        known = bare | {
            name: replace(facts, costs=held.get(name, Facts()).costs)
            for name, facts in shipped
        }
        before = path.read_bytes() if held else b""
        if known:
            measured.write(path, known)
        if known and path.read_bytes() != before:
            print(f"{path} is written anew")


def claims_of(home: Path) -> tuple[str, Facts]:
    return checkpoint_folder.read_config(home).name, claims.measured_facts(home)


if __name__ == "__main__":
    main(sys.argv[1:])
