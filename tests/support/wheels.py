"""Wheels of this repository, and an index of packages that serves them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]


def wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a distribution, from a copy, with what is installed."""
    copied = folder / f"{source.name}-source"
    copied.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_file():
            shutil.copy(path, copied)
        elif path.name.startswith("zoo"):
            shutil.copytree(path, copied / path.name)
    options = ["--no-deps", "--no-build-isolation", "--no-index"]
    before = set(folder.glob("*.whl"))
    subprocess.run([*PIP, "wheel", *options, "-w", folder, copied], check=True)
    (built,) = set(folder.glob("*.whl")) - before
    return built


def borrow(site: Path) -> None:
    """Let an environment import torch and its like from that of the tests.

    Its own packages come first.
    """
    outer = [path for path in sys.path if path.endswith("site-packages")]
    (site / "outer.pth").write_text("\n".join(outer) + "\n")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None: ...


@contextmanager
def index(folder: Path, wheels: list[Path]) -> Iterator[str]:
    """Serve wheels as an index on this machine; yield what pip calls its URL."""
    for path in wheels:
        home = folder / "simple" / path.name.split("-")[0].replace("_", "-")
        home.mkdir(parents=True)
        shutil.copy(path, home)
        (home / "index.html").write_text(f'<a href="{path.name}">{path.name}</a>')
    handler = partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()
