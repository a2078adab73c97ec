"""Errors of what lies on disk or on the Hub: weights, checkpoints, locks, bundles."""

from collections.abc import Sequence

from zoo.errors import ZooError


class WeightsError(ZooError):
    """Weights could not be fetched, or do not fit the model."""


class NoWeights(WeightsError):
    """The model is registered without trained weights."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} has no trained weights. zoo.build({name!r}) gives the untrained "
            f"model; 'zoo train {name}' runs its recipe."
        )


class NotSafetensors(WeightsError):
    """The file is not in the safetensors format, whatever its name says."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            f"{path} is not a safetensors file: {problem}. The zoo reads no other "
            "format, and never a pickle."
        )


class IntegrityError(WeightsError):
    """A file is not the one its pin describes."""

    def __init__(self, path: str, problem: str, blame: str) -> None:
        super().__init__(f"{path} {problem}. {blame}.")


class MisfitError(WeightsError):
    """The tensors of a file are not those of the model: all faults at once."""

    def __init__(self, path: str, kind: str, faults: Sequence[str]) -> None:
        shown = "; ".join(faults[:8])
        more = f"; and {len(faults) - 8} more" if len(faults) > 8 else ""
        super().__init__(
            f"{path} does not fit {kind}: {shown}{more}. Nothing was loaded; the file "
            "was made for another version or another configuration of the model."
        )
        self.faults = tuple(faults)


class AdoptError(WeightsError):
    """Somebody's weights can't become a checkpoint; `faults` are those of tensors."""

    def __init__(self, problem: str, faults: Sequence[str] = ()) -> None:
        super().__init__(problem)
        self.faults = tuple(faults)


class HubError(WeightsError):
    """A file could not be had from the Hub."""


class NotOnHub(HubError):
    """The Hub has no such repository, commit or file, or does not show it to you."""


class GatedError(HubError):
    """The repository is there, and its owner has not given you access to it."""

    def __init__(self, repo: str, endpoint: str) -> None:
        super().__init__(
            f"{repo} is gated: its owner gives access on request. Ask for it at "
            f"{endpoint}/{repo}, run 'hf auth login' (or set HF_TOKEN), and load again."
        )


class OfflineError(HubError):
    """The file is not on this machine, and HF_HUB_OFFLINE forbids to ask the Hub."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(
            f"{what} is not on this machine, and HF_HUB_OFFLINE is set. Run 'zoo fetch "
            f"{name}' while online, or bring it as a file: 'zoo bundle {name} -o "
            "zoo.tar' on another machine, 'zoo unbundle zoo.tar' on this one."
        )


class UnreachableError(HubError):
    """The Hub does not answer, or breaks off again and again."""

    def __init__(self, what: str, endpoint: str, problem: str) -> None:
        super().__init__(
            f"{what} is not on this machine, and {endpoint} {problem}. Check the "
            "connection, or bring it as a file: 'zoo bundle' on another machine, "
            "'zoo unbundle' on this one."
        )


class CacheError(HubError):
    """A file from the Hub can't be written to this machine."""

    def __init__(self, what: str, folder: str, problem: str) -> None:
        super().__init__(
            f"{what} can't be written to {folder}: {problem}. Make room there, or name "
            "another folder with HF_HOME."
        )


class TrustWarning(UserWarning):
    """Weights are used that nothing but the Hub vouches for; said once a commit."""


class LicenseError(ZooError):
    """The policy in ZOO_LICENSES does not allow a model."""

    def __init__(self, name: str, refused: Sequence[str], policy: str) -> None:
        super().__init__(
            f"{name!r} is not allowed by ZOO_LICENSES={policy!r}: "
            f"{', '.join(refused)}. Allow it there, or choose a model that "
            "'zoo search --license' finds."
        )


class LockError(ZooError):
    """zoo.lock can't be read, or pins other weights than those that are installed."""


class BundleError(ZooError):
    """A bundle can't be made, or the file is not a whole and honest bundle."""


class PublishError(ZooError):
    """A checkpoint can't be published, or did not arrive as it was sent."""


class CheckpointError(ZooError):
    """A folder is not a checkpoint, or can't be written as one."""
