"""`zoo new`: a new plugin from templates, which passes its checks unedited.

The templates are in `zoo/plugins/templates`: `plugin` is common to all, and each other
folder holds one kind of model. Does not know torch.
"""

import re
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

from zoo._utils.atomic_folder import put_folder, scratch_folder
from zoo.errors import StartError, near
from zoo.plugins.discovery import installed
from zoo.specs.model_spec import NAME

__all__ = ["KINDS", "new_plugin", "placeholders"]

TEMPLATES = Path(__file__).with_name("templates")
PLACEHOLDER = re.compile(r"Say [^.@]*\.")
COMMON, SUFFIX = "plugin", ".txt"
KINDS = tuple(sorted(path.name for path in TEMPLATES.iterdir() if path.name != COMMON))
CORE = {"text-classification": "zoo-core[text]"}  # what more a kind needs


def new_plugin(
    name: str, folder: str | Path | None = None, *, like: str = "image-classification"
) -> Path:
    """Write a plugin with one model, both called `name`, and return its folder.

    `like` is the kind of model, one of `zoo.plugins.scaffold.KINDS`. The plugin is a
    distribution of its own, with a recipe, a card, tests, and the workflow of a CI
    service. It installs, trains and passes `zoo check` unedited. The default folder is
    `zoo-<name>`. Raises StartError.

    >>> zoo.new_plugin("sparrow").name
    'zoo-sparrow'
    """
    _check(name, like)
    folder = Path(folder or f"zoo-{name}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StartError(
            f"{folder} is there already; nothing was written. Name a new folder."
        )
    substitutions = {
        "@NAME@": name,
        "@PACKAGE@": _package(name),
        "@CORE@": CORE.get(like, "zoo-core"),
        "@BOUND@": _bound(version("zoo-core")),
    }
    with scratch_folder(folder) as scratch:
        for part in (COMMON, like):
            _write(TEMPLATES / part, scratch, substitutions)
        put_folder(scratch, folder, keep=lambda _: True, last="pyproject.toml")
    return folder


def _bound(core: str) -> str:
    """Return the versions of the core that keep what this one has: `>=0.1,<0.2`."""
    major, minor = map(int, core.split(".")[:2])
    return f">={major}.{minor},<{f'0.{minor + 1}' if major == 0 else major + 1}"


@cache
def placeholders() -> tuple[str, ...]:
    """Return the sentences of the templates that tell an author what to say."""
    found: list[str] = []
    for path in (*TEMPLATES.rglob("*.md.txt"), *TEMPLATES.rglob("__init__.py.txt")):
        text = " ".join(path.read_text(encoding="utf-8").split())
        found += PLACEHOLDER.findall(text)
    return tuple(dict.fromkeys(found))


def _check(name: str, like: str) -> None:
    if not NAME.fullmatch(name) or "." in name or name[0].isdigit():
        raise StartError(
            f"{name!r} is no name for a plugin: take small letters, digits and single "
            "hyphens, and begin with a letter, such as 'my-model'."
        )
    if like not in KINDS:
        hint = near(like, KINDS) or f"There are: {', '.join(KINDS)}."
        raise StartError(f"There is no template {like!r}. {hint.strip()}")
    known = installed()
    taken = {*known.models, *(plugin.name for plugin in known.plugins)}
    packages = {plugin.package for plugin in known.plugins}
    if name in taken or _package(name) in packages:
        raise StartError(f"{name!r} is taken by an installed plugin. Choose another.")
    with suppress(PackageNotFoundError):
        distribution(f"zoo-{name}")
        raise StartError(
            f"{name!r} would be the distribution zoo-{name}, which is installed: pip "
            "would replace it. Choose another."
        )


def _package(name: str) -> str:
    return f"zoo_{name.replace('-', '_')}"


def _write(template: Path, folder: Path, substitutions: dict[str, str]) -> None:
    """Copy the files of a template, with placeholders replaced in names and texts."""
    for path in sorted(template.rglob(f"*{SUFFIX}")):
        place = path.relative_to(template).as_posix().removesuffix(SUFFIX)
        target = folder / _filled(place, substitutions)
        target.parent.mkdir(parents=True, exist_ok=True)
        text = _filled(path.read_text(encoding="utf-8"), substitutions)
        target.write_text(text, encoding="utf-8")


def _filled(text: str, substitutions: dict[str, str]) -> str:
    for placeholder, value in substitutions.items():
        text = text.replace(placeholder, value)
    return text
