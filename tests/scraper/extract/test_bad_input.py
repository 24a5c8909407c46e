"""Whatever state a page is in, it gives its article or a named reason; and the text holds what the page says."""

import time

import pytest

from archive.records import count_words
from scraper import learn_site
from scraper.extract import clean, explain
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, ld, page, paragraphs

SITE = "https://www.harbour-herald.example"


def text_of(body: bytes, url: str = URL) -> tuple[str, ...]:
    return clean(body, url).paragraphs


def old_page(body: str) -> bytes:
    """A page of before HTML 5: no <main>, no <article>, no charset."""
    return f"<html><head><title>{HEADLINE}</title></head><body bgcolor=white>{body}</body></html>".encode()


# ── broken and odd markup


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"<p>{text}\n" for text in PARAGRAPHS),
        "".join(f"<p><b><i>{text}</b></i>" for text in PARAGRAPHS),
        "".join(f'<p class="a"b">{text}</p>' for text in PARAGRAPHS),
        "".join(f"<span><p>{text}</p></span>" for text in PARAGRAPHS),
        "".join(f"<div>{text}</div>" for text in PARAGRAPHS),
        f"<p data-state='{'y' * 5_000_000}'>{PARAGRAPHS[0]}</p>{paragraphs(*PARAGRAPHS[1:])}",
        f"<div class='{'y ' * 300_000}'>{paragraphs()}</div>",
    ],
    ids=["never closed", "crossed", "quotes", "blocks in a span", "only <div>", "a giant attribute", "many classes"],
)
def test_markup_that_no_validator_would_pass_hides_no_text(body):
    assert text_of(page(body)) == PARAGRAPHS


def test_a_page_without_html_head_and_body_is_one():
    article = clean(f"<h1>{HEADLINE}</h1>{paragraphs()}".encode(), URL)
    assert (article.headline, article.paragraphs) == (HEADLINE, PARAGRAPHS)


@pytest.mark.parametrize("between", ["<br><br>", "<br/>\n<br />", "<br>&nbsp;<br>", "<br><br><br><br>"])
def test_an_article_of_nothing_but_line_breaks_keeps_its_paragraphs(between):
    assert text_of(old_page(f"<h1>{HEADLINE}</h1>{between.join(PARAGRAPHS)}")) == PARAGRAPHS


LAYOUT = "<table width=100%><tr><td width=150><a href=/>Home</a><br><a href=/s>Sport</a></td><td>{}</td></tr></table>"


@pytest.mark.parametrize(
    "cell",
    [
        f"<h1>{HEADLINE}</h1>{paragraphs()}",
        f"<h1>{HEADLINE}</h1>{'<br><br>'.join(PARAGRAPHS)}",
        f"<font size=5><b>{HEADLINE}</b></font><br><br><font face=Arial>{'<br><br>'.join(PARAGRAPHS)}</font>",
        f"<table><tr><td><h1>{HEADLINE}</h1></td></tr><tr><td>{paragraphs()}</td></tr></table>",
    ],
    ids=["paragraphs", "line breaks", "fonts", "a table in a cell"],
)
def test_a_table_that_lays_out_the_page_is_no_table_of_the_article(cell):
    assert text_of(old_page(LAYOUT.format(cell))) == PARAGRAPHS


def test_a_table_of_figures_in_an_old_page_stays_one():
    table = (
        "<table><tr><td>Departure</td><td>Arrival</td></tr><tr><td>07:10, quay</td><td>07:45, island</td></tr></table>"
    )
    said = text_of(old_page(f"<h1>{HEADLINE}</h1>{paragraphs()}{table}"))
    assert said == (*PARAGRAPHS, "Departure | Arrival", "07:10, quay | 07:45, island")


def test_an_amp_page_gives_the_same_text_as_the_page_it_stands_for():
    amp = (
        f"<!doctype html><html ⚡ lang=en><head><meta charset=utf-8><link rel=canonical href='{URL}'>"
        f"<script async src='https://cdn.ampproject.org/v0.js'></script><title>{HEADLINE}</title>"
        "<style amp-boilerplate>body{visibility:hidden}</style></head><body>"
        "<amp-sidebar id=menu><ul><li>Home</li><li>Sport</li></ul></amp-sidebar>"
        f"<article><h1>{HEADLINE}</h1><amp-img src=f.jpg alt='The ferry'></amp-img>{paragraphs()}"
        "<amp-list src=/next><template type='amp-mustache'><p>{{title}}</p></template></amp-list></article>"
    )
    article = clean(amp.encode(), f"{URL}/amp")
    assert article.text == clean(page(), URL).text
    assert article.canonical_url == URL


def test_a_version_for_the_printer_gives_the_text():
    printed = old_page(f"<h2>{HEADLINE}</h2><hr>{''.join(f'<div>{text}</div>' for text in PARAGRAPHS)}<hr>")
    assert text_of(printed.replace(b"<body", b"<body onload='window.print()'"), f"{URL}?print=1") == PARAGRAPHS


def test_of_two_articles_the_first_is_the_page_s():
    other = paragraphs(*(f"{n}. The orchards on the hill gave more apples than ever this year." for n in range(20)))
    two = page(head=ld()).replace(b"</article>", f"</article><article><h1>Apples</h1>{other}</article>".encode())
    assert text_of(two) == PARAGRAPHS


# ── two articles on one page


APPLES = "Orchards on the hill give more apples than ever before"
ORCHARDS = (
    "The orchards on the hill gave more apples this autumn than in any year since the growers began to count them.",
    "Nine hundred tonnes were picked by hand between the first of September and the last days of October, they said.",
    "“We had to borrow crates from three other valleys,” said Jonas Feld, who has kept the oldest orchard since 1990.",
    "Most of the harvest will be pressed for juice, because the fruit is small and shops on the coast want it large.",
)
APPLES_URL = f"{SITE}/2026/11/19/apples"
MARTA, PETER = ("Marta Holm", "2026-11-20"), ("Peter Okafor", "2026-11-19")


def signed(headline: str, texts: tuple[str, ...], by: tuple[str, str], *, tag: str = "article", h: str = "h1") -> str:
    """An article as it stands on a page, its byline and date under its headline."""
    name = "ferry" if headline == HEADLINE else "apples"
    head = f"<header><{h}>{headline}</{h}><p class=byline>By {by[0]}</p><time datetime={by[1]}>{by[1]}</time></header>"
    return f"<{tag} id={name} class=story>{head}{paragraphs(*texts)}</{tag}>"


def stating(headline: str, by: tuple[str, str], url: str | None = None) -> str:
    """Its JSON-LD."""
    return ld(headline=headline, author={"name": by[0]}, datePublished=by[1], **({"url": url} if url else {}))


def with_both(*articles: str, head: str = "", title: str = HEADLINE) -> bytes:
    """A page with these articles one after the other."""
    main = f"<main>{''.join(articles)}</main>"
    return (
        f"<!doctype html><html lang=en><title>{title}</title>{head}<body><nav>Home</nav>{main}</body></html>".encode()
    )


FERRY = signed(HEADLINE, PARAGRAPHS, MARTA)
FERRY_SAID, APPLES_SAID = stating(HEADLINE, MARTA, URL), stating(APPLES, PETER, APPLES_URL)
KNOWN = learn_site(
    (
        f"{SITE}/2026/10/{week}/boats",
        with_both(
            signed(
                f"Boats counted in week {week}",
                tuple(f"At the {quay} quay {week} boats were found, which nobody had expected, said the harbour master,"
                      f" who has counted them for {week} years." for quay in ("east", "west", "north", "south")),
                MARTA,
            ),
            title=f"Boats counted in week {week}",
        ),
    )
    for week in range(1, 8)
)  # fmt: skip


@pytest.mark.parametrize("site", [None, KNOWN], ids=["unknown", "known"])
@pytest.mark.parametrize(
    ("below", "head"),
    [
        (signed(APPLES, ORCHARDS, PETER), FERRY_SAID + APPLES_SAID),
        (signed(APPLES, ORCHARDS, PETER), APPLES_SAID + FERRY_SAID),
        (signed(APPLES, ORCHARDS, PETER), stating(APPLES, PETER) + stating(HEADLINE, MARTA)),
        (signed(APPLES, ORCHARDS, PETER), ""),
        (signed(APPLES, ORCHARDS, PETER, h="h2"), ""),
        (signed(f"<a href=/apples>{APPLES}</a>", ORCHARDS, PETER), FERRY_SAID + APPLES_SAID),
    ],
    ids=["declared", "declared first", "declared without URLs", "undeclared", "under an h2", "under a link"],
)  # fmt: skip
def test_the_next_article_below_gives_the_first_neither_text_nor_facts(below, head, site):
    article = clean(with_both(FERRY, below, head=head), URL, site=site)
    assert (article.headline, article.paragraphs) == (HEADLINE, PARAGRAPHS)
    assert (article.authors, article.published) == ((MARTA[0],), MARTA[1])


@pytest.mark.parametrize("tag", ["div", "section"])
def test_the_next_article_is_known_by_its_byline_where_no_article_element_holds_it(tag):
    both = (signed(HEADLINE, PARAGRAPHS, MARTA, tag=tag), signed(APPLES, ORCHARDS, PETER, tag=tag))
    assert text_of(with_both(*both)) == PARAGRAPHS


def test_an_article_within_another_one_s_end_is_the_next_one():
    nested = FERRY.replace("</article>", f"{signed(APPLES, ORCHARDS, PETER)}</article>")
    assert text_of(with_both(nested)) == PARAGRAPHS


def test_parts_of_an_article_under_an_h1_each_are_its_own():
    parts = [f"<section class=part><h1>Part {n}</h1>{paragraphs(text, text.replace('the', 'its'))}</section>"
             for n, text in enumerate(PARAGRAPHS)]  # fmt: skip
    said = text_of(page(f"<p>{PARAGRAPHS[0]}</p>{''.join(parts)}"))
    assert set(PARAGRAPHS) <= set(said)


@pytest.mark.parametrize("site", [None, KNOWN], ids=["unknown", "known"])
@pytest.mark.parametrize(
    ("head", "title", "url"),
    [
        (FERRY_SAID + APPLES_SAID, APPLES, APPLES_URL),
        (APPLES_SAID, APPLES, APPLES_URL),
        ("", APPLES, APPLES_URL),
        ("", HEADLINE, f"{URL}#apples"),
        (stating(HEADLINE, MARTA, f"{URL}#ferry") + stating(APPLES, PETER, f"{URL}#apples"), HEADLINE, f"{URL}#apples"),
    ],
    ids=["its URL", "its JSON-LD", "its title", "its fragment", "its fragment in JSON-LD"],
)
def test_of_two_articles_the_second_is_the_page_s_where_the_page_or_its_url_says_so(head, title, url, site):
    both = with_both(FERRY, signed(APPLES, ORCHARDS, PETER), head=head, title=title)
    article = clean(both, url, site=site)
    assert (article.headline, article.paragraphs) == (APPLES, ORCHARDS)
    assert (article.authors, article.published) == ((PETER[0],), PETER[1])


def test_a_site_that_prints_the_next_article_below_each_is_learned_by_the_first():
    def boats(week: int) -> str:
        quays = ("east", "west", "north", "south")
        told = (f"At the {quay} quay {week} boats were found, which nobody had expected, said {week} captains who know"
                f" the {quay} quay well." for quay in quays)  # fmt: skip
        return signed(f"Boats counted in week {week}", tuple(told), MARTA)

    pages = [
        (f"{SITE}/2026/10/{week}", with_both(boats(week), boats(week + 40), title=f"Boats counted in week {week}"))
        for week in range(1, 8)
    ]
    article = clean(with_both(FERRY, signed(APPLES, ORCHARDS, PETER)), URL, site=learn_site(pages))
    assert (article.extractor["rung"], article.paragraphs) == ("template", PARAGRAPHS)


def test_a_fragment_that_means_a_part_of_the_article_leaves_it_whole():
    assert text_of(page(f"{paragraphs()}<h2 id=how>How</h2><p>By ship, as ever before.</p>"), f"{URL}#how") == (
        *PARAGRAPHS, "How", "By ship, as ever before.",
    )  # fmt: skip


def test_what_stands_in_another_article_of_the_page_is_explained_as_that():
    told = explain(with_both(FERRY, signed(APPLES, ORCHARDS, PETER)), URL, site=KNOWN)
    assert {block.text for block in told.blocks if "another article" in block.why} >= set(ORCHARDS)


@pytest.mark.parametrize("tag", ["li", "div"])
def test_ten_megabytes_of_readers_comments_under_the_article_are_neither_read_nor_waited_for(tag):
    said = "".join(
        f"<{tag} class='comment'><b>reader{n}</b><p>I sailed on it as a child, {n} times, and loved it, and so did my"
        f" brother and my aunt.</p></{tag}>"
        for n in range(75_000)
    )
    body = page(f"{paragraphs()}<section class='comments' id='disqus'>{said}</section>")
    assert len(body) > 10_000_000
    began = time.process_time()
    assert text_of(body) == PARAGRAPHS
    assert time.process_time() - began < 15


def test_comments_that_no_class_names_are_bounded_in_time():
    said = "".join(
        f"<div><p>I sailed on it as a child, {n} times, and loved it a lot.</p></div>" for n in range(60_000)
    )
    began = time.process_time()
    assert set(PARAGRAPHS) <= set(text_of(page(paragraphs() + said)))
    assert time.process_time() - began < 30


# ── encodings


GERMAN = tuple(f"{n}. Die Fähre fährt wieder, und zweihundert Leute grüßten sie am Kai: „Endlich!“" for n in range(6))
RUSSIAN = tuple(f"{n}. Паром снова вышел в море в пятницу утром, через одиннадцать лет после рейса." for n in range(6))
JAPANESE = tuple(
    f"{n}年ぶりにフェリーが金曜日の朝、港に戻り、約二百人が岸壁で出迎えた。市長も船長もいた。" for n in range(6)
)
CHINESE = tuple(
    f"渡轮在停航{n}年后于星期五早晨重返老港口，约有两百人在码头上迎接它的到来，市长也在场。" for n in range(6)
)
KOREAN = tuple(
    f"페리가 {n}년 만에 금요일 아침 옛 항구로 돌아왔고 약 이백 명이 부두에서 맞이했다고 시장이 말했다."
    for n in range(6)
)


def undeclared(said: tuple[str, ...], lang: str) -> str:
    return page(paragraphs(*said), lang=lang).decode().replace('<meta charset="utf-8">', "")


@pytest.mark.parametrize(
    ("said", "codec", "lang"),
    [
        (GERMAN, "cp1252", "de"),
        (RUSSIAN, "cp1251", "ru"),
        (RUSSIAN, "koi8-r", "ru"),
        (JAPANESE, "shift_jis", "ja"),
        (JAPANESE, "euc-jp", "ja"),
        (CHINESE, "gb18030", "zh"),
        (CHINESE, "utf-8", "zh"),
        (KOREAN, "euc-kr", "ko"),
    ],
)
def test_a_charset_that_nobody_declares_is_guessed(said, codec, lang):
    assert text_of(undeclared(said, lang).encode(codec, "replace")) == said


@pytest.mark.parametrize(("said", "codec"), [(JAPANESE, "shift_jis"), (CHINESE, "gb18030"), (KOREAN, "euc-kr")])
def test_a_charset_that_is_declared_is_read(said, codec):
    markup = page(paragraphs(*said)).decode().replace("utf-8", codec)
    assert text_of(markup.encode(codec, "replace")) == said


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1"])
def test_a_stray_byte_of_another_encoding_garbles_no_other_letter(declared):
    body = page(paragraphs(*GERMAN[:5])).replace(b'<meta charset="utf-8">', b"")
    mixed = body.replace(
        b"</article>", "<p>Im Café am Kai gab es an diesem Morgen für alle Brot.</p></article>".encode("cp1252")
    )
    assert clean(mixed, URL, charset=declared).paragraphs == (
        *GERMAN[:5], "Im Café am Kai gab es an diesem Morgen für alle Brot."
    )  # fmt: skip


def test_a_letter_that_was_cut_in_two_is_shown_as_lost():
    body = page(paragraphs(*RUSSIAN[:5])).replace(
        b"</article>", b"<p>So it was told on the quay \xe2\x80</p></article>"
    )
    assert text_of(body) == (*RUSSIAN[:5], "So it was told on the quay \ufffd")


def test_a_text_that_was_garbled_before_it_was_published_is_kept_and_said_to_be():
    garbled = "Die Fähre fährt wieder, elf Jahre nach dem letzten Mal.".encode().decode("cp1252")
    said = tuple(f"{n}. {garbled}" for n in range(6))
    article = clean(page(paragraphs(*said)), URL)
    assert article.paragraphs == said
    assert article.extractor["letters"] == "garbled"
    assert "letters" not in clean(page(paragraphs(*GERMAN)), URL).extractor


# ── writing systems


HEBREW = tuple(f"{n}. המעבורת חזרה לנמל הישן ביום שישי בבוקר, אחת עשרה שנים אחרי ההפלגה האחרונה שלה." for n in range(6))
PERSIAN = tuple(
    f"{n}. کشتی بامداد جمعه پس از یازده سال دوباره به بندر بازمی\u200cگردد و مردم می\u200cگویند که خوشحال\u200cاند."
    for n in range(6)
)
THAI = tuple(f"{n} เรือข้ามฟากกลับมาที่ท่าเรือเก่าในเช้าวันศุกร์หลังจากหยุดเดินเรือมาสิบเอ็ดปี มีผู้คนราวสองร้อยคนมารอรับ" for n in range(6))


@pytest.mark.parametrize(
    "said", [HEBREW, PERSIAN, THAI, CHINESE, JAPANESE, KOREAN, RUSSIAN], ids=lambda said: said[0][3:9]
)
def test_an_article_in_any_script_is_read_whole(said):
    assert text_of(page(paragraphs(*said))) == said


@pytest.mark.parametrize("said", [THAI[:2], CHINESE[:3], JAPANESE[:3]], ids=["thai", "chinese", "japanese"])
def test_a_short_article_without_spaces_between_its_words_is_one(said):
    assert sum(map(count_words, said)) >= 40
    assert text_of(page(paragraphs(*said))) == said


def test_marks_of_direction_go_and_joiners_stay():
    said = tuple(text.replace("کشتی", "\u202bکشتی\u202c\u200f") for text in PERSIAN)
    assert text_of(page(paragraphs(*said))) == PERSIAN
