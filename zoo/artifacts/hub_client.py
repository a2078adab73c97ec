"""Set up huggingface_hub, and check what a server says before the client uses it.

The client makes paths of what a server says: of a commit, of an ETag, of the hash of an
object. A server that lies could so write over any file of the user's. Does not know
torch.
"""

import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address
from os import environ
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from zoo._utils import paths
from zoo.errors import (
    HubAnswerError,
    HubError,
    InsecureHubWarning,
    IntegrityError,
)
from zoo.specs.model_spec import COMMIT, SHA256

__all__ = [
    "SizeLimit",
    "check_endpoint",
    "check_token",
    "checked_answers",
    "checked_commit",
    "disable_telemetry",
    "endpoint",
    "warn_plain_http",
    "watch_client",
]

SIZE_HEADER = "x-linked-size"
COMMIT_HEADER, XET_HEADER = "x-repo-commit", "x-xet-hash"
ETAG_HEADERS = ("x-linked-etag", "etag")  # the first that is not empty
# A hub may compute its ETags as it likes, as long as one can be the name of a file.
ETAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=-]{0,127}")

DESCRIPTION = re.compile(r"/api/datasets/")

BLAME = "Load again; if it is so again, tell the Hub's owner"


@dataclass
class SizeLimit:
    """How many bytes one answer of a Hub may have: at most `most`, or, if they are
    pinned, just so many. None is not known before the Hub announces it.

    Decompressed bytes count, and of an announced file no more than was announced.
    """

    most: int | None = None
    pinned: bool = False

    def announced(self, size: int, place: str) -> None:
        """Refuse what does not fit, before any of it is fetched."""
        if (
            self.most is not None
            and size != self.most
            and (self.pinned or size > self.most)
        ):
            wanted = "are pinned" if self.pinned else "may be read"
            problem = f"is announced with {size:,} bytes, but {self.most:,} {wanted}"
            raise IntegrityError(place, problem, f"Nothing was fetched. {BLAME}")
        self.most = size

    def bounded(
        self, parts: Callable[..., Iterator[bytes]], place: str
    ) -> Callable[..., Iterator[bytes]]:
        """Return a function that yields what `parts` yields, and no more than fits."""

        def within(*given: Any, **options: Any) -> Iterator[bytes]:
            count = 0
            for part in parts(*given, **options):
                count += len(part)
                if self.most is not None and count > self.most:
                    problem = f"has more than the {self.most:,} bytes that it may have"
                    raise IntegrityError(place, problem, f"It was cut off. {BLAME}")
                yield part

        return within


_size_limit: ContextVar[SizeLimit | None] = ContextVar("zoo_size_limit", default=None)
_checking: ContextVar[bool] = ContextVar("zoo_checks_answers", default=False)
_watching = Lock()  # to give the client a factory closes its session
_warned: set[str] = set()  # addresses of hubs that were warned of


def disable_telemetry() -> None:
    """Switch off the telemetry of huggingface_hub, unless the user has decided.

    For a user without a home it also gets a cache: it would make a folder "~". The
    client reads its environment once, so this has no effect after its import.
    """
    environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    if paths.is_homeless() and not {"HF_HOME", "XDG_CACHE_HOME"} & environ.keys():
        environ["HF_HOME"] = str(paths.expand_home("~/.cache/huggingface", "HF_HOME"))


def endpoint() -> str:
    """Return the address of the Hub that is used, as it may be shown: no password."""
    from huggingface_hub import constants

    address = str(constants.ENDPOINT)
    scheme, sign, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{sign}{host.rpartition('@')[2]}{slash}{path}"


def check_endpoint() -> None:
    """Refuse an HF_ENDPOINT that is not the address of a server. Raises HubError."""
    from huggingface_hub import constants

    address = str(constants.ENDPOINT)
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        good = False
    if not good or any(letter.isspace() for letter in address):
        raise HubError(
            f"HF_ENDPOINT={endpoint()!r} is not the address of a Hub. Write it as "
            "https://host, without spaces, or unset it for https://huggingface.co."
        )


def check_token() -> None:
    """Refuse a token that can't be sent, without showing it. Raises HubError."""
    from huggingface_hub import get_token

    token = get_token()
    if token is not None and not re.fullmatch("[!-~]+", token):
        raise HubError(
            "The token for the Hub holds a space or another character that no token "
            "has. Correct or unset HF_TOKEN, or run 'hf auth login'."
        )


def warn_plain_http() -> None:
    """Warn once if the user's token goes to another machine without encryption."""
    from huggingface_hub import constants, get_token

    parts = urlsplit(str(constants.ENDPOINT))
    if parts.scheme != "http" or _is_loopback(parts.hostname or ""):
        return
    if constants.HF_HUB_DISABLE_IMPLICIT_TOKEN or get_token() is None:
        return
    if endpoint() not in _warned:
        _warned.add(endpoint())
        warnings.warn(
            f"Your token goes to {endpoint()} without encryption: everybody on the way "
            "can read it. Set HF_ENDPOINT to an https:// address, or unset HF_TOKEN.",
            InsecureHubWarning,
            stacklevel=2,
        )


@contextmanager
def checked_answers(size_limit: SizeLimit | None = None) -> Iterator[None]:
    """Check the headers of every answer that this thread gets within the block, and
    with `size_limit` its size.

    `watch_client` comes first. Raises HubAnswerError, before the client has read them,
    and IntegrityError.
    """
    checking, bounded = _checking.set(True), _size_limit.set(size_limit)
    try:
        yield
    finally:
        _checking.reset(checking)
        _size_limit.reset(bounded)


def checked_commit(sha: object, what: str) -> str:
    """Return the commit that a server gave for `what`. Raises HubAnswerError."""
    if not isinstance(sha, str) or not COMMIT.fullmatch(sha):
        raise HubAnswerError(endpoint(), what, "commit", str(sha))
    return sha


def watch_client() -> None:
    """Let the client look at its answers with `_check`, also after it reconnects."""
    from huggingface_hub import get_session, set_client_factory
    from huggingface_hub.utils import _http

    with _watching:
        if _check in get_session().event_hooks["response"]:
            return
        # The client closes its session after a failed connection, which a server can
        # provoke, and makes a new one: only the factory is asked every time.
        make: Callable[[], Any] = getattr(
            _http, "_GLOBAL_CLIENT_FACTORY", _http.default_client_factory
        )

        def watched() -> Any:
            session = make()
            hooks = session.event_hooks
            session.event_hooks = {**hooks, "response": [_check, *hooks["response"]]}
            return session

        set_client_factory(watched)


def _check(response: Any) -> None:
    """Refuse an answer that the client, or a library on top, would make a wrong path
    of."""
    if not _checking.get():
        return
    if (size_limit := _size_limit.get()) is not None:
        _check_size(response, size_limit)
    _check_description(response)
    if COMMIT_HEADER not in response.headers:
        return  # without a commit the client stores nothing
    values = response.headers
    etag = next(filter(None, map(values.get, ETAG_HEADERS)), None)
    for kind, form, value in (
        ("commit", COMMIT, values[COMMIT_HEADER]),
        ("ETag", ETAG, etag),
        ("object id", SHA256, values.get(XET_HEADER)),
    ):
        if value is None:
            continue
        # An ETag is quoted, and perhaps marked as weak: taken off as the client does.
        plain = value.lstrip("W/").strip('"') if form is ETAG else value
        if not form.fullmatch(plain):
            raise HubAnswerError(endpoint(), response.request.url.path, kind, value)


def _check_size(response: Any, size_limit: SizeLimit) -> None:
    """Refuse a file that is announced with another size, and cut off what is longer."""
    headers = response.headers
    place = f"{endpoint()}{response.request.url.path}"
    size = headers.get(SIZE_HEADER)
    if size is None and not response.is_redirect:
        size = headers.get("content-length")
    about_a_file = response.request.method == "HEAD" and COMMIT_HEADER in headers
    if about_a_file and response.is_error is False and (size or "").isdecimal():
        size_limit.announced(int(size), place)
    response.iter_bytes = size_limit.bounded(response.iter_bytes, place)


def _check_description(response: Any) -> None:
    """Refuse a description of a dataset with a commit that is none: the library asks
    for it by itself."""
    path = response.request.url.path
    if not DESCRIPTION.match(path) or "json" not in response.headers.get(
        "content-type", ""
    ):
        return
    try:
        told = json.loads(response.read())
    except (ValueError, RecursionError):
        return  # the client says what is wrong with it
    if isinstance(told, dict) and told.get("sha") is not None:
        checked_commit(told["sha"], path)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
