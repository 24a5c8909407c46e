"""Paragraphs that the boilerplate's rules passed over, and which of them are the article's."""

from selectolax.lexbor import LexborHTMLParser

from scraper.extract import clean
from scraper.extract.form import Line
from scraper.extract.gaps import filled
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, page, paragraphs


def refilled(body: str, *taken: str) -> tuple[str, ...]:
    """The lines of a page after those that were taken from it were filled up."""
    lines = [Line("paragraph", text) for text in taken]
    return tuple(line.text for line in filled(lines, LexborHTMLParser(page(body))))


def test_a_paragraph_between_two_that_were_taken_is_the_article_s():
    assert refilled(paragraphs(), *PARAGRAPHS[:2], *PARAGRAPHS[3:]) == PARAGRAPHS


def test_a_subhead_between_paragraphs_is_the_article_s():
    body = paragraphs(*PARAGRAPHS[:3]) + "<h3>Who pays</h3>" + paragraphs(*PARAGRAPHS[3:])
    assert refilled(body, *PARAGRAPHS) == (*PARAGRAPHS[:3], "Who pays", *PARAGRAPHS[3:])


def test_paragraphs_in_boxes_of_the_same_sort_are_of_one_place():
    body = "".join(f'<div class="entry"><p>{text}</p></div>' for text in PARAGRAPHS)
    assert refilled(body, *PARAGRAPHS[:3], *PARAGRAPHS[4:]) == PARAGRAPHS


def test_a_paragraph_at_another_place_of_the_layout_is_not():
    teaser = (
        '<div class="teaser"><p>The bridge stays closed until spring, the council said on Thursday evening.</p></div>'
    )
    assert refilled(paragraphs(*PARAGRAPHS[:3]) + teaser + paragraphs(*PARAGRAPHS[3:]), *PARAGRAPHS) == PARAGRAPHS


def test_a_line_that_is_no_sentence_is_not_put_back():
    body = paragraphs(*PARAGRAPHS[:3]) + "<p>Photo gallery</p>" + paragraphs(*PARAGRAPHS[3:])
    assert refilled(body, *PARAGRAPHS) == PARAGRAPHS


def test_a_lone_paragraph_below_the_last_one_is_not_put_back():
    assert refilled(paragraphs(), *PARAGRAPHS[:5]) == PARAGRAPHS[:5]


def test_an_article_of_which_the_first_half_was_taken_gets_its_second():
    assert refilled(paragraphs(), *PARAGRAPHS[:3]) == PARAGRAPHS


def test_nothing_is_put_back_from_the_next_article_or_from_comments():
    following = f"<h1>Storm closes the bridge</h1>{paragraphs()}"
    other = tuple(f"{text} And more." for text in PARAGRAPHS)
    assert refilled(paragraphs(*PARAGRAPHS[:3]) + following.replace(HEADLINE, ""), *PARAGRAPHS[:3]) == PARAGRAPHS[:3]
    comments = f'<div id="comments"><div class="entry">{paragraphs(*other)}</div></div>'
    body = f'<div class="entry">{paragraphs()}</div>{comments}'
    assert refilled(body, *PARAGRAPHS) == PARAGRAPHS


def test_a_brief_that_is_given_as_one_line_is_parted_into_its_paragraphs():
    brief = (
        "<html><head><title>Bridge reopens | Harbour Herald</title></head><body><nav><ul><li><a href='/'>Home</a></li>"
        "<li><a href='/s'>Sport</a></li></ul></nav><main class='page'><div class='head'><h1>Bridge reopens</h1>"
        "<p class='by'>By Ann Lee</p></div><div class='story-body'><p>The bridge reopened on Monday.</p><p>Traffic was "
        "light all day, the police said on Tuesday morning.</p></div></main>"
        "<footer><p>Harbour Herald</p></footer></body></html>"
    )
    article = clean(brief.encode(), URL)
    assert article.paragraphs == (
        "The bridge reopened on Monday.",
        "Traffic was light all day, the police said on Tuesday morning.",
    )
    assert (article.headline, article.authors) == ("Bridge reopens", ("Ann Lee",))
