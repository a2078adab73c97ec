"""Upload files to a repository of the Hub in one commit, and verify the upload.

huggingface_hub does the work. Added here are: a hub without Xet, a commit whose
response was lost, and a comparison of the bytes that others will download. Does not
know what a checkpoint is, nor torch.
"""

import errno
import hashlib
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from zoo.artifacts import checked_file, hub_download
from zoo.artifacts.hub_client import checked_commit, disable_telemetry
from zoo.errors import HubError, PublishError
from zoo.specs.model_spec import REPOSITORY

__all__ = ["check_card", "check_uploaded", "prepare", "push"]

T = TypeVar("T")

HEADER = re.compile(r"\s*---[ \t]*\r?\n(.*?)\n---", re.DOTALL)
FORBIDDEN = re.compile(r"--|\.\.|[.-](/|$)|\.git$")  # in the name of a repository
MAX_NAME_LENGTH = 96  # letters of such a name
LOGIN_ADVICE = "Run 'hf auth login', or set HF_TOKEN to a token that may write."
XET_ROUTE = "xet-write-token"  # in the address that only a hub with Xet has
XET_WARNING = "binary IO buffer"  # of the client's warning that a file goes without Xet
UploadFiles = Mapping[str, Path]


@dataclass(frozen=True)
class _RepositoryState:
    """A repository as the Hub describes it: its commit, and its files by name."""

    commit: str
    private: bool
    files: Mapping[str, Any]


def prepare(repo: str) -> None:
    """Refuse a bad name, a missing token, or a Hub that does not respond.

    Raises PublishError.
    """
    disable_telemetry()
    from huggingface_hub import constants, get_token

    good = REPOSITORY.fullmatch(repo) and not FORBIDDEN.search(repo)
    if not good or len(repo) > MAX_NAME_LENGTH:
        raise PublishError(
            f"{repo!r} can't be the name of a repository: write user/name, in letters, "
            "digits, '-', '_' and '.', without '--' and '..'."
        )
    if constants.HF_HUB_OFFLINE:
        raise PublishError(
            f"Publishing {repo} needs the Hub, and HF_HUB_OFFLINE is set. Unset it, "
            "and publish again."
        )
    if get_token() is None:
        raise PublishError(
            f"Nobody is logged in to {hub_download.endpoint()}. {LOGIN_ADVICE}"
        )
    try:
        hub_download.check_reachable()
    except HubError as exc:
        raise PublishError(str(exc)) from exc
    except ConnectionError as exc:
        raise PublishError(
            f"{hub_download.endpoint()} {exc}, so {repo} is not published. Check the "
            "connection, and HF_ENDPOINT if it is set."
        ) from exc


def check_card(repo: str, text: str, place: str) -> None:
    """Have the Hub validate a card. Raises PublishError with the Hub's own message."""
    from huggingface_hub import (
        constants,
        get_session,
        get_token,
        hf_raise_for_status,
    )

    header = HEADER.match(text)
    if header is None or not header[1].strip():
        raise PublishError(
            f"{place} has no header. Begin it with three lines: ---, license: mit, ---."
        )

    def examine() -> str:
        # `ModelCard.validate` sends what the client made of the card, not the card.
        response = get_session().post(
            f"{constants.ENDPOINT}/api/validate-yaml",
            json={"content": text, "repoType": "model"},
            headers={"Authorization": f"Bearer {get_token()}"},
        )
        if response.status_code == 400:
            faults = response.json().get("errors", ())
            return "; ".join(_message(fault["message"]) for fault in faults)
        hf_raise_for_status(response)
        return ""

    if problems := _request(repo, examine):
        raise PublishError(
            f"{hub_download.endpoint()} does not accept {place}: {problems}. Correct "
            "its header."
        )


def push(
    repo: str,
    files: UploadFiles,
    *,
    managed: Collection[str],
    private: bool,
    title: str,
) -> tuple[str, bool]:
    """Upload files to a repository; return its commit, and whether that is new.

    The repository is created if it does not exist. Of the names in `managed`, those
    that are not in `files` are deleted, and no others. Raises PublishError.
    """
    from huggingface_hub import HfApi

    api = HfApi()
    # None leaves the choice to the namespace: an organisation may keep all private.
    creating = partial(api.create_repo, exist_ok=True, private=private or None)
    _request(repo, partial(creating, repo))
    before = _request(repo, partial(_repository_state, repo))
    if private and not before.private:
        raise PublishError(
            f"{repo} is on {hub_download.endpoint()} already, and public, so nothing "
            "was sent. Make it private in its settings, or name another repository."
        )

    def once() -> str:
        """Commit what differs: nothing, if an earlier try succeeded after all."""
        state = _repository_state(repo)
        changed = {
            n: p for n, p in files.items() if not _is_unchanged(p, state.files.get(n))
        }
        deleted = sorted(set(managed) & state.files.keys() - files.keys())
        if not changed and not deleted:
            return state.commit
        return _commit(repo, changed, deleted, parent=state.commit, title=title)

    size = sum(path.stat().st_size for path in files.values())
    commit = _request(repo, once, seconds=hub_download.deadline(size))
    return commit, commit != before.commit


def check_uploaded(
    repo: str, commit: str, files: UploadFiles, cache: Path, pins: Mapping[str, str]
) -> None:
    """Download every file of a commit into `cache`, and compare it with `files`.

    `pins` has the SHA-256 of those that were checked: they may have changed since. One
    that differs is downloaded once more: the download may have damaged it.
    Raises PublishError.
    """
    from huggingface_hub import hf_hub_download

    for name, path in files.items():
        sent_sha256 = pins.get(name) or checked_file.sha256_of(path)
        fetched_sha256 = ""
        fetch = partial(hf_hub_download, repo, name, revision=commit, cache_dir=cache)
        seconds = hub_download.deadline(path.stat().st_size)
        for again in (False, True):
            fetching = partial(fetch, force_download=again)
            fetched_sha256 = checked_file.sha256_of(
                Path(_request(repo, fetching, seconds=seconds))
            )
            if fetched_sha256 == sent_sha256:
                break
        else:
            fetched, sent = (
                fetched_sha256[: checked_file.SHORT_HASH],
                sent_sha256[: checked_file.SHORT_HASH],
            )
            raise PublishError(
                f"{name} of {repo} did not arrive as it was sent: the Hub gives "
                f"SHA-256 {fetched}..., and {sent}... was sent. Don't use commit "
                f"{commit[:8]}; publish again, and if it is wrong again, tell the "
                "Hub's owner."
            )


def _repository_state(repo: str) -> _RepositoryState:
    from huggingface_hub import HfApi

    info = HfApi().model_info(repo, revision="main", files_metadata=True)
    files = {file.rfilename: file for file in info.siblings or ()}
    return _RepositoryState(checked_commit(info.sha, repo), bool(info.private), files)


def _is_unchanged(path: Path, remote: Any) -> bool:
    """Return whether a file equals the one that the Hub describes."""
    if remote is None or remote.size != path.stat().st_size:
        return False
    if remote.lfs is not None:
        return bool(remote.lfs.sha256 == checked_file.sha256_of(path))
    content = path.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return bool(remote.blob_id == git.hexdigest())


def _commit(
    repo: str, files: UploadFiles, deleted: list[str], *, parent: str, title: str
) -> str:
    """Send one commit: with Xet, or without it to a hub that has none.

    The client does not ask a hub whether it has Xet. It does not use Xet for open
    files, which concerns this call alone; its setting would concern the whole process.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    def send(sources: Mapping[str, Any]) -> str:
        changes: list[Any] = [
            *(CommitOperationAdd(name, source) for name, source in sources.items()),
            *(CommitOperationDelete(name) for name in deleted),
        ]
        try:
            commit = HfApi().create_commit(
                repo, changes, commit_message=title, parent_commit=parent
            )
        except RuntimeError as exc:  # says which file failed, and not why
            raise exc.__cause__ or exc from None
        return checked_commit(commit.oid, repo)

    try:
        return send(files)
    except ConnectionError as exc:
        if XET_ROUTE not in str(exc):
            raise
    with ExitStack() as stack:
        opened = {n: stack.enter_context(path.open("rb")) for n, path in files.items()}
        stack.enter_context(_silence_client())
        return send(opened)


@contextmanager
def _silence_client() -> Iterator[None]:
    """Suppress the warning of the client that it does not use Xet."""
    logger = logging.getLogger("huggingface_hub._commit_api")

    def other(record: logging.LogRecord) -> bool:
        return XET_WARNING not in str(record.msg)

    logger.addFilter(other)
    try:
        yield
    finally:
        logger.removeFilter(other)


def _request(
    repo: str, call: Callable[[], T], *, seconds: float = hub_download.BASE_TIMEOUT
) -> T:
    """Return the result of `call`, with retries and a deadline."""
    try:
        return hub_download.with_retries(call, seconds=seconds)
    except TimeoutError:
        raise PublishError(
            f"{hub_download.endpoint()} was not done with {repo} within {seconds:.0f} "
            "seconds. Publish again: what has come is not sent twice."
        ) from None
    except Exception as exc:
        raise _to_zoo_error(exc, repo) from exc


def _message(text: str) -> str:
    """Return a message of several lines as one."""
    return " ".join(text.split()).rstrip(".")


def _to_zoo_error(exc: Exception, repo: str) -> PublishError:
    """Return the zoo's error for one of the client's."""
    from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError

    if isinstance(exc, HubError):
        return PublishError(str(exc))
    hub = hub_download.endpoint()
    message = _message(getattr(exc, "server_message", None) or "")
    detail = f": {message}." if message else "."
    status = exc.response.status_code if isinstance(exc, HfHubHTTPError) else 0
    if isinstance(exc, RemoteEntryNotFoundError):
        return PublishError(
            f"A file of {repo} is not there after it was sent{detail} A .gitignore in "
            "the repository may forbid it."
        )
    if status == 401:
        return PublishError(f"{hub} does not accept your token{detail} {LOGIN_ADVICE}")
    if status == 403:
        return PublishError(
            f"You may not write to {repo} on {hub}{detail} Use a name of your own, or "
            "ask its owner for the right; the token needs the role 'write'."
        )
    if status == 412:
        return PublishError(
            f"{repo} was changed by somebody else meanwhile, so nothing was committed. "
            "Publish again to put yours on top."
        )
    if isinstance(exc, OSError) and exc.errno == errno.ENOSPC:
        return PublishError(
            f"{repo} was sent, and can't be fetched to see whether it arrived: no room "
            "is left for it. Name another folder with TMPDIR, and publish again."
        )
    short = hub_download.short_message(exc)
    return PublishError(
        f"Publishing {repo} failed: {hub} says {short}{detail} Publish again: what has "
        "come is not sent twice."
    )
