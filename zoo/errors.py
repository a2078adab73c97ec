"""Every error zoo raises on purpose.

* ZooError
  - NotFound
    + ModelNotFound
    + DatasetNotFound
    + SplitNotFound
    + ChapterNotFound
  - PluginError
    + DuplicateName
  - SpecError
  - SettingsError
  - OptionError
  - InputError
  - PrecisionError
  - DeviceError
  - VerbError
  - DataError
  - WeightsError
    + NoWeights
    + NotSafetensors
    + IntegrityError
    + MisfitError
    + ImportWeightsError
    + HubError
      * NotOnHub
      * GatedError
      * OfflineError
      * UnreachableError
      * HubAnswerError
      * CacheError
  - LicenseError
  - LockError
  - BundleError
  - PublishError
  - CheckpointError
  - CardError
  - TrainingError
    + Collapsed
    + Diverged
  - CheckError
  - StartError
  - EjectError
  - ExportError
  - BackendError
  - MissingExtra

A message says what happened, who is to blame, and what to do next. Those that ejected
models raise as well are defined in `zoo.runtime`.
"""

from collections.abc import Iterable, Sequence

from zoo.runtime import DataError, Diverged, TrainingError, ZooError
from zoo.runtime.choices import SettingsError
from zoo.runtime.input_errors import InputError, OptionError, SpecError, a_type, near
from zoo.runtime.load_errors import (
    CheckpointError,
    IntegrityError,
    MissingExtra,
    WeightsError,
)
from zoo.runtime.mode_collapse import Collapsed

__all__ = [
    "BackendError",
    "BundleError",
    "CacheError",
    "CardError",
    "ChapterNotFound",
    "CheckError",
    "CheckpointError",
    "Collapsed",
    "DataError",
    "DataWarning",
    "DatasetNotFound",
    "DeviceError",
    "Diverged",
    "DuplicateName",
    "EjectError",
    "ExportError",
    "GatedError",
    "HubAnswerError",
    "HubError",
    "ImportWeightsError",
    "InputError",
    "InsecureHubWarning",
    "IntegrityError",
    "LicenseError",
    "LockError",
    "MisfitError",
    "MissingExtra",
    "ModelNotFound",
    "NoWeights",
    "NotFound",
    "NotOnHub",
    "NotSafetensors",
    "OfflineError",
    "OptionError",
    "PluginError",
    "PrecisionError",
    "PublishError",
    "SettingsError",
    "SpecError",
    "SplitNotFound",
    "StartError",
    "TrainingError",
    "TruncationWarning",
    "TrustWarning",
    "UnreachableError",
    "VerbError",
    "WeightsError",
    "ZooError",
    "a_type",
    "near",
]


# What a user or a plugin asks for: names, settings, inputs, data, runs


class NotFound(ZooError):
    """No installed plugin has this name."""


class ModelNotFound(NotFound):
    """No installed plugin has a model of this name.

    `listing` is the command that lists the names that there are. `broken` are the
    plugins that could not be loaded: one of them may have the name.
    """

    def __init__(
        self,
        name: str,
        known: Iterable[str],
        listing: str = "zoo list",
        *,
        broken: Sequence[str] = (),
    ) -> None:
        known = sorted(known)
        hint = near(name, known) or f"Run {listing!r} to see the models you have."
        if broken:
            plugins = "Plugin" if len(broken) == 1 else "Plugins"
            listed = ", ".join(map(repr, broken))
            why = f"{plugins} {listed} could not be loaded: 'zoo doctor' says why."
            hint = f"{hint.strip()} {why}" if known else why
        elif not known:
            hint = "No plugins are installed; see 'Set up' in the README."
        super().__init__(f"No model named {name!r}. {hint.strip()}")
        self.name = name


class DatasetNotFound(NotFound):
    """No installed plugin registers a dataset of this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        hint = f"{near(name, known)}Registered: {', '.join(known)}."
        if not known:
            hint = "No plugin with datasets is installed; see 'Set up' in the README."
        super().__init__(f"No dataset named {name!r}. {hint}")
        self.name = name


class SplitNotFound(NotFound):
    """The dataset exists, but this split of it does not."""

    def __init__(self, dataset: str, split: str, known: Iterable[str]) -> None:
        super().__init__(
            f"Dataset {dataset!r} has no split {split!r}; it has {', '.join(known)}."
        )


class ChapterNotFound(NotFound):
    """No installed model belongs to this chapter of the course."""

    def __init__(self, chapter: str, known: Iterable[str]) -> None:
        known = sorted(known)
        hint = f"{near(chapter, known)}Chapters: {', '.join(known)}."
        if not known:
            hint = "No plugin with chapters is installed; see 'Set up' in the README."
        super().__init__(f"No model is in a chapter {chapter!r}. {hint}")
        self.chapter = chapter


class PluginError(ZooError):
    """A plugin could not be imported, or what it registered is not usable."""

    def __init__(self, plugin: str, problem: str) -> None:
        super().__init__(f"Plugin {plugin!r}: {problem}")
        self.plugin = plugin


class DuplicateName(PluginError):
    """Two plugins register the same name; neither is preferred."""

    def __init__(self, kind: str, name: str, first: str, second: str) -> None:
        super().__init__(
            second,
            f"{kind} {name!r} is already provided by plugin {first!r}. "
            "Rename one of the two, or uninstall one of the plugins.",
        )
        self.kind, self.name = kind, name


class PrecisionError(ZooError):
    """A precision that does not exist, or that a device does not compute in."""


class BackendError(ZooError):
    """A backend that does not exist, or that can't compute a model."""


class DeviceError(ZooError):
    """A device that this machine does not have, or whose memory is full."""


class VerbError(ZooError):
    """A model does not support an operation, such as sampling."""

    def __init__(
        self, model: str, verb: str, missing: str, able: Sequence[str]
    ) -> None:
        listing = ", ".join(f"zoo.{one}" for one in able)
        super().__init__(
            f"Model {model!r} can't {verb}: its module has no method {missing!r}. "
            f"It can be used with {listing}."
        )


class CardError(ZooError):
    """A model card can't be rendered from the plugin's files."""


class StartError(ZooError):
    """A plugin of this name, kind or folder can't be created."""


class CheckError(ZooError):
    """There is nothing that `zoo check` could test."""


class EjectError(ZooError):
    """A model can't be ejected."""


class ExportError(ZooError):
    """A model can't be exported."""


# What lies on disk or on the Hub: weights, checkpoints, locks, bundles


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


class MisfitError(WeightsError):
    """The tensors of a file do not fit the model; all faults are listed."""

    def __init__(self, path: str, kind: str, faults: Sequence[str]) -> None:
        shown = "; ".join(faults[:8])
        more = f"; and {len(faults) - 8} more" if len(faults) > 8 else ""
        super().__init__(
            f"{path} does not fit {kind}: {shown}{more}. Nothing was loaded; the file "
            "was made for another version or another configuration of the model."
        )
        self.faults = tuple(faults)


class ImportWeightsError(WeightsError):
    """Foreign weights can't become a checkpoint; `faults` are those of tensors."""

    def __init__(self, problem: str, faults: Sequence[str] = ()) -> None:
        super().__init__(problem)
        self.faults = tuple(faults)


class HubError(WeightsError):
    """A file could not be downloaded from the Hub."""


class NotOnHub(HubError):
    """The Hub has no such repository, commit or file, or you may not see it."""


class GatedError(HubError):
    """The repository exists, but its owner has not given you access."""

    def __init__(self, repo: str, endpoint: str) -> None:
        super().__init__(
            f"{repo} is gated: its owner gives access on request. Ask for it at "
            f"{endpoint}/{repo}, run 'hf auth login' (or set HF_TOKEN), and load again."
        )


class OfflineError(HubError):
    """The file is not on this machine, and HF_HUB_OFFLINE forbids a download."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(
            f"{what} is not on this machine, and HF_HUB_OFFLINE is set. Run 'zoo fetch "
            f"{name}' while online, or bring it as a file: 'zoo bundle {name} -o "
            "zoo.tar' on another machine, 'zoo unbundle zoo.tar' on this one."
        )


class UnreachableError(HubError):
    """The Hub does not respond, or the connection breaks repeatedly."""

    def __init__(self, what: str, endpoint: str, problem: str) -> None:
        super().__init__(
            f"{what} is not on this machine, and {endpoint} {problem}. Check the "
            "connection, or bring it as a file: 'zoo bundle' on another machine, "
            "'zoo unbundle' on this one."
        )


class HubAnswerError(HubError):
    """The Hub gives a commit, an ETag or an object id that can't be one."""

    def __init__(self, endpoint: str, what: str, kind: str, value: str) -> None:
        super().__init__(
            f"{endpoint} gives {value[:80]!r} as the {kind} of {what}, which can't be "
            "one. Nothing was written. Check HF_ENDPOINT, or tell the Hub's owner."
        )


class CacheError(HubError):
    """A file from the Hub can't be written to this machine."""

    def __init__(self, what: str, folder: str, problem: str) -> None:
        super().__init__(
            f"{what} can't be written to {folder}: {problem}. Make room there, or name "
            "another folder with HF_HOME."
        )


class DataWarning(UserWarning):
    """Something of a user's data was left out, or is not as it seems."""


class TruncationWarning(DataWarning):
    """Texts are longer than a model reads, and the rest of them is not looked at."""


class TrustWarning(UserWarning):
    """Weights are used that only the Hub vouches for; warned of once per commit."""


class InsecureHubWarning(UserWarning):
    """A token goes to the Hub without encryption; warned of once."""


class LicenseError(ZooError):
    """The policy in ZOO_LICENSES does not allow a model."""

    def __init__(self, name: str, refused: Sequence[str], policy: str) -> None:
        super().__init__(
            f"{name!r} is not allowed by ZOO_LICENSES={policy!r}: "
            f"{', '.join(refused)}. Allow it there, or choose a model that "
            "'zoo search --license' finds."
        )


class LockError(ZooError):
    """zoo.lock can't be read, or pins other weights than the installed ones."""


class BundleError(ZooError):
    """A bundle can't be made, or the file is not a complete and unchanged bundle."""


class PublishError(ZooError):
    """A checkpoint can't be published, or the uploaded files differ."""
