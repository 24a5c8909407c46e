"""What a connection hands on: every byte in order, its end, and why it ended; on both event loops."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import httpcore
import pytest
import trustme

from scraper.network import Network
from scraper.sockets import Socket, connect
from scraper.tap import NetworkSettings, why

HOST = "news.example"
LONG = bytes(range(256)) * 16_384  # 4 MiB

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine on one kind of event loop, each of its waits at most ten seconds long."""
    factory = None
    if request.param == "uvloop":
        factory = pytest.importorskip("uvloop").new_event_loop

    def runs(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(asyncio.wait_for(work, 10))

    return runs


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of the server and of the client."""
    authority = trustme.CA()
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    return theirs, ours


@asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> Any:
    """The port of a server that serves each connection like this."""

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(once, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def read_all(connection: Socket) -> bytes:
    """Every byte up to the end."""
    pieces = []
    while piece := await connection.read(10_000):
        assert len(piece) <= 10_000
        pieces.append(piece)
    return b"".join(pieces)


async def sends_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readexactly(5)
    writer.write(LONG)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def test_every_byte_comes_in_order_and_then_the_end(run):
    async def asks() -> bytes:
        async with serving(sends_all) as port:
            connection = await connect("127.0.0.1", port, 5)
            await connection.write(b"hello")
            received = await read_all(connection)
            await connection.aclose()
            return received

    assert run(asks()) == LONG


def test_every_byte_comes_in_order_over_tls(run, contexts):
    theirs, ours = contexts

    async def asks() -> bytes:
        async with serving(sends_all, theirs) as port:
            connection = await (await connect("127.0.0.1", port, 5)).start_tls(ours, HOST, 5)
            await connection.write(b"hello")
            received = await read_all(connection)
            await connection.aclose()
            return received

    assert run(asks()) == LONG


def test_a_server_that_floods_an_idle_connection_has_to_wait(run):
    """Else whoever is not read from fills our memory."""

    async def asks() -> int:
        stalled = asyncio.Event()

        async def floods(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.transport.set_write_buffer_limits(0)
            sent = 0
            while sent < 64 * len(LONG):
                writer.write(LONG)
                sent += len(LONG)
                try:
                    async with asyncio.timeout(0.2):
                        await writer.drain()
                except TimeoutError:
                    break
            stalled.set()

        async with serving(floods) as port:
            connection = await connect("127.0.0.1", port, 5)
            await stalled.wait()
            held = connection._flow.held
            await connection.aclose()
            return held

    assert run(asks()) < 1024 * 1024


def test_a_connection_that_is_reset_says_so_after_what_had_come(run):
    async def asks() -> bytes:
        async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"half")
            await reader.readexactly(5)
            to = writer.get_extra_info("socket")
            to.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        async with serving(resets) as port:
            connection = await connect("127.0.0.1", port, 5)
            received = await connection.read(100)
            await connection.write(b"hello")
            with pytest.raises(httpcore.ReadError):
                await connection.read(100)
            with pytest.raises(httpcore.WriteError):
                await connection.write(b"again")
            await connection.aclose()
            return received

    assert run(asks()) == b"half"


@asynccontextmanager
async def paired() -> Any:
    """A connection, and the plain socket at its other end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        connection = await connect("127.0.0.1", listening.getsockname()[1], 5)
        with listening.accept()[0] as other:
            yield connection, other
        await connection.aclose()


def test_an_idle_connection_tells_what_nobody_asked_for_and_that_it_ended(run):
    async def asks() -> None:
        async with paired() as (connection, other):
            assert not connection.get_extra_info("is_readable")
            other.send(b"surplus")
            assert connection.get_extra_info("is_readable"), "what the event loop has not looked at"
            await connection._flow.arrival()
            assert connection.get_extra_info("is_readable"), "what it has taken"
            assert await connection.read(100) == b"surplus"
            assert not connection.get_extra_info("is_readable")
            other.close()
            assert await connection.read(100) == b""
            assert connection.get_extra_info("is_readable"), "the end"

    run(asks())


def test_sending_waits_for_a_server_that_does_not_read(run):
    async def asks() -> None:
        async with paired() as (connection, _):
            with pytest.raises(httpcore.WriteTimeout):
                await connection.write(LONG * 4, 0.1)

    run(asks())


def test_an_end_in_order_stays_one_when_what_we_still_send_fails(run):
    async def asks() -> bytes:
        async with paired() as (connection, other):
            with pytest.raises(httpcore.WriteTimeout):
                await connection.write(LONG * 4, 0.1)
            other.send(b"answer")
            other.shutdown(socket.SHUT_WR)
            while not connection._flow.ended:
                await connection._flow._change()
            other.close()  # with much unread, which resets the connection
            async with asyncio.timeout(5):
                await connection._flow.drained()
            return await read_all(connection)

    assert run(asks()) == b"answer"


def test_a_connection_that_is_lost_at_the_end_of_its_handshake_is_an_error_of_its_own(monkeypatch, contexts):
    """Both event loops then hand out no transport at all."""

    async def lost(*_: object, **__: object) -> None:
        return None

    async def asks() -> None:
        async with paired() as (connection, _):
            with pytest.raises(httpcore.ConnectError, match="broke off"):
                await connection.start_tls(contexts[1], HOST, 5)

    monkeypatch.setattr(asyncio.BaseEventLoop, "start_tls", lost)
    asyncio.run(asks())


def test_whoever_speaks_before_the_connection_is_secure_is_not_heard(run, contexts):
    """A line put in front of the handshake would else be read as the beginning of the server's own answer."""
    _, ours = contexts

    async def asks() -> None:
        async def interjects(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await reader.read()

        async with serving(interjects) as port:
            connection = await connect("127.0.0.1", port, 5)
            await connection._flow.arrival()
            with pytest.raises(httpcore.ConnectError, match="spoke before"):
                await connection.start_tls(ours, HOST, 5)
            await connection.aclose()

    run(asks())


def test_a_handshake_that_stalls_ends_in_time(run, contexts):
    _, ours = contexts

    async def asks() -> None:
        async def stalls(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()

        async with serving(stalls) as port:
            connection = await connect("127.0.0.1", port, 5)
            with pytest.raises(httpcore.ConnectTimeout):
                await connection.start_tls(ours, HOST, 0.1)
            await connection.aclose()

    run(asks())


def test_a_certificate_for_another_host_is_refused_with_its_reason(run, contexts):
    theirs, ours = contexts

    async def asks() -> str:
        async with serving(sends_all, theirs) as port:
            connection = await connect("127.0.0.1", port, 5)
            with pytest.raises(httpcore.ConnectError) as caught:
                await connection.start_tls(ours, "other.example", 5)
            await connection.aclose()
            return why(caught.value)

    assert "other.example" in run(asks())


def test_closing_does_not_wait_for_a_server_that_says_no_goodbye(run, contexts):
    theirs, ours = contexts

    async def asks() -> None:
        closed = asyncio.Event()

        async def is_deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            cast(asyncio.Transport, writer.transport).pause_reading()
            await closed.wait()

        async with serving(is_deaf, theirs) as port:
            connection = await (await connect("127.0.0.1", port, 5)).start_tls(ours, HOST, 5)
            await connection.aclose()
            async with asyncio.timeout(5):
                await connection._flow.arrival()
            closed.set()

    run(asks())


def test_a_closed_port_is_told_as_the_system_tells_it(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(httpcore.ConnectError) as caught:
            run(connect("127.0.0.1", taken.getsockname()[1], 5))
    assert why(caught.value) == "Connection refused"


def test_all_pools_share_one_ssl_context(monkeypatch):
    made = []
    told = ssl.SSLContext.__new__

    def counted(cls: type[ssl.SSLContext], *given: int) -> ssl.SSLContext:
        made.append(cls)
        return told(cls, *given)

    monkeypatch.setattr(ssl.SSLContext, "__new__", counted)

    async def opens() -> None:
        async with Network(NetworkSettings(user_agent="pressmark test")):
            pass

    asyncio.run(opens())
    assert len(made) == 1
