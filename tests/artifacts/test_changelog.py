"""What a plugin's changelog says of one model."""

from pathlib import Path

import pytest

from zoo.artifacts import changelog

TEXT = """\
# Changelog

## Unreleased

* `digits-mlp`: trained again, with dropout, which goes
  on here.
* `digits-mlp.large`: new.

## [0.2.0] - 2026-05-01

### Changed

- `digits-mlp`: weights of 30 epochs.
* Faster loading of `digits-mlp`.

## 0.1.0

* The first release.
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The changelog of a package."""
    monkeypatch.setattr(changelog, "package_folder", lambda package: tmp_path)
    path = tmp_path / "CHANGELOG.md"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_lines_that_begin_with_the_models_name_are_found(written: Path) -> None:
    """
    With their versions, newest first; of no other model, and no line in passing.
    """
    assert changelog.model_changes("ours", "digits-mlp") == [
        ("Unreleased", "trained again, with dropout, which goes on here."),
        ("0.2.0", "weights of 30 epochs."),
    ]


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_plugin_needs_none(written: Path, content: bytes | None) -> None:
    """
    Without the file, or with one that is no text, nothing is said.
    """
    written.unlink()
    if content is not None:
        written.write_bytes(content)

    assert changelog.model_changes("ours", "digits-mlp") == []
