"""HTTP over sockets: reads a call, has it answered, sends the answer with its fault."""

from __future__ import annotations

import math
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from loopback.faults import Fault, Hangup
from loopback.messages import Answer, Call, Refusal, Request
from loopback.routes import answer

if TYPE_CHECKING:
    from loopback.server import Hub

__all__ = ["Listener"]

PIECE = 1 << 18
SOUND = Fault("", "")  # the fault that is none


class Listener:
    """A port of the hub: opened, closed, and held while it refuses."""

    def __init__(self, hub: Hub, origin: str) -> None:
        self.hub = hub
        self.origin = origin
        self.closing = Event()
        self._server: _Server | None = None
        self._held = _bound(0)
        self.port = self._held.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def open(self) -> None:
        self._held.close()
        self.closing = Event()
        self._server = _Server(self)
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self, *, hold: bool = False) -> None:
        """End all connections; with `hold`, keep the port, so that nobody takes it."""
        assert self._server is not None
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()
        if hold:
            self._held = _bound(self.port)

    def wait(self, seconds: float) -> None:
        """Wait, but not for longer than the listener lives."""
        if self.closing.wait(None if seconds == math.inf else seconds):
            raise Hangup(reset=False)


def _bound(port: int) -> socket.socket:
    """Take a port without listening to it: who connects is refused."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    return held


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # of as many processes that begin at once

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", listener.port), _Handler)

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer's looks up names, which may take long
        self.server_name, self.server_port = "127.0.0.1", self.listener.port

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Close what clients have kept open."""
        for connection in list(self.connections):
            _shut(connection)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the client has left

    def respond(self) -> None:
        """Answer one request."""
        listener = self.server.listener
        hub = listener.hub
        self.record = Request(self.command, self.path, self.headers, listener.origin)
        self.fault = hub.take(self.command, self.path) or SOUND
        hub.requests.append(self.record)
        self.body = self._incoming()
        try:
            self.fault.begin(listener.wait)
            answer = self._answer(hub, listener)
            for _ in self.body:
                pass  # what no route has read would be taken for the next request
            self._send(answer)
        except Hangup as end:
            self._hang_up(reset=end.reset)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = respond

    def _answer(self, hub: Hub, listener: Listener) -> Answer:
        if self.fault.status is not None:
            return Answer(self.fault.status, b"{}")
        try:
            user = hub.user(self.record.token)
            return answer(
                hub,
                Call(
                    self.command,
                    self.path,
                    self.record.headers,
                    user,
                    lambda: self.body,
                    origin=listener.origin,
                    url=listener.url,
                ),
            )
        except Refusal as refusal:
            return refusal.answer
        except (Hangup, ConnectionError):
            raise
        except Exception:  # noqa: BLE001 - a mistake of ours must fail the test
            hub.failed()
            return Answer(500, b"{}")

    def _incoming(self) -> Iterator[bytes]:
        """Yield the body of the request; of an upload, with its fault."""
        size = int(self.headers.get("Content-Length") or 0)
        pieces = self._read(size) if size else self._read_chunked()
        if self.command == "PUT":
            wait = self.server.listener.wait
            pieces = self.fault.distort(pieces, start=0, size=size, wait=wait)
        for piece in pieces:
            self.record.received += len(piece)
            yield piece

    def _read(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self.rfile.read(min(left, PIECE))
            if not piece:
                raise ConnectionError(
                    "the client has left in the middle of its request"
                )
            left -= len(piece)
            yield piece

    def _read_chunked(self) -> Iterator[bytes]:
        if "chunked" not in (self.headers.get("Transfer-Encoding") or ""):
            return
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield from self._read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, answer: Answer) -> None:
        size = answer.size
        start, end = 0, size
        headers = {"Accept-Ranges": "bytes"} | answer.headers
        if not isinstance(answer.body, bytes) and self.record.range:
            start, end = self._range(answer, headers)
        headers["Content-Length"] = str(end - start)
        headers = self.fault.told(headers)
        self.record.status = answer.status
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or answer.status in (204, 304):
            return
        pieces = _content(answer, start, end)
        if self.command != "PUT":
            wait = self.server.listener.wait
            pieces = self.fault.distort(pieces, start=start, size=size, wait=wait)
        for piece in pieces:
            self.record.sent += len(piece)  # first: who reads the record has the bytes
            self.wfile.write(piece)

    def _range(self, answer: Answer, headers: dict[str, str]) -> tuple[int, int]:
        """Return which part of a file was asked for, and turn the answer into that."""
        size = answer.size
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.record.range or "")
        if not self.fault.ranges or found is None or found[0] == "bytes=-":
            return 0, size
        if found[1]:
            start = int(found[1])
            end = min(int(found[2]) + 1, size) if found[2] else size
        else:
            start, end = max(0, size - int(found[2])), size
        if start >= size:
            answer.status, answer.body = 416, b""
            headers["Content-Range"] = f"bytes */{size}"
            return 0, 0
        answer.status = 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        return start, end

    def _hang_up(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            linger = struct.pack("ii", 1, 0)  # closing throws away what is unsent
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.rfile.close()
            self.connection.close()
        else:
            _shut(self.connection)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing; `Hub.requests` is the log."""


def _content(answer: Answer, start: int, end: int) -> Iterator[bytes]:
    """Yield the part of a body that was asked for."""
    if isinstance(answer.body, bytes):
        yield answer.body[start:end]
        return
    with answer.body.open("rb") as file:
        file.seek(start)
        while start < end:
            piece = file.read(min(end - start, PIECE))
            if not piece:
                return
            start += len(piece)
            yield piece


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        connection.shutdown(socket.SHUT_RDWR)
