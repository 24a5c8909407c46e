"""Bytes to disk so that they are there after a crash, or an error that says they are not.

The shape of `write_whole` is restic's: temporary name beside the target, sync, rename, sync the folder.
"""

import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from archive.errors import Locked, ReadOnly, WriteFailed

# What a disk answers when it has no room left, for us (quota), for anyone, or for a file this large.
_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "the file would be too large",
}
_MACOS_FULL_SYNC = getattr(fcntl, "F_FULLFSYNC", None)
_KNOWS_NO_FULL_SYNC = (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY)  # a network disk, some folders


@dataclass(frozen=True, slots=True)
class Space:
    """How much a file system holds and how much of it is free for us, in bytes."""

    free: int
    total: int


def space(folder: Path) -> Space:
    """What the folder's file system has left. Raises WriteFailed or ReadOnly."""
    try:
        said = os.statvfs(folder)
    except OSError as error:
        raise refused(folder, error) from error
    return Space(free=said.f_bavail * said.f_frsize, total=said.f_blocks * said.f_frsize)


def refused(path: Path, error: OSError) -> WriteFailed | ReadOnly:
    """What an OSError while writing `path` means, in our words."""
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return ReadOnly(path, f"cannot be written ({error.strerror}); name another folder with -C, or mend its rights")
    why = _FULL.get(error.errno or 0, f"the disk answered “{error.strerror}”")
    return WriteFailed(path, f"not written: {why}; what was kept before is untouched. Make room and run it again")


@contextmanager
def in_our_words(path: Path) -> Iterator[None]:
    """A block whose OSErrors are ours: a disk that fails wherever it is asked is no fault of the caller's."""
    try:
        yield
    except OSError as error:
        raise refused(path, error) from error


def write_all(fd: int, block: bytes) -> None:
    """Write every byte of the block, however often the kernel takes only a part of it.

    A full disk takes a part first and says ENOSPC only at the next call, so the count is what tells. Raises OSError.
    """
    rest = memoryview(block)
    while rest:
        taken = os.write(fd, rest)
        if not taken:  # no disk should; one that does would keep us here for ever
            raise OSError(errno.EIO, "the disk takes no bytes and does not say why")
        rest = rest[taken:]


def sync(fd: int) -> None:
    """Wait until the file's bytes and its size are on the medium (macOS: through the drive's own cache, too).

    Raises OSError. After one nobody may sync this descriptor again: the kernel has told its error, forgets it, and the
    next sync lies (PostgreSQL's lesson of 2018).
    """
    if not _full_sync(fd):
        os.fdatasync(fd)  # the size is among what it waits for, for without it the bytes cannot be read (POSIX)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's names are on the medium. Raises OSError."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not _full_sync(fd):
            os.fsync(fd)
    finally:
        os.close(fd)


def _full_sync(fd: int) -> bool:
    """Whether macOS has emptied the drive's cache; False elsewhere, and on a disk that knows no such thing."""
    if _MACOS_FULL_SYNC is None:
        return False
    try:
        fcntl.fcntl(fd, _MACOS_FULL_SYNC)
    except OSError as error:
        if error.errno not in _KNOWS_NO_FULL_SYNC:
            raise
        return False
    return True


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, 64 hex digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_folder(folder: Path) -> None:
    """Make the folder and those above it, each name on the medium before the next.

    One that is there and empty was perhaps made by somebody who died before he could wait for its name.
    """
    if folder.is_dir():
        if not any(folder.iterdir()):
            sync_folder(folder.parent)
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def write_whole(path: Path, block: bytes, *, mode: int = 0o644) -> None:
    """The file is there with these bytes, or it is not there: never a part of it.

    Raises WriteFailed or ReadOnly.
    """
    write_each({path: block}, mode=mode)


def write_each(blocks: Mapping[Path, bytes], *, mode: int = 0o644) -> None:
    """As `write_whole` for several files, each folder waited for once. After an error some of them may be there.

    Raises WriteFailed or ReadOnly, which name the file that was at fault.
    """
    drafts: dict[Path, Path] = {}
    path = Path()
    try:
        for path, block in blocks.items():
            make_folder(path.parent)
            drafts[path] = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            _write_draft(drafts[path], block, mode)
        for path, draft in drafts.items():
            draft.rename(path)
        for path in {each.parent: each for each in drafts}.values():
            sync_folder(path.parent)
    except BaseException as error:
        for draft in drafts.values():
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise refused(path, error) from error
        raise


def _write_draft(draft: Path, block: bytes, mode: int) -> None:
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        write_all(fd, block)
        sync(fd)
    finally:
        os.close(fd)


def let_go(lock: int) -> None:
    """Let go of what `take_lock` took, or of any descriptor whose bytes were waited for.

    What a disk says at the close is passed over: there is nothing left to do, and the descriptor is gone (close(2)).
    """
    with suppress(OSError):
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
