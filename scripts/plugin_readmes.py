"""The README of each plugin, which an index of packages shows, and a list of them."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from zoo import Metric
from zoo.plugins import discovery

__all__ = ["readme", "table"]

HEAD = """\
# {name}

{description}

```sh
pip install {name}
```

"""
MODELS = """\
Each model below is a trained one: `zoo.load("{first}")` returns it, and
`zoo info {first}` says how it was measured. Recipes need what
`{name}[train]` installs.

| model | what it is | measured |
| --- | --- | --- |
"""
DATASETS = """\
`zoo.load_dataset("{first}")` returns one of these, from the folders that `ZOO_DATA`
names, from a Python package, or from the Hugging Face Hub.

| dataset | what it is | licence |
| --- | --- | --- |
"""
COMMANDS = """\
It adds to the command line of the zoo:

| command | what it does |
| --- | --- |
"""
FOOT = """
The code is MIT-licensed. `{package}/CHANGELOG.md` says what each version changed.
"""


def readme(plugin: Path) -> str:
    """Return the README of the plugin in this folder, from its specs."""
    project = _project(plugin)
    (package,) = project["entry-points"]["zoo"].values()
    found = discovery.installed()
    facts = {"name": project["name"], "description": project["description"]}
    rows = [
        (spec.name, spec.summary, _measured(spec.metrics))
        for spec in found.models.values()
        if spec.package == package
    ]
    head = MODELS if rows else DATASETS
    rows += [
        (spec.name, spec.summary, spec.license)
        for spec in found.datasets.values()
        if not rows and found.makers[spec.name].package == package
    ]
    rows.sort()
    table = [f"| `{name}` | {what} | {last} |\n" for name, what, last in rows]
    if not rows:
        head = COMMANDS
        table = [
            f"| `zoo {command.name}` | {command.summary} |\n"
            for command, maker in found.commands.values()
            if maker.package == package
        ]
    text = (HEAD + head).format(**facts, first=rows[0][0] if rows else "")
    return text + "".join(table) + FOOT.format(package=package)


def table(plugins: Iterable[Path]) -> list[str]:
    """Return the lines of a table with each plugin and its description."""
    made = map(_project, plugins)
    rows = [f"| `{one['name']}` | {one['description']} |" for one in made]
    return ["| package | what it brings |", "| --- | --- |", *rows]


def _project(plugin: Path) -> dict[str, Any]:
    text = (plugin / "pyproject.toml").read_text(encoding="utf-8")
    project: dict[str, Any] = tomllib.loads(text)["project"]
    return project


def _measured(metrics: tuple[Metric, ...]) -> str:
    return next((f"{m.name} {m.value:.4f}" for m in metrics), "")
