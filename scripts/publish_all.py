"""Publish every model of this repository that ships weights, each as ORG/<model>.

    python scripts/publish_all.py --organisation ORG [--only 'mlp-*'] [--dry-run]

It may be run again at any time: what a repository has already is not sent again. A
model that fails is reported at the end, and the others go on. Prints a table with the
pins. The status is 1 where one failed.
"""

import argparse
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from zoo import ModelSpec, ZooError, publish
from zoo.artifacts import weight_store
from zoo.plugins import catalog

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"


def main(words: list[str]) -> int:
    """Publish what is asked for; return how many models failed, at most 1."""
    asked = _parser().parse_args(words)
    failed: dict[str, ZooError] = {}
    print("| model | repository | state | pin |\n| --- | --- | --- | --- |")
    for spec in _ours(asked.only):
        repo = f"{asked.organisation}/{spec.name}"
        if asked.dry_run:
            print(f"| {spec.name} | {repo} | not sent | |")
            continue
        try:
            done = publish(spec.name, repo, private=asked.private)
        except ZooError as exc:
            failed[spec.name] = exc
            print(f"| {spec.name} | {repo} | failed | |", flush=True)
            continue
        state = "published" if done.changed else "unchanged"
        print(f"| {spec.name} | {repo} | {state} | `{done.pin}` |", flush=True)
    for name, fault in failed.items():
        print(f"error: {name}: {fault}", file=sys.stderr)
    return min(len(failed), 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Publish the models of this folder.")
    parser.add_argument("--organisation", required=True, help="or a user's name")
    parser.add_argument("--only", default="*", help="a pattern of names: 'mlp-*'")
    parser.add_argument("--private", action="store_true")
    parser.add_argument("--dry-run", action="store_true", help="send nothing")
    return parser


def _ours(pattern: str) -> Iterator[ModelSpec]:
    """Yield the models that a plugin of this repository ships with their weights."""
    for spec in catalog.search():
        shipped = spec.weights is not None and spec.weights.repo is None
        ours = PLUGINS in weight_store.shipped_checkpoint(spec).resolve().parents
        if shipped and ours and fnmatch(spec.name, pattern):
            yield spec


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
