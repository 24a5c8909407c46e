"""What others captured is written anew into our own files, once, and nothing that is not theirs is made up."""

import gzip
import hashlib
import random
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive import Writer, open_archive, open_writer
from archive.errors import NotAWarc, WriteFailed
from archive.foreign import Limits
from archive.heads import field
from archive.importing import Answer, Imported, Terms, Understood, import_warc
from archive.index import groups
from archive.members import Record, walk
from archive.rebuild import rebuild
from archive.records import Exchange, Page, Redaction
from archive.warc import read_fields, sha1
from scraper.compare import between
from tests.archive.foreign_files import (
    FERRY,
    LONG_AGO,
    STRIKE,
    body,
    day,
    everything,
    fetched_now,
    http,
    imported,
    mutated,
    packed,
    record,
    response,
    sha256,
    told,
    understood,
    written,
)  # fmt: skip
from tests.archive.pages import damages

REQUEST = (
    b"GET /strike HTTP/1.1\r\nHost: harbour-post.example\r\nCookie: session=1\r\n folded=2\r\n"
    b"authorization: Basic eA==\r\nProxy-Authorization: Basic eA==\r\nAccept: */*\r\n\r\n"
)


def groups_of(archive: Writer) -> list[tuple[Record, ...]]:
    """The groups of captures in the archive's WARC files."""
    archive.close_warc()
    files = sorted((archive.root / "warc").rglob("*.warc.gz"))
    found = [group for path in files for group in groups(walk(path))]
    return [group for group in found if group[0].type in ("response", "revisit")]


def pair(*, request_first: bool, method: bytes = b"GET") -> list[bytes]:
    answer = response(body("On."), WARC_Record_ID="<urn:uuid:answer>", WARC_Concurrent_To="<urn:uuid:request>")
    asked = record(
        "request", REQUEST.replace(b"GET", method), WARC_Target_URI=STRIKE, WARC_Record_ID="<urn:uuid:request>",
        WARC_Date="2020-03-01T12:00:00Z", WARC_Concurrent_To="<urn:uuid:answer>", Content_Type="application/http",
    )  # fmt: skip
    return [asked, answer] if request_first else [answer, asked]


class TestACapture:
    @pytest.mark.parametrize("request_first", [True, False])
    def test_has_its_request_without_credentials_and_cookies(
        self, archive: Writer, tmp_path: Path, request_first: bool
    ):
        imported(archive, written(tmp_path / "a.warc", *pair(request_first=request_first)))
        [(_, request, _)] = groups_of(archive)
        assert request.block == b"GET /strike HTTP/1.1\r\nHost: harbour-post.example\r\nAccept: */*\r\n\r\n"

    def test_of_a_file_without_requests_has_none_and_verify_knows(self, archive: Writer, tmp_path: Path):
        imported(archive, written(tmp_path / "a.warc.gz", response(body("On."))))
        [group] = groups_of(archive)
        assert [each.type for each in group] == ["response", "metadata"]
        archive.close()
        assert damages(archive.root) == []

    def test_says_where_it_came_from(self, archive: Writer, tmp_path: Path):
        first = response(body("On."), at=day(1))
        second = response(body("Over."), at=day(2), WARC_Record_ID="<urn:uuid:theirs>", WARC_IP_Address="192.0.2.7")
        (tmp_path / "their files").mkdir()
        path = written(tmp_path / "their files" / "a.warc.gz", first, second)
        done = imported(archive, path)
        answer, metadata = groups_of(archive)[1]
        went = read_fields(metadata.block)
        assert (went["import-file"], went["import-record"]) == ("a.warc.gz", "urn:uuid:theirs")
        assert (went["import-sha256"], went["import-offset"]) == (done.sha256, str(len(packed([first]))))
        assert (answer.field("WARC-Date"), answer.field("WARC-IP-Address")) == (
            "2020-03-03T12:00:00.000000Z",
            "192.0.2.7",
        )

    def test_has_its_chunks_undone_and_its_digests_made_anew(self, archive: Writer, tmp_path: Path):
        said, headers = body("On."), "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
        chunked = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (said[:5], said[5:])) + b"0\r\n\r\n"
        false: dict[str, Any] = {"WARC_Payload_Digest": "sha1:" + "A" * 32}
        imported(archive, written(tmp_path / "a.warc", response(chunked, headers=headers, **false)))
        imported(archive, written(tmp_path / "b.warc", response(said, url=FERRY, headers=headers, **false)))
        for answer, _ in groups_of(archive):
            head, _, payload = answer.block.partition(b"\r\n\r\n")
            assert payload == said
            assert b"X-Archive-Orig-Transfer-Encoding: chunked" in head
        archive.close()
        assert damages(archive.root) == []

    def test_that_was_cut_is_kept_and_changes_no_text(self, archive: Writer, tmp_path: Path):
        short = response(body("Ov"), at=day(2), headers="Content-Type: text/html\r\nContent-Length: 4711\r\n")
        said = response(body("O"), at=day(3), WARC_Truncated="length")
        done = imported(archive, written(tmp_path / "a.warc", response(body("On.")), short, said))
        assert done.outcomes == {"new": 1, "not-article": 2}
        with archive.reading() as reading:
            assert [each.truncated for each in reading.captures_of(STRIKE)] == ["length", "disconnect", None]

    def test_keeps_brackets_credentials_and_fragment_out_of_its_url(self, archive: Writer, tmp_path: Path):
        url = "<http://user:secret@harbour-post.example/strike#top>"
        imported(archive, written(tmp_path / "a.warc", response(body("On."), url=url)))
        with archive.reading() as reading:
            [capture] = reading.captures_of(STRIKE)
        assert b"secret" not in b"".join(everything(archive.root).values())
        assert capture.captured_at == LONG_AGO


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"url": "file:///etc/passwd"}, "scheme"),
        ({"url": "javascript:alert(1)"}, "scheme"),
        ({"url": "dns:harbour-post.example"}, "scheme"),
        ({"url": "http://harbour\x00post.example/"}, "url"),
        ({"url": "http://[::1/"}, "url"),
        ({"url": "http:///path"}, "url"),
        ({"url": "http://x.example/" + "a" * 9000}, "url"),
        ({"WARC_Date": ""}, "no-date"),
        ({"WARC_Date": "0000-01-01T00:00:00Z"}, "date"),
        ({"WARC_Date": "0600-01-01T00:00:00Z"}, "date"),
        ({"WARC_Date": "yesterday"}, "date"),
        ({"WARC_Date": "0001-01-01T00:00:00+23:59"}, "date"),
        ({"WARC_Date": f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"}, "future"),
        ({"Content_Type": "text/plain"}, "no-http"),
        ({"WARC_Segment_Number": "1"}, "segmented"),
    ],
)
def test_what_is_no_answer_of_the_web_is_left_out_and_counted(
    archive: Writer, tmp_path: Path, said: dict[str, Any], why: str
):
    done = imported(archive, written(tmp_path / "a.warc", response(body("On."), **said), response(body("Over."))))
    assert (done.left, done.taken) == ({why: 1}, 1)


def test_answers_to_a_post_resources_and_blocks_past_the_limit_are_left_out(archive: Writer, tmp_path: Path):
    resource = record("resource", b"<html>", WARC_Target_URI=STRIKE, WARC_Date="2020-03-01T12:00:00Z")
    text = record("resource", b"On.", WARC_Target_URI=f"urn:text:{STRIKE}", WARC_Date="2020-03-01T12:00:00Z")
    large = response(b"x" * 30_000_000, url=FERRY)
    path = written(tmp_path / "a.warc", *pair(request_first=False, method=b"POST"), resource, text, large)
    assert imported(archive, path).left == {"not-get": 1, "no-http": 1, "too-large": 1}
    assert groups_of(archive) == []


def test_a_hostile_file_is_refused_before_anything_of_it_is_taken(archive: Writer, tmp_path: Path):
    path = written(tmp_path / "a.warc.gz", *(response(body(f"Day {n}."), at=day(n)) for n in range(60)))
    path.write_bytes(path.read_bytes() + gzip.compress(bytes(40_000_000)))
    with pytest.raises(NotAWarc, match="zip bomb"):
        imported(archive, path, limits=Limits(allowance=1_000_000))
    assert not list(archive.root.rglob("*.warc.gz*"))


def test_importing_twice_changes_nothing_at_all(archive: Writer, tmp_path: Path):
    path = written(
        tmp_path / "a.warc.gz", response(body("On.")), response(body("On.")), response(body("No"), url=FERRY)
    )
    done = imported(archive, path)
    assert (done.taken, done.known, imported(archive, path).known) == (2, 1, 3)
    archive.close()
    before = everything(archive.root)
    with open_writer(archive.root) as again:
        rows = list(again.dump())
        assert imported(again, path).known == 3
        assert list(again.dump()) == rows
    assert everything(archive.root) == before


def test_an_archive_gains_nothing_from_its_own_files(archive: Writer):
    fetched_now(archive, "On.", url=STRIKE, at=day(1), author="Lena Aho")
    fetched_now(archive, "On.", url=STRIKE, at=day(2), author="Lena Aho")
    archive.close()
    before = everything(archive.root)
    with open_writer(archive.root) as again:
        for path in sorted(archive.root.rglob("*.warc.gz")):
            assert (imported(again, path).taken, imported(again, path).known) == (0, 2)
    assert everything(archive.root) == before


def test_of_another_pressmark_archive_captures_come_and_are_understood_here(archive: Writer, tmp_path: Path):
    with open_writer(tmp_path / "theirs") as theirs:
        fetched_now(theirs, "On.", url=STRIKE, at=day(1), author="Lena Aho")
        fetched_now(theirs, "On.", url=STRIKE, at=day(2), author="Lena Aho")
        fetched_now(theirs, "Over.", url=STRIKE, at=day(3), author="Lena Aho")
        expected = told(theirs)
    for path in (tmp_path / "theirs").rglob("*.warc.gz"):
        assert imported(archive, path).damages == []
    assert told(archive) == expected


class TestARevisit:
    @staticmethod
    def of(at: datetime, *, head: bytes = b"", modified: bool = True, **said: Any) -> bytes:
        profile = "identical-payload-digest" if modified else "server-not-modified"
        return record(
            "revisit", head, WARC_Date=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            Content_Type="application/http; msgtype=response",
            WARC_Profile=f"http://netpreserve.org/warc/1.0/revisit/{profile}",
            **{"WARC_Target_URI": STRIKE, **said},
        )  # fmt: skip

    def test_stands_for_the_payload_that_its_url_and_date_name(self, archive: Writer, tmp_path: Path):
        again = self.of(
            day(2), head=http(b""), WARC_Refers_To_Target_URI=STRIKE, WARC_Refers_To_Date="2020-03-01T12:00:00Z"
        )
        done = imported(archive, written(tmp_path / "a.warc", response(body("On.")), again))
        assert done.outcomes == {"new": 1, "unchanged": 1}
        assert [group[0].type for group in groups_of(archive)] == ["response", "revisit"]

    def test_is_read_with_what_its_own_head_reserves(self, archive: Writer, tmp_path: Path):
        def reserving(answers: Sequence[Answer]) -> list[Understood]:
            return [
                replace(each, article=replace(each.article, reservations=(field(answer.head, "x-robots-tag") or "",)))
                for answer, each in zip(answers, understood(answers), strict=True)
                if each.article
            ]

        names: dict[str, Any] = {"WARC_Refers_To_Target_URI": STRIKE, "WARC_Refers_To_Date": "2020-03-01T12:00:00Z"}
        began = http(b"", headers="X-Robots-Tag: noai\r\n")
        silent = b"HTTP/1.1 304 Not Modified\r\n\r\n"
        files = [
            response(body("On."), headers="Content-Type: text/html\r\nX-Robots-Tag: noarchive\r\n"),
            self.of(day(2), head=silent, modified=False, **names),
            self.of(day(3), head=began, **names),
        ]
        path = written(tmp_path / "a.warc", *files)
        import_warc(archive, path, Terms(understand=reserving, compare=between))
        with archive.reading() as reading:
            found = reading.revisions_of(STRIKE)
        assert [each.facts.reservations for each in found] == [("noarchive",), ("noai",)]
        assert found[1].facts_changed == ("reservations",)

    def test_or_the_one_of_its_digest_in_hex_as_browsertrix_writes_it(self, archive: Writer, tmp_path: Path):
        said = "sha256:" + hashlib.sha256(body("On.")).hexdigest()
        again = self.of(day(2), head=http(b""), WARC_Payload_Digest=said)
        assert imported(archive, written(tmp_path / "a.warc", response(body("On.")), again)).taken == 2

    def test_that_was_not_modified_says_what_it_refers_to_not_what_came_last(self, archive: Writer, tmp_path: Path):
        head = b"HTTP/1.1 304 Not Modified\r\n\r\n"
        names: dict[str, Any] = {"WARC_Refers_To_Target_URI": STRIKE, "WARC_Refers_To_Date": "2020-03-02T12:00:00Z"}
        again = self.of(day(3), head=head, modified=False, **names)
        files = [response(body("On."), at=day(1)), response(body("Over."), at=day(5)), again]
        done = imported(archive, written(tmp_path / "a.warc", *files))
        assert done.outcomes == {"new": 1, "revised": 1, "unchanged": 1}

    def test_or_the_one_that_wget_names_by_its_record_id_alone(self, archive: Writer, tmp_path: Path):
        """Its digests are of bodies with their chunks, so they are nobody else's."""
        said = body("On.")
        chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(said), said)
        headers = "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
        theirs: dict[str, Any] = {"WARC_Payload_Digest": sha1(chunked)}
        first = response(chunked, headers=headers, WARC_Record_ID="<urn:uuid:first>", **theirs)
        again = self.of(
            day(2),
            head=http(b"", headers=headers),
            WARC_Refers_To="<urn:uuid:first>",
            WARC_Truncated="length",
            **theirs,
        )
        other = self.of(day(3), head=http(b""), WARC_Refers_To="<urn:uuid:other>", **theirs)
        done = imported(archive, written(tmp_path / "a.warc", first, again, other))
        assert (done.outcomes, done.left) == ({"new": 1, "unchanged": 1}, {"revisit": 1})

    def test_of_another_page_with_the_same_payload_is_a_response_of_its_own(self, archive: Writer, tmp_path: Path):
        names: dict[str, Any] = {"WARC_Refers_To_Target_URI": STRIKE, "WARC_Refers_To_Date": "2020-03-01T12:00:00Z"}
        with_head = self.of(day(2), head=http(b""), **names, WARC_Target_URI=FERRY)
        without = self.of(day(3), **names, WARC_Target_URI=FERRY)
        done = imported(archive, written(tmp_path / "a.warc", response(body("On.")), with_head, without))
        assert (done.outcomes, done.left) == ({"new": 1, "copy": 1}, {"revisit": 1})
        assert [group[0].type for group in groups_of(archive)] == ["response", "response"]

    def test_without_a_head_stands_for_a_page_of_its_url(self, archive: Writer, tmp_path: Path):
        names: dict[str, Any] = {"WARC_Refers_To_Target_URI": STRIKE, "WARC_Refers_To_Date": "2020-03-01T12:00:00Z"}
        path = written(tmp_path / "a.warc", response(body("On.")), self.of(day(2), **names))
        assert imported(archive, path).outcomes == {"new": 1, "unchanged": 1}
        assert imported(archive, path).known == 2
        archive.close()
        assert damages(archive.root) == []

    def test_means_its_payload_where_two_answers_came_in_the_same_second(self, archive: Writer, tmp_path: Path):
        names: dict[str, Any] = {"WARC_Refers_To_Target_URI": STRIKE, "WARC_Refers_To_Date": "2020-03-01T12:00:00Z"}
        for number, text in enumerate(("On.", "Over.")):
            again = self.of(day(5), head=http(b""), **names, WARC_Payload_Digest=sha1(body(text)).lower())
            with open_writer(tmp_path / str(number)) as other:
                both = (response(body("On.")), response(body("Over.")))
                imported(other, written(tmp_path / "a.warc", *both, again))
                with other.reading() as reading:
                    assert reading.captures_of(STRIKE)[0].payload_digest == sha1(body(text))

    def test_that_was_not_modified_never_means_a_redirect_or_what_was_cut(self, archive: Writer, tmp_path: Path):
        """Some state the digest of what came with the 304, which is nothing, and so was the redirect's."""
        moved = response(b"", status="302 Found", headers=f"Location: {FERRY}\r\n", at=day(0))
        cut = response(body("O"), at=day(1), WARC_Truncated="length")
        head = b"HTTP/1.1 304 Not Modified\r\n\r\n"
        again = self.of(day(3), head=head, modified=False, WARC_Payload_Digest=sha1(b""))
        of_cut = self.of(day(4), head=head, modified=False, WARC_Refers_To_Date="2020-03-02T12:00:00Z")
        of_moved = self.of(day(5), head=head, modified=False, WARC_Refers_To_Date="2020-03-01T12:00:00Z")
        path = written(tmp_path / "a.warc", moved, cut, again, of_cut, of_moved)
        assert imported(archive, path).left == {"revisit": 3}

    def test_with_the_digest_of_nothing_means_its_date(self, archive: Writer, tmp_path: Path):
        nothing, page = response(b"", at=day(0)), response(body("On."), at=day(1))
        said = {"WARC_Payload_Digest": sha1(b""), "WARC_Refers_To_Date": "2020-03-02T12:00:00Z"}
        again = self.of(day(3), head=b"HTTP/1.1 304 Not Modified\r\n\r\n", modified=False, **said)
        done = imported(archive, written(tmp_path / "a.warc", nothing, page, again))
        assert done.outcomes == {"not-article": 1, "new": 1, "unchanged": 1}

    def test_of_what_is_not_there_is_left_out_until_it_is(self, archive: Writer, tmp_path: Path):
        again = self.of(
            day(2), head=http(b""), WARC_Refers_To_Target_URI=STRIKE, WARC_Refers_To_Date="2020-03-01T12:00:00Z"
        )
        later = written(tmp_path / "b.warc", again)
        assert imported(archive, later).left == {"revisit": 1}
        imported(archive, written(tmp_path / "a.warc", response(body("On."))))
        assert imported(archive, later).taken == 1


def test_a_redirect_is_a_capture_and_no_article(archive: Writer, tmp_path: Path):
    moved = response(b"", url=STRIKE, status="301 Moved Permanently", headers=f"Location: {FERRY}\r\n")
    done = imported(archive, written(tmp_path / "a.warc", moved, response(body("On."), url=FERRY, at=day(1))))
    assert done.outcomes == {"not-article": 1, "new": 1}
    with archive.reading() as reading:
        assert [each.status for each in reading.captures_of(STRIKE)] == [301]


def test_metadata_that_claims_to_be_the_head_of_a_304_costs_nothing(archive: Writer, tmp_path: Path):
    hostile = (b"[" * 100_000, b'"' + b"x" * 100_000 + b'"', b'"\xff', b'"\\u20ac"', b"{}", b"null", b"")
    told = [
        record("metadata", b"response-head: " + each + b"\r\n", WARC_Concurrent_To="<urn:uuid:x>") for each in hostile
    ]
    done = imported(archive, written(tmp_path / "a.warc", *told, response(body("On."))))
    assert (done.taken, done.damages) == (1, [])


def with_digest(block: bytes, *, kind: str = "response", at: datetime = LONG_AGO, **said: Any) -> bytes:
    """A record that states the digest of its block."""
    fields: dict[str, Any] = {
        "WARC_Target_URI": STRIKE, "WARC_Date": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "WARC_Block_Digest": sha1(block),
        "Content_Type": f"application/http; msgtype={kind}", **said,
    }  # fmt: skip
    return record(kind, block, **fields)


class TestADigest:
    @pytest.mark.parametrize("name", ["a.warc", "a.warc.gz"])
    def test_that_is_of_other_bytes_leaves_the_record_out_and_says_so(self, archive: Writer, tmp_path: Path, name: str):
        first = with_digest(http(body("The strike is on.")))
        changed = first.replace(b"The strike is on.", b"The strike is off", 1)
        before = response(body("Soon."), url=FERRY)
        path = written(tmp_path / name, before, changed, with_digest(http(body("Over."))))
        done = imported(archive, path)
        assert (done.taken, done.left, done.outcomes) == (2, {"digest": 1}, {"new": 2})
        [damage] = done.damages
        start = len(packed([before]) if name.endswith("gz") else before)
        assert damage.message == f"@{start}: not the bytes that its WARC-Block-Digest was made of"
        assert b"strike is off" not in b"".join(everything(archive.root).values())

    def test_changed_in_a_request_or_in_metadata_is_told_and_the_answer_taken(self, archive: Writer, tmp_path: Path):
        names: dict[str, Any] = {"WARC_Concurrent_To": "<urn:uuid:answer>"}
        asked = with_digest(REQUEST, kind="request", **names).replace(b"Accept: */*", b"Accept: x/x")
        role = with_digest(b"role: feed\r\n", kind="metadata", **names).replace(b"feed", b"robo")
        path = written(tmp_path / "a.warc", response(body("On."), WARC_Record_ID="<urn:uuid:answer>"), asked, role)
        done = imported(archive, path)
        assert (done.left, len(done.damages), done.outcomes) == ({"digest": 2}, 2, {"new": 1})
        assert [each.type for [*group] in groups_of(archive) for each in group] == ["response", "metadata"]

    def test_of_which_a_file_has_no_right_one_is_counted_and_named_a_hundred_times(
        self, archive: Writer, tmp_path: Path
    ):
        wrong = with_digest(http(body("On.")), WARC_Block_Digest=sha1(b"Off."))
        path = written(tmp_path / "a.warc", *[wrong] * 150, response(body("Over.")))
        done = imported(archive, path)
        assert (done.left, len(done.damages), done.taken) == ({"digest": 150}, 100, 1)

    def test_of_the_payload_alone_that_is_another_is_kept_beside_it(self, archive: Writer, tmp_path: Path):
        """Writers do not agree on what it is of: nobody can tell a change from their way."""
        said: dict[str, Any] = {"WARC_Payload_Digest": sha1(b"Off.")}
        right: dict[str, Any] = {"WARC_Payload_Digest": sha1(body("Over."))}
        path = written(tmp_path / "a.warc", response(body("On."), **said), response(body("Over."), at=day(1), **right))
        done = imported(archive, path)
        assert (done.taken, done.doubtful, done.damages) == (2, 1, [])
        kept = [read_fields(group[-1].block).get("import-digest") for group in groups_of(archive)]
        assert kept == [sha1(b"Off."), None]
        assert imported(archive, path).doubtful == 0


class TestARole:
    @staticmethod
    def roles(archive: Writer) -> list[tuple[str, str, str | None]]:
        with archive.reading() as reading:
            visits = reading.visits_since(datetime(1990, 1, 1, tzinfo=UTC))
        return [(visit.role, visit.outcome, visit.reason) for visit in visits]

    def test_is_what_our_own_metadata_says(self, archive: Writer, tmp_path: Path):
        """A front reads like an article, and is none."""
        with open_writer(tmp_path / "theirs") as theirs:
            for number, role in enumerate(("front", "feed", "sitemap", "robots", "article")):
                exchange = Exchange(
                    url=STRIKE, started_at=day(number), seconds=0.25, request_head=b"GET / HTTP/1.1\r\n\r\n",
                    response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
                    body=body(f"Day {number}."), ip=None,
                )  # fmt: skip
                theirs.append(Page(exchanges=(exchange,)), [("role", role)])
        [path] = (tmp_path / "theirs").rglob("*.warc.gz")
        polls = [(role, "not-article", role) for role in ("front", "feed", "sitemap", "robots")]
        assert imported(archive, path).damages == []
        assert self.roles(archive) == [*polls, ("article", "new", None)]
        kept = [read_fields(group[-1].block)["role"] for group in groups_of(archive)]
        assert kept == ["front", "feed", "sitemap", "robots", "article"]
        archive.close()
        with open_writer(tmp_path / "third") as third:
            for each in archive.root.rglob("*.warc.gz"):
                imported(third, each)
            assert self.roles(third) == self.roles(archive)

    def test_else_what_address_and_media_type_say(self, archive: Writer, tmp_path: Path):
        robots = response(body("User-agent: *"), url="http://harbour-post.example/robots.txt")
        feed = response(body("<rss>"), url=FERRY, at=day(1), headers="Content-Type: application/rss+xml\r\n")
        imported(archive, written(tmp_path / "a.warc", robots, feed, response(body("On."), at=day(2))))
        assert self.roles(archive) == [
            ("robots", "not-article", "robots"),
            ("feed", "not-article", "feed"),
            ("article", "new", None),
        ]
        archive.close()
        assert damages(archive.root) == []


def test_where_nothing_may_be_written_an_import_ends_before_the_next_batch_and_goes_on(archive: Writer, tmp_path: Path):
    undated = response(body("On."), WARC_Date="")
    path = written(tmp_path / "a.warc.gz", *(response(body(f"Day {n}."), at=day(n)) for n in range(80)), undated)
    full = WriteFailed(archive.root, "full")
    asked = iter([None, full])
    done = imported(archive, path, refusal=lambda: next(asked))
    assert (done.taken, done.refusal, done.left) == (32, full, {})  # what stands behind was not looked at
    assert (imported(archive, path).taken, imported(archive, path).known) == (48, 80)
    archive.close()
    assert damages(archive.root) == []


def test_where_nothing_may_be_written_a_revisit_is_not_said_to_refer_to_nothing(archive: Writer, tmp_path: Path):
    names: dict[str, Any] = {"WARC_Refers_To_Target_URI": STRIKE, "WARC_Refers_To_Date": "2020-03-01T12:00:00Z"}
    again = TestARevisit.of(day(2), head=http(b""), **names)
    path = written(tmp_path / "a.warc", response(body("On.")), again)
    done = imported(archive, path, refusal=lambda: WriteFailed(archive.root, "full"))
    assert (done.taken, done.left) == (0, {})
    assert groups_of(archive) == []


def answers_of_all_kinds() -> list[bytes]:
    """Records whose every byte a fuzz may change."""
    chunked = b"8\r\n\nLena Ah\r\n5\r\no\nOn.\r\n0\r\nX-End: 1\r\n\r\n"
    coded = "Content-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
    hint = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    fields = {"WARC_Target_URI": STRIKE, "WARC_Date": "2020-03-05T12:00:00Z", "Content_Type": "application/http"}
    return [
        *pair(request_first=True),
        response(chunked, at=day(1), headers=coded),
        record("response", hint + http(body("Over.")), **{**fields, "WARC_Date": "2020-03-03T12:00:00Z"}),
        record("response", b":status: 200\ncontent-type: text/html\n\n" + body("On."), **fields),
        TestARevisit.of(day(5), head=http(b""), WARC_Payload_Digest=sha1(body("On."))),
        TestARevisit.of(day(6), head=b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", WARC_Refers_To_Target_URI=STRIKE,
                        WARC_Refers_To_Date="2020-03-01T12:00:00Z"),
        response(body("Ov"), at=day(7), WARC_Truncated="time"),
        with_digest(http(body("On.")), at=day(8), WARC_Payload_Digest=sha1(body("On."))),
        with_digest(b"role: front\r\n", kind="metadata", WARC_Concurrent_To="<urn:uuid:answer>"),
    ]  # fmt: skip


def check_that_no_bytes_bring_damage(root: Path, folder: Path, count: int, seed: int) -> None:
    """Of whatever bytes an archive is made, it is sound, and rebuild comes to the same."""
    rng, whole, path = random.Random(seed), answers_of_all_kinds(), folder / "a.warc"  # noqa: S311 - to be repeated
    with open_writer(root) as archive:
        for _ in range(count):
            changed = [mutated(rng, each) if rng.randrange(2) else each for each in whole]
            path.write_bytes(packed(changed) if rng.randrange(2) else b"".join(changed))
            with suppress(NotAWarc):
                done = imported(archive, path)
                assert all("\n" not in damage.message for damage in done.damages)
    assert damages(root) == []
    with open_archive(root) as reader:
        before = list(reader.dump())
    rebuild(root)
    with open_archive(root) as reader:
        assert list(reader.dump()) == before


def test_no_bytes_in_a_file_bring_damage_into_the_archive(tmp_path: Path):
    check_that_no_bytes_bring_damage(tmp_path / "archive", tmp_path, 40, seed=int(time.time()))


@pytest.mark.torture
def test_no_bytes_in_a_file_bring_damage_into_the_archive_however_often(tmp_path: Path):
    for seed in range(6):
        check_that_no_bytes_bring_damage(tmp_path / str(seed), tmp_path, 200, seed=seed)


def test_what_was_redacted_does_not_come_back(archive: Writer, tmp_path: Path):
    path = written(tmp_path / "a.warc", response(body("On.")), response(body("On."), url=FERRY, at=day(1)))
    gone = Redaction(
        record_id="urn:uuid:gone", redacted_at=datetime.now(UTC), reason="court", url=STRIKE, captured_at=LONG_AGO,
        warc="warc/x.warc.gz", offset=0, sha256=sha256("On."), text_file="text/x/000_0000000000000000.txt",
    )  # fmt: skip
    archive.redact([gone])
    done = imported(archive, path)
    assert (done.left, done.outcomes) == ({"redacted": 1}, {"refused": 1})
    with archive.reading() as reading:
        assert list(reading.all_revisions()) == []


class TestAnImportThatDied:
    def test_between_capture_and_text_goes_on_where_it_was(self, archive: Writer, tmp_path: Path):
        path = written(tmp_path / "a.warc", response(body("On."), at=day(1)), response(body("Over."), at=day(2)))

        def dies(_: Sequence[Answer]) -> list[Understood]:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            import_warc(archive, path, Terms(understand=dies, compare=between))
        done = imported(archive, path)
        assert (done.taken, done.outcomes) == (0, {"new": 1, "revised": 1})
        with open_writer(tmp_path / "other") as other:
            imported(other, path)
            assert told(other) == told(archive)
        assert len(groups_of(archive)) == 2

    @pytest.mark.parametrize("lost", range(1, 5))
    def test_between_a_text_and_what_is_said_of_it_comes_to_the_same(self, archive: Writer, tmp_path: Path, lost: int):
        """The last records of a dead writer are lost, and the catalog had not heard of any of them."""
        first = written(tmp_path / "a.warc", response(body("On."), at=day(1)), response(body("On."), at=day(5)))
        second = written(tmp_path / "b.warc", response(body("Over."), at=day(3)))
        imported(archive, first)
        archive.close()
        shutil.copytree(archive.root, tmp_path / "whole")
        with open_writer(tmp_path / "whole") as whole:
            imported(whole, second)
            expected = told(whole)
        [path] = set((tmp_path / "whole" / "warc").rglob("*.warc.gz")) - {
            tmp_path / "whole" / each.relative_to(archive.root) for each in (archive.root / "warc").rglob("*.warc.gz")
        }
        records = list(walk(path))
        end = records[-lost].offset
        left = archive.root / path.relative_to(tmp_path / "whole")
        left.with_name(left.name + ".open").write_bytes(path.read_bytes()[:end])
        with open_writer(archive.root) as again:
            imported(again, second)
            assert told(again) == expected
        assert damages(archive.root) == []

    def test_or_was_asked_to_stop_ends_after_a_record_and_goes_on(self, archive: Writer, tmp_path: Path):
        path = written(tmp_path / "a.warc", *(response(body(f"Day {n}."), at=day(n)) for n in range(5)))
        done = imported(archive, path, stop=lambda: True)
        assert (done.ended, done.taken) == (True, 1)
        assert imported(archive, path).taken == 4


def test_a_body_with_content_coding_is_kept_as_it_is(archive: Writer, tmp_path: Path):
    packed_body = gzip.compress(body("On."))
    headers = "Content-Type: text/html\r\nContent-Encoding: gzip\r\n"
    imported(archive, written(tmp_path / "a.warc", response(packed_body, headers=headers)))
    [(answer, _)] = groups_of(archive)
    assert answer.block.endswith(packed_body)


def test_an_import_tells_how_far_it_is(archive: Writer, tmp_path: Path):
    path = written(tmp_path / "a.warc", *(response(body(f"Day {n}."), at=day(n)) for n in range(40)))
    so_far: list[int] = []

    def tell(said: Imported) -> None:
        so_far.append(said.taken)

    import_warc(archive, path, Terms(understand=understood, compare=between, tell=tell))
    assert so_far == [32, 40]
