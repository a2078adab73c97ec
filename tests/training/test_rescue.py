"""A finished training is never lost: whatever fails after it, the weights are kept."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import nn

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.cli import main
from zoo.errors import CheckpointError, TrainingError
from zoo.plugins.discovery import installed
from zoo.training import train as training
from zoo.training.rescue import weights_kept

NAME = "xor-mlp"


def break_measuring(monkeypatch: pytest.MonkeyPatch, exc: BaseException) -> list[Any]:
    """Let what measures a trained model raise; return the models that it was given."""
    given: list[Any] = []

    def measured_by(_spec: object, _recipe: ModuleType, name: str) -> Any:
        def fail(model: nn.Module, *_: object) -> None:
            given.append(model)
            raise exc

        return fail if name == "evaluate" else None

    monkeypatch.setattr(training, "measured_by", measured_by)
    return given


def test_weights_survive_a_metric_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The error says what failed, and where the weights are; they load.
    """
    trained = break_measuring(monkeypatch, ValueError("Needs at least two samples."))

    with pytest.raises(TrainingError) as caught:
        zoo.train(NAME, tmp_path / "run", smoke=True)

    kept = tmp_path / "run-unmeasured"
    assert str(caught.value) == (
        f"{NAME!r} is trained, but what came after that failed (ValueError: Needs at "
        f"least two samples). Its weights are in {kept}: zoo.load({str(kept)!r}) loads "
        "them."
    )
    for key, value in zoo.load(kept).state_dict().items():
        assert torch.equal(value, trained[0].state_dict()[key])


def test_an_interruption_keeps_the_weights_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It stays an interruption, with a note; an earlier rescue is not overwritten.
    """
    break_measuring(monkeypatch, KeyboardInterrupt())
    for number in ("", "-2"):
        with pytest.raises(KeyboardInterrupt) as caught:
            zoo.train(NAME, tmp_path / "run", smoke=True)

        kept = tmp_path / f"run-unmeasured{number}"
        assert caught.value.__notes__[-1].startswith(f"Its weights are in {kept}: ")
        zoo.load(kept)


def test_where_nothing_can_be_written_beside_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The folder for temporary files takes them; a model that was changed by hand is kept
    as its tensors alone.
    """
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    target = tmp_path / "file" / "run"
    (tmp_path / "file").write_text("")

    def fail(model: nn.Module) -> None:
        with weights_kept(model, target):
            raise OSError(28, "No space left on device")

    with pytest.raises(TrainingError, match="zoo-xor-mlp-unmeasured: "):
        fail(zoo.load(NAME))
    changed = zoo.load(NAME)
    changed.extra = nn.Linear(1, 1)
    with pytest.raises(TrainingError, match=r"Its tensors are in .*\.safetensors\."):
        fail(changed)
    assert zoo.load(tmp_path / "zoo-xor-mlp-unmeasured")


def test_a_folder_that_cannot_be_written_is_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Not after hours.
    """
    monkeypatch.setattr(training, "Run", None)  # nothing is trained
    (tmp_path / "file").write_text("")
    target = tmp_path / "file" / "run"

    with pytest.raises(CheckpointError) as caught:
        zoo.train(NAME, target, smoke=True)

    assert str(caught.value) == (
        f"{target} can't be written: what should be a folder above it is a file. Name "
        "a folder that you may write to."
    )


def test_a_run_behind_a_link_is_replaced_where_it_lies(tmp_path: Path) -> None:
    """
    The link stays, and so do the user's files.
    """
    (tmp_path / "disk").mkdir()
    link = tmp_path / "run"
    link.symlink_to("disk")

    zoo.train(NAME, link, smoke=True)

    assert link.is_symlink()
    assert (tmp_path / "disk" / "config.json").is_file()


def test_another_run_is_not_replaced_without_a_word(tmp_path: Path) -> None:
    """
    A folder that is given has to be free, or to be given up with `force`.
    """
    target = tmp_path / "run"
    zoo.train(NAME, target, smoke=True)
    before = (target / "config.json").stat().st_ino

    with pytest.raises(CheckpointError) as caught:
        zoo.train(NAME, target, smoke=True)

    assert str(caught.value) == (
        f"{target} holds a trained model already; nothing was written. Name another "
        "folder, or replace it with --force (force=True)."
    )
    assert (target / "config.json").stat().st_ino == before
    zoo.train(NAME, target, smoke=True, force=True)
    assert (target / "config.json").stat().st_ino != before


def test_the_default_folder_is_numbered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Two runs of one name are both kept; a run that fails leaves no empty folder.
    """
    monkeypatch.chdir(tmp_path)

    made = [zoo.train(NAME, smoke=True) for _ in range(2)]
    break_measuring(monkeypatch, ValueError())
    with pytest.raises(TrainingError, match="runs/xor-mlp-3-unmeasured"):
        zoo.train(NAME, smoke=True)

    assert made == [Path("runs/xor-mlp"), Path("runs/xor-mlp-2")]
    names = {path.name for path in Path("runs").iterdir()}
    assert names == {"xor-mlp", "xor-mlp-2", "xor-mlp-3-unmeasured"}


def test_resume_goes_on_with_the_run_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    It is found by its state, beside runs that came to their end.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("xor-mlp", "xor-mlp-2"):
        (Path("runs") / name).mkdir(parents=True)
    state = Path("runs/.xor-mlp-2.state")
    state.write_bytes(b"")

    assert training._default_folder(Path("runs/xor-mlp"), True) == Path(
        "runs/xor-mlp-2"
    )
    assert training._default_folder(Path("runs/xor-mlp"), False) == Path(
        "runs/xor-mlp-3"
    )
    state.unlink()
    assert training._default_folder(Path("runs/xor-mlp"), True) == Path(
        "runs/xor-mlp-4"
    )


def test_home_is_known_to_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A shell leaves --out=~/x as it is.
    """
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    assert main(["train", NAME, "--smoke", "--out=~/mine"]) == 0
    assert main(["train", NAME, "--smoke", "--out=~/mine"]) == 1

    assert checkpoint_folder.is_checkpoint(tmp_path / "mine")
    assert not (tmp_path / "~").exists()
    assert "replace it with --force" in capsys.readouterr().err


def test_world_size_that_is_no_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A launcher's variable that something else has set.
    """
    monkeypatch.setenv("WORLD_SIZE", "abc")

    with pytest.raises(TrainingError) as caught:
        zoo.train(NAME, tmp_path / "run", smoke=True)

    assert str(caught.value) == (
        "WORLD_SIZE='abc' is not a number of processes. torchrun and 'accelerate "
        "launch' set it; unset it to train in one process."
    )


def test_weights_that_are_too_large_to_be_stored_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What float16 can't hold would be infinite: it is said before the test rows are read,
    and the weights are kept as they were trained.
    """
    spec = zoo.get_spec(NAME)
    recipe = import_module(spec.recipe or "")
    trained, data = recipe.train, recipe.data
    read: list[str] = []

    def noted(run: Any, split: str) -> Any:
        read.append(split)
        return data(run, split)

    def exploded(*given: Any) -> nn.Module:
        model: nn.Module = trained(*given)
        with torch.no_grad():
            model.get_parameter("hidden.weight").mul_(1e6)
        return model

    monkeypatch.setattr(recipe, "train", exploded)
    monkeypatch.setattr(recipe, "data", noted)
    narrow = replace(spec, stored="float16")
    monkeypatch.setitem(installed().models, NAME, narrow)

    with pytest.raises(TrainingError) as caught:
        zoo.train(NAME, tmp_path / "run", smoke=True)

    kept = tmp_path / "run-unmeasured"
    assert str(caught.value) == (
        f"{NAME!r} is trained, but what came after that failed (Tensor 'hidden.weight' "
        "has values that torch.float16 can't hold. The model is stored in it, by "
        "stored= of its spec: train with weight decay or a lower learning rate, or "
        "store it in float32. The test rows were not read). Its weights are in "
        f"{kept}: zoo.load({str(kept)!r}) loads them."
    )
    assert read == ["train"]
    assert zoo.load(kept).get_parameter("hidden.weight").abs().max() > 65_504
