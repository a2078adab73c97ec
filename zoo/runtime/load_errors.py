"""Errors about a missing or wrong file or library that a model needs."""

from zoo.runtime import ZooError

__all__ = ["CheckpointError", "IntegrityError", "MissingExtra", "WeightsError"]


class CheckpointError(ZooError):
    """A folder is not a checkpoint, or can't be written as one."""


class WeightsError(ZooError):
    """Weights could not be fetched, or do not fit the model."""


class IntegrityError(WeightsError):
    """A file is not the one its pin describes."""

    def __init__(self, path: str, problem: str, blame: str) -> None:
        super().__init__(f"{path} {problem}. {blame}.")


class MissingExtra(ZooError):
    """An optional package is needed for this, and is not installed.

    Without an `extra` of a distribution that asks for it, it is installed by its name.
    """

    def __init__(
        self,
        package: str,
        purpose: str,
        extra: str | None = "train",
        distribution: str = "zoo-core",
    ) -> None:
        requirement = package if extra is None else f"'{distribution}[{extra}]'"
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Run: pip install {requirement}"
        )
