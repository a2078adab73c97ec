"""Publish a checkpoint on the Hub: its weights, card, golden and receipt in one commit.

Everything is checked before the upload, and again after it. Does not
know torch.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from zoo.artifacts import (
    checked_file,
    checkpoint_folder,
    hub_download,
    hub_upload,
    resolve,
)
from zoo.artifacts.checkpoint_folder import Config
from zoo.artifacts.hub_repository import PREFIX
from zoo.artifacts.resolve import Source
from zoo.cards import render
from zoo.cards.templates import DRAFT_MARK
from zoo.errors import CardError, NoWeights, PublishError
from zoo.plugins.discovery import installed
from zoo.specs import Weights

__all__ = ["Published", "publish"]

SIGNATURE_SUFFIX = ".sig"  # of what a tool of the user's has signed
SHOWN = re.compile(r"!\[[^\]]*\]\(([\w.-]+\.(?:png|gif))\)")  # beside the card


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published checkpoint. `changed` is false if the Hub had it already."""

    name: str
    repo: str
    commit: str
    url: str
    size: int
    sha256: str
    changed: bool

    @property
    def address(self) -> str:
        """The address for `zoo.load`."""
        return f"{PREFIX}{self.repo}@{self.commit}"

    @property
    def weights(self) -> Weights:
        """The pin for the spec of a plugin with weights on the Hub."""
        return Weights(
            size=self.size, sha256=self.sha256, repo=self.repo, revision=self.commit
        )

    @property
    def pin(self) -> str:
        """The pin as a line of Python."""
        return (
            f'Weights(size={self.size:_}, sha256="{self.sha256}", repo="{self.repo}", '
            f'revision="{self.commit}")'
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"address": self.address, "pin": self.pin}


def publish(name: str | Path, repo: str, *, private: bool = False) -> Published:
    """Publish a registered model, or a checkpoint folder, as the repository `repo`.

    `repo` is "user/name". If it does not exist, it is created, with `private`. Only the
    files of a checkpoint, its figures and its signatures (`.sig`) are uploaded, in one
    commit; other files in the repository are kept. HF_TOKEN or 'hf auth login' gives
    the account. Raises PublishError and, for a faulty checkpoint, ModelNotFound,
    CheckpointError, IntegrityError, CardError, NoWeights, LicenseError.

    >>> zoo.publish("runs/xor", "alice/xor")  # doctest: +SKIP
    Published(repo='alice/xor', commit='...')
    """
    source = _local(name)
    config = checkpoint_folder.read_config(source.folder)
    size, sha256 = config.weights.pinned
    with TemporaryDirectory(prefix="zoo-") as scratch:
        files = dict(_files(source, config, Path(scratch)))
        card = _text(files[checkpoint_folder.CARD])
        _check_written(card, source)
        _check_pictures(card, files, source.folder)
        hub_upload.prepare(repo)
        hub_upload.check_card(repo, card, f"the card of {name}")
        _warn(source)
        commit, changed = hub_upload.push(
            repo,
            files,
            managed=checkpoint_folder.KNOWN_FILES,
            private=private,
            title=f"{config.name}, {config.weights.sha256}",
        )
        pins = {checkpoint_folder.WEIGHTS: sha256}
        hub_upload.check_uploaded(repo, commit, files, Path(scratch) / "cache", pins)
    return Published(
        name=config.name,
        repo=repo,
        commit=commit,
        url=f"{hub_download.endpoint()}/{repo}/tree/{commit}",
        size=size,
        sha256=sha256,
        changed=changed,
    )


def _local(name: str | Path) -> Source:
    """Return the local checkpoint of a name. Raises PublishError for one on the Hub."""
    if isinstance(name, str) and name.startswith(PREFIX):
        raise PublishError(f"{name} is on the Hub already.")
    source = resolve.find(name)
    pin = source.spec.weights
    if pin is None:
        raise NoWeights(source.spec.name)
    if pin.repo is not None:
        raise PublishError(
            f"The weights of {name!r} are on the Hub already: {pin.repo} at commit "
            f"{pin.revision}."
        )
    return source


def _files(source: Source, config: Config, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files to publish and their names on the Hub, after checking them."""
    weights, pin = resolve.obtain(source, verify="always")
    if replace(config.weights, repo=None, revision=None) != Weights(
        size=pin.size, sha256=pin.sha256
    ):
        raise PublishError(
            f"{source.folder / checkpoint_folder.CONFIG} names other weights than "
            f"those of {source.name!r}. Save the checkpoint again."
        )
    checkpoint_folder.read_receipt(source.folder)
    yield checkpoint_folder.CARD, _card(source, config, scratch)
    yield checkpoint_folder.WEIGHTS, weights
    optional = sorted(
        checkpoint_folder.KNOWN_FILES
        - {checkpoint_folder.CARD, checkpoint_folder.WEIGHTS}
    )
    entries = source.folder.iterdir() if source.folder.is_dir() else ()
    suffixes = (*checkpoint_folder.FIGURE_SUFFIXES, SIGNATURE_SUFFIX)
    others = sorted(p.name for p in entries if p.suffix in suffixes)
    for filename in (*optional, *others):
        path = source.folder / filename
        if path.is_file():
            yield filename, checkpoint_folder.inside(path, source.folder, PublishError)
    _check_beside(config, source.folder)
    checkpoint_folder.inside(weights, weights.parent, PublishError)
    for filename in (checkpoint_folder.WEIGHTS, checkpoint_folder.GOLDEN):
        path = (
            weights
            if filename == checkpoint_folder.WEIGHTS
            else source.folder / filename
        )
        if path.is_file():
            _check_tensors(path)


def _check_beside(config: Config, folder: Path) -> None:
    """Refuse a checkpoint without the files that its config.json pins."""
    for filename, pin in config.input.files.items():
        path = folder / filename
        if pin and (not path.is_file() or checked_file.sha256_of(path) != pin):
            raise PublishError(
                f"{path} is not the {path.stem} that {checkpoint_folder.CONFIG} names. "
                "Save the checkpoint again."
            )


def _check_tensors(path: Path) -> None:
    """Refuse a truncated file, by its header."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            file.keys()
    except SafetensorError as exc:
        raise PublishError(
            f"{path} is not a whole safetensors file ({exc}). Save the checkpoint "
            "again."
        ) from exc


def _card(source: Source, config: Config, scratch: Path) -> Path:
    """Return the card: rendered for a registered model, or else the folder's own.

    A folder without one gets the card of the registered model of its name, if its
    receipt has all the numbers in that card.
    """
    path = source.folder / checkpoint_folder.CARD
    if source.kind == "folder" and path.is_file():
        return checkpoint_folder.inside(path, source.folder, PublishError)
    rendered = scratch / checkpoint_folder.CARD
    if source.kind == "registered":
        text: str = render.render(source.spec.name)
    else:
        text = _rendered(source.folder, config)
    rendered.write_text(text, encoding="utf-8")
    return rendered


def _check_written(card: str, source: Source) -> None:
    """Refuse a card that is still a draft."""
    if DRAFT_MARK in card:
        raise CardError(
            f"The card {source.folder / checkpoint_folder.CARD} is a draft: write its "
            f"parts that say {DRAFT_MARK!r}."
        )


def _text(card: Path) -> str:
    try:
        return card.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise PublishError(f"{card} is not a text in UTF-8 ({exc}).") from exc


def _rendered(folder: Path, config: Config) -> str:
    spec = installed().models.get(config.name)
    receipt: Mapping[str, Any] = checkpoint_folder.read_receipt(folder)
    try:
        if spec is not None and receipt and config.parent is None:
            return render.text(replace(spec, weights=config.weights), receipt)
    except CardError:
        pass  # the receipt of another program: it is not what a card is made of
    raise PublishError(
        f"{folder} has no {checkpoint_folder.CARD}, and nothing is published without a "
        "card. Write it there: a header (---, license: mit, --- on three lines), then "
        "what the model is for, how it was trained and where it fails. 'zoo train' "
        "writes one by itself."
    )


def _check_pictures(card: str, files: Mapping[str, Path], folder: Path) -> None:
    for shown in SHOWN.findall(card):
        if shown not in files:
            raise PublishError(
                f"The card shows {shown}, which is not in {folder}. Put it there, or "
                "take it out of the card."
            )


def _warn(source: Source) -> None:
    """Warn if the licence of the weights is unknown."""
    if source.spec.license.weights == "unknown":
        warnings.warn(
            f"The licence of the weights of {source.name} is 'unknown', so others may "
            "not use them. If you know it, write it into the spec and the card.",
            stacklevel=3,
        )
