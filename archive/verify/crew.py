"""Several WARC files looked at at once, by as many processes: digests and inflating keep a core busy each."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path

from archive.databases import open_again
from archive.reader import Archive
from archive.verify.damage import UNSTEADY, Damage
from archive.verify.files import Expected, Looked, look_at

_WORTH = 32 << 20  # bytes of WARC files; less is looked at before another process has begun


def cores() -> int:
    """How many processes can run at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def looked_at(archive: Archive, chosen: Sequence[Expected], *, jobs: int) -> Iterator[Looked]:
    """What each file came to, in their order; damages are those that a second look finds, too.

    jobs: processes at once, from 1.
    """
    jobs = min(jobs, len(chosen))
    if jobs < 2 or sum(each.length for each in chosen) < _WORTH:
        yield from (look_twice(archive, each) for each in chosen)
        return
    with _crew(archive, [chosen[number::jobs] for number in range(jobs)]) as pipes:
        for number, each in enumerate(chosen):
            yield _brought(pipes[number % jobs]) or look_twice(archive, each)


def _brought(pipe: Connection) -> Looked | None:
    """What a process found in its next file; None when it was killed."""
    with suppress(EOFError, OSError):
        looked = pipe.recv()
        return looked if isinstance(looked, Looked) else None
    return None


def look_twice(archive: Archive, expected: Expected) -> Looked:
    """What a file came to; what looks damaged is read once more, from the medium."""
    with archive.reading() as reading:
        looked = look_at(archive, reading, expected)

        def again() -> list[Damage]:
            _forget_cached(archive.warc_path(expected.warc))
            return look_at(archive, reading, expected).damages

        looked.damages = confirmed(looked.damages, again)
    return looked


def confirmed(first: list[Damage], again: Callable[[], list[Damage]]) -> list[Damage]:
    """The damages that a second look finds, too; what only one of the two found was read differently twice."""
    if not first:
        return []
    second = again()
    unsteady = set(first) ^ set(second)
    return [each for each in second if each not in unsteady] + [
        Damage(
            file=each.file, offset=each.offset, url=each.url, kind="unsteady", lost="perhaps nothing", mend=UNSTEADY,
            what=f"read differently twice; one time: {each.what}",
        )
        for each in [*first, *second] if each in unsteady
    ]  # fmt: skip


def _forget_cached(path: Path) -> None:
    """Ask the system to read the file from the medium the next time, not from its memory (Linux)."""
    with suppress(OSError, AttributeError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)


@contextmanager
def _crew(archive: Archive, shares: Sequence[Sequence[Expected]]) -> Iterator[list[Connection]]:
    """A process for each share, and the pipe that it tells through: one of its own, so that no death stops another."""
    context = multiprocessing.get_context("forkserver")  # a fork of our own would share the catalog's connection
    context.set_forkserver_preload([__name__])
    processes, pipes = [], []
    try:
        for share in shares:
            ours, theirs = context.Pipe(duplex=False)
            pipes.append(ours)
            process = context.Process(target=_look_at_each, args=(archive.root, archive.catalog.url, share, theirs))
            process.start()
            processes.append(process)
            theirs.close()
        yield pipes
    finally:
        for process in processes:  # who stops listening does not wait for files of a gigabyte
            process.terminate()
            process.join()
        for pipe in pipes:
            pipe.close()


# ── in a process of the crew ─────────────────────────────────────────────────────────────────────────────────────────


def _look_at_each(root: Path, url: str, share: Sequence[Expected], pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    with Archive(root, open_again(url)) as archive:
        for expected in share:
            pipe.send(look_twice(archive, expected))


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
    os._exit(1)
