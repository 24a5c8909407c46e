"""Processes that are tortured: forked, because that takes milliseconds where a fresh interpreter takes a second.

What a child has acknowledged it tells through a socket, a line each: what was told before it died counts.
"""

import ctypes
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from archive.errors import ArchiveError

DONE, OURS, THEIRS = 0, 3, 70  # exit codes: to the end, one of our errors, any other
_LIMIT = 60  # seconds; a child that takes longer hangs, and SIGALRM ends it
_PR_SET_PTRACER = 0x59616D61  # "Yama": who may trace us

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a child ended."""

    code: int  # as os.waitstatus_to_exitcode: negative for a signal
    said: str  # every line it told
    complaint: str  # its stderr

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL


@dataclass(slots=True)
class Child:
    """A process at work on `act`; it waits for `go` first."""

    pid: int
    line: socket.socket
    stderr: Path
    _said: list[str] = field(default_factory=list)

    def go(self) -> None:
        """Let it begin."""
        self.line.sendall(b"g")

    def end(self) -> Ending:
        """Wait until it has ended; the lines come in whatever way it ends."""
        with self.line:
            told = b"".join(iter(self._hear, b""))
        _, status = os.waitpid(self.pid, 0)
        whole = told[: told.rfind(b"\n") + 1].decode()
        return Ending(code=os.waitstatus_to_exitcode(status), said=whole, complaint=self.stderr.read_text())

    def _hear(self) -> bytes:
        try:
            return self.line.recv(65536)
        except ConnectionResetError:  # it died before it heard that it may go
            return b""


def fork(act: Callable[[Tell], None], *, stderr: Path) -> Child:
    """A child that does `act` once it is told to go, and ends."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if not pid:
        _live(act, ours, theirs, stderr)
    theirs.close()
    ours.recv(1)  # it waits to be told: from here on a tracer meets none of its preparations
    return Child(pid, ours, stderr)


def _live(act: Callable[[Tell], None], parents: socket.socket, line: socket.socket, stderr: Path) -> NoReturn:
    """The child's whole life; it never comes back into pytest."""
    code = THEIRS
    try:
        parents.close()
        signal.alarm(_LIMIT)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os.dup2(os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
        if sys.platform == "linux":  # or only root could trace it
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1), 0, 0, 0)
        line.sendall(b"r")
        if line.recv(1):
            act(lambda said: line.sendall(f"{said}\n".encode()))
            code = DONE
    except ArchiveError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        code = OURS
    except BaseException:  # noqa: BLE001 - reported by the exit code, and the child must not go on as pytest
        traceback.print_exc()
    finally:
        os._exit(code)


def told(act: Callable[[Tell], None], *, stderr: Path) -> Ending:
    """A child that is let go at once and waited for."""
    child = fork(act, stderr=stderr)
    child.go()
    return child.end()


@contextmanager
def alive(act: Callable[[Tell, Callable[[], bool]], None], *, stderr: Path) -> Iterator[list[Ending]]:
    """A child that lives through the block; its `act` asks whether it shall stop. Its ending is in the list then."""
    ours, theirs = socket.socketpair()
    endings: list[Ending] = []
    with ours, theirs:
        child = fork(lambda tell: act(tell, lambda: _hung_up(theirs)), stderr=stderr)
        child.go()
        try:
            yield endings
        finally:
            ours.sendall(b"stop")
            endings.append(child.end())


def _hung_up(line: socket.socket) -> bool:
    try:
        return bool(line.recv(1, socket.MSG_DONTWAIT | socket.MSG_PEEK))
    except BlockingIOError:
        return False
