"""The source of a module whose tensors have the names and shapes of a file's.

What the tensors tell is written; what they don't, such as strides and the order in
which layers are called, is left to a person.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from zoo._utils.shown import one_line
from zoo.errors import ImportWeightsError

__all__ = ["sketch"]

CONVOLUTIONS = {3: "Conv1d", 4: "Conv2d", 5: "Conv3d"}
RECURRENT = {1: "RNN", 3: "GRU", 4: "LSTM"}  # by the number of their gates
COUNTER = "num_batches_tracked"
Tree = dict[str, Any]  # of modules by name, and of tensors


def sketch(tensors: Mapping[str, Tensor], *, title: str) -> str:
    """Return the source of `model.py`: layers by name, and a forward to be written.

    `title` is the first line of its docstring. Raises ImportWeightsError where a
    tensor has the name of a module that others lie in.
    """
    tree: Tree = {}
    for name, tensor in tensors.items():
        *path, last = name.split(".")
        place = tree
        for depth, part in enumerate(path, 1):
            place = place.setdefault(part, {})
            if isinstance(place, Tensor):
                raise _two(".".join(path[:depth]), name)
        if last in place:
            raise _two(name, next(n for n in tensors if n.startswith(f"{name}.")))
        place[last] = tensor
    lines = "\n".join(_lines(tree, 3))
    imports = "import torch\n" if "torch." in lines else ""
    title = _quoted(title)[1:-1]  # it can't end the docstring
    return SOURCE.format(title=title, imports=imports, layers=lines)


def _two(tensor: str, inner: str) -> ImportWeightsError:
    return ImportWeightsError(
        f"The file has a tensor {_quoted(tensor)} and one within that name, "
        f"{_quoted(inner)}: no module can hold both. Rename one of them in the file."
    )


def _lines(tree: Tree, depth: int) -> Iterator[str]:
    """Yield the entries of a dictionary of parts."""
    space = "    " * depth
    for name, part in tree.items():
        if isinstance(part, Tensor):
            shape = tuple(part.shape)
            kind = "Parameter" if part.is_floating_point() else "Buffer"
            dtype = "" if part.is_floating_point() else f", dtype={part.dtype}"
            yield f"{space}{_quoted(name)}: nn.{kind}(torch.zeros({shape}{dtype})),"
        elif (layer := _layer(part)) is not None:
            yield f"{space}{_quoted(name)}: {layer},"
        else:
            yield f"{space}{_quoted(name)}: Part("
            yield f"{space}    {{"
            yield from _lines(part, depth + 2)
            yield f"{space}    }}"
            yield f"{space}),"


def _quoted(text: str) -> str:
    """Return a text from a file as a literal of Python: it holds no code."""
    return one_line(json.dumps(text, ensure_ascii=False))


def _layer(parts: Tree) -> str | None:
    """Return the layer of torch that has these tensors, if there is one."""
    if any(not isinstance(part, Tensor) for part in parts.values()):
        return None
    names = {*parts} - {COUNTER}
    if names and all(re.match(r"(weight|bias)_(ih|hh)_l\d", name) for name in names):
        return _recurrent(parts)
    if {"running_mean", "running_var"} <= names <= {*BATCH_NORM}:
        count = len(parts["running_mean"])
        return f"nn.BatchNorm2d({count}{_without(names, 'affine', 'weight')})"
    if "weight" not in names or names - {"weight", "bias"}:
        return None
    weight, bias = parts["weight"], _without(names, "bias", "bias")
    if weight.ndim in CONVOLUTIONS:
        kernel = tuple(weight.shape[2:])
        size = kernel if len(set(kernel)) > 1 else kernel[0]
        into, out = weight.shape[1], weight.shape[0]
        return f"nn.{CONVOLUTIONS[weight.ndim]}({into}, {out}, {size}{bias})"
    if weight.ndim == 2:
        return f"nn.Linear({weight.shape[1]}, {weight.shape[0]}{bias})"
    return f"nn.LayerNorm({len(weight)}{bias})" if weight.ndim == 1 else None


BATCH_NORM = ("weight", "bias", "running_mean", "running_var")


def _without(names: set[str], option: str, name: str) -> str:
    return "" if name in names else f", {option}=False"


def _recurrent(parts: Tree) -> str | None:
    """Return a recurrent layer, or None where the gates are those of none."""
    if "weight_ih_l0" not in parts or "weight_hh_l0" not in parts:
        return None
    gates, size = parts["weight_ih_l0"].shape
    hidden = parts["weight_hh_l0"].shape[1]
    if gates % hidden or gates // hidden not in RECURRENT:
        return None
    layers = sum(re.fullmatch(r"weight_ih_l\d+", name) is not None for name in parts)
    options = f", num_layers={layers}" if layers > 1 else ""
    options += _without({*parts}, "bias", "bias_ih_l0")
    options += ", bidirectional=True" if "weight_ih_l0_reverse" in parts else ""
    kind = RECURRENT[gates // hidden]
    return f"nn.{kind}({size}, {hidden}{options}, batch_first=True)"


SOURCE = '''"""{title}

The layers below were read from the names and shapes of its tensors, and hold them all:
keep the names, and the weights fit. Strides, paddings, groups, activations and the
order of calls are in no tensor: write them from the code that the weights come from.
"""

{imports}from torch import Tensor, nn

__all__ = ["Model", "model"]


class Part(nn.Module):
    """Layers and tensors by name, until they have a class of their own."""

    def __init__(self, parts):
        super().__init__()
        for name, part in parts.items():
            if isinstance(part, nn.Module):
                self.add_module(name, part)
            else:
                setattr(self, name, part)


class Model(Part):
    """Say what it is, and which paper it is from."""

    def forward(self, given: Tensor) -> Tensor:
        raise NotImplementedError("Write how the layers are called, in model.py.")


def model() -> Model:
    """The network of the weights, before they are loaded."""
    return Model(
        {{
{layers}
        }}
    )
'''
