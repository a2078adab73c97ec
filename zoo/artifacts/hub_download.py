"""Download one file of a repository with huggingface_hub.

Added here are: an error within seconds where the Hub does not respond, retries after a
reset or an overload, a deadline for the whole download, and few errors, which say what
to do. `zoo.artifacts.checked_file` checks the content. Does not know torch.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from zoo._utils import paths
from zoo._utils.schema import MAX_BYTES
from zoo.artifacts.hub_client import (
    SizeLimit,
    check_endpoint,
    check_token,
    checked_answers,
    checked_commit,
    disable_telemetry,
    endpoint,
    warn_plain_http,
    watch_client,
)
from zoo.errors import (
    CacheError,
    GatedError,
    HubAnswerError,
    HubError,
    IntegrityError,
    NotOnHub,
    OfflineError,
    UnreachableError,
)

__all__ = [
    "cached",
    "check_reachable",
    "deadline",
    "download",
    "endpoint",
    "is_known_missing",
    "partial_downloads",
    "resolve_revision",
    "response_timeout",
    "short_message",
    "with_retries",
]

T = TypeVar("T")

RESPONSE_TIMEOUT = 3.0  # seconds in which a hub must say something, whatever it is
MAX_ATTEMPTS, RETRY_DELAY = (
    4,
    0.5,
)  # how often, and the seconds before the second; then doubled
RETRY_STATUSES = (408, 429, 500, 502, 503, 504)  # statuses worth another try
BASE_TIMEOUT = 60.0  # seconds for everything but the bytes
MIN_BYTES_PER_SECOND = 20_000  # bytes a second; a connection below that will not do
UNKNOWN_SIZE = 10 << 30  # bytes, where nobody knows how many will come
REACHABLE_SECONDS = 10.0  # seconds for which a hub that has answered counts as there
SECONDS_A_DAY = 86_400.0
PARTIAL = re.compile(  # names of the client's: an ETag, and what no user would write
    r"[\w.+=-]+\.[0-9a-f]{8}\.incomplete|[0-9a-f]{40,64}\.incomplete"
)
PASSWORD = re.compile(r"://[^/@\s]+@")  # in an address, with the user's name

_last_response: dict[str, float] = {}  # when a hub last said something, by its address


def cached(repo: str, revision: str, filename: str) -> Path | None:
    """Return the file of a commit in the client's cache, or None, without a request."""
    path = _repository_cache(repo) / "snapshots" / revision / filename
    return path if os.path.isfile(path) else None


def is_known_missing(repo: str, revision: str, filename: str) -> bool:
    """Return whether the client has recorded that a commit has no such file."""
    return os.path.isfile(_repository_cache(repo) / ".no_exist" / revision / filename)


def download(
    repo: str,
    revision: str,
    filename: str,
    *,
    name: str,
    size: int | None = None,
    most: int | None = None,
) -> Path:
    """Return the local path of a file on the Hub, after fetching it.

    `name` is the model that the user named. `size` is the number of bytes that are
    pinned, which sets the deadline, or else `most` how many there may be. A file that
    is announced otherwise is not fetched, and one that goes on is cut off. Threads and
    processes that need the same file wait for the one that downloads it.
    Raises NotOnHub, GatedError, OfflineError, UnreachableError, HubAnswerError,
    CacheError, IntegrityError.
    """
    disable_telemetry()
    from huggingface_hub import hf_hub_download  # slow: only when needed

    fetching = partial(hf_hub_download, repo, filename, revision=revision)
    location = f"{repo}@{revision[:8]}/{filename}"
    size_limit = SizeLimit(most if size is None else size, pinned=size is not None)
    try:
        fetched = _request(
            fetching,
            location=location,
            repo=repo,
            name=name,
            seconds=deadline(size or most),
            size_limit=size_limit,
        )
    except UnreachableError:
        there = cached(repo, revision, filename)  # another process may have got it
        if there is None:
            raise
        return there
    return Path(fetched)


def resolve_revision(repo: str, revision: str, *, name: str) -> str:
    """Return the commit that a branch or tag of a repository stands for now.

    Raises NotOnHub, GatedError, OfflineError, UnreachableError, HubAnswerError.
    """
    disable_telemetry()
    from huggingface_hub import HfApi

    asking = partial(
        HfApi().model_info, repo, revision=revision, timeout=response_timeout()
    )
    location = f"{repo}@{revision}"
    info = _request(
        asking,
        location=location,
        repo=repo,
        name=name,
        seconds=BASE_TIMEOUT,
        size_limit=SizeLimit(MAX_BYTES),
    )
    return checked_commit(info.sha, location)


def deadline(size: int | None) -> float:
    """Return the seconds that a file of `size` bytes may take."""
    return BASE_TIMEOUT + (size or UNKNOWN_SIZE) / MIN_BYTES_PER_SECOND


def check_reachable() -> None:
    """Raise ConnectionError where the Hub does not respond in time.

    The client itself waits for minutes, and has no setting that shortens it. Here,
    HF_HUB_ETAG_TIMEOUT lengthens the wait, for a slow network or a busy machine. Raises
    HubError where HF_ENDPOINT is no address.
    """
    disable_telemetry()
    import httpx2
    from huggingface_hub import constants, get_session

    check_endpoint()
    check_token()
    warn_plain_http()
    if (
        time.monotonic() - _last_response.get(endpoint(), -REACHABLE_SECONDS)
        < REACHABLE_SECONDS
    ):
        return
    seconds = response_timeout()
    try:
        _with_timeout(
            seconds, lambda: get_session().head(constants.ENDPOINT, timeout=seconds)
        )
    except (TimeoutError, httpx2.TimeoutException) as exc:
        problem = f"did not answer within {seconds:.0f} seconds"
        raise ConnectionError(problem) from exc
    except Exception as exc:
        raise ConnectionError(f"does not answer ({short_message(exc)})") from exc
    _last_response[endpoint()] = time.monotonic()


def response_timeout() -> float:
    """Return the seconds in which a hub must say something."""
    chosen = os.environ.get("HF_HUB_ETAG_TIMEOUT", "")
    return max(RESPONSE_TIMEOUT, float(chosen) if chosen.isdecimal() else 0.0)


def with_retries(
    call: Callable[[], T], *, seconds: float, size_limit: SizeLimit | None = None
) -> T:
    """Return the result of `call`, tried again after transient errors.

    No answer of the Hub may have more bytes than `size_limit`. Raises TimeoutError
    after `seconds`, and what the last try raised.
    """
    ends = time.monotonic() + seconds
    for attempt in range(MAX_ATTEMPTS):
        try:
            own = None if size_limit is None else replace(size_limit)  # for each try
            return _with_timeout(ends - time.monotonic(), call, own)
        except TimeoutError:
            raise
        except Exception as exc:
            if attempt == MAX_ATTEMPTS - 1 or not _is_transient(exc):
                raise
        time.sleep(min(RETRY_DELAY * 2**attempt, max(0.0, ends - time.monotonic())))
    raise AssertionError("the last try returns or raises")


def short_message(exc: Exception) -> str:
    """Return an error in a few words, such as "HTTP 503"."""
    response: Any = getattr(exc, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    first = PASSWORD.sub("://", str(exc).partition("\n")[0].rstrip("."))
    return f"{type(exc).__name__}: {first}" if first else type(exc).__name__


def partial_downloads(
    folder: Path | None = None, *, age: float = SECONDS_A_DAY
) -> list[Path]:
    """Return partial files in the cache that are at least `age` seconds old."""
    pattern = "blobs/*.incomplete" if folder else "models--*/blobs/*.incomplete"
    leftovers: list[Path] = []
    for path in sorted((folder or paths.hub_cache_dir()).glob(pattern)):
        if not PARTIAL.fullmatch(path.name):
            continue
        with suppress(OSError):  # another process swept it
            if time.time() - path.stat().st_mtime >= age:
                leftovers.append(path)
    return leftovers


def _request(
    call: Callable[[], T],
    *,
    location: str,
    repo: str,
    name: str,
    seconds: float,
    size_limit: SizeLimit,
) -> T:
    """Return the result of `call`, with retries and a deadline."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise OfflineError(location, name)
    try:
        check_reachable()
    except ConnectionError as exc:
        raise UnreachableError(location, endpoint(), str(exc)) from exc
    for path in partial_downloads(_repository_cache(repo)):
        with suppress(OSError):
            path.unlink()
    try:
        return with_retries(call, seconds=seconds, size_limit=size_limit)
    except IntegrityError:
        raise
    except TimeoutError:
        problem = f"did not deliver it within {seconds:.0f} seconds"
        raise UnreachableError(location, endpoint(), problem) from None
    except Exception as exc:
        raise _to_zoo_error(exc, location, repo) from exc


def _with_timeout(
    seconds: float, call: Callable[[], T], size_limit: SizeLimit | None = None
) -> T:
    """Return the result of `call`, or raise TimeoutError after `seconds`.

    It runs in a thread, because nothing else ends a read that never ends. Closing the
    client's session makes an abandoned one fail at its next byte.
    """
    from huggingface_hub import close_session

    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with checked_answers(size_limit):
                results.append(call())
        except BaseException as exc:  # noqa: BLE001 - raised again by the caller
            errors.append(exc)

    watch_client()
    thread = Thread(target=work, name="zoo-hub", daemon=True)
    thread.start()
    try:
        thread.join(max(0.0, seconds))
    except KeyboardInterrupt:
        close_session()
        raise
    if errors:
        raise errors[0]
    if not results:
        close_session()
        raise TimeoutError(f"no answer within {seconds:.0f} seconds")
    return results[0]


def _is_transient(exc: Exception) -> bool:
    """Return whether an error may not occur at the next try."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    if isinstance(exc, LocalEntryNotFoundError):
        return False  # the client itself has tried for 23 seconds
    if isinstance(exc, HfHubHTTPError):
        return exc.response.status_code in RETRY_STATUSES
    fault = httpx2.TransportError, IntegrityError  # a wrong length may be a passing one
    return isinstance(exc, fault) or "Consistency check" in str(exc)


def _to_zoo_error(exc: Exception, location: str, repo: str) -> HubError:
    """Return the zoo's error for one of the client's."""
    import httpx2
    from huggingface_hub import errors

    prefix = f"{endpoint()} has no"
    enter = "run 'hf auth login' or set HF_TOKEN."
    match exc:
        case HubAnswerError():
            return exc
        case errors.HfHubHTTPError() if _is_bad_token(exc):
            return NotOnHub(
                f"{endpoint()} does not accept your token. Run 'hf auth login' again, "
                "or correct or unset HF_TOKEN."
            )
        case errors.GatedRepoError():
            return GatedError(repo, endpoint())
        case errors.RepositoryNotFoundError():
            problem = f"{prefix} repository {repo!r} that you may see. Check the name; "
            return NotOnHub(f"{problem}if it is private, {enter}")
        case errors.RevisionNotFoundError():
            return NotOnHub(f"{prefix} {location}: no such commit, branch or tag.")
        case errors.RemoteEntryNotFoundError():
            return NotOnHub(f"{prefix} {location}: the repository has no such file.")
        case errors.HfHubHTTPError() if exc.response.status_code in (401, 403):
            problem = f"{endpoint()} does not give you {location}."
            return NotOnHub(f"{problem} If you have access to it, {enter}")
        case errors.HfHubHTTPError() | httpx2.HTTPError():
            pass
        case errors.LocalEntryNotFoundError():
            exc = exc.__cause__ if isinstance(exc.__cause__, Exception) else exc
        case OSError() if "Consistency check" not in str(exc):
            problem = exc.strerror or str(exc)
            return CacheError(location, str(paths.hub_cache_dir()), problem)
    return UnreachableError(location, endpoint(), f"failed ({short_message(exc)})")


def _is_bad_token(exc: Any) -> bool:
    """Return whether the Hub refuses the token itself, whatever it was asked for."""
    said = f"{getattr(exc, 'server_message', None) or ''} {exc}".lower()
    refused = exc.response.status_code == 401
    return refused and ("invalid credentials" in said or "invalid user token" in said)


def _repository_cache(repo: str) -> Path:
    """Return the folder of a repository in the client's cache."""
    return paths.hub_cache_dir() / f"models--{repo.replace('/', '--')}"
