"""The picture that leads an article, and what is said of it apart from the text."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from scraper.extract.facts import Facts, facts_of
from tests.scraper.extract.pages import URL, ld, page

SITE = "https://www.harbour-herald.example"


def read(*, head: str = "", body: str = "") -> Facts:
    """The facts of the sample page with this head and body."""
    whole = page(body, head=head)
    return facts_of(LexborHTMLParser(whole), URL, whole)


def figure(caption: str, src: str = "/img/ferry-quay_1200x675.jpg") -> str:
    return f'<figure><img src="{src}"><figcaption>{caption}</figcaption></figure>'


def said(facts: Facts) -> tuple[str | None, str | None]:
    return facts.image_caption, facts.image_credit


@pytest.mark.parametrize(
    ("stated", "url"),
    [
        ("/img/ferry.jpg", f"{SITE}/img/ferry.jpg"),
        (["", "//cdn.example/a.jpg"], "https://cdn.example/a.jpg"),
        ({"@type": "ImageObject", "url": "https://cdn.example/a.jpg?w=1&amp;h=2"}, "https://cdn.example/a.jpg?w=1&h=2"),
        ([{"contentUrl": "/a.jpg"}, "/b.jpg"], f"{SITE}/a.jpg"),
        ("data:image/png;base64,AAAA", None),
        ("javascript:alert(1)", None),
        ("https://cdn.example/" + "a" * 5_000, None),
        ([[["/a.jpg"]]], None),
        (7, None),
    ],
)
def test_the_lead_picture_is_an_absolute_address_of_the_web(stated, url):
    facts = read(head=ld(image=stated))
    assert facts.image == url
    assert facts.origins.get("image") == ("json-ld" if url else None)


def test_a_picture_that_json_ld_only_names_is_looked_up():
    graph = {
        "@graph": [
            {"@type": "NewsArticle", "image": {"@id": f"{URL}#lead"}},
            {"@type": "ImageObject", "@id": f"{URL}#lead", "url": "/a.jpg", "caption": "The quay"},
        ]
    }
    facts = read(head=ld(**graph))
    assert (facts.image, facts.image_caption) == (f"{SITE}/a.jpg", "The quay")


def test_what_og_image_names_is_the_lead_picture_where_json_ld_names_none():
    facts = read(head='<meta property="og:image" content="/og.jpg"><meta name="twitter:image" content="/tw.jpg">')
    assert (facts.image, facts.origins["image"]) == (f"{SITE}/og.jpg", "meta")


@pytest.mark.parametrize("key", ["creditText", "author", "creator", "copyrightHolder", "copyrightNotice"])
def test_json_ld_tells_caption_and_credit_of_its_picture(key):
    facts = read(head=ld(image={"url": "/a.jpg", "caption": "The <b>quay</b>", key: "Photo: Ann Lee/AP"}))
    assert facts.image_credit == "Ann Lee/AP"
    assert facts.origins["image_credit"] == "json-ld"


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("The ferry at the quay. Photo: Ann Lee/AP", ("The ferry at the quay.", "Ann Lee/AP")),
        ("The ferry at the quay (Foto: Ann Lee)", ("The ferry at the quay", "Ann Lee")),
        ("The ferry at the quay. © Harbour Pictures", ("The ferry at the quay.", "Harbour Pictures")),
        ("The ferry at the quay. (AP)", ("The ferry at the quay.", "AP")),
        (
            "The ferry <em>at</em> the quay<span class='c-credit'>Bild: Ann Lee</span>",
            ("The ferry at the quay", "Ann Lee"),
        ),
        ("<p>The ferry at the quay</p><small>Ann Lee</small>", ("The ferry at the quay", "Ann Lee")),
        ("(Symbol) The ferry at the quay", ("(Symbol) The ferry at the quay", None)),
        ("", (None, None)),
        ("word " * 400, (None, None)),
    ],
)
def test_a_credit_is_told_from_the_caption_it_stands_in(caption, parts):
    assert said(read(body=figure(caption) + "<p>The ferry sails again.</p>")) == parts
    assert said(read(head=ld(image={"url": "/x.jpg", "caption": "Stated"}), body=figure(caption)))[0] == "Stated"


def test_the_figure_that_shows_the_picture_speaks_for_it_and_not_the_first_one():
    body = figure("Another harbour", "/img/other.jpg") + figure("The quay", "/img/640x360/ferry-quay-640x360.jpg?q=8")
    assert read(head='<meta property="og:image" content="/img/ferry-quay.jpg">', body=body).image_caption == "The quay"


def test_a_page_that_declares_no_picture_is_led_by_its_article_s_first_figure():
    facts = read(body=figure("The quay", "/img/a.jpg") + figure("Another", "/img/b.jpg"))
    assert (facts.image, facts.image_caption) == (f"{SITE}/img/a.jpg", "The quay")
    assert facts.origins["image"] == facts.origins["image_caption"] == "html"


def test_a_figure_beside_the_article_says_nothing_of_it():
    assert said(read(body="<p>The ferry sails.</p><aside>" + figure("Subscribe") + "</aside>")) == (None, None)
