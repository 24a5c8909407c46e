"""Sorting more lines than memory holds."""

from hypothesis import given
from hypothesis import strategies as st

from archive.export.sorting import in_order


@given(st.lists(st.binary(max_size=3).filter(lambda each: b"\n" not in each)), st.integers(min_value=1, max_value=5))
def test_lines_are_sorted_bytewise_and_each_stands_once(lines, run):
    with in_order([line + b"\n" for line in lines], run=run) as ordered:
        assert list(ordered) == sorted({line + b"\n" for line in lines})


def test_lines_that_do_not_fit_in_one_run_come_back_in_one_order():
    numbers = [number * 7919 % 10_000 for number in range(10_000)]  # each once: 7919 is prime
    with in_order((b"%06d\n" % number for number in numbers), run=333) as ordered:
        assert list(ordered) == [b"%06d\n" % number for number in range(10_000)]
