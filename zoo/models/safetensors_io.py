"""Read safetensors into a module strictly, without copying the file, and write them."""

import json
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save
from torch import Tensor, nn

from zoo._utils.atomic_write import write_atomic
from zoo.artifacts.checked_file import CheckedFile
from zoo.errors import MisfitError, NotSafetensors

__all__ = [
    "Renamed",
    "Slots",
    "cast_floats",
    "fill",
    "read",
    "slots",
    "tensors",
    "to_bytes",
    "write",
]

# What a module with a build function may offer as `renamed`: the tensors of a file, by
# the names that they have there, to the same by the names of the model. It is asked at
# every load. What it does not know it returns as it is, and the load refuses that.
Renamed = Callable[[dict[str, Tensor]], dict[str, Tensor]]

# As the format calls them. Rarer ones are left to the library.
DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


# Kernels may round differently where memory is not aligned, and a tensor that follows
# an odd count of floats is not. Small tensors are copied; large ones would take time.
ALIGNMENT, SMALL = 8, 1 << 20  # bytes


@dataclass(frozen=True)
class Slots:
    """The parameters and persistent buffers that a file must fill.

    `places` gives, for each tensor, every (module, attribute, full name) that holds
    it: more than one where weights are tied.
    """

    places: tuple[tuple[tuple[nn.Module, str, str], ...], ...]

    def names(self) -> list[str]:
        """Return the first name of every tensor: the names a file uses."""
        return [group[0][2] for group in self.places]


def slots(model: nn.Module) -> Slots:
    """Return every parameter and persistent buffer of `model`, tied ones together."""
    groups: dict[int, list[tuple[nn.Module, str, str]]] = {}
    for prefix, module in model.named_modules():
        start = f"{prefix}." if prefix else ""
        for name, parameter in module._parameters.items():
            if parameter is not None:
                place = (module, name, start + name)
                groups.setdefault(id(parameter), []).append(place)
        for name, buffer in module._buffers.items():
            if buffer is not None and name not in module._non_persistent_buffers_set:
                place = (module, name, start + name)
                groups.setdefault(id(buffer), []).append(place)
    return Slots(tuple(map(tuple, groups.values())))


def read(
    model: nn.Module,
    file: Path | CheckedFile,
    slots: Slots,
    *,
    fresh: Collection[str] = (),
    renamed: Renamed | None = None,
) -> dict[str, str]:
    """Fill all `slots` of `model` from a file, strictly; see `fill`."""
    given = tensors(file)
    return fill(model, given, _path(file), slots, fresh=fresh, renamed=renamed)


def fill(
    model: nn.Module,
    file_tensors: dict[str, Tensor],
    path: Path,
    slots: Slots,
    *,
    fresh: Collection[str] = (),
    renamed: Renamed | None = None,
) -> dict[str, str]:
    """Fill all `slots` of `model` with the tensors of the file at `path`, strictly.

    Tensors named in `fresh` keep the module's values, and the file's are ignored.
    `renamed` maps the tensors of another library's file to the module's names. Float
    tensors are converted to the module's dtype; all other dtypes must agree. Returns
    the conversions, such as "float16 -> float32", by tensor name. If anything does not
    fit, the module is left unchanged and one MisfitError lists all faults.
    """
    file_tensors = dict(file_tensors) if renamed is None else renamed(file_tensors)
    faults: list[str] = []
    casts: dict[str, str] = {}
    filled: list[tuple[tuple[tuple[nn.Module, str, str], ...], Tensor]] = []
    for group in slots.places:
        module, attribute, name = group[0]
        if name in fresh:
            file_tensors.pop(name, None)
            continue
        tensor = file_tensors.pop(name, None)
        if tensor is None:
            faults.append(f"tensor {name!r} is missing")
            continue
        old: Tensor = getattr(module, attribute)
        fault = _misfit(name, old, tensor)
        if fault:
            faults.append(fault)
            continue
        if tensor.dtype != old.dtype:
            casts[name] = f"{_short(tensor)} -> {_short(old)}"
            tensor = tensor.to(old.dtype)
        elif tensor.data_ptr() % ALIGNMENT and tensor.nbytes <= SMALL:
            tensor = tensor.clone()
        filled.append((group, tensor))
    faults += [f"tensor {name!r} is unexpected" for name in file_tensors]
    if faults:
        raise MisfitError(str(path), type(model).__name__, faults)
    for group, tensor in filled:
        _assign(group, tensor)
    return casts


def tensors(file: Path | CheckedFile) -> dict[str, Tensor]:
    """Return the tensors of a file, memory-mapped: bytes are read on first use.

    Those of a checked file are of the bytes that were checked.
    """
    place = file.place if isinstance(file, CheckedFile) else str(file)
    try:
        if isinstance(file, CheckedFile) and file.content is not None:
            return load(file.content)
        # The library judges the file: lengths, offsets, gaps. Its own get_tensor takes
        # three times as long as placing views over what it found to be right.
        with safe_open(place, framework="pt") as opened:
            return _views(place, opened)
    except SafetensorError as exc:
        raise NotSafetensors(str(_path(file)), _cause(place, file, exc)) from exc


def _path(file: Path | CheckedFile) -> Path:
    return file.path if isinstance(file, CheckedFile) else file


def _views(place: str, file: Any) -> dict[str, Tensor]:
    with open(place, "rb") as raw:
        length = int.from_bytes(raw.read(8), "little")
        header = json.loads(raw.read(length))
        size = os.fstat(raw.fileno()).st_size
    header.pop("__metadata__", None)
    start = 8 + length
    mapped = torch.UntypedStorage.from_file(place, False, size)
    views: dict[str, Tensor] = {}
    for name, entry in header.items():
        dtype = DTYPES.get(entry["dtype"])
        if dtype is None:
            views[name] = file.get_tensor(name)
            continue
        first, end = entry["data_offsets"]
        # A storage for each: copying or pickling one tensor must not take them all.
        storage = mapped[start + first : start + end]
        empty = torch.empty(0, dtype=dtype, device="cpu")
        # torch's stub knows no default for the strides; torch does
        views[name] = empty.set_(storage, 0, entry["shape"])  # type: ignore[call-overload]
    return views


def write(tensors: Mapping[str, Tensor], path: Path) -> None:
    """Write tensors to `path` atomically."""
    write_atomic(path, to_bytes(tensors))


def to_bytes(tensors: Mapping[str, Tensor]) -> bytes:
    """Return the content of a file that holds tensors.

    There is one metadata entry: several would be written in a random order, and equal
    weights must give equal bytes.
    """
    plain = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    return save(plain, metadata={"format": "pt"})


def _misfit(name: str, old: Tensor, new: Tensor) -> str | None:
    if old.shape != new.shape:
        shapes = f"has shape {tuple(new.shape)} instead of {tuple(old.shape)}"
        return f"tensor {name!r} {shapes}"
    both_float = old.dtype.is_floating_point and new.dtype.is_floating_point
    if old.dtype != new.dtype and not both_float:
        return f"tensor {name!r} has type {_short(new)} instead of {_short(old)}"
    return None


def _assign(group: tuple[tuple[nn.Module, str, str], ...], tensor: Tensor) -> None:
    module, attribute, _ = group[0]
    old = module._parameters.get(attribute)
    new = tensor if old is None else nn.Parameter(tensor, old.requires_grad)
    for module, attribute, _ in group:
        if type(module).__setattr__ is not nn.Module.__setattr__:
            setattr(module, attribute, new)  # an RNN keeps a list of its weights
            continue
        home: dict[str, Any] = module._buffers if old is None else module._parameters
        home[attribute] = new


def _short(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _cause(place: str, file: Path | CheckedFile, exc: SafetensorError) -> str:
    content = file.content if isinstance(file, CheckedFile) else None
    if content is None:
        with open(place, "rb") as opened:
            content = opened.read(4)
    if content.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x04", b"\x80\x05")):
        return "it is a pickle"
    return str(exc) if content else "it is empty"


def cast_floats(values: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Return the tensors with floats stored as `dtype`, whole numbers as they are."""
    return {
        name: value.to(dtype) if value.dtype.is_floating_point else value
        for name, value in values.items()
    }
