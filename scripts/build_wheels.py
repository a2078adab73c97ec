"""Build every distribution of this repository, check it, and try it in a clean place.

    python scripts/build_wheels.py [-o dist] [--previous FOLDER] [--no-install]

A source archive and a wheel of the core, of each plugin and of `zoo-models` are built
(the wheel from the archive, so that the archive is known to be whole), and checked by
twine and check-wheel-contents. `--previous` is a folder with the wheels of the last
release: a model whose weights have changed since needs a higher minor version of its
plugin, and a line in the plugin's changelog. Then `zoo-models` is installed from the
wheels into a new virtual environment, and the first commands of the README run there;
what is not ours comes from the index that pip is set to. Needs what `zoo-core[release]`
installs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from zoo.artifacts import changelog

ROOT = Path(__file__).resolve().parents[1]
META = ROOT / "meta"
FIRST_COMMANDS = (  # those of the README, in a folder without the source
    ["zoo", "list"],
    ["zoo", "predict", "lenet5-mnist", "--example"],
    ["zoo", "doctor"],
    ["pip", "check"],
)


def main(words: list[str]) -> int:
    """Build, check and install; return 1 where something is wrong."""
    asked = _parser().parse_args(words)
    folder = asked.output.resolve()
    if folder.exists() and any(folder.iterdir()):
        print(f"error: {folder} is not empty; nothing was built.", file=sys.stderr)
        return 1
    for project in projects():
        _run(sys.executable, "-m", "build", "--no-isolation", "-o", folder, project)
    wheels, archives = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    _run(sys.executable, "-m", "twine", "check", "--strict", *wheels, *archives)
    for wheel in wheels:
        # W002: checkpoints of a plugin may have the same tokenizer, each its own copy.
        # W007 and W008: a distribution of requirements alone is empty.
        alone = wheel.name.startswith("zoo_models-")
        ignored = "W002,W007,W008" if alone else "W002"
        _run(sys.executable, "-m", "check_wheel_contents", "--ignore", ignored, wheel)
    faults = list(unversioned(asked.previous, folder)) if asked.previous else []
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if faults:
        return 1
    if asked.install:
        with tempfile.TemporaryDirectory() as scratch:
            try_out(folder, Path(scratch))
    print(f"{len(wheels)} wheels and {len(archives)} archives are in {folder}.")
    return 0


def projects() -> list[Path]:
    """Return the folders of all distributions, the core first."""
    return [
        ROOT,
        *sorted(p.parent for p in ROOT.glob("plugins/*/pyproject.toml")),
        META,
    ]


def unversioned(previous: Path, built: Path) -> Iterator[str]:
    """Yield what is wrong about weights that differ from those of the last release.

    `previous` and `built` are folders with wheels. A model that is new, or gone, is no
    fault here.
    """
    old = {_name(wheel): wheel for wheel in previous.glob("*.whl")}
    for wheel in sorted(built.glob("*.whl")):
        before = old.get(_name(wheel))
        if before is None:
            continue
        was, now = _version(before), _version(wheel)
        changes = _changelog(wheel)
        hashes = _hashes(before)
        for model, sha256 in sorted(_hashes(wheel).items()):
            if hashes.get(model, sha256) == sha256:
                continue
            if now.release[:2] <= was.release[:2]:
                yield (
                    f"{model} has other weights than in {_name(wheel)} {was}, and this "
                    f"is version {now}: raise its minor version."
                )
            if f"* `{model}`" not in changes:
                yield (
                    f"{model} has other weights than in {_name(wheel)} {was}: say so "
                    f"in the plugin's {changelog.FILE}, in a line that begins with "
                    f"'* `{model}`'."
                )


def try_out(wheels: Path, scratch: Path) -> None:
    """Install everything from wheels alone, and run the README's first commands."""
    home = scratch / "env"
    venv.create(home, with_pip=True)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    ours = [f"{_name(path)}=={_version(path)}" for path in sorted(wheels.glob("*.whl"))]
    _run(scripts / "pip", "install", "-q", "--find-links", wheels, *ours, cwd=scratch)
    environment = {
        **os.environ,
        "ZOO_CACHE": str(scratch / "cache"),
        "PYTHONPATH": "",
    }
    for command, *rest in FIRST_COMMANDS:
        _run(scripts / command, *rest, cwd=scratch, env=environment)


def _hashes(wheel: Path) -> dict[str, str]:
    """Return the SHA-256 of the weights of each model that a wheel ships."""
    with ZipFile(wheel) as packed:
        for name in packed.namelist():
            if name.count("/") == 1 and name.endswith("/measured.json"):
                models = json.loads(packed.read(name))["models"]
                return {
                    model: facts["weights"]["sha256"]
                    for model, facts in models.items()
                    if facts.get("weights")
                }
    return {}


def _changelog(wheel: Path) -> str:
    with ZipFile(wheel) as packed:
        for name in packed.namelist():
            if name.count("/") == 1 and name.endswith(f"/{changelog.FILE}"):
                return packed.read(name).decode()
    return ""


def _name(wheel: Path) -> str:
    return canonicalize_name(parse_wheel_filename(wheel.name)[0])


def _version(wheel: Path) -> Version:
    return parse_wheel_filename(wheel.name)[1]


def _run(*command: object, **options: object) -> None:
    words = [str(word) for word in command]
    print("+", *words, flush=True)
    subprocess.run(words, check=True, **options)  # type: ignore[call-overload]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Build and check all distributions.")
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--previous", type=Path, help="wheels of the last release")
    parser.add_argument("--no-install", dest="install", action="store_false")
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.CalledProcessError as exc:
        sys.exit(exc.returncode)
