"""Models as files of your own: packages that need no zoo, and answer as it does."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

import zoo
from zoo.artifacts import weight_store as store
from zoo.cli import main
from zoo.errors import EjectError, NoWeights
from zoo.models import safetensors_io as weights

SHIPPED = [
    name
    for name in zoo.list_models()
    if (pin := zoo.get_spec(name).weights) is not None and pin.repo is None
]
ANSWERING = [  # their kinds of input and output are read without the zoo
    name
    for name in SHIPPED
    if zoo.get_spec(name).output.kind == "classes"
    and zoo.get_spec(name).input.kind in ("image", "table")
]
ALONE = """
import json, sys
from importlib import import_module
from importlib.abc import MetaPathFinder

class Without(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        first = name.partition(".")[0]
        if first in ("zoo", "datasets", "torchmetrics") or first.startswith("zoo_"):
            raise ImportError(name)

sys.meta_path.insert(0, Without())
import torch
torch.set_num_threads(1)
asked, found, outputs = json.load(open("asked.json")), {}, {}
for package, inputs in asked.items():
    mine = import_module(package)
    with torch.inference_mode():
        outputs[package] = mine.load()(torch.load(f"{package}.pt"))
    if hasattr(mine, "predict"):
        found[package] = [mine.predict(one) for one in inputs]
torch.save(outputs, "outputs.pt")
json.dump(found, open("found.json", "w"))
"""


def package(name: str) -> str:
    """Return a name for a model's package."""
    return re.sub(r"\W", "_", name)


def alone(folder: Path, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what ejected models answer, and their outputs for the goldens' inputs,
    where neither the zoo nor a plugin can be imported."""
    asked = {}
    for name in names:
        spec = zoo.get_spec(name)
        kept = weights.tensors(zoo.fetch(name)[0].with_name("golden.safetensors"))
        torch.save(kept["input"].clone(), folder / f"{package(name)}.pt")
        where = store.package_folder(spec.package) / "examples"
        asked[package(name)] = [str(where / one) for one in spec.examples]
    (folder / "asked.json").write_text(json.dumps(asked))
    asked_of = [sys.executable, "-W", "ignore", "-c", ALONE]
    subprocess.run(asked_of, cwd=folder, check=True)
    found = json.loads((folder / "found.json").read_text())
    return found, torch.load(folder / "outputs.pt")


@pytest.fixture(scope="module")
def ejected(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Any], dict[str, Any]]:
    """
    Every model that ships with weights, ejected, with its answers and outputs.
    """
    folder = tmp_path_factory.mktemp("ejected")
    for name in SHIPPED:
        zoo.eject(name, folder / package(name))
    return folder, *alone(folder, SHIPPED)


def test_no_shipped_model_is_refused() -> None:
    """
    There is one of each plugin with models at least, and many of some.
    """
    assert len(SHIPPED) > 30
    assert {zoo.get_spec(name).package for name in SHIPPED} == {
        zoo.get_spec(name).package for name in zoo.list_models()
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_an_ejected_model_computes_without_the_zoo(
    name: str, ejected: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    """
    Where neither the zoo nor a plugin can be imported, the golden's input gives the
    golden's output.
    """
    kept = weights.tensors(zoo.fetch(name)[0].with_name("golden.safetensors"))

    output = ejected[2][package(name)]

    assert torch.allclose(output, kept["output"], atol=kept["tolerance"].item())


def close(ours: Any, theirs: Any) -> Any:
    """Return an answer of the zoo's, its numbers to be compared by a tolerance."""
    if isinstance(ours, dict):
        return {key: close(value, theirs) for key, value in ours.items()}
    if isinstance(ours, list | tuple):
        return [close(value, theirs) for value in ours]
    return pytest.approx(ours, abs=1e-5) if isinstance(ours, float) else ours


@pytest.mark.parametrize("name", ANSWERING)
def test_it_answers_as_the_zoo_does(
    name: str, ejected: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    """
    Every example of the model, read and answered by the package alone.
    """
    spec = zoo.get_spec(name)
    where = store.package_folder(spec.package) / "examples"
    for one, theirs in zip(spec.examples, ejected[1][package(name)], strict=True):
        answer = zoo.predict(name, where / one)
        several = answer if isinstance(answer, list) else [answer]
        ours = [each.to_dict() for each in several]
        assert close(ours, theirs) == (theirs if isinstance(theirs, list) else [theirs])


def test_lenet_is_small(tmp_path: Path) -> None:
    """
    Eight files and 750 lines of Python are the whole of it: model, recipe, runtime.
    """
    folder = zoo.eject("lenet5-mnist", tmp_path / "mine")

    files = sorted(folder.rglob("*.py"))
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)
    assert [str(file.relative_to(folder)) for file in files] == [
        "__init__.py",
        "lenet5.py",
        "lenet5_recipe.py",
        "runtime/__init__.py",
        "runtime/classification.py",
        "runtime/image.py",
        "runtime/rows.py",
        "runtime/run.py",
    ]
    assert lines <= 750


def test_files_are_copied_as_they_are(tmp_path: Path) -> None:
    """
    But for the lines that import, which the package has of its own.
    """
    folder = zoo.eject("lenet5-mnist", tmp_path / "mine")
    core = Path(zoo.__file__).parent

    for file in (folder / "runtime").iterdir():
        ours = (core / "runtime" / file.name).read_text(encoding="utf-8").splitlines()
        theirs = file.read_text(encoding="utf-8").splitlines()
        changed = [line for line in theirs if line not in ours]
        assert all(line.startswith("from .") for line in changed)
        assert len(ours) - len(theirs) in range(10)  # one import may take several


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_that_is_written_needs_the_zoo(
    name: str, ejected: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    """
    No file imports it, the README names nothing of it, but for why a recipe is left
    out, and the project does not ask for it.
    """
    folder = ejected[0] / package(name)
    for file in folder.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) zoo", text, flags=re.MULTILINE), file
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    told = [line for line in lines if not line.startswith("The recipe is not part")]
    assert not re.search(r"zoo\.|`zoo |zoo-core", "\n".join(told))
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    libraries = [
        re.split(r"[<>=]", one)[0] for one in project["project"]["dependencies"]
    ]
    assert not [one for one in libraries if one.startswith("zoo")]
    assert {"torch", "safetensors"} <= set(libraries)


def test_the_project_names_ordinary_libraries(
    ejected: tuple[Path, dict[str, Any], dict[str, Any]],
) -> None:
    """
    Those that the files import, in the versions that the zoo and the plugin ask for.
    """
    found = {}
    for name in ("lenet5-mnist", "efficientnet-lite0", "xor-mlp"):
        path = ejected[0] / package(name) / "pyproject.toml"
        found[name] = tomllib.loads(path.read_text())["project"]["dependencies"]

    usual = ["numpy>=1.26", "pillow>=10.1", "safetensors>=0.5"]
    assert found["lenet5-mnist"] == [*usual, "torch>=2.4"]
    assert [one.split(">")[0] for one in found["efficientnet-lite0"]] == [
        *("numpy", "pillow", "safetensors", "timm", "torch")
    ]
    assert "pillow>=10.1" not in found["xor-mlp"]


def test_an_ejected_folder_is_a_checkpoint_as_well(tmp_path: Path) -> None:
    """
    `zoo.load` takes it, with its labels, and the same tensors.
    """
    folder = zoo.eject("lenet5-mnist", tmp_path / "mine")

    again, first = zoo.load(folder), zoo.load("lenet5-mnist")
    assert again.zoo.labels == first.zoo.labels
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name])


def test_a_recipe_that_cannot_come_along_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The README says what it imports, and nothing of it is written.
    """
    monkeypatch.setitem(vars(sys.modules["zoo.sharing.eject.eject"]), "INPUTS", {})

    folder = zoo.eject("efficientnet-lite0", tmp_path / "mine")

    files = {file.name for file in folder.rglob("*.py")}
    readme = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    assert files == {"__init__.py", "models.py"}
    assert (
        "The recipe is not part of this package: zoo_timm.hymenoptera imports" in readme
    )


def test_a_fine_tuned_head_is_ejected_with_its_labels(tmp_path: Path) -> None:
    """
    A checkpoint folder of one's own, with three classes, answers with one of them.
    """
    own = zoo.build("lenet5-mnist", labels=["a", "b", "c"])
    zoo.save(own, tmp_path / "own")
    zoo.eject(tmp_path / "own", tmp_path / "mine")
    asked = (
        "import mine; from PIL import Image; "
        "print(sorted(mine.predict(Image.new('L', (9, 9)))['scores']))"
    )

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path, capture_output=True, check=True
    )

    assert done.stdout.decode().strip() == "['a', 'b', 'c']"


@pytest.mark.parametrize(
    ("folder", "message"),
    [
        (
            "5-mine",
            "'5-mine' can't be imported: it is to be the name of a Python package. "
            "Take letters, digits and '_', such as 'mine'.",
        ),
        ("full", "full is there already; nothing was written. Name a new folder."),
    ],
)
def test_where_nothing_can_be_ejected_to(
    folder: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Said in one sentence, and nothing is written.
    """
    monkeypatch.chdir(tmp_path)
    Path("full").mkdir()
    Path("full", "notes.txt").write_text("mine")

    with pytest.raises(EjectError) as told:
        zoo.eject("lenet5-mnist", folder)

    assert str(told.value) == message
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "notes.txt"]


def test_a_model_without_weights_is_not_ejected(tmp_path: Path) -> None:
    """
    The error is that of a load, and no folder is left behind.
    """
    with pytest.raises(NoWeights):
        zoo.eject("mlp-california", tmp_path / "mine")

    assert not list(tmp_path.iterdir())


def test_the_command_says_how_to_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The folder, and the line of Python that loads the model.
    """
    status = main(["eject", "xor-mlp", str(tmp_path / "mine")])

    assert status == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [str(tmp_path / "mine"), "import mine; model = mine.load()"]
