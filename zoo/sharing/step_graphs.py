"""The two methods of a beam search as ONNX graphs; the search itself stays outside.

`zoo.runtime.beam_search` describes the methods. Their memory, a dict of tensors, is
inputs and outputs of the graphs, by its names.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zoo.models.metadata import model_metadata
from zoo.models.onnx_graph import Axes, as_onnx, largest_error, load_session

__all__ = ["encoder_graph", "step_graph"]

Memory = dict[str, Tensor]
NEXT = "next."  # before the name of a tensor of the memory that a step changes
STEPS = 3  # of each input that a graph is tried with


class _EncodeSource(nn.Module):
    """`encode_source` with a tuple for its memory."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, source: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.module.encode_source(source).values())


class _DecodeStep(nn.Module):
    """`decode_step` with tensors for its memory; it returns those that change."""

    def __init__(self, module: Any, names: Sequence[str], changed: Sequence[str]):
        super().__init__()
        self.module, self.names, self.changed = module, names, changed

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        token, *tensors = given
        memory = dict(zip(self.names, tensors, strict=True))
        logits, weights, after = self.module.decode_step(token, memory)
        return logits, weights.clone(), *(after[name] for name in self.changed)


def encoder_graph(
    module: Any, inputs: Mapping[str, Tensor]
) -> tuple[Any, dict[str, float]]:
    """Return the graph of `encode_source`, and how far it is from it for each input.

    It takes `input_ids` (batch, length). `inputs` are token numbers, by name. Raises
    ExportError.
    """
    part, rows = _EncodeSource(module), _rows(inputs)
    graph = as_onnx(
        part,
        rows,
        inputs={"input_ids": {0: "batch", 1: "length"}},
        outputs=list(module.encode_source(rows)),
    )
    session = load_session(graph)
    return graph, {
        name: largest_error(session, part, one) for name, one in inputs.items()
    }


def step_graph(
    module: Any, inputs: Mapping[str, Tensor]
) -> tuple[Any, dict[str, float]]:
    """Return the graph of `decode_step`, and how far it is from it in the first steps
    of each input.

    It takes the last `token` (batch,) and the memory. Raises ExportError.
    """
    rows = _rows(inputs)
    start = model_metadata(module).spec.output.bos_token_id  # type: ignore[attr-defined]
    memory = _after(module, rows, 2, start)  # a past of one would be a constant
    axes = _free_axes(
        memory,
        {
            "batch": _after(module, torch.cat([rows, rows[:1]]), 2, start),
            "length": _after(module, rows[:, :-1].contiguous(), 2, start),
            "past": _after(module, rows, 3, start),
        },
    )
    token = rows.new_full((len(rows),), start)
    _, _, after = module.decode_step(token, memory)
    changed = [name for name, one in after.items() if one is not memory[name]]
    part = _DecodeStep(module, list(memory), changed)
    graph = as_onnx(
        part,
        [token, *memory.values()],
        inputs={"token": {0: "batch"}, **axes},
        outputs=["output", "attention", *(NEXT + name for name in changed)],
    )
    session = load_session(graph)
    return graph, {
        name: max(
            largest_error(
                session,
                part,
                one.new_full((len(one),), start),
                *_after(module, one, steps, start).values(),
            )
            for steps in range(STEPS)
        )
        for name, one in inputs.items()
    }


def _rows(inputs: Mapping[str, Tensor]) -> Tensor:
    """Return at least two rows to trace a graph with."""
    return max(inputs.values(), key=len)


def _after(module: Any, source: Tensor, steps: int, start: int) -> Memory:
    """Return the memory of a source after some steps, of the likeliest tokens."""
    memory: Memory = module.encode_source(source)
    token = source.new_full((len(source),), start)
    for _ in range(steps):
        logits, _, memory = module.decode_step(token, memory)
        token = logits.argmax(dim=1)
    return memory


def _free_axes(memory: Memory, others: Mapping[str, Memory]) -> dict[str, Axes]:
    """Return of each tensor the dimensions that another memory has of another size,
    under the name of that memory."""
    return {
        name: {
            axis: what
            for what, other in others.items()
            for axis, size in enumerate(one.shape)
            if other[name].shape[axis] != size
        }
        for name, one in memory.items()
    }
