"""The hub itself: what a test holds in its hand, and who may do what."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any

from loopback.faults import Fault
from loopback.messages import Refusal, Request
from loopback.repositories import Objects, Repository, is_large
from loopback.wire import Listener

__all__ = ["TOKENS", "Hub"]

TOKENS = {"hf_alice": "alice", "hf_bob": "bob"}  # token: user


class Hub:
    """A Hub on this machine, for as long as the `with` block lasts.

    Its folder holds the contents of files; each user owns the names that begin with
    theirs. With `cdn`, large files are sent from another origin, without a token.
    """

    def __init__(
        self, folder: Path, *, tokens: Mapping[str, str] = TOKENS, cdn: bool = False
    ) -> None:
        self.tokens = dict(tokens)
        self.objects = Objects(Path(folder) / "objects")
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.requests: list[Request] = []
        self.failures: list[str] = []  # tracebacks of this server's own mistakes
        self.faults: list[Fault] = []
        self.page = 1000  # rows of a listing before the next page
        self.lock = RLock()
        origins = ["hub", "cdn"] if cdn else ["hub"]
        self._listeners = [Listener(self, origin) for origin in origins]
        self.url = self._listeners[0].url
        self.cdn = self._listeners[1].url if cdn else None

    def __enter__(self) -> Hub:
        for listener in self._listeners:
            listener.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for listener in self._listeners:
            listener.close()
        if self.failures and error is None:
            raise AssertionError("The loopback hub failed:\n" + self.failures[0])

    # ---- what a test puts in and looks at

    def create(
        self,
        name: str,
        *,
        kind: str = "model",
        private: bool = False,
        gated: bool = False,
    ) -> Repository:
        """Create an empty repository."""
        repository = Repository(kind, name, private=private, gated=gated)
        self.repositories[kind, name] = repository
        return repository

    def put(
        self,
        name: str,
        files: Mapping[str, bytes],
        *,
        kind: str = "model",
        branch: str = "main",
        message: str = "put",
    ) -> str:
        """Commit files without an upload, and return the commit.

        The repository and the branch are created where they are not there.
        """
        with self.lock:
            repository = self.repositories.get((kind, name))
            repository = repository or self.create(name, kind=kind)
            start = branch if branch in repository.branches else "main"
            tree = dict(repository.at(start).files)
            for path, content in files.items():
                large = is_large(path, len(content), content[:512])
                tree[path] = self.objects.keep(path, content, large=large)
            return repository.add(tree, branch=branch, title=message).oid

    def repository(self, name: str, *, kind: str = "model") -> Repository:
        """Return what is held of a model or a dataset."""
        return self.repositories[kind, name]

    def files(
        self, name: str, revision: str = "main", *, kind: str = "model"
    ) -> dict[str, bytes]:
        """Return the contents of all files as of a revision."""
        files = self.repository(name, kind=kind).at(revision).files
        return {p: self.objects.path(f.digest).read_bytes() for p, f in files.items()}

    # ---- what went over the wire

    def count(self, method: str, path: str = "") -> int:
        """Count the requests whose method and path match these expressions."""
        return sum(
            re.fullmatch(method, request.method) is not None
            and re.search(path, request.path) is not None
            for request in self.requests
        )

    def clear(self) -> None:
        """Forget the requests, and the faults that are still to come."""
        with self.lock:
            self.requests.clear()
            self.faults.clear()

    # ---- what goes wrong

    def fault(self, method: str, path: str, **what: Any) -> Fault:
        """Make the next requests that match go wrong; see `Fault` for what there is."""
        fault = Fault(method, path, **what)
        with self.lock:
            self.faults.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault that hits this request, and count it as used."""
        with self.lock:
            fault = next((f for f in self.faults if f.hits(method, path)), None)
            if fault is not None:
                fault.times -= 1
            return fault

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Refuse every connection while the block lasts; the port stays this hub's."""
        for listener in self._listeners:
            listener.close(hold=True)
        try:
            yield
        finally:
            for listener in self._listeners:
                listener.open()

    def failed(self) -> None:
        """Note an error of the server itself: leaving the `with` block raises it."""
        self.failures.append(traceback.format_exc())

    # ---- who may do what

    def user(self, token: str | None) -> str | None:
        """Return whose token this is."""
        if token is not None and token not in self.tokens:
            raise Refusal(401, "Invalid credentials in Authorization header")
        return self.tokens[token] if token else None

    def find(self, kind: str, name: str, user: str | None) -> Repository:
        """Return a repository; a private one is not there for who may not read it."""
        repository = self.repositories.get((kind, name))
        if repository is None or (repository.private and repository.owner != user):
            status = 401 if user is None else 404
            raise Refusal(status, "Repository not found", code="RepoNotFound")
        return repository

    def admit(self, repository: Repository, user: str | None) -> None:
        """Refuse the files of a gated repository to who was not let in."""
        known = {repository.owner, *repository.readers}
        if repository.gated and user not in known:
            raise Refusal(
                401 if user is None else 403,
                f"Access to {repository.kind} {repository.name} is restricted and you "
                "are not in the authorized list.",
                code="GatedRepo",
            )

    def permit(self, repository: Repository, user: str | None) -> None:
        """Refuse a change to who does not own the repository."""
        if user is None:
            raise Refusal(401, "Invalid username or password.")
        if user != repository.owner:
            raise Refusal(403, "You don't have the rights to change this repository")
