"""Importing zoo, or listing its models, must stay cheap."""

import json
import subprocess
import sys

import pytest

import zoo

HEAVY = {"torch", "numpy", "safetensors", "huggingface_hub", "yaml", "PIL", "datasets"}


def modules_after(code: str) -> set[str]:
    """Return what a fresh interpreter has imported after running `code`."""
    told = f"import sys, json; {code}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, check=True, text=True
    )
    return set(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "action",
    [
        "import zoo",
        "import zoo; zoo.list_models(); zoo.search(task='image-classification')",
        "import zoo; zoo.get_spec(zoo.list_models()[0])",
        "from zoo.cli import main; main(['--help'])",
        "from zoo.cli import main; main(['list'])",
        "from zoo.cli import main; main(['info', 'lenet5-mnist'])",
        "from zoo.cli import main; main(['doctor'])",
        "from zoo.cli import main; main(['fetch', 'lenet5-mnist'])",
        "from zoo.cli import main; main(['cache'])",
    ],
)
def test_stays_light(action: str) -> None:
    """
    Neither import nor look-up loads a heavy package, whatever is installed.
    """
    assert not HEAVY & modules_after(action)


def test_loading_and_predicting_leave_the_compiler_alone() -> None:
    """
    torch._dynamo takes two seconds to import, and no model of ours needs it to run.
    """
    code = (
        "import zoo; m = zoo.load('lenet5-mnist'); "
        "zoo.predict(m, zoo.example('lenet5-mnist'))"
    )

    assert "torch._dynamo" not in modules_after(code)


@pytest.mark.parametrize("name", zoo.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """
    What `__all__` promises can be had, and is no submodule by accident.
    """
    found = getattr(zoo, name)

    assert type(found).__name__ != "module"


def test_no_public_name_is_also_a_submodule() -> None:
    """
    Importing zoo.<module> binds that name in the package: it must not hide a function.
    """
    from pkgutil import iter_modules

    assert not {module.name for module in iter_modules(zoo.__path__)} & set(zoo.__all__)


def test_an_unknown_public_name() -> None:
    """
    A typo is an AttributeError, as everywhere.
    """
    with pytest.raises(AttributeError, match="module 'zoo' has no attribute 'laod'"):
        _ = zoo.laod
