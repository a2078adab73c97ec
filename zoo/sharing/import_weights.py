"""Convert the weights of another project into a checkpoint folder.

Their tensors have other names. A mapping, patterns, the order in the file, or what the
plugin itself knows of them give the model's names. All tensors must agree by name,
shape and type, or nothing is written.
"""

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo._utils.schema import Malformed, convert, parse_json, read_bytes
from zoo._utils.shown import counted
from zoo.artifacts import checked_file, weight_store
from zoo.cards.templates import DRAFT, DRAFT_HEADER
from zoo.errors import ImportWeightsError, near
from zoo.inference import predict
from zoo.models import safetensors_io, saving
from zoo.models.loading import build as built
from zoo.models.loading import renamed_of
from zoo.models.metadata import attach, model_metadata
from zoo.plugins.discovery import installed
from zoo.specs import ModelSpec

__all__ = [
    "LICENSE",
    "ImportedWeights",
    "Match",
    "import_weights",
    "mapping",
    "match",
    "read_tensors",
    "renamed",
    "without_prefixes",
]

INSIDE = ("state_dict", "model_state_dict", "model", "module", "params", "weights")
LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
WRAPPERS = ("module.", "_orig_mod.")  # of DataParallel, and of torch.compile
COUNTER = "num_batches_tracked"  # of batch norm, which torch takes to be 0 if missing
SHOWN = 12  # lines of a report


@dataclass(frozen=True, kw_only=True)
class Match:
    """How the tensors of a file match a model.

    `missing` and `unexpected` give the nearest name, or "". `misshaped` gives the shape
    in the file and the model's, and `mistyped` the dtypes of those that agree in shape.
    """

    matched: tuple[str, ...]
    missing: Mapping[str, str]
    misshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    mistyped: Mapping[str, tuple[torch.dtype, torch.dtype]]
    unexpected: Mapping[str, str]

    @property
    def complete(self) -> bool:
        """Whether every tensor fits."""
        wrong = self.missing or self.misshaped or self.mistyped or self.unexpected
        return not wrong

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
            f"mistyped {name!r}: {theirs} in the file, {ours} in the model"
            for name, (theirs, ours) in self.mistyped.items()
        ]
        lines += [
            f"unexpected {name!r}{f'; nearest: {other!r}' if other else ''}"
            for name, other in self.unexpected.items()
        ]
        return lines


@dataclass(frozen=True, kw_only=True)
class ImportedWeights:
    """The checkpoint folder, the model's name, and the match of the tensors.

    `notes` say what was done to the tensors of the file beside renaming them as asked.
    """

    folder: Path
    name: str
    match: Match
    notes: tuple[str, ...] = ()


def import_weights(
    file: str | Path,
    folder: str | Path,
    *,
    build: str,
    model: str | None = None,
    rename: Mapping[str, str | None] | Sequence[tuple[str, str]] = (),
    by_order: bool = False,
    example: Any = None,
    license: str | None = None,
) -> ImportedWeights:
    """Write the weights in `file` as a checkpoint folder for `zoo.load`.

    `file` is a safetensors file, or a state_dict that torch saved, of which only
    tensors are read. `build` is the build function of an installed plugin's model,
    "package.module:function"; if several models use it, `model` names one. `rename` is
    a mapping of the file's names to the model's (None drops a tensor), or pairs of a
    regular expression and its replacement. `by_order` takes the tensors in their order,
    if they agree in number and shape. `example` is a raw input for the golden, by
    default the model's own. `license` is that of the weights, such as "apache-2.0";
    without it they have the licence that a model without weights of its own declares,
    or else an unknown one. The folder's README.md is a draft, to be completed.

    What DataParallel and torch.compile put before names is taken off, unless `rename`
    speaks of it; a plugin's own `renamed` is asked where names still differ; counters
    `num_batches_tracked` that are missing are 0, as in torch. The notes of the result
    say so. Floats are converted to the model's type, and nothing else is. Raises
    ImportWeightsError; if anything does not fit, nothing is written.

    >>> torch.save(zoo.load("xor-mlp").state_dict(), "theirs.pth")
    >>> spec = zoo.get_spec("xor-mlp")
    >>> imported = zoo.import_weights(
    ...     "theirs.pth", "mine", build=spec.build, model="xor-mlp"
    ... )
    >>> zoo.load("mine").zoo.spec.name
    'xor-mlp'
    """
    if license is not None and not LICENSE.fullmatch(license):
        raise ImportWeightsError(
            f"{license!r} is no identifier of a licence. Write it as the Hub does, "
            "such as apache-2.0 or cc-by-4.0."
        )
    spec = _spec(build, model)
    module = built(spec.name)
    tensors, notes = _without_wrappers(read_tensors(Path(file)), module, rename)
    tensors = renamed(tensors, rename)
    if by_order:
        tensors = _in_order(tensors, module, file)
    else:
        tensors = _as_the_plugin_knows(tensors, module, spec, notes)
    tensors = _with_counters(tensors, module, notes)
    report = match(tensors, module)
    if not report.complete:
        raise ImportWeightsError(_misfit(Path(file), spec, report), report.lines())
    _fill(module, tensors)
    _license(module, license)
    raw = example if example is not None else _example(spec)
    golden_input = None if raw is None else _model_input(module, raw)
    header = DRAFT_HEADER.format(license=license, task=spec.task) if license else ""
    draft = DRAFT.format(name=spec.name, file=Path(file).name, summary=spec.summary)
    files = {"README.md": (header + draft).encode()}
    sha256 = checked_file.sha256_of(Path(file))
    origin = {"file": Path(file).name, "SHA-256": sha256}
    saved = saving.save(
        module.eval(),
        folder,
        example=golden_input,
        receipt={"origin": origin},
        files=files,
    )
    return ImportedWeights(
        folder=saved, name=spec.name, match=report, notes=tuple(notes)
    )


def _license(module: nn.Module, license: str | None) -> None:
    """Write the licence of foreign weights into the model's metadata."""
    known = model_metadata(module)
    declared = known.spec.license
    if license is not None:
        held = replace(declared, weights=license)
    elif known.spec.weights is not None:  # what is declared is that of other weights
        held = replace(declared, weights="unknown")
    else:
        held = declared
    attach(module, replace(known, spec=replace(known.spec, license=held)))


def _without_wrappers(
    tensors: dict[str, Tensor],
    module: nn.Module,
    rename: Mapping[str, str | None] | Sequence[tuple[str, str]],
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors without what wrappers put before their names, and notes."""
    spoken = list(rename) if isinstance(rename, Mapping) else [old for old, _ in rename]
    ours, notes = list(module.state_dict()), []
    going = True
    while going:
        going = False
        for prefix in WRAPPERS:
            word = prefix.rstrip(".")
            if (
                tensors
                and all(name.startswith(prefix) for name in tensors)
                and not any(name.startswith(prefix) for name in ours)
                and not any(word in one for one in spoken)
            ):
                tensors = {n.removeprefix(prefix): t for n, t in tensors.items()}
                notes.append(f"{prefix!r} before every name was taken off.")
                going = True
    return tensors, notes


def without_prefixes(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors without what wrappers put before all of their names."""
    for prefix in WRAPPERS * 2:  # in either order
        if tensors and all(name.startswith(prefix) for name in tensors):
            tensors = {n.removeprefix(prefix): t for n, t in tensors.items()}
    return tensors


def _as_the_plugin_knows(
    tensors: dict[str, Tensor], module: nn.Module, spec: ModelSpec, notes: list[str]
) -> dict[str, Tensor]:
    """Return tensors whose names are not the model's as its plugin renames them."""
    plugin = installed().packages()[spec.package]
    known = renamed_of(spec, plugin)
    if known is None or {*tensors} <= {*safetensors_io.slots(module).names()}:
        return tensors
    changed = known(dict(tensors))
    if {*changed} == {*tensors}:
        return tensors
    notes.append(f"Names were changed as {spec.build.partition(':')[0]}.renamed does.")
    return changed


def _with_counters(
    tensors: dict[str, Tensor], module: nn.Module, notes: list[str]
) -> dict[str, Tensor]:
    """Return tensors with a 0 for each missing counter of batch norm."""
    state = module.state_dict()
    counters = [
        name
        for name in safetensors_io.slots(module).names()
        if name.rpartition(".")[2] == COUNTER and name not in tensors
    ]
    if not counters:
        return tensors
    notes.append(
        f"{len(counters)} counters {COUNTER} are not in the file, and are 0."
        if len(counters) > 1
        else f"The counter {counters[0]} is not in the file, and is 0."
    )
    return {**tensors, **{name: torch.zeros_like(state[name]) for name in counters}}


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
    """Return the match of tensors with a model, by name, shape and type."""
    model_tensors: dict[str, Tensor] = {
        name: getattr(owner, attribute)
        for owner, attribute, name in (
            g[0] for g in safetensors_io.slots(module).places
        )
    }
    model_shapes = {name: tuple(tensor.shape) for name, tensor in model_tensors.items()}
    file_shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    missing = [name for name in model_shapes if name not in file_shapes]
    unexpected = [name for name in file_shapes if name not in model_shapes]
    shared = [name for name in model_shapes if name in file_shapes]
    fitting = [name for name in shared if model_shapes[name] == file_shapes[name]]
    mistyped = {
        name: (tensors[name].dtype, model_tensors[name].dtype)
        for name in fitting
        if not _converts(tensors[name], model_tensors[name])
    }
    return Match(
        matched=tuple(name for name in fitting if name not in mistyped),
        mistyped=mistyped,
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


def _converts(theirs: Tensor, ours: Tensor) -> bool:
    """Return whether a tensor is of the model's type, or both are floats."""
    floats = theirs.dtype.is_floating_point and ours.dtype.is_floating_point
    return theirs.dtype == ours.dtype or floats


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
    whole = sum(
        len(part)
        for part in (report.matched, report.misshaped, report.mistyped, report.missing)
    )
    advice = "Say which name stands for which, by a mapping or a pattern."
    if not (report.missing or report.misshaped or report.unexpected):
        advice = (
            "Weights of fewer bits have scales that this model knows nothing of: take "
            "the file with floats."
        )
    listing = "\n  ".join([*lines[:SHOWN], *more])
    return (
        f"{file} does not fit {spec.name!r}: {len(report.matched)} of {whole} tensors "
        f"agree.\n  {listing}\nNothing was written. {advice}"
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


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a file, in its order. Raises ImportWeightsError,
    NotSafetensors."""
    if not file.is_file():
        raise ImportWeightsError(f"There is no file {file}.")
    with file.open("rb") as raw:
        start = raw.read(9)
    if start[8:9] == b"{":  # a length, and a header of JSON
        return safetensors_io.tensors(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it looks like something else
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    # Damaged archives and pickles make torch raise whatever it stumbles over.
    except Exception as exc:
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
    for name, tensor in state.items():
        if tensor.layout is not torch.strided or tensor.is_meta:
            raise ImportWeightsError(
                f"{file} holds {name!r}, whose values are not stored one by one "
                f"({'meta' if tensor.is_meta else tensor.layout}). Where it was made, "
                "save it dense."
            )
    return {str(name): tensor for name, tensor in state.items()}


def _in_order(
    tensors: Mapping[str, Tensor], module: nn.Module, file: str | Path
) -> dict[str, Tensor]:
    """Return the tensors under the model's names, one after the other."""
    names = list(safetensors_io.slots(module).names())
    state = list(module.state_dict())
    names.sort(key=state.index)
    if len(names) != len(tensors):  # files of old have no counters
        names = [name for name in names if name.rpartition(".")[2] != COUNTER]
    if len(names) != len(tensors):
        raise ImportWeightsError(
            f"{file} holds {counted(len(tensors), 'tensor')} and the model "
            f"{len(state)}: they can't be taken in order."
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
        names = parse_json(read_bytes(file))
    except (OSError, Malformed) as exc:
        raise ImportWeightsError(f"The mapping {file} can't be read: {exc}.") from exc
    try:
        return convert(names, dict[str, str | None])
    except Malformed as exc:
        raise ImportWeightsError(
            f"The mapping {file} should be an object of names, "
            f'{{"theirs": "ours", "not wanted": null}} ({exc}).'
        ) from exc
