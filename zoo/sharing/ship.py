"""Make a checkpoint folder the one that a plugin ships: `zoo.ship`.

The folder is copied into the plugin's package, and its pin and metrics are written into
the package's measured.json. Does not know torch.
"""

from dataclasses import dataclass
from pathlib import Path

from zoo._utils.atomic_folder import put_folder, scratch_folder
from zoo.artifacts import checkpoint_folder, claims, weight_store
from zoo.errors import CheckpointError
from zoo.plugins import catalog, measured
from zoo.plugins.discovery import installed
from zoo.plugins.measured import Facts

__all__ = ["Shipped", "ship"]


@dataclass(frozen=True, kw_only=True)
class Shipped:
    """A checkpoint in its plugin's package: the model's name, the folder, the bytes of
    the weights, and the metrics that the model claims from now on."""

    name: str
    folder: Path
    size: int
    metrics: dict[str, float]


def ship(folder: str | Path) -> Shipped:
    """Make a checkpoint folder the one that ships with its model's plugin.

    The folder is of a run of `zoo.train`, or of `zoo.import_weights` after
    `zoo.measure`. What the model claims is then what was measured. Costs stay; `zoo
    benchmark NAME --record` measures them. Raises CheckpointError where the folder was
    not measured or does not fit the ModelSpec, and PluginError where measured.json
    can't be read; then nothing is written.

    >>> zoo.ship("runs/mine")  # doctest: +SKIP
    """
    folder = Path(folder)
    config, facts = checkpoint_folder.read_config(folder), claims.measured_facts(folder)
    spec, plugin = catalog.get_spec(config.name), installed().providers[config.name]
    if config.input != spec.input:
        raise CheckpointError(
            f"{config.name} was trained on another input than its spec says: write "
            f"input={config.input} there first."
        )
    path = weight_store.package_folder(plugin.package) / measured.FILE
    held = measured.read(path, plugin.name).get(config.name, Facts())
    for part in ("weights", "metrics"):
        if getattr(spec, part) and not getattr(held, part):
            raise CheckpointError(
                f"The ModelSpec of {config.name!r} has {part}= in Python. Remove it "
                f"there first: {path} is to hold what was measured."
            )
    target = weight_store.shipped_checkpoint(spec)
    if folder.resolve() != target.resolve():
        with scratch_folder(target) as new:
            checkpoint_folder.copy_folder(folder, new)
            put_folder(new, target, keep=lambda _: False, last=checkpoint_folder.CONFIG)
    measured.record(
        path, plugin.name, config.name, weights=facts.weights, metrics=facts.metrics
    )
    return Shipped(
        name=config.name,
        folder=target,
        size=config.weights.size or 0,
        metrics={one.name: one.value for one in facts.metrics},
    )
