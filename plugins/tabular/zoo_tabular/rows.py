"""The rows of the recipes: the columns that a model takes, and a split in two."""

from dataclasses import replace

from zoo.recipes import Run, TensorRows

__all__ = ["column_names", "load_rows", "train_or_test"]

SPLIT_SEED = 0  # of every split in two; fixed before anything was trained
TEST_FRACTION = 0.2


def load_rows(run: Run, split: str, target: str) -> TensorRows:
    """Return the columns the model takes, in its order, and `target`."""
    (name,) = run.spec.trained_on
    return run.load_rows(name, split, columns=column_names(run), target=target)


def column_names(run: Run) -> list[str]:
    """Return the names of the columns the model takes."""
    return [column.name for column in run.spec.input.columns]


def train_or_test(rows: TensorRows, split: str) -> TensorRows:
    """Return the training or the test rows of a set that has no published split."""
    count = len(rows)
    train_rows, test_rows = rows.split(
        int((1 - TEST_FRACTION) * count) / count, seed=SPLIT_SEED
    )
    chosen = test_rows if split == "test" else train_rows
    return replace(chosen, source=f"{rows.source.partition('/')[0]}/{split}")
