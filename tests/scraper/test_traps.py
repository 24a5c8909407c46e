"""What a source may lead into that never ends: told by a URL, by what many links brought, by a day's number."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import Article, Visit
from scraper import traps
from scraper.traps import GLANCE, REST, USELESS, WINDOW, WORDS, Mark, Trap, mark, sketch

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SITE = "https://gazette.example"
SIGNS = {
    "repeating-segments": (
        "/a/b/a/b/a/b", "/news/news/news/dock-strike", "/de/en/de/en/de/", "/x/x/x", "/1/1/1/1/1/",
        "/a/b/c/a/d/a/the-ferry-is-late",
    ),
    "deep-paths": ("/" + "/".join(f"s{n}" for n in range(17)), "/" + "/".join(map(str, range(100, 140)))),
    "calendar": (
        "/events/2031/05", "/events/2031/05/14/", "/2027/03/01/", "/kalender/2031-05-01", "/2199/12/",
        "/events/2031/05/14/concert-in-the-harbour", "/events/?year=2031&month=5", "/cal?y=2041&m=12",
        "/events?tribe-bar-date=2031-05-01", "/?date=2031-05", "/events/list/?mes=4&ano=2040", "/2031/01/index.html",
        "/events/2027/05/concert-in-the-park", "/a/2031-05.html",
    ),
    "queries": (
        "/shop?sort=price&filter=red", "/list?orderby=date&per_page=20", "/s?filter[colour]=red&filter[size]=xl",
        "/a?" + "&".join(f"p{n}=1" for n in range(17)),
    ),
    "long-urls": ("/" + "a" * 2_048, "/a?q=" + "b" * 3_000),
    "encodings": ("/a%2525252Fb", "/x?u=%252525252e"),
}  # fmt: skip
OF_ARTICLES = (
    "/2026/11/20/dock-workers-end-their-strike", "/2026/11/20/", "/2026/11/21/", "/2026/11",
    "/1851/10/31/the-great-fair", "/blog/ten-benefits-of-a-walk/2022/12", "/blog/the-harbour-of-tomorrow/2024/09/16",
    "/a/2024/05/05/05/walk",
    "/news/2028/election-of-2028", "/archive/20310501/notes-on-the-fair", "/article.php?id=12&lang=en", "/2031/1234",
    "/100%25-sure", "/stock?page=2&sort=date", "/story/12/12/12/a", "/article?year=2019&id=12345678",
    "/view.php?ud=20310501001234", "/a/b/a/b/c", "/events/the-long-night?date=2019-05-01", "/2026/02/31/no-such-day",
    "/" + "%D8%A7" * 250, "/" + "%25D8%25A7" * 150, "/a%25252Fb",
    "/news/2051-12-hurt-in-crash", "/news/2051-12-verletzte-bei-unfall", "/2030-7-goals-for-the-planet",
    "/article/2134/5/", "/story/2099-3-killed-in-crash.html", "/events/1987/03", "/2025/01/index.html",
    "/shows/2019/3/14", "/shows/2019/03/14", "/noticia.asp?ano=2019&mes=3&id=771", "/noticia.asp?ano=2031&mes=3&id=771",
    "/?option=com_content&view=article&layout=default&id=123", "/?id=7&view=full&size=l",
    "/view.jsp?date=2031-05-01&no=7", "/article?sort=new&limit=20&article_no=3", "/cal?y=1999&m=12",
)  # fmt: skip


# ── by the URL


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in SIGNS.items() for path in paths])
def test_a_url_that_only_a_trap_makes_is_told_by_its_sign(kind, path):
    assert traps.sign(SITE + path, now=NOW) == kind


@pytest.mark.parametrize("path", OF_ARTICLES)
def test_the_url_of_an_article_shows_no_sign(path):
    assert traps.sign(SITE + path, now=NOW) is None


@given(st.text(max_size=200))
def test_any_text_has_a_sign_or_none(text):
    assert traps.sign(SITE + "/" + text, now=NOW) in (*WORDS, None)


def test_what_is_sorted_and_filtered_in_all_combinations_names_no_page():
    urls = [f"{SITE}/shop?by={a}&colour={b}&size={c}" for a, b, c in product(range(4), repeat=3)]
    assert len(traps.combined(urls, {})) == len(urls) - 20
    # What was let in before, on the same day, counts.
    before = {f"{SITE}/shop": [url.partition("?")[2] for url in urls[:20]]}
    assert traps.combined(urls[20:], before) == set(urls[20:])


@pytest.mark.parametrize(
    "urls",
    [
        [f"{SITE}/article.php?id={n}&lang={n % 2}" for n in range(500)],
        [f"{SITE}/article?{n}" for n in range(500)],
        [f"{SITE}/article.php?ref={n}&lang={lang}" for n, lang in product(range(30), ("hy", "ru"))],
        [f"{SITE}/view.jsp?date=2026-11-{day}&no={no}" for day, no in product(range(10, 40), range(7))],
        [f"{SITE}/view.jsp?day={day}&nth={n}" for day, n in product(range(30), range(7))],
        [f"{SITE}/view?day={a}&nth={b}&hl={c}" for a, b, c in product(range(9), range(9), ("hy", "ru"))],
        [f"{SITE}/view?day={a}&page={b}&newsId={c}" for a, b, c in product(range(5), range(5), range(9))],
    ],
)
def test_articles_that_a_parameter_or_two_name_are_no_combinations(urls):
    assert traps.combined(urls, {}) == set()


def test_hundreds_of_queries_of_one_path_in_a_day_are_combinations_though_two_parameters_vary():
    urls = [f"{SITE}/list?by={a}&tag={b}" for a, b in product(range(30), repeat=2)]
    assert len(traps.combined(urls, {})) == 400


def test_one_sign_proves_nothing_and_many_of_one_shape_that_are_most_of_what_is_announced_do():
    assert traps.too_many(20, 0, of_shape=20, announced=20) == 0
    assert traps.too_many(50, 0, of_shape=50, announced=60) == 30
    assert traps.too_many(5, 18, of_shape=23, announced=30) == 3
    assert traps.too_many(50, 0, of_shape=50, announced=101) == 0
    shapes = {
        traps.shape(f"{SITE}{path}", "calendar") for path in ("/events/2031/05", "/events/2032/11/01/", "/2031/05")
    }
    assert len(shapes) == 2
    assert traps.shape(SITE, "deep-paths") == "deep-paths"


RUNS = [
    head + "".join(run) * 2_048
    for head in ("", "?", "?f", "?f[", "?date", "?x=", "2031", "2031-12-")
    for times in (1, 2, 3)
    for run in product("_-0a/%&=?.", repeat=times)
]


def test_long_runs_of_one_character_or_a_few_take_no_longer_than_other_links():
    # 700 underscores once took minutes. All of these take about 2 s; a quadratic pattern would take longer than the
    # suite may.
    for run in RUNS:
        assert traps.sign(f"{SITE}/{run}"[:2_040] + "!/x", now=NOW) in (*WORDS, None)


# ── by what came


def article(text: str = "The ferry is late. It waits for the tide.", headline: str = "The last ferry") -> Article:
    paragraphs = tuple(text.split("\n"))
    return Article(url=SITE, canonical_url=SITE, site="gazette.example", headline=headline, paragraphs=paragraphs)


def visit(outcome: str = "new", reason: str | None = None, at: datetime = NOW) -> Visit:
    return Visit(visit_id=f"urn:{at}", url=SITE, visited_at=at, role="article", outcome=outcome, reason=reason)  # type: ignore[arg-type]


def story(number: int) -> str:
    name = "".join(chr(97 + int(digit)) for digit in f"{number * number + 1000}")
    return "\n".join(f"{name} said the {word} was {name}{word}. Nobody saw {name} at {word}." for word in "abcdefghij")


def marks(*texts: str, headline: str | None = None) -> list[Mark]:
    made = [mark(visit(), article(text, headline or f"No. {n} of the day")) for n, text in enumerate(texts)]
    return [each for each in made if each]


def test_texts_that_differ_in_figures_and_a_sentence_are_nearly_the_same():
    page = story(1).replace("Nobody", "Of 1,200 nobody")
    other = page.replace("Of 1,200 nobody saw", "12 people saw", 1).replace("1,200", "7,654") + " Page 17 of 40."
    assert traps.likeness(sketch(page), sketch(other)) >= 0.8
    assert traps.likeness(sketch(page), sketch(story(2))) == 0.0
    assert traps.likeness((), ()) == 0.0


def test_links_that_bring_nearly_the_same_text_are_a_trap():
    assert traps.verdict(marks(*[f"{story(1)} {n} times." for n in range(WINDOW)])) == "same-texts"
    assert traps.verdict(marks(*[f"{story(n % 2)} {n} times." for n in range(WINDOW)])) == "same-texts"
    assert traps.verdict(marks(*[story(n) for n in range(USELESS)])) is None
    assert traps.verdict(marks(*[story(1)] * (WINDOW - 1))) is None


def test_one_headline_over_as_many_words_is_one_text_whatever_the_words():
    made_up = [" ".join(chr(97 + n) * (m % 7 + 1) for m in range(60)) for n in range(WINDOW)]
    assert traps.verdict(marks(*made_up)) is None
    assert traps.verdict(marks(*made_up, headline="Welcome")) == "same-texts"


def test_links_that_lead_to_nothing_of_their_own_are_a_trap():
    row = [each for outcome in ("gone", "not-article") if (each := mark(visit(outcome), None))] * USELESS
    assert traps.verdict(row[:USELESS]) == "no-articles"
    assert traps.verdict([*row[: USELESS - 1], *marks(story(1))]) is None


def test_a_paper_that_prints_what_agencies_write_is_in_no_trap():
    copies = [mark(visit("copy"), article(story(n), f"No. {n}")) for n in range(USELESS)]
    assert traps.verdict([each for each in copies if each]) is None


PLEA = "\n".join(f"Subscribe for the {word} that you like." for word in "abcdefghi")


def test_articles_behind_one_wall_are_told_apart_by_the_sentence_that_is_theirs():
    walled = [f"{story(n).partition('.')[0]}.\n{PLEA}" for n in range(WINDOW)]
    assert traps.likeness(sketch(walled[1]), sketch(walled[2])) >= 0.8
    assert traps.verdict(marks(*walled)) is None
    assert traps.verdict(marks(*[PLEA] * WINDOW)) == "same-texts"


def test_different_headlines_over_one_text_are_no_trap():
    row = [mark(visit(), article(f"{PLEA}\n{story(n % 2)}", f"The {chr(97 + n)} affair")) for n in range(WINDOW)]
    assert traps.verdict([each for each in row if each]) is None
    assert not traps.is_suspicious([each for each in row if each])


def test_a_glance_tells_when_a_verdict_is_worth_asking_for():
    useless = [Mark(useless=True)] * GLANCE
    same, others = marks(*[f"{story(1)} {n} times." for n in range(GLANCE)]), marks(*map(story, range(2, 2 + GLANCE)))
    assert traps.is_suspicious(useless)
    assert traps.is_suspicious([*same[:1], *others[:2], *same[1:2]])
    assert not traps.is_suspicious([*same[:1], *others[: GLANCE - 1]])
    assert not traps.is_suspicious([*useless[:1], *others[: GLANCE - 1]])
    assert not traps.is_suspicious([])


def test_a_failure_and_a_page_that_was_not_read_again_say_nothing_of_a_source():
    assert [mark(visit(outcome), None) for outcome in ("failed", "blocked", "refused", "unchanged")] == [None] * 4


@given(st.booleans(), st.integers(0, 2**32 - 1), st.lists(st.integers(0, 2**32 - 1), max_size=16))
def test_a_mark_is_the_same_when_it_comes_out_of_its_bytes(useless, title, numbers):
    made = Mark(useless=useless, title=title, sketch=tuple(numbers))
    assert Mark.unpacked(made.packed()) == made


# ── what follows


def test_whatever_a_poll_leaves_out_shows():
    assert traps.shown({"calendar": 60, "queries": 3}) == "calendar"
    assert traps.shown({"queries": 1, "daily-links": 500}) == "queries"
    assert traps.shown({"daily-links": 1, "depth": 3}) == "depth"
    assert traps.shown({"calendar": 0}) is None
    assert traps.shown({}) is None


def test_only_a_source_that_announces_nothing_but_a_trap_is_polled_seldom():
    assert traps.holds_all({"calendar": 40}, announced=60)
    assert not traps.holds_all({"calendar": 40}, announced=61)
    assert not traps.holds_all({"daily-links": 400}, announced=60)
    assert not traps.holds_all({}, announced=3)


def test_a_source_stays_in_its_trap_since_the_first_day_and_is_looked_at_again_each_day():
    first = traps.fallen(None, "calendar", left_out=50, now=NOW)
    assert (first.since, first.until, first.stands(NOW + 23 * HOUR), first.stands(NOW + DAY)) == (
        NOW, NOW + REST, True, False,
    )  # fmt: skip
    again = traps.fallen(first, "calendar", left_out=70, now=NOW + DAY)
    assert (again.since, again.until, again.left_out) == (NOW, NOW + 2 * DAY, 120)
    assert traps.fallen(first, "depth", left_out=1, now=NOW + DAY).since == NOW + DAY
    assert {kind for kind in WORDS if replace(first, kind=kind).shows_in_texts} == {"same-texts", "no-articles"}


def test_a_source_comes_out_of_a_trap_when_what_it_brings_is_sound_again():
    calendar = traps.fallen(None, "calendar", left_out=50, now=NOW)
    assert not traps.is_over(calendar, now=NOW + HOUR)
    assert traps.is_over(calendar, now=NOW + DAY)
    texts = replace(calendar, kind="same-texts")
    assert not traps.is_over(texts, now=NOW + DAY)
    assert not traps.is_over(texts, now=NOW + DAY, marks=marks(*[story(1)] * WINDOW))
    assert traps.is_over(texts, now=NOW + DAY, marks=marks(*[story(n) for n in range(WINDOW)]))
    assert traps.is_over(texts, now=NOW + 9 * DAY)


def test_the_visits_to_a_source_tell_that_it_is_in_a_trap_and_since_when():
    days = [NOW - n * DAY for n in range(3)]
    told = [one for at in days for one in (visit("refused", "trap-calendar", at + HOUR), visit("unchanged", None, at))]
    assert traps.told_by([*told, visit("new", None, NOW - 4 * DAY)]) == Trap(
        kind="calendar", since=days[-1] + HOUR, until=NOW + HOUR + REST
    )
    assert traps.told_by(told[1:]) is None
    assert traps.told_by([]) is None
    # One it came out of a month ago is another story.
    long_ago = visit("refused", "trap-calendar", NOW - 30 * DAY)
    assert (traps.told_by([*told[:1], long_ago]) or told[0]).since == NOW + HOUR  # type: ignore[union-attr]


def test_a_trap_is_told_in_one_line():
    trap = Trap(kind="repeating-segments", since=NOW, until=NOW + DAY, left_out=1240)
    assert traps.words(trap) == "trap: repeating path segments, 1,240 left out since 2026-11-20"
    assert traps.words(replace(trap, left_out=0)) == "trap: repeating path segments, since 2026-11-20"
    waiting = replace(trap, kind="same-texts", left_out=70)
    assert traps.words(waiting) == "trap: texts that are nearly the same, 70 wait since 2026-11-20"
