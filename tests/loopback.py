"""A Hub on this machine: enough of it for the genuine clients to read a repository.

Standard library only. `Hub({"owner/name": {"data/train-0.parquet": content}})` serves
dataset repositories on a loopback port; `requests` says what was asked of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["COMMIT", "Hub"]

COMMIT = "c" * 40  # every repository has one commit
Files = Mapping[str, bytes]


class Hub:
    """A server of dataset repositories, for as long as the `with` block lasts.

    With `status`, it answers every request with that instead.
    """

    def __init__(
        self, repositories: Mapping[str, Files], *, status: int | None = None
    ) -> None:
        self.status = status
        self.requests: list[str] = []
        handler = type("Handler", (_Handler,), {"hub": self})
        self.repositories = repositories
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Hub:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        self.hub.requests.append(f"{self.command} {self.path}")
        parts = [unquote(p) for p in urlsplit(self.path).path.strip("/").split("/")]
        if self.hub.status is not None:
            return self._answer(self.hub.status, b"{}", {})
        match parts:
            case ["api", "datasets", owner, name, *rest]:
                self._describe(f"{owner}/{name}", rest)
            case ["datasets", owner, name, "resolve", revision, *path]:
                self._file(f"{owner}/{name}", revision, "/".join(path))
            case _:
                self._refuse("EntryNotFound")

    do_HEAD = do_GET
    do_POST = do_GET

    def _describe(self, repository: str, rest: list[str]) -> None:
        files = self.hub.repositories.get(repository)
        if files is None:
            return self._refuse("RepoNotFound")
        kind, revision, *path = rest or ["revision", "main"]
        if revision not in ("main", COMMIT):
            return self._refuse("RevisionNotFound")
        if kind == "tree":
            return self._send(_listing(files, "/".join(path)))
        if kind == "paths-info":
            wanted = [path for path in self._wanted() if path in files]
            return self._send([_entry(path, files[path]) for path in wanted])
        self._send({"id": repository, "sha": COMMIT, "siblings": [], "tags": []})

    def _file(self, repository: str, revision: str, path: str) -> None:
        files = self.hub.repositories.get(repository)
        if files is None:
            return self._refuse("RepoNotFound")
        if revision not in ("main", COMMIT):
            return self._refuse("RevisionNotFound")
        if path not in files:
            return self._refuse("EntryNotFound")
        self._answer(200, files[path], {"ETag": f'"{_digest(files[path])}"'})

    def _wanted(self) -> list[str]:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return parse_qs(body.decode()).get("paths", [])

    def _send(self, value: object) -> None:
        kind = {"Content-Type": "application/json"}
        self._answer(200, json.dumps(value).encode(), kind)

    def _refuse(self, code: str) -> None:
        self._answer(404, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        headers |= {"X-Repo-Commit": COMMIT, "Content-Length": str(len(body))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; `Hub.requests` is the log."""


def _listing(files: Files, folder: str) -> list[dict[str, object]]:
    """Describe what lies in a folder, and in the folders of that."""
    inside = {
        p: files[p] for p in sorted(files) if folder in ("", p.rpartition("/")[0])
    }
    folders = {p.rpartition("/")[0] for p in files} - {""} if not folder else set()
    return [
        {"type": "directory", "path": path, "size": 0, "oid": _digest(path.encode())}
        for path in sorted(folders)
    ] + [_entry(path, data) for path, data in inside.items()]


def _entry(path: str, data: bytes) -> dict[str, object]:
    return {"type": "file", "path": path, "size": len(data), "oid": _digest(data)}


def _digest(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()
