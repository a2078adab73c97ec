"""A model as files of your own: its architecture, weights and recipe, without the zoo.

Does not know torch.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from textwrap import fill
from typing import Any

from zoo.artifacts import checkpoint_folder as checkpoints
from zoo.artifacts import resolve as sources
from zoo.artifacts.resolve import Source
from zoo.errors import EjectError
from zoo.sharing.eject.source_index import imported, path_of
from zoo.sharing.eject.tree_shake import ALLOWED, Outside, excerpts

__all__ = ["eject"]

RECIPE = "recipe"
FRAME = "zoo.sharing.eject.runtime.run"
ROWS = "zoo.sharing.eject.runtime.tensors"
# What a recipe asks the zoo for, and what stands for it where there is none.
INSTEAD = {
    **{f"zoo.{name}": f"{FRAME}.{name}" for name in ("Run", "SeriesInput")},
    "zoo.TabularInput": f"{FRAME}.TabularInput",
    **{
        f"zoo.evaluation.evaluate_tensors.{name}": f"{ROWS}.{name}"
        for name in ("evaluate", "outputs")
    },
    **{
        f"zoo.datasets.in_memory.{name}": f"{ROWS}.{name}"
        for name in ("Tensors", "prepared")
    },
    "zoo.datasets.in_memory.Fold": f"{ROWS}.Fold",
    "zoo.models.metadata.unwrap_model": f"{ROWS}.unwrapped",
}
TRAINING = ("Settings", "data", "train")  # of a recipe: what makes a model
FROM = "# From {distribution} {version}"
NOTE = f"""\
{FROM}, which it needs for its data and its frame:
#     pip install zoo-core {{distribution}}
"""
INIT = '''\
"""{name}: {summary}

Architecture and weights, needing torch alone: `model = load()`. They come from
{distribution} {version}; README.md says what the model is worth, and the licences.
{training}

{takes}

{gives}
"""

import json
from pathlib import Path

import torch

from .{module} import {names}

WEIGHTS = Path(__file__).with_name("model.safetensors")
OPTIONS = {options}


def load() -> torch.nn.Module:
    """Return the trained model in eval mode."""
    model = {function}(**OPTIONS)
    held, first = {tensors}, {{}}
    for name, value in model.state_dict().items():
        shared = first.setdefault((value.data_ptr(), value.shape), name)
        value.copy_(held[shared if value.numel() else name])
    return model.eval()


def _tensors() -> dict[str, torch.Tensor]:
    """Return what the file holds: a length, a header of JSON, and the bytes."""
    raw = bytearray(WEIGHTS.read_bytes())
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    header.pop("__metadata__", None)
    return {{name: _tensor(entry, raw, start) for name, entry in header.items()}}


def _tensor(entry: dict, raw: bytearray, start: int) -> torch.Tensor:
    dtype = TYPES[entry["dtype"]]
    first, end = entry["data_offsets"]
    if first == end:
        return torch.empty(entry["shape"], dtype=dtype)
    part = raw[start + first : start + end]
    return torch.frombuffer(part, dtype=dtype).reshape(entry["shape"])

{train}
TYPES = {{
    **{{"F64": torch.float64, "F32": torch.float32, "F16": torch.float16}},
    **{{"BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32}},
    **{{"I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}},
}}
'''
ALONE = "`train` makes a fresh model of your own rows, by recipe.py."
WITH = "recipe.py goes on needing the zoo, as {reason}."
TRAIN = '''
def train(rows, *, device="cpu", told=print, **settings) -> torch.nn.Module:
    """Return a fresh model in eval mode, trained by recipe.py on rows of your own.

    `rows` has a pair (input, target) of tensors for each split that the recipe asks
    for, such as {{"train": (images, labels)}}. Pictures are bytes, (rows, channels,
    height, width), or floats in 0..1; columns are in the order that is told above;
    labels are numbers. `settings` change those of the recipe, and `told` is called with
    a line for each epoch.
    """
    from . import recipe
    from .frame import run

    config = WEIGHTS.with_name("config.json")
    chosen = {{**SETTINGS, **settings}}
    where = {{"device": device, "told": told}}
    return run.train(recipe, {function}, OPTIONS, config, rows, **where, **chosen)


SETTINGS = {settings}
'''


def eject(name: str | Path, folder: str | Path) -> Path:
    """Write a model into a new package of your own that imports torch alone.

    `folder` becomes a Python package: `import folder; model = folder.load()`. Beside
    the architecture and the weights lie the recipe, the card, and the tokenizer of a
    text model. `folder.train(rows)` runs the recipe on your own rows, unless it needs
    more than torch, as those of texts do: it then goes on needing the zoo, and says so.
    The folder is a checkpoint as well, so `zoo.load` takes it. Raises EjectError, and
    what `zoo.load` raises.
    """
    source, folder = sources.find(name), Path(folder)
    _check_folder(folder)
    modules = _modules(source)
    weights, _, _ = sources.obtain(source)
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        for file, text in _texts(source, modules).items():
            (new / file).parent.mkdir(exist_ok=True)
            (new / f"{file}.py").write_text(text, encoding="utf-8")
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


def _modules(source: Source) -> dict[str, str]:
    """Return the modules that the model needs, and what their files will be called."""
    found: dict[str, str] = {}
    package = source.spec.package
    waiting = [source.spec.build.partition(":")[0]]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found[module] = module.rpartition(".")[2]
        for other in imported(path_of(module), package):
            if other.partition(".")[0] == package:
                waiting.append(other)
            elif other.partition(".")[0] not in ALLOWED:
                raise EjectError(
                    f"{source.name!r} can't be ejected: {module} imports {other!r}, so "
                    "its architecture is not a file of its own. Depend on "
                    f"{source.plugin.distribution!r} instead."
                )
    return found


def _texts(source: Source, modules: dict[str, str]) -> dict[str, str]:
    """Return what each file holds, by its name."""
    package, recipe = source.spec.package, source.spec.recipe
    files = {m: _relative(path_of(m), package) for m in modules}
    found = {modules[module]: text for module, text in files.items()}
    if recipe is None:
        return {**found, "__init__": _init(source, training="", train="")}
    plugin = source.plugin
    named = {"distribution": plugin.distribution, "version": plugin.version}
    try:
        alone = _recipe(recipe, package, modules)
    except Outside as exc:
        text = NOTE.format(**named) + path_of(recipe).read_text(encoding="utf-8")
        told = WITH.format(reason=exc)
        return {**found, RECIPE: text, "__init__": _init(source, training=told)}
    alone["frame/__init__"] = '"""What the recipe needs of the zoo."""\n'
    alone[RECIPE] = f"{FROM.format(**named)}.\n{alone[RECIPE]}"
    train = TRAIN.format(
        function=source.spec.build.partition(":")[2],
        settings=pformat(dict(source.spec.settings)),
    )
    return {**found, **alone, "__init__": _init(source, training=ALONE, train=train)}


def _recipe(recipe: str, package: str, modules: dict[str, str]) -> dict[str, str]:
    """Return a recipe's training, its frame and all they need. Raises Outside.

    How it measures comes along where that needs no more.
    """
    how: dict[str, Any] = {
        "own": {package: "", "zoo": "frame"},
        "instead": INSTEAD,
        "there": modules,
        "called": {recipe: RECIPE},
    }
    try:
        return excerpts({recipe: (*TRAINING, "evaluate"), FRAME: ("train",)}, **how)
    except Outside:
        return excerpts({recipe: TRAINING, FRAME: ("train",)}, **how)


def _relative(path: Path, package: str) -> str:
    """Return a module's source with imports of its own package made relative."""
    text, package = path.read_text(encoding="utf-8"), re.escape(package)
    text = re.sub(rf"^(\s*)from {package} import", r"\1from . import", text, flags=re.M)
    return re.sub(
        rf"^(\s*)from {package}\.([\w.]*?)(\w+) import",
        r"\1from .\3 import",
        text,
        flags=re.M,
    )


def _init(source: Source, *, training: str, train: str = "") -> str:
    spec, plugin = source.spec, source.plugin
    module, _, function = spec.build.partition(":")
    # a file of another project may have other names: see zoo.weights.Renamed
    renames = "\ndef renamed(" in path_of(module).read_text(encoding="utf-8")
    return INIT.format(
        name=spec.name,
        summary=spec.summary,
        distribution=plugin.distribution,
        version=plugin.version,
        takes=_described("It takes ", spec.input),
        gives=_described("It gives ", spec.output),
        module=module.rpartition(".")[2],
        function=function,
        names=f"{function}, renamed" if renames else function,
        tensors="renamed(_tensors())" if renames else "_tensors()",
        options=pformat(dict(spec.options)),
        training=fill(training, 84),
        train=train,
    )


def _described(start: str, what: object) -> str:
    """Return what a signature says of itself, with its own values."""
    plain = (type(what).__doc__ or "").partition("\n\n")[0]
    first = plain[:1].lower() + plain[1:]
    return fill(f"{start}{' '.join(first.split())} Here: {what!r}", 84)


def _beside(source: Source) -> Iterator[Path]:
    """Yield the card, the config, and what a text model needs besides."""
    for name in (checkpoints.CARD, checkpoints.CONFIG, checkpoints.TOKENIZER):
        path = source.folder / name
        if path.is_file():
            yield path
    yield from sorted(source.folder.glob("*.png"))
