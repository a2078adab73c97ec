"""The order of the packages is in pyproject.toml, for import-linter; the rest is
here."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ZOO, PLUGINS = ROOT / "zoo", ROOT / "plugins"
SOURCES = sorted(ZOO.rglob("*.py"))
TORCH_FREE = {
    *("__init__.py", "__main__.py", "errors.py", "_utils", "specs", "plugins"),
    *("artifacts", "cards", "cli", "tasks/results", "datasets/custom"),
    *("sharing/publish.py", "sharing/eject", "runtime/__init__.py"),
    *("runtime/input_errors.py", "runtime/load_errors.py", "runtime/choices.py"),
    *("runtime/mode_collapse.py", "runtime/table.py", "runtime/time_order.py"),
}
# Shown pictures are Pillow's, which is light; the readers of files need it as well.
USES_PILLOW = {"tasks/results", "datasets/custom"}


def module_level_imports(path: Path) -> set[str]:
    """Return the packages a file imports when it is imported, type checking aside."""
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
        stack += ast.iter_child_nodes(node)
    return found


@pytest.mark.parametrize(
    "path", sorted((ZOO / "runtime").glob("*.py")), ids=lambda path: path.stem
)
def test_the_runtime_imports_few_libraries(path: Path) -> None:
    """
    `zoo eject` copies it: what it imports, every ejected package has to declare.
    """
    pictures = {
        *("image", "image_generation", "image_quality", "image_segmentation"),
        *("instance_segmentation", "label_map"),
    }
    known = {"zoo", "torch", "numpy", *({"PIL"} if path.stem in pictures else set())}
    others = module_level_imports(path) - known - sys.stdlib_module_names

    assert not others


def rooms(path: Path) -> set[str]:
    """Return a file's place in the core, and the places that hold it."""
    place = path.relative_to(ZOO)
    return {place.as_posix(), *(above.as_posix() for above in place.parents)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ZOO)))
def test_what_answers_questions_about_models_imports_no_torch(path: Path) -> None:
    """
    `zoo list` and the like run no model, and would wait seconds for torch.
    """
    heavy = {"torch", "safetensors", "numpy"}
    if not rooms(path) & USES_PILLOW:
        heavy.add("PIL")

    assert not rooms(path) & TORCH_FREE or not module_level_imports(path) & heavy


def test_one_module_reads_csv_files() -> None:
    """
    Two readers would read the same table in two ways.
    """
    reads = {
        path.relative_to(ZOO).as_posix()
        for path in SOURCES
        if "csv.reader" in (text := path.read_text(encoding="utf-8"))
        or "csv.DictReader" in text
        or "from_csv" in text
    }

    assert reads == {"runtime/table.py"}


def holding(pattern: str) -> set[str]:
    """Return the modules of the core whose text has a match."""
    return {
        path.relative_to(ZOO).as_posix()
        for path in SOURCES
        if re.search(pattern, path.read_text(encoding="utf-8"))
    }


def test_outputs_are_put_in_place_by_one_package() -> None:
    """
    A link, a pipe, a mount point: what lies where an output goes is treated in one way.
    The two others move files within stores of the zoo's own.
    """
    stores = {"artifacts/bundle.py", "artifacts/quarantine.py"}

    assert holding(r"os\.(replace|rename)\(|shutil\.move") - stores == {
        "_utils/atomic_folder.py",
        "_utils/atomic_write.py",
    }


def test_one_module_knows_how_splits_are_called() -> None:
    """
    A folder that one reader takes for a split would be a class for the next.
    """
    assert holding(r'"valid", "validation"') == {"tasks/targets/split_names.py"}


def test_every_package_says_what_it_knows_and_what_it_may_import() -> None:
    """
    The docstring of a package is the first thing a newcomer reads of it.
    """
    docs = {
        path.parent.name: ast.get_docstring(ast.parse(path.read_text()))
        for path in ZOO.glob("*/__init__.py")
    }

    assert not [name for name, doc in docs.items() if "May import:" not in (doc or "")]


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


def test_no_process_of_ours_runs_modules_of_the_working_folder() -> None:
    """
    Where Python is started, an option keeps that folder out of its path.
    """
    starts = {
        f"{path.name}: {line.strip()}"
        for path in (*SOURCES, *PLUGINS.glob("*/zoo_*/**/*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "[sys.executable" in line
    }

    assert len(starts) > 3
    assert not [one for one in starts if '"-P"' not in one and '"-I"' not in one]


def test_no_pickle_is_ever_read() -> None:
    """
    The words that read one do not occur, in the core or in a plugin. The one exception
    is somebody's state_dict on its way to safetensors, read for its tensors alone.
    """
    words = ("torch.load", "import pickle", "joblib", "allow_pickle", "pickle.load")
    conversion = 'torch.load(file, map_location="cpu", weights_only=True)'
    importing = ZOO / "sharing" / "import_weights.py"
    found = {
        (path.name, word)
        for path in [*SOURCES, *PLUGINS.glob("*/zoo_*/**/*.py")]
        for word in words
        if word
        in path.read_text(encoding="utf-8").replace(
            conversion if path == importing else "\0", ""
        )
    }

    assert importing.read_text(encoding="utf-8").count(conversion) == 1
    assert not found
