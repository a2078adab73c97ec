"""A model as a package of your own: architecture, weights, `predict` and its recipe.

What the package runs by are the files of `zoo.runtime` that it needs, as they are, so
that it does what the zoo does. Does not know torch.
"""

import os
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from pprint import pformat

from packaging.requirements import Requirement

from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import resolve as sources
from zoo.artifacts import weight_store as store
from zoo.artifacts.checkpoint_folder import Config
from zoo.artifacts.resolve import Source
from zoo.errors import EjectError
from zoo.plugins.discovery import Plugin, found
from zoo.sharing.eject.sources import Outside, Sources
from zoo.specs import ModelSpec, Weights

__all__ = ["eject"]

TEMPLATES = Path(__file__).with_name("templates")
RUNTIME = "zoo.runtime"
# The files of the runtime that read a kind of input, and that make answers of a kind of
# output; and what `predict` takes, in words.
INPUTS = {"image": "image", "table": "tabular"}
OUTPUTS = {"classes": "classification"}
RAW = {
    "image": "a path or PIL image",
    "table": "a row or a table of them",
}
FORMS = {
    "image": "A picture is a path or a PIL image of any size and mode.",
    "table": "A row is a dict or a list, a table a list of those, a DataFrame or a CSV "
    "file with a header.",
}
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}  # called otherwise


def eject(name: str | Path, folder: str | Path) -> Path:
    """Write a model into a new package of your own that needs no zoo.

    `folder` becomes a Python package: `import folder; folder.predict(raw)`. Beside the
    architecture and the weights lie the recipe, by which `folder.train(rows)` trains a
    fresh model, the files that both run by, and a pyproject.toml with the libraries
    that they need. The folder is a checkpoint as well, so `zoo.load` takes it. Raises
    EjectError, and what `zoo.load` raises.
    """
    source, folder = sources.find(name), Path(folder)
    _check_folder(folder)
    weights, pin, _ = sources.obtain(source)
    texts = _texts(source, pin, folder.name)
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        for file, text in texts.items():
            (new / file).parent.mkdir(exist_ok=True)
            (new / file).write_text(text, encoding="utf-8")
        shutil.copyfile(weights, new / checkpoints.WEIGHTS)
        for path in _beside(source):
            shutil.copyfile(path, new / path.name)
        if folder.exists():
            folder.rmdir()  # it is empty
        os.rename(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def _check_folder(folder: Path) -> None:
    if not folder.name.isidentifier():
        proposed = re.sub(r"\W", "_", folder.name).lstrip("_0123456789") or "model"
        raise EjectError(
            f"{folder.name!r} can't be imported: it is to be the name of a Python "
            f"package. Take letters, digits and '_', such as {proposed!r}."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise EjectError(
            f"{folder} is there already; nothing was written. Name a new folder."
        )


def _beside(source: Source) -> Iterator[Path]:
    """Yield the tokenizer of a text model, and an example input."""
    tokenizer = source.folder / checkpoints.TOKENIZER
    if tokenizer.is_file():
        yield tokenizer
    for name in source.spec.examples[:1]:
        yield store.package_folder(source.spec.package) / "examples" / name


def _texts(source: Source, pin: Weights, package: str) -> dict[str, str]:
    """Return every file but the weights and what lies beside them, by its name."""
    spec = source.spec
    copied, parts = Sources({*found().packages()}), ["load"]
    try:
        copied.add(spec.build.partition(":")[0])
    except Outside as exc:
        raise EjectError(f"{source.name!r} can't be ejected: {exc}.") from exc
    if spec.input.kind in INPUTS and spec.output.kind in OUTPUTS:
        parts.append("predict")
        for module in (INPUTS[spec.input.kind], OUTPUTS[spec.output.kind], "rows"):
            copied.add(f"{RUNTIME}.{module}")
    why_not = _add_recipe(spec, copied)
    if not why_not:
        parts.append("train")
    files = dict(copied.files())
    words = {
        "NAME": spec.name,
        "SUMMARY": spec.summary,
        "PACKAGE": package,
        "DISTRIBUTION": source.plugin.distribution,
        "VERSION": source.plugin.version,
        **_code(spec, parts),
        **_project(package, files, copied.libraries, source),
        **_prose(spec, package, parts, why_not),
    }
    code = "".join(_template(f"{part}.py") for part in parts)
    return {
        **files,
        "__init__.py": _filled(code, words),
        "README.md": _filled(_template("README.md"), words),
        "pyproject.toml": _filled(_template("pyproject.toml"), words),
        checkpoints.CONFIG: _config(source, pin),
    }


def _add_recipe(spec: ModelSpec, copied: Sources) -> str:
    """Add the recipe and what it runs by; return why not, where that can't be."""
    if spec.recipe is None:
        return "there is none: the weights are a third party's"
    before = dict(copied.modules), set(copied.libraries)
    try:
        copied.add(spec.recipe)
        copied.add(f"{RUNTIME}.run")
        if "train" in copied.names(spec.recipe):
            return ""
        why_not = "it trains nothing, and only measures"
    except Outside as exc:
        why_not = str(exc)
    copied.modules, copied.libraries = before
    return why_not


def _code(spec: ModelSpec, parts: list[str]) -> dict[str, str]:
    """Return what the templates of code are filled with."""
    module, _, function = spec.build.partition(":")
    # A file of another project may have other names: see zoo.models.safetensors_io.
    published = spec.weights is not None and spec.weights.repo is not None
    renamed = published and "renamed" in Sources(()).names(module)
    reader = "load_file" if renamed else "load_model"
    build = f"{function}, renamed" if renamed else function
    imports = [f"from .{module.rpartition('.')[2]} import {build}"]
    if "predict" in parts:
        imports += [
            f"from .runtime import {OUTPUTS[spec.output.kind]} as outputs",
            f"from .runtime import {INPUTS[spec.input.kind]} as inputs",
            "from .runtime.rows import spec_of, to_model_input",
        ]
    if "train" in parts:
        recipe = str(spec.recipe).rpartition(".")[2]
        imports = [f"from . import {recipe} as recipe", *imports]
        imports += ["from .runtime.run import Run"]
    outside = ["import torch", f"from safetensors.torch import {reader}"]
    file = f'HERE / "{checkpoints.WEIGHTS}"'
    read = f"load_model(model, {file})"
    if renamed:  # what is tied lies there once
        read = f"model.load_state_dict(renamed(load_file({file})), strict=False)"
    settings = f"SETTINGS = {pformat(dict(spec.settings))}\n"
    return {
        "IMPORTS": "\n".join([*outside, "", *imports]),
        "FUNCTION": function,
        "OPTIONS": pformat(dict(spec.options)),
        "SETTINGS": settings if "train" in parts else "",
        "READ": read,
        "INPUTS": "inputs" if "predict" in parts else "None",
    }


def _project(
    package: str, files: dict[str, str], libraries: set[str], source: Source
) -> dict[str, str]:
    """Return what pyproject.toml is filled with: packages and their libraries."""
    wanted = {*libraries, "torch", "safetensors"}
    names = sorted(DISTRIBUTIONS.get(one, one) for one in wanted)
    folders = sorted({package, *(f"{package}.runtime" for f in files if "/" in f)})
    data = ["*.json", "*.safetensors", *source.spec.examples[:1]]
    known = _requirements(source.plugin)
    asked = [known.get(name, name) for name in names]
    return {
        "LIBRARIES": ", ".join(names),
        "DEPENDENCIES": "\n".join(f'    "{one}",' for one in asked),
        "PACKAGES": ", ".join(f'"{one}"' for one in folders),
        "DATA": ", ".join(f'"{one}"' for one in data),
    }


def _requirements(plugin: Plugin) -> dict[str, str]:
    """Return what the core and a plugin ask of distributions, by their names."""
    asked = [*(requires("zoo-core") or ()), *(requires(plugin.distribution) or ())]
    parsed = map(Requirement, asked)
    return {one.name.lower(): f"{one.name}{one.specifier}" for one in parsed}


def _prose(
    spec: ModelSpec, package: str, parts: list[str], why_not: str
) -> dict[str, str]:
    """Return what README.md is filled with."""
    use = [_template(f"{part}.md") for part in parts]
    if why_not:
        use.append(_template("no_recipe.md"))
    example = f'{package}.HERE / "{spec.examples[0]}"' if spec.examples else "raw"
    measured = [
        f"| {one.name} | {one.value:.4g} | {one.dataset}, {one.split} |"
        for one in spec.metrics
    ]
    table = ["| metric | value | measured on |", "| --- | ---: | --- |", *measured]
    return {
        "USE": "".join(use),
        "EXAMPLE": example,
        "RAW": RAW.get(spec.input.kind, ""),
        "FORMS": FORMS.get(spec.input.kind, ""),
        "RECIPE": str(spec.recipe).rpartition(".")[2],
        "WHY_NOT": why_not,
        "VERBS": _listed([f"`{part}`" for part in parts]),
        "METRICS": "\n".join(table) if measured else "Nothing was measured.",
        "PAPERS": "\n".join(f"* {one}" for one in spec.papers),
        "CODE": spec.license.code,
        "WEIGHTS": spec.license.weights,
        "LEARNED": spec.license.data,
        "TRAINED_ON": ", ".join(spec.trained_on) or "unknown data",
    }


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _config(source: Source, pin: Weights) -> str:
    """Return config.json, with every value of the input and the output."""
    spec, plugin = source.spec, source.plugin
    if checkpoints.is_checkpoint(source.folder):
        return checkpoints.read_config(source.folder).to_json()
    return Config(
        name=spec.name,
        summary=spec.summary,
        task=spec.task,
        build=spec.build,
        options=spec.options,
        distribution=plugin.distribution,
        input=spec.input,
        output=spec.output,
        head=spec.head,
        trunk=spec.trunk,
        recipe=spec.recipe,
        license=spec.license,
        trained_on=spec.trained_on,
        parameters=spec.parameters,
        weights=Weights(size=pin.size, sha256=pin.sha256),
        parent=source.parent,
        versions={plugin.distribution: plugin.version},
    ).to_json()


def _template(name: str) -> str:
    return (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")


def _filled(text: str, words: dict[str, str]) -> str:
    for _ in range(2):  # a word may hold others
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
    return text
