"""What the zoo needs of a Hub, step by step, against any Hub.

    HUB_UNDER_TEST=https://hub.example.org HF_TOKEN=... \\
        pytest tests/testing/test_checks.py

Without HUB_UNDER_TEST it runs against the Hub that comes with these tests. The
repository that is made belongs to whoever the token is of, or to HUB_NAMESPACE, and is
deleted at the end. A step that builds on another takes it where it has not been taken.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
import torch
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError
from loopback import Hub, connected

import zoo
from zoo.errors import GatedError, HubError, NotOnHub
from zoo.sharing.publish import Published

NAME = "lenet5-mnist"
CARD = "---\nlicense: mit\nlibrary_name: zoo\n---\n# A test of this Hub\n"
LATER = {  # a Hub that is far away needs longer than one on this machine
    "HF_HUB_DISABLE_XET": "0",
    "HF_HUB_ETAG_TIMEOUT": "10",
    "HF_HUB_DOWNLOAD_TIMEOUT": "30",
}

pytestmark = pytest.mark.filterwarnings("ignore::zoo.errors.TrustWarning")


@dataclass
class Place:
    """A Hub, a repository on it, and what has been published there so far."""

    url: str
    repo: str
    folder: Path

    @cached_property
    def first(self) -> Published:
        """The model as it comes, published."""
        return zoo.publish(NAME, self.repo)

    @cached_property
    def second(self) -> Published:
        """Other weights over it, without a golden."""
        assert self.first.changed
        torch.manual_seed(1)
        folder = zoo.save(zoo.build(NAME), self.folder / "other")
        (folder / "README.md").write_text(CARD)
        return zoo.publish(folder, self.repo)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A repository of a new name on the Hub under test; it is deleted at the end."""
    folder = tmp_path_factory.mktemp("conformance")
    with ExitStack() as stack:
        url = os.environ.get("HUB_UNDER_TEST", "").rstrip("/")
        token: str | None = os.environ.get("HF_TOKEN")
        if not url:
            hub = stack.enter_context(Hub(folder / "hub"))
            url, token = hub.url, "hf_alice"
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("ZOO_CACHE", str(folder / "cache"))
        stack.enter_context(connected(url, folder / "home", token=token, **LATER))
        owner = os.environ.get("HUB_NAMESPACE") or HfApi().whoami()["name"]
        repo = f"{owner}/zoo-conformance-{uuid.uuid4().hex[:8]}"
        try:
            yield Place(url, repo, folder)
        finally:
            HfApi().delete_repo(repo, missing_ok=True)


def test_a_model_is_published(place: Place) -> None:
    """
    The repository is made, and a commit, whose bytes are those that were sent.
    """
    assert place.first.changed
    assert HfApi().model_info(place.repo).sha == place.first.commit


def test_its_files_are_listed(place: Place) -> None:
    """
    By name, size and SHA-256.
    """
    info = HfApi().model_info(
        place.repo, revision=place.first.commit, files_metadata=True
    )

    files = {file.rfilename: file for file in info.siblings or ()}
    weights = files["model.safetensors"]
    assert files.keys() >= {"README.md", "config.json", "golden.safetensors"}
    assert weights.size == place.first.size
    assert weights.lfs is not None
    assert weights.lfs.sha256 == place.first.sha256


def test_nothing_new_is_no_new_commit(place: Place) -> None:
    """
    The Hub says what it has, well enough to compare.
    """
    first = place.first

    again = zoo.publish(NAME, place.repo)

    assert (again.commit, again.changed) == (first.commit, False)


def test_it_loads_and_matches_its_golden(place: Place) -> None:
    """
    From an empty cache, by the commit and by the branch.
    """
    by_commit = zoo.verify(place.first.address)
    by_branch = zoo.verify(f"hf://{place.repo}")

    assert by_commit.matches
    assert by_branch == by_commit


def test_an_update_is_a_new_commit(place: Place) -> None:
    """
    The branch moves on, and what went away is gone.
    """
    assert place.second.changed
    assert place.second.sha256 != place.first.sha256
    found = zoo.load(f"hf://{place.repo}").zoo.report.sha256
    assert found == place.second.sha256
    files = HfApi().list_repo_files(place.repo)
    assert "golden.safetensors" not in files


def test_the_old_commit_still_loads(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A pin stays good for ever: the old bytes come from an empty cache too.
    """
    assert place.second.commit != place.first.commit
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    assert zoo.verify(place.first.address).sha256 == place.first.sha256


def test_a_private_repository_is_hidden(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever has no token is told that there is none; its owner loads it.
    """
    published = place.second
    HfApi().update_repo_settings(place.repo, private=True)

    with monkeypatch.context() as patch:
        patch.setenv("HF_TOKEN", "")
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "1"))
        with pytest.raises(NotOnHub):
            zoo.load(published.address)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "2"))
    found = zoo.load(published.address).zoo.report.sha256
    assert found == published.sha256


def test_a_gated_repository_asks(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever has no token is told whom to ask, where the Hub has gates at all.
    """
    published = place.second
    try:
        HfApi().update_repo_settings(place.repo, private=False, gated="auto")
    except HfHubHTTPError as exc:
        pytest.skip(f"this Hub has no gated repositories: {exc}")

    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(HubError) as caught:
        zoo.load(published.address)

    assert isinstance(caught.value, GatedError)
    assert place.repo in str(caught.value)
