"""Wrong weights never reach a model: each fault is refused, by name and cause."""

import json
import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import zoo
from zoo._utils import paths
from zoo.artifacts import checked_file, checkpoint_folder
from zoo.errors import (
    CheckpointError,
    IntegrityError,
    MisfitError,
    NotSafetensors,
    WeightsError,
)

Tensors = dict[str, torch.Tensor]


def stamps() -> set[str]:
    """Return the names of the stamps in the cache."""
    return {path.name for path in (paths.cache_dir() / "stamps").glob("*")}


def rewrite(folder: Path, change: Callable[[Tensors], object]) -> Path:
    """Change the tensors of a checkpoint, and pin what came out."""
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata={"format": "pt"})
    pin(folder)
    return path


def pin(folder: Path) -> None:
    """Let config.json describe the weights file as it is now."""
    config = json.loads((folder / "config.json").read_text())
    found = checkpoint_folder.weights_pin(folder)
    config["weights"] |= {"size": found.size, "sha256": found.sha256}
    (folder / "config.json").write_text(json.dumps(config))


def test_a_flipped_byte(folder: Path) -> None:
    """
    One bit is enough, and nothing is remembered of the file.
    """
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    before = stamps()

    with pytest.raises(IntegrityError) as caught:
        zoo.load(folder)

    pinned = checkpoint_folder.read_config(folder).weights.sha256
    found = checked_file.sha256_of(path)
    assert str(caught.value) == (
        f"{path} has SHA-256 {found[:12]}..., but {pinned[:12]}... is pinned. "
        "Save the checkpoint again, or get another copy of the folder."
    )
    assert stamps() == before


def test_a_truncated_file(folder: Path) -> None:
    """
    The size alone tells, before anything is read.
    """
    path = folder / "model.safetensors"
    size = path.stat().st_size
    os.truncate(path, size - 100)

    with pytest.raises(IntegrityError) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        f"{path} has {size - 100:,} bytes, but {size:,} are pinned. "
        "Save the checkpoint again, or get another copy of the folder."
    )


def test_a_missing_file(folder: Path) -> None:
    """
    The folder is named, not a system error.
    """
    path = folder / "model.safetensors"
    path.unlink()

    with pytest.raises(CheckpointError) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        f"{path} is missing. "
        "Save the checkpoint again, or get another copy of the folder."
    )


def test_a_renamed_tensor(folder: Path) -> None:
    """
    Both halves of the fault are told: what is missing, and what is there instead.
    """

    def rename(tensors: Tensors) -> None:
        tensors["classifier.5.w"] = tensors.pop("classifier.5.weight")

    path = rewrite(folder, rename)

    with pytest.raises(MisfitError) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        f"{path} does not fit LeNet5: tensor 'classifier.5.weight' is missing; tensor "
        "'classifier.5.w' is unexpected. Nothing was loaded; the file was made for "
        "another version or another configuration of the model."
    )


def test_an_extra_tensor(folder: Path) -> None:
    """
    A tensor without a place is a fault too: it was meant for something.
    """
    rewrite(folder, lambda tensors: tensors.update(extra=torch.zeros(3)))

    with pytest.raises(MisfitError, match="tensor 'extra' is unexpected"):
        zoo.load(folder)


def test_a_wrong_shape(folder: Path) -> None:
    """
    The shape found and the shape wanted are both told.
    """
    rewrite(
        folder, lambda tensors: tensors.update({"classifier.5.bias": torch.zeros(7)})
    )

    with pytest.raises(
        MisfitError, match=r"'classifier.5.bias' has shape \(7,\) instead of \(10,\)"
    ):
        zoo.load(folder)


def test_a_wrong_type(folder: Path) -> None:
    """
    Floats are converted to floats; whole numbers in their place are a fault.
    """
    whole = torch.zeros(10, dtype=torch.int64)
    rewrite(folder, lambda tensors: tensors.update({"classifier.5.bias": whole}))

    with pytest.raises(
        MisfitError, match=r"'classifier\.5\.bias' has type int64 instead of float32"
    ):
        zoo.load(folder)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_with_the_right_name(folder: Path, protocol: int) -> None:
    """
    A pickle is refused unread, even where its hash is pinned.
    """
    path = folder / "model.safetensors"
    path.write_bytes(pickle.dumps({"weights": [1, 2, 3]}, protocol=protocol))
    pin(folder)

    with pytest.raises(NotSafetensors) as caught:
        zoo.load(folder)

    assert str(caught.value) == (
        f"{path} is not a safetensors file: it is a pickle. The zoo reads no other "
        "format, and never a pickle."
    )


def test_a_torch_file_with_the_right_name(folder: Path) -> None:
    """
    What torch.save writes is a pickle in a zip.
    """
    path = folder / "model.safetensors"
    torch.save({"weights": torch.zeros(3)}, path)
    pin(folder)

    with pytest.raises(NotSafetensors, match="it is a pickle"):
        zoo.load(folder)


@pytest.mark.parametrize(
    "content", [b"x", b"\0" * 64, b"\xff" * 64, b"<html>not found</html>" * 9]
)
def test_a_file_of_rubbish(folder: Path, content: bytes) -> None:
    """
    Whatever is in it, the message names the file.
    """
    path = folder / "model.safetensors"
    path.write_bytes(content)
    pin(folder)

    with pytest.raises(NotSafetensors, match="is not a safetensors file"):
        zoo.load(folder)


def test_a_refused_load_is_refused_again(folder: Path) -> None:
    """
    No stamp vouches for a file that failed, however often it is asked for.
    """
    path = folder / "model.safetensors"
    path.write_bytes(b"\0" * path.stat().st_size)

    for _ in range(3):
        with pytest.raises(WeightsError):
            zoo.load(folder)


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A checkpoint that is big enough, and old enough, for a stamp."""
    folder = zoo.save(zoo.build("mlp-mnist", hidden=(700,)), tmp_path / "big")
    time.sleep(2 * checked_file.FINE_TICK / 1e9)
    return folder


def test_a_big_file_is_hashed_once(big: Path) -> None:
    """
    The second load trusts the stamp of the first, and says so.
    """
    first, again, always = (
        zoo.load(big, verify=verify).zoo.report.hashed
        for verify in ("stamp", "stamp", "always")
    )

    assert (first, again, always) == (True, False, True)


def test_a_file_of_this_moment_gets_no_stamp(
    big: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Within one tick of the clock it could be written again, and have the same times.
    """
    monkeypatch.setattr(checked_file, "FINE_TICK", 3600 * 10**9)

    assert zoo.load(big).zoo.report.hashed
    assert zoo.load(big).zoo.report.hashed


def test_a_stamp_does_not_outlive_its_file(big: Path) -> None:
    """
    A changed byte is seen even when the times are put back as they were.
    """
    path = big / "model.safetensors"
    zoo.load(big)
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    with pytest.raises(IntegrityError):
        zoo.load(big)


def test_a_cache_that_cannot_be_written(
    big: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Without a place for stamps a load is slower, not impossible.
    """
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "file"))

    assert zoo.load(big).zoo.report.hashed
    assert zoo.load(big).zoo.report.hashed
