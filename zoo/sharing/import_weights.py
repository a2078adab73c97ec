"""Convert the weights of another project into a checkpoint folder.

Their tensors have other names. A mapping, patterns, or the order in the file give the
model's names. All tensors must agree by name and by shape, or nothing is written.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from zoo.artifacts import weight_store
from zoo.cards.templates import DRAFT
from zoo.errors import ImportWeightsError, near
from zoo.inference import predict
from zoo.models import safetensors_io, saving
from zoo.models.loading import build as built
from zoo.plugins.discovery import installed
from zoo.specs import ModelSpec

__all__ = ["ImportedWeights", "Match", "import_weights", "mapping", "match", "renamed"]

INSIDE = ("state_dict", "model_state_dict", "model", "module", "params", "weights")
SHOWN = 12  # lines of a report


@dataclass(frozen=True, kw_only=True)
class Match:
    """How the tensors of a file match a model.

    `missing` and `unexpected` give the nearest name, or "". `misshaped` gives the shape
    in the file and the model's.
    """

    matched: tuple[str, ...]
    missing: Mapping[str, str]
    misshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    unexpected: Mapping[str, str]

    @property
    def complete(self) -> bool:
        return not (self.missing or self.misshaped or self.unexpected)

    def lines(self) -> list[str]:
        """Return the report, a line for each tensor that does not fit."""
        lines = [
            f"missing {name!r}{f'; nearest: {other!r}' if other else ''}"
            for name, other in self.missing.items()
        ]
        lines += [
            f"misshaped {name!r}: {theirs} in the file, {ours} in the model"
            for name, (theirs, ours) in self.misshaped.items()
        ]
        lines += [
            f"unexpected {name!r}{f'; nearest: {other!r}' if other else ''}"
            for name, other in self.unexpected.items()
        ]
        return lines


@dataclass(frozen=True, kw_only=True)
class ImportedWeights:
    """The checkpoint folder, the model's name, and the match of the tensors."""

    folder: Path
    name: str
    match: Match


def import_weights(
    file: str | Path,
    folder: str | Path,
    *,
    build: str,
    model: str | None = None,
    rename: Mapping[str, str | None] | Sequence[tuple[str, str]] = (),
    by_order: bool = False,
    example: Any = None,
) -> ImportedWeights:
    """Write the weights in `file` as a checkpoint folder for `zoo.load`.

    `file` is a safetensors file, or a state_dict that torch saved, of which only
    tensors are read. `build` is the build function of an installed plugin's model,
    "package.module:function"; if several models use it, `model` names one. `rename` is
    a mapping of the file's names to the model's (None drops a tensor), or pairs of a
    regular expression and its replacement. `by_order` takes the tensors in their order,
    if they agree in number and shape. `example` is a raw input for the golden, by
    default the model's own. The folder's README.md is a draft, to be completed. Raises
    ImportWeightsError; if anything does not fit, nothing is written.

    >>> torch.save(zoo.load("xor-mlp").state_dict(), "theirs.pth")
    >>> spec = zoo.get_spec("xor-mlp")
    >>> imported = zoo.import_weights(
    ...     "theirs.pth", "mine", build=spec.build, model="xor-mlp"
    ... )
    >>> zoo.load("mine").zoo.spec.name
    'xor-mlp'
    """
    spec = _spec(build, model)
    module = built(spec.name)
    tensors = renamed(_read(Path(file)), rename)
    if by_order:
        tensors = _in_order(tensors, module, file)
    report = match(tensors, module)
    if not report.complete:
        raise ImportWeightsError(_misfit(Path(file), spec, report), report.lines())
    _fill(module, tensors)
    raw = example if example is not None else _example(spec)
    golden_input = None if raw is None else _model_input(module, raw)
    draft = DRAFT.format(name=spec.name, file=Path(file).name, summary=spec.summary)
    files = {"README.md": draft.encode()}
    saved = saving.save(module.eval(), folder, example=golden_input, files=files)
    return ImportedWeights(folder=saved, name=spec.name, match=report)


def renamed(
    tensors: Mapping[str, Tensor],
    rename: Mapping[str, str | None] | Sequence[tuple[str, str]],
) -> dict[str, Tensor]:
    """Return tensors under new names. A duplicate name is an ImportWeightsError."""
    mapping = dict(rename) if isinstance(rename, Mapping) else {}
    patterns = [] if isinstance(rename, Mapping) else list(rename)
    unknown = [name for name in mapping if name not in tensors]
    if unknown:
        raise ImportWeightsError(
            f"The mapping names {unknown[0]!r}, which the file does not hold. "
            f"{near(unknown[0], tensors)}".rstrip()
        )
    result: dict[str, Tensor] = {}
    for old, tensor in tensors.items():
        new = mapping.get(old, old)
        for pattern, replacement in patterns:
            new = _substituted(pattern, replacement, new or "")
        if not new:
            continue
        if new in result:
            raise ImportWeightsError(
                f"Two tensors of the file would be called {new!r}."
            )
        result[new] = tensor
    return result


def match(tensors: Mapping[str, Tensor], module: nn.Module) -> Match:
    """Return the match of tensors with a model, by name and shape."""
    model_shapes = {
        name: tuple(getattr(owner, attribute).shape)
        for owner, attribute, name in (
            g[0] for g in safetensors_io.slots(module).places
        )
    }
    file_shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    missing = [name for name in model_shapes if name not in file_shapes]
    unexpected = [name for name in file_shapes if name not in model_shapes]
    shared = [name for name in model_shapes if name in file_shapes]
    return Match(
        matched=tuple(
            name for name in shared if model_shapes[name] == file_shapes[name]
        ),
        missing={
            n: _nearest(n, model_shapes[n], unexpected, file_shapes) for n in missing
        },
        misshaped={
            n: (file_shapes[n], model_shapes[n])
            for n in shared
            if model_shapes[n] != file_shapes[n]
        },
        unexpected={
            n: _nearest(n, file_shapes[n], missing, model_shapes) for n in unexpected
        },
    )


def _nearest(
    name: str,
    shape: tuple[int, ...],
    others: Iterable[str],
    shapes: Mapping[str, tuple[int, ...]],
) -> str:
    """Return the name most similar to `name` among those of its shape, or ""."""
    alike = [other for other in others if shapes[other] == shape]
    return max(alike, key=lambda o: SequenceMatcher(None, name, o).ratio(), default="")


def _misfit(file: Path, spec: ModelSpec, report: Match) -> str:
    lines = report.lines()
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    whole = len(report.matched) + len(report.misshaped) + len(report.missing)
    listing = "\n  ".join([*lines[:SHOWN], *more])
    return (
        f"{file} does not fit {spec.name!r}: {len(report.matched)} of {whole} tensors "
        f"agree.\n  {listing}\nNothing was written. Say which name stands for which, "
        "by a mapping or a pattern."
    )


def _spec(build: str, model: str | None) -> ModelSpec:
    specs = [spec for spec in installed().models.values() if spec.build == build]
    names = sorted(spec.name for spec in specs)
    if not specs:
        builds = {spec.build for spec in installed().models.values()}
        raise ImportWeightsError(
            f"No installed plugin has a model that is built by {build!r}. "
            f"{near(build, builds)}A ModelSpec of yours must name it: 'zoo new' writes "
            "a plugin to begin with."
        )
    if model is None and len(names) > 1:
        raise ImportWeightsError(
            f"Several models are built by {build!r}: {', '.join(names)}. Say which "
            "(--model)."
        )
    if model is not None and model not in names:
        raise ImportWeightsError(
            f"{model!r} is not built by {build!r}; these are: {', '.join(names)}."
        )
    return next(spec for spec in specs if spec.name == (model or names[0]))


def _read(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, in its order."""
    if not file.is_file():
        raise ImportWeightsError(f"There is no file {file}.")
    with file.open("rb") as raw:
        start = raw.read(9)
    if start[8:9] == b"{":  # a length, and a header of JSON
        return safetensors_io.tensors(file)
    try:
        loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError, EOFError, ValueError) as exc:
        raise ImportWeightsError(
            f"{file} is neither a safetensors file nor a state_dict of tensors alone, "
            "and nothing else is read from a pickle. Where it was made, save "
            "model.state_dict()."
        ) from exc
    return _tensors(loaded, file)


def _tensors(state: Any, file: Path) -> dict[str, Tensor]:
    """Return a state_dict, which may be nested in a training checkpoint."""
    for key in INSIDE:
        inner = state.get(key) if isinstance(state, Mapping) else None
        if isinstance(inner, Mapping):
            state = inner
    if not isinstance(state, Mapping) or not state:
        raise ImportWeightsError(
            f"{file} holds a {type(state).__name__}, no state_dict."
        )
    strange = [name for name, value in state.items() if not isinstance(value, Tensor)]
    if strange:
        raise ImportWeightsError(
            f"{file} holds {strange[0]!r}, which is no tensor. Where it was made, save "
            "model.state_dict()."
        )
    return {str(name): tensor for name, tensor in state.items()}


def _in_order(
    tensors: Mapping[str, Tensor], module: nn.Module, file: str | Path
) -> dict[str, Tensor]:
    """Return the tensors under the model's names, one after the other."""
    names = list(safetensors_io.slots(module).names())
    state = list(module.state_dict())
    names.sort(key=state.index)
    if len(names) != len(tensors):
        raise ImportWeightsError(
            f"{file} holds {len(tensors)} tensors and the model {len(names)}: they "
            "can't be taken in order."
        )
    return dict(zip(names, tensors.values(), strict=True))


def _fill(module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    with torch.no_grad():
        for group in safetensors_io.slots(module).places:
            owner, attribute, name = group[0]
            getattr(owner, attribute).copy_(tensors[name])


def _example(spec: ModelSpec) -> Any:
    if not spec.examples:
        return None
    return weight_store.package_folder(spec.package) / "examples" / spec.examples[0]


def _model_input(module: nn.Module, raw: Any) -> Tensor:
    """Return a raw input as a tensor for the model."""
    parts, _ = predict.model_inputs(module.eval(), raw, "zoo.import_weights")
    return torch.cat([inputs for _, inputs in parts])


def _substituted(pattern: str, replacement: str, name: str) -> str:
    try:
        return re.sub(pattern, replacement, name)
    except (re.error, IndexError) as exc:
        raise ImportWeightsError(
            f"{pattern!r} -> {replacement!r} is no rule: {exc}."
        ) from exc


def mapping(file: Path) -> dict[str, str | None]:
    """Return the mapping of a JSON file: names to the model's names, or null."""
    try:
        names = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise ImportWeightsError(f"The mapping {file} can't be read: {exc}.") from exc
    fits = isinstance(names, dict) and all(
        value is None or isinstance(value, str) for value in names.values()
    )
    if not fits:
        raise ImportWeightsError(
            f"The mapping {file} should be an object of names, "
            '{"theirs": "ours", "not wanted": null}.'
        )
    return dict(names)
