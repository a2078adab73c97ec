"""Train a slim ResNet-18 on CIFAR-10.

The recipe of ResNet-20 with other settings: `zoo_resnet/resnet20_recipe.py` holds the
data, the loop and the evaluation, and the model's spec the settings that differ.
"""

from zoo_resnet.resnet20_recipe import (
    SMOKE_SETTINGS,
    Settings,
    data,
    evaluate,
    train,
)

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "train"]
