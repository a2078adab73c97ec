"""What the hub holds: repositories, their commits, and the contents of their files.

Contents lie in a folder, each under its digest; everything else is in memory.
Knows nothing of HTTP but the errors a client should see.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from loopback.messages import Refusal

__all__ = ["Commit", "File", "Objects", "Repository", "is_large"]

LARGE = 1 << 20  # bytes; from here on a file is stored with LFS, whatever its name
LARGE_NAMES = (".safetensors", ".bin", ".pt", ".onnx", ".npz", ".gguf", ".parquet")


@dataclass(frozen=True)
class File:
    """One file of a commit."""

    size: int
    oid: str  # as git names it: of the content or, with LFS, of the pointer to it
    sha256: str | None = None  # of the content, with LFS

    @property
    def digest(self) -> str:
        """The name of the content: the ETag, and the name of its blob in a cache."""
        return self.sha256 or self.oid


@dataclass(frozen=True)
class Commit:
    """A state of all files."""

    oid: str
    parent: str | None
    title: str
    message: str
    author: str
    date: str
    files: Mapping[str, File]


@dataclass
class Repository:
    """The commits of a model or a dataset, and the names that some of them have."""

    kind: str  # "model" or "dataset"
    name: str  # "owner/name"
    private: bool = False
    gated: bool = False
    readers: set[str] = field(default_factory=set)  # who may read it though gated
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add({}, branch="main", title="initial commit")

    @property
    def owner(self) -> str:
        return self.name.partition("/")[0]

    def at(self, revision: str) -> Commit:
        """Return the commit that a branch, a tag or the start of an id names."""
        oid = self.branches.get(revision) or self.tags.get(revision)
        if oid is None and len(revision) >= 7:
            oid = next((o for o in self.commits if o.startswith(revision)), None)
        if oid is None:
            raise Refusal(404, f"Invalid rev id: {revision}", code="RevisionNotFound")
        return self.commits[oid]

    def add(
        self,
        files: Mapping[str, File],
        *,
        branch: str,
        title: str,
        message: str = "",
        author: str | None = None,
    ) -> Commit:
        """Put a state of all files on top of a branch."""
        parent = self.branches.get(branch)
        author = author or self.owner
        listing = [f"{path} {files[path].oid}" for path in sorted(files)]
        about = "\n".join([self.name, str(parent), branch, title, message, *listing])
        oid = hashlib.sha1(about.encode()).hexdigest()
        date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        commit = Commit(oid, parent, title, message, author, date, dict(files))
        self.commits[oid] = commit
        self.branches[branch] = oid
        return commit

    def history(self, commit: Commit) -> Iterator[Commit]:
        """Walk from a commit to the first one."""
        while True:
            yield commit
            if commit.parent is None:
                return
            commit = self.commits[commit.parent]


class Objects:
    """Contents in a folder, each under its digest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, digest: str) -> Path:
        if not digest.isalnum():  # it comes from outside: it must not leave the folder
            raise Refusal(400, f"{digest} is no digest")
        return self.folder / digest

    def keep(self, path: str, content: bytes, *, large: bool) -> File:
        """Keep a content that is at hand, and say what a commit says of it."""
        check(path)
        if large:
            sha256 = hashlib.sha256(content).hexdigest()
            self.path(sha256).write_bytes(content)
            return pointer(sha256, len(content))
        oid = _git(content)
        self.path(oid).write_bytes(content)
        return File(len(content), oid)

    def receive(self, sha256: str, chunks: Iterable[bytes]) -> bool:
        """Keep a content that arrives in pieces; refuse one with another digest."""
        seal = hashlib.sha256()
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
            for chunk in chunks:
                seal.update(chunk)
                file.write(chunk)
        if seal.hexdigest() != sha256:
            os.unlink(file.name)
            return False
        os.replace(file.name, self.path(sha256))
        return True


def pointer(sha256: str, size: int) -> File:
    """Describe a content that is stored with LFS, where git only has a pointer."""
    spec = "version https://git-lfs.github.com/spec/v1"
    text = f"{spec}\noid sha256:{sha256}\nsize {size}\n"
    return File(size, _git(text.encode()), sha256)


def is_large(path: str, size: int, sample: bytes) -> bool:
    """Tell whether the hub wants a file with LFS: by name, size, or because binary."""
    return path.endswith(LARGE_NAMES) or size >= LARGE or b"\0" in sample


def check(path: str) -> None:
    """Refuse a path that would leave the repository."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or {"..", ".git"} & set(parts):
        raise Refusal(400, f"{path!r} is no path of a file in a repository")


def _git(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
