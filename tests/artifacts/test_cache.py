"""What the zoo keeps: listed, hashed again, and pruned of what no load needs."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from far import GATES, NAME, OTHER, WEIGHTS, Far, far

import zoo
from zoo._utils import paths
from zoo._utils.atomic_folder import scratch_folder
from zoo.artifacts import cache, lockfile, quarantine, sealed_files, weight_store
from zoo.artifacts.cache import Item
from zoo.cli import main
from zoo.datasets import in_memory as tensors
from zoo.errors import ModelNotFound, TrustWarning

__all__ = ["far"]  # a fixture

OLD = time.time() - 40 * 86_400
WRONG = b"?" * len(WEIGHTS)


def kinds(items: list[Item]) -> list[str]:
    """Return the kinds of some items, each once."""
    return sorted({item.kind for item in items})


def filled(far: Far) -> dict[str, Path]:
    """Put something of every kind on this machine; return where it is."""
    far.publish()
    with pytest.warns(TrustWarning):
        zoo.fetch(NAME, GATES)
    zoo.bundle("xor-mlp", out=far.root / "zoo.tar")
    zoo.unbundle(far.root / "zoo.tar")
    big = zoo.save(zoo.build("mlp-mnist", hidden=(700,)), far.root / "big")
    time.sleep(0.03)  # a file just written gets no stamp
    zoo.load(big)
    place = far.cache / "tensors" / "iris-train-0123456789abcdef"
    tensors = sealed_files.path_of(place, b"rows")
    tensors.parent.mkdir()
    tensors.write_bytes(b"rows")
    blobs = paths.hub_cache_dir() / "models--alice--line" / "blobs"
    places = {
        "orphan": blobs / "abc.12345678.incomplete",
        "wrong": blobs / "abc.corrupt-1700000000000000000",
        "tensors": tensors,
        "stage": far.cache / "store" / ".zoo-save-0123456789abcdef",
        "big": big,
        "hub": blobs / far.pin["sha256"],
        "store": weight_store.object_path(
            paths.store_dir(), zoo.get_spec("xor-mlp").weights.sha256
        ),
    }
    places["stage"].mkdir()
    for name in ("orphan", "wrong"):
        places[name].write_bytes(b"half")
    for name in ("orphan", "stage"):
        os.utime(places[name], (OLD, OLD))
    return places


def test_the_list_has_all_of_it(far: Far) -> None:
    """
    Every file in the caches is in one item, with its size and the models it is for.
    """
    filled(far)

    items = cache.list_items()

    by_name = {item.names: item for item in items if item.kind == "hub"}
    assert by_name[NAME,].size == len(WEIGHTS)
    assert kinds(items) == [
        "hub",
        "orphan",
        "other",
        "stamp",
        "store",
        "tensors",
        "wrong",
    ]
    assert len({item.path for item in items}) == len(items)
    covered = [item.path for item in items]
    loose = [
        path
        for path in far.cache.rglob("*")
        if path.is_file() and not any(path.is_relative_to(one) for one in covered)
    ]
    assert loose == []


def test_nothing_is_a_list_as_well(
    far: Far, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    On a fresh machine there is nothing, and no folder is made to say so.
    """
    assert main(["cache"]) == 0

    assert capsys.readouterr().out == "     0 bytes  in total\n"
    assert not far.cache.exists()


def test_the_command_lists(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A line for each model and place, and one for each other kind.
    """
    filled(far)
    capsys.readouterr()

    assert main(["cache"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["cache", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)

    assert "   140 bytes  far-line (from the Hub)" in lines
    assert "   348 bytes  xor-mlp (in a store)" in lines
    assert "     4 bytes  decoded datasets: 1 file" in lines
    assert "     4 bytes  quarantined files: 1 file" in lines
    assert lines[-1].endswith("  in total")
    assert {item["path"] for item in plain} == {
        str(item.path) for item in cache.list_items()
    }
    assert {"kind": "hub", "size": 140, "names": [NAME]}.items() <= next(
        {k: v for k, v in one.items() if k != "path"}
        for one in plain
        if one["names"] == [NAME]
    ).items()


def test_all_is_as_it_should_be(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Shipped files, the client's cache and the stores are hashed: status 0, no request.
    """
    filled(far)
    far.hub.clear()
    capsys.readouterr()

    assert main(["cache", "verify"]) == 0

    shipped = [s for s in zoo.search() if s.weights and not s.weights.repo]
    # besides: far-line, a repository's weights and config, a store, decoded rows
    assert capsys.readouterr().out == (f"{len(shipped) + 5} files intact, 0 corrupt\n")
    assert far.hub.requests == []


def rotten(far: Far) -> dict[str, tuple[Path, str]]:
    """Return files that can rot, and what is said then."""
    places = filled(far)
    config = next(
        paths.hub_cache_dir().glob("models--alice--gates/snapshots/*/config.json")
    )
    return {
        "hub": (
            places["hub"],
            f"'zoo fetch {NAME}' brings it again. It was quarantined.",
        ),
        "store": (
            places["store"],
            "'zoo fetch xor-mlp' brings it again. It was quarantined.",
        ),
        "config": (
            config.resolve(),
            f"'zoo fetch {GATES}' brings it again. It was quarantined.",
        ),
    }


@pytest.mark.parametrize("which", ["hub", "store", "config"])
def test_a_wrong_file_is_set_aside(
    far: Far, which: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    It is named, with what to do; status 1, and it is in nobody's way any more.
    """
    path, wanted = rotten(far)[which]
    path.write_bytes(WRONG)
    before = len(quarantine.quarantined_files())
    capsys.readouterr()

    assert main(["cache", "verify"]) == 1

    told = capsys.readouterr()
    assert told.err.startswith("error: ")
    assert told.err.endswith(f"... is pinned. {wanted}\n")
    assert told.err.count("\n") == 1
    assert told.out.endswith(", 1 corrupt\n")
    assert not path.exists()
    assert len(quarantine.quarantined_files()) == before + 1
    assert main(["cache", "verify"]) == 0


def test_the_same_length_and_time_do_not_hide_it(far: Far) -> None:
    """
    Neither a stamp nor a size vouches here: every byte is read.
    """
    (path,) = zoo.fetch(NAME)
    real = path.resolve()
    times = real.stat()
    real.write_bytes(OTHER)
    os.utime(real, ns=(times.st_atime_ns, times.st_mtime_ns))

    (verdict,) = cache.verify([NAME])

    assert verdict.aside
    assert verdict.problem == (
        f"{path} has SHA-256 {hashlib.sha256(OTHER).hexdigest()[:12]}..., but "
        f"{far.pin['sha256'][:12]}... is pinned. 'zoo fetch far-line' brings it again."
    )


def test_weights_without_a_hash_are_known_once_trusted(far: Far) -> None:
    """
    What was trusted on first use is what a verify compares with.
    """
    far.install(sha256=None, size=None)
    with pytest.warns(TrustWarning):
        (path,) = zoo.fetch(NAME)
    path.resolve().write_bytes(WRONG)

    (verdict,) = cache.verify([NAME])

    assert verdict.aside


def test_what_a_plugin_ships_is_not_moved(far: Far) -> None:
    """
    pip owns it: the message says how to install it again.
    """
    package = far.scratch / "zoo_far" / "checkpoints" / NAME
    package.mkdir(parents=True)
    far.install(repo=None, revision=None)
    (package / "model.safetensors").write_bytes(WRONG)

    (verdict,) = cache.verify([NAME])

    assert (package / "model.safetensors").exists()
    assert not verdict.aside
    assert (verdict.problem or "").endswith(
        "Plugin 'far' ships this file: run pip install --force-reinstall zoo-far."
    )


def test_a_file_that_no_one_needs_is_verified_too(far: Far) -> None:
    """
    A store names its files by hash, so none is unknown.
    """
    path = weight_store.object_path(paths.store_dir(), "ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"?")

    wrong = [one for one in cache.verify() if one.problem]

    assert [(one.names, one.path, one.aside) for one in wrong] == [((), path, True)]
    assert (wrong[0].problem or "").endswith("No model that is known here needs it.")


def test_only_what_was_named_is_read(far: Far) -> None:
    """
    A name that nothing answers to is a mistake; one that has no file here is not.
    """
    filled(far)

    assert {one.names for one in cache.verify([GATES])} == {(GATES,)}
    assert list(cache.verify(["hf://alice/other"])) == []
    with pytest.raises(ModelNotFound, match=r"No model named 'xor-mpl'\. Did you mean"):
        list(cache.verify(["xor-mpl"]))


def test_pruning_takes_what_no_load_needs(
    far: Far, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Remains, wrong files, the stamp of a file that is gone, a dataset that nobody read.
    """
    places = filled(far)
    os.utime(places["tensors"], (OLD, OLD))
    (places["big"] / "model.safetensors").unlink()
    capsys.readouterr()

    assert main(["cache", "prune", "--dry-run"]) == 0
    foreseen = capsys.readouterr().out
    assert all(
        places[name].exists() for name in ("orphan", "wrong", "tensors", "stage")
    )
    assert main(["cache", "prune"]) == 0
    done = capsys.readouterr().out

    assert foreseen.replace("would be freed", "freed") == done
    assert done.splitlines()[-1].startswith("5 files, ")
    for name in ("orphan", "wrong", "tensors", "stage"):
        assert not places[name].exists()
    assert list((far.cache / "stamps").glob("*")) == []
    assert cache.prunable() == []


def test_pruning_keeps_what_is_used(far: Far) -> None:
    """
    After it everything loads offline as before; what is young may be somebody's.
    """
    places = filled(far)
    young = places["orphan"].with_name("def.87654321.incomplete")
    young.write_bytes(b"half")

    with scratch_folder(places["stage"]) as stage:
        cache.prune(cache.prunable())

        assert stage.exists()
    assert young.exists()
    assert places["tensors"].exists()
    assert len(list((far.cache / "stamps").glob("*"))) == 1
    assert not zoo.load(places["big"]).zoo.report.hashed
    with far.offline("home"):
        for name in (NAME, GATES, "xor-mlp"):
            zoo.load(name)
    assert places["store"].exists()


def test_pruning_leaves_what_only_resembles_ours(far: Far) -> None:
    """
    A store may be a folder of the user's, with files of any name.
    """
    store = far.cache / "store"
    mine = [
        store / "scan.corrupt-2024.txt",
        store / "sha256" / "scan.corrupt-2024.txt",
        store / ".incoming-mail",
        store / ".zoo-save-notes",
        store / "deep" / "scan.corrupt-1700000000000000000",
        far.cache / "stamps" / "letters",
        far.cache / "tensors" / "thesis.safetensors",
        paths.hub_cache_dir() / "models--me--net" / "blobs" / "notes.incomplete",
    ]
    for path in mine:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"mine")
        os.utime(path, (OLD, OLD))

    cache.prune(cache.prunable(days=0))

    assert [path for path in mine if not path.exists()] == []


def test_a_link_in_a_store_is_set_aside_and_its_file_is_left(far: Far) -> None:
    """
    A wrong file of the user's, which the store only names, keeps its name.
    """
    mine = far.root / "mine.bin"
    mine.write_bytes(b"mine")
    link = weight_store.object_path(paths.store_dir(), "0" * 64)
    link.parent.mkdir(parents=True)
    link.symlink_to(mine)

    (found,) = (one for one in cache.verify() if one.path == link)

    assert found.aside
    assert mine.read_bytes() == b"mine"
    assert not link.is_symlink()


@pytest.mark.parametrize("kind", ["tensors", "features"])
def test_what_was_computed_is_verified_too(far: Far, kind: str) -> None:
    """
    A file that is not what its name says is removed: it is computed again.
    """
    good, bad = (
        sealed_files.path_of(far.cache / kind / f"{n}123456789abcdef", b"rows")
        for n in "ab"
    )
    good.parent.mkdir(parents=True)
    good.write_bytes(b"rows")
    bad.write_bytes(b"rowz")

    found = {one.path: one.problem for one in cache.verify()}

    assert found[good] is None
    assert "It is computed again when it is needed." in str(found[bad])
    assert good.exists()
    assert not bad.exists()


def test_days_are_counted_from_the_last_use(far: Far) -> None:
    """
    Reading a decoded dataset makes it young again.
    """
    rows = tensors.load_rows("iris", "train", columns="petal_length")
    (path,) = (far.cache / "tensors").glob("*")
    os.utime(path, (OLD, OLD))
    assert kinds(cache.prunable()) == ["tensors"]
    assert cache.prunable(days=50) == []

    again = tensors.load_rows("iris", "train", columns="petal_length")

    assert again.fingerprint == rows.fingerprint
    assert cache.prunable() == []


def test_what_cannot_be_removed_is_told(
    far: Far, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A shared cache may be read-only: the rest goes, and the status is not an error.
    """
    places = filled(far)
    remove: Callable[[Path], Any] = cache._remove

    def stubborn(path: Path) -> None:
        if path == places["wrong"]:
            raise PermissionError
        remove(path)

    far.patch.setattr(cache, "_remove", stubborn)
    capsys.readouterr()

    assert main(["cache", "prune"]) == 0

    assert not places["orphan"].exists()
    assert capsys.readouterr().err == (
        f"warning: {places['wrong']} can't be removed.\n"
    )


def test_a_lock_of_the_project_counts(far: Far) -> None:
    """
    What only zoo.lock pins is verified as well.
    """
    far.publish()
    with pytest.warns(TrustWarning):
        zoo.fetch(GATES)
    zoo.lock(GATES)
    lockfile.trusted_path().unlink()

    verdicts = list(cache.verify([GATES]))

    assert len(verdicts) == 2
    assert [one.problem for one in verdicts] == [None, None]
