"""Time stamps of the ledger's roots, by an authority and a calendar of our own."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive import check_proof, ledger, stamps
from archive.errors import StampFailed
from archive.ledger import Entry
from archive.stamps import Authority
from archive.warc import WarcFile, resource
from tests.authorities import Calendar, TimeAuthority

DAY = datetime(2025, 11, 20, 12, tzinfo=UTC)
ALICE = Authority(name="alice", kind="opentimestamps", url="http://calendar.example/")
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is the openssl command")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    file = WarcFile(tmp_path, now=DAY, software="a test")
    file.write([resource("urn:pressmark:visits:1", b"", at=DAY)])
    file.settle()
    file.close()
    ledger.seal(tmp_path, now=DAY + timedelta(days=1))
    return tmp_path


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> TimeAuthority:
    return TimeAuthority(tmp_path_factory.mktemp("tsa") / "folder")


def newest(root: Path) -> Entry:
    entry = ledger.newest(root)
    assert entry
    return entry


def by(answer: Callable[[bytes], bytes]) -> stamps.Post:
    return lambda _url, body, _media_type: answer(body)


def authority(tsa: TimeAuthority, *, checked: bool = True) -> Authority:
    roots = tsa.roots.read_bytes() if checked else None
    return Authority(name="bob", kind="rfc3161", url="http://tsa.example", roots=roots)


@needs_openssl
@pytest.mark.parametrize("checked", [True, False])
def test_an_authority_s_token_is_of_the_root_and_openssl_accepts_it(root, tsa, checked):
    entry = newest(root)
    path = stamps.stamp(root, entry, authority(tsa, checked=checked), post=by(tsa.answer))
    assert path == "ledger/2025/11/20.bob.tsr"
    assert check_proof.imprint(path, (root / path).read_bytes()) == entry.root
    assert tsa.accepts(entry.root, root / path)
    assert not tsa.accepts("00" * 32, root / path)
    assert not (root / path).stat().st_mode & 0o222
    assert list(ledger.faults(root)) == []


@needs_openssl
def test_what_is_stamped_is_not_asked_for_again(root, tsa):
    stamps.stamp(root, newest(root), authority(tsa), post=by(tsa.answer))
    assert stamps.stamp(root, newest(root), authority(tsa), post=by(lambda _: pytest.fail("asked again"))) is None


@needs_openssl
def test_a_token_by_somebody_else_than_the_roots_say_is_not_kept(root, tsa, tmp_path_factory):
    other = TimeAuthority(tmp_path_factory.mktemp("other") / "folder")
    with pytest.raises(StampFailed, match="no time stamp that can be used"):
        stamps.stamp(root, newest(root), authority(tsa), post=by(other.answer))
    assert ledger.stamps_of(root, newest(root)) == []


@needs_openssl
def test_the_token_of_another_request_is_not_kept(root, tsa):
    seen: list[bytes] = []

    def remembered(query: bytes) -> bytes:
        seen.append(tsa.answer(query))
        return seen[0]

    stamps.stamp(root, newest(root), authority(tsa), post=by(remembered))
    for path in root.rglob("*.tsr"):
        path.unlink()
    with pytest.raises(StampFailed, match="its nonce is not ours"):
        stamps.stamp(root, newest(root), authority(tsa), post=by(lambda _: seen[0]))


@needs_openssl
def test_no_byte_of_a_token_s_imprint_can_be_changed_unseen(root, tsa):
    path = stamps.stamp(root, newest(root), authority(tsa), post=by(tsa.answer))
    assert path
    token = (root / path).read_bytes()
    at = token.index(bytes.fromhex(newest(root).root))
    for each in range(at, at + 32):
        changed = token[:each] + bytes([token[each] ^ 1]) + token[each + 1 :]
        assert check_proof.imprint(path, changed) != newest(root).root


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"0" * 5000, b"\x30\x03\x02\x01\x02"])
@pytest.mark.parametrize("kind", ["rfc3161", "opentimestamps"])
def test_what_is_no_stamp_is_not_kept(root, answer, kind):
    asked = Authority(name="bob", kind=kind, url="http://tsa.example")
    with pytest.raises(StampFailed, match="tsa"):
        stamps.stamp(root, newest(root), asked, post=by(lambda _: answer))
    assert ledger.stamps_of(root, newest(root)) == []


def test_a_calendar_s_promise_is_kept_and_grows_when_it_has_come_to_a_block(root):
    calendar, asked = Calendar("http://calendar.example"), []

    def get(url: str) -> bytes | None:
        asked.append(url)
        return calendar.whole(url.rpartition("/")[2])

    path = stamps.stamp(root, newest(root), ALICE, post=by(calendar.answer))
    assert path == "ledger/2025/11/20.alice.ots"
    promise = (root / path).read_bytes()
    assert check_proof.imprint(path, promise) == newest(root).root
    assert list(stamps.upgrade(root, get=get)) == []
    assert (root / path).read_bytes() == promise
    calendar.block = 900_000
    assert list(stamps.upgrade(root, get=get)) == [path]
    assert check_proof.imprint(path, (root / path).read_bytes()) == newest(root).root
    assert asked == [f"http://calendar.example/timestamp/{next(iter(calendar.promised))}"] * 2
    assert list(stamps.upgrade(root, get=get)) == []
    assert len(asked) == 2
    assert list(ledger.faults(root)) == []


def test_a_calendar_that_answers_nonsense_leaves_the_promise_as_it_was(root):
    path = stamps.stamp(root, newest(root), ALICE, post=by(Calendar("http://calendar.example").answer))
    assert path
    before = (root / path).read_bytes()
    [failure] = stamps.upgrade(root, get=lambda _: b"nonsense")
    assert isinstance(failure, StampFailed)
    assert (root / path).read_bytes() == before


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "A", "a.b", "a" * 41])
def test_an_authority_s_name_can_only_be_one_of_a_file_beside_the_entry(name):
    with pytest.raises(ValueError, match="cannot stand in the name of a file"):
        Authority(name=name, kind="rfc3161", url="http://tsa.example")
