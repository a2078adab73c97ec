"""Errors of what a user or a plugin asks for: names, settings, inputs, data, runs."""

from collections.abc import Iterable, Sequence

from zoo.errors import ZooError, near


class NotFound(ZooError):
    """A name that nothing installed answers to."""


class ModelNotFound(NotFound):
    """No installed plugin has a model of this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        hint = near(name, known) or "Run 'zoo list' to see the models you have."
        if not known:
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
    """The dataset exists, this part of it does not."""

    def __init__(self, dataset: str, split: str, known: Iterable[str]) -> None:
        super().__init__(
            f"Dataset {dataset!r} has no split {split!r}; it has {', '.join(known)}."
        )


class PluginError(ZooError):
    """A plugin could not be imported, or what it registered is not usable."""

    def __init__(self, plugin: str, problem: str) -> None:
        super().__init__(f"Plugin {plugin!r}: {problem}")
        self.plugin = plugin


class DuplicateName(PluginError):
    """Two plugins claim the same name; neither silently wins."""

    def __init__(self, kind: str, name: str, first: str, second: str) -> None:
        super().__init__(
            second,
            f"{kind} {name!r} is already provided by plugin {first!r}. "
            "Rename one of the two, or uninstall one of the plugins.",
        )


class SpecError(ZooError):
    """A spec holds a value that can't be meant."""

    def __init__(self, owner: str, field: str, value: object, wanted: str) -> None:
        super().__init__(f"{owner}: {field}={value!r} should be {wanted}.")


class SettingsError(ZooError):
    """A recipe was given a setting it does not have, or a value of the wrong type."""


class OptionError(ZooError):
    """A model was built, or run, with an option that it does not take."""

    def __init__(self, model: str, problem: str, known: Sequence[str]) -> None:
        listing = ", ".join(known) or "none"
        super().__init__(f"Model {model!r}: {problem} Options: {listing}.")


class InputError(ZooError):
    """What was given to `zoo.predict` is not what the model expects."""

    def __init__(self, problem: str, expected: str) -> None:
        super().__init__(f"{problem} The model expects {expected}.")
        self.problem, self.expected = problem, expected

    def of(self, item: str) -> "InputError":
        """Return the same error, saying which of several items is at fault."""
        return InputError(f"{item}: {self.problem}", self.expected)


class VerbError(ZooError):
    """A model was asked to do what it can't, such as drawing samples."""

    def __init__(
        self, model: str, verb: str, missing: str, able: Sequence[str]
    ) -> None:
        listing = ", ".join(f"zoo.{one}" for one in able)
        super().__init__(
            f"Model {model!r} can't {verb}: its module has no method {missing!r}. "
            f"It can be used with {listing}."
        )


class DataError(ZooError):
    """A dataset could not be had, or does not hold what its spec says."""


class CardError(ZooError):
    """A model card can't be rendered from what the plugin gives."""


class TrainingError(ZooError):
    """A recipe could not run, or broke off."""


class Diverged(TrainingError):
    """The loss is no longer a finite number, or grows without bound."""

    def __init__(self, loss: float, epoch: int, kept: str | None = None) -> None:
        super().__init__(
            f"The loss became {loss:.4g} in epoch {epoch}. Lower the learning rate "
            "(--set lr=...), and look for empty, infinite or unscaled values in the "
            f"data.{f' The best weights before that are in {kept}.' if kept else ''}"
        )
        self.loss, self.epoch = loss, epoch


class StartError(ZooError):
    """A plugin of this name, kind or place can't be begun."""


class CheckError(ZooError):
    """There is nothing that `zoo check` could look at."""


class EjectError(ZooError):
    """A model that can't become files of the user's own."""


class Collapsed(TrainingError):
    """A generator draws the same few things, whatever noise it is given."""

    def __init__(self, variety: float, epoch: int, kept: str | None = None) -> None:
        super().__init__(
            f"The generator has collapsed: after epoch {epoch} its samples have "
            f"{variety:.0%} of the variety of real rows. Let the critic learn more "
            "slowly, or start from another seed (--set seed=...)."
            f"{f' The best weights before that are in {kept}.' if kept else ''}"
        )
        self.variety, self.epoch = variety, epoch


class MissingExtra(ZooError):
    """An optional package is needed for this, and is not installed."""

    def __init__(
        self,
        package: str,
        purpose: str,
        extra: str = "train",
        distribution: str = "zoo-core",
    ) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed. "
            f"Run: pip install '{distribution}[{extra}]'"
        )
