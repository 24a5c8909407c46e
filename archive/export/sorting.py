"""Lines in bytewise order, more than memory holds: sorted in runs on disk, then merged."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from heapq import merge
from itertools import islice
from typing import IO

_RUN = 50_000  # lines; of an index that is some 20 MB


@contextmanager
def in_order(lines: Iterable[bytes], *, run: int = _RUN) -> Iterator[Iterator[bytes]]:
    """The lines, each ending in a newline, sorted as `LC_ALL=C sort -u` does: every line once.

    All of them are taken before the first comes back. run: how many are held in memory; the others lie in temporary
    files without a name. Raises OSError when there is no room for those.
    """
    rest = iter(lines)
    with ExitStack() as files:
        runs: list[Iterable[bytes]] = []
        while some := sorted(islice(rest, run)):
            # The last run, often the only one, needs no file.
            runs.append(some if len(some) < run else files.enter_context(_put_down(some)))
        yield _once(merge(*runs))


def _put_down(lines: Iterable[bytes]) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the caller's stack
    file.writelines(lines)
    file.seek(0)
    return file


def _once(lines: Iterable[bytes]) -> Iterator[bytes]:
    last = None
    for line in lines:
        if line != last:
            yield line
        last = line
