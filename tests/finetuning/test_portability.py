"""A fine-tuned model saved, reloaded, published, loaded elsewhere and taught again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from loopback import Hub, connected, environment, hurried
from stripes import CLASSES, stripes

import zoo
from zoo.artifacts import hub_download
from zoo.artifacts.checkpoint_folder import read_config, read_receipt

NAME, REPO = "lenet5-mnist", "alice/stripes"
ELSEWHERE = """
import json, pathlib, sys, warnings
warnings.simplefilter("ignore")  # of trust on first use
import torch, zoo
torch.set_num_threads(1)
address, pictures, more = sys.argv[1:]
def told(model):
    given = sorted(map(str, pathlib.Path(pictures).rglob("*.png")))
    return [one.scores for one in zoo.predict(model, given)]
model = zoo.load(address)
print(json.dumps({
    "labels": model.zoo.labels,
    "input": repr(model.zoo.spec.input),
    "parent": model.zoo.parent,
    "before": told(model),
    "after": told(zoo.finetune(address, more, "again")),
}))
"""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub on this machine, and the genuine client."""
    monkeypatch.setattr(hub_download, "RETRY_DELAY", 0.01)
    monkeypatch.setattr(hub_download, "_last_response", {})
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "cache"))
    home = tmp_path / "home"
    with Hub(tmp_path / "hub") as hub, connected(hub, home), hurried():
        yield hub


def scores(model: Any, folder: Path) -> list[dict[str, float]]:
    """Return what a model says of every picture in a folder."""
    pictures = sorted(str(path) for path in folder.rglob("*.png"))
    return [dict(one.scores) for one in zoo.predict(model, pictures)]


def elsewhere(hub: Hub, home: Path, *arguments: object) -> dict[str, Any]:
    """Run the program above in a process with caches of its own."""
    caches = {"ZOO_CACHE": str(home / "cache"), "PYTHONPATH": ":".join(sys.path)}
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, *map(str, arguments)],
        env=os.environ | environment(hub, home / "hub") | caches,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(
    "freeze", ["backbone", pytest.param("none", marks=pytest.mark.slow)]
)
def test_a_lesson_travels_whole(hub: Hub, tmp_path: Path, freeze: str) -> None:
    """
    Predictions are the same to the bit from the lesson to the folder, from there to the
    Hub and into another process; labels, transforms and parent come along; and what is
    taught to the loaded model there is what is taught to the folder's model here.
    """
    photos = stripes(tmp_path / "photos")
    shown = stripes(tmp_path / "shown", rows=4, seed=1)
    more = stripes(tmp_path / "more", rows=6, seed=2)
    folder = tmp_path / "mine"

    taught = zoo.finetune(NAME, photos, folder, freeze=freeze, epochs=2)
    saved = zoo.save(taught, tmp_path / "saved")
    done = zoo.publish(folder, REPO)
    there = elsewhere(hub, tmp_path / "there", done.address, shown, more)
    again = zoo.finetune(folder, more)

    wanted = scores(taught, shown)
    assert scores(zoo.load(folder), shown) == wanted
    assert scores(zoo.load(saved), shown) == wanted
    assert there["before"] == wanted
    assert there["after"] == scores(again, shown)
    assert tuple(there["labels"]) == CLASSES
    assert there["input"] == repr(zoo.get_spec(NAME).input)
    assert there["parent"]["name"] == NAME


def test_what_is_published_is_the_folder(hub: Hub, tmp_path: Path) -> None:
    """
    Weights, receipt, card and pictures; the card names the parent, and the golden has
    none of the user's pictures in it.
    """
    photos = stripes(tmp_path / "photos")
    folder = tmp_path / "mine"
    zoo.finetune(NAME, photos, folder)

    zoo.publish(folder, REPO)

    there = hub.files(REPO)
    assert there.keys() == {path.name for path in folder.iterdir()}
    assert (
        "It is `lenet5-mnist` with what that data added." in there["README.md"].decode()
    )
    assert read_receipt(folder)["parent"]["name"] == NAME
    assert read_config(folder).weights.sha256 == zoo.load(folder).zoo.report.sha256
    golden = zoo.verify(str(folder))
    assert golden.matches


def test_a_lesson_taught_twice_is_the_same(tmp_path: Path) -> None:
    """
    The same pictures and settings give the same bytes.
    """
    photos = stripes(tmp_path / "photos")

    first, second = (
        zoo.finetune(NAME, photos, freeze="none", epochs=2) for _ in range(2)
    )

    state = second.state_dict()
    assert all(torch.equal(state[k], v) for k, v in first.state_dict().items())
