"""What a sweep found, for the run that trains with it: settings, table and picture.

Knows the folder that a sweep leaves; does not know how one is made.
"""

import shlex
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from zoo._utils.schema import Malformed, convert, parse_json, read_bytes
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


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What is needed of the plan of a sweep."""

    name: str
    method: str
    seed: int
    settings: dict[str, str]
    smoke: bool
    data: str | None = None


PLAN_KEYS = {field.name for field in fields(_Plan)}


@dataclass(frozen=True, kw_only=True)
class _Sweep:
    """What is needed of sweep.json."""

    plan: _Plan
    best: str
    table: list[list[str]]


NO_SWEEP = SweepSettings(settings={}, receipt={}, picture=b"")


def read(folder: str | Path, name: str, *, smoke: bool = False) -> SweepSettings:
    """Return what a sweep of a model left in a folder. Raises SettingsError."""
    try:
        whole = _file(parse_json(read_bytes(Path(folder) / FILE)))
        picture = read_bytes(Path(folder) / PICTURE)
        settings = _settings(whole.best)
    except (OSError, Malformed) as exc:
        problem = str(exc) if isinstance(exc, Malformed) else type(exc).__name__
        raise SettingsError(
            f"{folder} holds no finished sweep ({problem}). Run 'zoo sweep {name}' "
            "first, or finish it with --resume."
        ) from exc
    plan = whole.plan
    if plan.name != name:
        raise SettingsError(
            f"{folder} holds a sweep of {plan.name!r}, not of {name!r}."
        )
    if plan.data is not None:
        raise SettingsError(
            f"{folder} holds a sweep of fine-tuning, not of the recipe. Run the "
            f"command it ended with: {whole.best}"
        )
    if plan.smoke and not smoke:
        raise SettingsError(
            f"{folder} holds a sweep of smoke runs, which tell nothing of settings. "
            "Run it without --smoke."
        )
    receipt = {key: getattr(plan, key) for key in ("method", "seed", "settings")}
    return SweepSettings(
        settings=settings,
        receipt=receipt | {"table": whole.table},
        picture=picture,
    )


def _file(raw: Any) -> "_Sweep":
    """Return what is needed of sweep.json; its other entries are for people."""
    whole = convert(raw, dict[str, Any])
    plan = convert(whole.get("plan"), dict[str, Any])
    kept = whole | {"plan": {key: plan[key] for key in plan if key in PLAN_KEYS}}
    return convert(
        {key: kept[key] for key in ("plan", "best", "table") if key in kept}, _Sweep
    )


def _settings(command: str) -> dict[str, str]:
    """Return the settings of the `zoo train` command that a sweep ends with."""
    try:
        words = pairwise(shlex.split(command))
        return parse(word for flag, word in words if flag == "--set")
    except (ValueError, SettingsError) as exc:
        raise Malformed(f"best: {str(exc).rstrip('.')}") from exc
