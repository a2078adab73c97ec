"""An inference engine beside PyTorch: the same numbers, faster.

A model's graph is written once, kept in the zoo's cache by the hash of the weights, and
proven on the model's golden before it answers. See `zoo.models.onnx_graph`.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from types import NoneType
from typing import Any, Literal, get_args
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
import torch
from torch import Tensor, nn

from zoo._utils.atomic_write import write_atomic
from zoo._utils.paths import cache_dir
from zoo.artifacts import checkpoint_folder, weight_store
from zoo.errors import BackendError, ExportError, MissingExtra
from zoo.models import safetensors_io
from zoo.models.fuse_batchnorm import optimize_for_batch
from zoo.models.metadata import attach, model_metadata, unwrap_model
from zoo.models.onnx_graph import as_onnx, largest_error, load_session
from zoo.models.precision import Precision
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.eval_mode import forward_on_device
from zoo.tasks import Task, task_of

__all__ = [
    "TOLERANCE",
    "Backend",
    "EngineModule",
    "check_backend",
    "model_state",
    "with_backend",
]

Backend = Literal["auto", "torch", "onnxruntime"]
LIBRARIES = "torch", "onnx", "onnxruntime", "onnxscript"
TOLERANCE = 1e-4  # of the engine's numbers, against those of the model
PLAIN = (bool, int, float, str, tuple, NoneType)
ROUNDS = 3  # passes by which the faster of two is found; the best of each counts


def check_backend(
    backend: str, precision: Precision = "no", *, windows: bool = False
) -> None:
    """Refuse a word that is no backend, and what onnxruntime does not do.

    Raises BackendError.
    """
    if backend not in get_args(Backend):
        raise BackendError(
            f"backend={backend!r} is none of 'auto', 'torch' and 'onnxruntime'."
        )
    if backend == "onnxruntime" and precision not in ("no", "auto"):
        raise BackendError(
            f"precision={precision!r} is for backend='torch': onnxruntime computes in "
            "float32. Leave one of the two out."
        )
    if backend == "onnxruntime" and windows:
        raise BackendError(
            "Windows slide over a picture by backend='torch': leave backend out."
        )


def with_backend(model: nn.Module, backend: Backend, batch: Tensor) -> nn.Module:
    """Return what computes the model's output for a batch: the model, or an engine.

    With "onnxruntime" it is an `EngineModule`; with "auto" too, where onnxruntime is
    installed, the model can be written as a graph, and the engine was faster on a batch
    of this size. The engine belongs to the weights as they are: where one has changed,
    another engine is made. Raises BackendError where "onnxruntime" can't be had.
    """
    check_backend(backend)
    if backend == "torch" or isinstance(model, EngineModule):
        return model
    if backend == "auto":
        return _faster(model, batch)
    reason = _obstacle(model)
    if reason:
        raise BackendError(_refusal(model, reason))
    try:
        return _engine(model, batch).module
    except ExportError as exc:
        raise BackendError(_refusal(model, str(exc))) from exc


class EngineModule(nn.Module):
    """A model that onnxruntime computes, on the CPU and in float32; it can't train."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self.session = session
        (self.input_name,) = (one.name for one in session.get_inputs())
        self.eval()

    def forward(self, batch: Tensor) -> Tensor:
        """Return the model's output for a batch, as the model gives it."""
        given = {self.input_name: batch.detach().contiguous().numpy()}
        return torch.from_numpy(self.session.run(["output"], given)[0])


@dataclass
class _Engine:
    """The engine of a model, the state it was made of, and where it pays."""

    module: EngineModule
    state: tuple[Any, ...]
    pays: dict[int, bool] = field(default_factory=dict)  # by the size of the batch


# Beside the models, not in them: a session can be neither copied nor pickled, and a
# copy of a model needs an engine of its own.
_engines: WeakKeyDictionary[nn.Module, _Engine] = WeakKeyDictionary()
_refused: WeakSet[nn.Module] = WeakSet()


def _faster(model: nn.Module, batch: Tensor) -> nn.Module:
    """Return the model, or its engine where that takes less time for such a batch."""
    if any(find_spec(name) is None for name in ("onnxruntime", "onnxscript", "xxhash")):
        return model
    if _obstacle(model) or model in _refused:
        return model
    try:
        engine = _engine(model, batch)
    except (ExportError, MissingExtra):
        _refused.add(model)
        return model
    size = len(batch).bit_length()
    if size not in engine.pays:
        plain = optimize_for_batch(model, batch)
        engine.pays[size] = _seconds(engine.module, batch) < _seconds(plain, batch)
    return engine.module if engine.pays[size] else model


def _seconds(module: nn.Module, batch: Tensor) -> float:
    """Return the least time of some passes of a module that is in eval mode."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        forward_on_device(module, batch)
        times.append(time.perf_counter() - started)
    return min(times)


def _refusal(model: nn.Module, reason: str) -> str:
    name = model_metadata(model).spec.name
    reason = reason.rstrip(".")
    return f"onnxruntime can't compute {name!r}: {reason}. Use backend='torch'."


def _obstacle(model: nn.Module) -> str | None:
    """Return why no engine can stand for a model, however its code is written."""
    if unwrap_model(model) is not model:
        return "it was compiled or distributed"
    task: Any = type(task_of(model_metadata(model).spec))
    if task.predict is not Task.predict:
        return "its answers take more than one pass through it"
    tensors = [*model.parameters(), *model.buffers()]
    if any(one.device.type != "cpu" for one in tensors):
        return "it is not on the CPU"
    if any(one.is_floating_point() and one.dtype != torch.float32 for one in tensors):
        return "its weights are not float32"
    if any(part._forward_hooks or part._forward_pre_hooks for part in model.modules()):
        return "a hook is registered on one of its layers"
    return None


def _engine(model: nn.Module, batch: Tensor) -> _Engine:
    """Return the engine of a model as it is now. Raises ExportError, MissingExtra."""
    state = model_state(model)
    engine = _engines.get(model)
    if engine is None or engine.state != state:
        module = EngineModule(_proven_session(model, batch))
        attach(module, model_metadata(model))
        engine = _Engine(module, state)
        _engines[model] = engine
    return engine


def model_state(model: nn.Module) -> tuple[Any, ...]:
    """Return what changes when the model does: its weights to the bit, its settings.

    All weights are read, since `Tensor.data` and NumPy write past the version counter.
    XXH3 takes less time for it than a copy. Raises MissingExtra.
    """
    try:
        from xxhash import xxh3_128_digest
    except ImportError as exc:
        raise MissingExtra("xxhash", "Computing by onnxruntime", "onnx") from exc
    marks: list[Any] = _settings(model)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        bits = tensor.detach().contiguous().numpy().reshape(-1).view(np.uint8)
        digest = xxh3_128_digest(bits.data)
        marks.append((name, tuple(tensor.shape), tensor.data_ptr(), digest))
    return tuple(marks)


def _settings(model: nn.Module) -> list[Any]:
    """Return the class of each part and its plain attributes: a graph has them as
    constants."""
    return [
        (
            name,
            f"{type(part).__module__}.{type(part).__qualname__}",
            "forward" in vars(part),
            [
                (key, value)
                for key, value in vars(part).items()
                if key[0] != "_" and key != "training" and isinstance(value, PLAIN)
            ],
        )
        for name, part in model.named_modules()
    ]


def _proven_session(model: nn.Module, batch: Tensor) -> Any:
    """Return a session of the model's graph: a kept one, or else a new one.

    Neither is believed: each is run beside the model on the golden and on a batch.
    """
    import onnx

    path = cache_dir() / "onnx" / f"{_key(model)}.onnx"
    if path.is_file():
        try:
            session = load_session(onnx.load(path))
            if _largest_error(session, model, batch) <= TOLERANCE:
                return session
        except Exception:  # noqa: BLE001 - whatever a damaged file makes of a library
            pass  # the graph is written again
    input_spec = model_metadata(model).spec.input
    axes = preprocessor(input_spec).graph_input(input_spec).axes
    rows = _inputs(model, batch)[-1]  # the golden, where there is one
    rows = rows if len(rows) > 1 else torch.cat([rows, rows])
    graph = as_onnx(model, rows, inputs={"input": axes}, outputs=["output"])
    session = load_session(graph)
    apart = _largest_error(session, model, batch)
    if not apart <= TOLERANCE:
        raise ExportError(
            f"its graph gives other numbers ({apart:.2g} apart, {TOLERANCE:g} at most)"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, graph.SerializeToString())
    return session


def _largest_error(session: Any, model: nn.Module, batch: Tensor) -> float:
    """Return how far the session is from the model, on each of `_inputs`."""
    return max(largest_error(session, model, one) for one in _inputs(model, batch))


def _inputs(model: nn.Module, batch: Tensor) -> list[Tensor]:
    """Return inputs to compare with: a batch, its first row, and the golden's."""
    known = model_metadata(model)
    folder = known.folder or weight_store.shipped_checkpoint(known.spec)
    golden = folder / checkpoint_folder.GOLDEN
    given = [batch, batch[:1]]
    if golden.is_file():
        given.append(safetensors_io.tensors(golden)["input"].clone())
    return given


def _key(model: nn.Module) -> str:
    """Return a hash of all that a graph is made of: weights, code, libraries."""
    spec = model_metadata(model).spec
    facts = [spec.build, _settings(model), [version(name) for name in LIBRARIES]]
    made = hashlib.sha256(repr(facts).encode())
    for name, tensor in sorted(model.state_dict(keep_vars=True).items()):
        made.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        made.update(tensor.detach().contiguous().numpy().tobytes())
    return made.hexdigest()
