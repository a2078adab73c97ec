"""A recipe in a file of the user's: `zoo train ./my_recipe.py`.

The file is trusted code. It is executed only where its path was given explicitly.
"""

import ast
import hashlib
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from zoo.errors import TrainingError
from zoo.models import loading
from zoo.specs import ModelSpec

__all__ = ["RecipeFile", "find", "is_recipe_file"]


@dataclass(frozen=True, kw_only=True)
class RecipeFile:
    """A recipe file as it was executed; `sha256` is that of its bytes."""

    path: Path
    sha256: str
    module: ModuleType

    @property
    def receipt(self) -> dict[str, Any]:
        """What run.json records of the file."""
        return {
            "recipe": self.path.name,
            "recipe_sha256": self.sha256,
            "commit": None,  # that of the plugin is not the file's
        }


def is_recipe_file(name: str | Path) -> bool:
    """Return whether `name` is the path of a recipe file, and not a model."""
    return str(name).endswith(".py") and not Path(name).is_dir()


def find(
    name: str | Path, model: str | Path | None, needed: Sequence[str]
) -> tuple[ModelSpec, RecipeFile | None]:
    """Return the spec of the model to train, and the recipe file where `name` is one.

    `model` names the model of a recipe file, which may define it as `MODEL`; `needed`
    are the names that the file must define. Raises TrainingError, ModelNotFound.
    """
    if not is_recipe_file(name):
        if model is not None:
            raise TrainingError(
                "--model (model=) names the model of a recipe file, and "
                f"{str(name)!r} is not a .py file."
            )
        return loading.find(name), None
    file = _load(Path(name))
    missing = [one for one in needed if not hasattr(file.module, one)]
    if missing:
        raise TrainingError(
            f"{name} does not define {', '.join(missing)}. A recipe file defines "
            f"{', '.join(needed)}, as the recipe of a plugin does."
        )
    model = model or getattr(file.module, "MODEL", None)
    if model is None:
        raise TrainingError(
            f"{name} does not say which model it trains. Give --model NAME (model= in "
            'Python), or define MODEL = "NAME" in the file.'
        )
    return loading.find(model), file


def _load(path: Path) -> RecipeFile:
    """Execute a recipe file, from the same bytes that are hashed."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as exc:
        raise TrainingError(
            f"There is no recipe file {path}. Check the path; 'zoo train NAME' runs "
            "the recipe of an installed model."
        ) from exc
    try:
        tree = ast.parse(content, str(path))
    except (SyntaxError, ValueError) as exc:
        line, problem = getattr(exc, "lineno", None), getattr(exc, "msg", str(exc))
        place = f"{path}, line {line}" if line else str(path)
        raise TrainingError(f"{place} is not valid Python: {problem}.") from exc
    _refuse_relative_imports(tree, path)
    sha256 = hashlib.sha256(content).hexdigest()
    module = ModuleType(f"recipe_file_{sha256[:16]}")
    module.__file__, module.__package__ = str(path.absolute()), ""
    sys.modules[module.__name__] = module  # type hints of Settings are looked up there
    try:
        exec(compile(tree, str(path), "exec"), vars(module))
    except Exception as exc:
        del sys.modules[module.__name__]
        raise TrainingError(_failure(path, exc)) from exc
    return RecipeFile(path=path, sha256=sha256, module=module)


def _refuse_relative_imports(tree: ast.Module, path: Path) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            relative = "." * node.level + (node.module or "")
            raise TrainingError(
                f"{path}, line {node.lineno}: 'from {relative} import' is a relative "
                "import, and a recipe file is in no package. Import from the plugin by "
                "its full name, as in 'from zoo_plugin.module import name'."
            )


def _failure(path: Path, exc: Exception) -> str:
    """Return why a recipe file failed, and the line of it that did."""
    frames = traceback.extract_tb(exc.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == str(path)]
    place = f"{path}, line {lines[-1]}" if lines else str(path)
    if isinstance(exc, ModuleNotFoundError):
        return (
            f"{place}: {exc}. Install the plugin or the package that the recipe file "
            "imports."
        )
    return f"{place}: {type(exc).__name__}: {exc}. Correct the recipe file."
