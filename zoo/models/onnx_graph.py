"""A module as an ONNX graph, and how far its answers are from the module's."""

import io
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zoo.errors import ExportError, MissingExtra
from zoo.runtime.eval_mode import eval_mode

__all__ = ["Axes", "as_onnx", "float16_where_exact", "largest_error", "load_session"]

Axes = Mapping[int, str]  # names of the dimensions that may have any length
MIN_STORED = 32  # numbers of a tensor for which it pays to store it in float16


def as_onnx(
    module: nn.Module,
    given: Tensor | Sequence[Tensor],
    *,
    inputs: Mapping[str, Axes],
    outputs: Sequence[str],
) -> Any:
    """Return a module as an `onnx.ModelProto`, in eval mode and in float32.

    `given` is an input with at least two rows: a dimension of one would be taken for a
    constant. A sequence of them is of a module that takes any number, `*inputs`.
    `inputs` are the names of the graph's inputs, and those of the dimensions that stay
    free. Batch normalisation is not folded, so that weights in float16 stay exact.
    Raises ExportError where the module can't be written as a graph.
    """
    _require()
    import onnx
    from onnxscript import optimizer

    free: tuple[Any, ...] = tuple(map(dict, inputs.values()))
    try:
        with _quiet(), eval_mode(module), torch.no_grad():
            program: Any = torch.onnx.export(
                module,
                (given,) if isinstance(given, Tensor) else tuple(given),
                dynamo=True,
                dynamic_shapes=free if isinstance(given, Tensor) else (free,),
                input_names=list(inputs),
                output_names=list(outputs),
                verbose=False,
                external_data=False,
                optimize=False,
            )
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
        written = io.BytesIO()
        program.save(written)
    except Exception as exc:  # whatever torch.export meets in the module's code
        raise ExportError(_reason(exc)) from exc
    graph = _without_traces(onnx.load_from_string(written.getvalue()))
    tensors = [given] if isinstance(given, Tensor) else given
    for tensor, axes in zip(tensors, inputs.values(), strict=True):
        _free_lengths(graph, {tensor.shape[axis]: axes[axis] for axis in axes if axis})
    return graph


def load_session(graph: Any, *, threads: int | None = None) -> Any:
    """Return an `onnxruntime.InferenceSession` of a graph, on the CPU.

    `threads` is how many threads one run may use; None takes as many as torch does.
    """
    _require()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    options.log_severity_level = 3  # errors alone
    return onnxruntime.InferenceSession(
        graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def largest_error(session: Any, module: nn.Module, *given: Tensor) -> float:
    """Return how far the graph's outputs are from the module's, at most.

    Of each output it is relative to the largest number of the module's, or to one where
    that is smaller.
    """
    with eval_mode(module), torch.no_grad():
        expected = module(*given)
    names = [one.name for one in session.get_inputs()]
    feeds = {name: one.numpy() for name, one in zip(names, given, strict=True)}
    several = (expected,) if isinstance(expected, Tensor) else expected
    return max(map(_error, several, session.run(None, feeds)))


def _error(expected: Tensor, found: np.ndarray[Any, Any]) -> float:
    if found.shape != tuple(expected.shape):
        return float("inf")
    if not expected.numel():
        return 0.0
    expected = expected.double()
    apart: float = (torch.from_numpy(found).double() - expected).abs().max().item()
    return apart / max(1.0, expected.abs().max().item())


def float16_where_exact(graph: Any) -> Any:
    """Store weights that are exact in float16 as such; the graph casts them back.

    Its answers stay the same to the bit.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for stored in list(graph.graph.initializer):
        if stored.data_type != TensorProto.FLOAT:
            continue
        numbers = numpy_helper.to_array(stored)
        with np.errstate(over="ignore"):
            half = numbers.astype(np.float16)
        if numbers.size < MIN_STORED or not np.array_equal(half, numbers):
            continue
        name = stored.name
        graph.graph.initializer.remove(stored)
        graph.graph.initializer.append(numpy_helper.from_array(half, f"{name}.float16"))
        casts.append(
            helper.make_node("Cast", [f"{name}.float16"], [name], to=TensorProto.FLOAT)
        )
    for node in reversed(casts):
        graph.graph.node.insert(0, node)
    return graph


def _require() -> None:
    """Raise MissingExtra where a library is missing that writes or runs graphs."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError as exc:
        raise MissingExtra(str(exc.name), "Exporting to ONNX", extra="onnx") from exc


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's notes to itself: of its progress, and the graph so far that
    it prints where it can't go on."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _free_lengths(proto: Any, names: Mapping[int, str]) -> None:
    """Name the dimensions of outputs that are as long as a free one of the input was:
    of recurrent layers the exporter writes down the length that it tried."""
    for output in proto.graph.output:
        for size in list(output.type.tensor_type.shape.dim)[1:]:
            if size.dim_value in names:
                size.dim_param = names[size.dim_value]


def _reason(exc: Exception) -> str:
    """Return the innermost cause in a line: the outer ones tell of the exporter."""
    while exc.__cause__ is not None and isinstance(exc.__cause__, Exception):
        exc = exc.__cause__
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    lines = lines or ["no reason given"]
    told = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    return f"{type(exc).__name__}: {told}".rstrip(".")


def _without_traces(proto: Any) -> Any:
    """Remove what the exporter tells of the code: file names, stack traces."""
    proto.doc_string = ""
    proto.producer_name, proto.producer_version = "", ""
    del proto.metadata_props[:]
    graphs = [proto.graph]
    while graphs:
        graph = graphs.pop()
        graph.doc_string = ""
        del graph.metadata_props[:], graph.value_info[:]
        for value in [*graph.input, *graph.output, *graph.initializer]:
            value.doc_string = ""
            del value.metadata_props[:]
        for node in graph.node:
            node.doc_string = ""
            del node.metadata_props[:]
            graphs += [one.g for one in node.attribute if one.HasField("g")]
    for function in proto.functions:
        function.doc_string = ""
        del function.metadata_props[:]
        for node in function.node:
            node.doc_string = ""
            del node.metadata_props[:]
    return proto
