"""What is said where a model can't compute with what the config.json of its checkpoint
says. Whoever wrote the file is to blame, not the caller.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from torch import Tensor, nn

from zoo.artifacts import weight_store
from zoo.artifacts.checkpoint_folder import CONFIG
from zoo.errors import CheckpointError
from zoo.models.devices import is_out_of_memory
from zoo.models.metadata import model_metadata

__all__ = ["blaming_config"]

# What modules and tasks raise for shapes, sizes and kinds that do not fit
FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)


@contextmanager
def blaming_config(
    model: nn.Module, *, given: Tensor | None = None, output: Tensor | None = None
) -> Iterator[None]:
    """Within the block, a model computes, or its `output` becomes results.

    What that raises becomes a CheckpointError, whose cause it is, if the model was
    loaded from a checkpoint that no installed plugin ships. Errors of the zoo and of a
    full memory are left as they are. `given` is the batch.
    """
    try:
        yield
    except FAULTS as exc:
        folder = _strange_folder(model)
        if folder is None or is_out_of_memory(exc):
            raise
        first = str(exc).partition("\n")[0].rstrip(".")
        where = ""
        if given is not None:
            where = f" with an input of the shape {tuple(given.shape)}"
        if output is not None:
            where = f" with an output of the shape {tuple(output.shape)}"
        raise CheckpointError(
            f"{folder / CONFIG} does not fit its model, which fails{where} "
            f"({type(exc).__name__}: {first}). Save the checkpoint again, or get "
            "another copy of the folder. If you have changed the model since it was "
            "loaded, look there first."
        ) from exc


def _strange_folder(model: nn.Module) -> Path | None:
    """Return the folder that a model was loaded from, if no plugin ships it."""
    metadata = model_metadata(model)
    if metadata.folder is None or metadata.report is None:
        return None
    shipped = weight_store.shipped_checkpoint(metadata.spec).absolute()
    return None if metadata.folder == shipped else metadata.folder
