"""The page about signatures: a tool that is not ours signs a checkpoint folder."""

import shutil
import subprocess
from pathlib import Path

import pytest
from documents import lines

import zoo
from zoo.artifacts import weight_store

PAGE = "docs/guides/signing.md"


@pytest.mark.skipif(
    not shutil.which("model_signing"), reason="model-signing is not installed"
)
def test_a_signed_folder_loads_and_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The lines of the page run in their order; a changed file is then refused by both.
    """
    monkeypatch.chdir(tmp_path)
    shipped = weight_store.shipped_checkpoint(zoo.get_spec("xor-mlp"))
    shutil.copytree(shipped, "runs/xor")
    sign = [line for line in lines("text", PAGE) if not line.startswith("pip ")]

    for line in sign:
        subprocess.run(line, shell=True, check=True)
    (tmp_path / "runs" / "xor" / "config.json").write_text("{}")

    assert subprocess.run(sign[-1], shell=True).returncode != 0
    with pytest.raises(zoo.errors.CheckpointError):
        zoo.load("runs/xor")
