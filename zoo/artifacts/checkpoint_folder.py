"""The checkpoint folder: its files, how it is replaced as a whole, how it is read.

Does not know torch.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any

from zoo.artifacts import weight_store
from zoo.errors import CheckpointError, SpecError, near
from zoo.plugins.discovery import Plugin
from zoo.specs import (
    Input,
    License,
    ModelSpec,
    Output,
    Trunk,
    Weights,
    as_tuples,
)
from zoo.specs.inputs import TOKENIZER

__all__ = [
    "CARD",
    "CONFIG",
    "FIGURE_SUFFIXES",
    "GOLDEN",
    "RECEIPT",
    "TOKENIZER",
    "WEIGHTS",
    "Config",
    "check_replaceable",
    "is_checkpoint",
    "read_config",
    "read_receipt",
    "replace_folder",
    "restore_interrupted",
    "weights_pin",
    "write_receipt",
]

FORMAT = 1
MAX_JSON_BYTES = (
    32 << 20
)  # bytes of config.json or run.json; more is a mistake or an attack
DISTRIBUTION = re.compile(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?", re.ASCII)
WEIGHTS, CONFIG, GOLDEN = "model.safetensors", "config.json", "golden.safetensors"
RECEIPT, CARD = "run.json", "README.md"
FIGURE_SUFFIXES = (".png", ".gif")  # beside the card
KNOWN_FILES = {WEIGHTS, CONFIG, GOLDEN, RECEIPT, CARD, TOKENIZER}


@dataclass(frozen=True, kw_only=True)
class Config:
    """The fields of config.json: enough to build the model that the weights fit."""

    name: str
    summary: str
    task: str
    build: str
    options: Mapping[str, Any]
    distribution: str  # what to install where `build` is unknown
    input: Input
    output: Output
    head: str | None
    trunk: Trunk | None
    recipe: str | None
    license: License
    trained_on: tuple[str, ...]
    parameters: int
    weights: Weights
    parent: Mapping[str, str] | None
    versions: Mapping[str, str]

    def to_json(self) -> str:
        plain = {"format": FORMAT, **asdict(self)}
        plain |= {"input": self.input.to_plain(), "output": self.output.to_plain()}
        return json.dumps(plain, indent=2) + "\n"

    def spec(self, package: Mapping[str, Plugin], folder: str | Path) -> ModelSpec:
        """Return the spec of the model in `folder`; its code belongs to a plugin.

        Code is never loaded from a folder: `build` must belong to an installed plugin.
        """
        home = self.build.partition(":")[0].partition(".")[0]
        if home not in package:
            raise CheckpointError(
                f"{folder} was made by {self.distribution!r}, which is not installed. "
                f"If you trust it, run: pip install {self.distribution}"
            )
        same = {f.name for f in fields(ModelSpec)} & {f.name for f in fields(self)}
        values = {name: getattr(self, name) for name in same}
        return ModelSpec(**values, card="")


def read_config(folder: Path) -> Config:
    """Return the config of a checkpoint folder."""
    restore_interrupted(folder)
    path = folder / CONFIG
    raw = _json(path)
    if raw is None:
        raise CheckpointError(
            f"{folder} is not a checkpoint folder: it has no {CONFIG}."
        )
    try:
        return _config(raw)
    except (KeyError, TypeError, AttributeError, ValueError, SpecError) as exc:
        problem = f"{type(exc).__name__}: {exc}".removeprefix("SpecError: ")
        raise CheckpointError(
            f"{path} does not describe a checkpoint ({problem.rstrip('.')})."
        ) from exc


def read_receipt(folder: Path) -> dict[str, Any]:
    """Return run.json of a checkpoint folder, or nothing where there is none."""
    path = folder / RECEIPT
    receipt = _json(path)
    if receipt is None:
        return {}
    if not isinstance(receipt, dict):
        raise CheckpointError(f"{path} does not hold a receipt.")
    return receipt


def write_receipt(folder: Path, receipt: Mapping[str, Any]) -> None:
    """Write run.json."""
    text = json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"
    (folder / RECEIPT).write_text(text, encoding="utf-8")


def is_checkpoint(folder: Path) -> bool:
    """Return whether `folder` holds a checkpoint, or the one a crash left beside it."""
    restore_interrupted(folder)
    return (folder / CONFIG).is_file()


def replace_folder(new: Path, folder: Path) -> None:
    """Put the finished folder `new` in the place of `folder`.

    Files in the old folder that the zoo did not write are kept. If the process dies,
    the old or the new folder is complete: `restore_interrupted` puts it in place.
    """
    old = _old(folder)
    restore_interrupted(folder)
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        new_names = {path.name for path in new.iterdir()}
        for path in folder.iterdir():
            if (
                path.name not in new_names | KNOWN_FILES
                and path.suffix not in FIGURE_SUFFIXES
            ):
                _copy(path, new / path.name)
        os.rename(folder, old)
    os.rename(new, folder)
    shutil.rmtree(old, ignore_errors=True)


def restore_interrupted(folder: Path) -> None:
    """Bring back a folder whose replacement was interrupted."""
    old = _old(folder)
    if old.exists() and not folder.exists():
        os.rename(old, folder)


def check_replaceable(folder: Path) -> None:
    """Refuse to write a checkpoint over something that is not one."""
    restore_interrupted(folder)
    if folder.is_file():
        raise CheckpointError(f"{folder} is a file; a checkpoint is a folder.")
    if folder.exists() and any(folder.iterdir()) and not (folder / CONFIG).exists():
        raise CheckpointError(
            f"{folder} holds other files and no checkpoint; nothing was written. "
            "Name a new or empty folder."
        )


def weights_pin(folder: Path) -> Weights:
    """Return the pin of a weights file that was just written."""
    path = folder / WEIGHTS
    return Weights(size=path.stat().st_size, sha256=weight_store.sha256_of(path))


def _json(path: Path) -> Any:
    """Return the content of a JSON file; None where it is missing."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ValueError(f"it has {path.stat().st_size:,} bytes")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError, OSError) as exc:
        raise CheckpointError(f"{path} can't be read: {exc}.") from exc
    return {} if value is None else value


def _old(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.old")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target, follow_symlinks=False)


def _config(raw: Any) -> Config:
    if raw["format"] != FORMAT:
        raise ValueError(f"format {raw['format']!r} is not {FORMAT}; update zoo-core")
    values = {name: value for name, value in raw.items() if name != "format"}
    field_names = [field.name for field in fields(Config)]
    for name in values:
        if name not in field_names:
            raise ValueError(f"unknown entry {name!r}. {near(name, field_names)}")
    values |= {
        "input": Input.from_plain(raw["input"]),
        "output": Output.from_plain(raw["output"]),
        "license": License(**raw["license"]),
        "trunk": _trunk(raw["trunk"]),
        "weights": Weights(**raw["weights"]),
        "trained_on": tuple(raw["trained_on"]),
        "options": {name: as_tuples(value) for name, value in raw["options"].items()},
    }
    config = Config(**values)
    for field in fields(Config):
        value = values[field.name]
        if not isinstance(value, PLAIN.get(field.type, object)):
            raise ValueError(f"{field.name}={value!r} has the wrong type")
    if not DISTRIBUTION.fullmatch(config.distribution):
        raise ValueError(f"distribution={config.distribution!r} is not a name")
    if not all(isinstance(name, str) for name in config.trained_on):
        raise ValueError(f"trained_on={config.trained_on!r} should be names")
    config.spec({config.build.partition(":")[0].partition(".")[0]: _NOBODY}, Path())
    return config


def _trunk(raw: Any) -> Trunk | None:
    return None if raw is None else Trunk(**{**raw, "size": as_tuples(raw["size"])})


_NOBODY = Plugin("", "", "", "")
PLAIN: dict[Any, Any] = {
    str: str,
    int: int,
    str | None: (str, NoneType),
    Mapping[str, Any]: dict,
    Mapping[str, str]: dict,
    Mapping[str, str] | None: (dict, NoneType),
}
