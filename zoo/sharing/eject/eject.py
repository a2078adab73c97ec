"""Eject a model as a package: architecture, weights, `predict` and its recipe.

The package contains the files of `zoo.runtime` that it needs, unchanged, so that it
behaves like the zoo. Does not know torch.
"""

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import requires
from pathlib import Path
from pprint import pformat

from packaging.requirements import Requirement

from zoo._utils.atomic_folder import put_folder, scratch_folder
from zoo._utils.schema import Malformed, read_bytes
from zoo._utils.shown import code, markdown, one_line
from zoo.artifacts import checkpoint_folder, resolve, weight_store
from zoo.artifacts.checkpoint_folder import Config
from zoo.artifacts.resolve import Source
from zoo.errors import EjectError
from zoo.plugins.discovery import Plugin, installed
from zoo.sharing.eject.sources import Outside, Sources
from zoo.specs import ModelSpec, NoiseInput, Weights

__all__ = ["eject"]

TEMPLATES = Path(__file__).with_name("templates")
PLACEHOLDER = re.compile(r"@([A-Z_]+)@")
RUNTIME = "zoo.runtime"
# The files of the runtime that read a kind of input, and that make answers of a kind of
# output; and what `predict` takes, in words.
INPUTS = {
    "image": "image",
    "noise": "noise",
    "series": "time_series",
    "table": "tabular",
    "text": "text",
}
OUTPUTS = {
    "anomaly": "anomaly_detection",
    "boxes": "object_detection",
    "classes": "classification",
    "colorized-image": "image_generation",
    "forecast": "forecasting",
    "image": "image_generation",
    "instances": "instance_segmentation",
    "keypoints": "keypoint_detection",
    "mask": "image_segmentation",
    "masked-token": "fill_mask",
    "number": "regression",
    "ocr": "image_to_text",
    "scaled-image": "image_generation",
    "text": "text_generation",
    "translation": "translation",
    "vector": "feature_extraction",
}
READS = {"translation"}  # kinds of output whose file also reads the inputs
# What a model of a kind of output does besides, if its module has these methods.
VERBS = {
    "image": {"sample": {"sample"}, "encode": {"encode", "decode"}},
    "text": {"sample": {"next_logits"}},
}
RAW = {
    "image": "a path or PIL image",
    "noise": "a tensor of noise",
    "series": "the last rows of a series",
    "table": "a row or a table of them",
    "text": "a text",
}
FORMS = {
    "image": "A picture is a path or a PIL image of any size and mode.",
    "noise": "Noise is a tensor of floats.",
    "series": "A series is a DataFrame, a list of dicts or of lists, an array or a CSV "
    "file with a header, the oldest row first.",
    "table": "A row is a dict or a list, a table a list of those, a DataFrame or a CSV "
    "file with a header.",
    "text": "A text is a str, or the `pathlib.Path` of a text file.",
}
# The description of a kind of output, and of the options of `predict`.
TELLS = {
    "anomaly": "Where `score` is above `threshold`, `is_anomaly` is true.",
    "boxes": "Its `objects` have a `label`, a `score` and a `box` in pixels. "
    "`threshold` is the lowest score.",
    "image": "Its `image` is a PIL image.",
    "instances": "Its `objects` have a `label`, a `score`, a `box` in pixels and a "
    "`mask` of the box. `threshold` is the lowest score.",
    "keypoints": "Each of its `keypoints` has a `label`, `x` and `y` in pixels, and a "
    "`score`.",
    "mask": "The pixels of its `mask` are numbers of the labels that are `known`.",
    "masked-token": "With `top_k` it tells of as many tokens for each gap.",
    "ocr": "With `beams=10` it looks for other texts that the picture may show.",
    "text": "Its options are `max_new_tokens`, `temperature`, `top_k`, `top_p`, "
    "`seed` and `stop`.",
    "translation": "Its options are `beams`, `max_tokens` and `length_penalty`.",
    "vector": "With `top_k` it tells of as many words that lie near.",
}
# What `train` takes of each split, by the kind of output, and its description.
LABELED = '{"train": (inputs, targets)}'
TEXTS = '{"train": texts, "validation": other_texts}'
ROWS = {
    "masked-token": TEXTS,
    "text": TEXTS,
    "translation": '{"train": (texts, translations), "test": (others, theirs)}',
    "vector": TEXTS,
}
TENSORS = {
    "image": ", or a tensor of bytes, (rows, channels, height, width)",
    "series": ", or a tensor of floats, (rows, length, columns)",
    "table": ", or a tensor of floats, (rows, columns), in the order of `config.json`",
}
TARGETS = {
    "boxes": "Targets are a tensor, (rows, most, 5): of each object the number of its "
    "label, from 0, and xmin, ymin, xmax and ymax as shares of the picture; -1 is the "
    "label where a row has fewer.",
    "forecast": "Targets are the values that come next. A tensor (rows, columns) of "
    "one long series, with the value of every row as its target, is cut into windows.",
    "instances": "Targets are a tensor, (rows, 2, height, width): the number of the "
    "object at each pixel, from 1, or 0; and the number of its label, from 0.",
    "keypoints": "Targets are a tensor, (rows, points, 2): x and y as shares of the "
    "picture.",
    "mask": "Targets are a tensor of label numbers, (rows, height, width).",
    "masked-token": "A split is a text or a list of texts.",
    "ocr": "Targets are texts.",
    "text": "A split is a text or a list of texts.",
    "translation": "What is in the test split is left out of the training split.",
    "vector": "A split is a text or a list of texts.",
}
# The run of inputs, or of targets, that are texts: a file of the runtime, its class.
RUNS = {"text": ("text_run", "TextRun"), "ocr": ("ocr_run", "OCRRun")}
DISTRIBUTIONS = {"PIL": "pillow", "sklearn": "scikit-learn"}  # called otherwise


def eject(name: str | Path, folder: str | Path) -> Path:
    """Write a model into a new package of your own that needs no zoo.

    `folder` becomes a Python package: `import folder; folder.predict(raw)`, with
    `folder.sample` and `folder.encode` where the model supports them. It contains the
    architecture, the weights, the recipe, with which `folder.train(rows)` trains a new
    model, the runtime files that these need, and a pyproject.toml with the required
    libraries. The folder is also a checkpoint that `zoo.load` takes. Raises EjectError,
    and what `zoo.load` raises.

    >>> folder = zoo.eject("xor-mlp", "mine")
    >>> (folder / "pyproject.toml").is_file()
    True
    """
    source, folder = resolve.find(name), Path(folder)
    _check_folder(folder)
    weights, pin = resolve.open_weights(source)
    with weights, scratch_folder(folder) as new:
        for file, text in _texts(source, pin, folder.name).items():
            (new / file).parent.mkdir(exist_ok=True)
            (new / file).write_text(text, encoding="utf-8")
        weights.copy_to(new / checkpoint_folder.WEIGHTS)
        for path in _beside(source):
            (new / path.name).write_bytes(_content(path, source))
        put_folder(new, folder, keep=lambda _: True, last=checkpoint_folder.CONFIG)
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
    yield from (path for path in source.spec.input.local_files if path.exists())
    for name in source.spec.examples[:1]:
        yield weight_store.package_folder(source.spec.package) / "examples" / name


def _content(path: Path, source: Source) -> bytes:
    """Return the content of a file beside the weights, as it is pinned."""
    pin = source.spec.input.files.get(path.name)
    if source.kind == "folder" and path.parent == source.folder:
        checkpoint_folder.inside(path, source.folder, EjectError)
    try:
        content = read_bytes(path)
    except (OSError, Malformed) as exc:
        raise EjectError(f"{path} can't be read ({exc}); nothing was written.") from exc
    if pin and sha256(content).hexdigest() != pin:
        raise EjectError(
            f"{path} is not the {path.stem} that {checkpoint_folder.CONFIG} names; "
            "nothing was written. Save the checkpoint again."
        )
    return content


def _texts(source: Source, pin: Weights, package: str) -> dict[str, str]:
    """Return every text file of the package by its name."""
    spec = source.spec
    copied, parts = Sources({*installed().packages()}), ["load"]
    try:
        copied.add(spec.build.partition(":")[0])
    except Outside as exc:
        raise EjectError(f"{source.name!r} can't be ejected: {exc}.") from exc
    if spec.input.kind in INPUTS and spec.output.kind in OUTPUTS:
        parts += ["predict", *_verbs(spec, copied)]
        needed = [_reader(spec), OUTPUTS[spec.output.kind], "rows"]
        needed += ["latent_codes"] * ("encode" in parts)
        for module in needed:
            copied.add(f"{RUNTIME}.{module}")
    why_not = _add_recipe(spec, copied)
    if not why_not:
        parts.append("train")
    files = dict(copied.files())
    substitutions = {
        "NAME": spec.name,
        "SUMMARY": _in_docstring(spec.summary),
        "PACKAGE": package,
        "DISTRIBUTION": source.plugin.distribution,
        "VERSION": source.plugin.version,
        **_code(spec, parts),
        **_project(package, files, copied.libraries, source),
        **_prose(spec, package, parts, why_not),
    }
    source_code = "".join(_template(f"{part}.py") for part in parts)
    described = json.dumps(one_line(spec.summary), ensure_ascii=False)  # as in TOML
    project = substitutions | {"SUMMARY": described}
    readme = substitutions | {"SUMMARY": markdown(spec.summary)}
    return {
        **files,
        "__init__.py": _filled(source_code, substitutions),
        "README.md": _filled(_template("README.md"), readme),
        "pyproject.toml": _filled(_template("pyproject.toml"), project),
        checkpoint_folder.CONFIG: _config(source, pin),
    }


def _reader(spec: ModelSpec) -> str:
    """Return the file of the runtime that reads a model's inputs."""
    kinds = spec.output.kind, spec.input.kind
    if getattr(spec.input, "label_colors", ()):
        return "label_map"
    return OUTPUTS[kinds[0]] if kinds[0] in READS else INPUTS[kinds[1]]


def _verbs(spec: ModelSpec, copied: Sources) -> list[str]:
    """Return what a model supports beside `predict`, by the methods of its classes."""
    starts = getattr(spec.output, "bos_token_id", 0) is not None
    verbs = VERBS.get(spec.output.kind, {}) if starts else {}
    methods = copied.methods(spec.build.partition(":")[0])
    return [verb for verb, needed in verbs.items() if needed <= methods]


def _add_recipe(spec: ModelSpec, copied: Sources) -> str:
    """Add the recipe and its runtime files; return the reason if that is impossible."""
    if spec.recipe is None:
        return "there is none: the weights are a third party's"
    before = dict(copied.modules), set(copied.libraries)
    try:
        copied.add(spec.recipe)
        copied.add(f"{RUNTIME}.{_run(spec)[0]}")
        if "train" in copied.names(spec.recipe):
            return ""
        why_not = "it trains nothing, and only measures"
    except Outside as exc:
        why_not = str(exc)
    copied.modules, copied.libraries = before
    return why_not


def _code(spec: ModelSpec, parts: list[str]) -> dict[str, str]:
    """Return the placeholders of the code templates."""
    module, _, function = spec.build.partition(":")
    # A file of another project may have other names: see zoo.models.safetensors_io.
    published = spec.weights is not None and spec.weights.repo is not None
    renamed = published and "renamed" in Sources(()).names(module)
    reader = "load_file" if renamed else "load_model"
    build = f"{function}, renamed" if renamed else function
    imports = [f"from .{module.rpartition('.')[2]} import {build}"]
    if "predict" in parts:
        imports += [
            f"from .runtime import {_reader(spec)} as inputs, "
            f"{OUTPUTS[spec.output.kind]} as outputs",
            "from .runtime.rows import spec_of, to_model_input",
        ]
    if "encode" in parts:
        imports.insert(1, "from .runtime import latent_codes as codes")
    if "train" in parts:
        recipe = str(spec.recipe).rpartition(".")[2]
        imports = [f"from . import {recipe} as recipe", *imports]
        module, run = _run(spec)
        imports += [f"from .runtime.{module} import {run}"]
    outside = ["import torch", f"from safetensors.torch import {reader}"]
    file = f'HERE / "{checkpoint_folder.WEIGHTS}"'
    read = f"load_model(model, {file})"
    if renamed:  # what is tied lies there once
        read = f"model.load_state_dict(renamed(load_file({file})), strict=False)"
    noted = f"SETTINGS = {pformat(dict(spec.settings))}\n" if "train" in parts else ""
    for name in spec.input.files:
        noted = f'SPEC.input.tokenizer_source = HERE / "{name}"\n{noted}'
    return {
        "IMPORTS": "\n".join([*outside, "", *imports]),
        "FUNCTION": function,
        "OPTIONS": pformat(dict(spec.options)),
        "SETTINGS": noted,
        "READ": read,
        "INPUTS": "inputs" if "predict" in parts else "None",
        "RUN": _run(spec)[1],
    }


def _project(
    package: str, files: dict[str, str], libraries: set[str], source: Source
) -> dict[str, str]:
    """Return the placeholders of pyproject.toml: packages and their libraries."""
    modules = {*libraries, "torch", "safetensors"}
    names = sorted(DISTRIBUTIONS.get(one, one) for one in modules)
    folders = sorted({package, *(f"{package}.runtime" for f in files if "/" in f)})
    data = ["*.json", "*.safetensors", *source.spec.examples[:1]]
    requirements = _requirements(source.plugin)
    dependencies = [requirements.get(name, name) for name in names]
    return {
        "LIBRARIES": ", ".join(names),
        "DEPENDENCIES": "\n".join(f'    "{one}",' for one in dependencies),
        "PACKAGES": ", ".join(f'"{one}"' for one in folders),
        "DATA": ", ".join(f'"{one}"' for one in data),
    }


def _requirements(plugin: Plugin) -> dict[str, str]:
    """Return the requirements of the core and of a plugin, by distribution."""
    lines = [*(requires("zoo-core") or ()), *(requires(plugin.distribution) or ())]
    parsed = map(Requirement, lines)
    return {
        requirement.name.lower(): f"{requirement.name}{requirement.specifier}"
        for requirement in parsed
    }


def _prose(
    spec: ModelSpec, package: str, parts: list[str], why_not: str
) -> dict[str, str]:
    """Return the placeholders of README.md."""
    use = [_template(f"{part}.md") for part in parts]
    if why_not:
        use.append(_template("no_recipe.md"))
    example = f'{package}.HERE / "{spec.examples[0]}"' if spec.examples else "raw"
    if isinstance(spec.input, NoiseInput):
        example = f"{package}.torch.randn({spec.input.latent_dim})"
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
        "TELLS": TELLS.get(spec.output.kind, ""),
        "ROWS": ROWS.get(spec.output.kind, LABELED),
        "GIVEN": _row_description(spec),
        "RECIPE": str(spec.recipe).rpartition(".")[2],
        "WHY_NOT": why_not,
        "METRICS": "\n".join(table) if measured else "Nothing was measured.",
        "PAPERS": "\n".join(f"* {one}" for one in spec.papers),
        "CODE": code(spec.license.code),
        "WEIGHTS": code(spec.license.weights),
        "LEARNED": code(spec.license.data),
        "TRAINED_ON": markdown(", ".join(spec.trained_on)) or "unknown data",
    }


def _run(spec: ModelSpec) -> tuple[str, str]:
    """Return the file of the runtime with the run that the recipe needs, its class."""
    usual = RUNS.get(spec.input.kind, ("run", "Run"))
    return RUNS.get(spec.output.kind, usual) if spec.output.kind == "ocr" else usual


def _row_description(spec: ModelSpec) -> str:
    """Return the description of the rows that `train` takes."""
    text = TARGETS.get(spec.output.kind, "Targets are numbers.")
    if spec.output.kind not in ROWS:
        tensor = TENSORS.get(spec.input.kind, "")
        text = f"Inputs are what `predict` takes{tensor}. {text}"
    if spec.recipe and "load_model" in Sources(()).attributes(spec.recipe):
        text += (
            " The recipe needs another model, which it names: give that one with the "
            'rows, as `{"name/model": model}`.'
        )
    return text


def _config(source: Source, pin: Weights) -> str:
    """Return config.json, with every value of the input and the output."""
    spec, plugin = source.spec, source.plugin
    if checkpoint_folder.is_checkpoint(source.folder):
        return checkpoint_folder.read_config(source.folder).to_json()
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


def _in_docstring(text: str) -> str:
    """Return a text as one line of a docstring, which it can't end."""
    return one_line(text).replace("\\", "\\\\").replace('"', '\\"')


def _template(name: str) -> str:
    return (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")


def _filled(text: str, substitutions: dict[str, str]) -> str:
    """Return a template with its placeholders replaced.

    What replaces one is text, in which nothing is replaced: a name or a summary may be
    a stranger's. Only what `USE` stands for is a template itself.
    """
    text = text.replace("@USE@", substitutions["USE"])
    return PLACEHOLDER.sub(lambda found: substitutions.get(found[1], found[0]), text)
