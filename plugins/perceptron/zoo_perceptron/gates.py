"""The rows that the logic networks learn from, and are judged by."""

from zoo.recipes import Run, TensorRows

__all__ = ["gates"]


def gates(run: Run, *names: str) -> TensorRows:
    """Return the truth table with the columns `names` as targets.

    Training and test rows are the same four: a gate has no others.
    """
    target = names if len(names) > 1 else names[0]
    return run.load_rows("logic-gates", "train", columns=("a", "b"), target=target)
