"""What a recipe trains with: the run, its rows, and how they become model inputs.

These names and the modules beside this one are what a plugin may import of the core,
with `zoo`, `zoo.results`, `zoo.errors` and `zoo.testing`. `zoo eject` copies a recipe
that keeps to the files of `zoo.runtime`; a report imports what else it needs in a
module of its own.

May import: everything below; nothing in the core imports it.
"""

from zoo.datasets.in_memory import load_or_synthetic
from zoo.datasets.in_memory import load_rows as load_rows
from zoo.evaluation.evaluate_tensors import evaluate
from zoo.models.metadata import attach, model_metadata
from zoo.runtime.eval_mode import eval_mode
from zoo.runtime.folds import Fold, child_run, fold_split
from zoo.runtime.normalization import fit_normalization
from zoo.runtime.rows import (
    TensorRows,
    normalize,
    predict_batches,
    spec_of,
    to_model_input,
    unwrap_model,
)
from zoo.runtime.run import Run
from zoo.specs import Input
from zoo.tasks import get_task
from zoo.training.execution import ExecutionContext
from zoo.training.train import choose_settings, seeded

__all__ = [
    "ExecutionContext",
    "Fold",
    "Input",
    "Run",
    "TensorRows",
    "attach",
    "child_run",
    "choose_settings",
    "eval_mode",
    "evaluate",
    "fit_normalization",
    "fold_split",
    "get_task",
    "load_or_synthetic",
    "load_rows",
    "model_metadata",
    "normalize",
    "predict_batches",
    "seeded",
    "spec_of",
    "to_model_input",
    "unwrap_model",
]
