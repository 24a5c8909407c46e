"""A TCP connection as httpcore wants one, straight on asyncio.

httpcore's own goes through anyio, which enters a scope and passes the event loop at every read and write: a sixth of
what a whole request costs us (bench/door.py).
"""

# ruff: noqa: ASYNC109  the signatures with `timeout` are httpcore's

import asyncio
import select
import ssl
from collections import deque
from typing import Any, cast

import httpcore

_HELD = 64 * 1024  # bytes that came and were not read yet; past them the server has to wait


async def connect(address: str, port: int, seconds: float | None) -> "Socket":
    """A connection to an IP address.  Raises httpcore.ConnectError or ConnectTimeout."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(seconds):
            transport, flow = await loop.create_connection(_Flow, address, port)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return Socket(transport, flow)


class _Flow(asyncio.Protocol):
    """What came and was not read yet, and whether more may come or go."""

    def __init__(self) -> None:
        self.pieces: deque[bytes] = deque()
        self.held = 0  # bytes in them
        self.ended = False  # nothing more will come
        self.lost = False  # nothing more can go
        self.error: Exception | None = None  # why it ended, when that was not in order
        self._full = False  # what we sent is not taken by the network
        self._halted = False  # the server has to wait
        self._waiting: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are none by descent

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        self.held += len(data)
        if self.held > _HELD and self._transport and not self._halted:
            self._halted = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self.error = None if self.ended else error
        self.ended = self.lost = True
        self._full = False
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    def take(self, most: int) -> bytes:
        """The next bytes of those that came, at most so many."""
        piece = self.pieces.popleft()
        if len(piece) > most:
            self.pieces.appendleft(piece[most:])
            piece = piece[:most]
        self.held -= len(piece)
        if self._halted and self._transport and self.held <= _HELD:
            self._halted = False
            self._transport.resume_reading()
        return piece

    async def arrival(self) -> None:
        """Waits until something came, or nothing more can."""
        while not (self.pieces or self.ended):
            await self._change()

    async def drained(self) -> None:
        """Waits until more may be sent, or nothing can be any more."""
        while self._full:
            await self._change()

    async def _change(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)


class Socket(httpcore.AsyncNetworkStream):
    """A connection; one task at a time reads from it or writes to it."""

    def __init__(self, transport: asyncio.Transport, flow: _Flow) -> None:
        self._transport = transport
        self._flow = flow

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        flow = self._flow
        if not flow.pieces:
            try:
                async with asyncio.timeout(timeout):
                    await flow.arrival()
            except TimeoutError as error:
                raise httpcore.ReadTimeout(str(error)) from error
        if flow.pieces:
            return flow.take(max_bytes)
        if flow.error:
            raise httpcore.ReadError(str(flow.error)) from flow.error
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if self._flow.lost:
            raise httpcore.WriteError("the connection is closed") from self._flow.error
        self._transport.write(buffer)
        try:
            async with asyncio.timeout(timeout):
                await self._flow.drained()
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error

    async def aclose(self) -> None:
        # Not `close`: over TLS that waits half a minute for a server that does not say goodbye.
        self._transport.abort()
        await asyncio.sleep(0)  # there the socket is closed

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Socket":
        flow = _Flow()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                if self._flow.pieces:  # whoever put them there must not speak for the server behind the certificate
                    raise httpcore.ConnectError("the server spoke before the connection was secure")
                transport = await loop.start_tls(self._transport, flow, ssl_context, server_hostname=server_hostname)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if transport is None:  # uvloop and asyncio both say so of a connection that was lost meanwhile
            raise httpcore.ConnectError("the server broke off")
        flow.connection_made(transport)
        return Socket(transport, flow)

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "is_readable":  # of one that ended the number may be another's by now, so it is not looked at
                return bool(self._flow.pieces) or self._flow.ended or self._has_more()
            case "server_addr":
                return self._transport.get_extra_info("peername")
            case _:
                return self._transport.get_extra_info(info)

    def _has_more(self) -> bool:
        """Whether bytes, or the end, have come that the event loop has not looked at."""
        if (number := self._transport.get_extra_info("socket").fileno()) < 0:
            return True
        poll = select.poll()
        poll.register(number, select.POLLIN)
        return bool(poll.poll(0))
