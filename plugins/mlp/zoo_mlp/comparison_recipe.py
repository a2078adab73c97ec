"""The recipe of `mlp-fashion-mnist`: that of every MLP, with a report of its own."""

from zoo_mlp.recipe import SMOKE_SETTINGS, Settings, data, evaluate, train

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]
