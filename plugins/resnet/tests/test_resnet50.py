"""ResNet-50 from a file of timm's on a Hub, with a new head, taught photographs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from datasets import DatasetDict
from loopback import Hub
from pinned import pinned
from safetensors.torch import load_file, save_file
from timm.optim import param_groups_layer_decay
from torch import Tensor, nn

import zoo
from zoo.artifacts import checked_file
from zoo.errors import DataError
from zoo.finetuning.finetune import finetune_by_name
from zoo.finetuning.strategies import Settings, parameter_groups, prepare
from zoo.models.freeze import frozen
from zoo.runtime import optim

NAME, REPO = "resnet50", "timm/resnet50.a1_in1k"
RECIPE: dict[str, Any] = {  # the course's: SGD with Nesterov's momentum, all else still
    "freeze": "backbone",
    "optimizer": "nag",
    "lr": 0.01,
    "epochs": 2,
    "batch_size": 4,
    "augment": "flip",
}
NOTEBOOKS = Path(__file__).parents[3] / "docs" / "notebooks" / "course"
HEAD = {"fc.weight", "fc.bias"}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as timm puts it on the Hub: 102 MB, names and shapes of resnet50."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("timm") / "model.safetensors"
    tensors = timm.create_model("resnet50").state_dict()
    save_file({k: v.contiguous() for k, v in tensors.items()}, path)
    return path


@pytest.fixture
def hub(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub that has the file, and a spec that knows its size and SHA-256."""
    with pinned(NAME, file, REPO, tmp_path, monkeypatch) as hub:
        yield hub


def photographs(training: int, test: int) -> DatasetDict:
    """Return a few ants and bees, half of each."""
    parts = {}
    for split, count in (("train", training), ("test", test)):
        try:
            rows = zoo.load_dataset("hymenoptera", split)
        except DataError:
            pytest.skip("ZOO_DATA holds no hymenoptera")
        ends = [*range(count // 2), *range(len(rows) - count // 2, len(rows))]
        parts[split] = rows.select(ends)
    return DatasetDict(parts)


def changed(model: nn.Module, before: dict[str, Tensor]) -> set[str]:
    """Return the tensors of a model that are not as in a file."""
    return {
        name
        for name, one in model.state_dict().items()
        if name not in before or not torch.equal(one, before[name])
    }


def test_only_the_head_is_fresh(hub: Hub, file: Path) -> None:
    """
    The report names the two tensors, the rest is timm's to the bit, and the names and
    shapes are those of timm's own model of two classes.
    """
    with torch.device("meta"):
        theirs = timm.create_model("resnet50", num_classes=2).state_dict()

    model = zoo.load(NAME, classes=2)

    report = model.zoo.report
    assert set(report.fresh) == HEAD
    assert report.sha256 == checked_file.sha256_of(file)
    assert changed(model, load_file(file)) == HEAD
    shapes = {name: one.shape for name, one in model.state_dict().items()}
    assert shapes == {name: one.shape for name, one in theirs.items()}
    assert hub.count("GET", r"/resolve/.*model\.safetensors") == 1


@torch.inference_mode()
def test_it_leaves_the_zoo_with_its_own_code_alone(
    hub: Hub, file: Path, tmp_path: Path
) -> None:
    """
    `zoo eject` copies one file of the plugin and the runtime; in a process without the
    zoo's code it gives the logits of timm's model.
    """
    theirs = timm.create_model("resnet50").eval()
    theirs.load_state_dict(load_file(file))
    given = torch.randn(1, 3, 64, 64)
    save_file({"given": given}, tmp_path / "given.safetensors")

    folder = zoo.eject(NAME, tmp_path / "mine")

    code = (
        "import sys, torch, mine; from safetensors.torch import load_file, save_file; "
        "given = load_file('given.safetensors')['given']; "
        "torch.set_grad_enabled(False); "
        "save_file({'logits': mine.load()(given)}, 'logits.safetensors'); "
        "print([name for name in ('zoo', 'zoo_resnet', 'timm') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )
    logits = load_file(tmp_path / "logits.safetensors")["logits"]
    assert done.stdout == "[]\n"
    assert torch.allclose(logits, theirs(given), atol=1e-5)
    assert (folder / "resnet.py").is_file()
    assert "timm" not in (folder / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.data
def test_the_courses_recipe_moves_the_head_and_nothing_else(
    hub: Hub, file: Path, tmp_path: Path
) -> None:
    """
    Two epochs with a frozen body: every tensor of the body is as in the file, the
    statistics of its normalisations too; the folder loads in timm's own model, which
    then says the same.
    """
    rows = photographs(8, 4)

    model = zoo.finetune(NAME, rows, tmp_path / "mine", **RECIPE)

    theirs = timm.create_model("resnet50", num_classes=2).eval()
    theirs.load_state_dict(load_file(tmp_path / "mine" / "model.safetensors"))
    given = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(model(given), theirs(given), atol=1e-5)
    assert changed(model, load_file(file)) == HEAD
    assert model.zoo.labels == ("ants", "bees")
    assert model.zoo.parent is not None
    assert model.zoo.parent["name"] == NAME
    assert zoo.predict(tmp_path / "mine", rows["test"]["image"][0]).label in {
        *("ants", "bees")
    }


@pytest.mark.slow
@pytest.mark.data
def test_the_named_recipe_teaches_a_head_on_these_layers(
    hub: Hub, file: Path, tmp_path: Path
) -> None:
    """
    One epoch on all photographs: the body is the file's, and the folder says whose.
    """
    photographs(2, 2)  # or the test is skipped
    zoo.train("resnet50-transfer", tmp_path / "run", settings={"epochs": 1})

    model = zoo.load(tmp_path / "run")

    assert changed(model, load_file(file)) == HEAD
    assert model.zoo.labels == ("ants", "bees")
    assert model.zoo.parent is not None
    assert model.zoo.parent["name"] == NAME


@pytest.mark.data
def test_the_recipe_takes_the_epochs_it_is_given(hub: Hub) -> None:
    """
    Small steps, though the exact head would be quicker; and both are told of.
    """
    lesson = finetune_by_name(NAME, photographs(8, 4), settings=RECIPE)

    assert [row["epoch"] for row in lesson.run.history] == [1.0, 2.0]
    assert lesson.settings.optimizer == "nag"
    assert "a linear probe from zeros" in lesson.run.baselines


def test_the_recipe_has_one_rate_and_momentum() -> None:
    """
    A frozen body has no gradient and no place in the optimizer: only the head has, at
    the rate of the recipe, with Nesterov's momentum.
    """
    with torch.device("meta"):
        model = zoo.build(NAME, classes=2)
    chosen = Settings(**RECIPE)

    prepare(model, chosen)
    optimizer = optim.optimizer(
        "nag", parameter_groups(model, chosen), chosen.rate, weight_decay=1e-6
    )

    (group,) = optimizer.param_groups
    named = dict(model.named_parameters())
    assert {id(one) for one in group["params"]} == {id(named[name]) for name in HEAD}
    assert (group["lr"], group["momentum"], group["nesterov"]) == (0.01, 0.9, True)
    assert set(frozen(model)) == named.keys() - HEAD
    model.train()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 53
    assert not any(norm.training for norm in norms)


def test_rates_fall_by_block_as_timms_do() -> None:
    """
    Where all of it learns, each of timm's layer groups has timm's share of the rate.
    """
    chosen = Settings(freeze="none", lr=1.0, layer_lr_decay=0.7)
    with torch.device("meta"):
        model = zoo.build(NAME, classes=2)
        theirs = timm.create_model("resnet50", num_classes=2)

    groups = parameter_groups(model, chosen)

    wanted = rates(
        theirs, param_groups_layer_decay(theirs, layer_decay=0.7), "lr_scale"
    )
    assert rates(model, groups, "lr") == pytest.approx(wanted)
    assert len(set(wanted.values())) == 18  # the stem, 16 blocks and the head


def rates(model: nn.Module, groups: list[dict[str, Any]], key: str) -> dict[str, float]:
    names = {id(one): name for name, one in model.named_parameters()}
    return {names[id(one)]: group[key] for group in groups for one in group["params"]}


@pytest.mark.slow
def test_the_notebook_of_transfer_learning_takes_resnet50_where_a_hub_has_it(
    hub: Hub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    All its cells of Python run in turn, say that this is the backbone, and get its file
    once; a folder with the new head is left.
    """
    monkeypatch.chdir(tmp_path)
    path = NOTEBOOKS / "transfer-learning.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    known: dict[str, Any] = {}
    for source in code:
        if not source.startswith(("%", "!")):
            exec(compile(source, path.name, "exec"), known)

    assert "backbone: resnet50" in capsys.readouterr().out
    assert hub.count("GET", r"/resolve/.*model\.safetensors") == 1
    config = json.loads(Path("runs/transfer/config.json").read_text(encoding="utf-8"))
    assert config["build"] == zoo.get_spec(NAME).build
