"""Install the core and every plugin, editable, with what recipes and tests need.

    python scripts/install.py

A plugin is a folder in plugins/ with a pyproject.toml: none is named here.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIP = [sys.executable, "-m", "pip", "install"]
BACKEND = ["hatchling>=1.26", "editables"]  # an editable build needs both at hand

found = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
places = [f"{ROOT}[dev]", *(f"{path}[train]" for path in found)]
editable = [word for place in places for word in ("-e", place)]
subprocess.run([*PIP, *BACKEND], check=True)
subprocess.run([*PIP, "--no-build-isolation", *editable], check=True)
print(f"Installed the core and {len(found)} plugins.")
