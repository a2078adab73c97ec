"""What a config.json may name: build functions and recipes of registered models."""

from collections.abc import Iterable
from pathlib import Path

from zoo.errors import CheckpointError
from zoo.specs import ModelSpec

__all__ = ["check_allowed"]


def check_allowed(
    spec: ModelSpec, models: Iterable[ModelSpec], where: str | Path, distribution: str
) -> None:
    """Refuse a spec, read from `where`, whose code no registered model has.

    A file may choose among what plugins offer as models, and nothing else: otherwise
    it could call any function that one of their modules happens to hold. Raises
    CheckpointError.
    """
    known = list(models)
    for part in ("build", "recipe"):
        named = getattr(spec, part)
        if named is not None and named not in {getattr(one, part) for one in known}:
            raise CheckpointError(
                f"{where} names {named!r} as its {part}, and no installed plugin has a "
                f"model with that. Update {distribution!r}, or don't use it."
            )
