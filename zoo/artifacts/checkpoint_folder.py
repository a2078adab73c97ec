"""The checkpoint folder: its files, how it is replaced as a whole, how it is read.

Does not know torch.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from packaging.version import InvalidVersion, Version

from zoo._utils import atomic_folder
from zoo._utils.import_string import root_package
from zoo._utils.schema import Malformed, convert, parse_json, read_bytes
from zoo.artifacts import checked_file, receipt_schema
from zoo.errors import CheckpointError, SpecError, ZooError
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
    "STATE_SUFFIX",
    "TOKENIZER",
    "WEIGHTS",
    "Config",
    "beside",
    "check_free",
    "check_replaceable",
    "check_writable",
    "copy_folder",
    "inside",
    "is_checkpoint",
    "numbered",
    "read_config",
    "read_receipt",
    "replace_folder",
    "scratch_folder",
    "weights_pin",
    "write_receipt",
]

FORMAT = 1
GRAPH_SUFFIX = ".onnx"
ORIGINAL = ": give the model that it was exported from"
AGAIN = " Save the checkpoint again, or get another copy of the folder."
DISTRIBUTION = re.compile(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?", re.ASCII)
WEIGHTS, CONFIG, GOLDEN = "model.safetensors", "config.json", "golden.safetensors"
RECEIPT, CARD = "run.json", "README.md"
STATE_SUFFIX = ".state"  # of the file that an interrupted run goes on from
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
        home = root_package(self.build.partition(":")[0])
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
    path = folder / CONFIG
    if os.path.isfile(folder):  # False of a path that no file can have
        raise CheckpointError(f"{folder} is a file, and {_of_file(folder)}.")
    raw = _json(path)
    if raw is None:
        raise CheckpointError(
            f"{folder} is not a checkpoint folder: it has no {CONFIG}.{_of(folder)}"
        )
    try:
        return _config(raw)
    except (Malformed, SpecError) as exc:
        raise CheckpointError(
            f"{path} does not describe a checkpoint ({str(exc).rstrip('.')})."
            f"{_update_advice(raw) or AGAIN}"
        ) from exc


def _of_file(file: Path) -> str:
    """Return what to do about a file where a checkpoint folder should be."""
    if file.name == CONFIG or file.name == WEIGHTS:
        return f"a checkpoint is a folder: give {file.parent}"
    if file.suffix == GRAPH_SUFFIX:
        return f"a graph that was exported is for onnxruntime{ORIGINAL}"
    return (
        "a checkpoint is a folder. 'zoo import-weights' makes one of weights that "
        "another program saved"
    )


def _of(folder: Path) -> str:
    """Return what a folder without a config holds, where that is a graph."""
    try:
        graphs = [one.name for one in folder.iterdir() if one.suffix == GRAPH_SUFFIX]
    except OSError:
        return ""
    if not graphs:
        return ""
    return f" It holds {graphs[0]}, a graph for onnxruntime{ORIGINAL}."


def read_receipt(folder: Path) -> dict[str, Any]:
    """Return run.json of a checkpoint folder, or nothing where there is none."""
    path = folder / RECEIPT
    raw = _json(path, nan=True)  # of a metric that is none in an epoch
    if raw is None:
        return {}
    try:
        return receipt_schema.check(raw)
    except Malformed as exc:
        raise CheckpointError(f"{path} is no receipt of a run ({exc}).{AGAIN}") from exc


def write_receipt(folder: Path, receipt: Mapping[str, Any]) -> None:
    """Write run.json."""
    text = json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"
    (folder / RECEIPT).write_text(text, encoding="utf-8")


def is_checkpoint(folder: Path) -> bool:
    """Return whether `folder` holds a checkpoint."""
    return os.path.isfile(folder / CONFIG)


def inside(path: Path, folder: Path, error: type[ZooError]) -> Path:
    """Return the path of a file in a checkpoint folder, which is no link out of it.

    Its target may belong to somebody else. The Hub's client keeps the files of a folder
    beside it, as blobs. Raises `error`.
    """
    target, home = (Path(os.path.realpath(one)) for one in (path, folder))
    hub = home.parent.parent
    blobs = hub / "blobs" if hub.name.startswith("models--") else home
    if not (target.is_relative_to(home) or target.is_relative_to(blobs)):
        raise error(
            f"{path} is a link to {target}, outside of the checkpoint. Put the file "
            "itself there."
        )
    return path


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder to write a checkpoint into, before it replaces `folder`.

    Raises CheckpointError where `folder` can't be written, or holds something else.
    """
    check_replaceable(folder)
    try:
        made = atomic_folder.scratch_folder(folder)
        scratch = made.__enter__()
    except OSError as exc:
        raise _unwritable(folder, exc) from exc
    try:
        yield scratch
    finally:
        made.__exit__(None, None, None)


def replace_folder(new: Path, folder: Path) -> None:
    """Put `new`, a scratch folder that is finished, in the place of `folder`.

    Files in the old folder that the zoo did not write are kept. If the process dies,
    `folder` is the old one or the new one; where the system can't exchange folders,
    it may be one whose weights are not those that its config.json pins.
    """

    def keep(path: Path) -> bool:
        return path.name not in KNOWN_FILES and path.suffix not in FIGURE_SUFFIXES

    atomic_folder.put_folder(new, folder, keep=keep, last=CONFIG)


def copy_folder(folder: Path, new: Path) -> None:
    """Copy a checkpoint folder into `new`, which is empty.

    A link out of the folder is refused: it would take in what belongs to somebody else.
    So is one to a folder, which may have no end, and what is no file, such as a pipe.
    Raises CheckpointError.
    """
    home = folder.resolve()
    for path in sorted(folder.rglob("*")):
        linked = path.is_symlink() and (
            path.is_dir() or not path.resolve().is_relative_to(home)
        )
        if linked:
            raise CheckpointError(
                f"{path} is a link to {os.path.realpath(path)}. Put the file itself "
                "into the checkpoint."
            )
        if not (path.is_file() or path.is_dir()):
            raise CheckpointError(f"{path} is no file. Remove it from the checkpoint.")
    shutil.copytree(folder, new, dirs_exist_ok=True)


def check_replaceable(folder: Path) -> None:
    """Refuse to write a checkpoint over something that is not one."""
    try:
        if folder.exists() and not folder.is_dir():
            raise CheckpointError(f"{folder} is a file; a checkpoint is a folder.")
        others = folder.iterdir() if folder.exists() else ()
        if not is_checkpoint(folder) and not all(map(_is_state, others)):
            raise CheckpointError(
                f"{folder} holds other files and no checkpoint; nothing was written. "
                "Name a new or empty folder."
            )
    except OSError as exc:
        raise _unwritable(folder, exc) from exc


def _is_state(path: Path) -> bool:
    """Return whether a file is the state of a run that is to be written here."""
    return path.name == f".{path.parent.name}{STATE_SUFFIX}"


def check_free(folder: Path, *, force: bool) -> None:
    """Refuse to write a run over another one, unless with `force`, or where no
    checkpoint can be written. Raises CheckpointError.
    """
    check_writable(folder)
    if is_checkpoint(folder) and not force:
        raise CheckpointError(
            f"{folder} holds a trained model already; nothing was written. Name "
            "another folder, or replace it with --force (force=True)."
        )


def beside(folder: Path, ending: str) -> Path:
    """Return the path beside a folder whose name has an ending more, also of "."."""
    if folder.name in ("", ".."):
        folder = Path(os.path.realpath(folder))
    return folder.with_name(f"{folder.name}{ending}")


def numbered(folder: Path) -> Path:
    """Return `folder`, or with the first number from 2 on under which nothing is."""
    number, free = 1, folder
    while os.path.lexists(free):
        number += 1
        free = beside(folder, f"-{number}")
    return free


def check_writable(folder: Path) -> None:
    """Refuse a folder that no checkpoint can be written to, before the work begins.

    Nothing is left of the trial. Raises CheckpointError.
    """
    above = Path(os.path.realpath(folder)).parents
    made = [place for place in above if not os.path.lexists(place)]
    try:
        with scratch_folder(folder) as scratch:
            (scratch / CONFIG).write_bytes(b"{}")
    except OSError as exc:
        raise _unwritable(folder, exc) from exc
    finally:
        for place in made:
            with suppress(OSError):
                place.rmdir()


def weights_pin(folder: Path) -> Weights:
    """Return the pin of a weights file that was just written."""
    path = folder / WEIGHTS
    return Weights(size=path.stat().st_size, sha256=checked_file.sha256_of(path))


def _json(path: Path, *, nan: bool = False) -> Any:
    """Return the content of a JSON file; None where it is missing."""
    try:
        value = parse_json(read_bytes(path), nan=nan)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:  # malformed, or a path that no file can have
        raise CheckpointError(f"{path} can't be read: {exc}.{AGAIN}") from exc
    return {} if value is None else value


def _unwritable(folder: Path, exc: OSError) -> CheckpointError:
    problem = exc.strerror or str(exc)
    if isinstance(exc, (FileExistsError, NotADirectoryError)):
        problem = "what should be a folder above it is a file"
    return CheckpointError(
        f"{folder} can't be written: {problem}. Name a folder that you may write to."
    )


def _other_library(raw: Any) -> str:
    """Return what a JSON file is that the zoo did not write."""
    kind = raw.get("model_type") if isinstance(raw, dict) else None
    if isinstance(kind, str):
        return (
            f"it is of transformers, of a model of type {kind!r}: load it with that "
            "library. 'zoo import-weights' takes weights that fit a model of the zoo"
        )
    return "it is of another library: it has no 'format'"


def _update_advice(raw: Any) -> str:
    """Return a sentence where a newer zoo has written a config, and nothing else."""
    try:
        written, here = raw["versions"]["zoo-core"], version("zoo-core")
        newer = Version(written) > Version(here)
    except (KeyError, TypeError, InvalidVersion, PackageNotFoundError):
        return ""
    return (
        f" zoo-core {written} wrote it, and {here} is installed: pip install "
        "--upgrade zoo-core."
        if newer
        else ""
    )


def _config(raw: Any) -> Config:
    if not isinstance(raw, dict) or "format" not in raw:
        raise Malformed(_other_library(raw))
    if raw["format"] != FORMAT:
        raise Malformed(f"format {raw['format']!r} is not {FORMAT}; update zoo-core")
    values = {name: value for name, value in raw.items() if name != "format"}
    config = convert(values, Config)
    options = {name: as_tuples(value) for name, value in config.options.items()}
    config = replace(config, options=options)
    if not DISTRIBUTION.fullmatch(config.distribution):
        raise Malformed(f"distribution={config.distribution!r} is not a name")
    pin = config.weights  # of the file beside config.json, whole and of no other
    if pin.size is None or pin.sha256 is None or pin.repo is not None:
        raise Malformed("weights should have the size and the sha256 of the file")
    config.spec({root_package(config.build.partition(":")[0]): _NOBODY}, Path())
    return config


_NOBODY = Plugin("", "", "", "")
