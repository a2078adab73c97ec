"""`zoo verify`: sound and broken models."""

import json
from pathlib import Path

from command_line import Run

import zoo


def test_verify(run: Run) -> None:
    """
    A sound model is hashed, loaded and replayed, and the status is 0.
    """
    ended = run("verify", "perceptron-iris", "--metric")

    first, *measured = ended.out.splitlines()
    assert ended.status == 0
    assert first.startswith("ok   perceptron-iris: 2 tensors, SHA-256 ")
    assert "..., golden matches, 0 apart (tolerance 0.0001)" in first
    assert measured[0] == (
        "     accuracy on iris test: 1.0000 = 1.0000 (tolerance 1e-06)"
    )


def test_verify_goes_on_after_a_broken_model(run: Run, tmp_path: Path) -> None:
    """
    One model that does not load is told, and the others are still looked at.
    """
    folder = zoo.save(zoo.load("perceptron-iris"), tmp_path / "iris")
    (folder / "model.safetensors").write_bytes(b"x" * 172)

    ended = run("verify", str(folder), "perceptron-iris")
    plain = run("verify", str(folder), "perceptron-iris", "--json")

    assert ended.status == plain.status == 1
    assert ended.err.startswith(f"error: {folder}/model.safetensors has SHA-256 ")
    assert ended.out.startswith("ok   perceptron-iris: ")
    assert [one["passed"] for one in json.loads(plain.out)] == [False, True]
