"""What goes over the wire: a call, the answer to it, and the record of both.

Knows HTTP's words; does not know sockets or repositories.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

__all__ = ["Answer", "Call", "Refusal", "Request", "said"]


@dataclass
class Request:
    """What was asked, and what was answered: one line of the hub's log."""

    method: str
    path: str  # with the query
    headers: Message  # their names in any case
    origin: str = "hub"  # or "cdn"
    status: int = 0  # 0: it was never answered
    sent: int = 0  # bytes of the body
    received: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"

    @property
    def range(self) -> str | None:
        """The part of the file that was asked for: "bytes=10485760-"."""
        return self.headers.get("Range")

    @property
    def token(self) -> str | None:
        """The token that came along."""
        bearer: str | None = self.headers.get("Authorization")
        return bearer.removeprefix("Bearer ") if bearer else None


@dataclass
class Call:
    """A request as the routes see it. The body is read when it is asked for."""

    method: str
    target: str  # path and query
    headers: Message
    user: str | None  # None: no token
    chunks: Callable[[], Iterator[bytes]]
    origin: str = "hub"
    url: str = ""  # of the hub
    query: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.query = parse_qs(urlsplit(self.target).query)

    @property
    def parts(self) -> list[str]:
        """The path, part by part: a quoted slash does not part."""
        raw = urlsplit(self.target).path
        return [unquote(part) for part in raw.strip("/").split("/")]

    def flag(self, name: str) -> bool:
        return self.query.get(name, ["false"])[0].lower() in ("1", "true")

    def body(self) -> bytes:
        return b"".join(self.chunks())

    def json(self) -> Any:
        return json.loads(self.body() or b"{}")

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body().decode())

    def page(self, rows: list[Any], size: int) -> Answer:
        """Answer with one page of the rows, and with a link to the next one."""
        size = min(size, int(self.query.get("limit", [str(size)])[0]))
        start = int(self.query.get("cursor", ["0"])[0])
        headers = {}
        if start + size < len(rows):
            kept = {k: v[0] for k, v in self.query.items()}
            kept |= {"limit": str(size), "cursor": str(start + size)}
            query = "&".join(f"{name}={quote(kept[name])}" for name in kept)
            path = urlsplit(self.target).path
            headers["Link"] = f'<{self.url}{path}?{query}>; rel="next"'
        return said(rows[start : start + size], headers=headers)


@dataclass
class Answer:
    """A status, headers, and a body: bytes, or the file that holds them."""

    status: int = 200
    body: bytes | Path = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The length of the body."""
        body = self.body
        return len(body) if isinstance(body, bytes) else body.stat().st_size


class Refusal(Exception):
    """An answer that is an error. `code` is what the Hub's client goes by."""

    def __init__(
        self, status: int, message: str, *, code: str = "", **headers: str
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): headers[name] for name in headers}

    @property
    def answer(self) -> Answer:
        """What the client gets to see."""
        headers = {"X-Error-Message": str(self)} | self.headers
        if self.code:
            headers["X-Error-Code"] = self.code
        return said({"error": str(self)}, status=self.status, headers=headers)


def said(
    value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Answer in JSON."""
    kind = {"Content-Type": "application/json"}
    return Answer(status, json.dumps(value).encode(), kind | dict(headers or {}))
