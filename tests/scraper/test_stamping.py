"""Time stamps asked for through our own door, with its guards; and asked for again when none came."""

import asyncio
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from archive import ledger
from archive.stamps import Authority
from archive.warc import WarcFile, resource
from scraper.network import Network
from scraper.stamping import Asked, Stamping, stamped_once, wait
from scraper.tap import NetworkSettings
from tests.authorities import Calendar, Office, TimeAuthority, opened

DAY = datetime(2025, 11, 20, 12, tzinfo=UTC)


def written(root: Path, day: int) -> None:
    at = DAY + timedelta(days=day)
    file = WarcFile(root, now=at, software="a test")
    file.write([resource("urn:pressmark:visits:1", b"", at=at)])
    file.settle()
    file.close()
    ledger.seal(root, now=at + timedelta(days=1))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    written(tmp_path, 0)
    return tmp_path


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    authority = TimeAuthority(tmp_path_factory.mktemp("tsa") / "folder") if shutil.which("openssl") else None
    with opened(Office(authority, Calendar())) as office:
        yield office


def door(office: Office, *, private: bool = True) -> Network:
    allowed = (ip_network("127.0.0.0/8"),) if private else ()
    port = office.server_port
    return Network(NetworkSettings(user_agent="a test", ports=(port,), allow_private=allowed, exchange_seconds=5))


def calendar(office: Office, path: str = "/calendar") -> Authority:
    return Authority(name="alice", kind="opentimestamps", url=office.url + path)


def asked(office: Office, root: Path, *authorities: Authority, private: bool = True) -> Asked:
    return asyncio.run(stamped_once(door(office, private=private), root, authorities))


def test_every_authority_is_asked_and_what_it_sends_is_kept(root, office):
    if office.authority is None:
        pytest.skip("the authority is the openssl command, which is not here")
    bob = Authority(name="bob", kind="rfc3161", url=f"{office.url}/tsa", roots=office.authority.roots.read_bytes())
    came = asked(office, root, bob, calendar(office))
    assert came == Asked(("ledger/2025/11/20.bob.tsr", "ledger/2025/11/20.alice.ots"), ())
    assert office.asked[0] == ("POST", "/tsa", "application/timestamp-query")
    assert list(ledger.faults(root)) == []


def test_one_that_fails_does_not_keep_the_others_from_stamping(root, office):
    nobody = Authority(name="nobody", kind="rfc3161", url=f"{office.url}/nothing")
    came = asked(office, root, nobody, calendar(office))
    assert came.made == ("ledger/2025/11/20.alice.ots",)
    assert [failure.subject for failure in came.failed] == [f"{office.url}/nothing"]


def test_a_calendar_is_asked_again_until_its_block_is_there(root, office):
    asked(office, root, calendar(office))
    assert asked(office, root, calendar(office)) == Asked((), ())
    office.calendar.block = 900_000
    assert asked(office, root, calendar(office)).made == ("ledger/2025/11/20.alice.ots",)


def test_the_door_keeps_its_guards(root, office):
    [failure] = asked(office, root, calendar(office), private=False).failed
    assert "is no public address" in failure.message
    assert office.asked == []


@pytest.mark.parametrize(("path", "why"), [("/moved", "answered 307"), ("/huge", "more than 65536 bytes")])
def test_no_redirect_is_followed_and_no_answer_is_too_large(root, office, path, why):
    bob = Authority(name="bob", kind="rfc3161", url=office.url + path)
    [failure] = asked(office, root, bob).failed
    assert why in failure.message
    assert len(office.asked) == 1


def test_what_failed_is_asked_again_later_and_later_and_at_once_for_a_new_entry(root, office):
    async def over_time() -> list[int]:
        counts = []
        async with door(office) as network:
            stamping = Stamping(network, root, [calendar(office)])
            office.closed = True
            for minutes in (0, 5, 10, 25, 30, 31):
                await stamping.when_due(DAY + timedelta(minutes=minutes))
                counts.append(len(office.asked))
            office.closed = False
            stamping.soon()
            await stamping.when_due(DAY + timedelta(minutes=31))
        return [*counts, len(office.asked)]

    assert asyncio.run(over_time()) == [1, 1, 2, 2, 3, 3, 4]
    assert [path.name for path in root.rglob("*.ots")] == ["20.alice.ots"]


def test_the_wait_doubles_to_a_day():
    assert [wait(n) / timedelta(minutes=10) for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert wait(40) == timedelta(days=1)
    assert wait(0) == timedelta(hours=1)


def test_without_an_entry_or_an_authority_nobody_is_asked(tmp_path, root, office):
    assert asked(office, tmp_path / "empty", calendar(office)) == Asked((), ())
    assert asked(office, root) == Asked((), ())
    assert office.asked == []


def test_only_the_newest_entry_is_stamped_for_its_root_commits_to_the_others(root, office):
    written(root, 1)
    assert asked(office, root, calendar(office)).made == ("ledger/2025/11/21.alice.ots",)
