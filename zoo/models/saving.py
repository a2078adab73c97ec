"""Save a module as a checkpoint folder: weights, config, golden, receipt, files."""

import platform
import shutil
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.artifacts import checkpoint_folder
from zoo.artifacts.checkpoint_folder import Config
from zoo.models import golden, safetensors_io
from zoo.models.loading import build_model
from zoo.models.metadata import ModelMetadata, model_metadata, unwrap_model
from zoo.plugins.discovery import Plugin, installed
from zoo.preprocessing.preprocessor import preprocessor
from zoo.specs import Weights

__all__ = ["save", "versions"]


def save(
    model: nn.Module,
    folder: str | Path,
    *,
    example: Tensor | None = None,
    receipt: Mapping[str, Any] | None = None,
    files: Mapping[str, bytes] | None = None,
    dtype: torch.dtype | None = None,
) -> Path:
    """Save `model` as a checkpoint folder for `zoo.load`, and return the folder.

    `example` is the input of the golden. `dtype=torch.float16` stores floats in half
    precision. The folder is replaced as a whole: an interrupted save leaves the old
    one.
    Raises CheckpointError.
    """
    folder, model = Path(folder), unwrap_model(model)
    metadata = model_metadata(model)
    checkpoint_folder.check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    try:
        stored = _stored(model, dtype)
        safetensors_io.write(stored, new / checkpoint_folder.WEIGHTS)
        input_spec = metadata.spec.input
        saved_input = preprocessor(input_spec).save(input_spec, new)
        metadata = replace(metadata, spec=replace(metadata.spec, input=saved_input))
        config = _config(metadata, model, checkpoint_folder.weights_pin(new))
        (new / checkpoint_folder.CONFIG).write_text(config.to_json(), encoding="utf-8")
        if example is not None:
            _golden(model, example, new)
        for name, content in (files or {}).items():
            (new / name).write_bytes(content)
        if receipt:
            checkpoint_folder.write_receipt(new, receipt)
        checkpoint_folder.replace_folder(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def _stored(model: nn.Module, dtype: torch.dtype | None) -> dict[str, Tensor]:
    values = {
        name: getattr(module, attribute)
        for module, attribute, name in (
            g[0] for g in safetensors_io.slots(model).places
        )
    }
    return safetensors_io.cast_floats(values, dtype) if dtype else values


def _golden(model: nn.Module, example: Tensor, new: Path) -> None:
    """Make the golden with the stored weights, which may have a narrower dtype."""
    again = build_model(
        model_metadata(model).spec,
        _provider(model_metadata(model)),
        model_metadata(model).options,
    )
    safetensors_io.read(
        again, new / checkpoint_folder.WEIGHTS, safetensors_io.slots(again)
    )
    golden.make_golden(again.eval(), example.cpu(), new / checkpoint_folder.GOLDEN)


def _config(metadata: ModelMetadata, model: nn.Module, pin: Weights) -> Config:
    spec, plugin = metadata.spec, _provider(metadata)
    return Config(
        name=spec.name,
        summary=spec.summary,
        task=spec.task,
        build=spec.build,
        options=dict(metadata.options),
        distribution=plugin.distribution,
        input=spec.input,
        output=spec.output,
        head=spec.head,
        trunk=spec.trunk,
        recipe=spec.recipe,
        license=spec.license,
        trained_on=spec.trained_on,
        parameters=sum(p.numel() for p in model.parameters()),
        weights=pin,
        parent=metadata.parent,
        versions=versions(plugin),
    )


def versions(plugin: Plugin) -> dict[str, str]:
    """Return the versions that made something, for config.json and run.json."""
    return {
        "python": platform.python_version(),
        "torch": str(torch.__version__),
        "safetensors": version("safetensors"),
        "zoo-core": version("zoo-core"),
        plugin.distribution: plugin.version,
    }


def _provider(metadata: ModelMetadata) -> Plugin:
    return installed().packages()[metadata.spec.package]
