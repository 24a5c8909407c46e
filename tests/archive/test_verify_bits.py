"""Every bit that may flip and every length that a file may be cut to, in an archive of at most 8 kB.

A flip counts as one that changes a payload when the standard library inflates the file to something else, or not at
all. The others lie in fields of a gzip header that no reader looks at; only the file's SHA-256 shows them.
"""

import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive import Archive, open_archive, open_writer
from archive.catalog import Reading
from archive.errors import NotAnArchive
from archive.store import check
from archive.verify.damage import Damage
from archive.verify.files import Expected, look_at
from archive.verify.texts import text_faults
from tests.archive.damaged import plains, records
from tests.archive.pages import HARBOUR, article, page, visit

# Bytes of a gzip header that change nothing of what is inflated (RFC 1952, 2.3.1).
INERT = {3: "flags without meaning", **dict.fromkeys(range(4, 8), "time"), 8: "extra flags", 9: "system"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One text, its capture, its revisit and a visit."""
    root = tmp_path / "a"
    with open_writer(root) as archive:
        [capture] = archive.append(page(b"<p>The strike is over.</p>"))
        brought = visit(capture.record_id, article=HARBOUR)
        assert archive.keep(article(), brought, verdict="new", after=None)
        archive.append(page(b"<p>The strike is over.</p>"))
    for path in files(root):
        path.chmod(0o644)
    assert sum(path.stat().st_size for path in files(root)) <= 8192
    return root


def files(root: Path) -> list[Path]:
    """Every file but the catalog, which is no archive but an index."""
    return [
        path for path in sorted(root.rglob("*")) if path.is_file() and not path.name.startswith(("catalog", "lock"))
    ]


class Checked:
    """The functions that check each kind of file of one archive."""

    def __init__(self, archive: Archive, reading: Reading) -> None:
        self._archive, self._reading, self._root = archive, reading, archive.root
        [(self._warc, (length, sha256))] = reading.warc_files().items()
        self._expected = Expected(warc=self._warc, length=length, sha256=sha256)
        [self._revision] = reading.all_revisions()
        self._capture = reading.capture(self._revision.capture)

    def damages(self, path: Path) -> list[Damage]:
        """What is found when that file was changed."""
        name = path.relative_to(self._root).as_posix()
        if name.startswith("warc/"):
            return look_at(self._archive, self._reading, self._expected).damages
        if name.startswith("text/"):
            return list(text_faults(self._root, self._revision, self._capture))
        try:
            check(self._root)
        except NotAnArchive as error:
            return [Damage(file=name, kind="format", what=error.message, mend="")]
        return []


@contextmanager
def checked(root: Path) -> Iterator[Checked]:
    with open_archive(root) as archive, archive.reading() as reading:
        yield Checked(archive, reading)


def still_says(path: Path, said: list[bytes]) -> bool:
    """Whether a WARC file inflates to the same records, by the standard library."""
    try:
        return plains(path) == said
    except zlib.error:
        return False


def flips(root: Path, step: int) -> Counter[str]:
    """Flip every step-th bit of every file; how many were found, by class. Fails with the first that was not."""
    classes: Counter[str] = Counter()
    begins = {record.offset for record in _all_records(root)}
    bit = 0
    with checked(root) as archive:
        for path in files(root):
            whole = path.read_bytes()
            said = plains(path) if path.name.endswith(".warc.gz") else []
            while bit < 8 * len(whole):
                changed = bytearray(whole)
                changed[bit // 8] ^= 1 << bit % 8
                path.write_bytes(changed)
                kinds = {damage.kind for damage in archive.damages(path)}
                assert kinds, f"{path.name}: bit {bit} flipped, and nothing was found"
                classes[_class_of(path, bit // 8, begins, kinds, said)] += 1
                bit += step
            bit -= 8 * len(whole)
            path.write_bytes(whole)
            assert archive.damages(path) == []
    return classes


def _all_records(root: Path) -> Iterable:
    return [each for kind in ("warcinfo", "response", "revisit", "request", "metadata", "conversion", "resource")
            for each in records(root, kind)]  # fmt: skip


def _class_of(path: Path, byte: int, begins: set[int], kinds: set[str], said: list[bytes]) -> str:
    """The class of a flip; of one that changes nothing that is inflated, which field it lies in."""
    if not path.name.endswith(".warc.gz"):
        return path.suffix or path.name
    if still_says(path, said):
        start = max(each for each in begins if each <= byte)
        return f"inert: {INERT.get(byte - start, 'deflate bits that code nothing')}"
    assert kinds - {"file_digest", "manifest", "size"}, f"byte {byte}: only the digest of the file shows it"
    return "payload"


def cuts(root: Path, step: int) -> int:
    """Cut every file to every step-th length; how many were found. Fails with the first that was not."""
    found = 0
    with checked(root) as archive:
        for path in files(root):
            whole = path.read_bytes()
            for length in range(0, len(whole), step):
                path.write_bytes(whole[:length])
                assert archive.damages(path), f"{path.name}: cut to {length} bytes, and nothing was found"
                found += 1
            path.write_bytes(whole)
    return found


def test_a_flipped_bit_is_found_wherever_it_lies(root):
    assert flips(root, 101)["payload"] > 100


def test_a_cut_is_found_whatever_is_left(root):
    assert cuts(root, 37) > 100


@pytest.mark.torture
def test_every_flipped_bit_is_found(root, capsys):
    size = sum(path.stat().st_size for path in files(root))
    classes = flips(root, 1)
    with capsys.disabled():
        print(f"\n{size} bytes, {classes.total()} flips, all found: {dict(classes)}")
    assert classes.total() == 8 * size


@pytest.mark.torture
def test_every_cut_is_found(root, capsys):
    size = sum(path.stat().st_size for path in files(root))
    with capsys.disabled():
        print(f"\n{size} bytes, {(found := cuts(root, 1))} cuts, all found")
    assert found == size
