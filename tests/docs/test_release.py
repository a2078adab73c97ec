"""A release, rehearsed: an index and a Hub on this machine instead of the real ones."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from loopback import Hub, environment
from wheels import borrow, index, wheel

ROOT = Path(__file__).resolve().parents[2]
PUBLISH = [sys.executable, str(ROOT / "scripts" / "publish_all.py")]
USE = """
import sys, zoo
model = zoo.load(sys.argv[1])
assert zoo.verify(sys.argv[1]).sha256 == sys.argv[2]
print(zoo.__file__, zoo.predict(model, [0, 1]).label)
"""


@pytest.mark.slow
def test_what_is_released_is_installed_and_loaded(tmp_path: Path) -> None:
    """
    From the index: the core and a plugin, whose model answers. From the Hub: the same
    model by the pin that publishing has printed.
    """
    (tmp_path / "wheels").mkdir()
    folders = (ROOT, ROOT / "plugins" / "perceptron")
    built = [wheel(folder, tmp_path / "wheels") for folder in folders]
    home = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
    site = next(home.glob("lib/*/site-packages"))
    with index(tmp_path / "index", built) as url:
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "--python", home / "bin" / "python"),
                *("install", "-q", "--isolated", "--no-deps", "--index-url", url),
                *("zoo-core", "zoo-perceptron"),
            ],
            check=True,
        )
    borrow(site)
    with Hub(tmp_path / "hub") as hub:
        theirs = os.environ | environment(hub, tmp_path / "home")
        theirs |= {"ZOO_CACHE": str(tmp_path / "cache"), "PYTHONPATH": ""}
        published = subprocess.run(
            [*PUBLISH, "--organisation", "alice", "--only", "xor-mlp"],
            env=os.environ | environment(hub, tmp_path / "home"),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        pin = re.search(r'sha256="(\w{64})".*revision="(\w{40})"', published)
        assert pin is not None, published
        answers = []
        for place in ("xor-mlp", f"hf://alice/xor-mlp@{pin[2]}"):
            done = subprocess.run(
                [home / "bin" / "python", "-W", "ignore", "-c", USE, place, pin[1]],
                env=theirs,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=True,
            )
            answers.append(done.stdout.split())

    assert [answer for _, answer in answers] == ["true", "true"]
    assert all(Path(file).is_relative_to(site) for file, _ in answers)
