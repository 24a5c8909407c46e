"""What can go wrong with an archive, and what someone must look at.

ArchiveError
├── NotAnArchive        the folder is not an archive, or not one we may open
│   └── NewerFormat     it was written by a later pressmark
├── ReadOnly            it cannot be written where it lies
├── Locked              another process holds it exclusively
├── WriteFailed         the disk refused: full, quota, input/output error
├── Damaged             bytes at rest are not what was written
├── NotFound            no text, capture or article answers to this ID
└── Ambiguous           several do; `candidates` lists them
"""

from pathlib import Path


class ArchiveError(Exception):
    """Something is wrong with an archive: `subject` is the path or ID, the message says what, why and what to do."""

    def __init__(self, subject: str | Path, message: str) -> None:
        super().__init__(f"{subject}: {message}")
        self.subject = str(subject)
        self.message = message


class NotAnArchive(ArchiveError):
    """The folder is not a pressmark archive."""


class NewerFormat(NotAnArchive):
    """The archive was written in a format this pressmark does not know."""


class ReadOnly(ArchiveError):
    """The archive lies where this process may not write."""


class Locked(ArchiveError):
    """Another process holds the archive exclusively (rebuild, repair)."""


class WriteFailed(ArchiveError):
    """The disk did not take the bytes; what was kept before is untouched."""


class Damaged(ArchiveError):
    """Bytes at rest are not what was written; `offset` is where in the file the damage begins."""

    def __init__(self, subject: str | Path, message: str, *, offset: int = 0) -> None:
        super().__init__(subject, message)
        self.offset = offset


class NotFound(ArchiveError):
    """Nothing in the archive answers to this ID."""


class Ambiguous(ArchiveError):
    """Several texts answer to this ID."""

    def __init__(self, subject: str, candidates: tuple[str, ...]) -> None:
        super().__init__(subject, f"matches {len(candidates)} texts: {', '.join(candidates)}; write more of the ID")
        self.candidates = candidates
