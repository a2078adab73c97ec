"""Build, load and save: what comes back, and what a new head changes."""

import copy
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import zoo
from zoo.errors import (
    CheckpointError,
    DeviceError,
    ModelNotFound,
    NoWeights,
    OptionError,
)
from zoo.models import safetensors_io
from zoo.models.metadata import model_metadata
from zoo.models.skip_init import skip_initialization


def test_a_near_miss_is_suggested() -> None:
    """
    A typo in a name gets the name that was meant.
    """
    with pytest.raises(ModelNotFound) as caught:
        zoo.load("lenet-mnist")

    assert str(caught.value).startswith(
        "No model named 'lenet-mnist'. Did you mean 'lenet5-mnist'"
    )


def test_a_folder_loads_like_a_name(folder: Path) -> None:
    """
    A path, a string, and a relative string all name a checkpoint folder.
    """
    given = torch.rand(2, 1, 28, 28)
    found = [zoo.load(folder), zoo.load(str(folder))]

    assert all(torch.equal(model(given), found[0](given)) for model in found)
    assert not found[0].training


def test_the_report_accounts_for_every_tensor(folder: Path) -> None:
    """
    Loaded and fresh together are the model's tensors.
    """
    model = zoo.load(folder)
    report = model_metadata(model).report

    assert report is not None
    assert set(report.loaded) == set(model.state_dict())
    assert report.fresh == report.tied == ()


def test_a_new_head_is_the_only_fresh_part(folder: Path) -> None:
    """
    Labels of another number make a new head; the rest comes from the file.
    """
    base, model = zoo.load(folder), zoo.load(folder, labels=["cat", "dog"])
    report = model_metadata(model).report

    assert report is not None
    assert report.fresh == ("classifier.5.weight", "classifier.5.bias")
    assert model_metadata(model).labels == ("cat", "dog")
    assert torch.equal(model.features[0].weight, base.features[0].weight)
    assert model.classifier[5].weight.std() > 0.01
    assert model_metadata(model).parent == {
        "name": "lenet5-mnist",
        "sha256": report.sha256,
    }


def test_the_same_labels_keep_the_head(folder: Path) -> None:
    """
    Asking for what is there changes nothing.
    """
    model = zoo.load(folder, labels=list("0123456789"))
    report = model_metadata(model).report

    assert report is not None
    assert report.fresh == ()


def test_other_labels_of_the_same_number_make_a_new_head(folder: Path) -> None:
    """
    Ten other things are not the ten digits.
    """
    model = zoo.load(folder, labels=list("abcdefghij"))
    report = model_metadata(model).report

    assert report is not None
    assert len(report.fresh) == 2


def test_a_new_head_is_saved_and_loaded(folder: Path, tmp_path: Path) -> None:
    """
    Labels and parent travel with the checkpoint.
    """
    model = zoo.load(folder, labels=["cat", "dog"])
    again = zoo.load(zoo.save(model, tmp_path / "pets"))

    assert model_metadata(again).labels == ("cat", "dog")
    assert model_metadata(again).parent == model_metadata(model).parent
    assert torch.equal(again.classifier[5].weight, model.classifier[5].weight)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"clases": 3},
            "Model 'lenet5-mnist': no option 'clases'. Did you mean 'classes'? "
            "Options: classes.",
        ),
        (
            {"labels": ["one"]},
            "Model 'lenet5-mnist': ClassOutput: labels=('one',) should be at least "
            "two. Options: labels, classes.",
        ),
        (
            {"labels": ["a", "a"]},
            "Model 'lenet5-mnist': ClassOutput: labels=('a', 'a') should be all "
            "different. Options: labels, classes.",
        ),
    ],
)
def test_wrong_options(options: dict[str, object], message: str) -> None:
    """
    What can't be meant is refused with what could be.
    """
    with pytest.raises(OptionError) as caught:
        zoo.build("lenet5-mnist", **options)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": "ten"}, "classes='ten' should be a whole number of at least 2."),
        ({"classes": 1}, "classes=1 should be a whole number of at least 2."),
        ({"labels": "abc"}, "labels='abc' should be a list of names, in their order."),
        ({"labels": 3}, "labels=3 should be a list of names, in their order."),
        ({"labels": {"a"}}, "labels={'a'} should be a list of names, in their order."),
        (
            {"labels": {"a": 0}},
            "labels={'a': 0} should be a list of names, in their order.",
        ),
    ],
)
def test_labels_that_are_none(options: dict[str, object], message: str) -> None:
    """
    A word is not taken letter by letter, nor a number for a list.
    """
    with pytest.raises(OptionError) as caught:
        zoo.build("lenet5-mnist", **options)

    assert str(caught.value) == (
        f"Model 'lenet5-mnist': {message} Options: labels, classes."
    )


def test_labels_become_text() -> None:
    """
    Numbers are names too.
    """
    assert zoo.build("lenet5-mnist", labels=[1, 2]).zoo.labels == ("1", "2")


def test_a_device_that_is_none(folder: Path) -> None:
    """
    torch's own error is told, and what there is instead.
    """
    with pytest.raises(DeviceError, match=r"^Device .toaster. can.t be used: Exp"):
        zoo.load(folder, device="toaster")


@pytest.mark.parametrize("name", [None, 3, b"lenet5-mnist"])
def test_a_name_that_is_none(name: object) -> None:
    """
    Whatever is asked for, the answer is one of the zoo's errors.
    """
    with pytest.raises(ModelNotFound, match="No model named"):
        zoo.load(name)


def test_a_broken_receipt(folder: Path) -> None:
    """
    The receipt is read when it is asked for; its fault names the file.
    """
    (folder / "run.json").write_text("{")
    model = zoo.load(folder)

    with pytest.raises(CheckpointError, match=r"run\.json can't be read"):
        _ = model.zoo.receipt


def test_a_model_without_a_head_takes_no_labels() -> None:
    """
    Not every model has a part that can be replaced.
    """
    with pytest.raises(OptionError) as caught:
        zoo.build("xor-mlp", labels=["a", "b", "c"])

    assert str(caught.value) == (
        "Model 'xor-mlp': its head can't be replaced, so it takes no labels or "
        "classes. Options: activation."
    )


def test_no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A model without trained weights says how to get some.
    """
    from dataclasses import replace

    from zoo.plugins.discovery import discover

    found = discover()
    bare = replace(found.models["lenet5-mnist"], weights=None)
    known = replace(found, models={"lenet5-mnist": bare})
    monkeypatch.setattr("zoo.artifacts.resolve.installed", lambda: known)

    with pytest.raises(NoWeights) as caught:
        zoo.load("lenet5-mnist")

    assert str(caught.value) == (
        "'lenet5-mnist' has no trained weights. zoo.build('lenet5-mnist') gives the "
        "untrained model; 'zoo train lenet5-mnist' runs its recipe."
    )


def test_half_precision_on_disk(folder: Path, tmp_path: Path) -> None:
    """
    Stored narrow, loaded wide: half the bytes, and the report says so.
    """
    model = zoo.load(folder)
    narrow = zoo.save(model, tmp_path / "narrow", dtype=torch.float16)
    again = zoo.load(narrow)
    report = model_metadata(again).report

    assert report is not None
    assert (narrow / "model.safetensors").stat().st_size < 0.52 * (
        folder / "model.safetensors"
    ).stat().st_size
    assert report.casts["classifier.5.bias"] == "float16 -> float32"
    assert again.classifier[5].bias.dtype == torch.float32


def test_another_type_can_be_asked_for(folder: Path) -> None:
    """
    dtype= converts every float of the model.
    """
    model = zoo.load(folder, dtype=torch.float64)

    assert {p.dtype for p in model.parameters()} == {torch.float64}


def test_equal_weights_are_equal_bytes(folder: Path, tmp_path: Path) -> None:
    """
    Saving twice gives the same file, so a hash can pin it.
    """
    model = zoo.load(folder)
    files = [zoo.save(model, tmp_path / n) / "model.safetensors" for n in "ab"]

    assert files[0].read_bytes() == files[1].read_bytes()


def test_knowledge_survives_wrapping(folder: Path) -> None:
    """
    Deep copies know themselves, and compiled and parallel models are seen through.
    """
    model = zoo.load(folder)
    wrapped = nn.DataParallel(model)
    compiled = torch.compile(model)

    assert model_metadata(copy.deepcopy(model)) == model_metadata(model)
    assert model_metadata(wrapped) is model_metadata(model)
    assert model_metadata(compiled) is model_metadata(model)


def test_a_strangers_module_cannot_be_saved(tmp_path: Path) -> None:
    """
    Without a build function a folder could not be loaded again.
    """
    with pytest.raises(CheckpointError) as caught:
        zoo.save(nn.Linear(2, 2), tmp_path / "stranger")

    assert str(caught.value) == (
        "This Linear was not made by zoo.load or zoo.build, so its build function, "
        "labels and input are unknown."
    )
    assert not list(tmp_path.iterdir())


class Odd(nn.Module):
    """Tied weights, buffers of both kinds, and an RNN with its own list of weights."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4, padding_idx=0)
        self.recur = nn.GRU(4, 4, batch_first=True)
        self.norm = nn.BatchNorm1d(4)
        self.out = nn.Linear(4, 5, bias=False)
        self.out.weight = self.embed.weight
        self.register_buffer("table", torch.arange(6.0).sqrt(), persistent=False)
        nn.init.trunc_normal_(self.embed.weight)

    def forward(self, token: torch.Tensor) -> torch.Tensor:
        found, _ = self.recur(self.embed(token))
        return self.out(self.norm(found[:, -1])) + self.table.sum()


def test_tied_weights_and_buffers(tmp_path: Path) -> None:
    """
    A tied tensor is stored once and tied again; buffers outside the file are computed.
    """
    torch.manual_seed(0)
    saved, path = Odd().eval(), tmp_path / "odd.safetensors"
    saved.norm.running_mean.normal_()
    slots = safetensors_io.slots(saved)
    safetensors_io.write(dict(zip(slots.names(), values(saved), strict=True)), path)
    with skip_initialization():
        read = Odd().eval()
    safetensors_io.read(read, path, safetensors_io.slots(read))
    token = torch.tensor([[1, 2, 3]])

    assert "out.weight" not in slots.names()
    assert read.out.weight is read.embed.weight
    assert torch.equal(read.table, torch.arange(6.0).sqrt())
    assert torch.equal(read(token), saved(token))


def values(model: nn.Module) -> list[torch.Tensor]:
    places = [group[0] for group in safetensors_io.slots(model).places]
    return [getattr(module, attribute) for module, attribute, _ in places]


def test_a_loaded_model_can_be_trained(folder: Path) -> None:
    """
    Mapped weights are the process's own: a step changes them, and not the file.
    """
    before = (folder / "model.safetensors").read_bytes()
    model = zoo.load(folder).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    model(torch.rand(4, 1, 28, 28)).square().sum().backward()
    optimizer.step()

    assert (folder / "model.safetensors").read_bytes() == before
    assert not torch.equal(
        model.features[0].weight, zoo.load(folder).features[0].weight
    )


def test_saving_over_a_checkpoint_keeps_what_is_not_ours(folder: Path) -> None:
    """
    Notes beside the weights survive; the old golden, which is of other weights, goes.
    """
    (folder / "notes.txt").write_text("mine")
    (folder / "more").mkdir()
    (folder / "more" / "deep.txt").write_text("mine too")
    zoo.save(zoo.build("lenet5-mnist"), folder)

    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "more" / "deep.txt").read_text() == "mine too"
    assert not (folder / "golden.safetensors").exists()


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    """
    A checkpoint replaces a checkpoint or nothing.
    """
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(CheckpointError) as caught:
        zoo.save(zoo.build("lenet5-mnist"), tmp_path)

    assert str(caught.value) == (
        f"{tmp_path} holds other files and no checkpoint; nothing was written. "
        "Name a new or empty folder."
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_failed_save_leaves_the_old_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A full disk in the middle of a save costs nothing that was there.
    """
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zoo.models.saving.golden.make_golden", full)

    with pytest.raises(OSError, match="No space left"):
        zoo.save(zoo.load(folder), folder, example=torch.rand(1, 1, 28, 28))

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


SAVES = """
import sys, torch, zoo
torch.manual_seed(1)
model = zoo.build("lenet5-mnist")
print("ready", flush=True)
while True:
    zoo.save(model, sys.argv[1])
"""


def test_a_killed_save_leaves_a_whole_folder(folder: Path) -> None:
    """
    Whenever the process dies, the folder holds the old or the new weights, all of them.
    """
    command = [sys.executable, "-c", SAVES, str(folder)]
    for pause in (0.001, 0.004, 0.01, 0.03):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            os.kill(process.pid, signal.SIGKILL)
        zoo.load(folder, verify="always")


def test_code_never_comes_from_a_folder(folder: Path) -> None:
    """
    A build function outside the installed plugins is not called, or imported.
    """
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config |= {"build": "os:system", "options": {"command": "touch pwned"}}
    config["distribution"] = "zoo-evil"
    path.write_text(json.dumps(config))

    with pytest.raises(CheckpointError) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        f"{folder} was made by 'zoo-evil', which is not installed. "
        "If you trust it, run: pip install zoo-evil"
    )


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{", '{"format": 2}', '{"format": 1}', "[" * 100_000, "\0"],
)
def test_a_config_of_the_wrong_shape(folder: Path, text: str) -> None:
    """
    Whatever is in config.json, the message names the file.
    """
    path = folder / "config.json"
    path.write_text(text)

    with pytest.raises(CheckpointError) as caught:
        zoo.load(folder)

    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "model.onnx",
            "{path} is a file, and a graph that was exported is for onnxruntime: give "
            "the model that it was exported from.",
        ),
        (
            "int8.pt",
            "{path} is a file, and a checkpoint is a folder. 'zoo import-weights' "
            "makes one of weights that another program saved.",
        ),
        (
            "model.safetensors",
            "{path} is a file, and a checkpoint is a folder: give {folder}.",
        ),
    ],
)
def test_a_file_is_no_checkpoint(name: str, problem: str, tmp_path: Path) -> None:
    """
    What it is decides what to do, whatever the verb.
    """
    path = tmp_path / name
    path.write_bytes(b"something")
    for verb in (zoo.load, lambda place: zoo.predict(place, 1)):
        with pytest.raises(CheckpointError) as caught:
            verb(path)

        assert str(caught.value) == problem.format(path=path, folder=tmp_path)


def test_a_folder_with_a_graph_is_no_checkpoint(tmp_path: Path) -> None:
    """
    An export is not read back.
    """
    (tmp_path / "int8.onnx").write_bytes(b"something")

    with pytest.raises(CheckpointError) as caught:
        zoo.load(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path} is not a checkpoint folder: it has no config.json. It holds "
        "int8.onnx, a graph for onnxruntime: give the model that it was exported from."
    )


@pytest.mark.parametrize(
    "verb",
    [zoo.verify, zoo.benchmark, zoo.card, zoo.load, lambda m: zoo.finetune(m, "rows")],
    ids=["verify", "benchmark", "card", "load", "finetune"],
)
def test_a_model_is_no_name(verb: Any) -> None:
    """
    A verb that reads files says which name or folder to give: what has changed in
    memory would be left out without a word.
    """
    with pytest.raises(CheckpointError) as module:
        verb(zoo.build("lenet5-mnist"))
    with pytest.raises(ModelNotFound) as other:
        verb(torch.nn.Linear(1, 1))

    assert str(module.value) == (
        "This is a model, a LeNet5, and its name is needed, or its folder. Give "
        "'lenet5-mnist'; or, if it has changed since it was loaded, save it with "
        "zoo.save, and give that folder."
    )
    assert str(other.value).startswith(
        "No model named 'Linear(in_features=1, out_features=1, bias=True)'. "
    )


def test_a_folder_that_is_no_checkpoint(tmp_path: Path) -> None:
    """
    A path is told from a misspelt name.
    """
    with pytest.raises(CheckpointError) as caught:
        zoo.load(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path} is not a checkpoint folder: it has no config.json."
    )


def test_a_fresh_model_is_built_where_torch_is_told_to() -> None:
    """
    A load is not: its file was written on the CPU, in float32.
    """
    with torch.device("meta"):
        fresh, loaded = zoo.build("mlp-mnist"), zoo.load("mlp-mnist")

    assert {p.device.type for p in fresh.parameters()} == {"meta"}
    assert {p.device.type for p in loaded.parameters()} == {"cpu"}
