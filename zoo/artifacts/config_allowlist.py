"""What a config.json may name: code of registered models and of namespaces."""

from pathlib import Path

from zoo.errors import CheckpointError
from zoo.plugins.discovery import Installed
from zoo.specs import ModelSpec

__all__ = ["check_allowed"]


def check_allowed(
    spec: ModelSpec, offered: Installed, where: str | Path, distribution: str
) -> None:
    """Refuse a spec, read from `where`, whose code no installed plugin offers.

    A file may choose among what plugins offer as models, and nothing else: otherwise
    it could call any function that one of their modules happens to hold. Raises
    CheckpointError.
    """
    models = offered.models.values()
    builds = {namespace.build for namespace, _ in offered.namespaces.values()}
    allowed: dict[str, set[str | None]] = {
        "build": {*builds, *(one.build for one in models)},
        "recipe": {one.recipe for one in models},
    }
    for part, known in allowed.items():
        named = getattr(spec, part)
        if named is not None and named not in known:
            raise CheckpointError(
                f"{where} names {named!r} as its {part}, and no installed plugin has a "
                f"model with that. Update {distribution!r}, or don't use it."
            )
