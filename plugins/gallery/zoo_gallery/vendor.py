"""The engine and the tokenizer of the pages: npm packages, pinned file by file.

They are got once by `npm pack`, from the registry that npm is set up for, and kept in
`$XDG_CACHE_HOME/zoo-gallery`. A file whose SHA-256 is not the one in `vendor.json` is
refused. `python -m zoo_gallery.vendor` gets them.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo_gallery.errors import GalleryError
from zoo_gallery.packing import script

__all__ = ["assets", "cache_folder", "files", "pins"]

PINS = Path(__file__).with_name("vendor.json")
ENGINE, TOKENIZER = "onnxruntime-web", "@huggingface/tokenizers"
EXPORT = re.compile(r"export\s*\{([^}]*)\}\s*;?\s*$")
MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this
software and associated documentation files (the "Software"), to deal in the Software
without restriction, including without limitation the rights to use, copy, modify,
merge, publish, distribute, sublicense, and/or sell copies of the Software, and to
permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies
or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED,
INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR
PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT
OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR
OTHER DEALINGS IN THE SOFTWARE.
"""  # the npm package of the engine names its licence, and brings no copy


def pins() -> dict[str, Any]:
    """Return the packages by name: their version, licence, and the SHA-256 of files."""
    found: dict[str, Any] = json.loads(PINS.read_text(encoding="utf-8"))
    return found


def cache_folder() -> Path:
    """Return the folder that keeps packages and exported models on this machine."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "zoo-gallery"


def files(name: str) -> dict[str, bytes]:
    """Return the pinned files of a package by path; get them where they are not here.

    Raises GalleryError.
    """
    pin = pins()[name]
    home = cache_folder() / "npm" / f"{name.replace('/', '+')}-{pin['version']}"
    if not all((home / path).is_file() for path in pin["files"]):
        _get(name, pin, home)
    content = {path: (home / path).read_bytes() for path in pin["files"]}
    for path, expected in pin["files"].items():
        if hashlib.sha256(content[path]).hexdigest() != expected:
            raise GalleryError(
                f"{home / path} is not the file of {name} {pin['version']} that was "
                "pinned: it was changed, or the registry gave another one. Delete "
                f"{home} and try again."
            )
    return content


def _get(name: str, pin: dict[str, Any], home: Path) -> None:
    """Get a package by npm, and put its pinned files into `home`."""
    wanted = f"{name}@{pin['version']}"
    npm = shutil.which("npm")
    if npm is None:
        raise GalleryError(
            f"Live models need {wanted}, which npm gets, and there is no npm. Install "
            "Node.js, or leave the models out with --no-live."
        )
    with tempfile.TemporaryDirectory() as scratch:
        ended = subprocess.run(
            [npm, "pack", wanted, "--silent", "--pack-destination", scratch],
            capture_output=True,
            text=True,
            check=False,
            cwd=scratch,
        )
        packed = sorted(Path(scratch).glob("*.tgz"))
        if ended.returncode or not packed:
            lines = ended.stderr.strip().splitlines() or ["npm gave no reason"]
            raise GalleryError(
                f"npm could not get {wanted}: {lines[0]}. Look at npm's registry and "
                "the network, or leave the models out with --no-live."
            )
        with tarfile.open(packed[0]) as archive:
            archive.extractall(scratch, filter="data")
        for path in pin["files"]:
            place = home / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(scratch, "package", path), place)


def assets() -> Iterator[tuple[str, bytes]]:
    """Yield the files of a site that are made of the packages, by name.

    They are classic scripts: a page that is a file may read nothing else. Raises
    GalleryError.
    """
    engine, tokenizer = files(ENGINE), files(TOKENIZER)
    library = _text(engine["dist/ort.wasm.min.js"])
    glue = _text(engine["dist/ort-wasm-simd-threaded.mjs"])
    yield "engine.js", _kept({"library": library, "glue": glue})
    wasm = engine["dist/ort-wasm-simd-threaded.wasm"]
    yield "engine-wasm.js", script({"wasm": [wasm]})
    module = _text(tokenizer["dist/tokenizers.min.mjs"])
    yield "tokenizers.js", _classic(module, "zooTokenizers").encode()
    yield "LICENSES.txt", _licenses(tokenizer["LICENSE"].decode()).encode()


def _text(source: bytes) -> str:
    """Return a script without the name of its source map, which is not here."""
    return source.decode().partition("//# sourceMapping")[0].rstrip() + "\n"


def _kept(texts: dict[str, str]) -> bytes:
    """Return a script that keeps texts for the page."""
    lines = (f"zooKeep({json.dumps(k)}, {json.dumps(v)});\n" for k, v in texts.items())
    return "".join(lines).encode()


def _classic(module: str, name: str) -> str:
    """Return a module of JavaScript as a classic script that sets one global name."""
    found = EXPORT.search(module)
    if found is None:
        raise GalleryError("The tokenizer's package does not end in its exports.")
    pairs = []
    for one in found[1].split(","):
        inside, _, outside = one.strip().partition(" as ")
        pairs.append(f"{outside or inside}: {inside}")
    body = module[: found.start()]
    return f"(() => {{\n{body}\nglobalThis.{name} = {{{', '.join(pairs)}}};\n}})();\n"


def _licenses(apache: str) -> str:
    found = pins()
    return (
        f"{ENGINE} {found[ENGINE]['version']}: the MIT License\n\n"
        f"Copyright (c) Microsoft Corporation\n\n{MIT}\n{'-' * 80}\n\n"
        f"{TOKENIZER} {found[TOKENIZER]['version']}: the Apache License 2.0\n\n"
        f"{apache}"
    )


if __name__ == "__main__":
    for package in pins():
        files(package)
