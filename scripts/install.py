"""Install the core and every plugin, editable, with what recipes and tests need.

    python scripts/install.py

A plugin is a folder in plugins/ with a pyproject.toml: none is named here.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP = [sys.executable, "-m", "pip", "install"]
BACKEND = ["hatchling>=1.26", "editables>=0.5"]  # an editable build needs both at hand


def editable(places: list[str]) -> list[str]:
    """Return the words that ask pip for these, editable and by the backend at hand."""
    return [
        "--no-build-isolation",
        *(word for place in places for word in ("-e", place)),
    ]


found = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
bare = [str(ROOT), *map(str, found)]
whole = [f"{ROOT}[dev]", *(f"{path}[train]" for path in found)]

subprocess.run([*PIP, *BACKEND], check=True)
# The extras of plugins need other plugins, which no index has. The pip 23.2 that comes
# with Python 3.11 takes those only where they are installed, so they come first.
subprocess.run([*PIP, "--no-deps", *editable(bare)], check=True)
subprocess.run([*PIP, *editable(whole)], check=True)
print(f"Installed the core and {len(found)} plugins.")
