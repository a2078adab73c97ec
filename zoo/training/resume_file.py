"""Everything a run must remember to go on after a kill, in one safetensors file.

Nested lists and mappings of tensors, numbers and text, as `state_dict` gives them.
Never a pickle: the tensors are stored as tensors, the rest as JSON beside them.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zoo._utils.schema import Malformed, parse_json
from zoo.errors import NotSafetensors, TrainingError, a_type
from zoo.models import safetensors_io

__all__ = ["damaged", "read", "write"]

OUTLINE = "outline"  # the tensor that holds the JSON, as bytes
SEAL = "seal"  # the tensor that holds the hash of all others


def write(state: object, path: Path) -> None:
    """Save a state, whole or not at all."""
    tensors: dict[str, Tensor] = {}
    outline = json.dumps(_flatten(state, tensors)).encode()
    tensors[OUTLINE] = torch.frombuffer(bytearray(outline), dtype=torch.uint8)
    tensors[SEAL] = _seal(tensors)
    safetensors_io.write(tensors, path)


def read(path: Path) -> Any:
    """Return a state as it was written, with tensors of its own.

    Raises TrainingError where the file is not as it was written.
    """
    try:
        tensors = safetensors_io.tensors(path)
    except NotSafetensors as exc:
        raise damaged(path) from exc
    seal = tensors.pop(SEAL, None)
    if seal is None or OUTLINE not in tensors or not torch.equal(seal, _seal(tensors)):
        raise damaged(path)
    try:
        outline = parse_json(bytes(tensors.pop(OUTLINE).tolist()), nan=True)
        return _unflatten(outline, tensors)
    except (Malformed, KeyError, ValueError, TypeError, AttributeError) as exc:
        raise damaged(path) from exc


def _seal(tensors: dict[str, Tensor]) -> Tensor:
    """Return the SHA-256 of names, types, shapes and contents, as bytes."""
    seal = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        seal.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        flat = tensor.contiguous().view(-1)
        if flat.numel():
            seal.update(flat.view(torch.uint8).numpy().data)
    return torch.frombuffer(bytearray(seal.digest()), dtype=torch.uint8)


def damaged(path: Path) -> TrainingError:
    """Return the error about a file that no run wrote so."""
    return TrainingError(
        f"{path} is not as the interrupted run wrote it, so the run can't go on from "
        "it. Start again without --resume."
    )


def _flatten(part: object, tensors: dict[str, Tensor]) -> Any:
    """Return `part` as JSON, its tensors moved into `tensors` under a number."""
    if isinstance(part, Tensor):
        name = str(len(tensors))
        tensors[name] = part.detach().cpu().clone()
        return {"tensor": name}
    if isinstance(part, dict):
        # pairs, because the keys of an optimizer's state are numbers
        pairs = [[_flatten(k, tensors), _flatten(v, tensors)] for k, v in part.items()]
        return {"dict": pairs}
    if isinstance(part, (list, tuple)):
        kind = "list" if isinstance(part, list) else "tuple"
        return {kind: [_flatten(one, tensors) for one in part]}
    if part is None or isinstance(part, (bool, int, float, str)):
        return part
    raise TrainingError(
        f"{a_type(part)} can't be kept for resuming; state_dict() should hold "
        "tensors, numbers, text, lists and mappings."
    )


def _unflatten(part: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(part, dict):
        return part
    ((kind, content),) = part.items()
    if kind == "tensor":
        return tensors[content].clone()
    if kind == "dict":
        return {_unflatten(k, tensors): _unflatten(v, tensors) for k, v in content}
    parts = [_unflatten(one, tensors) for one in content]
    return parts if kind == "list" else tuple(parts)
