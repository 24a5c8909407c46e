"""A child under strace: killed at a system call, given an error instead of one, or written down call by call."""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.archive.torture.children import DONE, Child, Ending, Tell, fork

# What touches files and folders; "?" where not every machine has the call. Not mmap, which is the interpreter's own
# memory, too; not fcntl, whose locks fail in no such way, and SQLite waits its 30 seconds before it believes it.
FILE_CALLS = ",".join(
    f"?{name}"
    for name in (
        "open openat creat close read pread64 write writev pwrite64 lseek truncate ftruncate fallocate fsync fdatasync"
        " rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir getdents64"
        " stat lstat fstat newfstatat statx access faccessat faccessat2 statfs fstatfs flock ioctl"
        " chmod fchmod fchmodat chown fchown utimensat dup dup2 dup3 copy_file_range sendfile"
    ).split()
)


def under_strace(act: Callable[[Tell], None], *options: str, stderr: Path) -> Ending:
    """A child that does `act` while strace does to it what the options say; what went before is not counted."""
    child = fork(act, stderr=stderr)
    with attached(child, *options):
        child.go()
        return child.end()


@contextmanager
def attached(child: Child, *options: str) -> Iterator[None]:
    """strace upon a child that waits; the block must see to the child's end."""
    command = ["strace", "-f", "-o", "/dev/null", *options, "-p", str(child.pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr
        said = tracer.stderr.readline()
        if "attached" not in said:
            child.line.close()  # it wakes up and ends, having done nothing
            raise RuntimeError(f"strace cannot be used here: {said.strip()}")
        yield


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of a run. strace counts each name on its own, and so do we."""

    name: str
    nth: int  # from 1

    def __str__(self) -> str:
        return f"{self.name} {self.nth}"


def calls_of(act: Callable[[Tell], None], *options: str, log: Path) -> list[Call]:
    """Every system call of a child that does `act`, in order; what it did before it was let go is not counted."""
    ending = under_strace(act, *options, "-o", str(log), stderr=log.with_name("stderr"))
    assert ending.code == DONE, ending.complaint
    # "4711  fsync(9) = 0", "4711  exit_group(0) = ?"; "<... recvfrom resumed>" is the wait for being let go.
    names = re.findall(r"^\d+ +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE)
    seen = Counter[str]()
    return [Call(name, seen[name]) for name in names if not seen.update([name])]


@cache
def why_not() -> str | None:
    """Why strace cannot be used here; None when it can."""
    if not shutil.which("strace"):
        return "strace is not installed: apt-get install strace"
    try:
        under_strace(lambda _: None, stderr=Path("/dev/null"))
    except RuntimeError as error:
        return str(error)
    return None
