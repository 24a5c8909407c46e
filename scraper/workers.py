"""Worker processes for C parsers, which Python cannot interrupt: past their time or memory they die, never the parent.

They start with the first page, end when there is nothing to do, and are renewed now and then: parsers may leak.
"""

import asyncio
import functools
import logging
import multiprocessing
import os
import re
import resource
import signal
import sys
import warnings
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from pebble import ProcessExpired, ProcessPool

from scraper.errors import ExtractError, ScraperError
from scraper.urls import host, registrable

_OUT_OF_MEMORY = 112  # exit code of a worker whose page took more memory than it may have
_WORN_OUT = 113  # of one that gives up before its next page, for the last one has left it too little
_ASKED_TO_END = (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)  # by whoever stops all of us
PAGES_OF_A_LIFE: Final = 2_000  # of one worker; a new one costs as much as 20 pages

_STOPPED = ("stopped", "the workers were ended before the page was understood; it is no fault of the page")
_PEAK = re.compile(rb"VmHWM:\s*(\d+) kB")
_AHEAD = 1  # pages handed over beyond those in hand, so that no worker waits for the event loop

T = TypeVar("T")


class Workers:
    """A pool of worker processes.

    max_workers: processes at a time; seconds: wall and processor time one page may take; megabytes: address space of
    one worker; idle_seconds: how long they wait for the next page before they end.
    """

    def __init__(
        self, max_workers: int, *, seconds: float = 20.0, megabytes: int = 1_500, idle_seconds: float = 30.0
    ) -> None:
        self._max_workers = max_workers
        self._seconds = seconds
        self._megabytes = megabytes
        self._idle_seconds = idle_seconds
        self._pool: ProcessPool | None = None
        self._busy = 0  # pages in hand
        self._waiting: set[asyncio.Future[Any]] = set()  # for their results; pebble forgets them when it stops
        self._rest: asyncio.TimerHandle | None = None
        self._turns = _Turns(max_workers + _AHEAD)

    @property
    def running(self) -> bool:
        """Whether there are worker processes now."""
        return self._pool is not None

    async def think(self, function: Callable[..., T], *args: object, share: float = 1.0) -> T:
        """What function(*args) returns, computed in a worker process; sites take turns.

        function: one that a worker can import by its name; the last argument names the subject of an error (a URL).
        share: of the time that one page may take.
        Raises the ScraperError that function raised; ExtractError "parser-timeout", "parser-memory", "parser-crash"
        (the worker died), "stopped" (we were ended) or "parser-error" (any other exception, as its cause).
        """
        self._busy += 1
        self._stay()
        subject = str(args[-1]) if args else function.__name__
        try:
            async with self._turns.of(site_of(subject)):
                return await self._thought(function, args, subject, self._seconds * share)
        except _Closed as closed:
            raise ExtractError(subject, *_STOPPED) from closed
        finally:
            self._busy -= 1
            if not self._busy:
                self._rest = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_idle)

    def close(self) -> None:
        """Ends the workers now; pages in hand and those that wait fail as stopped. A later `think` starts new ones."""
        self._stay()
        self._turns.close()
        self._end_pool()

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        for waiting in tuple(self._waiting):
            waiting.cancel()
        if pool is not None:
            _end(pool)

    async def _thought(self, function: Callable[..., T], args: tuple[object, ...], subject: str, seconds: float) -> T:
        error: BaseException | None = None
        for _ in range(2 + self._max_workers):
            pool = self._started()
            error, result = await self._attempt(pool, function, args, seconds)
            if error is None:
                return result[0]
            if _is_worn_out(error):
                continue  # the page was not looked at, and a new worker is there
            if not isinstance(error, BrokenProcessPool):
                break
            if self._pool is pool:  # pebble gives up a pool whose idle worker was killed; a new one takes the page
                self._end_pool()
        if isinstance(error, ScraperError):
            raise error
        reason, message = _named(error, seconds, self._megabytes)
        raise ExtractError(subject, reason, message) from error

    async def _attempt(
        self, pool: ProcessPool, function: Callable[..., T], args: tuple[object, ...], seconds: float
    ) -> tuple[BaseException | None, list[T]]:
        """What became of one page: an exception, or its result in a list."""
        work = functools.partial(_limited, seconds, function)
        try:
            future: Future[T] = pool.schedule(work, args=args, timeout=seconds)
        except RuntimeError as broken:  # the pool did since its last page
            return BrokenProcessPool(str(broken)), []
        waiting = asyncio.wrap_future(future)
        self._waiting.add(waiting)
        try:
            await asyncio.wait((waiting,))
        finally:
            self._waiting.discard(waiting)
            if not waiting.done():
                future.cancel()  # the caller was cancelled: pebble kills the worker
        if waiting.cancelled():
            return asyncio.CancelledError("stopped"), []
        error = waiting.exception()
        return error, [] if error else [waiting.result()]

    def _started(self) -> ProcessPool:
        if self._pool is None:
            self._pool = ProcessPool(
                max_workers=self._max_workers,
                max_tasks=PAGES_OF_A_LIFE,
                initializer=_begin,
                initargs=(self._megabytes,),
                context=multiprocessing.get_context("spawn"),  # a fork of a process with threads may deadlock
            )
        return self._pool

    def _stay(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _end_idle(self) -> None:
        pool, self._pool, self._rest = self._pool, None, None
        if pool is not None:
            asyncio.get_running_loop().run_in_executor(None, _end, pool)  # it waits for processes to end


class _Closed(Exception):
    """The workers were ended while a page waited for its turn."""


class _Turns:
    """Pages that wait for a worker: sites in turns, for one whose pages take long shall hold up no other's."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: OrderedDict[str, deque[asyncio.Future[bool]]] = OrderedDict()  # by site, who is next first

    @asynccontextmanager
    async def of(self, site: str) -> AsyncIterator[None]:
        """A place. Raises _Closed when `close` was called while it was waited for."""
        if self._free:
            self._free -= 1
        elif not await self._turn(site):
            raise _Closed
        try:
            yield
        finally:
            self._pass_on()

    async def _turn(self, site: str) -> bool:
        """Wait for a place; False: nobody gets one any more."""
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(site, deque()).append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.result():
                self._pass_on()  # it came at the same moment
            raise

    def _pass_on(self) -> None:
        """Give a place to the next site's first page, or keep it free."""
        while self._waiting:
            site, pages = self._waiting.popitem(last=False)
            turn = pages.popleft()
            if pages:
                self._waiting[site] = pages
            if not turn.done():
                turn.set_result(True)
                return
        self._free += 1

    def close(self) -> None:
        """Nobody waits any more."""
        for turn in (turn for pages in self._waiting.values() for turn in pages if not turn.done()):
            turn.set_result(False)
        self._waiting.clear()


def site_of(subject: str) -> str:
    """Whose page it is: the registrable domain, so that no site is many by names of its own; "" of no URL."""
    try:
        return registrable(host(subject))
    except ValueError:
        return ""


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble annotates the rest
    pool.join()


def _is_worn_out(error: BaseException | None) -> bool:
    return isinstance(error, ProcessExpired) and error.exitcode == _WORN_OUT


def _named(error: BaseException | None, seconds: float, megabytes: int) -> tuple[str, str]:
    """The reason's word and message for what became of a worker."""
    code = error.exitcode if isinstance(error, ProcessExpired) else 0
    if isinstance(error, TimeoutError) or code == -signal.SIGXCPU:
        return "parser-timeout", f"the page was not understood within {seconds:g} s"
    # The kernel kills with 9 when memory runs out.
    if code in (_OUT_OF_MEMORY, -signal.SIGKILL) or isinstance(error, MemoryError):
        return "parser-memory", f"the page needs more than the {megabytes} MB a worker may have"
    if isinstance(error, asyncio.CancelledError) or code in _ASKED_TO_END:
        return _STOPPED
    if isinstance(error, ProcessExpired | BrokenProcessPool):
        return "parser-crash", f"the worker process ended before the page was understood ({error})"
    return "parser-error", f"{type(error).__name__}: {error}"


# ── in the worker


def _begin(megabytes: int) -> None:
    # pebble's own answer to SIGTERM is Python, which has to wait for the C that we are about to kill.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which finishes its record first
    logging.disable()  # parsers quote the page in what they log and warn of, and our stderr may be a terminal
    warnings.simplefilter("ignore")
    if sys.platform != "darwin":  # macOS refuses to limit the address space
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, resource.RLIM_INFINITY))


def _limited(seconds: float, function: Callable[..., T], *args: object) -> T:
    """function(*args) with so much processor time: the guard that works even when the parent is gone or stopped."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    if _is_worn(_peak()):
        os._exit(_WORN_OUT)
    limit = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    try:
        return function(*args)
    except MemoryError:  # what is left of a full heap is in pieces, and the next page would be refused for this one
        os._exit(_OUT_OF_MEMORY)
    finally:
        if _is_worn(_peak()):  # room to take the next page, and decline it
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _peak() -> int:
    """The most memory that this process has had, in KiB.

    Not ru_maxrss, which begins with what the parent had: every worker of a large daemon would be worn out at once.
    """
    try:
        status = Path("/proc/self/status").read_bytes()
    except OSError:
        return 0
    return int(found[1]) if (found := _PEAK.search(status)) else 0


def _is_worn(peak: int) -> bool:
    """Whether a page has taken more than half of what this worker may have: the next would begin with less than others.

    peak: KiB.
    """
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return sys.platform != "darwin" and (most == resource.RLIM_INFINITY or peak << 10 > most // 2)
