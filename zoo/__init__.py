"""A zoo of PyTorch models, each one a plugin: `zoo.load(name)` gives a trained one.

Importing this package imports next to nothing; a name is looked up when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.about import About, LoadReport
    from zoo.adopting import adopt
    from zoo.benchmarking import benchmark
    from zoo.bundles import bundle, unbundle
    from zoo.cards import render as card
    from zoo.catalogue import dataset_names, names, search, spec
    from zoo.coding import encode, interpolate, reconstruct
    from zoo.datasets import load as data
    from zoo.ejecting import eject
    from zoo.errors import ZooError
    from zoo.evaluating import evaluate
    from zoo.featuring import features
    from zoo.fetching import fetch
    from zoo.freezing import freeze, unfreeze
    from zoo.hookspecs import hookimpl
    from zoo.lessons import finetune
    from zoo.locking import lock
    from zoo.models import build, load
    from zoo.neighbouring import neighbours
    from zoo.prediction import example, predict
    from zoo.publishing import publish
    from zoo.run import Run
    from zoo.saving import save
    from zoo.specs import (
        ClassOutput,
        Column,
        DatasetSpec,
        ForecastOutput,
        GapOutput,
        ImageInput,
        ImageOutput,
        License,
        MaskOutput,
        Metric,
        ModelSpec,
        NoiseInput,
        NumberOutput,
        ReadingOutput,
        SeriesInput,
        TabularInput,
        TextInput,
        TextOutput,
        TranslationOutput,
        VectorOutput,
        Weights,
    )
    from zoo.starting import new
    from zoo.sweeping import sweep
    from zoo.training import train
    from zoo.validation import crossval
    from zoo.verbs import sample
    from zoo.verification import verify

__all__ = [
    "About",
    "ClassOutput",
    "Column",
    "DatasetSpec",
    "ForecastOutput",
    "GapOutput",
    "ImageInput",
    "ImageOutput",
    "License",
    "LoadReport",
    "MaskOutput",
    "Metric",
    "ModelSpec",
    "NoiseInput",
    "NumberOutput",
    "ReadingOutput",
    "Run",
    "SeriesInput",
    "TabularInput",
    "TextInput",
    "TextOutput",
    "TranslationOutput",
    "VectorOutput",
    "Weights",
    "ZooError",
    "adopt",
    "benchmark",
    "build",
    "bundle",
    "card",
    "crossval",
    "data",
    "dataset_names",
    "eject",
    "encode",
    "evaluate",
    "example",
    "features",
    "fetch",
    "finetune",
    "freeze",
    "hookimpl",
    "interpolate",
    "load",
    "lock",
    "names",
    "neighbours",
    "new",
    "predict",
    "publish",
    "reconstruct",
    "sample",
    "save",
    "search",
    "spec",
    "sweep",
    "train",
    "unbundle",
    "unfreeze",
    "verify",
]

_HOMES = {
    "About": "about",
    "LoadReport": "about",
    "Run": "run",
    "ZooError": "errors",
    "adopt": "adopting",
    "benchmark": "benchmarking",
    "build": "models",
    "bundle": "bundles",
    "card": "cards:render",
    "crossval": "validation",
    "data": "datasets:load",
    "dataset_names": "catalogue",
    "eject": "ejecting",
    "encode": "coding",
    "evaluate": "evaluating",
    "example": "prediction",
    "features": "featuring",
    "fetch": "fetching",
    "finetune": "lessons",
    "freeze": "freezing",
    "hookimpl": "hookspecs",
    "interpolate": "coding",
    "load": "models",
    "lock": "locking",
    "names": "catalogue",
    "neighbours": "neighbouring",
    "new": "starting",
    "predict": "prediction",
    "publish": "publishing",
    "reconstruct": "coding",
    "sample": "verbs",
    "save": "saving",
    "search": "catalogue",
    "spec": "catalogue",
    "sweep": "sweeping",
    "train": "training",
    "unbundle": "bundles",
    "unfreeze": "freezing",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    home, _, original = _HOMES.get(name, "specs").partition(":")
    found = getattr(import_module(f"zoo.{home}"), original or name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
