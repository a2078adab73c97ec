"""Each core module may import only the modules below it."""

import ast
from pathlib import Path

import pytest

ZOO = Path(__file__).parents[1] / "zoo"
PLUGINS = Path(__file__).parents[1] / "plugins"

# From the bottom up. A module may import modules of earlier rows, never its own row.
ROWS = [
    {"errors", "folders", "wording", "text_results", "word_results", "program"},
    {"signatures", "showing", "excerpts"},
    {"specs", "segments", "readings", "translation_results"},
    {"hookspecs", "references", "registry", "settings", "figures", "results"},
    {"parting", "normalising", "searched"},
    {"plugins", "spaces", "policy", "locks", "examples", "targets"},
    {"hub", "catalogue", "datasets", "starting", "masks", "ctc", "rolling"},
    {"columns", "inscriptions"},
    {"store", "gathering"},
    {"weights", "costs", "unfilled", "images", "tables", "checkpoints", "modes"},
    {"quickening", "heads", "augmenting"},
    {"repositories", "pushing"},
    {"sources", "manifests"},
    {"fetching", "locking", "bundles"},
    {"inventory"},
    {"tokens"},
    {"texts", "series", "noise"},
    {"tensors", "golden", "about", "places", "trackers", "state", "practices"},
    {"generating", "ngrams", "beams", "stepping"},
    {"ejected", "tasks", "freezing", "streams", "windows", "convolutional"},
    {"models", "pictures", "baselines", "featuring", "sliding"},
    {"verbs", "frechet"},
    {"measuring", "cards", "prediction", "saving", "keeping", "watching"},
    {"probing", "lesson_cards", "evaluating", "coding", "neighbouring"},
    {"run", "publishing", "ejecting", "adopting"},
    {"receipts", "strategies", "tokenising", "benchmarking"},
    {"training", "lesson_data", "passages"},
    {"blind", "teachable"},
    {"validation", "finetuning"},
    {"lessons", "attempts", "remeasuring", "learnability"},
    {"trials"},
    {"comparing"},
    {"sweeping"},
    {"verification", "verb_checks", "writing_checks"},
    {"testing"},
    {"checking"},
    {"cli"},
    {"__init__", "__main__"},
]
TORCH_FREE = {
    *("errors", "folders", "specs", "hookspecs", "references", "registry", "settings"),
    *("figures", "spaces", "signatures", "wording", "searched"),
    *("plugins", "hub", "catalogue", "datasets", "store", "checkpoints", "cards"),
    *("policy", "locks", "repositories", "sources", "pushing", "publishing"),
    *("costs", "columns", "inscriptions", "rolling", "program", "excerpts"),
    *("examples", "targets", "masks", "gathering", "lesson_cards", "ejecting"),
    *("manifests", "fetching", "locking", "bundles", "inventory"),
    *("cli", "__init__", "__main__"),
}
SOURCES = sorted(ZOO.rglob("*.py"))


def room(path: Path) -> str:
    """Return the row entry a file belongs to: its module, or its package."""
    return path.relative_to(ZOO).parts[0].removesuffix(".py")


def imports(path: Path, *, inside_functions: bool) -> set[str]:
    """Return the dotted names a file imports, those for type checkers left out."""
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef) and not inside_functions:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        stack += ast.iter_child_nodes(node)
    return found


def test_every_module_has_a_row() -> None:
    """
    A new module says where it belongs, and a deleted one leaves no trace.
    """
    assert set().union(*ROWS) == {room(path) for path in SOURCES}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ZOO)))
def test_imports_point_down(path: Path) -> None:
    """
    A module's own row is the lowest row that holds its name.
    """
    row = next(i for i, row in enumerate(ROWS) if room(path) in row)
    below = set().union(*ROWS[:row], {room(path)} if path.parent != ZOO else set())
    own = {
        name.split(".")[1]
        for name in imports(path, inside_functions=True)
        if name.startswith("zoo.")
    }

    assert not own - below


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ZOO)))
def test_torch_is_kept_in_its_place(path: Path) -> None:
    """
    What answers questions about models runs none, so it does not import torch.
    """
    heavy = {"torch", "safetensors", "numpy", "PIL"}
    uses = {name.split(".")[0] for name in imports(path, inside_functions=False)}

    assert room(path) not in TORCH_FREE or not uses & heavy


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ZOO)))
def test_no_module_grows_too_long(path: Path) -> None:
    """
    A module of more than 300 lines, or a function of more than 50, is two.
    """
    text = path.read_text(encoding="utf-8")
    longest = max(
        (
            (node.end_lineno or 0) - node.lineno + 1
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef)
        ),
        default=0,
    )

    assert text.count("\n") <= 300
    assert longest <= 50


def test_the_core_knows_no_plugin_by_name() -> None:
    """
    No package of plugins/ is spoken of in the core.
    """
    packages = {path.parent.name for path in PLUGINS.glob("*/zoo_*/__init__.py")}
    spoken = {
        (path.name, package)
        for path in SOURCES
        for package in packages - {"zoo_datasets"}  # also the name of a hook
        if package in path.read_text(encoding="utf-8")
    }

    assert packages
    assert not spoken


def test_no_pickle_is_ever_read() -> None:
    """
    The words that read one do not occur, in the core or in a plugin. The one exception
    is somebody's state_dict on its way to safetensors, read for its tensors alone.
    """
    words = ("torch.load", "import pickle", "joblib", "allow_pickle", "pickle.load")
    conversion = 'torch.load(file, map_location="cpu", weights_only=True)'
    adopting = (ZOO / "adopting.py").read_text(encoding="utf-8")
    sources = [*SOURCES, *PLUGINS.glob("*/zoo_*/**/*.py")]
    found = {
        (path.name, word)
        for path in sources
        for word in words
        if word
        in path.read_text(encoding="utf-8").replace(
            conversion if path.name == "adopting.py" else "\0", ""
        )
    }

    assert adopting.count(conversion) == 1
    assert not found
