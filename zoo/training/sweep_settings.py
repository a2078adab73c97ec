"""What a sweep found, for the run that trains with it: settings, table and picture.

Knows the folder that a sweep leaves; does not know how one is made.
"""

import json
import shlex
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from zoo.errors import SettingsError
from zoo.training.settings import parse

__all__ = ["CAPTION", "FILE", "NO_SWEEP", "PICTURE", "SweepSettings", "read"]

FILE, PICTURE = "sweep.json", "sweep.png"
CAPTION = (
    "The settings that were tried, and what each trial reached on validation rows."
)


@dataclass(frozen=True, kw_only=True)
class SweepSettings:
    """A finished sweep: the best trial's settings, and its part of the receipt."""

    settings: dict[str, str]
    receipt: dict[str, Any]
    picture: bytes


NO_SWEEP = SweepSettings(settings={}, receipt={}, picture=b"")


def read(folder: str | Path, name: str, *, smoke: bool = False) -> SweepSettings:
    """Return what a sweep of a model left in a folder. Raises SettingsError."""
    try:
        whole = json.loads((Path(folder) / FILE).read_text(encoding="utf-8"))
        picture = (Path(folder) / PICTURE).read_bytes()
        plan, best, table = whole["plan"], whole["best"], whole["table"]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise SettingsError(
            f"{folder} holds no finished sweep ({type(exc).__name__}). Run 'zoo sweep "
            f"{name}' first, or finish it with --resume."
        ) from exc
    if plan["name"] != name:
        raise SettingsError(
            f"{folder} holds a sweep of {plan['name']!r}, not of {name!r}."
        )
    if plan.get("data") is not None:
        raise SettingsError(
            f"{folder} holds a sweep of fine-tuning, not of the recipe. Run the "
            f"command it ended with: {best}"
        )
    if plan["smoke"] and not smoke:
        raise SettingsError(
            f"{folder} holds a sweep of smoke runs, which tell nothing of settings. "
            "Run it without --smoke."
        )
    receipt = {key: plan[key] for key in ("method", "seed", "settings")}
    return SweepSettings(
        settings=_settings(best),
        receipt=receipt | {"table": table},
        picture=picture,
    )


def _settings(command: str) -> dict[str, str]:
    """Return the settings of the `zoo train` command that a sweep ends with."""
    words = pairwise(shlex.split(command))
    return parse(word for flag, word in words if flag == "--set")
