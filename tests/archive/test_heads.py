"""Reading HTTP heads."""

import pytest

from archive.heads import field, fields, media_type, status_of

HEAD = (
    b"HTTP/1.1 404 Not Here\r\ncoNtent-TYPE:   Text/HTML; charset=x  \r\n"
    b"X-Fold: one\r\n\ttwo\r\nno colon\r\nX-Fold: three\r\n\r\n"
)


def test_names_are_lower_case_and_folded_lines_are_joined():
    assert fields(HEAD) == [("content-type", "Text/HTML; charset=x"), ("x-fold", "one two"), ("x-fold", "three")]


def test_the_first_field_of_a_name_counts():
    assert (field(HEAD, "x-fold"), field(HEAD, "etag")) == ("one two", None)


def test_the_media_type_has_no_parameters():
    assert (media_type(HEAD), media_type(b"HTTP/1.1 200\r\n\r\n")) == ("text/html", None)


@pytest.mark.parametrize(
    ("head", "status"), [(HEAD, 404), (b"HTTP/1.0 200\n\n", 200), (b"ICY\r\n\r\n", 0), (b"HTTP/1.1 abc x\r\n", 0)]
)
def test_the_status_is_that_of_the_status_line(head, status):
    assert status_of(head) == status
