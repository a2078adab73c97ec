"""The format of a bundle, byte by byte: bundle.json, and the tar around it.

A bundle can be written in one way only, and no other is read. The tar headers follow
from bundle.json, and its text follows from the models. So a link, two files of one
name, or a changed byte is always noticed. Does not know torch.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from zoo._utils.schema import Malformed, convert, parse_json
from zoo.artifacts import hub_repository
from zoo.artifacts.checkpoint_folder import CONFIG, TOKENIZER
from zoo.artifacts.hub_repository import PREFIX, SMALL_FILES
from zoo.artifacts.lockfile import Lock
from zoo.errors import ZooError
from zoo.specs.model_spec import COMMIT, NAME, REPOSITORY, SHA256

__all__ = [
    "MANIFEST",
    "MAX_MANIFEST_BYTES",
    "TAR_BLOCK",
    "TAR_END",
    "Blob",
    "Entry",
    "archive_size",
    "blobs",
    "dump",
    "member_name",
    "parse",
    "tar_header",
    "tar_padding",
]

FORMAT = 1
MANIFEST = "bundle.json"
MAX_MANIFEST_BYTES = 16 << 20  # bytes of bundle.json
TAR_BLOCK = 512  # bytes; a tar consists of such
TAR_END = bytes(2 * TAR_BLOCK)
DISTRIBUTION = re.compile(r"[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?", re.ASCII)
VERSION = re.compile(r"[A-Za-z0-9][\w.+!-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Blob:
    """The content of a file."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One model of a bundle: its weights, and the small files of a repository."""

    lock: Lock
    files: Mapping[str, Blob]

    def blobs(self) -> list[Blob]:
        """Return the blobs of the model: weights first, then small files."""
        return [Blob(self.lock.size, self.lock.sha256), *self.files.values()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model(Lock):
    """A model, as bundle.json holds it."""

    files: Mapping[str, Blob]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    """bundle.json as a whole."""

    format: int
    models: tuple[_Model, ...]
    seal: str


def dump(entries: Iterable[Entry]) -> bytes:
    """Return bundle.json: sealed with its own hash, the same bytes for the same models.

    The hash shows accidental damage. It is no signature: whoever changes a bundle can
    compute it anew.
    """
    models = [
        asdict(entry.lock)
        | {"files": {name: asdict(blob) for name, blob in sorted(entry.files.items())}}
        for entry in sorted(entries, key=lambda entry: entry.lock.name)
    ]
    body = {"format": FORMAT, "models": models}
    seal = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return (json.dumps(body | {"seal": seal}, indent=1) + "\n").encode()


def parse(raw: bytes) -> list[Entry]:
    """Return the models of a bundle.json. Raises ValueError, saying what is wrong."""
    try:
        manifest = parse_json(raw)
    except Malformed as exc:
        raise ValueError(f"{MANIFEST} can't be read: {exc}") from exc
    try:
        if isinstance(manifest, dict) and manifest.get("format", FORMAT) != FORMAT:
            problem = f"its format is {manifest['format']!r}, and {FORMAT} can be read"
            raise ValueError(f"{problem}: update zoo-core")
        entries = [_entry(model) for model in convert(manifest, _Manifest).models]
        if not entries:
            raise ValueError("it holds no model")
        _check_no_clashes(entries)
    except (Malformed, ZooError) as exc:
        problem = str(exc).rstrip(".")
        raise ValueError(f"{MANIFEST} can't be meant ({problem})") from exc
    if dump(entries) != raw:
        raise ValueError(f"{MANIFEST} is not as 'zoo bundle' wrote it")
    return entries


def blobs(entries: Iterable[Entry]) -> list[Blob]:
    """Return the blobs of a bundle in their order, each of them once."""
    every = {blob.sha256: blob for entry in entries for blob in entry.blobs()}
    return [blob for _, blob in sorted(every.items())]


def member_name(blob: Blob) -> str:
    """Return the name of a blob in the tar."""
    return f"sha256/{blob.sha256}"


def tar_header(name: str, size: int) -> bytes:
    """Return the tar header of a plain file."""
    digits = b"%011o\0" % size
    if size >= 8**11:  # what the digits of the format can't say
        digits = b"\x80" + size.to_bytes(11, "big")
    begin = [name.encode().ljust(100, b"\0"), b"0000644\0", b"0000000\0" * 2, digits]
    begin.append(b"%011o\0" % 0)  # written in 1970, by nobody
    rest = [b"0", bytes(100), b"ustar\x0000", bytes(64), b"0000000\0" * 2, bytes(167)]
    total = sum(b"".join([*begin, b" " * 8, *rest]))
    return b"".join([*begin, b"%06o\0 " % total, *rest])


def tar_padding(size: int) -> bytes:
    """Return the zeros that follow a file of `size` bytes."""
    return bytes(-size % TAR_BLOCK)


def archive_size(raw: bytes, contents: Sequence[Blob]) -> int:
    """Return how many bytes the whole bundle has."""
    sizes = [len(raw), *(blob.size for blob in contents)]
    return sum(TAR_BLOCK + size + -size % TAR_BLOCK for size in sizes) + len(TAR_END)


def _entry(model: "_Model") -> Entry:
    files = {name: _blob(blob) for name, blob in model.files.items()}
    values = {field.name: getattr(model, field.name) for field in fields(Lock)}
    entry = Entry(Lock(**values), files)
    lock = entry.lock
    for text, pattern in ((lock.plugin, DISTRIBUTION), (lock.version, VERSION)):
        if not pattern.fullmatch(text):
            raise ValueError(f"{MANIFEST}: {text!r} is no distribution or version")
    if lock.name.startswith(PREFIX):
        _check_repository(entry)
    elif not NAME.fullmatch(lock.name) or not _is_plain(files, lock) or lock.config:
        raise ValueError(f"{MANIFEST}: {lock.name!r} is no model that can be bundled")
    return entry


def _is_plain(files: Mapping[str, Blob], lock: Lock) -> bool:
    """Return whether a registered model brings no more than a tokenizer of the Hub."""
    if not files:
        return True
    address = REPOSITORY.fullmatch(lock.repo) and ".." not in lock.repo
    commit = COMMIT.fullmatch(lock.commit)
    return set(files) == {TOKENIZER} and bool(address and commit)


def _blob(blob: Blob) -> Blob:
    if blob.size < 0 or not SHA256.fullmatch(blob.sha256):
        raise ValueError(f"{MANIFEST}: {asdict(blob)!r} is no size and SHA-256")
    return blob


def _check_repository(entry: Entry) -> None:
    """Refuse an entry whose address, commit and files contradict each other."""
    lock, address = entry.lock, hub_repository.parse(entry.lock.name)
    config = entry.files.get(CONFIG)
    good = (
        COMMIT.fullmatch(lock.commit)
        and address.repo == lock.repo
        and (address.moves or address.revision == lock.commit)
        and config is not None
        and config.sha256 == lock.config
        and set(entry.files) <= set(SMALL_FILES)
    )
    if not good:
        raise ValueError(
            f"{MANIFEST}: what it says of {lock.name!r} contradicts itself"
        )


def _check_no_clashes(entries: Sequence[Entry]) -> None:
    """Refuse two files for one place."""
    names = [entry.lock.name for entry in entries]
    unique = {blob for entry in entries for blob in entry.blobs()}
    places = [(e.lock.repo, e.lock.commit, e.files) for e in entries if e.files]
    homes = {(repo, commit): files for repo, commit, files in places}
    repos = {repo for repo, _ in homes}
    if (
        len(set(names)) < len(names)
        or len({blob.sha256 for blob in unique}) < len(unique)
        or len({repo.lower() for repo in repos}) < len(repos)
        or any(homes[repo, commit] != files for repo, commit, files in places)
    ):
        raise ValueError(f"{MANIFEST} names two things alike")
