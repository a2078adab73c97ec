"""A registered model whose pinned weights lie on a loopback Hub, for one test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import Hub, connected, hurried

from zoo.artifacts import checked_file
from zoo.artifacts import hub_download as client
from zoo.plugins import discovery
from zoo.specs import Weights


@contextmanager
def pinned(
    name: str, file: Path, repo: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Hub]:
    """Serve a safetensors file as the weights of a model.

    The spec of `name` gets the size and the SHA-256 of the file. `folder` is an empty
    one of the test, for the Hub, its client and the zoo's cache.
    """
    monkeypatch.setattr(client, "RETRY_DELAY", 0.01)
    monkeypatch.setattr(client, "_last_response", {})
    monkeypatch.setenv("ZOO_CACHE", str(folder / "cache"))
    with (
        Hub(folder / "hub") as hub,
        connected(hub, folder / "home"),
        hurried(),
    ):
        content = file.read_bytes()
        commit = hub.put(repo, {"model.safetensors": content, "config.json": b"{}"})
        pin = Weights(
            size=len(content),
            sha256=checked_file.sha256_of(file),
            repo=repo,
            revision=commit,
        )
        found = discovery.installed()
        spec = replace(found.models[name], weights=pin)
        again = replace(found, models={**found.models, name: spec})
        for module in ("zoo.artifacts.resolve", "zoo.plugins.discovery"):
            monkeypatch.setattr(f"{module}.installed", lambda: again)
        yield hub
