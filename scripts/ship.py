"""Make a run the shipped checkpoint of its model.

    python scripts/ship.py RUN_FOLDER...
    python scripts/ship.py --refresh

Copies each folder into its plugin's package, and writes its pin (size, SHA-256) and its
metrics into the package's measured.json, so that what a model claims is what was
measured. With --refresh nothing is copied: the pins and metrics of every plugin of this
repository are written again from the checkpoints that it ships; costs stay.
"""

import argparse
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from zoo import ZooError
from zoo.artifacts import checkpoint_folder, claims, weight_store
from zoo.plugins import catalog, measured
from zoo.plugins.discovery import installed
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
            ship(folder)
        if asked.refresh:
            refresh(PLUGINS)
    except ZooError as exc:
        sys.exit(f"error: {exc}")


def ship(folder: Path) -> None:
    """Copy one run folder into its plugin, and write what it measured."""
    config, facts = checkpoint_folder.read_config(folder), claims.measured_facts(folder)
    spec, plugin = catalog.get_spec(config.name), installed().providers[config.name]
    if config.input != spec.input:
        sys.exit(
            f"{config.name} was trained on another input than its spec says: write "
            f"input={config.input} there first."
        )
    path = weight_store.package_folder(plugin.package) / measured.FILE
    held = measured.read(path, plugin.name).get(config.name, Facts())
    for part in ("weights", "metrics"):
        if getattr(spec, part) and not getattr(held, part):
            sys.exit(
                f"The ModelSpec of {config.name!r} has {part}= in Python. Remove it "
                f"there first: {path} is to hold what was measured."
            )
    target = weight_store.shipped_checkpoint(spec)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    measured.record(
        path, plugin.name, config.name, weights=facts.weights, metrics=facts.metrics
    )
    print(f"{config.name}: {target} ({config.weights.size:,} bytes)")


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
