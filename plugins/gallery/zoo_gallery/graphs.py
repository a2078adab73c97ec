"""Models as ONNX graphs, exported once and kept on this machine."""

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import zoo
from zoo import ModelSpec
from zoo.errors import ZooError
from zoo_gallery.vendor import cache_folder

__all__ = ["Exported", "Refused", "exported"]

TOKENIZER, WORDS = "tokenizer.json", "embedding_matrix"
PARTS = ("torch", "onnx", "onnxruntime", "onnxscript")
TRANSLATES = ("encode_source", "decode_step")
LAYERS = "layers.onnx"  # the graph with what its convolutions see
MOST_LAYERS = 8  # convolutions that a page shows
ACTIVATIONS = ("Relu", "Tanh", "Sigmoid")
SAME = 1e-5  # of pictures drawn, beside those decoded from the same codes


@dataclass(frozen=True)
class Exported:
    """The files of a model that runs in its page, and what the page has to know.

    `latent_dim` is the length of a code, where the model draws by decoding numbers from
    a normal distribution. `has_words` is whether each token is a word with a vector.
    """

    files: dict[str, bytes]
    latent_dim: int | None = None
    has_words: bool = False
    receipts: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))


class Refused(Exception):
    """The model does not run in a page, and why."""


def exported(spec: ModelSpec) -> Exported:
    """Return a model as graphs; they are made where they are not kept yet.

    Raises Refused for a model that can't be exported, and MissingExtra.
    """
    home = cache_folder() / "exports" / spec.name / _key(spec)
    if not (home / "facts.json").is_file():
        shutil.rmtree(home, ignore_errors=True)
        _make(spec, home)
    facts = json.loads((home / "facts.json").read_text(encoding="utf-8"))
    if "refused" in facts:
        raise Refused(facts["refused"])
    found, receipts = {}, {}
    for method in facts["methods"]:
        graph = home / method / LAYERS
        if not graph.is_file():
            graph = home / method / "model.onnx"
        found[f"{method}.onnx"] = graph.read_bytes()
        receipt = (home / method / "export.json").read_text(encoding="utf-8")
        receipts[method] = json.loads(receipt)
        if (tokenizer := home / method / TOKENIZER).is_file():
            found[TOKENIZER] = tokenizer.read_bytes()
    return Exported(found, facts["latent_dim"], facts["has_words"], receipts)


def _key(spec: ModelSpec) -> str:
    """Return what differs where an export would: weights, and what makes graphs."""
    versions = {"zoo": zoo.__version__}
    for name in PARTS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = ""
    pin = spec.weights.sha256 if spec.weights else None
    known = json.dumps([spec.build, dict(spec.options), pin, versions], default=str)
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _make(spec: ModelSpec, home: Path) -> None:
    """Export a model into a folder, or write there why it can't be."""
    from zoo.errors import ExportError, WeightsError

    facts: dict[str, Any] = {"methods": [], "latent_dim": None, "has_words": False}
    try:
        model = zoo.load(spec.name)
        facts["latent_dim"] = _latent_dim(model, spec)
        facts["has_words"] = callable(getattr(model, WORDS, None))
        for method in _methods(model, draws=facts["latent_dim"] is not None):
            zoo.export(model, home / method, method=method)
            facts["methods"].append(method)
        if spec.input.kind == "image" and spec.output.kind == "classes":
            _show_layers(home / "forward")
    except WeightsError as exc:  # another day they may be here
        raise Refused(str(exc)) from exc
    except ExportError as exc:
        facts = {"refused": str(exc)}
    home.mkdir(parents=True, exist_ok=True)
    (home / "facts.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")


def _show_layers(folder: Path) -> None:
    """Write a graph that also gives what its convolutions see, where there are a few.

    Its further outputs are named `layer.1`, `layer.2` and so on, each (batch, channels,
    height, width), after the activation where one follows.
    """
    import onnx
    from onnx import TensorProto, helper

    graph = onnx.load(folder / "model.onnx")
    nodes = list(graph.graph.node)
    convolutions = [node for node in nodes if node.op_type == "Conv"]
    if not 1 <= len(convolutions) <= MOST_LAYERS:
        return
    for number, node in enumerate(convolutions, 1):
        seen = node.output[0]
        after = [one for one in nodes if seen in one.input]
        if len(after) == 1 and after[0].op_type in ACTIVATIONS:
            seen = after[0].output[0]
        name = f"layer.{number}"
        graph.graph.node.append(helper.make_node("Identity", [seen], [name]))
        value = helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4)
        graph.graph.output.append(value)
    onnx.checker.check_model(graph)
    onnx.save(graph, folder / LAYERS)


def _methods(model: Any, *, draws: bool) -> tuple[str, ...]:
    """Return what of a model its page runs."""
    if all(callable(getattr(model, name, None)) for name in TRANSLATES):
        return TRANSLATES
    return ("decode",) if draws else ("forward",)


def _latent_dim(model: Any, spec: ModelSpec) -> int | None:
    """Return the length of the codes that a model draws pictures from.

    None where it has no codes, or draws otherwise than by decoding numbers from a
    normal distribution: two pictures are drawn both ways, and compared.
    """
    import torch

    if not all(callable(getattr(model, name, None)) for name in ("sample", "decode")):
        return None
    if spec.input.from_data:
        codes = zoo.encode(model, zoo.example(spec.name))
    else:
        codes = torch.empty(1, spec.input.latent_dim)  # type: ignore[attr-defined]
    code = torch.randn(2, codes.shape[1], generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        try:
            drawn = model.sample(2, torch.Generator().manual_seed(0))
            decoded = model.decode(code)
        except (RuntimeError, ZooError):  # codes of another kind
            return None
    same = drawn.shape == decoded.shape and torch.allclose(drawn, decoded, atol=SAME)
    return codes.shape[1] if same else None
