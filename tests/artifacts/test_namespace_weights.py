"""Weights of a name "prefix/...": whose commit and hash nobody knows beforehand."""

import json
import warnings
from pathlib import Path

import pytest
import torch
from far import OTHER, WEIGHTS, Far, far

import zoo
from zoo.artifacts import cache, fetch, lockfile
from zoo.artifacts.lock import check
from zoo.errors import CheckpointError, LockError, OfflineError, SpecError, TrustWarning

__all__ = ["far"]  # a fixture

NAME = "far/line.v1"


def weight(name: str | Path) -> list[list[float]]:
    """Load a model silently, and return its weight."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found: list[list[float]] = zoo.load(name).weight.tolist()
    return found


def test_the_first_load_is_trusted_and_recorded(far: Far) -> None:
    """
    The commit is the present one of the main branch; the warning says what to do.
    """
    with pytest.warns(TrustWarning) as told:
        model = zoo.load(NAME)

    assert model.weight.tolist() == [[2.0, 3.0]]
    assert [str(one.message) for one in told] == [
        f"{NAME} is trusted on first use: zoo-far knows no SHA-256 for it. The file "
        f"from alice/line has {far.pin['sha256']}. 'zoo lock {NAME}' keeps that for "
        "your project."
    ]
    (known,) = lockfile.read(lockfile.trusted_path()).values()
    assert (known.name, known.commit) == (NAME, far.commit)


def test_a_branch_that_moves_changes_nothing(far: Far) -> None:
    """
    What was trusted stays: the next load needs no request and gives the same bytes.
    """
    with pytest.warns(TrustWarning):
        zoo.load(NAME)
    far.hub.put("alice/line", {"model.safetensors": OTHER})
    far.hub.clear()

    with far.offline("home"):
        assert weight(NAME) == [[2.0, 3.0]]
    assert far.hub.requests == []


def test_a_lock_takes_the_present_commit(far: Far) -> None:
    """
    `zoo lock` asks the Hub anew, and the project then has what it locked.
    """
    with pytest.warns(TrustWarning):
        zoo.load(NAME)
    commit = far.hub.put("alice/line", {"model.safetensors": OTHER})

    (change,) = zoo.lock(NAME)

    assert (change.new.repo, change.new.commit) == ("alice/line", commit)
    assert weight(NAME) == [[9.0, 9.0]]
    assert check() == []


def test_a_lock_of_another_repository_is_refused(far: Far) -> None:
    """
    The message says what the lock means and what the plugin means now.
    """
    zoo.lock(NAME)
    path = lockfile.lock_path()
    path.write_text(path.read_text().replace("alice/line", "alice/other"))

    with pytest.raises(LockError) as refused:
        zoo.load(NAME)

    assert str(refused.value) == (
        f"zoo.lock pins {NAME!r} to SHA-256 {far.pin['sha256'][:12]}... of zoo-far "
        "1.0, but zoo-far 1.0 pins what 'main' of alice/line is at the first download. "
        f"Run 'zoo lock {NAME}' to accept that, or pip install 'zoo-far==1.0'."
    )


def test_nothing_is_loaded_offline_before_the_first_use(far: Far) -> None:
    """
    The commit is asked for, and nobody answers.
    """
    with far.offline(), pytest.raises(OfflineError):
        zoo.load(NAME)


def test_a_fetch_says_where_it_came_from(far: Far) -> None:
    """
    The second time nothing goes over the network; a verify then knows the file.
    """
    with pytest.warns(TrustWarning):
        origins = [
            one.origin
            for _, one in fetch.fetch_each([NAME])
            if not isinstance(one, Exception)
        ]
    origins += [
        one.origin
        for _, one in fetch.fetch_each([NAME])
        if not isinstance(one, Exception)
    ]
    verified = [one for one in cache.verify([NAME]) if NAME in one.names]

    assert origins == ["hub", "cache"]
    assert [one.problem for one in verified] == [None]


def test_a_saved_model_loads_again(far: Far, tmp_path: Path) -> None:
    """
    config.json names the build function of the namespace, which is allowed; and no
    other function of its modules is.
    """
    with pytest.warns(TrustWarning):
        model = zoo.load(NAME)
    with torch.no_grad():
        model.bias.fill_(7.0)

    folder = zoo.save(model, tmp_path / "own")

    assert zoo.load(folder).bias.tolist() == [7.0]
    assert zoo.load(folder).zoo.spec.name == NAME
    config = folder / "config.json"
    config.write_text(
        json.dumps(json.loads(config.read_text()) | {"build": "zoo_far.bridge:names"})
    )
    with pytest.raises(
        CheckpointError, match=r"names 'zoo_far\.bridge:names' as its build"
    ):
        zoo.load(folder)


def test_a_registered_model_may_not_leave_its_hash_and_commit_to_a_branch() -> None:
    """
    "main" stands for no bytes: beside a SHA-256 only a commit does.
    """
    with pytest.raises(SpecError) as refused:
        zoo.Weights(
            size=len(WEIGHTS), sha256="ab" * 32, repo="alice/line", revision="main"
        )

    assert str(refused.value) == (
        "Weights: revision='main' should be a full commit id of 40 digits, not a "
        "branch."
    )
