"""Models as files of your own: packages that need no zoo, and answer as it does."""

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import fields, is_dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import nn

import zoo
from zoo.artifacts import resolve, weight_store
from zoo.cli import main
from zoo.errors import EjectError, NoWeights, ZooError
from zoo.inference.sample import supports
from zoo.models import safetensors_io
from zoo.plugins import discovery

SHIPPED = [
    name
    for name in zoo.list_models()
    if (pin := zoo.get_spec(name).weights) is not None and pin.repo is None
]
SEED, DRAWN = 5, 2  # of samples
OPTIONS = {  # of answers that are drawn, or that take long
    "text": {"max_new_tokens": 12, "seed": SEED},
    "ocr": {"beams": 3},
}
ALONE = """
import hashlib, json, sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path

class Without(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        first = name.partition(".")[0]
        if first in ("zoo", "datasets", "torchmetrics") or first.startswith("zoo_"):
            raise ImportError(name)

sys.meta_path.insert(0, Without())
import torch

def plain(value):
    if hasattr(value, "tobytes"):
        return [*value.size, hashlib.sha256(value.tobytes()).hexdigest()]
    return value.tolist()

torch.set_num_threads(1)
asked, found, outputs = json.load(open("asked.json")), {}, {}
for package, (files, noise, options) in asked.items():
    mine = import_module(package)
    with torch.inference_mode():
        outputs[package] = mine.load()(torch.load(f"{package}.pt"))
    given = [torch.tensor(noise)] if noise else [Path(one) for one in files]
    told = {"predict": [mine.predict(one, **options) for one in given]}
    if hasattr(mine, "sample"):
        more = {n: one for n, one in options.items() if n != "seed"}
        told["sample"] = mine.sample(DRAWN, seed=SEED, **more)
    if hasattr(mine, "encode"):
        told["encode"] = [mine.encode(one) for one in given]
        told["reconstruct"] = [mine.reconstruct(one) for one in given]
    found[package] = told
torch.save(outputs, "outputs.pt")
json.dump(found, open("found.json", "w"), default=plain)
"""


@cache
def loaded(name: str) -> nn.Module:
    """Return a model as the zoo loads it."""
    return zoo.load(name)


def package(name: str) -> str:
    """Return a name for a model's package."""
    return re.sub(r"\W", "_", name)


def inputs(name: str) -> tuple[list[Path], list[float]]:
    """Return the files that ship with a model as examples, or else some noise."""
    spec = zoo.get_spec(name)
    where = weight_store.package_folder(spec.package) / "examples"
    given: Any = spec.input
    random = torch.Generator().manual_seed(SEED)
    noise = [] if given.from_data else torch.randn(given.latent_dim, generator=random)
    return [where / one for one in spec.examples], [float(one) for one in noise]


def alone(folder: Path, names: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what ejected models answer, and their outputs for the goldens' inputs,
    where neither the zoo nor a plugin can be imported."""
    asked = {}
    for name in names:
        kept = safetensors_io.tensors(
            zoo.fetch(name)[0].with_name("golden.safetensors")
        )
        torch.save(kept["input"].clone(), folder / f"{package(name)}.pt")
        files, noise = inputs(name)
        options = OPTIONS.get(zoo.get_spec(name).output.kind, {})
        asked[package(name)] = [list(map(str, files)), noise, options]
    (folder / "asked.json").write_text(json.dumps(asked))
    code = f"SEED, DRAWN = {SEED}, {DRAWN}\n{ALONE}"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=folder, check=True)
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
    kept = safetensors_io.tensors(zoo.fetch(name)[0].with_name("golden.safetensors"))

    output = ejected[2][package(name)]

    assert torch.allclose(output, kept["output"], atol=kept["tolerance"].item())


def plain(value: Any) -> Any:
    """Return an answer of the zoo as the package alone gives it, in JSON."""
    if isinstance(value, Image.Image):
        return [*value.size, hashlib.sha256(value.tobytes()).hexdigest()]
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    return value


def told(ours: Any, theirs: Any) -> Any:
    """Return what the zoo says of what an ejected package says; the zoo knows more."""
    if isinstance(theirs, list):
        several = ours if isinstance(ours, list) else [ours]
        return [told(one, other) for one, other in zip(several, theirs, strict=True)]
    return {name: plain(getattr(ours, name)) for name in theirs}


@pytest.mark.parametrize("name", SHIPPED)
def test_it_answers_as_the_zoo_does(
    name: str, ejected: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    """
    Every example of the model, read and answered by the package alone: the same values.
    """
    files, noise = inputs(name)
    model, found = loaded(name), ejected[1][package(name)]
    options: Any = OPTIONS.get(zoo.get_spec(name).output.kind, {})
    raw = [torch.tensor(noise)] if noise else files

    assert raw
    for one, theirs in zip(raw, found["predict"], strict=True):
        assert told(zoo.predict(model, one, **options), theirs) == theirs


@pytest.mark.parametrize("name", SHIPPED)
def test_it_draws_what_the_zoo_draws(
    name: str, ejected: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    """
    Pictures and texts from nothing, by a seed; a model that draws none has no `sample`.
    """
    model, theirs = loaded(name), ejected[1][package(name)]
    options: Any = dict(OPTIONS.get(zoo.get_spec(name).output.kind, {}))
    options.pop("seed", None)

    assert supports(model, "sample") == ("sample" in theirs)
    if "sample" in theirs:
        found = zoo.sample(model, DRAWN, seed=SEED, **options)
        assert told(found, theirs["sample"]) == theirs["sample"]


@pytest.mark.parametrize("name", SHIPPED)
def test_its_codes_are_those_of_the_zoo(
    name: str, ejected: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    """
    An input's code, and what is left of it there; a model without codes has neither
    function.
    """
    model, theirs = loaded(name), ejected[1][package(name)]

    assert supports(model, "reconstruct") == ("reconstruct" in theirs)
    assert ("encode" in theirs) == ("reconstruct" in theirs)
    for number, left in enumerate(theirs.get("reconstruct", [])):
        one = inputs(name)[0][number]
        assert plain(zoo.encode(model, one)) == theirs["encode"][number]
        assert told(zoo.reconstruct(model, one), left) == left


@pytest.mark.parametrize(
    ("name", "raw", "options"),
    [
        ("word2vec-skipgram", ["king", " "], {}),
        ("word2vec-skipgram", [], {}),
        ("word2vec-skipgram", b"king", {}),
        ("word2vec-skipgram", "king.txt", {}),
        ("word2vec-skipgram", "king", {"top_k": 0}),
        ("rnn-netflix", [[1.0, 2.0]], {}),
        ("rnn-netflix", 7, {}),
        ("attention-eng-fra", "cold " * 200, {}),
        ("attention-eng-fra", "cold", {"beams": 0}),
        ("dcgan-mnist", torch.zeros(3), {}),
    ],
    ids=lambda one: f"{one}"[:20],
)
def test_it_refuses_in_the_words_of_the_zoo(
    name: str,
    raw: Any,
    options: dict[str, Any],
    ejected: tuple[Path, dict[str, Any], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    What is wrong with an input or an option, and which of several inputs it is; but
    that the zoo also draws, where there is no input.
    """
    monkeypatch.syspath_prepend(str(ejected[0]))
    mine = import_module(package(name))

    with pytest.raises(ZooError) as ours:
        zoo.predict(name, raw, **options)
    with pytest.raises(Exception, match=r".") as theirs:
        mine.predict(raw, **options)

    assert type(theirs.value).__name__ == type(ours.value).__name__
    assert str(theirs.value) == str(ours.value).replace(", or None: then it draws", "")


def test_lenet_is_small(tmp_path: Path) -> None:
    """
    Eight files and 700 lines of Python are the whole of it: model, recipe, runtime.
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
    assert lines <= 700


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

    usual = ["numpy>=2.0", "pillow>=13.0", "safetensors>=0.5"]
    assert found["lenet5-mnist"] == [*usual, "torch>=2.9"]
    assert [one.split(">")[0] for one in found["efficientnet-lite0"]] == [
        *("numpy", "pillow", "safetensors", "timm", "torch")
    ]
    assert "pillow>=13.0" not in found["xor-mlp"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_project_declares_what_its_files_import(
    name: str, ejected: tuple[Path, dict[str, Any], dict[str, Any]]
) -> None:
    """
    Every third-party library, also where only a function imports it, and no other.
    """
    folder, imported = ejected[0] / package(name), set[str]()
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).partition(".")[0])
    names = {"PIL": "pillow", "sklearn": "scikit-learn"}
    libraries = {names.get(one, one) for one in imported - sys.stdlib_module_names}
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {
        re.split(r"[<>=]", one)[0] for one in project["project"]["dependencies"]
    }

    assert declared == libraries


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
    module = import_module("zoo.sharing.eject.eject")
    monkeypatch.setattr(module, "INPUTS", {})

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


def test_a_model_without_weights_is_not_ejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The error is that of a load, and no folder is left behind.
    """
    known = discovery.installed()
    bare = replace(known.models["xor-mlp"], weights=None)
    changed = replace(known, models={**known.models, "xor-mlp": bare})
    monkeypatch.setattr(resolve, "installed", lambda: changed)

    with pytest.raises(NoWeights):
        zoo.eject("xor-mlp", tmp_path / "mine")

    assert not list(tmp_path.iterdir())


def test_no_file_of_the_users_is_ejected_as_a_tokenizer(tmp_path: Path) -> None:
    """
    A link out of a stranger's folder, another tokenizer than the pinned one, a pipe.
    """
    theirs, secret = tmp_path / "theirs", tmp_path / "secret"
    zoo.save(zoo.load("gru-imdb"), theirs)
    secret.write_text("mine")
    tokenizer, config = theirs / "tokenizer.json", theirs / "config.json"

    def refused() -> str:
        with pytest.raises(EjectError) as caught:
            zoo.eject(theirs, tmp_path / "ours")
        assert not (tmp_path / "ours").exists()
        return str(caught.value)

    tokenizer.write_text("{}")
    assert refused() == (
        f"{tokenizer} is not the tokenizer that config.json names; nothing was "
        "written. Save the checkpoint again."
    )
    held = json.loads(config.read_text(encoding="utf-8"))
    held["input"]["tokenizer"] = ""
    config.write_text(json.dumps(held), encoding="utf-8")
    tokenizer.unlink()
    tokenizer.symlink_to(secret)
    assert refused() == (
        f"{tokenizer} is a link to {secret}, outside of the checkpoint. Put the file "
        "itself there."
    )
    tokenizer.unlink()
    os.mkfifo(tokenizer)
    assert refused() == (
        f"{tokenizer} can't be read (it is no file); nothing was written."
    )


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


@pytest.mark.parametrize(
    "summary",
    [
        'Fine."""\nopen("ran", "w")\n"""',
        "@OPTIONS@ @SETTINGS@ \\",
        '"\n[tool.other]\nx = "🙂 \\" <b>',
    ],
)
def test_what_a_checkpoint_says_of_itself_is_no_code(
    tmp_path: Path, summary: str
) -> None:
    """
    The summary and the licences of a stranger's config.json are text in the package.
    """
    zoo.save(zoo.load("xor-mlp"), tmp_path / "theirs")
    config = tmp_path / "theirs" / "config.json"
    held = json.loads(config.read_text(encoding="utf-8"))
    held["summary"], held["trained_on"] = summary, ["<b>@NAME@"]
    held["license"]["weights"] = "mit` <b>"
    config.write_text(json.dumps(held), encoding="utf-8")
    folder = zoo.eject(tmp_path / "theirs", tmp_path / "mine")

    tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
    document, *rest = tree.body
    ours = zoo.eject("xor-mlp", tmp_path / "ours")
    expected = ast.parse((ours / "__init__.py").read_text(encoding="utf-8")).body[1:]
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert isinstance(document, ast.Expr)
    assert [ast.unparse(one) for one in rest] == [ast.unparse(one) for one in expected]
    assert project["project"]["description"] == summary.replace("\n", "\\n")
    assert set(project) == {"build-system", "project", "tool"}
    assert set(project["tool"]) == {"setuptools"}
    assert "\n<b>" not in readme
    assert "&lt;b&gt;" in readme or "&lt;b\\>@<!-- -->NAME@" in readme
