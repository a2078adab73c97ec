"""Measure what every model of this repository costs, each in a process of its own.

    python scripts/measure_costs.py [NAME...]

Writes into the plugins' measured.json, which 'zoo info' reads. One thread each, so that
machines compare. Where weights lie on the Hub and not here, the architecture is
measured with untrained ones, and no load.
"""

import subprocess
import sys

from zoo.plugins import catalog
from zoo.specs import ModelSpec


def main(names: list[str]) -> None:
    for name in names or catalog.list_models():
        words = [name, "--threads", "1", "--record"]
        if not _here(catalog.get_spec(name)):
            words.append("--untrained")
        print(name, flush=True)
        subprocess.run([sys.executable, "-m", "zoo", "benchmark", *words], check=True)


def _here(spec: ModelSpec) -> bool:
    return spec.weights is not None and spec.weights.repo is None


if __name__ == "__main__":
    main(sys.argv[1:])
