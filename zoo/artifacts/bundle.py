"""Write models into one file for a machine without a network, and install them there.

No file of a bundle enters a store before the whole bundle was checked.
Does not know torch.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from zoo._utils import paths as folders
from zoo._utils.atomic_folder import put_folder, scratch_folder
from zoo._utils.atomic_write import atomic_file
from zoo.artifacts import (
    bundle_format,
    checked_file,
    checkpoint_folder,
    hub_repository,
    lockfile,
    resolve,
)
from zoo.artifacts import weight_store as store
from zoo.artifacts.bundle_format import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    TAR_BLOCK,
    TAR_END,
    Blob,
    Entry,
)
from zoo.artifacts.lockfile import Lock
from zoo.errors import BundleError, CheckpointError
from zoo.plugins.discovery import installed

__all__ = ["ImportedModel", "bundle", "unbundle"]

COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class ImportedModel:
    """A model of a bundle; `advice` is what to install before it can be loaded.

    `vouched` says whether a pin or a lock of this machine means the same bytes.
    """

    name: str
    size: int
    advice: str | None
    vouched: bool = True


def bundle(*names: str, out: str | Path) -> Path:
    """Write models into the file `out`, and return its path.

    A name is a registered model or a repository "hf://user/name". Missing files are
    downloaded. Each file is stored once. The same models give the same bytes.
    Raises BundleError, and what `zoo.load` raises for a source.

    >>> zoo.bundle("xor-mlp", out="zoo.tar").name
    'zoo.tar'
    """
    if not names:
        raise BundleError("No model was named, so there is nothing to bundle.")
    target = Path(out)
    if target.is_dir():
        raise BundleError(f"{target} is a folder; name a file in it: {target}/zoo.tar.")
    paths: dict[str, Path] = {}  # by SHA-256
    entries = [_entry(name, paths) for name in sorted(set(names))]
    try:
        with atomic_file(target) as file:
            _write(file, entries, paths)
    except OSError as exc:
        raise BundleError(f"{target} can't be written: {_os_error_text(exc)}.") from exc
    return target


def unbundle(
    path: str | Path, *, store: str | Path | None = None
) -> list[ImportedModel]:
    """Install the models of a bundle into a store, and return them.

    `store` is a folder; by default the first of `ZOO_STORE`, or the user's own. After
    that `zoo.load` finds the models there. Raises BundleError, and installs nothing
    then.

    >>> path = zoo.bundle("xor-mlp", out="zoo.tar")
    >>> [model.name for model in zoo.unbundle(path, store="models")]
    ['xor-mlp']
    """
    home = Path(store) if store is not None else folders.store_dir()
    archive = Path(path)
    with _open_archive(archive) as file:
        entries = _read_manifest(file, archive)
        _check_contents_match(entries, archive)
        try:
            with _staging_dir(home) as stage:
                _unpack(file, entries, stage, archive)
                homes = [
                    _stage_repository(e, stage, archive) for e in entries if e.files
                ]
                _install(entries, homes, stage, home)
        except OSError as exc:
            problem = f"{archive} can't be unpacked into {home}: {_os_error_text(exc)}."
            raise BundleError(f"{problem} Make room, or name another store.") from exc
    imported = [_imported(entry) for entry in entries]
    for entry, model in zip(entries, imported, strict=True):
        if entry.lock.repo:
            source = "" if model.vouched else str(archive.absolute())
            lockfile.remember_trusted(replace(entry.lock, bundle=source))
    return imported


def _entry(name: str, paths: dict[str, Path]) -> Entry:
    """Return the entry of a name, and add the paths of its files to `paths`."""
    source = resolve.find(name)
    if source.kind == "folder":
        raise BundleError(
            f"{name} is a folder. Copy it as it is: zoo.load takes it by its path, "
            "and its config.json pins the weights. A bundle is for models by name."
        )
    path, pin = resolve.obtain(source)
    lock = resolve.to_lock(source, pin)
    paths[lock.sha256] = path
    files: dict[str, Blob] = {}
    for small in resolve.companion_files(source):
        if small.is_file():
            blob = Blob(small.stat().st_size, checked_file.sha256_of(small))
            files[small.name], paths[blob.sha256] = blob, small
    return Entry(lock, files)


def _write(file: BinaryIO, entries: list[Entry], paths: dict[str, Path]) -> None:
    raw = bundle_format.dump(entries)
    file.write(
        bundle_format.tar_header(MANIFEST, len(raw))
        + raw
        + bundle_format.tar_padding(len(raw))
    )
    for blob in bundle_format.blobs(entries):
        file.write(bundle_format.tar_header(bundle_format.member_name(blob), blob.size))
        with paths[blob.sha256].open("rb") as content:
            if _copy_stream(content, file, blob.size) != blob.sha256 or content.read(1):
                raise BundleError(
                    f"{paths[blob.sha256]} was changed while it was read, or rotted. "
                    "Run 'zoo cache verify', then bundle again."
                )
        file.write(bundle_format.tar_padding(blob.size))
    file.write(TAR_END)


def _open_archive(archive: Path) -> BinaryIO:
    try:
        return archive.open("rb")
    except OSError as exc:
        raise BundleError(f"{archive} can't be read: {_os_error_text(exc)}.") from exc


def _read_manifest(file: BinaryIO, archive: Path) -> list[Entry]:
    """Return the entries of a bundle, after comparing its length with them."""
    first = file.read(TAR_BLOCK)
    digits = re.match(rb"[0-7]{11}", first[124:])
    size = int(digits[0], 8) if digits else 0
    if not 0 < size <= MAX_MANIFEST_BYTES or first != bundle_format.tar_header(
        MANIFEST, size
    ):
        raise _bundle_error(archive, f"it does not begin with {MANIFEST}")
    raw = file.read(size)
    try:
        entries = bundle_format.parse(raw)
    except ValueError as exc:
        raise _bundle_error(archive, str(exc)) from exc
    expected_size = bundle_format.archive_size(raw, bundle_format.blobs(entries))
    actual_size = os.fstat(file.fileno()).st_size
    if actual_size != expected_size:
        problem = f"it has {actual_size:,} bytes, and {expected_size:,} are announced"
        raise _bundle_error(archive, problem)
    if file.read(-size % TAR_BLOCK) != bundle_format.tar_padding(size):
        raise _bundle_error(archive, f"{MANIFEST} is followed by more than zeros")
    return entries


def _check_contents_match(entries: list[Entry], archive: Path) -> None:
    """Refuse other bytes for a commit whose bytes were trusted before."""
    trusted = lockfile.read_trusted()
    for lock in (entry.lock for entry in entries):
        previous = trusted.get(lock.name)
        if previous is None or not lock.repo or previous.commit != lock.commit:
            continue
        if (previous.sha256, previous.config) != (lock.sha256, lock.config):
            raise BundleError(
                f"{archive} holds other bytes for {lock.name} at commit "
                f"{lock.commit[:8]} than {lockfile.trusted_path()} remembers. Nothing "
                "was kept. If you trust the bundle, delete that entry."
            )


def _unpack(file: BinaryIO, entries: list[Entry], stage: Path, archive: Path) -> None:
    """Write every file under its SHA-256; refuse what the manifest does not list."""
    for blob in bundle_format.blobs(entries):
        name = bundle_format.member_name(blob)
        if file.read(TAR_BLOCK) != bundle_format.tar_header(name, blob.size):
            raise _bundle_error(archive, f"the head of {name} is not the announced one")
        with (stage / blob.sha256).open("wb") as out:
            if _copy_stream(file, out, blob.size) != blob.sha256:
                raise _bundle_error(archive, f"{name} is not what its name says")
        if file.read(-blob.size % TAR_BLOCK) != bundle_format.tar_padding(blob.size):
            raise _bundle_error(archive, f"{name} is followed by more than zeros")
    if file.read(len(TAR_END) + 1) != TAR_END:
        raise _bundle_error(archive, "it does not end as a tar ends")


def _stage_repository(entry: Entry, stage: Path, archive: Path) -> tuple[Path, Lock]:
    """Return a folder with the small files of a repository, and its lock."""
    lock = entry.lock
    folder = hub_repository.commit_folder(stage, lock.repo, lock.commit)
    folder.mkdir(parents=True, exist_ok=True)  # it may have come under two names
    for name, blob in entry.files.items():
        shutil.copyfile(stage / blob.sha256, folder / name)
    if not lock.config:  # a tokenizer alone, of a model that a plugin describes
        return folder, lock
    try:
        config = checkpoint_folder.read_config(folder)
    except CheckpointError as exc:
        problem = str(exc.__cause__ or exc).rstrip(".")
        raise _bundle_error(archive, f"{lock.name} can't be used ({problem})") from exc
    pin = config.weights
    pinned = (pin.size, pin.sha256, pin.filename)
    if pinned != (lock.size, lock.sha256, lock.filename):
        raise _bundle_error(archive, f"{lock.name} does not pin the weights beside it")
    return folder, lock


def _install(
    entries: list[Entry], homes: list[tuple[Path, Lock]], stage: Path, home: Path
) -> None:
    """Move the checked files to where a load looks for them."""
    for entry in entries:
        sha256 = entry.lock.sha256
        target = store.object_path(home, sha256)
        already_stored = target.is_file() and checked_file.sha256_of(target) == sha256
        # A content of two entries was moved with the first.
        if not already_stored and (stage / sha256).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(stage / sha256, target)
    for folder, lock in homes:
        if folder.exists():  # else it came under two names
            _move(folder, hub_repository.commit_folder(home, lock.repo, lock.commit))


def _move(folder: Path, target: Path) -> None:
    """Replace the folder `target` by `folder`, unless their files are equal."""
    contents = _relative_files(folder)
    if _relative_files(target) == contents:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    put_folder(folder, target, keep=lambda _: False, last=checkpoint_folder.CONFIG)


def _relative_files(folder: Path) -> dict[str, bytes]:
    paths = folder.iterdir() if folder.is_dir() else ()
    return {path.name: path.read_bytes() for path in paths if path.is_file()}


@contextmanager
def _staging_dir(home: Path) -> Iterator[Path]:
    """Yield a temporary folder in a store; remove it, and a store that stays empty."""
    new_folders = [folder for folder in (home, *home.parents) if not folder.exists()]
    home.mkdir(parents=True, exist_ok=True)
    try:
        with scratch_folder(home / "sha256") as stage:
            yield stage
    finally:
        for folder in new_folders:
            with suppress(OSError):  # it is not empty: all went well
                folder.rmdir()


def _copy_stream(source: BinaryIO, target: BinaryIO, size: int) -> str:
    """Copy at most `size` bytes, and return their SHA-256."""
    seal = hashlib.sha256()
    while size and (piece := source.read(min(size, COPY_BYTES))):
        seal.update(piece)
        target.write(piece)
        size -= len(piece)
    return seal.hexdigest()


def _imported(entry: Entry) -> ImportedModel:
    size = sum(blob.size for blob in entry.blobs())
    lock = entry.lock
    return ImportedModel(lock.name, size, _advice(lock), _is_vouched(lock))


def _is_vouched(lock: Lock) -> bool:
    """Return whether something on this machine says that these are the bytes."""
    spec = installed().models.get(lock.name)
    pinned = spec.weights.sha256 if spec and spec.weights else None
    if not lock.repo or pinned == lock.sha256:
        return True  # what a plugin ships is compared with its pin at every load
    known = (lockfile.find(lock.name), lockfile.read_trusted().get(lock.name))
    return any(
        one is not None
        and not one.bundle
        and (one.weights(), one.config) == (lock.weights(), lock.config)
        for one in known
    )


def _advice(lock: Lock) -> str | None:
    """Return the command to run before the model can be loaded, or None."""
    known = installed()
    spec = known.models.get(lock.name)
    versions = {plugin.distribution: plugin.version for plugin in known.plugins}
    if lock.plugin not in versions:
        return f"pip install {lock.plugin}"
    if lock.config or (
        spec and not resolve.disagreement(resolve.find(lock.name), lock)
    ):
        return None
    return f"pip install '{lock.plugin}=={lock.version}'"


def _bundle_error(archive: Path, problem: str) -> BundleError:
    return BundleError(
        f"{archive} is not a whole bundle: {problem}. Nothing was kept. Copy it again, "
        "or make it again with 'zoo bundle'."
    )


def _os_error_text(exc: OSError) -> str:
    return exc.strerror or str(exc)
