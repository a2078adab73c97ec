"""Bundles: whole and honest, or refused with nothing left behind."""

import hashlib
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from far import GATES, NAME, OTHER, WEIGHTS, Far, far

import zoo
from zoo._utils import paths
from zoo._utils.atomic_folder import put_folder
from zoo.artifacts import (
    bundle,
    bundle_format,
    checked_file,
    hub_repository,
    lockfile,
    weight_store,
)
from zoo.artifacts.bundle_format import Blob, Entry
from zoo.artifacts.checkpoint_folder import CONFIG
from zoo.cli import main
from zoo.errors import BundleError, IntegrityError, TrustWarning

__all__ = ["far"]  # a fixture

CASES = int(os.environ.get("ZOO_MUTATIONS", "300"))
BLOCK = 512
AGAIN = "Nothing was kept. Copy it again, or make it again with 'zoo bundle'."


def made(far: Far, *names: str) -> Path:
    """Bundle models where all is at hand, then forget all that was at hand."""
    far.patch.setenv("ZOO_CACHE", str(far.root / "maker-zoo"))
    with far.on("maker"), warnings.catch_warnings():
        warnings.simplefilter("ignore", TrustWarning)
        path = zoo.bundle(*names, out=far.root / "zoo.tar")
    far.patch.setenv("ZOO_CACHE", str(far.cache))
    far.hub.clear()
    return path


def unvouched(name: str) -> Any:
    """Load what came in a bundle, and nothing but the bundle vouches for."""
    with pytest.warns(TrustWarning, match="came in the bundle"):
        return zoo.load(name)


def tree(folder: Path) -> list[str]:
    """Return all that is in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def refused(path: Path, home: Path) -> str:
    """Unbundle what must be refused without a trace; return the problem."""
    with pytest.raises(BundleError) as caught:
        zoo.unbundle(path, store=home)

    assert not home.exists()
    text = str(caught.value)
    assert text.startswith(f"{path} is not a whole bundle: "), text
    assert text.endswith(f". {AGAIN}"), text
    return text.removeprefix(f"{path} is not a whole bundle: ").removesuffix(
        f". {AGAIN}"
    )


# There and back


def test_an_air_gap(far: Far) -> None:
    """
    A pinned model, a branch of a repository and a shipped model load on a machine that
    has never seen the Hub, without a request.
    """
    commit = far.publish()
    path = made(far, NAME, GATES, "xor-mlp")

    arrived = zoo.unbundle(path)
    with far.offline():
        models = [zoo.load(NAME), unvouched(GATES), zoo.load("xor-mlp")]

    assert [one.name for one in arrived] == [NAME, GATES, "xor-mlp"]
    assert {one.advice for one in arrived} == {None}
    assert far.hub.requests == []
    assert models[0].bias.item() == 1.0
    assert models[1].zoo.settings == {"lr": 1}
    assert (
        models[1].zoo.folder == far.cache / f"store/repositories/alice/gates/{commit}"
    )
    assert models[2].zoo.report.path.endswith("checkpoints/xor-mlp/model.safetensors")


def test_a_process_of_its_own(far: Far) -> None:
    """
    Nothing of this process helps: a fresh one loads what was unbundled.
    """
    far.publish()
    with far.on("maker"):
        zoo.lock(GATES)
    path = made(far, NAME, GATES)
    code = f"import zoo; [zoo.load(name) for name in ({NAME!r}, {GATES!r})]"

    for arguments in (["-m", "zoo", "unbundle", str(path)], ["-c", code]):
        subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            env=os.environ | far.variables(),
            check=True,
        )

    assert far.hub.requests == []


def test_weights_without_a_hash_stay_trusted(far: Far) -> None:
    """
    Where the plugin knows no SHA-256, the bundle's is remembered with its commit.
    """
    far.install(sha256=None, size=None)
    path = made(far, NAME)

    zoo.unbundle(path)
    with far.offline():
        model = unvouched(NAME)

    assert model.zoo.report.sha256 == far.pin["sha256"]


def test_what_a_bundle_alone_vouches_for_is_said(
    far: Far, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    A bundle may call its bytes those of any repository: it is said when they come, and
    at each load until a lock of the project keeps them.
    """
    far.publish()
    path = made(far, GATES, NAME)

    assert main(["unbundle", str(path)]) == 0
    with far.offline():
        with pytest.warns(TrustWarning) as told:
            zoo.load(GATES)
        with pytest.warns(TrustWarning):
            sha256 = zoo.load(GATES).zoo.report.sha256
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            zoo.load(NAME)  # as its plugin pins it
            zoo.lock(GATES)
            zoo.load(GATES)
            again = zoo.unbundle(path)

    assert capsys.readouterr().err == (
        f"warning: no pin or lock here vouches for {GATES}: that these are the bytes "
        "of the Hub is the bundle's word alone.\n"
    )
    assert [str(one.message) for one in told] == [
        f"{GATES} came in the bundle {path}, and no pin or lock vouches for it: that "
        "these are the bytes of alice/gates is the bundle's word alone (SHA-256 "
        f"{sha256}). 'zoo lock {GATES}' keeps them for your project, if you trust the "
        "bundle."
    ]
    assert [model.vouched for model in again] == [True, True]


def test_each_file_is_in_it_once(far: Far) -> None:
    """
    A branch and its commit are one repository: two small files and the weights.
    """
    commit = far.publish()
    path = made(far, GATES, f"{GATES}@{commit}")

    zoo.unbundle(path)

    with tarfile.open(path) as archive:
        names = archive.getnames()
    assert names[0] == "bundle.json"
    assert len(names) == len(set(names)) == 1 + 3
    with far.offline():
        assert unvouched(GATES).zoo.report.sha256 == checked_file.sha256_of(
            Path(unvouched(f"{GATES}@{commit}").zoo.report.path)
        )


def test_the_same_models_give_the_same_bytes(far: Far) -> None:
    """
    In any order, at any time, and for anybody.
    """
    first = zoo.bundle(NAME, "xor-mlp", out=far.root / "a.tar").read_bytes()
    os.utime(
        weight_store.shipped_checkpoint(zoo.get_spec("xor-mlp")) / "model.safetensors"
    )

    again = zoo.bundle("xor-mlp", NAME, NAME, out=far.root / "b.tar").read_bytes()

    assert first == again


def test_it_is_a_genuine_tar(far: Far) -> None:
    """
    Other programs read it, contents and all; nothing of the maker is in it.
    """
    path = made(far, NAME)

    with tarfile.open(path) as archive:
        first, second = archive.getmembers()
        manifest = json.load(archive.extractfile(first) or io.BytesIO())
        content = archive.extractfile(second)
        assert content is not None
        assert content.read() == WEIGHTS

    assert first.name == "bundle.json"
    assert second.name == f"sha256/{far.pin['sha256']}"
    for member in (first, second):
        assert member.isreg()
        about = (member.mtime, member.uid, member.gid, member.uname, member.mode)
        assert about == (0, 0, 0, "", 0o644)
    (model,) = manifest["models"]
    assert (model["name"], model["plugin"], model["version"]) == (
        NAME,
        "zoo-far",
        "1.0",
    )
    assert (model["repo"], model["commit"]) == ("alice/line", far.commit)


@pytest.mark.parametrize("size", [0, 1, 8**11 - 1, 8**11, 1 << 40])
def test_a_head_for_any_size(size: int) -> None:
    """
    Files of more than 8 GiB need another way to write their size.
    """
    block = bundle_format.tar_header("sha256/x", size)

    found = tarfile.TarInfo.frombuf(block, "utf-8", "strict")

    assert len(block) == BLOCK
    assert (found.name, found.size, found.type) == ("sha256/x", size, tarfile.REGTYPE)


def test_a_bundle_is_whole_or_not_there(far: Far) -> None:
    """
    A file that rotted under its stamp is seen while it is copied.
    """
    zoo.bundle("xor-mlp", out=far.root / "zoo.tar")
    before = (far.root / "zoo.tar").read_bytes()
    (path,) = zoo.fetch(NAME)
    rotted = OTHER.ljust(len(WEIGHTS))
    far.patch.setattr(checked_file, "_compare", lambda *_: None)
    path.resolve().write_bytes(rotted)

    with pytest.raises(BundleError) as caught:
        zoo.bundle(NAME, out=far.root / "zoo.tar")

    assert str(caught.value) == (
        f"{path} was changed while it was read, or rotted. Run 'zoo cache verify', "
        "then bundle again."
    )
    assert (far.root / "zoo.tar").read_bytes() == before
    assert not [name for name in tree(far.root) if name.startswith(".zoo.tar")]


def test_what_cannot_be_bundled(far: Far) -> None:
    """
    A folder is copied as it is; no name, and a folder for a file, are slips.
    """
    folder = zoo.save(zoo.build("xor-mlp"), far.root / "xor")

    problems = []
    for names, out in (((str(folder),), "a"), ((), "a"), ((NAME,), str(folder))):
        with pytest.raises(BundleError) as caught:
            zoo.bundle(*names, out=out)
        problems.append(str(caught.value))

    assert problems == [
        f"{folder} is a folder. Copy it as it is: zoo.load takes it by its path, and "
        "its config.json pins the weights. A bundle is for models by name.",
        "No model was named, so there is nothing to bundle.",
        f"{folder} is a folder; name a file in it: {folder}/zoo.tar.",
    ]


def test_places_that_cannot_be_written(far: Far) -> None:
    """
    The system's reason is told, for the bundle and for the store.
    """
    path = made(far, "xor-mlp")
    (far.root / "file").write_text("")

    problems = []
    acts: list[Callable[[], Any]] = [
        lambda: zoo.bundle("xor-mlp", out=far.root / "file" / "zoo.tar"),
        lambda: zoo.unbundle(path, store=far.root / "file"),
        lambda: zoo.unbundle(far.root / "none.tar"),
    ]
    for act in acts:
        with pytest.raises(BundleError) as caught:
            act()
        problems.append(str(caught.value).replace(str(far.root), ""))

    assert tree(far.root / "work") == []
    assert problems == [
        "/file/zoo.tar can't be written: File exists.",
        "/zoo.tar can't be unpacked into /file: File exists. Make room, or name "
        "another store.",
        "/none.tar can't be read: No such file or directory.",
    ]


# What it meets where it arrives


def test_a_store_that_has_it(far: Far) -> None:
    """
    Twice is as once; a wrong file in the store is replaced by the right one.
    """
    far.publish()
    path = made(far, GATES, NAME)
    zoo.unbundle(path)
    before = tree(far.cache / "store")
    shelf = weight_store.object_path(paths.store_dir(), far.pin["sha256"])
    shelf.write_bytes(b"rotted")
    (config,) = (far.cache / "store").rglob(CONFIG)
    config.write_bytes(b"rotted")

    zoo.unbundle(path)

    assert tree(far.cache / "store") == before
    assert shelf.read_bytes() == WEIGHTS
    assert config.read_bytes() != b"rotted"


def test_another_process_that_is_faster(far: Far) -> None:
    """
    Two that unbundle the same at once are both content.
    """
    far.publish()
    path = made(far, GATES)

    def late(*arguments: Any, **options: Any) -> None:
        far.patch.setattr("zoo.artifacts.bundle.put_folder", put_folder)
        zoo.unbundle(path)
        put_folder(*arguments, **options)

    far.patch.setattr("zoo.artifacts.bundle.put_folder", late)
    zoo.unbundle(path)

    with far.offline():
        assert unvouched(GATES)
    assert [name for name in tree(far.cache / "store") if "zoo-save" in name] == []


def test_other_bytes_for_a_trusted_commit(far: Far) -> None:
    """
    A bundle does not overrule what this machine remembers of a commit.
    """
    commit = far.publish()
    path = made(far, GATES)
    zoo.unbundle(path)
    (known,) = lockfile.read(lockfile.trusted_path()).values()
    lockfile.remember_trusted(replace(known, config="ab" * 32))

    with pytest.raises(BundleError) as caught:
        zoo.unbundle(path, store=far.root / "new")

    assert not (far.root / "new").exists()
    assert str(caught.value) == (
        f"{path} holds other bytes for {GATES} at commit {commit[:8]} than "
        f"{lockfile.trusted_path()} remembers. Nothing was kept. If you trust the "
        "bundle, delete that entry."
    )


def test_a_plugin_that_is_missing_is_named(
    far: Far, capsys: pytest.CaptureFixture[str]
) -> None:
    """
    The command prints what came, and what to install before it loads.
    """
    path = str(made(far, NAME, "xor-mlp"))
    far.uninstall()

    assert main(["unbundle", path]) == 0

    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"far-line: 140 bytes, in {far.cache}/store",
        f"xor-mlp: 348 bytes, in {far.cache}/store",
    ]
    assert told.err == (
        "warning: far-line needs its plugin. If you trust it, run: pip install "
        "zoo-far\n"
        "warning: no pin or lock here vouches for far-line: that these are the bytes "
        "of the Hub is the bundle's word alone.\n"
    )


def test_a_plugin_of_another_version_is_named(far: Far) -> None:
    """
    Weights that the installed version does not pin would never be loaded.
    """
    path = made(far, NAME)
    far.install(version="2.0", sha256="ab" * 32)

    (arrived,) = zoo.unbundle(path)

    assert arrived.advice == "pip install 'zoo-far==1.0'"


def test_the_commands(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """
    A store that no load asks is worth a warning; errors are one line, status 1.
    """
    out, home = str(far.root / "x.tar"), str(far.root / "stick")

    assert main(["bundle", NAME, "-o", out]) == 0
    assert main(["unbundle", out, "--store", home]) == 0
    far.patch.setenv("ZOO_STORE", home)
    assert main(["unbundle", out]) == 0
    Path(out).write_bytes(b"")
    assert main(["unbundle", out]) == 1

    told = capsys.readouterr()
    assert told.out.splitlines() == [
        f"{out} (3.0 KiB)",
        f"far-line: 140 bytes, in {home}",
        f"far-line: 140 bytes, in {home}",
    ]
    assert told.err.splitlines() == [
        f"warning: set ZOO_STORE={home} to load from it.",
        f"error: {out} is not a whole bundle: it does not begin with bundle.json. "
        f"{AGAIN}",
    ]
    with far.offline():
        assert zoo.load(NAME).zoo.report.path.startswith(home)


# Hostile bundles


@pytest.fixture
def entry(far: Far) -> Entry:
    """A model of the bundles below."""
    zoo.lock(NAME)
    lock = lockfile.read(Path("zoo.lock"))[NAME]
    Path("zoo.lock").unlink()
    return Entry(lock, {})


def written(
    far: Far, entries: list[Entry], contents: list[bytes], raw: bytes | None = None
) -> Path:
    """Write a bundle as `zoo bundle` would, of whatever is given."""
    raw = bundle_format.dump(entries) if raw is None else raw
    whole = (
        bundle_format.tar_header("bundle.json", len(raw))
        + raw
        + bundle_format.tar_padding(len(raw))
    )
    blobs = bundle_format.blobs(entries)
    for blob, content in zip(blobs, contents, strict=True):
        whole += bundle_format.tar_header(bundle_format.member_name(blob), blob.size)
        whole += content + bundle_format.tar_padding(len(content))
    path = far.root / "bad.tar"
    path.write_bytes(whole + bundle_format.TAR_END)
    return path


def tarred(far: Far, entry: Entry, change: Callable[[tarfile.TarInfo], Any]) -> Path:
    """Write a bundle whose second member is another one than announced."""
    path = written(far, [entry], [WEIGHTS])
    whole = bytearray(path.read_bytes())
    start = whole.index(b"sha256/")
    member = tarfile.TarInfo.frombuf(whole[start : start + BLOCK], "utf-8", "strict")
    change(member)
    whole[start : start + BLOCK] = member.tobuf(tarfile.GNU_FORMAT)[:BLOCK]
    path.write_bytes(whole)
    return path


def to(**changes: Any) -> Callable[[tarfile.TarInfo], None]:
    """Return what sets attributes of a member."""

    def change(member: tarfile.TarInfo) -> None:
        for name, value in changes.items():
            setattr(member, name, value)

    return change


MEMBERS = {
    "an absolute name": to(name="/etc/passwd"),
    "a way out": to(name="../../evil"),
    "a way out behind a good start": to(name="sha256/../../evil"),
    "other letters": to(name="SHA256/x"),
    "a symbolic link": to(type=tarfile.SYMTYPE, linkname="/etc/passwd"),
    "a hard link": to(type=tarfile.LNKTYPE, linkname="bundle.json"),
    "a device": to(type=tarfile.CHRTYPE, devmajor=1, devminor=3),
    "a pipe": to(type=tarfile.FIFOTYPE),
    "a folder": to(type=tarfile.DIRTYPE),
    "a sparse file": to(type=tarfile.GNUTYPE_SPARSE),
    "a long name": to(type=tarfile.GNUTYPE_LONGNAME),
    "a header of pax": to(type=tarfile.XHDTYPE),
    "a larger size": to(size=1 << 40),
    "a smaller size": to(size=1),
    "a program": to(mode=0o4755),
}


@pytest.mark.parametrize("kind", MEMBERS)
def test_a_member_of_another_kind(far: Far, entry: Entry, kind: str) -> None:
    """
    A head that is not the announced one is refused, whatever is wrong with it.
    """
    path = tarred(far, entry, MEMBERS[kind])

    problem = refused(path, far.root / "new")

    name = f"sha256/{entry.lock.sha256}"
    assert problem == f"the head of {name} is not the announced one"


def gates(entry: Entry, **changes: Any) -> Entry:
    """Return an entry for a repository, as far as a name goes."""
    lock = replace(entry.lock, name=GATES, repo="alice/gates", config="cd" * 32)
    return Entry(replace(lock, **changes), {CONFIG: Blob(5, "cd" * 32)})


CONTRADICTION = "bundle.json: what it says of 'hf://alice/gates{}' contradicts itself"
MANIFESTS: dict[str, tuple[Callable[[Entry], list[Entry]], str]] = {
    "no model": (lambda e: [], "it holds no model"),
    "a model twice": (lambda e: [e, e], "bundle.json names two things alike"),
    "one hash of two sizes": (
        lambda e: [e, Entry(replace(e.lock, name="other", size=7), {})],
        "bundle.json names two things alike",
    ),
    "repositories that differ in case": (
        lambda e: [gates(e), gates(e, name="hf://Alice/gates", repo="Alice/gates")],
        "bundle.json names two things alike",
    ),
    "a commit with two contents": (
        lambda e: [
            gates(e),
            Entry(
                gates(e, name=f"{GATES}@main").lock,
                {CONFIG: Blob(5, "cd" * 32), "run.json": Blob(1, "ef" * 32)},
            ),
        ],
        "bundle.json names two things alike",
    ),
    "a path for a name": (
        lambda e: [Entry(replace(e.lock, name="../evil"), {})],
        "bundle.json: '../evil' is no model that can be bundled",
    ),
    "files of a model that has none": (
        lambda e: [Entry(e.lock, {CONFIG: Blob(5, "cd" * 32)})],
        "bundle.json: 'far-line' is no model that can be bundled",
    ),
    "a command for a plugin": (
        lambda e: [Entry(replace(e.lock, plugin="x; rm -rf /"), {})],
        "bundle.json: 'x; rm -rf /' is no distribution or version",
    ),
    "colours for a version": (
        lambda e: [Entry(replace(e.lock, version="1\x1b[31m"), {})],
        "bundle.json: '1\\x1b[31m' is no distribution or version",
    ),
    "an address that is none": (
        lambda e: [gates(e, name="hf://alice/../gates")],
        "bundle.json can't be meant ('hf://alice/../gates' is not the "
        "address of a repository: write hf://user/name, or hf://user/name@commit)",
    ),
    "another repository": (
        lambda e: [gates(e, repo="bob/gates")],
        CONTRADICTION.format(""),
    ),
    "another commit": (
        lambda e: [gates(e, name=f"{GATES}@{'d' * 40}")],
        CONTRADICTION.format(f"@{'d' * 40}"),
    ),
    "another config": (
        lambda e: [gates(e, config="ab" * 32)],
        CONTRADICTION.format(""),
    ),
    "no config": (lambda e: [Entry(gates(e).lock, {})], CONTRADICTION.format("")),
    "a file that no load reads": (
        lambda e: [
            Entry(gates(e).lock, gates(e).files | {"../evil": Blob(5, "ef" * 32)})
        ],
        CONTRADICTION.format(""),
    ),
    "a size below zero": (
        lambda e: [Entry(gates(e).lock, {CONFIG: Blob(-5, "cd" * 32)})],
        "bundle.json: {'size': -5, 'sha256': '"
        + "cd" * 32
        + "'} is no size and SHA-256",
    ),
}


@pytest.mark.parametrize("kind", MANIFESTS)
def test_a_manifest_that_cannot_be_meant(far: Far, entry: Entry, kind: str) -> None:
    """
    Whoever writes it: what it says is looked at before it is believed.
    """
    make, wanted = MANIFESTS[kind]
    raw = bundle_format.dump(make(entry))
    path = written(far, [], [], raw)

    assert refused(path, far.root / "new") == wanted


RAW = {
    "another format": (
        b'{"format": 2}',
        "its format is 2, and 1 can be read: update zoo-core",
    ),
    "no JSON": (b"{", "bundle.json can't be read: it is no JSON (it ends too early)"),
    "no text": (
        b"\xff\xfe",
        "bundle.json can't be read: it is no JSON (invalid character, line 1, column "
        "1)",
    ),
    "too deep": (b"[" * 100_000, "bundle.json can't be read: it is nested too deep"),
    "a list": (
        b"[]",
        "bundle.json can't be meant (expected object, got array)",
    ),
    "models of no shape": (
        b'{"format": 1, "models": [3], "seal": ""}',
        "bundle.json can't be meant (models[0]: expected object, got int)",
    ),
}


@pytest.mark.parametrize("kind", RAW)
def test_a_manifest_of_another_shape(far: Far, kind: str) -> None:
    """
    No shape of JSON gets further than the parser.
    """
    raw, wanted = RAW[kind]
    path = written(far, [], [], raw)

    assert refused(path, far.root / "new") == wanted


def test_a_manifest_that_was_edited(far: Far, entry: Entry) -> None:
    """
    A name changed by hand, an entry written twice: not as `zoo bundle` wrote it.
    """
    raw = bundle_format.dump([entry])
    edits = [
        raw.replace(b"far-line", b"far-lime"),
        raw.replace(b'"name": ', b'"name": "x",\n   "name": '),
        raw.replace(b'"format": 1', b'"format":  1'),
        raw.rstrip(),
    ]

    for edited in edits:
        path = written(far, [entry], [WEIGHTS], edited)
        problem = refused(path, far.root / "new")
        assert problem == "bundle.json is not as 'zoo bundle' wrote it"


def test_a_manifest_that_is_too_large(far: Far) -> None:
    """
    Its size is looked at before it is read.
    """
    path = far.root / "bad.tar"
    path.write_bytes(
        bundle_format.tar_header("bundle.json", bundle_format.MAX_MANIFEST_BYTES + 1)
    )

    assert refused(path, far.root / "new") == "it does not begin with bundle.json"


def test_a_bundle_of_another_length(far: Far, entry: Entry) -> None:
    """
    Cut off, or with something behind its end: seen before anything is written.
    """
    whole = written(far, [entry], [WEIGHTS]).read_bytes()
    path = far.root / "bad.tar"

    problems = []
    for content in (whole[:-1], whole[:-2000], whole + b"\0", whole + bytes(10_240)):
        path.write_bytes(content)
        problems.append(refused(path, far.root / "new"))

    size = f"{len(whole):,} are announced"
    assert problems == [
        f"it has {len(whole) - 1:,} bytes, and {size}",
        f"it has {len(whole) - 2000:,} bytes, and {size}",
        f"it has {len(whole) + 1:,} bytes, and {size}",
        f"it has {len(whole) + 10_240:,} bytes, and {size}",
    ]


def test_contents_that_are_not_announced(far: Far, entry: Entry) -> None:
    """
    A wrong byte, and bytes where a tar has zeros.
    """
    name = f"sha256/{entry.lock.sha256}"
    whole = written(far, [entry], [WEIGHTS]).read_bytes()
    path = far.root / "bad.tar"
    start = whole.index(WEIGHTS)
    manifest_end = BLOCK + len(bundle_format.dump([entry]))
    places = {
        start: f"{name} is not what its name says",
        start + len(WEIGHTS): f"{name} is followed by more than zeros",
        manifest_end: "bundle.json is followed by more than zeros",
        len(whole) - 1: "it does not end as a tar ends",
    }

    for place, wanted in places.items():
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert refused(path, far.root / "new") == wanted


def test_a_repository_that_does_not_fit_together(far: Far) -> None:
    """
    config.json must be one, and must pin the very weights beside it.
    """
    commit = far.publish()
    made(far, GATES)
    lock = lockfile.read(far.root / "maker-zoo" / "zoo.lock")[GATES]
    config = far.hub.files("alice/gates")[CONFIG]

    problems = []
    for content in (b"{}", config):
        blob = Blob(len(content), hashlib.sha256(content).hexdigest())
        pin = {"sha256": far.pin["sha256"], "size": len(WEIGHTS)}
        wrong = Entry(replace(lock, **pin, config=blob.sha256), {CONFIG: blob})
        by_hash = {blob.sha256: content, far.pin["sha256"]: WEIGHTS}
        ordered = [by_hash[one.sha256] for one in bundle_format.blobs([wrong])]
        problems.append(refused(written(far, [wrong], ordered), far.root / "new"))

    assert commit == lock.commit
    assert problems == [
        f"{GATES} can't be used (it is of another library: it has no 'format')",
        f"{GATES} does not pin the weights beside it",
    ]


def mutated(whole: bytes, chance: random.Random) -> bytes:
    """Return a bundle with an accident: flipped, cut, doubled or foreign bytes."""
    place = chance.randrange(len(whole))
    length = chance.choice([1, 2, 8, 100, BLOCK])
    kind = chance.choice(["flip", "flip", "cut", "drop", "insert", "zero", "swap"])
    if kind == "flip":
        wrong = bytes([whole[place] ^ (1 << chance.randrange(8))])
        return whole[:place] + wrong + whole[place + 1 :]
    if kind == "cut":
        return whole[:place]
    if kind == "drop":
        return whole[:place] + whole[place + length :]
    if kind == "insert":
        return whole[:place] + chance.randbytes(length) + whole[place:]
    if kind == "zero":
        return whole[:place] + bytes(length) + whole[place + length :]
    other = chance.randrange(len(whole) - length)
    piece = whole[other : other + length]
    return whole[:place] + piece + whole[place + length :]


def test_no_accident_gets_into_a_store(far: Far) -> None:
    """
    Whatever happens to its bytes: refused with a BundleError, and nothing is left.
    """
    far.publish()
    whole = made(far, NAME, GATES, "xor-mlp").read_bytes()
    path, home = far.root / "bad.tar", far.root / "new"
    chance = random.Random(0)
    before = tree(far.cache)

    tried = 0
    while tried < CASES:
        changed = mutated(whole, chance)
        if changed == whole:
            continue
        tried += 1
        path.write_bytes(changed)
        refused(path, home)

    assert tree(far.cache) == before == []
    path.write_bytes(whole)
    assert len(zoo.unbundle(path)) == 3


def test_an_interrupted_unbundle_leaves_nothing(far: Far) -> None:
    """
    Ctrl-C in the middle is no reason to keep half of it.
    """
    path = made(far, NAME)

    def stop(*_: Any) -> str:
        raise KeyboardInterrupt

    far.patch.setattr(bundle, "_copy_stream", stop)
    with pytest.raises(KeyboardInterrupt):
        zoo.unbundle(path, store=far.root / "new")

    assert not (far.root / "new").exists()


def test_a_store_is_not_believed_either(far: Far) -> None:
    """
    What changes in the store afterwards is seen at the load, as everywhere.
    """
    commit = far.publish()
    zoo.unbundle(made(far, GATES))
    home = hub_repository.commit_folder(paths.store_dir(), "alice/gates", commit)
    config = home / CONFIG
    config.write_text(config.read_text().replace("xor", "XOR"))

    with far.offline(), pytest.raises(IntegrityError, match=r"config\.json of hf://"):
        zoo.load(GATES)
