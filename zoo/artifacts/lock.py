"""Write zoo.lock, and compare it with what is installed. Does not know torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zoo.artifacts import lockfile, resolve
from zoo.artifacts.hub_repository import PREFIX
from zoo.artifacts.lockfile import Lock
from zoo.errors import LockError, ZooError
from zoo.plugins.discovery import installed

__all__ = ["Change", "check", "lock"]


@dataclass(frozen=True, slots=True)
class Change:
    """The lock of a name before, if there was one, and its new lock."""

    old: Lock | None
    new: Lock

    @property
    def name(self) -> str:
        """The name that `zoo.load` takes."""
        return self.new.name


def lock(*names: str, path: str | Path | None = None) -> list[Change]:
    """Lock models to their present bytes, and return the changes.

    Without names, those in the file are locked anew. Other entries are kept,
    and nothing is written unless all names could be locked. `path` is `ZOO_LOCK`, or
    zoo.lock in the working directory. Raises LockError, NoWeights, ModelNotFound and,
    for what has to be fetched, what `zoo.load` raises.

    >>> [change.name for change in zoo.lock("xor-mlp", path="zoo.lock")]
    ['xor-mlp']
    """
    file = Path(path) if path is not None else lockfile.lock_path()
    locked = lockfile.read(file)
    selected = list(dict.fromkeys(names)) or list(locked)
    if not selected:
        raise LockError(
            f"{file} locks no model yet. Name those you use: 'zoo lock NAME...', or "
            "'zoo lock --all' for every model that is installed."
        )
    fresh = {name: resolve.fresh_lock(name) for name in selected}
    try:
        locked = lockfile.update(file, fresh)
    except OSError as exc:
        raise LockError(f"{file} can't be written: {exc.strerror or exc}.") from exc
    return [Change(locked.get(name), new) for name, new in fresh.items()]


def check(path: str | Path | None = None) -> list[str]:
    """Return where a lock file and the installed plugins disagree, without a network.

    Raises LockError.
    """
    file = Path(path) if path is not None else lockfile.lock_path()
    locked = lockfile.read(file)
    if not locked:
        raise LockError(f"{file} locks no model, so there is nothing to compare.")
    return [
        f"{file} {problem}"
        for entry in locked.values()
        for problem in _disagreements(entry)
    ]


def _disagreements(entry: Lock) -> Iterator[str]:
    """Yield what is wrong with a lock: at most one thing."""
    if entry.name.startswith(PREFIX):
        if entry.plugin not in {plugin.distribution for plugin in installed().plugins}:
            yield (
                f"pins {entry.name!r}, whose code is in {entry.plugin!r}, which is not "
                f"installed. Run: pip install '{entry.plugin}=={entry.version}'"
            )
        return
    try:
        problem = resolve.disagreement(resolve.find(entry.name), entry)
    except ZooError as exc:
        problem = (
            f"pins {entry.name!r} of {entry.plugin} {entry.version}, but: {exc} Run: "
            f"pip install '{entry.plugin}=={entry.version}'"
        )
    if problem:
        yield problem
