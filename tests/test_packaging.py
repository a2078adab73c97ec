"""What is in the wheels, and that a plugin needs nothing but its own folder."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from wheels import borrow, wheel

ROOT = Path(__file__).parents[1]
MOST = 160 << 20  # bytes of weights, all plugins together


def test_the_core_wheel_holds_the_core_alone(tmp_path: Path) -> None:
    """
    One top-level package, typed, without tests.
    """
    names = ZipFile(wheel(ROOT, tmp_path)).namelist()
    template = "zoo/plugins/templates/plugin/.github/workflows/check.yml.txt"
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}

    assert tops == {"zoo"}
    assert "zoo/py.typed" in names
    assert template in names


def test_a_plugin_wheel_holds_all_it_needs(tmp_path: Path) -> None:
    """
    Weights, golden, receipt, pins, prose and examples travel with the code.
    """
    names = set(ZipFile(wheel(ROOT / "plugins" / "cnn", tmp_path)).namelist())
    folder = "zoo_cnn/checkpoints/lenet5-mnist"

    assert {
        "zoo_cnn/py.typed",
        "zoo_cnn/measured.json",
        "zoo_cnn/cards/lenet5-mnist.md",
        "zoo_cnn/examples/seven.png",
        f"{folder}/model.safetensors",
        f"{folder}/config.json",
        f"{folder}/golden.safetensors",
        f"{folder}/run.json",
        f"{folder}/README.md",
    } <= names


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """A copy of the plugin `cnn` under another name, as a contributor would make it."""
    copy = shutil.copytree(ROOT / "plugins" / "cnn", tmp_path / "acme")
    words = {
        "zoo_cnn": "zoo_acme",
        "zoo-cnn": "zoo-acme",
        "lenet5-mnist": "acme-digits",
    }
    for path in sorted(copy.rglob("*"), reverse=True):
        if path.suffix in (".py", ".toml", ".md", ".json"):
            text = path.read_text(encoding="utf-8").replace('cnn = "', 'acme = "')
            for old, new in words.items():
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
        for old, new in words.items():
            if old in path.name:
                path = path.rename(path.with_name(path.name.replace(old, new)))
    return copy


USE = """
import json, zoo
model = zoo.load("acme-digits")
answer = zoo.predict(model, zoo.example("acme-digits"))
made = type(model).__module__
print(json.dumps([zoo.__file__, zoo.list_models(), made, answer.label]))
"""


def test_a_renamed_copy_of_a_plugin_works_elsewhere(
    renamed: Path, tmp_path: Path
) -> None:
    """
    Installed as a wheel in another environment, it lists, loads and answers.
    """
    built = wheel(renamed, tmp_path / "wheels")
    home = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    python = home / "bin" / "python"
    site = next(home.glob("lib/*/site-packages"))
    borrow(site)
    (site / "core.pth").write_text(f"{ROOT}\n")
    options = ["--python", python, "install", "--no-deps", "--no-index", "-q"]
    subprocess.run([sys.executable, "-m", "pip", *options, built], check=True)
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", USE], capture_output=True, check=True, text=True, env=clean
    )
    _, names, module, label = json.loads(done.stdout)

    assert "acme-digits" in names
    assert module == "zoo_acme.lenet5"
    assert label == "7"


def test_shipped_weights_stay_within_the_budget() -> None:
    """
    All plugins together ship at most 160 MiB of weights and goldens.
    """
    shipped = list(ROOT.glob("plugins/*/zoo_*/checkpoints/*/*.safetensors"))

    assert shipped
    assert sum(path.stat().st_size for path in shipped) <= MOST


def test_what_the_readme_tells_pip_to_install_is_plugins_and_nothing_else() -> None:
    folders = [path for path in (ROOT / "plugins").glob("*") if path.name[0] != "."]
    assert all((folder / "pyproject.toml").is_file() for folder in folders)


def test_every_plugin_is_a_distribution_of_its_own() -> None:
    """
    A folder in plugins/ has its own build file, entry point, package and tests.
    """
    import tomllib

    for folder in ROOT.glob("plugins/*/"):
        project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
        (package,) = project["entry-points"]["zoo"].values()

        assert project["name"] == f"zoo-{folder.name}"
        assert (folder / package / "py.typed").is_file()
        assert list((folder / "tests").glob("test_*.py"))
