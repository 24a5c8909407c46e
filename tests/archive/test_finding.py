"""From what a person writes to the revision that is meant."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from archive import Writer, open_writer
from archive.errors import Ambiguous, NotFound
from archive.finding import conditions, find
from archive.records import Revision
from tests.archive.pages import HARBOUR, NOON, article, page, visit

FERRY = "https://www.news.harbour-post.example/ferry@3"


def key(url: str) -> str:
    if not url.lower().startswith("http"):
        raise ValueError(url)
    return url.lower().partition("#")[0]


def keep(archive: Writer, text: str, *, url: str = HARBOUR, days: int = 0, **facts: object) -> Revision:
    at = NOON + timedelta(days=days)
    [capture] = archive.append(page(text.encode(), url=url, at=at))
    with archive.reading() as reading:
        latest = reading.latest(url)
    told = article(text, url=url)
    for name, fact in facts.items():
        object.__setattr__(told, name, fact)
    came = visit(capture.record_id, url=url, at=at, article=url)
    kept = archive.keep(told, came, verdict="revised" if latest else "new", after=latest.record_id if latest else None)
    assert kept is not None
    return kept


@pytest.fixture
def archive(tmp_path):
    with open_writer(tmp_path / "archive") as writer:
        yield writer


def found(archive: Writer, wanted: str) -> Revision:
    with archive.reading() as reading:
        return find(reading, wanted, key=key)


def missing(archive: Writer, wanted: str) -> str:
    with pytest.raises(NotFound) as caught:
        found(archive, wanted)
    return str(caught.value)


def test_a_text_is_found_by_every_form_of_its_name(archive):
    kept = keep(archive, "The strike is over.")
    digits = kept.sha256[:16]
    for name in (kept.pressmark, f"{kept.pressmark}.txt", digits, digits[:6], digits.upper(), kept.sha256):
        assert found(archive, name) == kept


def test_a_text_is_found_by_its_record_and_by_its_capture(archive):
    kept = keep(archive, "The strike is over.")
    for name in (kept.record_id, f"<{kept.record_id}>", kept.capture):
        assert found(archive, name) == kept
    assert "no text" in missing(archive, "urn:uuid:0")


def test_a_url_means_the_latest_revision_however_it_is_spelled(archive):
    keep(archive, "The strike is on.")
    latest = keep(archive, "The strike is over.", days=1)
    assert found(archive, HARBOUR) == found(archive, HARBOUR.upper() + "#top") == latest


def test_an_earlier_revision_is_found_by_its_number(archive):
    kept = [keep(archive, f"Day {n} of the strike.", days=n) for n in range(3)]
    assert [found(archive, f"{HARBOUR}@{n}") for n in (1, 2, 3)] == kept
    assert found(archive, f"{kept[2].pressmark}@1") == kept[0]


@pytest.mark.parametrize("number", [0, 4, 999999])
def test_a_number_that_no_revision_has_is_answered_with_those_there_are(archive, number):
    for n in range(3):
        keep(archive, f"Day {n} of the strike.", days=n)
    assert "has 3 revisions, numbered from 1" in missing(archive, f"{HARBOUR}@{number}")


def test_a_day_means_what_stood_at_its_end(archive):
    first, second = keep(archive, "Day one.", days=0), keep(archive, "Day three.", days=2)
    days = {"2026-11-20": first, "2026-11-21": first, "2026-11-22": second, "9999-12-31": second}
    assert {day: found(archive, f"{HARBOUR}@{day}") for day in days} == days
    assert "first captured on 2026-11-20" in missing(archive, f"{HARBOUR}@2026-11-19")


def test_a_day_that_no_calendar_has_is_named(archive):
    keep(archive, "The strike is over.")
    assert "2026-13-45 is no day" in missing(archive, f"{HARBOUR}@2026-13-45")


def test_an_at_sign_may_belong_to_the_url(archive):
    kept = keep(archive, "The ferry is late.", url=FERRY)
    assert found(archive, FERRY) == found(archive, f"{FERRY}@1") == kept


def test_of_digits_that_several_texts_begin_with_all_candidates_are_named(archive):
    # Texts whose hashes share six hex digits, found by trying: what the first six digits of a hash can tell apart.
    pair = same_beginning(6)
    kept = [keep(archive, text, url=f"{HARBOUR}/{n}", headline=None) for n, text in enumerate(pair)]
    with pytest.raises(Ambiguous) as caught:
        found(archive, kept[0].sha256[:6])
    assert set(caught.value.candidates) == {each.pressmark for each in kept}
    assert found(archive, kept[0].sha256[:16]) == kept[0]


def same_beginning(digits: int) -> tuple[str, str]:
    """Two texts whose hashes, with the newline that ends a text file, begin alike."""
    seen: dict[str, str] = {}
    for n in range(16**digits):
        text = f"Ferry {n} is late."
        beginning = hashlib.sha256(f"{text}\n".encode()).hexdigest()[:digits]
        if beginning in seen:
            return seen[beginning], text
        seen[beginning] = text
    raise AssertionError("no two of them begin alike")


@pytest.mark.parametrize("wanted", ["", "strike", "d00c5", "ffffffff", "https://nobody.example/", "not a url@2", "x@"])
def test_what_is_not_there_is_said_in_one_line(archive, wanted):
    keep(archive, "The strike is over.")
    assert "\n" not in missing(archive, wanted)


# ── filters ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shelf(archive):
    """Three articles, and a function that names those a filter lets through."""
    keep(archive, "Strike.", published="2026-11-18T23:30:00-05:00", authors=("Lena Aho", "Øyvind Å. Berg"))
    keep(
        archive, "Ferry.", url=FERRY, days=1, published="2026-11-21", language="en-GB", site="news.harbour-post.example"
    )
    opinion = {"kind": "opinion", "authors": (), "published": None, "language": "eng", "site": "tide_mill.example"}
    keep(archive, "Tide.", url="https://tide_mill.example/1", days=2, **opinion)

    def through(**filters: object) -> Sequence[str]:
        with archive.reading() as reading:
            wanted = conditions(**filters)  # type: ignore[arg-type]
            return sorted(archive.article(each).paragraphs[0] for each in reading.revisions_where(wanted, limit=None))

    return through


def test_without_filters_everything_is_shown(shelf):
    assert shelf() == ["Ferry.", "Strike.", "Tide."]


def test_a_site_means_the_hosts_under_it_too_and_no_others(shelf):
    assert shelf(site="harbour-post.example") == ["Ferry.", "Strike."]
    assert shelf(site="news.harbour-post.example") == ["Ferry."]
    assert shelf(site="post.example") == shelf(site="tide-mill.example") == shelf(site="%") == []
    assert shelf(sites=["tide_mill.example", "nobody.example"]) == ["Tide."]
    assert shelf(sites=[]) == []


@pytest.mark.parametrize("author", ["Lena Aho", "lena", "AHO", "Øyvind Å.", "øyvind å", "ØYVIND", "berg"])
def test_an_author_is_found_by_a_part_of_the_name(shelf, author):
    assert "Strike." in shelf(author=author)
    assert "Tide." not in shelf(author=author)


def test_an_author_s_name_is_no_pattern(shelf):
    assert shelf(author="%") == shelf(author="L_na") == []


def test_a_language_means_its_regions_too_and_no_other_language(shelf):
    assert shelf(language="en") == ["Ferry.", "Strike."]
    assert shelf(language="en-GB") == ["Ferry."]


def test_an_article_counts_by_the_day_it_was_published_and_without_one_by_its_capture(shelf):
    assert shelf(since=date(2026, 11, 21)) == ["Ferry.", "Tide."]
    assert shelf(until=date(2026, 11, 18)) == ["Strike."]
    assert shelf(since=date(2026, 11, 22), until=date(2026, 11, 22)) == ["Tide."]


def test_of_a_month_or_a_year_every_day_counts(archive):
    for number, published in enumerate(("2026-11", "2026", "2026-11-20")):
        keep(archive, published, url=f"{HARBOUR}/{number}", published=published)

    def through(**days: date) -> list[str]:
        with archive.reading() as reading:
            found = reading.revisions_where(conditions(**days), limit=None)  # type: ignore[arg-type]
            return sorted(each.facts.published or "" for each in found)

    assert through(since=date(2026, 11, 21)) == through(since=date(2026, 11, 30)) == ["2026", "2026-11"]
    assert through(since=date(2026, 12, 1)) == ["2026"]
    assert through(since=date(2027, 1, 1)) == []
    assert through(until=date(2026, 11, 1)) == ["2026", "2026-11"]
    assert through(until=date(2026, 10, 31)) == ["2026"]
    assert through(since=date(2026, 11, 20), until=date(2026, 11, 20)) == ["2026", "2026-11", "2026-11-20"]
    assert through(until=date(2025, 12, 31)) == []


def test_of_two_captures_of_the_same_moment_the_one_kept_later_is_the_later_revision(archive):
    kept = [keep(archive, f"{n} are dead.") for n in range(12)]
    with archive.reading() as reading:
        assert reading.revisions_of(HARBOUR) == kept
        assert reading.latest(HARBOUR) == kept[-1]
        assert list(reading.revisions_where([], limit=3)) == kept[:-4:-1]


def test_a_capture_counts_by_its_day(shelf):
    assert shelf(captured_since=date(2026, 11, 21)) == ["Ferry.", "Tide."]
    assert shelf(captured_until=date(2026, 11, 20)) == ["Strike."]


def test_filters_narrow_each_other(shelf):
    assert shelf(kind="opinion") == ["Tide."]
    assert shelf(kind="opinion", site="harbour-post.example") == []
