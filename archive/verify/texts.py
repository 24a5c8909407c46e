"""A text file and its sidecar against the conversion record they were made from; files that no record names."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from archive import disk, index, texts
from archive.catalog import Reading
from archive.errors import Damaged
from archive.members import walk
from archive.records import Capture, Revision
from archive.verify.damage import ASIDE, REPAIR, SECOND_COPY, Damage
from archive.warc import OPEN


def text_faults(root: Path, revision: Revision, capture: Capture | None) -> Iterator[Damage]:
    """What is wrong with the text file and the sidecar of a revision that names them."""
    path = root / revision.text_file
    for file, kind, what in (
        (path, "text_file", _text_wrong(path, revision)),
        (path.with_suffix(".json"), "sidecar", _sidecar_wrong(path.with_suffix(".json"), revision, capture)),
    ):
        if what:
            name = file.relative_to(root).as_posix()
            lost = "nothing: the conversion record holds it"
            yield Damage(file=name, url=revision.article, kind=kind, what=what, lost=lost, mend=REPAIR)


def _text_wrong(path: Path, revision: Revision) -> str | None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "the text file is missing"
    except OSError as error:
        return f"the text file cannot be read ({error.strerror})"
    if found != revision.sha256:
        return f"the text's SHA-256 is {found}, its name says otherwise"
    if not path.name.endswith(f"_{found[:16]}.txt"):
        return f"its name is not that of its SHA-256, {found}"
    return None


def _sidecar_wrong(path: Path, revision: Revision, capture: Capture | None) -> str | None:
    try:
        said = path.read_bytes()
    except FileNotFoundError:
        return "the sidecar is missing"
    except OSError as error:
        return f"the sidecar cannot be read ({error.strerror})"
    if said == texts.sidecar(revision, capture):
        return None
    other = revision.sha256.encode() not in said
    return "the sidecar names another text" if other else "the sidecar is not as its records make it"


def folders(root: Path) -> list[str]:
    """Every folder of text files, by its path from the archive's folder."""
    found = {path.parent for path in (root / "text").rglob("*") if not path.is_dir()}
    return sorted(path.relative_to(root).as_posix() for path in found)


def strangers(root: Path, reading: Reading, folder: str) -> Iterator[Damage]:
    """Files of a text folder that no record names. Drafts, whose names begin with a dot, are nobody's business."""
    there = [path for path in sorted((root / folder).iterdir()) if not path.is_dir() and not path.name.startswith(".")]
    # Asked after the look, the rows last: what was kept meanwhile is known.
    unnamed = _unnamed(root, there, reading.texts_in(folder))
    if unnamed:
        promised = _promised(root, reading)
        unnamed = _unnamed(root, unnamed, promised | reading.texts_in(folder))
    for path in unnamed:
        if os.path.lexists(path):  # else its writer has taken it back
            yield _stranger(path, path.relative_to(root).as_posix())


def _stranger(path: Path, name: str) -> Damage:
    if _is_what_it_is_called(path.with_suffix(".txt")):
        what = "a text whose record is nowhere; its bytes are what its name says"
        return Damage(file=name, kind="orphan", what=what, lost="its record: what it is cleaned from", mend=SECOND_COPY)
    return Damage(file=name, kind="stranger", what="no record names this file", mend=ASIDE)


def _is_what_it_is_called(text: Path) -> bool:
    with suppress(OSError):
        return disk.digest_of(text).startswith(text.stem.partition("_")[2] or "-")
    return False


def _unnamed(root: Path, there: Iterable[Path], named: Collection[str]) -> list[Path]:
    """Those that are neither one of the text files named nor the sidecar of one."""
    texts_of = {path: path.with_suffix(".txt").relative_to(root).as_posix() for path in there}
    return [path for path, of in texts_of.items() if of not in named or path.suffix not in (".txt", ".json")]


def _promised(root: Path, reading: Reading) -> set[str]:
    """The text files of records that have no row yet: their writer is at it, or died at it and recovery will go on.

    A record is on the medium before its text is a file, and the row comes last.
    """
    found: set[str] = set()
    for path in (root / "warc").glob(f"*/*/*/*.warc.gz{OPEN}"):
        warc = path.relative_to(root).as_posix().removesuffix(OPEN)
        with suppress(Damaged, FileNotFoundError):  # torn there; closed since we looked
            for record in walk(path, start=reading.acknowledged(warc)):
                if record.type == "conversion":
                    with suppress(KeyError, TypeError, ValueError):
                        found.add(index.revision_from(record, record.block, warc).text_file)
    return found
