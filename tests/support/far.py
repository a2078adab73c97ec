"""A plugin whose weights lie on a Hub, and a repository beside it: both for one test.

The plugin is a genuine one: a package and its metadata, found as every other.
"""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from loopback import Hub, connected, environment, guarded, hurried
from safetensors.torch import save

import zoo
from zoo.artifacts import hub_download as hub
from zoo.plugins import discovery

NAME = "far-line"  # the model of the plugin
REPO = "alice/line"  # where its weights lie
GATES = "hf://alice/gates"  # a checkpoint folder of another plugin's model
WEIGHTS = save({"weight": torch.tensor([[2.0, 3.0]]), "bias": torch.tensor([1.0])})
OTHER = save({"weight": torch.tensor([[9.0, 9.0]]), "bias": torch.tensor([9.0])})
SPEC = """
from zoo import Column, License, ModelSpec, Namespace, NumberOutput, TabularInput
from zoo import Weights, hookimpl

@hookimpl
def zoo_models():
    columns = (Column(name="a", low=0, high=1), Column(name="b", low=0, high=1))
    return [
        ModelSpec(
            name="far-line", summary="A line.", task="tabular-regression",
            build="zoo_far.model:make", recipe="zoo_far.recipe", card="card.md",
            license=License(code="mit", weights="mit", data="unknown"), parameters=3,
            input=TabularInput(columns=columns), output=NumberOutput(name="y"),
            trained_on=(), weights=Weights(**WEIGHTS),
        )
    ]
"""
NAMESPACE = """
@hookimpl
def zoo_namespaces():
    return [
        Namespace(
            prefix="far", summary="Lines.", resolve="zoo_far.bridge:resolve",
            names="zoo_far.bridge:names", build="zoo_far.model:make",
        )
    ]
"""
BRIDGE = """
from dataclasses import replace

from zoo import Weights
from zoo.errors import ModelNotFound
from zoo_far import zoo_models

NAMES = {"line.v1": "alice/line", "line.v2": "alice/line2"}

def names():
    return list(NAMES)

def resolve(name):
    (spec,) = zoo_models()
    if name == "misnamed":
        return spec
    if name == "failing":
        raise ValueError("no such luck")
    if name not in NAMES:
        raise ModelNotFound(f"far/{name}", [f"far/{one}" for one in NAMES])
    pin = Weights(size=None, sha256=None, repo=NAMES[name], revision="main")
    return replace(spec, name=f"far/{name}", recipe=None, weights=pin)
"""
MODEL = "from torch import nn\n\ndef make():\n    return nn.Linear(2, 1)\n"


@dataclass
class Far:
    """A loopback Hub, the plugin, and where this machine keeps things."""

    hub: Hub
    root: Path
    patch: pytest.MonkeyPatch
    commit: str = ""  # of the plugin's weights
    pin: dict[str, Any] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        """The zoo's own cache."""
        return self.root / "zoo"

    @property
    def scratch(self) -> Path:
        """The folder from which the plugin is imported."""
        return self.root / "site"

    def install(self, version: str = "1.0", **changes: Any) -> None:
        """Install the plugin; its pin differs by `changes` from the truth."""
        pin = self.pin | changes
        package, about = self.scratch / "zoo_far", self.scratch / "zoo_far.dist-info"
        for folder in (package, about):
            folder.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(
            f"{SPEC}\n{NAMESPACE}\nWEIGHTS = {pin!r}\n"
        )
        (package / "bridge.py").write_text(BRIDGE)
        (package / "model.py").write_text(MODEL)
        head = "Metadata-Version: 2.1\nName: zoo-far"
        (about / "METADATA").write_text(f"{head}\nVersion: {version}\n")
        (about / "entry_points.txt").write_text("[zoo]\nfar = zoo_far\n")
        self.patch.syspath_prepend(str(self.scratch))
        forget()

    def uninstall(self) -> None:
        """Take the plugin off the path."""
        self.patch.setattr(sys, "path", [p for p in sys.path if p != str(self.scratch)])
        forget()

    def only(self, *names: str) -> None:
        """Let --all mean these models, and one without weights."""
        specs = [zoo.get_spec(name) for name in names]
        bare = replace(specs[0], name="bare", weights=None)
        self.patch.setattr("zoo.plugins.catalog.search", lambda: [*specs, bare])

    def publish(self, size: int = 2, **options: Any) -> str:
        """Put a checkpoint of xor-mlp on the Hub's main branch; return the commit."""
        torch.manual_seed(size)
        folder = zoo.save(zoo.build("xor-mlp", **options), self.root / "gates")
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        files["run.json"] = b'{"settings": {"lr": 1}}'
        return self.hub.put("alice/gates", files)

    def rewrite(self, content: bytes) -> None:
        """Change the plugin's weights on the Hub without a new commit."""
        changed = self.hub.objects.keep("model.safetensors", content, large=True)
        files: Any = self.hub.repository(REPO).commits[self.commit].files
        files["model.safetensors"] = changed

    def on(self, home: str, **variables: str) -> AbstractContextManager[None]:
        """Talk to the Hub with another cache of its client."""
        return connected(self.hub, self.root / home, **variables)

    def offline(self, home: str = "nothing") -> AbstractContextManager[None]:
        """Be on a machine with no network, and with an empty cache."""
        return self.on(home, HF_HUB_OFFLINE="1")

    def variables(self, home: str = "nothing") -> dict[str, str]:
        """Return the environment of a process of its own that is offline."""
        return environment(self.hub, self.root / home) | {
            "HF_HUB_OFFLINE": "1",
            "ZOO_CACHE": str(self.cache),
            "PYTHONPATH": ":".join([str(self.scratch), *sys.path]),
        }


def forget() -> None:
    """Look for plugins again at the next look-up."""
    for name in ("zoo_far", "zoo_far.model", "zoo_far.bridge"):
        sys.modules.pop(name, None)
    discovery.installed.cache_clear()


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    """A Hub with the plugin's weights, the plugin, and empty caches."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("ZOO_CACHE", str(tmp_path / "zoo"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    for name in ("ZOO_STORE", "ZOO_LOCK", "ZOO_LICENSES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(hub, "RETRY_DELAY", 0.01)
    monkeypatch.setattr(hub, "_last_response", {})
    with (
        Hub(tmp_path / "hub") as server,
        connected(server, tmp_path / "home"),
        guarded(),
        hurried(),
    ):
        commit = server.put(REPO, {"model.safetensors": WEIGHTS})
        found = Far(server, tmp_path, monkeypatch, commit)
        found.pin = {
            "size": len(WEIGHTS),
            "sha256": hashlib.sha256(WEIGHTS).hexdigest(),
            "repo": REPO,
            "revision": commit,
        }
        found.install()
        yield found
    monkeypatch.undo()
    forget()
