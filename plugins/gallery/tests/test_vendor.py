"""The npm packages of the pages: pinned, checked, and got once."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from zoo_gallery import vendor
from zoo_gallery.errors import GalleryError

CONTENT = b"var a=1;export{a as Answer,b};"
Registry = Callable[[bytes], Path]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Put an npm on the path that packs a file, and pin the right content of it."""
    pins = {
        "demo": {
            "version": "1.0.0",
            "license": "MIT",
            "files": {"dist/a.mjs": hashlib.sha256(CONTENT).hexdigest()},
        }
    }
    (tmp_path / "vendor.json").write_text(json.dumps(pins))
    monkeypatch.setattr(vendor, "PINS", tmp_path / "vendor.json")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def packing(content: bytes) -> Path:
        with tarfile.open(tmp_path / "demo.tgz", "w:gz") as archive:
            member = tarfile.TarInfo("package/dist/a.mjs")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        npm = tmp_path / "bin" / "npm"
        npm.parent.mkdir(exist_ok=True)
        npm.write_text(
            f'#!/bin/sh\necho "$2" >> {tmp_path}/asked\n'
            f'while [ "$1" != --pack-destination ]; do shift; done\n'
            f'cp {tmp_path}/demo.tgz "$2"\n'
        )
        npm.chmod(0o755)
        monkeypatch.setenv("PATH", f"{npm.parent}:/usr/bin:/bin")
        return tmp_path / "asked"

    return packing


def test_a_package_is_got_once(registry: Registry) -> None:
    """
    npm is asked for the pinned version, and never again.
    """
    asked = registry(CONTENT)

    first, second = vendor.files("demo"), vendor.files("demo")

    assert first == second == {"dist/a.mjs": CONTENT}
    assert asked.read_text() == "demo@1.0.0\n"


def test_another_file_than_the_pinned_one_is_refused(registry: Registry) -> None:
    """
    Whatever a registry gives, nothing unknown gets into a page.
    """
    registry(b"evil")

    with pytest.raises(GalleryError) as caught:
        vendor.files("demo")

    home = vendor.cache_folder() / "npm" / "demo-1.0.0"
    assert str(caught.value) == (
        f"{home / 'dist/a.mjs'} is not the file of demo 1.0.0 that was pinned: it was "
        f"changed, or the registry gave another one. Delete {home} and try again."
    )


def test_without_npm_the_error_says_what_it_is_for(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """
    What is missing, and how to do without.
    """
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(GalleryError) as caught:
        vendor.files("demo")

    assert str(caught.value) == (
        "Live models need demo@1.0.0, which npm gets, and there is no npm. Install "
        "Node.js, or leave the models out with --no-live."
    )


def test_an_npm_that_fails(registry: Registry, tmp_path: Path) -> None:
    """
    Its own first line is the reason.
    """
    registry(CONTENT)
    (tmp_path / "bin" / "npm").write_text("#!/bin/sh\necho no network >&2\nexit 1\n")

    with pytest.raises(GalleryError) as caught:
        vendor.files("demo")

    assert str(caught.value) == (
        "npm could not get demo@1.0.0: no network. Look at npm's registry and the "
        "network, or leave the models out with --no-live."
    )


def test_a_module_becomes_a_classic_script() -> None:
    """
    A page that is a file can't load modules: the exports become one global name.
    """
    made = vendor._classic(CONTENT.decode(), "library")

    assert made == (
        "(() => {\nvar a=1;\nglobalThis.library = {Answer: a, b: b};\n})();\n"
    )
