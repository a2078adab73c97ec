"""zoo.lock: what a name stood for, it stands for again, or the load is refused."""

import os
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from far import GATES, NAME, OTHER, WEIGHTS, Far, far

import zoo
from zoo.artifacts import checked_file, lock, lockfile, weight_store
from zoo.artifacts.lockfile import Lock
from zoo.cli import main
from zoo.errors import (
    CheckpointError,
    IntegrityError,
    LockError,
    ModelNotFound,
    TrustWarning,
)

__all__ = ["far"]  # a fixture

HEX = "ab" * 32
LOCK = Lock(name="net", plugin="zoo-x", version="1.0", size=5, sha256=HEX)
HUB = replace(LOCK, name="hf://a/b", repo="a/b", commit="c" * 40, config="cd" * 32)
AGAIN = (
    "Take it back from version control, or delete it and run 'zoo lock' with the names "
    "of your models."
)


# The file


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    """
    All fields, and characters that a TOML string has to escape, or has to take plain.
    """
    odd = replace(LOCK, name="odd", version='1"\\\n\t\u00e9\U0001f600')
    lockfile.write(tmp_path / "zoo.lock", [LOCK, HUB, odd])

    held = lockfile.read(tmp_path / "zoo.lock")

    assert held == {"net": LOCK, "hf://a/b": HUB, "odd": odd}


def test_the_file_is_for_people_and_version_control(tmp_path: Path) -> None:
    """
    Sorted by name, nothing that is empty, the same bytes for the same locks.
    """
    lockfile.write(tmp_path / "zoo.lock", [LOCK, HUB])

    assert (tmp_path / "zoo.lock").read_text() == (
        "# Which weights a name stands for. Written by 'zoo lock'; keep it in your "
        "project.\n\n"
        f'[[model]]\nname = "hf://a/b"\nplugin = "zoo-x"\nversion = "1.0"\nsize = 5\n'
        f'sha256 = "{HEX}"\nfilename = "model.safetensors"\nrepo = "a/b"\n'
        f'commit = "{"c" * 40}"\nconfig = "{"cd" * 32}"\n\n'
        f'[[model]]\nname = "net"\nplugin = "zoo-x"\nversion = "1.0"\nsize = 5\n'
        f'sha256 = "{HEX}"\nfilename = "model.safetensors"\n'
    )


def test_no_file_locks_nothing(tmp_path: Path) -> None:
    """
    A missing file and an empty one are the same.
    """
    (tmp_path / "empty").write_text("# nothing\n")

    assert lockfile.read(tmp_path / "none") == lockfile.read(tmp_path / "empty") == {}


ENTRY = f"""[[model]]
name = "net"
plugin = "zoo-x"
version = "1.0"
size = 5
sha256 = "{HEX}"
"""
WRONG = {
    "an unknown entry": (
        f"{ENTRY}shasum = 1\n",
        "unknown entry 'shasum' in model[0]",
    ),
    "a number as text": (
        ENTRY.replace("5", '"5"', 1),
        "model[0].size: expected int, got str",
    ),
    "a truth as number": (
        ENTRY.replace("5", "true", 1),
        "model[0].size: expected int, got bool",
    ),
    "no digits of a hash": (
        ENTRY.replace(HEX, "ab"),
        "Weights: sha256='ab' should be 64 hexadecimal digits",
    ),
    "no digits of a config": (
        f'{ENTRY}config = "ab"\n',
        "Lock: config='ab' should be 64 hexadecimal digits",
    ),
    "a branch for a commit": (
        f'{ENTRY}repo = "a/b"\ncommit = "main"\n',
        "Weights: revision='main' should be a full commit id of 40 digits, not a "
        "branch",
    ),
    "a way out of a folder": (
        f'{ENTRY}filename = "../x"\n',
        "Weights: filename='../x' should be 'folder/file'",
    ),
    "two of a name": (ENTRY + ENTRY, "two entries for 'net'"),
    "another table": ("[models]\n", "unknown entry 'models'"),
    "no list": (
        "[model]\nname = 'x'\n",
        "model: expected array, got object",
    ),
    "a number": (
        "model = 3\n",
        "model: expected array, got int",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_file_of_another_shape_is_refused(fault: str, tmp_path: Path) -> None:
    """
    The entry at fault is named, and what to do about the file.
    """
    path = tmp_path / "zoo.lock"
    text, problem = WRONG[fault]
    path.write_text(text)

    with pytest.raises(LockError) as caught:
        lockfile.read(path)

    assert str(caught.value) == f"{path} is not a lock file ({problem}). {AGAIN}"


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    """
    The line is named: a merge that went wrong is easily found.
    """
    path = tmp_path / "zoo.lock"
    path.write_text("<<<<<<< HEAD\n")

    with pytest.raises(LockError) as caught:
        lockfile.read(path)

    problem = "Invalid statement (at line 1, column 1)"
    assert str(caught.value) == f"{path} can't be read ({problem}). {AGAIN}"


def test_a_lock_file_that_is_a_pipe_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A folder from somebody else may hold one, and every load looks for a lock.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZOO_LOCK", raising=False)
    os.mkfifo("zoo.lock")

    with pytest.raises(LockError) as caught:
        zoo.load("xor-mlp")

    assert str(caught.value) == (
        "zoo.lock can't be read (it is no file). A lock file is read as well as "
        "written: name another place with -o."
    )


def test_what_only_remembers_may_be_deleted(far: Far) -> None:
    """
    The file of trusted names is nobody's work.
    """
    path = lockfile.trusted_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff")

    with pytest.raises(LockError) as caught:
        zoo.load(GATES)

    assert str(caught.value).endswith("Delete it: it only remembers what was trusted.")


# zoo lock


def test_a_lock_says_what_is_installed(far: Far) -> None:
    """
    Plugin, version, size and SHA-256; of what lies on the Hub, where. No request.
    """
    changes = zoo.lock(NAME, "xor-mlp")

    assert [change.old for change in changes] == [None, None]
    assert far.hub.requests == []
    held = lockfile.read(Path("zoo.lock"))
    assert held[NAME] == Lock(
        name=NAME,
        plugin="zoo-far",
        version="1.0",
        size=len(WEIGHTS),
        sha256=far.pin["sha256"],
        repo="alice/line",
        commit=far.commit,
    )
    assert held["xor-mlp"].plugin == "zoo-perceptron"


def test_locking_again_updates_what_is_there(far: Far) -> None:
    """
    Without names, every entry; with names, those alone. Others are kept.
    """
    zoo.lock(NAME, "xor-mlp")
    old = lockfile.read(Path("zoo.lock"))
    far.install(version="2.0", sha256=HEX)

    zoo.lock("neuron-or")
    kept = lockfile.read(Path("zoo.lock"))
    changes = zoo.lock()

    assert old.items() <= kept.items()
    assert {c.name: c.old == c.new for c in changes} == {
        NAME: False,
        "xor-mlp": True,
        "neuron-or": True,
    }
    assert lockfile.read(Path("zoo.lock"))[NAME].sha256 == HEX


def test_all_or_nothing_is_locked(far: Far) -> None:
    """
    A name that can't be locked leaves the file as it was.
    """
    zoo.lock("xor-mlp")
    before = Path("zoo.lock").read_bytes()

    with pytest.raises(ModelNotFound):
        zoo.lock(NAME, "nope")

    assert Path("zoo.lock").read_bytes() == before


def test_nothing_to_lock(far: Far) -> None:
    """
    A file that is not there has no names to lock again.
    """
    with pytest.raises(LockError) as caught:
        zoo.lock()

    assert str(caught.value) == (
        "zoo.lock locks no model yet. Name those you use: 'zoo lock NAME...', or 'zoo "
        "lock --all' for every model that is installed."
    )


def test_a_folder_needs_no_lock(far: Far) -> None:
    """
    A checkpoint folder pins itself.
    """
    folder = zoo.save(zoo.build("xor-mlp"), far.root / "xor")

    with pytest.raises(LockError) as caught:
        zoo.lock(str(folder))

    assert str(caught.value) == (
        f"{folder} is a folder: what it holds is pinned in its config.json already."
    )


def test_a_lock_that_cannot_be_written(
    far: Far, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The path and the reason are told.
    """
    path = far.root / "my.lock"

    def full(_path: Path, _content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(lockfile, "write_atomic", full)
    with pytest.raises(LockError) as caught:
        zoo.lock("xor-mlp", path=path)

    assert str(caught.value) == f"{path} can't be written: No space left on device."


# What a load makes of it


def test_a_load_that_agrees(far: Far) -> None:
    """
    The same bytes load, also of another version of the plugin.
    """
    zoo.lock(NAME)
    far.install(version="2.0")

    assert zoo.load(NAME).bias.item() == 1.0


def test_a_load_that_disagrees(far: Far) -> None:
    """
    Another SHA-256 is refused before anything is fetched.
    """
    zoo.lock(NAME)
    far.install(version="2.0", sha256=HEX)

    with pytest.raises(LockError) as caught:
        zoo.load(NAME)

    assert far.hub.requests == []
    assert str(caught.value) == (
        f"zoo.lock pins 'far-line' to SHA-256 {far.pin['sha256'][:12]}... of zoo-far "
        "1.0, but zoo-far 2.0 pins abababababab... Run 'zoo lock far-line' to accept "
        "that, or pip install 'zoo-far==1.0'."
    )


def test_a_lock_elsewhere(far: Far) -> None:
    """
    ZOO_LOCK names the file for processes that run in other folders.
    """
    zoo.lock(NAME, path=far.root / "my.lock")
    far.install(sha256=HEX)
    far.patch.setenv("ZOO_LOCK", str(far.root / "my.lock"))

    with pytest.raises(LockError, match=r"my\.lock pins 'far-line'"):
        zoo.load(NAME)


def test_a_branch_stays_where_it_was_locked(far: Far) -> None:
    """
    A new commit changes nothing, and the Hub is not even asked for one.
    """
    first = far.publish()
    zoo.lock(GATES)
    second = far.publish(3)
    far.hub.clear()

    model = zoo.load(GATES)

    assert first != second
    assert f"snapshots/{first}/" in model.zoo.report.path
    assert far.hub.count("GET|HEAD", "/revision/|/main") == 0


def test_a_repository_that_is_not_as_locked(far: Far) -> None:
    """
    Neither its config nor the weights it pins may differ from the lock.
    """
    commit = far.publish()
    zoo.lock(GATES)
    (held,) = lockfile.read(Path("zoo.lock")).values()

    for change, file in (({"config": HEX}, "config.json"), ({"sha256": HEX}, "model")):
        lockfile.write(Path("zoo.lock"), [replace(held, **change)])
        with pytest.raises(LockError) as caught:
            zoo.load(GATES)
        assert str(caught.value).startswith(file)
        assert str(caught.value).endswith(
            f" of {GATES} at commit {commit[:8]} is not the one that zoo.lock "
            f"remembers. If you trust it, run 'zoo lock {GATES}' again."
        )


# Trust on first use


def test_weights_without_a_hash_are_trusted_once(far: Far) -> None:
    """
    The first load warns and remembers; the second is silent.
    """
    far.install(sha256=None, size=None)

    with pytest.warns(TrustWarning) as told:
        zoo.load(NAME)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zoo.load(NAME)

    assert [str(one.message) for one in told] == [
        "far-line is trusted on first use: zoo-far knows no SHA-256 for it. The file "
        f"from alice/line has {far.pin['sha256']}. 'zoo lock far-line' keeps that for "
        "your project."
    ]


def test_other_bytes_at_a_trusted_commit_are_refused(far: Far) -> None:
    """
    What was trusted is what must come again, to an empty cache as well.
    """
    far.install(sha256=None, size=None)
    with pytest.warns(TrustWarning):
        zoo.load(NAME)
    far.rewrite(OTHER)

    with far.on("fresh"), pytest.raises(IntegrityError, match=r"\.\.\. is pinned\."):
        zoo.load(NAME)


def test_a_lock_binds_a_plugin_that_knows_no_hash(far: Far) -> None:
    """
    A new commit in the plugin's next version is no reason to trust anew.
    """
    far.install(sha256=None, size=None)
    zoo.lock(NAME)
    commit = far.hub.put("alice/line", {"model.safetensors": OTHER})
    far.install(version="2.0", sha256=None, size=None, revision=commit)

    with pytest.raises(LockError) as caught:
        zoo.load(NAME)

    assert str(caught.value) == (
        f"zoo.lock pins 'far-line' to SHA-256 {far.pin['sha256'][:12]}... of zoo-far "
        f"1.0, but zoo-far 2.0 pins commit {commit[:12]}... of alice/line. Run 'zoo "
        "lock far-line' to accept that, or pip install 'zoo-far==1.0'."
    )


def test_a_branch_is_trusted_once_a_commit(far: Far) -> None:
    """
    A repository warns at the first load and at each new commit, and at no other time.
    """
    commit = far.publish()
    with pytest.warns(TrustWarning) as told:
        zoo.load(GATES)
    (known,) = lockfile.read(lockfile.trusted_path()).values()
    lockfile.remember_trusted(
        replace(known, version="0.0.1")
    )  # another version of the plugin

    zoo.load(GATES)  # a warning would be an error
    far.publish(3)
    with pytest.warns(TrustWarning):
        zoo.load(GATES)

    assert [str(one.message) for one in told] == [
        f"{GATES} is trusted on first use: commit {commit}, which is what 'main' means "
        f"now. 'zoo lock {GATES}' keeps it for your project."
    ]


def test_a_repository_that_changed_at_its_commit(far: Far) -> None:
    """
    Without a project's lock, what was trusted still decides.
    """
    commit = far.publish()
    with pytest.warns(TrustWarning):
        zoo.load(f"{GATES}@{commit}")
    (known,) = lockfile.read(lockfile.trusted_path()).values()
    lockfile.remember_trusted(replace(known, config=HEX))

    with pytest.raises(IntegrityError) as caught:
        zoo.load(f"{GATES}@{commit}")

    assert str(caught.value).endswith(
        f"config.json of {GATES}@{commit} at commit {commit[:8]} is not the one that "
        f"{lockfile.trusted_path()} remembers. If you trust it, delete "
        f"{lockfile.trusted_path()}."
    )


@pytest.mark.parametrize(
    "name",
    ["hf://", "hf://a", "hf://a/b@", "hf://a/b@../x", "hf://a/b/c", "hf://a/..b"],
)
def test_an_address_that_is_none(name: str) -> None:
    """
    What could leave a folder, or a repository, is not even looked up.
    """
    with pytest.raises(CheckpointError, match="is not the address of a repository"):
        zoo.lock(name)


# zoo lock --check, and the command


def test_a_check_compares_without_a_network(far: Far) -> None:
    """
    Each entry that does not agree is named with its reason; no request is made.
    """
    far.publish()
    zoo.lock(NAME, GATES, "xor-mlp")
    far.hub.clear()
    assert lock.check() == []

    far.install(version="2.0", sha256=HEX)
    held = lockfile.read(Path("zoo.lock"))
    gone = replace(held["xor-mlp"], name="gone", plugin="zoo-gone")
    strange = replace(held[GATES], plugin="zoo-gone")
    lockfile.write(Path("zoo.lock"), [held[NAME], gone, strange])
    problems = lock.check()

    assert far.hub.requests == []
    assert problems == [
        f"zoo.lock pins 'far-line' to SHA-256 {far.pin['sha256'][:12]}... of zoo-far "
        "1.0, but zoo-far 2.0 pins abababababab... Run 'zoo lock far-line' to accept "
        "that, or pip install 'zoo-far==1.0'.",
        "zoo.lock pins 'gone' of zoo-gone 0.1.0, but: No model named 'gone'. Run 'zoo "
        "list' to see the models you have. Run: pip install 'zoo-gone==0.1.0'",
        f"zoo.lock pins '{GATES}', whose code is in 'zoo-gone', which is not "
        "installed. Run: pip install 'zoo-gone==0.1.0'",
    ]


def test_a_check_of_nothing_is_a_mistake(far: Far) -> None:
    """
    In a wrong folder, nothing would pass for a success.
    """
    with pytest.raises(LockError) as caught:
        lock.check()

    assert str(caught.value) == (
        "zoo.lock locks no model, so there is nothing to compare."
    )


def test_the_command(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """
    What changed is printed; --check ends with 1 where something disagrees.
    """
    old = far.pin["sha256"][:12]
    shipped = checked_file.sha256_of(
        weight_store.shipped_checkpoint(zoo.get_spec("xor-mlp")) / "model.safetensors"
    )

    assert main(["lock", NAME, "xor-mlp"]) == 0
    assert main(["lock", "--check"]) == 0
    far.install(version="2.0", sha256=HEX)
    assert main(["lock", "--check"]) == 1
    assert main(["lock"]) == 0

    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"far-line: {old}... (new)",
        f"xor-mlp: {shipped[:12]}... (new)",
        "zoo.lock agrees with what is installed",
        f"far-line: {old}... -> abababababab...",
        f"xor-mlp: {shipped[:12]}... (unchanged)",
    ]
    assert told.err.startswith(f"zoo.lock pins 'far-line' to SHA-256 {old}...")


def test_the_command_for_another_file(
    far: Far, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    -o names it, --all fills it, and --check takes no names.
    """
    out = str(far.root / "all.lock")
    far.only(NAME, "xor-mlp")

    assert main(["lock", "--all", "-o", out]) == 0
    assert main(["lock", "--check", "-o", out]) == 0
    assert main(["lock", "--check", NAME]) == 2

    assert list(lockfile.read(Path(out))) == [NAME, "xor-mlp"]
    assert not Path("zoo.lock").exists()
    assert capsys.readouterr().err == (
        "error: --check compares the whole file; give no names. See 'zoo lock "
        "--help'.\n"
    )


def test_a_new_commit_with_the_same_bytes(
    far: Far, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The hash stays, the commit is told.
    """
    first = far.publish()
    main(["lock", GATES])
    second = far.hub.put("alice/gates", {"README.md": b"new"})
    capsys.readouterr()

    main(["lock"])

    (line,) = capsys.readouterr().out.splitlines()
    assert line.endswith(f"... (commit {first[:8]} -> {second[:8]})")


def test_a_lock_file_that_was_named_and_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Nothing would be pinned, and nobody would be told.
    """
    monkeypatch.setenv("ZOO_LOCK", str(tmp_path / "gone.lock"))

    with pytest.raises(LockError) as caught:
        zoo.load("xor-mlp")
    assert str(caught.value) == (
        f"ZOO_LOCK names {tmp_path / 'gone.lock'}, and there is no such file: nothing "
        "would be held against a lock. 'zoo lock' writes it; or unset ZOO_LOCK."
    )
