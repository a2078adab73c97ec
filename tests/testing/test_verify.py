"""A golden that replays, and what is told when it does not."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import zoo
from zoo.artifacts import checkpoint_folder
from zoo.errors import CheckpointError
from zoo.models import golden, saving
from zoo.testing import verify


def test_an_untouched_checkpoint_passes(folder: Path) -> None:
    """
    It loads, it was hashed, and its golden replays.
    """
    seen = zoo.verify(folder)

    assert seen.passed
    assert seen.matches
    assert seen.tensors == 10
    assert seen.first_layer is None


def test_a_mismatch_names_the_first_layer_and_keeps_both(
    folder: Path, tmp_path: Path
) -> None:
    """
    Another second convolution: the first one agrees, so the second is named.
    """
    path = folder / "model.safetensors"
    tensors = load_file(path)
    tensors["features.3.weight"] += 0.1
    save_file(tensors, path, metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    found = checkpoint_folder.weights_pin(folder)
    config["weights"] |= {"size": found.size, "sha256": found.sha256}
    (folder / "config.json").write_text(json.dumps(config))
    seen = zoo.verify(folder, keep=tmp_path / "kept")

    assert not seen.passed
    assert seen.first_layer == "features.3"
    assert seen.kept is not None
    kept = load_file(seen.kept)
    gap = (kept["expected"] - kept["found"]).abs().max().item()
    assert gap == pytest.approx(seen.difference)


def test_a_golden_is_made_of_what_is_stored(folder: Path, tmp_path: Path) -> None:
    """
    With weights stored narrow, the golden is the narrow model's and replays exactly.
    """
    model = zoo.load(folder)
    narrow = saving.save(
        model,
        tmp_path / "narrow",
        example=torch.rand(2, 1, 28, 28),
        dtype=torch.float16,
    )
    replay = golden.replay(zoo.load(narrow), narrow / "golden.safetensors")

    assert replay.matches
    assert replay.difference == 0


def test_nan_never_matches(folder: Path) -> None:
    """
    A model that answers NaN differs from everything, NaN included.
    """
    model = zoo.load(folder)
    with torch.no_grad():
        model.classifier[5].bias[0] = float("nan")
    replay = golden.replay(model, folder / "golden.safetensors")

    assert not replay.matches
    assert replay.first == "classifier.5"


def test_an_untrue_claim_is_seen(tmp_path: Path) -> None:
    """
    A metric that can't be measured again within its tolerance fails the check.
    """
    folder = zoo.train("perceptron-gates", tmp_path / "gates")
    true = zoo.verify(folder, metric=True)
    receipt = json.loads((folder / "run.json").read_text())
    receipt["metrics"][0]["value"] = 0.5
    (folder / "run.json").write_text(json.dumps(receipt))
    untrue = zoo.verify(folder, metric=True)
    receipt["metrics"][0]["tolerance"] = 1.0  # how far it may lie is not its to say
    (folder / "run.json").write_text(json.dumps(receipt))
    with pytest.raises(CheckpointError, match=r"unknown entry 'tolerance' in metrics"):
        zoo.verify(folder, metric=True)

    assert true.passed
    assert not untrue.passed
    assert (untrue.metrics[0].claimed, untrue.metrics[0].found) == (0.5, 1.0)


def test_a_verification_is_plain_data(folder: Path) -> None:
    """
    `zoo verify --json` prints what `to_dict` gives.
    """
    plain = json.loads(json.dumps(zoo.verify(folder).to_dict()))

    assert plain["passed"] is True
    assert plain["name"] == "lenet5-mnist"


def test_a_golden_does_not_set_its_own_tolerance(folder: Path) -> None:
    """
    Its file is not pinned: one that allows everything is held to the zoo's bound.
    """
    path = folder / "golden.safetensors"
    tensors = load_file(path)
    tensors["output"] += 5
    for allowed in (1e30, float("inf"), float("nan")):
        tensors["tolerance"] = torch.tensor(allowed, dtype=torch.float64)
        save_file(tensors, path, metadata={"format": "pt"})

        seen = zoo.verify(folder)

        assert not seen.matches
        assert seen.difference == pytest.approx(5, abs=1e-3)
    del tensors["tolerance"]
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(CheckpointError) as caught:
        zoo.verify(folder)
    assert str(caught.value) == f"{path} is not a golden: it has no 'tolerance'."


def test_a_receipt_does_not_set_the_tolerance_of_its_claims() -> None:
    """
    A claim of .99 is not met by .10, whatever the file allows.
    """
    row = {"name": "accuracy", "value": 0.99, "dataset": "mnist", "split": "test"}

    (claim,) = verify._claims({"metrics": [row | {"tolerance": 0.89}]})

    assert claim.tolerance == 1e-4
    with pytest.raises(CheckpointError, match="does not say what was measured"):
        verify._claims({"metrics": [{"name": "accuracy"}]})
