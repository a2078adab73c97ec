"""`zoo new --from-weights`: a plugin for weights that somebody else has trained.

It is that of a template, with an architecture sketched from the file's tensors, and
with a recipe that measures and does not train.
"""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from zoo.cards.templates import DRAFT_MARK
from zoo.errors import ImportWeightsError
from zoo.plugins.scaffold import new_plugin
from zoo.sharing.import_weights import LICENSE, read_tensors, without_prefixes
from zoo.sharing.sketch import sketch

__all__ = ["PluginForWeights", "new_from_weights"]

# What the template says of its own model, and is not so of another.
OWN = re.compile(r"^ +(head|trunk)=.*\n|^ +# The last feature map.*\n", re.M)
TRAINED = re.compile(r"(## How it was trained\n\n).*?\n(?=\n## )", re.S)
MEASURED = re.compile(r"(## Where it fails\n\n).*", re.S)
STATISTICS = ("running_mean", "running_var")  # of batch norm: no parameters
KEPT = ("data", "evaluate")  # of the recipe
BY_WHOM = f"{DRAFT_MARK} By whom, on which data, with which settings."
MISTAKES = f"{DRAFT_MARK} What you saw when you looked at its mistakes."
RECIPE = (
    '"""Measure {name}: its weights come trained. Write `data` for your own rows."""'
)


@dataclass(frozen=True, kw_only=True)
class PluginForWeights:
    """The folder of a plugin, and the build function that its weights are for."""

    folder: Path
    build: str
    tensors: int


def new_from_weights(
    name: str,
    file: str | Path,
    folder: str | Path | None = None,
    *,
    like: str = "image-classification",
    license: str | None = None,
) -> PluginForWeights:
    """Write a plugin for the weights in `file`, which are not read into it.

    `model.py` has layers of the names and shapes in the file; the order in which they
    are called is to be written, and so are the spec's input and output, and the rows
    that measure. Then `zoo import-weights`, `zoo measure` and `zoo ship` fill the
    plugin. `license` is that of the weights. Raises StartError, ImportWeightsError.

    Example:
        new_from_weights("my-resnet", "resnet.pth", license="apache-2.0")
    """
    if license is not None and not LICENSE.fullmatch(license):
        raise ImportWeightsError(
            f"{license!r} is no identifier of a licence. Write it as the Hub does, "
            "such as apache-2.0 or cc-by-4.0."
        )
    file = Path(file)
    tensors = without_prefixes(read_tensors(file))
    source = sketch(tensors, title=f"The architecture of the weights in {file.name}.")
    made = new_plugin(name, folder, like=like)
    (package,) = (path.parent for path in made.glob("*/__init__.py"))
    (package / "model.py").write_text(source, encoding="utf-8")
    count = sum(
        tensor.numel()
        for key, tensor in tensors.items()
        if tensor.is_floating_point() and key.rpartition(".")[2] not in STATISTICS
    )
    _change(package / "__init__.py", count, license or "unknown")
    recipe, report = package / "recipe.py", package / "report.py"
    text = _without_training(recipe.read_text(encoding="utf-8"), name)
    recipe.write_text(text, encoding="utf-8")
    report.unlink(missing_ok=True)  # of what the template's model gets wrong
    card = package / "cards" / f"{name}.md"
    prose = card.read_text(encoding="utf-8")
    prose = _section(prose, TRAINED, BY_WHOM)
    prose = _section(prose, MEASURED, MISTAKES)
    card.write_text(prose, encoding="utf-8")
    build = f"{package.name}.model:model"
    readme = made / "README.md"
    told = readme.read_text(encoding="utf-8")
    steps = f"zoo import-weights FILE --build {build} -o runs/{name}\n"
    steps += f"zoo measure runs/{name}\nzoo ship runs/{name}"
    told = told.replace(f"zoo train {name} -o runs/{name}", steps)
    told = told.replace("`recipe.py` trains it", "`recipe.py` measures it")
    readme.write_text(told, encoding="utf-8")
    return PluginForWeights(folder=made, build=build, tensors=len(tensors))


def _section(prose: str, section: re.Pattern[str], text: str) -> str:
    """Return a card with another text in a section, whose heading is group 1."""
    found = section.search(prose)
    return prose if found is None else prose.replace(found[0], f"{found[1]}{text}\n")


def _change(path: Path, parameters: int, license: str) -> None:
    """Write what is known of the weights into the spec of a template."""
    text = OWN.sub("", path.read_text(encoding="utf-8"))
    text = re.sub(r"parameters=[\d_]+", f"parameters={parameters:_}", text)
    text = re.sub(r"trained_on=\(.*\)", "trained_on=()", text)
    text = re.sub(
        r"License\(.*\)",
        f'License(code="mit", weights="{license}", data="unknown")',
        text,
    )
    path.write_text(text.replace(", Trunk", ""), encoding="utf-8")


def _without_training(source: str, name: str) -> str:
    """Return a recipe with what `data` and `evaluate` need, and nothing else."""
    tree = ast.parse(source)
    defined = {one: node for node in tree.body for one in _names(node)}
    needed: set[str] = set()
    open_ = [*KEPT]
    while open_:
        one = open_.pop()
        if one in defined and one not in needed:
            needed.add(one)
            loaded = ast.walk(defined[one])
            open_ += [node.id for node in loaded if isinstance(node, ast.Name)]
    rest: list[str] = []
    imports: dict[bool, list[str]] = {True: [], False: []}  # of the standard library?
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            kept = [a for a in node.names if (a.asname or a.name) in needed]
            if kept:
                node.names = kept
                home = getattr(node, "module", None) or kept[0].name
                standard = home.partition(".")[0] in sys.stdlib_module_names
                imports[standard].append(ast.unparse(node))
        elif needed.intersection(_names(node)):
            rest.append(ast.get_source_segment(source, node) or "")
    groups = ["\n".join(lines) for lines in imports.values() if lines]
    head = [RECIPE.format(name=name), *groups]
    head.append(f"__all__ = [{', '.join(map(repr, KEPT))}]".replace("'", '"'))
    return "\n\n".join(head) + "".join(f"\n\n\n{part}" for part in rest) + "\n"


def _names(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Assign):
        return [one.id for one in node.targets if isinstance(one, ast.Name)]
    return [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
