"""The sample newspaper on loopback: a small HTTP/1.1 server that writes exactly the bytes an Answer says."""

import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from scraper.demo.answers import Answer, Asked
from scraper.demo.newspaper import HOSTS, respond

LOOPBACK = "127.0.0.1"


class Seen(NamedTuple):
    """One request that arrived."""

    host: str
    path: str  # with the query
    headers: dict[str, str]  # names in lower case; of a repeated field the last


class Press:
    """A running newspaper: `with Press() as press:` serves all its hosts on one port of loopback.

    Reach it by pinning its hosts (`pins`, written as curl's --connect-to).  `edition` may be set at any time.  With a
    server `certificate` the same pages are served as https on a second port, `tls_port`.  What `add` put up is
    served before the newspaper's own pages.  An exception in an added page is raised when the block ends.
    """

    def __init__(self, *, edition: int = 1, certificate: ssl.SSLContext | None = None) -> None:
        self.edition = edition
        self.requests: list[Seen] = []
        self.times: list[float] = []  # when each of them arrived: seconds of time.monotonic()
        self.crowds: Counter[str] = Counter()  # host → most requests that were open at once
        self.closing = threading.Event()
        self._failures: list[BaseException] = []
        self._added: dict[str, Answer | Callable[[Asked], Answer]] = {}
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()
        contexts = [None, certificate] if certificate else [None]
        self._servers = [_Server(self, context) for context in contexts]

    @property
    def port(self) -> int:
        """The port of http on loopback."""
        return self._servers[0].port

    @property
    def tls_port(self) -> int:
        """The port of https on loopback; IndexError without a certificate."""
        return self._servers[1].port

    @property
    def pins(self) -> list[str]:
        """One "HOST:80:127.0.0.1:PORT" for every host, and one for 443 where there is a certificate."""
        added = (urlsplit(url).hostname or "" for url in self._added)
        hosts = tuple(dict.fromkeys((*HOSTS, *added)))
        ports = zip((80, 443), self._servers, strict=False)
        return [f"{host}:{port}:{LOOPBACK}:{server.port}" for port, server in ports for host in hosts]

    def add(self, url: str, answer: Answer | Callable[[Asked], Answer]) -> None:
        """Put up one page: exactly this URL (query included) answers so from now on.  Its host may be a new one."""
        self._added[url] = answer

    @contextmanager
    def answering(self, asked: Asked) -> Iterator[Answer]:
        """The answer to one request, which is noted; inside the block it counts as open."""
        with self._lock:
            self.requests.append(Seen(asked.host, asked.target, dict(asked.headers)))
            self.times.append(time.monotonic())
            hits = len(self.requests)
            self._open[asked.host] += 1
            self.crowds[asked.host] = max(self.crowds[asked.host], self._open[asked.host])
        try:
            added = self._added.get(asked.url)
            if added is None:
                yield respond(asked, self.edition, hits)
            else:
                yield added if isinstance(added, Answer) else added(asked)
        finally:
            with self._lock:
                self._open[asked.host] -= 1

    def failed(self, error: BaseException) -> None:
        """Keep what went wrong on our side, for the end of the block."""
        self._failures.append(error)

    def __enter__(self) -> Self:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        for server in self._servers:
            server.shutdown()
            server.hang_up()
            server.server_close()
        if self._failures and error is None:
            raise self._failures[0]


class _Server(ThreadingTCPServer):
    """One listening port: a thread for each connection, all of them hung up at the end."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, press: Press, context: ssl.SSLContext | None) -> None:
        super().__init__((LOOPBACK, 0), _Conversation)
        self.press = press
        self.context = context
        self.port: int = self.socket.getsockname()[1]
        self._connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        """The next connection.  The TLS greeting is left to its thread, so a silent client holds up nobody."""
        connection, address = self.socket.accept()
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Close one connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End every conversation: their threads read the end of the stream and close."""
        for connection in tuple(self._connections):
            with suppress(OSError):  # the client was quicker
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client may go away whenever it likes; anything else is a fault in a page."""
        error = sys.exception()
        if error and not isinstance(error, OSError):
            self.press.failed(error)


class _Conversation(BaseHTTPRequestHandler):
    """One connection: requests in, answers out, kept alive until an answer ends it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Head and body."""
        with self.server.press.answering(self._asked()) as answer:
            self._write(answer, answer.wire_head + answer.wire_body)

    def do_HEAD(self) -> None:
        """The head alone."""
        with self.server.press.answering(self._asked()) as answer:
            self._write(answer, answer.wire_head)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class named it)
        """Say nothing: `Press.requests` is the log."""

    def _asked(self) -> Asked:
        headers = {name.lower(): value for name, value in self.headers.items()}
        # requestline, because `path` has its leading slashes folded
        path, _, query = self.requestline.split()[1].partition("?")
        host = headers.get("host", "").lower().partition(":")[0]
        scheme = "https" if self.server.context else "http"
        return Asked(host=host, path=path, query=query, headers=headers, scheme=scheme)

    def _write(self, answer: Answer, wire: bytes) -> None:
        self.server.press.closing.wait(answer.pause)
        self.wfile.write(wire)
        ends = answer.cut is not None or answer.head is not None or answer.named("connection") == "close"
        self.close_connection = self.close_connection or ends
