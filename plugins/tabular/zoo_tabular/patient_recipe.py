"""Train an MLP to predict an outcome from a patient's record.

The recipe of the breast cancer set, with the area under the ROC curve as a metric:
`cancer_recipe.py` holds the settings, the loop and the cross-validation that every
setting was chosen by. The second label is the outcome.
"""

from zoo_tabular.cancer_recipe import SMOKE_SETTINGS, Settings, data, fit, train
from zoo_tabular.cancer_recipe import measure_with_auc as evaluate

__all__ = ["SMOKE_SETTINGS", "Settings", "data", "evaluate", "fit", "train"]
