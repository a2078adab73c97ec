"""How a genuine client comes to talk to a hub on this machine, and to nothing else.

The Hub's client reads its variables once, when `huggingface_hub.constants` is imported.
A process of its own gets them with `environment`. In this process, `connected` sets
what the client would have read. It needs no list of constants: it runs the module that
reads them a second time, aside, and takes over whatever came out differently.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType, NoneType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from loopback.server import Hub

__all__ = ["connected", "environment", "guarded", "hurried"]

READERS = ("huggingface_hub.constants", "datasets.config")  # of the environment
UNSET = (
    *("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_DATASETS_CACHE", "HF_TOKEN_PATH"),
    *("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_DEBUG"),
    *("HF_XET_CACHE", "HF_ASSETS_CACHE", "HUGGING_FACE_HUB_TOKEN"),
)
PLAIN = (str, int, float, frozenset, Path, NoneType)  # what can be compared
NEAR = ("127.", "::1", "localhost", "0.0.0.0")


def environment(
    hub: Hub | str, home: Path, *, token: str | None = "hf_alice"
) -> dict[str, str]:
    """Return the variables for a client of this hub, whose cache is under `home`.

    `hub` may also be the address of one that is not there.
    """
    return {
        "HF_ENDPOINT": hub if isinstance(hub, str) else hub.url,
        "HF_HOME": str(home),
        "HF_TOKEN": token or "",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_ETAG_TIMEOUT": "2",
        "HF_HUB_DOWNLOAD_TIMEOUT": "2",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


@contextmanager
def connected(
    hub: Hub | str, home: Path, *, token: str | None = "hf_alice", **variables: str
) -> Iterator[None]:
    """Make the clients of this process talk to a hub, for as long as the block lasts.

    More variables are given by name: `HF_HUB_OFFLINE="1"`. An `HfApi` that was made
    outside the block keeps the address that it was made with.
    """
    import_module(READERS[0])  # before the variables are set
    known, touched = set(sys.modules), set[str]()
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in UNSET:
                patch.delenv(name, raising=False)
            settings = environment(hub, home, token=token) | variables
            for name, value in settings.items():
                patch.setenv(name, value)
            _reread(patch, known, touched)
            _forget()
            yield
    finally:
        # what was imported within the block has read the variables of the block
        _reread(pytest.MonkeyPatch(), set(sys.modules) - known, touched)
        _forget()


@contextmanager
def hurried(pause: float = 0.01) -> Iterator[None]:
    """Cut the client's own waits between two tries, which are of 1 to 8 seconds."""
    from huggingface_hub import file_download
    from huggingface_hub.utils import _http

    clock = SimpleNamespace(**vars(time))
    clock.sleep = lambda seconds: time.sleep(min(seconds, pause))
    with pytest.MonkeyPatch.context() as patch:
        for module in (file_download, _http):
            patch.setattr(module, "time", clock)
        yield


@contextmanager
def guarded() -> Iterator[None]:
    """Fail whatever test makes this process reach for another machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    look_up = socket.getaddrinfo

    def near(place: Any) -> None:
        host = place[0] if isinstance(place, tuple) else None  # a path is a local one
        if isinstance(host, str) and not host.startswith(NEAR) and host:
            pytest.fail(f"A test reached for another machine: {host}")

    def watched_connect(self: socket.socket, address: Any) -> None:
        near(address)
        connect(self, address)

    def watched_connect_ex(self: socket.socket, address: Any) -> int:
        near(address)
        return connect_ex(self, address)

    def watched_look_up(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and name.endswith(".127.0.0.1"):
            # `datasets` makes "datasets-server.127.0.0.1" of a hub's address
            raise socket.gaierror(socket.EAI_NONAME, f"nobody is called {name}")
        near((name,))
        return look_up(host, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", watched_connect)
        patch.setattr(socket.socket, "connect_ex", watched_connect_ex)
        patch.setattr(socket, "getaddrinfo", watched_look_up)
        yield


def _reread(patch: pytest.MonkeyPatch, names: set[str], touched: set[str]) -> None:
    """Give these modules the constants that they would read or import now.

    `touched` collects the names of the constants that have ever come out differently.
    """
    for reader in READERS:
        if reader not in sys.modules:
            continue
        live, fresh = vars(sys.modules[reader]), vars(_aside(reader))
        touched |= {
            constant
            for constant, value in live.items()
            if isinstance(value, PLAIN) and fresh.get(constant, value) != value
        }
        package = reader.partition(".")[0]
        for name in names:
            module = sys.modules.get(name)
            if name.partition(".")[0] == package and module is not None:
                for constant in touched & fresh.keys() & vars(module).keys():
                    patch.setattr(module, constant, fresh[constant])


def _aside(name: str) -> ModuleType:
    """Run a module once more without replacing the one that all others use."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _forget() -> None:
    """Drop what the client remembers of another hub."""
    from huggingface_hub import constants, hf_api
    from huggingface_hub.hf_file_system import HfFileSystem
    from huggingface_hub.utils import _http

    _http.close_session()
    HfFileSystem.clear_instance_cache()
    hf_api.api.endpoint = constants.ENDPOINT  # of huggingface_hub.upload_file, ...
