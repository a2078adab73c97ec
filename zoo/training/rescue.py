"""Keep the weights of a finished training, whatever fails after it.

Training takes hours; measuring, drawing and writing come after it, and each may fail.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from torch import nn

from zoo.artifacts import checkpoint_folder
from zoo.errors import TrainingError, ZooError
from zoo.models import safetensors_io, saving
from zoo.models.metadata import model_metadata

__all__ = ["weights_kept"]


@contextmanager
def weights_kept(model: nn.Module, target: Path | None) -> Iterator[None]:
    """Save a trained model beside `target` if the block fails, and say where.

    Without a target, or where that can't be written, it is saved in the folder for
    temporary files. Raises TrainingError; an interruption gets a note instead.
    """
    try:
        yield
    except Exception as exc:
        raise _failed(model, target, exc) from exc
    except BaseException as exc:
        exc.add_note(_kept(model, target))
        raise


def _failed(model: nn.Module, target: Path | None, exc: Exception) -> TrainingError:
    problem = str(exc).rstrip(".")
    if not isinstance(exc, ZooError):
        problem = f"{type(exc).__name__}: {problem}".rstrip(": ")
    name = model_metadata(model).spec.name
    return TrainingError(
        f"{name!r} is trained, but what came after that failed ({problem}). "
        f"{_kept(model, target)}"
    )


def _kept(model: nn.Module, target: Path | None) -> str:
    """Save the weights, and return a sentence that says where."""
    name = model_metadata(model).spec.name
    beside = checkpoint_folder.beside(target, "-unmeasured") if target else None
    temporary = Path(tempfile.gettempdir()) / f"zoo-{name}-unmeasured"
    for place in filter(None, (beside, temporary)):
        with suppress(OSError, ZooError):
            folder = checkpoint_folder.numbered(place)
            saving.save(model, folder)
            return f"Its weights are in {folder}: zoo.load({str(folder)!r}) loads them."
    with suppress(OSError, ZooError):  # it is not what its build function makes
        file = checkpoint_folder.numbered(temporary).with_suffix(".safetensors")
        safetensors_io.write(model.state_dict(), file)
        return f"Its tensors are in {file}."
    return "Its weights could not be written anywhere."
