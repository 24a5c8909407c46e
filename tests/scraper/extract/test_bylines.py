"""Who signed an article: people, and where none is named, the agency or the desk that did."""

import pytest

from archive.records import Article
from scraper.extract import clean
from scraper.extract.facts.agencies import agency
from scraper.extract.facts.names import names_in
from tests.scraper.extract.pages import HEADLINE, URL, ld, page, paragraphs


def cleaned(*, head: str = "", byline: str = "", around: str = "") -> Article:
    """The sample article with a byline behind its headline."""
    return clean(page(head=head, around=around).replace(b"</h1>", b"</h1>" + byline.encode()), URL)


def person(name: str) -> dict[str, str]:
    return {"@type": "Person", "name": name}


def test_an_agency_is_the_author_of_what_no_person_signs():
    for author in ("AFP", {"@type": "Organization", "name": "AFP"}, [person("AFP"), person("Admin")]):
        assert cleaned(head=ld(author=author)).authors == ("AFP",)


def test_an_agency_that_signs_beside_people_is_named_behind_them():
    assert cleaned(head=ld(author=[person("The Associated Press"), person("Ann Lee")])).authors == (
        "Ann Lee",
        "The Associated Press",
    )


def test_an_agency_is_no_author_on_its_own_site():
    head = ld(author=person("Reuters"), publisher={"name": "Reuters"})
    assert cleaned(head=head).authors == ()


def test_people_named_in_another_place_go_before_an_agency():
    head = ld(author=person("Reuters")) + '<meta name="author" content="Ann Lee">'
    assert cleaned(head=head).authors == ("Ann Lee",)


def test_a_byline_in_the_text_names_the_people_where_only_an_agency_is_declared():
    body = page("<p>By Ann Lee</p>" + paragraphs(), head=ld(author=person("Reuters")))
    assert (clean(body, URL).authors, clean(body, URL).origins["authors"]) == (("Ann Lee",), "text")


@pytest.mark.parametrize("desk", ["Herald Sports Desk", "HH-Redaktion", "Redacción Cultura", "Islands Team"])
def test_a_named_desk_signs_where_nobody_else_does(desk):
    assert cleaned(head=ld(author=person(desk))).authors == (desk,)
    assert cleaned(head=ld(author=[person(desk), person("Ann Lee")])).authors == ("Ann Lee",)


@pytest.mark.parametrize(
    "account", ["Staff Reporter", "Online-Redaktion", "Our Correspondent", "News Desk", "Editorial Team", "Web Editor"]
)
def test_a_desk_without_a_name_signs_nothing(account):
    assert cleaned(head=ld(author=person(account))).authors == ()


@pytest.mark.parametrize("name", ["wire:author", "parsely-author", "DCSext.author", "article:byline"])
def test_a_meta_element_whose_name_ends_in_author_names_one(name):
    assert cleaned(head=f'<meta name="{name}" content="Ann Lee">').authors == ("Ann Lee",)


@pytest.mark.parametrize(
    "byline",
    [
        '<div class="article-byline"><span>Ann Lee</span> <span>Bo Marten</span></div>',
        '<p class="c-author">By <a href="/ann">Ann Lee</a> and <a href="/bo">Bo Marten</a></p>',
        '<div class="Autoren">Von Ann Lee, Bo Marten</div>',
        '<a rel="author nofollow" href="/ann">Ann Lee, Bo Marten</a>',
        '<div class="byline"><b>Ann Lee, Chief Correspondent</b><b>Bo Marten</b><time>20 Nov 2026</time></div>',
    ],
)
def test_a_printed_byline_is_read_where_nothing_is_declared(byline):
    article = cleaned(byline=byline)
    assert article.authors == ("Ann Lee", "Bo Marten")
    assert article.origins["authors"] == "html"


@pytest.mark.parametrize(
    "around",
    [
        '<aside><span class="author">Ann Lee</span></aside>',
        '<div class="comments"><p class="author">Ann Lee</p></div>',
        '<section><a href="/x"><h3>Another story</h3><span class="author">Ann Lee</span></a></section>',
        '<section><h3><a href="/x">Another story</a></h3><span class="author">Ann Lee</span></section>',
        '<div class="author-bio">Ann Lee</div>'.replace("Ann Lee", "Ann Lee writes on the harbour. " * 10),
        '<div class="author">' + "<i></i>" * 100 + "Ann Lee</div>",
        '<p class="author-box">Full Bio</p><p class="author-links">Follow Author</p>',
    ],
)
def test_the_byline_of_a_comment_a_teaser_or_a_portrait_is_not_the_article_s(around):
    assert cleaned(around=around).authors == ()


def test_of_two_bylines_the_one_behind_the_headline_counts():
    body = page().replace(b"<nav>", b'<div class="author">Cy Stone</div><nav>')
    assert clean(body.replace(b"</h1>", b'</h1><p class="author">Ann Lee</p>'), URL).authors == ("Ann Lee",)
    assert clean(body, URL).authors == ("Cy Stone",)
    assert clean(body, URL).headline == HEADLINE


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("Benn Johns, Director of Operations, Quay Lines - Ten Years at Sea", ("Benn Johns",)),
        ("Ann Lee, Quay Institute and Bo Marten", ("Ann Lee", "Bo Marten")),
        ("AP, Ann Lee", ("Ann Lee",)),
        ("Perry Stone Jr. and Nico Sand C.", ("Perry Stone Jr.", "Nico Sand C.")),
        ("Ann Lee - Harbour Editorial Team", ("Ann Lee",)),
        ("Written By", ()),
        ("(" * 100_000, ()),
    ],
)
def test_what_a_person_is_or_works_for_is_no_name(byline, names):
    assert names_in([byline]) == names


@pytest.mark.parametrize(
    ("printed", "short"),
    [
        ("The Associated Press", "AP"),
        ("DPA", "dpa"),
        ("Agence France-Presse", "AFP"),
        ("AFP Deutschland", "AFP"),
        ("新华社", "Xinhua"),
        ("РИА Новости", "RIA Novosti"),
        ("Efe Lindqvist", None),
        ("EFE LINDQVIST", None),
        ("Harbour Herald", None),
        ("", None),
    ],
)
def test_an_agency_is_known_by_all_its_names(printed, short):
    assert agency(printed) == short
