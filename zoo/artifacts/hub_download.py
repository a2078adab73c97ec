"""Bring one file of a repository to this machine, with the genuine client.

What the client leaves to its user is done here: a verdict on a dead hub in seconds,
another try after a reset or an overload, a deadline for the whole, and few errors that
say what to do. The content is checked by `zoo.artifacts.weight_store`, as that of every
other source. Does not know torch.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from zoo._utils import paths
from zoo.artifacts.hub_client import disable_telemetry
from zoo.errors import (
    CacheError,
    GatedError,
    HubError,
    NotOnHub,
    OfflineError,
    UnreachableError,
)

__all__ = [
    "cached",
    "deadline",
    "download",
    "endpoint",
    "greet",
    "insist",
    "known_missing",
    "orphans",
    "resolve",
    "short",
]

T = TypeVar("T")

ANSWER = 3.0  # seconds in which a hub must say something, whatever it is
TRIES, PAUSE = 4, 0.5  # how often, and the seconds before the second; then doubled
BUSY = (408, 429, 500, 502, 503, 504)  # statuses worth another try
PATIENCE = 60.0  # seconds for everything but the bytes
SLOWEST = 20_000  # bytes a second; a connection below that will not do
UNKNOWN = 10 << 30  # bytes, where nobody knows how many will come
FRESH = 10.0  # seconds for which a hub that has answered counts as there
DAY = 86_400.0

_heard: dict[str, float] = {}  # when a hub last said something, by its address


def cached(repo: str, revision: str, filename: str) -> Path | None:
    """Return the file of a commit where the client's cache holds it: no request."""
    path = _home(repo) / "snapshots" / revision / filename
    return path if path.is_file() else None


def known_missing(repo: str, revision: str, filename: str) -> bool:
    """Return whether the client remembers that a commit has no such file."""
    return (_home(repo) / ".no_exist" / revision / filename).is_file()


def download(
    repo: str, revision: str, filename: str, *, name: str, size: int | None = None
) -> Path:
    """Return the local path of a file on the Hub, after fetching it.

    `name` is what the user asked for, `size` what is expected; it sets the deadline.
    Threads and processes that want the same file wait for the one that fetches it.
    Raises NotOnHub, GatedError, OfflineError, UnreachableError, CacheError.
    """
    disable_telemetry()
    from huggingface_hub import hf_hub_download  # slow: only when needed

    fetching = partial(hf_hub_download, repo, filename, revision=revision)
    what = f"{repo}@{revision[:8]}/{filename}"
    seconds = deadline(size)
    fetched = _asked(fetching, what=what, repo=repo, name=name, seconds=seconds)
    return Path(fetched)


def resolve(repo: str, revision: str, *, name: str) -> str:
    """Return the commit that a branch or tag of a repository stands for now.

    Raises NotOnHub, GatedError, OfflineError, UnreachableError.
    """
    disable_telemetry()
    from huggingface_hub import HfApi

    asking = partial(HfApi().model_info, repo, revision=revision, timeout=ANSWER)
    what = f"{repo}@{revision}"
    info = _asked(asking, what=what, repo=repo, name=name, seconds=PATIENCE)
    return str(info.sha)


def deadline(size: int | None) -> float:
    """Return the seconds that a file of `size` bytes may take."""
    return PATIENCE + (size or UNKNOWN) / SLOWEST


def endpoint() -> str:
    """Return the address of the Hub that is used: the public one, or HF_ENDPOINT."""
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def greet() -> None:
    """Refuse a hub that does not say anything at all in time: ConnectionError.

    The client waits for minutes, and no setting of it shortens that.
    """
    disable_telemetry()
    import httpx2
    from huggingface_hub import get_session

    if time.monotonic() - _heard.get(endpoint(), -FRESH) < FRESH:
        return
    try:
        _within(ANSWER, partial(get_session().head, endpoint(), timeout=ANSWER))
    except (TimeoutError, httpx2.TimeoutException) as exc:
        problem = f"did not answer within {ANSWER:.0f} seconds"
        raise ConnectionError(problem) from exc
    except Exception as exc:
        raise ConnectionError(f"does not answer ({short(exc)})") from exc
    _heard[endpoint()] = time.monotonic()


def insist(call: Callable[[], T], *, seconds: float) -> T:
    """Return what `call` gives, tried again after faults that may pass.

    Raises TimeoutError when `seconds` are over, and what the last try raised.
    """
    ends = time.monotonic() + seconds
    for attempt in range(TRIES):
        try:
            return _within(ends - time.monotonic(), call)
        except TimeoutError:
            raise
        except Exception as exc:
            if attempt == TRIES - 1 or not _passing(exc):
                raise
        time.sleep(min(PAUSE * 2**attempt, max(0.0, ends - time.monotonic())))
    raise AssertionError("the last try returns or raises")


def short(exc: Exception) -> str:
    """Return a fault in a few words, such as "HTTP 503"."""
    response: Any = getattr(exc, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    first = str(exc).partition("\n")[0].rstrip(".")
    return f"{type(exc).__name__}: {first}" if first else type(exc).__name__


def orphans(folder: Path | None = None, *, age: float = DAY) -> list[Path]:
    """Return what downloads that were killed left in the cache, `age` seconds ago."""
    pattern = "blobs/*.incomplete" if folder else "models--*/blobs/*.incomplete"
    found: list[Path] = []
    for path in sorted((folder or paths.hub_cache()).glob(pattern)):
        with suppress(OSError):  # another process swept it
            if time.time() - path.stat().st_mtime >= age:
                found.append(path)
    return found


def _asked(
    call: Callable[[], T], *, what: str, repo: str, name: str, seconds: float
) -> T:
    """Return what `call` gives, with as many tries and seconds as are allowed."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise OfflineError(what, name)
    try:
        greet()
    except ConnectionError as exc:
        raise UnreachableError(what, endpoint(), str(exc)) from exc
    for path in orphans(_home(repo)):
        with suppress(OSError):
            path.unlink()
    try:
        return insist(call, seconds=seconds)
    except TimeoutError:
        problem = f"did not deliver it within {seconds:.0f} seconds"
        raise UnreachableError(what, endpoint(), problem) from None
    except Exception as exc:
        raise _meaning(exc, what, repo) from exc


def _within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` gives, or raise TimeoutError when it takes longer.

    It runs in a thread, because nothing else ends a read that never ends. Closing the
    client's session makes an abandoned one fail at its next byte.
    """
    from huggingface_hub import close_session

    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as exc:  # noqa: BLE001 - raised again by the caller
            errors.append(exc)

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


def _passing(exc: Exception) -> bool:
    """Return whether a fault may be gone at the next try."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    if isinstance(exc, LocalEntryNotFoundError):
        return False  # the client itself has tried for 23 seconds
    if isinstance(exc, HfHubHTTPError):
        return exc.response.status_code in BUSY
    return isinstance(exc, httpx2.TransportError) or "Consistency check" in str(exc)


def _meaning(exc: Exception, what: str, repo: str) -> HubError:
    """Return the zoo's error for one of the client's."""
    import httpx2
    from huggingface_hub import errors

    there = f"{endpoint()} has no"
    enter = "run 'hf auth login' or set HF_TOKEN."
    match exc:
        case errors.GatedRepoError():
            return GatedError(repo, endpoint())
        case errors.RepositoryNotFoundError():
            problem = f"{there} repository {repo!r} that you may see. Check the name; "
            return NotOnHub(f"{problem}if it is private, {enter}")
        case errors.RevisionNotFoundError():
            return NotOnHub(f"{there} {what}: no such commit, branch or tag.")
        case errors.RemoteEntryNotFoundError():
            return NotOnHub(f"{there} {what}: the repository has no such file.")
        case errors.HfHubHTTPError() if exc.response.status_code in (401, 403):
            problem = f"{endpoint()} does not give you {what}."
            return NotOnHub(f"{problem} If you have access to it, {enter}")
        case errors.HfHubHTTPError() | httpx2.HTTPError():
            pass
        case errors.LocalEntryNotFoundError():
            exc = exc.__cause__ if isinstance(exc.__cause__, Exception) else exc
        case OSError() if "Consistency check" not in str(exc):
            problem = exc.strerror or str(exc)
            return CacheError(what, str(paths.hub_cache()), problem)
    return UnreachableError(what, endpoint(), f"failed ({short(exc)})")


def _home(repo: str) -> Path:
    """Return the folder of a repository in the client's cache."""
    return paths.hub_cache() / f"models--{repo.replace('/', '--')}"
