"""Mending what can be mended, from what is sound: texts from records, rows from records, files from a second copy.

Nothing is deleted: what is replaced goes to quarantine/<date>/ first, rows as JSON lines.
"""

import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive import disk, index, manifest, recovery, texts
from archive.catalog import Reading, Writing
from archive.databases import open_sqlite, open_url
from archive.errors import Damaged, NotFound
from archive.manifest import MANIFEST
from archive.members import Record, walk
from archive.reader import Archive
from archive.records import Revision
from archive.store import check
from archive.verify import grammar, rows
from archive.verify.damage import Damage
from archive.verify.files import Expected, Looked, kept_values, look_at
from archive.warc import READ_ONLY, stamp

_TEXTS = frozenset({"text_file", "sidecar"})
_ROWS = frozenset({"row", "row_place", "unlisted", "no_record"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """One thing that was made as it should be."""

    file: str  # path from the archive's folder
    what: str  # what was done


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A WARC file that its second copy cannot mend."""

    file: str  # path from the archive's folder
    why: str


@contextmanager
def repairing(root: Path, *, catalog: str | None = None) -> Iterator[Archive]:
    """The archive while nobody else writes, with what a dead writer left taken in.

    catalog: as for `open_archive`. Raises Locked, NotAnArchive, WriteFailed or ReadOnly.
    """
    check(root)
    lock = disk.take_lock(root / "lock", exclusive=True)
    try:
        opened = open_url(catalog, write=True) if catalog else open_sqlite(root / "catalog.sqlite", write=True)
        with Archive(root, opened) as archive:
            recovery.recover(root, opened)
            yield archive
    finally:
        disk.let_go(lock)


def repair(
    archive: Archive, damages: Sequence[Damage], *, second: Path | None, now: datetime
) -> Iterator[Mended | Left]:
    """Mend what these damages are about; what cannot be mended is left as it is.

    archive: from `repairing`. second: the folder of a second copy of the archive. Raises WriteFailed or ReadOnly.
    """
    aside = archive.root / "quarantine" / f"{now:%Y-%m-%d}"
    for warc in _warcs(damages):
        about = [each for each in damages if _warc_of(each.file) == warc]
        yield from _warc_file(archive, warc, about, second=second, aside=aside)
    for damage in damages:
        if damage.kind == "stranger" and not _is_named(archive, damage.file):
            _put_aside(archive.root, damage.file, aside)
            yield Mended(file=damage.file, what="moved to quarantine/")
    for text_file in dict.fromkeys(_text_of(each.file) for each in damages if each.kind in _TEXTS):
        yield from _text(archive, text_file, aside)


def _is_named(archive: Archive, file: str) -> bool:
    """Whether a record names the file after all: its row may have been among those that were lost."""
    with archive.reading() as reading:
        return _text_of(file) in reading.texts_in(file.rpartition("/")[0])


def _warcs(damages: Iterable[Damage]) -> list[str]:
    return list(dict.fromkeys(_warc_of(each.file) for each in damages if each.file.startswith("warc/")))


def _warc_of(file: str) -> str:
    return file.removesuffix(MANIFEST)


def _text_of(file: str) -> str:
    return file.rpartition(".")[0] + ".txt"


# ── WARC files ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _warc_file(
    archive: Archive, warc: str, damages: Sequence[Damage], *, second: Path | None, aside: Path
) -> Iterator[Mended | Left]:
    path = archive.root / warc
    stated = _stated(archive, warc)
    if not _is_sound(archive, warc, stated):
        if second is None:
            return
        why = _unfit(second / warc, stated)
        if why:
            yield Left(file=warc, why=f"{second / warc} {why}")
            return
        done = f"brought back from {second}"
        if path.exists():
            _put_aside(archive.root, warc, aside)
            done = f"put aside, and {done}"
        _bring(second / warc, path)
        yield Mended(file=warc, what=done)
    yield from _manifest(path, warc, aside, archive.root)
    kinds = {each.kind for each in damages}
    if kinds & _ROWS or "unknown_file" in kinds or _known(archive, warc) != (path.stat().st_size, disk.digest_of(path)):
        count = _index_anew(archive, path, warc, aside)
        yield Mended(file=warc, what=f"{count} rows of the catalog made anew")


def _stated(archive: Archive, warc: str) -> set[str]:
    """The SHA-256s that manifest and catalog state for a file."""
    stated, known = manifest.read(archive.root / warc) or {}, _known(archive, warc)
    said = (stated.get("sha256"), known[1] if known else None)
    return {str(each) for each in said if each}


def _known(archive: Archive, warc: str) -> tuple[int, str | None] | None:
    with archive.reading() as reading:
        return reading.warc_files().get(warc)


def _is_sound(archive: Archive, warc: str, stated: set[str]) -> bool:
    """Whether the file is what manifest or catalog say, or, when neither says anything, whole record for record."""
    path = archive.root / warc
    if not path.is_file():
        return False
    looked = _looked(archive, warc)
    if not looked.sound or (manifest.read(path) is None and not stated and looked.counts.records == 0):
        return False
    return looked.digest in stated if stated else True


def _looked(archive: Archive, warc: str) -> Looked:
    with archive.reading() as reading:
        return look_at(archive, reading, Expected(warc=warc, length=0, sha256="closed"))


def _unfit(path: Path, stated: set[str]) -> str | None:
    """Why a copy cannot take the place of a file: None when all is whole and its bytes have a digest that is stated."""
    if not path.is_file():
        return "is not there"
    if disk.digest_of(path) not in stated:
        return (
            "is not the file that manifest or catalog state: it is damaged, too, or it was copied before the file was"
            " closed or something in it was redacted; name a copy that was taken later"
        )
    try:
        return None if all(_is_whole(record) for record in walk(path)) else "holds records that are not whole"
    except Damaged as damage:
        return f"is damaged, too: {damage.message}"


def _is_whole(record: Record) -> bool:
    sight = grammar.sight_of(record)
    faults = grammar.faults_of_tombstone if index.is_tombstone(record) else grammar.faults
    return not any(faults(sight))


def _bring(copy: Path, path: Path) -> None:
    """Copy a file so that it is there whole, or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        disk.make_folder(path.parent)
        with copy.open("rb") as source, draft.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
            target.flush()
            disk.sync(target.fileno())
        draft.chmod(READ_ONLY)
        draft.rename(path)
        disk.sync_folder(path.parent)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise disk.refused(path, error) from error


def _manifest(path: Path, warc: str, aside: Path, root: Path) -> Iterator[Mended]:
    """Write the manifest of a sound file when it is lost or says something else."""
    tombstones = [index.is_tombstone(record) for record in walk(path)]
    right = manifest.block(
        path, size=path.stat().st_size, records=len(tombstones), sha256=disk.digest_of(path), redacted=sum(tombstones)
    )
    there = manifest.path_of(path)
    if there.is_file() and there.read_bytes() == right:
        return
    if there.exists():
        _put_aside(root, f"{warc}{MANIFEST}", aside)
    disk.write_whole(there, right)
    yield Mended(file=f"{warc}{MANIFEST}", what="written anew")


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _index_anew(archive: Archive, path: Path, warc: str, aside: Path) -> int:
    """Take out every row that the file must give, keep them in quarantine/, and index the file again; how many."""
    with archive.catalog.writing() as writing:
        _keep_rows(aside, warc, _taken_out(writing, path, warc))
        count = 0
        for group in index.groups(walk(path)):
            index.add_group(writing, group, warc)
            count += group[0].type != "warcinfo"
        writing.drop_redacted()
        writing.set_warc(warc, path.stat().st_size, disk.digest_of(path))
    return count


def _taken_out(writing: Writing, path: Path, warc: str) -> Iterator[dict[str, object]]:
    ids: list[str] = []
    yield from rows.take_out(writing, warc)
    for group in index.groups(walk(path)):
        ids.append(group[0].record_id)
        if group[0].type == "resource":
            yield from rows.take_out_values(writing, kept_values(group[0]))
    yield from rows.take_out_records(writing, ids)


def _keep_rows(aside: Path, warc: str, taken: Iterable[dict[str, object]]) -> None:
    lines = [
        json.dumps({name: stamp(value) if isinstance(value, datetime) else value for name, value in row.items()})
        for row in taken
    ]
    if lines:
        path = _free(aside / f"{warc}.rows.jsonl")
        disk.write_whole(path, ("\n".join(lines) + "\n").encode())


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _text(archive: Archive, text_file: str, aside: Path) -> Iterator[Mended]:
    """Make a text file and its sidecar anew from the conversion record."""
    with archive.reading() as reading:
        revision = _naming(reading, text_file)
        if revision is None:
            return
        capture = reading.capture(revision.capture)
    try:
        text = archive.text(revision)
    except Damaged:
        return  # the record is damaged itself, which has been said
    path = archive.root / text_file
    right = {path: text, path.with_suffix(".json"): texts.sidecar(revision, capture)}
    for file, block in right.items():
        if file.is_file() and file.read_bytes() == block:
            continue
        name = file.relative_to(archive.root).as_posix()
        if file.exists() or file.is_symlink():
            _put_aside(archive.root, name, aside)
        disk.write_whole(file, block)
        yield Mended(file=name, what="made anew from its conversion record")


def _naming(reading: Reading, text_file: str) -> Revision | None:
    record_id = rows.naming(reading, text_file)
    return reading.revision(record_id) if record_id else None


# ── quarantine ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _put_aside(root: Path, file: str, aside: Path) -> None:
    """Move a file into quarantine/<date>/, under its own path. Raises WriteFailed or ReadOnly."""
    place = _free(aside / file)
    try:
        disk.make_folder(place.parent)
        (root / file).rename(place)
        disk.sync_folder(place.parent)
        disk.sync_folder((root / file).parent)
    except OSError as error:
        raise disk.refused(root / file, error) from error


def _free(place: Path) -> Path:
    """That path, or one like it that nothing has."""
    for number in range(10_000):
        tried = place.with_name(f"{place.name}.{number}") if number else place
        if not (tried.exists() or tried.is_symlink()):
            return tried
    raise NotFound(str(place), "ten thousand files of this name lie there; clear out quarantine/")
