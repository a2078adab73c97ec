"""A model as files of your own: its architecture, weights and recipe, without the zoo.

Does not know torch.
"""

import ast
import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from pprint import pformat
from textwrap import fill

from zoo import checkpoints, sources
from zoo.errors import EjectError
from zoo.sources import Source

__all__ = ["eject"]

ALLOWED = {"torch", *sys.stdlib_module_names}
RECIPE = "recipe.py"
NOTE = """\
# From {distribution} {version}, which it needs for its data and its frame:
#     pip install zoo-core {distribution}
"""
INIT = '''\
"""{name}: {summary}

Architecture and weights, needing torch alone: `model = load()`. They come from
{distribution} {version}; README.md says what the model is worth, and the licences.

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


TYPES = {{
    **{{"F64": torch.float64, "F32": torch.float32, "F16": torch.float16}},
    **{{"BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32}},
    **{{"I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}},
}}
'''


def eject(name: str | Path, folder: str | Path) -> Path:
    """Write a model into a new package of your own that imports torch alone.

    `folder` becomes a Python package: `import folder; model = folder.load()`. Beside
    the architecture and the weights lie the recipe, which goes on needing the zoo for
    its data and its frame, the card, and the tokenizer of a text model. The folder is
    a checkpoint as well, so `zoo.load` takes it. Raises EjectError, and what `zoo.load`
    raises.
    """
    source, folder = sources.find(name), Path(folder)
    _check_folder(folder)
    modules = _modules(source)
    weights, _, _ = sources.obtain(source)
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        for path, target in modules.items():
            (new / target).write_text(_relative(path, source), encoding="utf-8")
        (new / "__init__.py").write_text(_init(source), encoding="utf-8")
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


def _modules(source: Source) -> dict[Path, str]:
    """Return the files that the model needs, and the recipe, with their new names."""
    found: dict[Path, str] = {}
    package = source.spec.package
    waiting = [source.spec.build.partition(":")[0]]
    while waiting:
        module = waiting.pop()
        path = _file(module)
        if path in found:
            continue
        found[path] = f"{module.rpartition('.')[2]}.py"
        for other in _imports(path, package):
            if other.partition(".")[0] == package:
                waiting.append(other)
            elif other.partition(".")[0] not in ALLOWED:
                raise EjectError(
                    f"{source.name!r} can't be ejected: {module} imports {other!r}, so "
                    "its architecture is not a file of its own. Depend on "
                    f"{source.plugin.distribution!r} instead."
                )
    if source.spec.recipe is not None:
        found[_file(source.spec.recipe)] = RECIPE
    return found


def _file(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None, "the module of a registered build, or one it imports"
    assert spec.origin is not None, "a module of Python source"
    return Path(spec.origin)


def _imports(path: Path, package: str) -> Iterator[str]:
    """Yield the modules that a file imports, those of its package in full."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == package:
            yield from (f"{package}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _relative(path: Path, source: Source) -> str:
    """Return a module's source with imports of its own package made relative."""
    package = re.escape(source.spec.package)
    text = path.read_text(encoding="utf-8")
    text = re.sub(rf"^(\s*)from {package} import", r"\1from . import", text, flags=re.M)
    text = re.sub(
        rf"^(\s*)from {package}\.([\w.]*?)(\w+) import",
        r"\1from .\3 import",
        text,
        flags=re.M,
    )
    if source.spec.recipe is None or path != _file(source.spec.recipe):
        return text
    plugin = source.plugin
    note = NOTE.format(distribution=plugin.distribution, version=plugin.version)
    return note + path.read_text(encoding="utf-8")


def _init(source: Source) -> str:
    spec, plugin = source.spec, source.plugin
    module, _, function = spec.build.partition(":")
    # a file of another project may have other names: see zoo.weights.Renamed
    renames = "\ndef renamed(" in _file(module).read_text(encoding="utf-8")
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
