"""What a run.json may hold: the receipts of runs, of fine-tunings and of imports.

A receipt may have other entries too: those of a later zoo. Does not know torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from zoo._utils.schema import Malformed, convert

__all__ = ["check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRow:
    """A figure, and the rows that it was measured on."""

    name: str
    value: float
    dataset: str
    split: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPart:
    """The rows of a split."""

    rows: int
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPart:
    """How settings were searched."""

    method: str
    seed: int
    settings: Mapping[str, str]
    table: tuple[tuple[str, ...], ...]
    best_epoch: bool | None = None

    def __post_init__(self) -> None:
        if len({*map(len, self.table)}) != 1:
            raise Malformed("sweep.table: its rows are not of one length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The model that a fine-tuning began with."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WeakLabel:
    """A label, and the share of its rows that were answered rightly."""

    label: str
    rows: int
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What any receipt may say; one that was not measured says little."""

    name: str = ""
    recipe: str | None = None
    recipe_sha256: str = ""
    smoke: bool = False
    settings: Mapping[str, Any] | None = None
    changed: Mapping[str, Any] | None = None
    data: Mapping[str, DataPart] | None = None
    metrics: tuple[MetricRow, ...] = ()
    rows: int = 0
    baselines: Mapping[str, Mapping[str, float]] | None = None
    measured: Mapping[str, Any] | None = None
    history: tuple[Mapping[str, float], ...] = ()
    pictures: Mapping[str, str] | None = None
    seconds: float = 0.0
    peak_memory_mib: int | None = None
    hardware: str = ""
    precision: Literal["no", "fp16", "bf16"] = "no"
    versions: Mapping[str, str] | None = None
    commit: str | None = None
    comparison: str = ""
    origin: Mapping[str, str] | None = None
    sweep: SweepPart | None = None

    def __post_init__(self) -> None:
        for name in self.changed or ():
            if name not in (self.settings or {}):
                raise Malformed(f"changed: {name!r} is none of the settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReceipt(Receipt):
    """The receipt of what was measured: a card is made of it."""

    settings: Mapping[str, Any]
    data: Mapping[str, DataPart]
    metrics: tuple[MetricRow, ...]
    rows: int
    baselines: Mapping[str, Mapping[str, float]]
    measured: Mapping[str, Any]
    pictures: Mapping[str, str]
    seconds: float
    peak_memory_mib: int | None
    hardware: str
    versions: Mapping[str, str]

    def __post_init__(self) -> None:
        Receipt.__post_init__(self)  # super() knows no class with slots
        if "torch" not in self.versions:
            raise Malformed("no 'torch' in versions")


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetunedReceipt(RunReceipt):
    """The receipt of a fine-tuning."""

    history: tuple[Mapping[str, float], ...]
    parent: Parent
    seen: bool
    classes: Mapping[str, int]
    target: str | None
    skipped: tuple[str, ...]
    notes: tuple[str, ...] = ()
    weakest: tuple[WeakLabel, ...]
    tried: tuple[Any, ...]

    def __post_init__(self) -> None:
        RunReceipt.__post_init__(self)
        if not self.metrics:
            raise Malformed("metrics: there are none")
        if "training" not in {name.rpartition("/")[2] for name in self.data}:
            raise Malformed("data: there are no training rows")
        for name in ("balance", "freeze"):
            if name not in self.settings:
                raise Malformed(f"no {name!r} in settings")


def check(raw: Any) -> dict[str, Any]:
    """Return the plain value of a run.json, which is a receipt. Raises Malformed."""
    if not isinstance(raw, dict):
        raise Malformed("it holds no receipt")
    kind: type[Receipt] = RunReceipt if "metrics" in raw else Receipt
    if raw.get("recipe") is None and "tried" in raw:
        kind = FinetunedReceipt
    known = {field.name for field in fields(kind)}
    convert({name: value for name, value in raw.items() if name in known}, kind)
    return raw
