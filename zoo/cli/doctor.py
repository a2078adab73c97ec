"""`zoo doctor`: check the installed plugins and the environment."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

import click
from packaging.requirements import Requirement

from zoo._utils import paths
from zoo.artifacts import lockfile
from zoo.plugins.discovery import Plugin, installed

PACKAGES = (
    "zoo-core",
    "torch",
    "safetensors",
    "huggingface-hub",
    "datasets",
    "torchmetrics",
    "matplotlib",
    "torchvision",
)
OPTIONAL = {"datasets", "torchmetrics", "matplotlib"}
CHECKED = ("zoo-core", "torchvision", "timm")  # and whatever ships a plugin


@click.command("doctor")
@click.pass_context
def doctor_command(ctx: click.Context) -> None:
    """Check the installed plugins and the environment.

    The exit status is 1 if there is a problem.
    """
    click.echo(f"python {platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        click.echo(f"  {name:<16} {_version(name)}")
    devices, broken = _devices()
    click.echo(f"  {'devices':<16} {devices}")
    click.echo("plugins")
    known = installed()
    for plugin in known.plugins:
        line = f"{plugin.distribution} {plugin.version}: {_provides(plugin)}"
        click.echo(f"  {plugin.name:<16} {line}")
    click.echo("folders")
    problems = [*broken, *map(str, known.failures)]
    for name in sorted({*CHECKED, *(p.distribution for p in known.plugins)}):
        problems += _unmet(name)
    click.echo(f"  {'cache':<16} {paths.cache_dir()}")
    if not _writable():
        problems.append(
            f"The cache {paths.cache_dir()} can't be written, so every load hashes its "
            "file again. Set ZOO_CACHE to a writable folder."
        )
    problems += _unreadable()
    for folder in paths.data_dirs():
        state = "" if folder.is_dir() else " (does not exist)"
        click.echo(f"  {'data':<16} {folder}{state}")
        if state:
            problems.append(f"ZOO_DATA names {folder}, which does not exist.")
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    click.echo(_count(len(problems), "problem") if problems else "no problems")
    ctx.exit(1 if problems else 0)


def _devices() -> tuple[str, list[str]]:
    """Return what models compute on here, the fastest first, which 'auto' takes; and
    what is wrong with it.

    Another process asks torch: one that is broken is to be told of, not to end this.
    """
    code = "from zoo.models.devices import described; print(*described(), sep=', ')"
    asked = subprocess.run(
        [sys.executable, "-P", "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if asked.returncode == 0:
        return asked.stdout.strip(), []
    last = (asked.stderr.strip().splitlines() or [f"exit status {asked.returncode}"])[
        -1
    ]
    return "unknown", [f"torch can't be used: {last.rstrip('.')}. Install it again."]


def _unmet(distribution: str) -> Iterator[str]:
    """Yield the requirements of a distribution that are missing or do not fit."""
    try:
        needed = [Requirement(line) for line in requires(distribution) or []]
    except PackageNotFoundError:
        return
    for requirement in needed:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        present = _installed_version(requirement.name)
        if present is not None and requirement.specifier.contains(
            present, prereleases=True
        ):
            continue
        need = f"{distribution} {version(distribution)} needs {requirement.name}"
        packages = (
            f"{distribution} {requirement.name}"
            if present
            else f"'{requirement.name}{requirement.specifier}'"
        )
        state = f"{present} is installed" if present else "it is not installed"
        yield (
            f"{need}{requirement.specifier}, and {state}. Run: pip install --upgrade "
            f"{packages}"
        )


def _installed_version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _provides(plugin: Plugin) -> str:
    known = installed()
    registries = (("model", known.providers), ("dataset", known.makers))
    counts = ((sum(p == plugin for p in of.values()), noun) for noun, of in registries)
    return ", ".join(_count(number, noun) for number, noun in counts if number)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        hint = ": pip install 'zoo-core[train]' to train" if name in OPTIONAL else ""
        return f"not installed{hint}"


def _unreadable() -> Iterator[str]:
    """Yield what loads pass over because this user may not read it."""
    lock, trusted = lockfile.lock_path(), lockfile.trusted_path()
    if lockfile.is_forbidden(lock):
        yield (
            f"{lock} can't be read, so what it pins does not hold here. Ask its owner, "
            "or name a file of your own with ZOO_LOCK."
        )
    if lockfile.is_forbidden(trusted):
        yield (
            f"{trusted} can't be read, so what was trusted on first use is not "
            "remembered. Set ZOO_CACHE to a folder of your own."
        )
    for store in paths.store_dirs():
        if os.path.isdir(store) and not os.access(store, os.R_OK | os.X_OK):
            yield (
                f"The store {store} can't be read, so models in it are not found. Ask "
                "its owner, or take it out of ZOO_STORE."
            )


def _writable() -> bool:
    """Return whether the cache can be written, without writing to it."""
    place = paths.cache_dir()
    while not place.exists() and place != place.parent:
        place = place.parent
    return os.access(place, os.W_OK)
