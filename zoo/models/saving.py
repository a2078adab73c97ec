"""Save a module as a checkpoint folder: weights, config, golden, receipt, files."""

import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zoo.artifacts import checkpoint_folder
from zoo.artifacts.checkpoint_folder import Config
from zoo.errors import CheckpointError, MisfitError
from zoo.models import golden, safetensors_io
from zoo.models.changes import changed_module
from zoo.models.defaults import on_cpu_in_float32
from zoo.models.loading import build_model, renamed_of
from zoo.models.metadata import ModelMetadata, model_metadata, unwrap_model
from zoo.models.precision import quantized_layer
from zoo.models.skip_init import skip_initialization
from zoo.plugins.discovery import Plugin, installed
from zoo.preprocessing.preprocessor import preprocessor
from zoo.runtime.eval_mode import eval_mode
from zoo.specs import ModelSpec, Weights

__all__ = ["cast_finite", "save", "versions"]


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

    >>> folder = zoo.save(zoo.load("xor-mlp"), "mine")
    >>> sorted(path.name for path in folder.iterdir())
    ['config.json', 'model.safetensors']
    """
    folder, model = Path(folder), unwrap_model(model)
    metadata = model_metadata(model)
    if (layer := quantized_layer(model)) is not None:
        raise CheckpointError(
            f"The layer {layer!r} of this model is quantized, and "
            f"{metadata.spec.build!r} builds it with floats: zoo.load could not read "
            "it, so nothing was written. Save the model that it was made of, and "
            "quantize it after zoo.load."
        )
    with checkpoint_folder.scratch_folder(folder) as new:
        stored = _stored(model, dtype)
        safetensors_io.write(stored, new / checkpoint_folder.WEIGHTS)
        saved_input = metadata.spec.input
        # A model that was built, not loaded, may have files that were never fetched.
        if metadata.report is not None or not saved_input.missing_files:
            saved_input = preprocessor(saved_input).save(saved_input, new)
        metadata = replace(metadata, spec=replace(metadata.spec, input=saved_input))
        config = _config(metadata, model, checkpoint_folder.weights_pin(new))
        (new / checkpoint_folder.CONFIG).write_text(config.to_json(), encoding="utf-8")
        again = _loaded_again(model, new, example)
        if example is not None:  # made with the stored weights, which may be narrower
            path = new / checkpoint_folder.GOLDEN
            golden.make_golden(again.eval(), example.cpu(), path)
        for name, content in (files or {}).items():
            (new / name).write_bytes(content)
        if receipt:
            checkpoint_folder.write_receipt(new, receipt)
        checkpoint_folder.replace_folder(new, folder)
    return folder


def _stored(model: nn.Module, dtype: torch.dtype | None) -> dict[str, Tensor]:
    if dtype is not None and not dtype.is_floating_point:
        raise CheckpointError(
            f"dtype={dtype} can't store weights, which are fractions. Name a "
            "floating-point type, such as torch.float16. Nothing was written."
        )
    values = {
        name: getattr(module, attribute)
        for module, attribute, name in (
            g[0] for g in safetensors_io.slots(model).places
        )
    }
    if dtype is None:
        return values
    advice = "Save it in the type that it has, without dtype=. Nothing was written."
    return cast_finite(values, dtype, advice)


def cast_finite(
    values: Mapping[str, Tensor], dtype: torch.dtype, advice: str
) -> dict[str, Tensor]:
    """Return tensors with floats stored as `dtype`; none becomes infinite.

    Raises CheckpointError, with advice, where one would.
    """
    stored = safetensors_io.cast_floats(values, dtype)
    for name, value in stored.items():
        if value is not values[name] and not _fits(values[name], value):
            raise CheckpointError(
                f"Tensor {name!r} has values that {dtype} can't hold. {advice}"
            )
    return stored


def _fits(value: Tensor, stored: Tensor) -> bool:
    """Return whether what was finite stays finite in a narrower type."""
    finite = stored.float().isfinite() | ~value.isfinite()
    return bool(finite.all())


def _loaded_again(model: nn.Module, new: Path, example: Tensor | None) -> nn.Module:
    """Return the model as it would be loaded from the new folder.

    Raises CheckpointError where that is another model: it was changed by hand since its
    build function made it.
    """
    metadata = model_metadata(model)
    spec, plugin = metadata.spec, _provider(metadata)
    with on_cpu_in_float32(), skip_initialization():
        again = build_model(spec, plugin, metadata.options)
    try:
        safetensors_io.read(
            again,
            new / checkpoint_folder.WEIGHTS,
            safetensors_io.slots(again),
            renamed=renamed_of(spec, plugin),
        )
    except MisfitError as exc:
        raise _changed(spec, "; ".join(exc.faults[:3])) from exc
    difference = changed_module(again, model)
    if difference is not None and not _same_outputs(again.eval(), model, example):
        raise _changed(spec, difference)
    return again


def _same_outputs(again: nn.Module, model: nn.Module, example: Tensor | None) -> bool:
    """Return whether both give the same for an example, or for noise."""
    spec = model_metadata(model).spec
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    try:
        if example is None:
            rows = preprocessor(spec.input).synthetic(
                spec.input, 2, torch.Generator().manual_seed(0)
            )
            example = preprocessor(spec.input).prepared(rows, spec.input)
        with torch.inference_mode(), eval_mode(model):
            expected = model(example.to(device))
            output = again(example.cpu())
        return torch.allclose(
            output.float(), expected.cpu().float(), rtol=1e-2, atol=1e-3
        )
    except Exception:  # noqa: BLE001 - a changed module may raise anything
        return False


def _changed(spec: ModelSpec, difference: str) -> CheckpointError:
    return CheckpointError(
        f"This model is not what {spec.build!r} builds any more: {difference}. "
        "zoo.load would give another model, so nothing was written. Undo the change, "
        "or merge it into the weights (LoRA, pruning, parametrizations); for a new "
        "architecture, write a plugin ('zoo new'), or torch.save its state_dict."
    )


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
