"""Export a model to run where there is no PyTorch: `zoo.export`."""

import copy
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zoo._utils.atomic_folder import put_folder, scratch_folder
from zoo.artifacts import checkpoint_folder, weight_store
from zoo.errors import ExportError, ZooError
from zoo.models import safetensors_io
from zoo.models.loading import load, require_module
from zoo.models.metadata import ModelMetadata, model_metadata, unwrap_model
from zoo.models.onnx_graph import (
    as_onnx,
    float16_where_exact,
    largest_error,
    load_session,
)
from zoo.models.precision import quantized_layer
from zoo.preprocessing.preprocessor import GraphInput, preprocessor
from zoo.runtime import beam_search
from zoo.runtime.classification import probabilities
from zoo.runtime.eval_mode import eval_mode
from zoo.sharing.step_graphs import encoder_graph, step_graph
from zoo.specs import ClassOutput

__all__ = ["export"]

FORMATS = ("onnx",)
METHODS = ("forward", "encode", "decode", *beam_search.METHODS)
MODEL, RECEIPT = "model.onnx", "export.json"
TOLERANCE = 1e-4  # of the graph's numbers, against those of the model
BATCHES = 1, 5  # rows that a graph is tried with, besides those of the golden
LABELS = 5  # that the graph of a classifier names
PIXEL_TOLERANCE = 1e-5  # of prepared pixels: rounding of the last bit of a float
SIZES = (97, 61), (40, 200), (224, 224)  # pixels of the pictures a graph is tried with


@dataclass(frozen=True, kw_only=True)
class _Checked:
    """A graph, and how far it was from the model with each input it was tried with."""

    graph: Any
    weights: str | None  # the SHA-256 of their file, unless they were changed since
    errors: Mapping[str, float]  # by the name of the input


def export(
    model: nn.Module | str | Path,
    folder: str | Path,
    *,
    format: str = "onnx",
    method: str = "forward",
) -> Path:
    """Write a model into a new folder, as a graph that onnxruntime runs without zoo.

    `model` is a module from `zoo.load`, a name, or a checkpoint folder. The folder gets
    `model.onnx`; `export.json`, with hashes, sizes, versions and the errors that were
    measured; and, of a model that takes texts, its `tokenizer.json`.

    The graph takes float32 rows, `input_ids` (batch, length) of a tokenizer, or, of a
    picture, the picture itself: `image` (batch, height, width, channels), uint8, all of
    one size, which it resizes and normalizes. Batch, length, height and width may be
    any. It gives the model's `output`, and of a classifier also `label` and `score`,
    the best five first. Weights that are exact in float16 are stored so.

    `method` is what of the model the graph computes: "forward", or of a model that has
    codes, "encode", from an input to its `code` (batch, numbers), or "decode", from
    `code` to the `output`. Of a model that translates they are "encode_source", from
    `input_ids` to its memory of a text, and "decode_step", from the last `token`
    (batch,) and the memory to the `output`, logits of the next token, its `attention`
    to the source, and what changes of the memory, as `next.` and its name.

    Before anything is written the graph is run beside the model: the golden, batches of
    one and of five, texts of another length, pictures of several sizes. Raises
    ExportError where the graph differs or the model can't be written as one, and
    MissingExtra without the extra `onnx`.

    Example:
        zoo.export("lenet5-mnist", "runs/lenet5-onnx")

    >>> sorted(path.name for path in zoo.export("xor-mlp", "mine").iterdir())
    ['export.json', 'model.onnx']
    """
    folder = Path(folder)
    if format not in FORMATS:
        raise ExportError(
            f"format={format!r} is not known. Known: {', '.join(FORMATS)}."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ExportError(
            f"{folder} is there already; nothing was written. Name a new folder."
        )
    if method not in METHODS:
        raise ExportError(
            f"method={method!r} is not known. Known: {', '.join(METHODS)}."
        )
    module = unwrap_model(require_module(model, "zoo.export(model, folder)"))
    known = model_metadata(module)
    if not callable(getattr(module, method, None)):
        raise _refused(known, f"it has no method {method!r}")
    checked = _checked_graph(module, known, method)
    with scratch_folder(folder) as new:
        content = checked.graph.SerializeToString()
        (new / MODEL).write_bytes(content)
        if method not in ("decode", "decode_step"):
            preprocessor(known.spec.input).save(known.spec.input, new)
        receipt = _receipt(checked, content, known, method)
        text = json.dumps(receipt, indent=2, ensure_ascii=False) + "\n"
        (new / RECEIPT).write_text(text, encoding="utf-8")
        put_folder(new, folder, keep=lambda _: True, last=RECEIPT)
    return folder


class _Method(nn.Module):
    """One method of a module, as a module."""

    def __init__(self, module: nn.Module, method: str) -> None:
        super().__init__()
        self.module, self.method = module, method

    def forward(self, given: Tensor) -> Tensor:
        result: Tensor = getattr(self.module, self.method)(given)
        return result


def _checked_graph(module: nn.Module, known: ModelMetadata, method: str) -> _Checked:
    """Return the whole graph, proven."""
    if (layer := quantized_layer(module)) is not None:
        reason = f"its layer {layer!r} is quantized, and a graph has float32"
        raise _refused(known, f"{reason}: export the model that it was made of")
    other = {p.dtype for p in module.parameters() if p.is_floating_point()}
    if other - {torch.float32}:
        types = ", ".join(sorted(str(one).removeprefix("torch.") for one in other))
        raise _refused(known, f"its weights are {types}, and a graph has float32")
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    if device.type != "cpu":
        raise _refused(known, f"it is on {device}: call model.to('cpu') first")
    takes = preprocessor(known.spec.input).graph_input(known.spec.input)
    inputs = dict(_inputs(known, takes))
    if method == "decode":
        takes, inputs = GraphInput(name="code"), _codes(module, known, inputs)
    if method in beam_search.METHODS:
        return _checked_step(module, known, method, inputs)
    part = module if method == "forward" else _Method(module, method)
    output = "code" if method == "encode" else "output"
    try:
        core = as_onnx(
            part,
            inputs["batch of 5"],
            inputs={"prepared" if takes.module else takes.name: takes.axes},
            outputs=[output],
        )
    except ExportError as exc:
        raise _refused(known, str(exc)) from exc
    session = load_session(core)
    errors = {name: largest_error(session, part, one) for name, one in inputs.items()}
    _check_errors(errors, known)
    graph = _with_labels(core, known) if method == "forward" else core
    if takes.module is not None:
        graph = _with_pictures(graph, takes, known)
    graph = float16_where_exact(graph)
    _describe(graph, known)
    return _Checked(graph=graph, weights=_file_of(module, known), errors=errors)


def _checked_step(
    module: nn.Module, known: ModelMetadata, method: str, inputs: Mapping[str, Tensor]
) -> _Checked:
    """Return the graph of one of the two methods of a beam search, proven."""
    make = encoder_graph if method == "encode_source" else step_graph
    try:
        with eval_mode(module), torch.no_grad():
            graph, errors = make(module, inputs)
    except ExportError as exc:
        raise _refused(known, str(exc)) from exc
    _check_errors(errors, known)
    graph = float16_where_exact(graph)
    _describe(graph, known)
    return _Checked(graph=graph, weights=_file_of(module, known), errors=errors)


def _check_errors(errors: Mapping[str, float], known: ModelMetadata) -> None:
    """Refuse a graph that is far from the model with one of the inputs."""
    for name, error in errors.items():
        if not error <= TOLERANCE:
            far = f"its graph gives other numbers ({name}: {error:.2g} apart"
            raise _refused(known, f"{far}, {TOLERANCE:g} at most)")


def _file_of(module: nn.Module, known: ModelMetadata) -> str | None:
    """Return the SHA-256 of the file that holds these weights; None where they were
    changed in memory, or come from no file."""
    if known.report is None:
        return None
    try:
        loaded = load(known.folder or known.spec.name)
    except ZooError:  # the file is not there any more
        return None
    report, kept = model_metadata(loaded).report, loaded.state_dict()
    now = module.state_dict()
    same = kept.keys() == now.keys() and all(
        torch.equal(kept[name], now[name]) for name in now
    )
    return report.sha256 if same and report is not None else None


def _refused(known: ModelMetadata, reason: str) -> ExportError:
    return ExportError(f"{known.spec.name!r} can't be exported: {reason}.")


def _inputs(known: ModelMetadata, takes: GraphInput) -> Iterator[tuple[str, Tensor]]:
    """Yield prepared inputs by name: the golden where there is one, and batches."""
    golden = _golden(known)
    if golden is not None:
        yield "golden", golden
        rows = golden
    else:
        rows = preprocessor(known.spec.input).benchmark(known.spec.input, max(BATCHES))
    for count in BATCHES:
        times = -(-count // len(rows))
        yield f"batch of {count}", torch.cat([rows] * times)[:count].contiguous()
    if 2 in takes.axes:  # a model of pictures of any size
        height, width = (side - side // 4 for side in rows.shape[2:])
        yield "other size", rows[:, :, :height, : width // 2].contiguous()
    if 1 in takes.axes and rows.shape[1] > 2:
        yield "other length", rows[:, : rows.shape[1] // 2 + 1].contiguous()


def _codes(
    module: nn.Module, known: ModelMetadata, inputs: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Return the codes of inputs; noise is a code itself."""
    if not known.spec.input.from_data:
        return dict(inputs)
    if not callable(getattr(module, "encode", None)):
        raise _refused(known, "it has no method 'encode', which says what codes are")
    encoder = _Method(module, "encode")
    with eval_mode(module), torch.no_grad():
        return {name: encoder(one).contiguous() for name, one in inputs.items()}


def _golden(known: ModelMetadata) -> Tensor | None:
    """Return the golden's input, of a model that has one."""
    folders = [known.folder] if known.folder else []
    if not folders:
        folders = [weight_store.shipped_checkpoint(known.spec)]
    path = folders[0] / checkpoint_folder.GOLDEN
    if not path.is_file():
        return None
    return safetensors_io.tensors(path)["input"].clone()


class _Answer(nn.Module):
    """From a classifier's output to the numbers and scores of its best labels."""

    def __init__(self, output_spec: ClassOutput) -> None:
        super().__init__()
        self.output_spec = output_spec

    def forward(self, output: Tensor) -> tuple[Tensor, Tensor]:
        count = min(LABELS, len(self.output_spec.labels))
        best = probabilities(output, self.output_spec).topk(count, dim=1)
        return best.values, best.indices


def _with_labels(core: Any, known: ModelMetadata) -> Any:
    """Return a classifier's graph with `label` and `score`, (batch, labels)."""
    from onnx import TensorProto, compose, helper, numpy_helper

    output_spec = known.spec.output
    if not isinstance(output_spec, ClassOutput) or output_spec.multi_label:
        return core
    shape = core.graph.output[0].type.tensor_type.shape.dim
    widths = [dim.dim_value for dim in shape][1:]
    given = torch.zeros(2, *widths)
    answer = as_onnx(
        _Answer(output_spec),
        given,
        inputs={"answered": {0: "batch"}},
        outputs=["score", "number"],
    )
    graph = compose.merge_models(
        core,
        compose.add_prefix(
            answer, "answer.", rename_inputs=False, rename_outputs=False
        ),
        io_map=[("output", "answered")],
        outputs=["score", "number"],
    )
    output = copy.deepcopy(core.graph.output[0])
    names = numpy_helper.from_array(
        np.array(output_spec.labels, dtype=object), "labels"
    )
    graph.graph.initializer.append(names)
    graph.graph.node.append(helper.make_node("Gather", ["labels", "number"], ["label"]))
    count = min(LABELS, len(output_spec.labels))
    label = helper.make_tensor_value_info("label", TensorProto.STRING, ["batch", count])
    (score,) = (one for one in graph.graph.output if one.name == "score")
    del graph.graph.output[:]
    graph.graph.output.extend([output, label, score])
    return graph


def _with_pictures(core: Any, takes: GraphInput, known: ModelMetadata) -> Any:
    """Return a graph that takes pictures, and prepares them as Pillow does."""
    from onnx import compose

    assert takes.module is not None, "asked for where there is one"
    pictures = list(_pictures(known))
    prepare = as_onnx(
        takes.module,
        torch.from_numpy(np.concatenate([pictures[0], pictures[0]])),
        inputs={takes.name: takes.raw_axes},
        outputs=["pixels"],
    )
    _check_pixels(load_session(prepare), pictures, known)
    return compose.merge_models(
        compose.add_prefix(
            prepare, "prepare.", rename_inputs=False, rename_outputs=False
        ),
        core,
        io_map=[("pixels", "prepared")],
    )


def _pictures(known: ModelMetadata) -> Iterator[np.ndarray[Any, Any]]:
    """Yield smooth pictures of some sizes, (1, height, width, channels), or label maps
    where the model takes these."""
    from PIL import Image

    random = np.random.default_rng(0)
    input_spec: Any = known.spec.input
    channels = input_spec.channels
    colors = np.array([one.color for one in input_spec.label_colors], dtype=np.uint8)
    for height, width in SIZES:
        size = height // 8 + 2, width // 8 + 2
        if len(colors):
            coarse = colors[random.integers(0, len(colors), size)]
            resample = Image.Resampling.NEAREST
        else:
            coarse = random.integers(0, 256, (*size, channels)).astype(np.uint8)
            resample = Image.Resampling.BICUBIC
        image = Image.fromarray(coarse.squeeze())
        made = np.asarray(image.resize((width, height), resample))
        yield made.reshape(1, height, width, channels)


def _check_pixels(
    session: Any, pictures: Sequence[np.ndarray[Any, Any]], known: ModelMetadata
) -> None:
    """Refuse a graph that prepares a picture otherwise than Pillow does."""
    input_spec: Any = known.spec.input
    reader = preprocessor(input_spec)
    (name,) = (one.name for one in session.get_inputs())
    for picture in pictures:
        found = torch.from_numpy(session.run(None, {name: picture})[0])
        opened = reader.load_item(picture[0], input_spec)
        apart = (found - reader.collate([opened], input_spec)).abs().max().item()
        if not apart <= PIXEL_TOLERANCE:
            size = f"{picture.shape[2]}x{picture.shape[1]}"
            reason = f"its graph prepares a picture of {size} pixels otherwise"
            raise _refused(known, f"{reason} ({apart:.2g} apart)")


def _describe(graph: Any, known: ModelMetadata) -> None:
    """Write into the graph which model it is, and its labels."""
    from onnx import checker, helper

    facts = {"model": known.spec.name, "summary": known.spec.summary}
    if known.labels:
        facts["labels"] = json.dumps(known.labels, ensure_ascii=False)
    helper.set_model_props(graph, facts)
    checker.check_model(graph, full_check=True)


def _receipt(
    checked: _Checked, content: bytes, known: ModelMetadata, method: str
) -> dict[str, Any]:
    """Return what is recorded of an export."""
    from onnx import TensorProto

    def described(value: Any) -> dict[str, Any]:
        tensor = value.type.tensor_type
        return {
            "name": value.name,
            "type": TensorProto.DataType.Name(tensor.elem_type).lower(),
            "shape": [dim.dim_param or dim.dim_value for dim in tensor.shape.dim],
        }

    graph = checked.graph
    return {
        "model": known.spec.name,
        "format": "onnx",
        "method": method,
        "opset": next(one.version for one in graph.opset_import if not one.domain),
        "weights": {"sha256": checked.weights},
        "files": {
            MODEL: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        },
        "inputs": [described(value) for value in graph.graph.input],
        "outputs": [described(value) for value in graph.graph.output],
        "errors": dict(checked.errors),
        "versions": {
            name: version(name)
            for name in ("torch", "onnx", "onnxruntime", "onnxscript")
        },
    }
