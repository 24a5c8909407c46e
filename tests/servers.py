"""A web server on loopback that sends exactly the bytes a test gives it, well-behaved or not."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal

# What a server does after reading a request, in order: sends bytes, waits (seconds), or ends the talk.
# "close": closes in order; "reset": breaks the connection; "hold": says no more until the client goes.
# When the steps are through, the next request on the connection is awaited.
Step = bytes | float | Literal["close", "reset", "hold"]
Answer = bytes | Iterable[Step]
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@dataclass
class Origin:
    """A server that is up: where it listens, and what it was asked."""

    port: int
    requests: list[bytes] = field(default_factory=list)  # whole request heads, in order of arrival
    connections: int = 0
    reached_at: list[str] = field(default_factory=list)  # our address on each connection
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def paths(self) -> list[str]:
        """The request targets, in order of arrival."""
        return [request.split()[1].decode() for request in self.requests]


def ok(body: bytes = b"hello", *fields: str) -> bytes:
    """A whole response with this body and Content-Length."""
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *fields, "", ""])
    return head.encode("latin-1") + body


def moved(location: str, status: int = 302) -> bytes:
    """A redirect without a body."""
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


@contextmanager
def origin(
    answers: Mapping[str, Answer] | Callable[[bytes], Answer],
    *,
    tls: ssl.SSLContext | None = None,
    listener: socket.socket | None = None,
) -> Iterator[Origin]:
    """A server with these answers by path, or made from the whole request head; other paths get a 404.

    It listens on a free port of 127.0.0.1 unless it is given a listening socket.
    """
    answer = answers if callable(answers) else _by_path(answers)
    with listening(lambda connection, server: _talk(connection, server, answer, tls), listener=listener) as server:
        yield server


@contextmanager
def listening(
    serve: Callable[[socket.socket, Origin], None], *, listener: socket.socket | None = None
) -> Iterator[Origin]:
    """A server that does this with each connection, in a thread of its own."""
    listener = listener or socket.create_server(("127.0.0.1", 0), backlog=512)
    server = Origin(listener.getsockname()[1])
    open_sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_sockets.append(connection)
                if server.stopping.is_set():
                    return
                server.connections += 1
                server.reached_at.append(connection.getsockname()[0])
                threads.append(threading.Thread(target=serve, args=(connection, server)))
                threads[-1].start()

    threads.append(threading.Thread(target=accept))
    threads[0].start()
    try:
        yield server
    finally:
        server.stopping.set()
        socket.create_connection(("127.0.0.1", server.port), 1).close()  # wakes accept() on every system
        threads[0].join()
        for each in (listener, *open_sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in threads:
            thread.join()


AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"


@contextmanager
def proxy(*, consent: bytes = AGREED) -> Iterator[Origin]:
    """A proxy that answers CONNECT like this and, when it agreed, carries bytes both ways; it resolves no names."""

    def serve(client: socket.socket, server: Origin) -> None:
        with client, suppress(OSError):
            request = _read_request(client)
            server.requests.append(request)
            client.sendall(consent)
            if consent != AGREED or not request:
                return
            host, _, port = request.split()[1].decode().rpartition(":")
            with socket.create_connection((str(ip_address(host.strip("[]"))), int(port)), 5) as far:
                back = threading.Thread(target=_carry, args=(far, client))
                back.start()
                _carry(client, far)
                back.join()

    with listening(serve) as server:
        yield server


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on loopback that nobody listens on."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]


def _by_path(answers: Mapping[str, Answer]) -> Callable[[bytes], Answer]:
    return lambda request: answers.get(request.split()[1].decode(), NOT_FOUND)


def _talk(
    connection: socket.socket, server: Origin, answer: Callable[[bytes], Answer], tls: ssl.SSLContext | None
) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with suppress(OSError, ValueError):
        talk = tls.wrap_socket(connection, server_side=True) if tls else connection
        with talk:
            while request := _read_request(talk):
                server.requests.append(request)
                steps = answer(request)
                if not all(_take(step, talk, server) for step in ([steps] if isinstance(steps, bytes) else steps)):
                    return


def _read_request(talk: socket.socket) -> bytes:
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        piece = talk.recv(1)
        if not piece:
            return b""
        request += piece
    return request


def _take(step: Step, talk: socket.socket, server: Origin) -> bool:
    """Does one step; False when the talk is over."""
    if isinstance(step, bytes):
        talk.sendall(step)
    elif isinstance(step, float):
        server.stopping.wait(step)
    elif step == "reset":
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        talk.close()
    elif step == "hold":
        talk.recv(1)
    return not isinstance(step, str) and not server.stopping.is_set()
