"""Train an MLP to predict the value of houses in a block of California.

The recipe of the other regressions, whose settings were chosen here on the validation
rows that `fit` holds out: `regression_recipe.py` holds the settings, the loop and the
cross-validation that `train` notes. The rows are sorted by place; they are split in an
order drawn by a seed.
"""

from zoo_tabular.regression_recipe import (
    SMOKE_SETTINGS,
    Settings,
    data,
    evaluate,
    fit,
    train,
)

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "train"]
