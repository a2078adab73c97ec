"""Measure what every model of this repository costs, each in a process of its own.

    python scripts/measure_costs.py [NAME...]

Writes costs.json into the plugins' packages, which 'zoo info' reads. One thread each,
so that machines compare. Where weights lie on the Hub and not here, the architecture is
measured with untrained ones, and no load.
"""

import subprocess
import sys

from zoo.artifacts import costs
from zoo.artifacts import weight_store as store
from zoo.plugins import catalog as catalogue
from zoo.specs import ModelSpec


def main(names: list[str]) -> None:
    for name in names or catalogue.list_models():
        spec = catalogue.get_spec(name)
        path = store.package_folder(spec.package) / costs.FILE
        words = [name, "--threads", "1", "--record", str(path)]
        if not _here(spec):
            words.append("--untrained")
        print(name, flush=True)
        subprocess.run([sys.executable, "-m", "zoo", "benchmark", *words], check=True)


def _here(spec: ModelSpec) -> bool:
    return spec.weights is not None and spec.weights.repo is None


if __name__ == "__main__":
    main(sys.argv[1:])
