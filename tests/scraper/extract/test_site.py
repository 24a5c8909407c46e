"""What a site's pages teach: its repeated lines are cruft, its layout tells where the article stands."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive.records import Site
from scraper import clean, learn_site
from scraper.extract.cleaning import PARTS, cleaned
from scraper.extract.learning import memory_from
from tests.scraper.extract.pages import ld

HOST = "https://www.harbour-herald.example"
PROMISE = "Journalism costs money: become a friend of the Herald for two crowns a week, and read without interruption."
BACKGROUND = (
    "The ferry was taken out of service eleven years ago, when the province stopped paying for it after a long quarrel "
    "with the islands about who should bear the costs of the landing stages."
)


def told(number: int, sentences: int = 6) -> tuple[str, ...]:
    """The paragraphs of the article of that number; no two articles share one."""
    ships = ("Aurora", "Bertha", "Cecilia", "Dorothea", "Emilia", "Frida", "Greta", "Hilda", "Ingrid", "Johanna")
    ship = f"{ships[number % 10]} {number}"
    return tuple(
        f"On day {day} of its voyage number {number} the {ship} carried {day * 31 + number} travellers past the "
        f"lighthouse, and its captain wrote {day + number} lines about the weather into the log of the harbour master."
        for day in range(1, sentences + 1)
    )


def story(number: int, body: str = "", *, after: str = "", layout: str = "story", head: str = "") -> tuple[str, bytes]:
    """URL and page of the article of that number.  body: its markup, else its paragraphs in <p>."""
    markup = body or "".join(f"<p>{text}</p>" for text in told(number))
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Voyage {number} ended well</title>'
        f"{head or ld(headline=f'Voyage {number} ended well')}</head>"
        f"<body><nav><ul><li><a href='/'>Home</a></li></ul></nav>"
        f'<main class="page"><div class="{layout}-head"><h1>Voyage {number} ended well</h1></div>'
        f'<div class="{layout}-body css-{number:06x}">{markup}</div>'
        f'<div class="promo"><p>{PROMISE}</p></div>{after}</main><footer><p>Harbour Herald, 1 Quay Street</p></footer>'
        "</body></html>"
    )
    return f"{HOST}/2026/11/20/voyage-{number}", page.encode()


def known(*pages: tuple[str, bytes], sample: int = 1_000_003) -> Site:
    """A site learned from these pages, or from five stories; nearly no page is a sample unless told."""
    memory = memory_from(pages or [story(number) for number in range(5)], sample=sample)
    return Site(site="harbour-herald.example", number=7, learned_at=datetime(2026, 11, 20, tzinfo=UTC), memory=memory)


def read(page: tuple[str, bytes], site: Site | None):
    """The article on (URL, page)."""
    return clean(page[1], page[0], site=site)


def test_a_page_of_a_known_site_is_read_by_its_template_and_says_so():
    article = read(story(9), known())
    assert article.paragraphs == told(9)
    assert article.headline == "Voyage 9 ended well"
    assert article.extractor["rung"] == "template"
    assert article.site_memory == "harbour-herald.example@7"


def test_without_a_site_none_is_used():
    article = read(story(9), None)
    assert article.extractor["rung"] == "trafilatura"
    assert article.site_memory is None


def test_two_pages_are_too_few_for_a_template():
    assert known(story(1), story(2)).memory["templates"] == {}
    assert read(story(9), known(story(1), story(2))).extractor["rung"] == "trafilatura"


def test_a_template_tells_its_place_by_classes_that_all_pages_have():
    selector = known().memory["templates"]["article"]["selector"]
    assert "story-body" in selector
    assert "css-" not in selector


def without_classes(number: int, around: str) -> tuple[str, bytes]:
    """A story of a site that names none of its elements.  around: what holds it, as a format string."""
    paragraphs = "".join(f"<p>{text}</p>" for text in told(number))
    head = f"<head><title>Voyage {number}</title>{ld(headline=f'Voyage {number}')}</head>"
    return f"{HOST}/voyage-{number}", f"<html>{head}<body>{around.format(paragraphs)}</body></html>".encode()


def test_a_place_that_no_class_tells_is_the_whole_way_from_the_body():
    site = known(*(without_classes(number, "<div><div>{}</div></div>") for number in range(5)))
    assert site.memory["templates"]["article"]["selector"] == "body > div > div > p"
    promotion = "".join(f"<p>{text}</p>" for text in told(600, 3))
    elsewhere = f"<main><div><div>{promotion}</div></div><div><article>{{}}</article></div></main>"
    assert read(without_classes(9, "<div><div>{}</div></div>"), site).extractor["template"] == "fits"
    assert read(without_classes(9, elsewhere), site).extractor["template"] == "misfit"


def test_a_page_laid_out_otherwise_goes_back_to_the_teacher():
    article = read(story(9, layout="feature"), known())
    assert article.paragraphs == told(9)
    assert (article.extractor["rung"], article.extractor["template"]) == ("trafilatura", "misfit")


def long_story(number: int) -> tuple[str, bytes]:
    """A story whose second half stands in another place than the first."""
    more = "".join(f"<p>{text}</p>" for text in told(number + 500))
    return story(number, after=f'<div class="part-two">{more}</div>')


def test_a_page_with_much_text_elsewhere_goes_back_to_the_teacher_and_loses_none():
    article = read(long_story(9), known())
    assert article.extractor["template"] == "misfit"
    assert article.paragraphs == (*told(9), *told(509))


@pytest.mark.parametrize("parted", ["<div>{}</div>", "{}<br><br>"])
def test_a_redesign_that_leaves_a_promotion_where_the_article_stood_goes_back_to_the_teacher(parted):
    promotion = "".join(f"<p>{text}</p>" for text in told(600, 3))
    redesigned = "".join(map(parted.format, told(9)))
    page = story(9, promotion, after=f'<article><div class="new">{redesigned}</div></article>')
    assert read(page, known()).extractor["template"] == "misfit"


def test_text_that_stands_loose_between_the_paragraphs_sends_a_page_back_to_the_teacher():
    first, second, third, *rest = told(9)
    page = story(9, f"<p>{first}</p>{second}<br><br>{third}" + "".join(f"<p>{text}</p>" for text in rest))
    assert read(page, known()).paragraphs == told(9)


def test_an_item_that_holds_a_list_keeps_its_own_words():
    first, second, third, *rest = told(9)
    listed = f"<ul><li>{second}<ul><li>{third}</li></ul></li></ul>"
    page = story(9, f"<p>{first}</p>{listed}" + "".join(f"<p>{text}</p>" for text in rest))
    lists = [
        story(n, f"<ul><li>{told(n)[0]}</li></ul>" + "".join(f"<p>{t}</p>" for t in told(n)[1:])) for n in range(5)
    ]
    assert read(page, known(*lists)).paragraphs == (first, f"- {second}", f"- {third}", *rest)


def between(markup: str) -> tuple[str, bytes]:
    """A story with this between its first paragraph and the others."""
    first, *rest = told(9)
    return story(9, f"<p>{first}</p>{markup}" + "".join(f"<p>{text}</p>" for text in rest))


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("<ol><li>Coal<ul><li>black</li></ul></li><li>Salt</li></ol>", ("1. Coal", "- black", "2. Salt")),
        ("<ul><li><p>Coal rose.</p><p>It fell, too.</p></li></ul>", ("- Coal rose.", "It fell, too.")),
        ("<ol start=4><li>Coal rose.</li><li><p>Salt fell.</p></li></ol>", ("4. Coal rose.", "5. Salt fell.")),
        ("<ol reversed><li>Coal</li><li>Salt</li><li>Tin</li></ol>", ("3. Coal", "2. Salt", "1. Tin")),
        ("<ol reversed start=10><li>Coal</li><li>Salt</li></ol>", ("10. Coal", "9. Salt")),
        ("<ol><li value=7>Coal</li><li>Salt</li><li value=1>Tin</li></ol>", ("7. Coal", "8. Salt", "1. Tin")),
        ("<ol start=x><li value=''>Coal</li></ol><ol start=-9><li>Salt</li></ol>", ("1. Coal", "- Salt")),
        ("<ol start=99999999999999999999><li>Coal</li></ol>", ("1. Coal",)),
        ("<pre>Grey the sea\n\nLate the ship</pre>", ("Grey the sea", "Late the ship")),
    ],
)
def test_lists_in_lists_paragraphs_in_items_and_what_is_set_as_typed_are_the_articles_too(markup, lines):
    first, *rest = told(9)
    found = read(between(markup), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (first, *lines, *rest)
    assert read(between(markup), None).paragraphs == found.paragraphs


TABLE = (
    "<table><tr><th><p>Ship</p></th><th><p>Guests</p></th></tr><tr><td><p>Aurora</p></td><td><p>12</p></td></tr>"
    "<tr><td><p>Berta</p></td><td><p>14</p><p>and a dog</p></td></tr></table>"
)


def test_paragraphs_in_the_cells_of_a_table_part_none_of_its_rows():
    first, *rest = told(9)
    expected = (first, "Ship | Guests", "Aurora | 12", "Berta | 14 and a dog", *rest)
    found = read(between(TABLE), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == read(between(TABLE), None).paragraphs == expected


def test_a_template_learns_the_rows_of_such_tables():
    def tabled(number: int) -> tuple[str, bytes]:
        table = (
            TABLE.replace("Aurora", f"Aurora {number}").replace("Berta", f"Berta {number}").replace("12", f"{number}2")
        )
        return story(number, f"{table}" + "".join(f"<p>{text}</p>" for text in told(number)))

    found = read(tabled(9), known(*map(tabled, range(5))))
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == ("Ship | Guests", "Aurora 9 | 92", "Berta 9 | 14 and a dog", *told(9))


@pytest.mark.parametrize("cells", [1, 2])
def test_the_paragraphs_of_a_table_that_lays_out_the_page_are_none_of_its_cells(cells):
    def laid_out(number: int) -> tuple[str, bytes]:
        text = "".join(f"<p>{each}</p>" for each in told(number))
        aside = "<td><a href='/'>Home</a> <a href='/sport'>Sport</a></td>" if cells == 2 else ""
        rows = f"<tr>{aside}<td>{text}</td></tr><tr>{aside}<td><p>Volume {number}</p></td></tr>"
        url, body = story(number, f"<table>{rows}</table>")
        return url, body.replace(b"<main", b"<div").replace(b"</main>", b"</div>")

    assert read(laid_out(9), known(*map(laid_out, range(5)))).paragraphs[: len(told(9))] == told(9)


def test_the_list_above_and_the_table_under_the_paragraphs_are_the_articles_too():
    first, *rest = told(9)
    table = "<table><tr><td>Coal</td><td>9 tons</td></tr></table>"
    markup = "".join(f"<p>{text}</p>" for text in rest)
    found = read(story(9, f"<ul><li>{first}</li></ul>{markup}{table}<ul><li><a href='/a'>Storm</a></li></ul>"), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (f"- {first}", *rest, "Coal | 9 tons")


def test_a_list_of_twenty_thousand_items_takes_no_longer_than_its_words_do():
    started = time.process_time()
    found = read(between(f"<ol>{'<li>Coal and salt</li>' * 20_000}</ol>"), known())
    assert found.paragraphs[500:502] == ("500. Coal and salt", "- Coal and salt")
    assert time.process_time() - started < 10


def mixed(number: int, *, links: str = "") -> tuple[str, bytes]:
    """A story with a subhead, a list and a table, as no story that taught had them."""
    first, second, third, *rest = told(number)
    return story(
        number,
        f"<p>{first}</p>{links}<h4>What it cost</h4><ul><li>{second}</li></ul><p>{third}</p>"
        f"<table><tr><td>Coal</td><td>{number} tons</td></tr></table>" + "".join(f"<p>{text}</p>" for text in rest),
    )


def test_subheads_lists_and_tables_between_two_paragraphs_are_the_articles_though_no_page_taught_them():
    first, second, third, *rest = told(9)
    found = read(mixed(9), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (first, "What it cost", f"- {second}", third, "Coal | 9 tons", *rest)


def test_a_list_of_links_between_two_paragraphs_is_not():
    links = "".join(
        f"<li><a href='/{n}'>Voyage {n} ended in fog and was long remembered</a></li>" for n in range(70, 74)
    )
    assert read(mixed(9, links=f"<ul>{links}</ul>"), known()) == read(mixed(9), known())


def test_without_the_guard_that_text_would_be_lost():
    url, body = long_story(9)
    article = cleaned(body, url, site=known(), parts=[part for part in PARTS if part != "guard"]).article()
    assert article.paragraphs == told(9)


def with_line(number: int, line: str, at: int = 6) -> tuple[str, bytes]:
    """A story with a line more, in a paragraph of its own."""
    texts = list(told(number))
    texts.insert(at, line)
    return story(number, "".join(f"<p>{text}</p>" for text in texts))


NOTE = "The harbour is open from dawn"


@pytest.mark.parametrize("layout", ["story", "feature"])
def test_a_line_on_two_of_the_first_articles_is_cruft(layout):
    site = known(with_line(1, NOTE), with_line(2, NOTE), story(3), story(4))
    page = with_line(9, NOTE)[1].replace(b"story-body", f"{layout}-body".encode())
    assert read((f"{HOST}/9", page), site).paragraphs == told(9)


def test_a_line_on_one_article_is_none():
    site = known(with_line(1, NOTE), story(2), story(3), story(4))
    assert NOTE in read(with_line(9, NOTE), site).paragraphs


def test_variants_of_a_url_revisions_and_copies_count_once():
    url, body = with_line(1, NOTE)
    canonical = f'<link rel="canonical" href="{url}"></head>'.encode()
    variant = (f"{url}?page=print", body.replace(b"</head>", canonical))
    revision = (url, with_line(1, NOTE, at=4)[1].replace(b"ended well", b"ended very well"))
    copy = (f"{HOST}/copies/1", body)
    site = known((url, body.replace(b"</head>", canonical)), variant, revision, copy, story(2), story(3), story(4))
    assert NOTE in read(with_line(9, NOTE), site).paragraphs


def test_of_many_articles_one_in_twenty_must_print_it():
    few = [with_line(number, NOTE) if number < 3 else story(number) for number in range(80)]
    assert NOTE in read(with_line(99, NOTE), known(*few)).paragraphs
    enough = [with_line(number, NOTE) if number < 4 else story(number) for number in range(80)]
    assert NOTE not in read(with_line(99, NOTE), known(*enough)).paragraphs


def dish(number: int) -> tuple[str, bytes]:
    """A recipe, as the site prints several."""
    goods = ("salt and pepper", f"{number} herrings from the sound", f"{number} onions", "1 April 2027", "a lemon")
    items = "".join(f"<li>{each}</li>" for each in (*goods, f"{number} leaves of dill"))
    return story(
        number, "".join(f"<p>{text}</p>" for text in told(number)) + f"<p>For voyage {number}:</p><ul>{items}</ul>"
    )


@pytest.mark.parametrize("layout", ["story", "feature"])
def test_the_items_of_a_list_that_other_lists_have_too_stay_in_it(layout):
    page = dish(9)[1].replace(b"story-body", f"{layout}-body".encode())
    found = read((f"{HOST}/9", page), known(*map(dish, range(5))))
    goods = ("salt and pepper", "9 herrings from the sound", "9 onions", "1 April 2027", "a lemon", "9 leaves of dill")
    assert found.paragraphs == (*told(9), "For voyage 9:", *(f"- {each}" for each in goods))


@pytest.mark.parametrize("layout", ["story", "feature"])
def test_a_list_that_is_the_same_on_all_pages_is_cruft(layout):
    def shared(number: int) -> tuple[str, bytes]:
        items = "<ul><li>By post in the morning</li><li>Read out on the radio</li></ul>"
        return story(number, "".join(f"<p>{text}</p>{items if not at else ''}" for at, text in enumerate(told(number))))

    page = shared(9)[1].replace(b"story-body", f"{layout}-body".encode())
    assert read((f"{HOST}/9", page), known(*map(shared, range(5)))).paragraphs == told(9)


@pytest.mark.parametrize("layout", ["story", "feature"])
def test_a_background_paragraph_that_five_follow_ups_share_stays_in_all_five(layout):
    pages = [with_line(number, BACKGROUND, at=3) for number in range(5)]
    site = known(*pages)
    for number, (url, page) in enumerate(pages):
        expected = (*told(number)[:3], BACKGROUND, *told(number)[3:])
        assert read((url, page.replace(b"story-body", f"{layout}-body".encode())), site).paragraphs == expected


def test_the_same_paragraph_under_the_article_is_cruft():
    site = known(*(with_line(number, BACKGROUND) for number in range(5)))
    assert read(with_line(9, BACKGROUND), site).paragraphs == told(9)


def test_a_subhead_belongs_to_what_stands_under_it():
    def headed(number: int) -> tuple[str, bytes]:
        first, *rest = told(number)
        head = f'<h3 class="turn">What came of voyage {number}</h3>'
        return story(number, f"<p>{first}</p>{head}" + "".join(f"<p>{text}</p>" for text in rest))

    site = known(*map(headed, range(5)))
    assert read(headed(9), site).paragraphs[1] == "What came of voyage 9"


def test_a_pair_of_breaks_parts_paragraphs_and_a_single_one_does_not():
    def broken(number: int) -> tuple[str, bytes]:
        first, second, third, *rest = told(number)
        return story(number, f"<p>{first}<br>{second}<br> <br>{third}</p>" + "".join(f"<p>{text}</p>" for text in rest))

    first, second, third, *rest = told(9)
    found = read(broken(9), known(*map(broken, range(5))))
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (f"{first} {second}", third, *rest)


def test_breaks_part_the_paragraphs_of_an_article_that_has_no_other_marks():
    def broken(number: int) -> tuple[str, bytes]:
        return story(number, "<br><br>".join(told(number)))

    found = read(broken(9), known(*map(broken, range(5))))
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == told(9)


def test_breaks_part_the_words_of_a_bare_quote():
    first, second, third, *rest = told(9)
    quote = f"<blockquote>{second}<br>{third}</blockquote>"
    found = read(story(9, f"<p>{first}</p>{quote}" + "".join(f"<p>{text}</p>" for text in rest)), known())
    assert found.extractor["rung"] == "template"
    assert found.paragraphs == (first, f"> {second} {third}", *rest)


def test_a_paragraph_that_is_nothing_but_a_link_to_another_article_is_left_out():
    first, *rest = told(9)
    link = f'<p><a href="/2026/11/19/storm">{told(77)[0]}</a></p>'
    page = story(9, f"<p>{first}</p>{link}" + "".join(f"<p>{text}</p>" for text in rest))
    assert read(page, known()).paragraphs == told(9)


def test_lists_quotes_and_tables_stand_in_the_text_form():
    def mixed(number: int) -> tuple[str, bytes]:
        first, second, third, *rest = told(number)
        return story(
            number,
            f"<p>{first}</p><ul><li>{second}</li></ul><ol><li>{number} one of them</li><li>{number} two</li></ol>"
            f"<blockquote><p>{third}</p></blockquote>"
            f"<table><tr><th>Ship</th><th>Guests</th></tr>"
            f"<tr><td>No. {number}</td><td>{number * 7 + 100}</td></tr></table>"
            + "".join(f"<p>{text}</p>" for text in rest),
        )

    first, second, third, *rest = told(9)
    table = ("Ship | Guests", "No. 9 | 163")
    site = known(*map(mixed, range(5)))
    found = read(mixed(9), site)
    assert found.extractor["rung"] == "template"
    marked = (first, f"- {second}", "1. 9 one of them", "2. 9 two", f"> {third}")
    assert found.paragraphs == (*marked, *table, *rest)  # though the table's head is the same in every article


def test_a_sample_goes_through_both_and_says_how_far_they_agree():
    article = read(story(9), known(sample=1))
    assert article.extractor["agreement"] == "1.00"
    assert article.paragraphs == told(9)


def test_a_sample_shows_that_a_template_no_longer_fits():
    drifted = "".join(f'<p class="lead">{text}</p>' for text in told(9, 12))
    aside = "".join(f"<div class='note'>{text}</div>" for text in told(600, 12))  # no paragraphs: not guarded
    article = read(story(9, drifted, after=f"<article>{aside}</article>"), known(sample=1))
    assert float(article.extractor["agreement"]) < 0.9


def test_only_a_small_part_of_the_pages_is_a_sample():
    site = known(sample=32)
    sampled = sum("agreement" in read(story(number, ""), site).extractor for number in range(100, 400))
    assert 1 <= sampled <= 30


def test_a_memory_holds_no_line_of_any_text():
    site = known(*(with_line(number, BACKGROUND) for number in range(5)))
    assert site.memory["cruft"]
    assert "province" not in json.dumps(site.memory)


def test_a_memory_outlives_json():
    site = known()
    again = replace(site, memory=json.loads(json.dumps(site.memory)))
    assert read(story(9), again) == read(story(9), site)


@pytest.mark.parametrize(
    "damage",
    [
        {"templates": {"article": {"selector": "p:::", "pages": 3}}},
        {"templates": {"article": {"selector": "", "pages": 3}}},
        {"templates": {"article": {"x": 1}}},
        {"sample": "x"},
        {"cruft": 7},
    ],
)
def test_a_damaged_memory_costs_no_text(damage):
    site = known()
    assert read(story(9), replace(site, memory={**site.memory, **damage})).paragraphs == told(9)


def test_a_memory_in_a_later_form_is_not_used():
    site = known()
    article = read(story(9), replace(site, memory={**site.memory, "version": 99}))
    assert (article.extractor["rung"], article.site_memory) == ("trafilatura", None)


def test_learn_site_takes_pages_as_they_were_kept():
    shell = (f"{HOST}/app", b"<html><body><div id='root'></div><script>1</script></body></html>")
    site = learn_site([story(1), shell, story(2), ("https://elsewhere.example/1", story(3)[1]), story(4)])
    assert site.site == "harbour-herald.example"
    assert read(story(9), site).extractor["rung"] == "template"


def test_there_is_nothing_to_learn_from_no_pages():
    with pytest.raises(ValueError, match="no pages"):
        learn_site([])


def test_every_machine_learns_the_same():
    told_by = "from tests.scraper.extract.test_site import known"
    script = f"import json; {told_by}; print(json.dumps(known().memory, sort_keys=True))"
    said = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
