import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.units import LARGEST, LONGEST, seconds, size, size_text, time_text


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("90 s", 90),
        ("1h", 3600),
        ("1.5 h", 5400),
        ("7 days", 604800),
        ("15 m", 900),
        ("250 ms", 0.25),
        (5, 5),
        ("0", 0),
    ],
)
def test_a_time_is_read_as_people_write_it(written, wanted):
    assert seconds(written) == wanted


@pytest.mark.parametrize(
    ("written", "wanted"),
    [("20 MB", 20_000_000), ("64KiB", 65536), ("64 kB", 64000), ("1 gb", 10**9), ("0.5 MB", 500_000), (512, 512)],
)
def test_a_size_is_read_as_people_write_it(written, wanted):
    assert size(written) == wanted


@pytest.mark.parametrize(
    "written", ["", "soon", "5 parsecs", "-5 s", "5 s s", "1e3", "12:30", "400 d", True, None, [5], -1, float("nan")]
)
def test_what_is_no_time_is_refused_with_examples_of_times(written):
    with pytest.raises(ValueError, match=r"is no time up to 366 days: write 90 s, 15 min"):
        seconds(written)


@pytest.mark.parametrize("written", ["big", "20 XB", "2 TB", "20 s", "٢٠ MB", True, None, -1, float("inf")])
def test_what_is_no_size_is_refused_with_examples_of_sizes(written):
    with pytest.raises(ValueError, match=r"is no size up to 1000 GB: write 64 kB, 20 MB"):
        size(written)


@given(st.integers(0, LONGEST * 1000))
def test_every_time_reads_back_as_it_was_written(milliseconds):
    assert seconds(time_text(milliseconds / 1000)) == milliseconds / 1000


@given(st.integers(0, LARGEST))
def test_every_size_reads_back_as_it_was_written(count):
    assert size(size_text(count)) == count


def test_amounts_are_written_in_the_largest_unit_that_says_them_exactly():
    assert [time_text(each) for each in (0, 5, 90, 5400, 604800)] == ["0 s", "5 s", "90 s", "90 min", "7 d"]
    assert [size_text(each) for each in (0, 64_000, 65_536, 20_000_000, 7)] == [
        "0 B",
        "64 kB",
        "64 KiB",
        "20 MB",
        "7 B",
    ]
