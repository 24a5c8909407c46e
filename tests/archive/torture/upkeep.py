"""Work upon an archive that no page waits for, and what is wrong with what it leaves when the power goes."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive import open_archive, open_writer
from archive.erasure import BEGUN
from archive.errors import ArchiveError
from archive.export.whole import whole_file, whole_folder
from archive.members import survivors
from archive.rebuild import rebuild
from archive.redact import cover_article, redact
from archive.store import open_alone
from archive.verify import Counts, verify
from archive.verify.repair import repair, repairing
from tests.archive.pages import HARBOUR, NOON, article, damages, kept, later, page, visit
from tests.archive.torture import power
from tests.archive.torture.children import DONE, Tell
from tests.archive.torture.place import Place, State
from tests.archive.torture.power import Disk, Moment
from tests.archive.torture.tracing import under_strace

SECRET = b"Kanarienvogel-c4n4ry"
LINES = b"a line of an export\n" * 200
_STRANGER = "900_0123456789abcdef.txt"


@dataclass(frozen=True, slots=True)
class Errand:
    """What was there and is on the medium, what is done, and what is wrong with it once the power has gone."""

    begin: Callable[[Path], None]
    act: Callable[[Path], None]
    wrong: Callable[[Path, bool], Iterator[str]]  # the folder, and whether the act had ended


# ── a redaction ──────────────────────────────────────────────────────────────────────────────────────────────────────


def with_a_secret(root: Path) -> None:
    """An article to be redacted and another, closed; and a torn tail that speaks of the first."""
    with open_writer(root) as archive:
        [capture] = archive.append(page(SECRET))
        told = article(SECRET.decode(), headline=SECRET.decode())
        archive.keep(told, visit(capture.record_id, article=HARBOUR), verdict="new", after=None)
        kept(archive, "Grain.", url="https://gulf-courier.example/grain")
    aside = root / "quarantine" / "2026-11-20"
    aside.mkdir(parents=True)
    (aside / "torn.tail").write_bytes(f"WARC-Target-URI: {HARBOUR}\r\n".encode() + SECRET)


def redact_it(root: Path) -> None:
    with open_alone(root) as archive:
        with archive.reading() as reading:
            cover = cover_article(reading, HARBOUR, key=lambda url: url)
        redact(archive, cover, reason="order of the court", now=later(24))


def half_redacted(root: Path, is_done: bool) -> Iterator[str]:
    """It never was, or all of it is done, and what has nothing to do with it stands."""
    if is_done and not (root / BEGUN).exists():
        yield from (f"{path} still holds it" for path in holding(root, SECRET))
    open_writer(root).close()
    with open_archive(root) as reader, reader.reading() as reading:
        stands = bool(reading.all_redactions())
    if is_done and not stands:
        yield "the redaction is lost"
    if stands:
        yield from (f"{path} holds it after the next writer" for path in holding(root, SECRET))
    yield from damages(root)


def holding(root: Path, block: bytes) -> list[Path]:
    """The files that hold these bytes, as they lie or in a record."""
    return [path for path in sorted(root.rglob("*")) if path.is_file() and _holds(path, block)]


def _holds(path: Path, block: bytes) -> bool:
    if path.name.endswith(".warc.gz"):
        return any(block in record.block for record in survivors(path, []))
    return block in path.read_bytes()


# ── a repair ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def with_a_damage(root: Path) -> None:
    """A WARC file with a flipped bit, a sound copy of the archive beside it, and a text that no record names."""
    with open_writer(root) as archive:
        kept(archive)
    shutil.rmtree(_second(root), ignore_errors=True)
    shutil.copytree(root, _second(root))
    [path] = root.rglob("*.warc.gz")
    path.chmod(0o644)
    path.write_bytes(_flipped(path.read_bytes()))
    next(root.rglob("*.txt")).with_name(_STRANGER).write_bytes(SECRET)


def _second(root: Path) -> Path:
    return root.with_name("second")


def _flipped(block: bytes) -> bytes:
    at = len(block) // 2
    return block[:at] + bytes([block[at] ^ 1]) + block[at + 1 :]


def repair_it(root: Path) -> None:
    with open_archive(root) as reader:
        found = list(verify(reader, Counts()))
    with repairing(root) as archive:
        list(repair(archive, found, second=_second(root), now=NOON))


def half_repaired(root: Path, is_done: bool) -> Iterator[str]:
    """Nothing is deleted, and what was said to be mended is."""
    [sound] = _second(root).rglob("*.warc.gz")
    damaged = _flipped(sound.read_bytes())
    there = [path.read_bytes() for path in root.rglob("*") if path.is_file()]
    if damaged not in there:
        yield "the damaged file is lost"
    if SECRET not in there:
        yield "the text that no record names is lost"
    if is_done:
        yield from damages(root)


# ── a rebuild ────────────────────────────────────────────────────────────────────────────────────────────────────────


def without_a_catalog(root: Path) -> None:
    with open_writer(root) as archive:
        kept(archive)
    for path in root.glob("catalog.sqlite*"):
        path.unlink()


def rebuild_it(root: Path) -> None:
    rebuild(root)


def half_rebuilt(root: Path, is_done: bool) -> Iterator[str]:
    """It is there, or can be begun again."""
    if not is_done:
        rebuild(root)
    yield from damages(root)


# ── an export ────────────────────────────────────────────────────────────────────────────────────────────────────────


def with_an_old_export(root: Path) -> None:
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "0").write_bytes(b"old")


def export_a_file(root: Path) -> None:
    with whole_file(root / "file") as out:
        out.write(LINES)


def export_a_folder(root: Path) -> None:
    with whole_folder(root / "folder", replace=True) as folder:
        for n in range(2):
            (folder / str(n)).write_bytes(LINES)


def half_a_file(root: Path, is_done: bool) -> Iterator[str]:
    """What has its name is whole, and what was said to be there is there."""
    path = root / "file"
    if (is_done or path.exists()) and not (path.exists() and path.read_bytes() == LINES):
        yield "the file is not whole"


def half_a_folder(root: Path, is_done: bool) -> Iterator[str]:
    folder = root / "folder"
    if (is_done or folder.exists()) and [path.read_bytes() for path in sorted(folder.glob("*"))] != [LINES, LINES]:
        yield "the folder is not whole"


def half_over_another(root: Path, is_done: bool) -> Iterator[str]:
    """File by file it is the old or the new one."""
    there = [path.read_bytes() if path.exists() else b"" for path in (root / "folder" / "0", root / "folder" / "1")]
    if there[0] not in (b"old", LINES) or there[1] not in (b"", LINES) or (is_done and there != [LINES, LINES]):
        yield "what was exported over another is not whole"


ERRANDS = {
    "a redaction": Errand(with_a_secret, redact_it, half_redacted),
    "a repair": Errand(with_a_damage, repair_it, half_repaired),
    "a rebuild": Errand(without_a_catalog, rebuild_it, half_rebuilt),
    "a file exported": Errand(Path.mkdir, export_a_file, half_a_file),
    "a folder exported": Errand(Path.mkdir, export_a_folder, half_a_folder),
    "a folder exported over another": Errand(with_an_old_export, export_a_folder, half_over_another),
}


# ── the power goes ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Struck:
    """An errand during which the power went: states of its folder, and what is wrong with them."""

    errand: Errand
    place: Place
    moments: list[Moment]
    seen: set[bytes] = field(default_factory=set)  # digests of the states that were judged

    def faults(self, every: int = 1) -> Iterator[str]:
        """What is wrong with the plainest states of every so manieth moment, the last ones first: they say most."""
        for moment in self.moments[::-every]:
            is_done = "done" in moment.said
            for state in (*power.plain_states(moment), *power.lone_states(moment)):
                yield from self._strike(state, is_done)

    def _strike(self, state: State, is_done: bool) -> Iterator[str]:
        digest = hashlib.sha256(repr((is_done, sorted(state.items()))).encode()).digest()
        if digest not in self.seen:
            self.seen.add(digest)
            try:
                yield from self.errand.wrong(self.place.put(state), is_done)
            except ArchiveError as error:  # nobody can open it
                yield str(error)


def recorded(folder: Path, errand: Errand, *, but: Callable[[], None] = lambda: None) -> Struck:
    """The errand done once, and the moments in it when the power may go. but: done before it begins."""
    folder.mkdir(exist_ok=True)
    root = folder / "archive"
    errand.begin(root)
    disk, log = Disk(root), root.with_name("log")

    def act(tell: Tell) -> None:
        but()
        errand.act(root)
        tell("done")

    ending = under_strace(act, *power.STRACE, "-o", str(log), stderr=root.with_name("stderr"))
    assert ending.code == DONE, ending.complaint
    return Struck(errand, Place(root), list(disk.replay(log.read_text())))
