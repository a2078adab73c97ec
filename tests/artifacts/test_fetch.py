"""zoo fetch: after it a load needs no network."""

import json
from pathlib import Path

import pytest
from far import GATES, NAME, WEIGHTS, Far, far

import zoo
from zoo._utils import paths as folders
from zoo.artifacts import fetch, weight_store
from zoo.artifacts.fetch import Fetched
from zoo.cli import main
from zoo.errors import ModelNotFound, NotOnHub, TrustWarning

__all__ = ["far"]  # a fixture


def origin(name: str) -> str:
    """Return where the weights of a name were found."""
    ((_, found),) = fetch.fetch_each([name])
    assert isinstance(found, Fetched), found
    return found.origin


def test_what_was_fetched_loads_offline(far: Far) -> None:
    """
    A registered model and a repository: one file each, and no request afterwards.
    """
    far.publish()
    with pytest.warns(TrustWarning):
        paths = zoo.fetch(NAME, GATES, "xor-mlp")
    far.hub.clear()

    with far.offline("home"):
        models = [zoo.load(name) for name in (NAME, GATES, "xor-mlp")]

    assert paths[0].read_bytes() == WEIGHTS
    assert [model.zoo.report.path for model in models] == [str(p) for p in paths]
    assert models[1].zoo.settings == {"lr": 1}  # the small files came as well
    assert far.hub.requests == []


def test_where_it_came_from_is_told(far: Far) -> None:
    """
    Only what went over the network is said to come from the Hub.
    """
    assert [origin(NAME), origin(NAME), origin("xor-mlp")] == [
        "hub",
        "cache",
        "package",
    ]

    with far.on("fresh"):
        shelf = weight_store.object_path(folders.store_dir(), far.pin["sha256"])
        shelf.parent.mkdir(parents=True)
        shelf.write_bytes(WEIGHTS)
        assert origin(NAME) == "store"


def test_a_file_that_was_healed_came_from_the_hub(far: Far) -> None:
    """
    A wrong file in the cache is fetched again, and that is said.
    """
    (path,) = zoo.fetch(NAME)
    path.resolve().write_bytes(b"?" * len(WEIGHTS))

    assert origin(NAME) == "hub"


def test_one_failure_does_not_stop_the_others(far: Far) -> None:
    """
    The first error is raised at the end; the others are its notes.
    """
    with pytest.raises(ModelNotFound, match="No model named 'nope'") as caught:
        zoo.fetch("nope", "hf://alice/none", NAME)

    assert "has no repository 'alice/none'" in caught.value.__notes__[0]
    assert far.hub.count("GET", "model.safetensors") == 1


def test_a_hub_that_lacks_it(far: Far) -> None:
    """
    The error of the Hub is passed on.
    """
    far.install(repo="alice/none")

    with pytest.raises(NotOnHub):
        zoo.fetch(NAME)


def test_the_command(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A line for each name, errors on stderr, status 1 if there was one.
    """
    status = main(["fetch", NAME, "xor-mlp", "nope"])

    told = capsys.readouterr()
    assert status == 1
    assert told.out.splitlines() == [
        "far-line: 140 bytes, downloaded from alice/line",
        "xor-mlp: 348 bytes, part of its plugin",
    ]
    assert told.err == (
        "error: nope: No model named 'nope'. Run 'zoo list' to see the models you "
        "have.\n"
    )


def test_the_command_in_json(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """
    What a program reads holds the path, the hash and the origin.
    """
    status = main(["fetch", NAME, "--json"])

    (found,) = json.loads(capsys.readouterr().out)
    assert status == 0
    assert Path(found.pop("path")).read_bytes() == WEIGHTS
    assert found == {
        "name": NAME,
        "size": len(WEIGHTS),
        "sha256": far.pin["sha256"],
        "origin": "hub",
        "repo": "alice/line",
    }


def test_the_command_for_all(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """
    --all means every installed model with weights; neither names nor --all is a slip.
    """
    far.only(NAME, "xor-mlp")

    assert main(["fetch", "--all", NAME]) == 0

    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == [NAME, "xor-mlp"]
    assert main(["fetch"]) == 2
    assert capsys.readouterr().err == (
        "error: Give the names of models, or --all. See 'zoo fetch --help'.\n"
    )
