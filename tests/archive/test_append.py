"""Appending: what is in the archive once a page has been fetched."""

from archive.members import walk
from archive.records import Page
from tests.archive.pages import HARBOUR, exchange, later, not_modified, page


def test_a_capture_holds_head_and_body_byte_for_byte(archive):
    odd = b"coNtent-TYPE:   text/html  \r\nX-Title: caf\xe9\r\nX-Fold: one\r\n  two\r\n"
    [capture] = archive.append(page(b"\x00body\r\n\r\n", headers=odd))
    assert archive.payload(capture) == (b"HTTP/1.1 200 OK\r\n" + odd + b"\r\n", b"\x00body\r\n\r\n")


def test_the_same_bytes_fetched_twice_are_written_as_a_revisit(archive):
    [first] = archive.append(page(b"same"))
    [second] = archive.append(page(b"same", at=later(1)))
    assert second.revisit_of == first.record_id
    assert archive.payload(second)[1] == b"same"


def test_an_empty_body_is_never_a_revisit(archive):
    [_], [second] = archive.append(page(b"")), archive.append(page(b"", at=later(1)))
    assert second.revisit_of is None


def test_the_same_bytes_at_another_url_are_a_response_of_their_own(archive):
    [_], [second] = archive.append(page(b"same")), archive.append(page(b"same", url=f"{HARBOUR}/other"))
    assert second.revisit_of is None


def test_a_304_is_a_revisit_with_an_empty_block_that_refers_to_a_response_and_never_to_a_revisit(archive):
    [first] = archive.append(page(b"same", headers=b'Content-Type: text/html\r\nETag: "1"\r\n'))
    archive.append(page(b"same", at=later(1)))
    [third] = archive.append(not_modified(at=later(2)))
    record = archive.record(third.warc, third.offset)
    assert (third.revisit_of, third.status, third.media_type, third.etag) == (first.record_id, 304, "text/html", '"2"')
    assert record.block == b""
    assert record.field("WARC-Refers-To-Target-URI") == HARBOUR
    assert record.field("WARC-Refers-To-Date") == "2026-11-20T12:00:00.000000Z"


def test_a_truncated_body_is_said_to_be_and_no_revisit_leans_on_it(archive):
    [cut] = archive.append(page(b"half", truncated="disconnect"))
    [again] = archive.append(page(b"half", at=later(1)))
    assert archive.record(cut.warc, cut.offset).field("WARC-Truncated") == "disconnect"
    assert (cut.truncated, again.revisit_of) == ("disconnect", None)


def test_a_request_is_conditional_only_on_a_capture_that_is_there(archive):
    with archive.reading() as reading:
        assert reading.validators(HARBOUR) is None
    archive.append(page(headers=b'ETag: "1"\r\nLast-Modified: Thu, 19 Nov 2026 10:00:00 GMT\r\n'))
    archive.append(page(b"cut", headers=b'ETag: "cut"\r\n', at=later(1), truncated="time"))
    with archive.reading() as reading:
        assert (reading.validators(HARBOUR).etag, reading.validators(HARBOUR).last_modified) == (
            '"1"',
            "Thu, 19 Nov 2026 10:00:00 GMT",
        )


def test_a_304_that_comes_when_nothing_is_held_is_no_ground_for_a_conditional_request(archive):
    archive.append(not_modified())
    with archive.reading() as reading:
        assert (reading.latest_whole(HARBOUR), reading.validators(HARBOUR)) == (None, None)


def test_redirects_are_captures_of_their_own_and_name_the_hop_before(archive):
    moved = exchange(b"", url="http://old.example/", status="301 Moved", headers=b"Location: https://new.example/\r\n")
    first, second = archive.append(Page(exchanges=(moved, exchange(url="https://new.example/"))))
    with archive.reading() as reading:
        assert (second.hop_from, reading.hops_to(second)) == (first.record_id, [first])


def test_request_response_and_metadata_stand_together_as_one_member_each(archive):
    [capture] = archive.append(page())
    archive.close_warc()
    answer, request, metadata = list(walk(archive.root / capture.warc))[1:]
    assert (answer.type, request.type, metadata.type) == ("response", "request", "metadata")
    assert request.field("WARC-Concurrent-To") == metadata.field("WARC-Concurrent-To") == f"<{answer.record_id}>"
    assert request.field("WARC-Date") == answer.field("WARC-Date")
    assert b"tls-version: TLSv1.3" in metadata.block
