"""What a recipe trains with: the run, its rows, and how they become model inputs.

These names stand for files of `zoo.runtime`, which `zoo eject` copies beside a recipe;
what a report needs besides is imported from elsewhere, in a module of its own.

May import: everything below; nothing in the core imports it.
"""

from zoo.datasets.in_memory import load as load_rows
from zoo.runtime.folds import Fold
from zoo.runtime.rows import (
    TensorRows,
    normalize,
    predict_batches,
    to_model_input,
    unwrap_model,
)
from zoo.runtime.run import Run

__all__ = [
    "Fold",
    "Run",
    "TensorRows",
    "load_rows",
    "normalize",
    "predict_batches",
    "to_model_input",
    "unwrap_model",
]
