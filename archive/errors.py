"""What can go wrong with an archive, and what someone must look at.

ArchiveError
├── NotAnArchive        the folder is not an archive, or not one we may open
│   ├── NewerFormat     it was written by a later pressmark
│   └── NoCatalog       its catalog is missing, or not that of its WARC files: `pressmark rebuild` makes it anew
│       └── Copied      the folder is a copy taken while somebody wrote
├── ReadOnly            it cannot be written where it lies
├── Locked              another process holds it exclusively
├── WriteFailed         the disk refused: full, quota, input/output error
│   └── Unsettled       the catalog failed at the end of a transaction: what it holds now is for recovery to find out
├── NotAWarc            a file to be imported is no WARC or WACZ, or cannot be read
├── Damaged             bytes at rest are not what was written
├── NotFound            no text, capture or article answers to this ID
│   └── Redacted        it was taken out for good
├── Ambiguous           several do; `candidates` lists them
└── StampFailed         no time stamp came that can be kept; asked again later, it may
"""

from pathlib import Path

from archive.secrets import shown, without_userinfo


class ArchiveError(Exception):
    """Something is wrong with an archive: `subject` is the path or ID, the message says what, why and what to do.

    Neither holds a credential, whatever they are made of.
    """

    def __init__(self, subject: str | Path, message: str) -> None:
        self.subject = shown(without_userinfo(str(subject)))
        self.message = shown(message)
        super().__init__(f"{self.subject}: {self.message}")


class NotAnArchive(ArchiveError):
    """The folder is not a pressmark archive."""


class NewerFormat(NotAnArchive):
    """The archive was written in a format this pressmark does not know."""


class NoCatalog(NotAnArchive):
    """The archive's catalog is missing, or cannot be that of its WARC files; they hold all that it takes to make it."""


class Copied(NoCatalog):
    """The folder was copied while somebody wrote: its catalog is of other moments than its WARC files."""


class ReadOnly(ArchiveError):
    """The archive lies where this process may not write."""


class Locked(ArchiveError):
    """Another process holds the archive exclusively (rebuild, repair)."""


class WriteFailed(ArchiveError):
    """The disk did not take the bytes; what was kept before is untouched."""


class Unsettled(WriteFailed):
    """Nobody knows whether the catalog took it; what was written stays for recovery. To try again may say it twice."""


class NotAWarc(ArchiveError):
    """A file to be imported is no WARC or WACZ; nothing of it was taken."""


class Damaged(ArchiveError):
    """Bytes at rest are not what was written; `offset` is where in the file the damage begins."""

    def __init__(self, subject: str | Path, message: str, *, offset: int = 0) -> None:
        super().__init__(subject, message)
        self.offset = offset


class NotFound(ArchiveError):
    """Nothing in the archive answers to this ID."""


class Redacted(NotFound):
    """What the ID means was taken out for good, or may not be kept again."""


class Ambiguous(ArchiveError):
    """Several texts answer to this ID."""

    def __init__(self, subject: str, candidates: tuple[str, ...]) -> None:
        super().__init__(subject, f"matches {len(candidates)} texts: {', '.join(candidates)}; write more of the ID")
        self.candidates = candidates


class StampFailed(ArchiveError):
    """No time stamp came that can be kept: `subject` is whom we asked."""
