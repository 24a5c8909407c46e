"""Where a page contradicts itself, the other readings are told beside the fact."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.extract.facts import Facts, facts_of
from scraper.extract.facts.dates import agree
from tests.scraper.extract.pages import HEADLINE, URL, ld, page


def read(head: str, body: str = "") -> Facts:
    whole = page(body, head=head)
    return facts_of(LexborHTMLParser(whole), URL, whole)


def meta(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


@pytest.mark.parametrize(
    ("head", "fact", "others"),
    [
        (meta("og:title", "Ferry sinks in the harbour"), "headline", ("meta: Ferry sinks in the harbour",)),
        (meta("og:title", f"{HEADLINE} | Harbour Herald"), "headline", ()),
        (meta("og:title", f"{HEADLINE.upper()}! - National"), "headline", ()),
        (
            ld(datePublished="2026-11-20T09:57:00+03:00") + meta("article:published_time", "2026-11-19"),
            "published",
            ("meta: 2026-11-19",),
        ),
        (
            ld(datePublished="2026-11-20T09:57:00+03:00") + meta("article:published_time", "2026-11-20T06:57:30Z"),
            "published",
            (),
        ),
        (
            ld(datePublished="2026-11-20T09:57:00+03:00") + meta("article:published_time", "2026-11-20T09:57:00Z"),
            "published",
            ("meta: 2026-11-20T09:57:00+00:00",),
        ),
        (ld(author="Ann Lee") + meta("author", "Bo Marten"), "authors", ("meta: Bo Marten",)),
        (ld(author=["Ann Lee", "Bo Marten"]) + meta("author", "Bo Marten, ANN LEE"), "authors", ()),
        (ld(inLanguage="de") + meta("og:locale", "en_GB"), "language", ("json-ld: de",)),
        (meta("og:url", "https://www.harbour-herald.example/other"), "canonical", ("meta: https://www.harbour-herald.example/other",)),
        (meta("og:url", URL.replace("https://www.", "http://") + "/"), "canonical", ()),
        (ld(mainEntityOfPage={"@id": "WebPage"}, url=f"{URL}#article"), "canonical", ()),
    ],
)  # fmt: skip
def test_a_reading_that_says_something_else_is_told_with_its_origin(head, fact, others):
    assert read(head).disagreements.get(fact, ()) == others


@pytest.mark.parametrize(
    ("published", "modified", "told"),
    [
        ("2026-11-20T09:57:00+03:00", "2026-11-19T22:00:00+03:00", True),
        ("2026-11-20T09:57:00+03:00", "2026-11-20T06:58:00Z", False),
        ("2026-11-20T09:57:00+03:00", "2026-11-20T06:56:30Z", False),  # half a minute
        ("2026-11-20T09:57:00+03:00", "2026-11-20T08:00:00", False),  # of which zone?
        ("2026-11-20T09:57:00+03:00", "2026-11-18T08:00:00", True),
        ("2026-11-20", "2026-11-19T23:59:00Z", True),
        ("2026-11-20", "2026-11-20", False),
        ("2026-11-20", "2026-11-21", False),
    ],
)
def test_an_article_that_was_modified_before_it_was_published_says_so(published, modified, told):
    found = read(ld(datePublished=published) + meta("article:modified_time", modified)).disagreements
    assert found.get("modified", ()) == ((f"json-ld: published {published}",) if told else ())


def test_a_page_that_agrees_with_itself_has_no_disagreements():
    assert read(ld(author="Ann Lee", datePublished="2026-11-20")).disagreements == {}


def test_the_headline_of_a_teaser_contradicts_nothing():
    teaser = ld(headline="The bakery opens", url="https://www.harbour-herald.example/bakery")
    assert read(ld(url=URL) + teaser).disagreements == {}


def test_other_readings_are_sorted_and_bounded():
    head = "".join(meta("author", f"{letter}nn {'Lee ' * 3}") for letter in "HGFEDCBA")
    others = read(ld(author="Cy Stone") + head + meta("og:title", "x" * 900)).disagreements
    assert others["authors"] == tuple(sorted(others["authors"]))
    assert [len(reading) for reading in others["headline"]] == [300]
    dated = (
        "date",
        "pubdate",
        "dc.date",
        "publish-date",
        "article:published_time",
        "sailthru.date",
        "parsely-pub-date",
    )
    metas = "".join(meta(name, f"2025-01-0{day}") for day, name in enumerate(dated, 1))
    assert len(read(ld(datePublished="2026-11-20") + metas).disagreements["published"]) == 5


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-11-20", "2026-11-20T23:00:00+00:00", True),
        ("2026-11-20", "2026-11-21T00:30:00+03:00", False),
        ("2026-11-20T09:57:00", "2026-11-20T06:57:00+00:00", True),
        ("2026-11-20T09:57:00", "2026-11-20T06:31:00+00:00", False),
        ("2026-11-20T09:57:00", "2026-11-20T09:57:40", True),
        ("2026-11-20T09:57:00+00:00", "2026-11-20T10:57:00+00:00", False),
    ],
)
def test_two_times_agree_as_far_as_both_are_stated(one, other, same):
    assert agree(one, other) is agree(other, one) is same


def test_a_section_is_what_json_ld_a_meta_element_or_the_bread_crumbs_name():
    steps = [
        {"position": 1, "name": "Harbour", "item": "https://www.harbour-herald.example/"},
        {"position": 2, "item": {"@id": "https://www.harbour-herald.example/islands", "name": "Islands"}},
        {"position": 3, "name": HEADLINE},
    ]
    crumbs = ld(**{"@type": "BreadcrumbList", "itemListElement": steps})
    assert read(crumbs).section == "Islands"
    assert read(meta("article:section", "Shipping") + crumbs).section == "Shipping"
    stated = read(ld(articleSection=["Uncategorized", "Transport"]) + meta("article:section", "Shipping"))
    assert (stated.section, stated.origins["section"]) == ("Transport", "json-ld")
    assert read(ld(articleSection="https://www.harbour-herald.example/islands")).section is None
