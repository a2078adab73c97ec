"""`zoo check`: the promises of `zoo.testing`, and a plugin's own, in plain words."""

import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from unittest import SkipTest

from zoo import testing
from zoo._utils.schema import Malformed, convert, parse_toml, read_bytes
from zoo.artifacts import weight_store
from zoo.errors import (
    CheckError,
    DatasetNotFound,
    HubError,
    MissingExtra,
    SplitNotFound,
    ZooError,
)
from zoo.plugins.catalog import get_spec as registered
from zoo.plugins.discovery import Plugin, installed
from zoo.specs import ModelSpec
from zoo.testing.remark import Remark, not_applicable
from zoo.testing.verify import verify

__all__ = ["CheckResult", "check"]

HEAVY = ("torch", "numpy", "pandas", "PIL", "timm", "transformers", "datasets")
PICKLES = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".npy"}
LIGHT = """
import sys
import {package}
print(*(name for name in {heavy} if name in sys.modules))
"""

# What to do about a broken promise, by the name of its check.
ADVICE = {
    "metadata_is_light": "Move the import into the module that ModelSpec.build names.",
    "nothing_is_pickled": "'zoo import-weights' turns a state_dict into safetensors.",
    "models_are_registered": "Mend what is named, or rename one of the two.",
    "parameter_count_is_true": "Write the counted number into parameters=.",
    "output_fits_the_labels": "The last layer needs one output for each label.",
    "rows_do_not_mix": "Look for statistics taken over the batch in eval mode.",
    "weights_survive_the_disk": "Register what forward uses as a parameter or buffer.",
    "every_parameter_comes_from_the_file": "Register it as a parameter or buffer.",
    "knowledge_survives_copies": "Keep what can't be copied out of the module.",
    "head_can_be_replaced": "head= should name the last layer alone, and the build "
    "function should take classes=.",
    "head_learns": "head= should name the part that decides, called once in forward.",
    "trunk_is_as_declared": "trunk= should name the module that gives the last feature "
    "map, before the pooling, with the map's size and its stride in pixels.",
    "gradients_reach_every_parameter": "A parameter that forward does not use is not "
    "trained: remove it.",
    "examples_are_answered": "Put a real input into examples/ that the task can read.",
    "nonsense_is_refused": "The task reads the input: check the ModelSpec's input=.",
    "samples_follow_the_seed": "Draw with the generator that sample() is given.",
    "codes_do_not_mix": "encode() and decode() should treat each row alone.",
    "padding_says_nothing": "Mask the padding: it fills up the shorter rows.",
    "memory_changes_nothing": "next_logits() should give with a memory what forward "
    "gives without one.",
    "texts_go_on_as_alone": "Padding must not be attended to, nor move positions.",
    "steps_are_the_whole": "decode_step() should give, token by token, what forward "
    "gives.",
    "translations_are_found_as_alone": "encode_source() and decode_step() should treat "
    "each row alone.",
    "weights_are_what_is_pinned": "Ship the run again: 'zoo ship RUN' copies it and "
    "writes its pin.",
    "claims_are_what_was_measured": "Claim what run.json holds: 'zoo ship RUN'. "
    "A model that is no better than a baseline has behind_baseline= say why.",
    "claims_hold_when_measured": "Claim what is measured: train and ship it again.",
    "card_is_complete": "Write the parts of the card; figures come from the receipt, "
    "as {accuracy:.1%}.",
    "recipe_runs": "'zoo train NAME --smoke' shows where it stops.",
    "same_seed_same_bytes": "Draw all that is random from torch, after the frame has "
    "seeded it.",
}


State = Literal["kept", "broken", "skipped", "not applicable", "placeholder left"]


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What became of a promise, and what to do about it.

    It is kept or broken; skipped, where something is missing on this machine; not
    applicable, where the model has nothing to look at; or a placeholder of a template
    is left, which is for the author to replace.
    """

    subject: str  # a model, or a plugin
    promise: str
    meaning: str
    state: State
    problem: str = ""
    advice: str = ""

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def check(target: str | Path, *, metric: bool = True) -> Iterator[CheckResult]:
    """Yield the outcome of every promise of a model, or of a plugin and its models.

    `target` is a registered name, the name of a plugin, or the folder of its source,
    whose distribution must be installed. With `metric`, claims are measured again
    where their data is at hand. Raises CheckError, ModelNotFound.
    """
    if not __debug__:
        raise CheckError(
            "python -O leaves out every assertion, so a check would find nothing. Run "
            "it without -O, and without PYTHONOPTIMIZE."
        )
    known = installed()
    names = {plugin.name: plugin for plugin in known.plugins}
    place = isinstance(target, Path) or "/" in target or _is_source(target)
    if not place and target not in names:
        yield from _promises(registered(str(target)), metric)
        return
    plugin = names[str(target)] if str(target) in names else _installed(Path(target))
    yield from _of_plugin(plugin)
    for name, provider in sorted(known.providers.items()):
        if provider == plugin:
            yield from _promises(known.models[name], metric)


def _is_source(target: str | Path) -> bool:
    return (Path(target) / "pyproject.toml").is_file()


def _installed(folder: Path) -> Plugin:
    """Return the plugin whose source lies in a folder, as it is installed."""
    if not _is_source(folder):
        raise CheckError(f"{folder} holds no plugin: there is no pyproject.toml in it.")
    try:
        tables = parse_toml(read_bytes(folder / "pyproject.toml"))
        project = convert(tables.get("project", {}), dict[str, Any])
        groups = convert(project.get("entry-points", {}), dict[str, dict[str, str]])
    except (OSError, Malformed) as exc:
        raise CheckError(f"{folder / 'pyproject.toml'} can't be read: {exc}.") from exc
    entries = groups.get("zoo", {})
    if not entries:
        raise CheckError(
            f"{folder / 'pyproject.toml'} declares no plugin: it needs the table "
            '[project.entry-points.zoo] with a line such as mine = "zoo_mine".'
        )
    name = next(iter(entries))
    for failure in installed().failures:
        if failure.plugin == name:
            raise CheckError(f"{failure}")
    plugins = {plugin.name: plugin for plugin in installed().plugins}
    if name not in plugins:
        raise CheckError(
            f"The plugin {name!r} is not installed here, so it can't be tried. Run: "
            f"pip install -e {folder}"
        )
    _check_source(plugins[name], folder)
    return plugins[name]


def _check_source(plugin: Plugin, folder: Path) -> None:
    """Refuse a folder whose code is not what is installed: it would not be tried."""
    used = weight_store.package_folder(plugin.package).resolve()
    if used.is_relative_to(folder.resolve()):
        return
    for own in (folder / plugin.package, folder / "src" / plugin.package):
        if own.is_dir() and _sources(own) == _sources(used):
            return
    raise CheckError(
        f"The plugin {plugin.name!r} is installed from {used}, and the code in "
        f"{folder} is another: it would not be tried. Run: pip install -e {folder}"
    )


def _sources(package: Path) -> dict[str, bytes]:
    """Return the contents of the modules in a package."""
    return {
        path.relative_to(package).as_posix(): path.read_bytes()
        for path in package.rglob("*.py")
    }


def _promises(spec: ModelSpec, metric: bool) -> Iterator[CheckResult]:
    checks = [*testing.CHECKS, *([claims_hold_when_measured] if metric else [])]
    for promise in checks:
        with TemporaryDirectory(prefix="zoo-") as scratch:
            yield _tried(spec.name, promise, spec, Path(scratch))


def _of_plugin(plugin: Plugin) -> Iterator[CheckResult]:
    for promise in (metadata_is_light, nothing_is_pickled, models_are_registered):
        yield _tried(plugin.name, promise, plugin)


def _tried(subject: str, promise: Any, *arguments: Any) -> CheckResult:
    """Run one check; return what it raises as the problem of the result."""
    meaning = " ".join((promise.__doc__ or "").partition("\n\n")[0].split())
    outcome: dict[str, Any] = {"state": "kept"}
    try:
        remark = promise(*arguments)
        if isinstance(remark, Remark):
            outcome = {"state": remark.state, "problem": remark.reason}
            if remark.state == "placeholder left":
                outcome["advice"] = "Replace it by what is so of your model."
    except SkipTest as exc:
        outcome = {"state": "skipped", "problem": str(exc)}
    except Exception as exc:  # noqa: BLE001 - a plugin may raise anything at all
        advice = ADVICE.get(promise.__name__, "")
        outcome = {"state": "broken", "problem": _problem(exc), "advice": advice}
    return CheckResult(
        subject=subject, promise=promise.__name__, meaning=meaning, **outcome
    )


def _problem(exc: Exception) -> str:
    """Return what went wrong, and where, if nobody meant to raise it."""
    message = str(exc).strip() or type(exc).__name__
    if isinstance(exc, (AssertionError, ZooError)):
        return message
    last: Sequence[traceback.FrameSummary] = traceback.extract_tb(exc.__traceback__)
    frame = last[-1]
    return f"{type(exc).__name__}: {message} ({frame.filename}, line {frame.lineno})"


def claims_hold_when_measured(spec: ModelSpec, tmp_path: Path) -> Remark | None:
    """The claimed metrics come out again on their data."""
    if not spec.metrics:
        return not_applicable("it claims no metric")
    pin = spec.weights
    if pin is not None and pin.repo is not None and not weight_store.is_cached(pin):
        raise SkipTest(f"The weights of {spec.name!r} are not on this machine.")
    try:
        seen = verify(spec.name, metric=True, keep=tmp_path)
    except (DatasetNotFound, SplitNotFound, HubError, MissingExtra) as exc:
        raise SkipTest(f"Its data can't be had here. {exc}") from exc
    for one in seen.metrics:
        assert one.agrees, (
            f"{one.name} on {one.dataset} {one.split} is {one.found:.6g}, and the spec "
            f"claims {one.claimed:.6g}"
        )
    return None


def metadata_is_light(plugin: Plugin) -> None:
    """Importing the plugin imports nothing heavy: 'zoo list' imports all of them."""
    code = LIGHT.format(package=plugin.package, heavy=HEAVY)
    run = subprocess.run(  # -P: not what lies in the working folder by its name
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr.strip().rpartition("\n")[2]
    loaded = run.stdout.split()
    assert not loaded, f"importing {plugin.package} imports {', '.join(loaded)}"


def nothing_is_pickled(plugin: Plugin) -> None:
    """No file of the package is a pickle: weights are safetensors."""
    folder = weight_store.package_folder(plugin.package)
    pickled = [path for path in folder.rglob("*") if path.suffix in PICKLES]
    assert not pickled, f"{pickled[0].relative_to(folder.parent)} may hold a pickle"


def models_are_registered(plugin: Plugin) -> None:
    """Every model and dataset of the plugin has a name of its own."""
    blamed = [
        failure for failure in installed().failures if failure.plugin == plugin.name
    ]
    assert not blamed, str(blamed[0])
