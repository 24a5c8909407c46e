"""What a site repeats in each article of a format is no cruft: its subheads, its labels, the turns of an interview."""

import pytest

from scraper.extract.form import Line
from scraper.extract.formats import is_aside
from tests.scraper.extract.test_site import known, read, story, told, with_line

LAYOUTS = pytest.mark.parametrize("layout", ["story", "feature"])  # read by the template, and by the teacher


def parted(number: int, *marked: str) -> tuple[str, bytes]:
    """A story with these before its second paragraph, its third, …"""
    first, *rest = told(number)
    pieces = [f"{mark}<p>{text}</p>" for mark, text in zip([*marked, "", "", "", ""], rest, strict=False)]
    return story(number, f"<p>{first}</p>{''.join(pieces)}")


def with_marks(*marked: str, layout: str = "story"):
    """The ninth article of a site of which some have these lines."""
    plain = [story(number) for number in range(10, 17)]
    site = known(*(parted(number, *marked) for number in range(3)), *plain)
    url, body = parted(9, *marked)
    found = read((url, body.replace(b"story-body", f"{layout}-body".encode())), site)
    assert found.extractor["rung"] == ("template" if layout == "story" else "trafilatura")
    return found


@LAYOUTS
@pytest.mark.parametrize(
    "mark",
    [
        "<h2>Why it matters</h2>",
        "<h3>What's next</h3>",
        "<h2>Warum das wichtig ist</h2>",
        "<p><strong>The big picture</strong></p>",
        "<p>What happened:</p>",
        "<p><b>Hintergrund:</b></p>",
    ],
)
def test_the_subheads_and_labels_of_a_format_stay_in_each_of_its_articles(layout, mark):
    words = mark.split(">")[-2 if mark.count(">") == 2 else -3].partition("<")[0]
    first, second, *rest = told(9)
    assert with_marks(mark, layout=layout).paragraphs == (first, words, second, *rest)


@LAYOUTS
def test_several_of_them_in_one_article_stay_each(layout):
    found = with_marks("<h2>What we know</h2>", "<h2>What we don't know</h2>", "<h2>Background</h2>", layout=layout)
    first, second, third, fourth, *rest = told(9)
    subheads = ("What we know", "What we don't know", "Background")
    expected = (first, subheads[0], second, subheads[1], third, subheads[2], fourth, *rest)
    assert found.paragraphs == expected


@LAYOUTS
def test_the_turns_of_an_interview_stay_though_others_say_the_same(layout):
    marks = ("<p>Q: Will it rain?</p><p>A: No.</p>", "<p>Q: Are you sure?</p><p>A: Yes.</p>")
    first, second, third, *rest = told(9)
    turns = ("Q: Will it rain?", "A: No."), ("Q: Are you sure?", "A: Yes.")
    assert with_marks(*marks, layout=layout).paragraphs == (first, *turns[0], second, *turns[1], third, *rest)


@LAYOUTS
def test_the_turns_of_a_newspaper_that_signs_its_questions_stay(layout):
    asked = ("Herald: How did you begin?", "Herald: And then?", "Herald: What would you do today?")
    first, second, third, fourth, *rest = told(9)
    found = with_marks(*(f"<p>{each}</p>" for each in asked), layout=layout)
    assert found.paragraphs == (first, asked[0], second, asked[1], third, asked[2], fourth, *rest)


@LAYOUTS
def test_the_questions_that_everyone_is_asked_stay(layout):
    asked = ("What are you reading?", "Which ship would you take?")
    first, second, third, *rest = told(9)
    found = with_marks(*(f"<p><strong>{each}</strong></p>" for each in asked), layout=layout)
    assert found.paragraphs == (first, asked[0], second, asked[1], third, *rest)


@LAYOUTS
@pytest.mark.parametrize(
    "mark",
    [
        "<h2>Read next</h2>",
        "<h3>Related</h3>",
        "<h3>More on this story</h3>",
        "<p>Read more</p>",
        "<p>Story continues below advertisement</p>",
        "<p>Sign up for our newsletter</p>",
        "<p><strong>Subscribe to the Herald</strong></p>",
        "<p>Share this:</p>",
        "<p>Photos: Ann Lee</p>",
        "<p>Photo: Ann Lee</p><p>Photo: Bo Li</p><p>Photo: Ann Lee</p>",
        "<p>The harbour is open from dawn</p>",
        "<h2>Lesen Sie auch</h2>",
        "<h3>Harbour news by post</h3><p>Every morning it lies in your letter box before breakfast.</p>",
    ],
)
def test_what_asks_something_of_the_reader_goes_wherever_it_stands(layout, mark):
    assert with_marks(mark, layout=layout).paragraphs == told(9)


def test_a_subhead_with_nothing_but_others_headlines_under_it_goes():
    links = (
        "<h3>From the islands</h3><ul><li><a href='/1'>Storm</a></li><li><a href='/2'>Fog in the sound</a></li></ul>"
    )
    assert with_marks(links).paragraphs == told(9)


@pytest.mark.parametrize("words", ["What's next", "Why it matters:", "What happened", "Kort fortalt", "The numbers"])
def test_a_label_is_no_cue(words):
    assert not is_aside(Line("subhead", words))


@LAYOUTS
@pytest.mark.parametrize("at", [3, 6])
@pytest.mark.parametrize(
    "correction",
    [
        "Correction: An earlier version of this article misspelled the name of the ship's first captain, Ann Lee.",
        "This article was amended on 3 May 2026 to say that the ferry is paid for by the province, not by the town.",
        "Clarification: the ferry sails on Sundays, too.",
        "Editor's note: This story has been corrected to say that the ferry sails on Sundays, too.",
        "Korrektur: In einer früheren Version dieses Artikels stand, die Fähre fahre sonntags nicht.",
        "Исправление: в предыдущей версии статьи имя капитана было указано неверно.",
    ],
)
def test_a_correction_that_two_articles_share_stays_in_both(layout, at, correction):
    site = known(
        *(with_line(number, correction, at) for number in range(2)), *(story(number) for number in range(2, 10))
    )
    for number in range(2):
        url, body = with_line(number, correction, at)
        found = read((url, body.replace(b"story-body", f"{layout}-body".encode())), site)
        assert found.paragraphs == (*told(number)[:at], correction, *told(number)[at:])


@LAYOUTS
@pytest.mark.parametrize(
    "line",
    [
        "The views expressed are the author's own.",
        "Editor's note: This is an opinion column that solely reflects what its author thinks of the harbour.",
        "Corrections: if you spotted a mistake in this article, please write to the desk that looks after all of them.",
        "Read how the Herald deals with corrections of its articles in the rules that it gave itself eleven years ago.",
    ],
)
def test_what_a_site_says_of_itself_under_several_articles_is_cruft(layout, line):
    site = known(*(with_line(number, line) for number in range(2)), *(story(number) for number in range(2, 10)))
    url, body = with_line(12, line)
    assert read((url, body.replace(b"story-body", f"{layout}-body".encode())), site).paragraphs == told(12)
