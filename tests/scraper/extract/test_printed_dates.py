"""A printed date is read in the languages of the papers, and an open one is not guessed."""

import pytest

from scraper.extract.flat.printed_dates import printed_date


@pytest.mark.parametrize(
    ("printed", "date"),
    [
        ("20 November 2026 09:57", "2026-11-20T09:57"),
        ("Published: Friday, Nov. 20th, 2026 at 3:45 p.m.", "2026-11-20T15:45"),
        ("12:05 AM, May 1, 2026", "2026-05-01T00:05"),
        ("20.11.2026 - 13:52 Uhr", "2026-11-20T13:52"),
        ("Stand: 3. März 2026, 9.05 Uhr", "2026-03-03T09:05"),
        ("le 1er août 2026 à 13h52", "2026-08-01T13:52"),
        ("20 de noviembre de 2026", "2026-11-20"),
        ("5 февраля 2026, 14:00", "2026-02-05T14:00"),
        ("8 травня 2026", "2026-05-08"),
        ("6 Eylül 2026", "2026-09-06"),
        ("4 października 2026", "2026-10-04"),
        ("2026年11月20日 21:17", "2026-11-20T21:17"),
        ("2026.11.20", "2026-11-20"),
        ("13/04/2026", "2026-04-13"),
    ],
)
def test_a_date_is_read_as_papers_print_it(printed, date):
    assert printed_date(printed) == date


@pytest.mark.parametrize(
    "printed", ["03/04/2026", "31 June 2026", "12 Angry 1957", "Views: 112", "2026", "99.99.2026", ""]
)
def test_what_is_no_date_or_could_be_two_is_none(printed):
    assert printed_date(printed) is None
