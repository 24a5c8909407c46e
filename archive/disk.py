"""Bytes to disk so that they are there after a crash, or an error that says they are not.

The shape of `write_whole` is restic's: temporary name beside the target, sync, rename, sync the folder.
"""

import errno
import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path

from archive.errors import Locked, ReadOnly, WriteFailed

# What a disk answers when it has no room left, for us (quota), for anyone, or for a file this large.
_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "the file would be too large",
}
_MACOS_FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)


def refused(path: Path, error: OSError) -> WriteFailed | ReadOnly:
    """What an OSError while writing `path` means, in our words."""
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return ReadOnly(path, f"cannot be written ({error.strerror}); name another folder with -C, or mend its rights")
    why = _FULL.get(error.errno or 0, f"the disk answered “{error.strerror}”")
    return WriteFailed(path, f"not written: {why}; what was kept before is untouched. Make room and run it again")


def write_all(fd: int, block: bytes) -> None:
    """Write every byte of the block, however often the kernel takes only a part of it.

    A full disk takes a part first and says ENOSPC only at the next call, so the count is what tells.
    """
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(fd, rest) :]


def sync(fd: int) -> None:
    """Wait until the file's bytes are on the medium (macOS: through the drive's own cache, too)."""
    if _MACOS_FULL_SYNC is not None:
        fcntl.fcntl(fd, _MACOS_FULL_SYNC)
    else:
        os.fdatasync(fd)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's names are on the medium."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, each name on the medium before the next."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def write_whole(path: Path, block: bytes, *, mode: int = 0o644) -> None:
    """The file is there with these bytes, or it is not there: never a part of it.

    Raises WriteFailed or ReadOnly.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        make_folder(path.parent)
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            write_all(fd, block)
            sync(fd)
        finally:
            os.close(fd)
        draft.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise refused(path, error) from error


def let_go(lock: int) -> None:
    """Let go of what `take_lock` took."""
    os.close(lock)


def take_lock(path: Path, *, exclusive: bool) -> int:
    """An open descriptor that holds the file's flock; closing it lets go.

    Raises Locked when another process holds it in a way that excludes ours.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise refused(path, error) from error
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise Locked(
            path.parent, "another process holds this archive; wait for it to end, or give --wait SECONDS"
        ) from error
    except OSError as error:  # a file system without locks
        os.close(fd)
        raise ReadOnly(path, f"cannot be locked ({error.strerror}); keep the archive on a local disk") from error
    return fd
