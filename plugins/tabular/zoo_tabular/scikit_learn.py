"""Baselines of scikit-learn, each with its own defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from zoo.errors import MissingExtra
from zoo.recipes import TensorRows

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["balanced_logistic_scores", "gradient_boosting", "nearest_neighbors"]

REASON = "Measuring the baselines"


def nearest_neighbors(training: TensorRows, test: TensorRows) -> dict[str, float]:
    """Return the test error of the mean of the five nearest standardized rows."""
    try:
        from sklearn.neighbors import KNeighborsRegressor
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    return _error(
        make_pipeline(StandardScaler(), KNeighborsRegressor()), training, test
    )


def gradient_boosting(training: TensorRows, test: TensorRows) -> dict[str, float]:
    """Return the test error of gradient boosted trees on binned columns."""
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    return _error(HistGradientBoostingRegressor(random_state=0), training, test)


def balanced_logistic_scores(training: TensorRows, test: TensorRows) -> Tensor:
    """Return the logit of each test row, (rows,), by logistic regression.

    Columns are standardized, and the rows of both classes have the same weight in all.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as exc:
        raise MissingExtra("scikit-learn", REASON) from exc
    model = make_pipeline(
        StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000)
    )
    model.fit(training.input.numpy(), training.target.numpy())
    return torch.from_numpy(model.decision_function(test.input.numpy())).float()


def _error(model: Any, training: TensorRows, test: TensorRows) -> dict[str, float]:
    """Return the test error of a regressor fitted to the training rows."""
    model.fit(training.input.numpy(), training.target.numpy())
    predicted, target = model.predict(test.input.numpy()), test.target.numpy()
    off = (predicted - target).astype("float64")
    spread = ((target - target.mean()) ** 2).sum()
    return {
        "rmse": float((off**2).mean() ** 0.5),
        "mae": float(abs(off).mean()),
        "r2": float(1 - (off**2).sum() / spread),
    }
