"""Which lines of a news page are cruft, in the languages of the web, and which look like it and are not."""

from collections.abc import Collection

import pytest

from archive.records import count_words
from scraper.extract.cues import is_date_line
from scraper.extract.form import Line
from scraper.extract.lines import RULE_NAMES, Cleared, is_caption, whole_line_rule, without_cruft
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS


def cleared(
    *texts: str | Line,
    headlines: tuple[str, ...] = (),
    authors: tuple[str, ...] = (),
    rules: Collection[str] = RULE_NAMES,
) -> Cleared:
    """What comes of these lines; a text is a paragraph."""
    lines = [Line("paragraph", text) if isinstance(text, str) else text for text in texts]
    return without_cruft(lines, headlines=headlines, authors=authors, rules=rules)


def kept(
    *texts: str | Line,
    headlines: tuple[str, ...] = (),
    authors: tuple[str, ...] = (),
    rules: Collection[str] = RULE_NAMES,
) -> tuple[str, ...]:
    """What is left of these lines."""
    return tuple(line.text for line in cleared(*texts, headlines=headlines, authors=authors, rules=rules).lines)


@pytest.mark.parametrize(
    "line",
    [
        "Views: 112",
        "1,204 views",
        "Просмотров: 1 204",
        "Baxış sayı: 318",
        "RKS NEWS 3 Min Read",
        "3 Min Read",
        "Lesezeit: 4 Minuten",
        "Temps de lecture : 3 min",
        "Время чтения: 2 минуты",
        "A+",
        "A+ A-",
        "twitter",
        "Facebook | Twitter | WhatsApp",
        "Share this Post",
        "share-lineLiked the story? Share it on social media!",
        "Follow us on Youtube",
        "copy link",
        "print",
        "Ссылка скопирована",
        "Artikel teilen",
        "Partager sur Facebook",
        "Compartir",
        "Condividi",
        "Compartilhe",
        "Haberi paylaş",
        "Udostępnij",
        "Поділитися",
        "شارك الخبر",
        "Leave a Comment",
        "12 comments",
        "Kommentare (3)",
        "Laisser un commentaire",
        "Deja un comentario",
        "Оставить комментарий",
        "Yorum yap",
        "Rəy bildir",
        "Reageer",
        "Advertisement",
        "Anzeige",
        "Publicité",
        "Article continues below",
        "Subscribe to our daily newsletter",
        "WHAT ARE YOU LOOKING FOR ?",
        "Read more: Bakery wins a prize",
        "Lesen Sie auch: Die Bäckerei gewinnt einen Preis",
        "À lire aussi : La boulangerie gagne un prix",
        "Читайте также: Пекарня получила приз",
        "Leia também: Padaria ganha prêmio",
        "Leggi anche: Il forno vince un premio",
        "© 2026 Harbour Herald. All rights reserved.",
        "Any use of materials is allowed only if there is a hyperlink to the Harbour Herald",
        "Photo: Ann Lee/AP",
        "Foto: dpa",
        "(dpa)",
        "Auch interessant",
        "À lire aussi La boulangerie gagne un prix",
        "Les også: Bakeriet vant en pris",
        "Läs också: Bageriet vann ett pris",
        "Lue myös: Leipomo voitti palkinnon",
        "Læs også: Bageriet vandt en pris",
        "Διαβάστε επίσης: Ο φούρνος κέρδισε βραβείο",
        "Citește și: Brutăria a câștigat un premiu",
        "Čtěte také: Pekárna vyhrála cenu",
        "相关阅读：面包店获奖",
        "関連記事：パン屋が受賞",
        "Del artikkelen",
        "Dela artikeln",
        "Jaa artikkeli",
        "Annonse",
        "Annons",
        "Mainos",
        "Reclamă",
        "Reklama",
        "Hirdetés",
        "Διαφήμιση",
        "広告",
        "광고",
        "广告",
        "CLICK HERE TO GET THE HARBOUR HERALD APP",
        "05.09.2024 | 2:03 min",
        "分享让更多人看到",
        "기사 URL이 복사되었습니다.",
    ],
)
def test_a_line_of_the_page_s_furniture_is_cruft_wherever_it_stands(line):
    assert whole_line_rule(line) is not None
    assert kept(*PARAGRAPHS[:3], line, *PARAGRAPHS[3:]) == PARAGRAPHS


@pytest.mark.parametrize(
    "line",
    [
        "Share prices fell on Friday.",
        "Print is not dead, says the editor of the last paper on the islands.",
        "The video has 112 views.",
        "Follow the money, the auditor told the council.",
        "Related parties must disclose their dealings under the new rules.",
        "She read for three minutes and left.",
        "More than two hundred people stood on the quay.",
        "“Comment is free, but facts are sacred,” he said.",
        "She kept one thing — a photo of her son.",
        "A day at sea",
        "Who pays",
        "He said no.",
        "The ferry's cookies are baked on board, and the recipe is a secret of the cook's.",
        "In the commission's view the bridge may earn more than the ferry does.",
        "Her lawyer said this was not the advice that she had asked for.",
        "2026 was a good year for the ferry.",
    ],
)
def test_a_line_of_the_article_that_sounds_like_cruft_stays(line):
    lines = (*PARAGRAPHS[:3], line, *PARAGRAPHS[3:])
    assert kept(*lines) == lines


def test_the_headline_is_said_once():
    assert kept(HEADLINE, *PARAGRAPHS, headlines=(HEADLINE.upper(),)) == PARAGRAPHS


def test_a_doubled_paragraph_is_said_once():
    assert kept(*PARAGRAPHS, PARAGRAPHS[2]) == PARAGRAPHS


def test_a_short_line_may_be_said_twice():
    lines = (PARAGRAPHS[0], "And then?", PARAGRAPHS[1], "And then?", *PARAGRAPHS[2:])
    assert kept(*lines) == lines


def test_date_kicker_and_author_above_the_first_paragraph_go():
    lines = ("OLD TOWN", "20 November 2026 09:57", "Ann Lee, Reporter", *PARAGRAPHS)
    assert kept(*lines, authors=("Ann Lee",)) == PARAGRAPHS


def test_the_figures_of_a_table_above_or_under_the_text_are_no_dates():
    rows = [Line("row", text) for text in ("Year | Tons", "2024 | 12", "2025 | 14")]
    said = tuple(row.text for row in rows)
    assert kept(*rows, *PARAGRAPHS) == (*said, *PARAGRAPHS)
    assert kept(*PARAGRAPHS, *rows) == (*PARAGRAPHS, *said)


def test_a_date_between_paragraphs_is_a_subhead_of_a_chronology():
    lines = (*PARAGRAPHS[:3], "20 November 2026", *PARAGRAPHS[3:])
    assert kept(*lines) == lines


DATES = tuple(Line("list", text, "- ") for text in ("20 November 2026", "4 December 2026", "8 January 2027"))
SAID = tuple(line.text for line in DATES)


@pytest.mark.parametrize("label", ["The dates:", "Key dates", "Die Termine:"])
def test_a_list_of_dates_is_the_articles_at_its_end_and_above_its_first_paragraph(label):
    assert kept(*PARAGRAPHS, label, *DATES) == (*PARAGRAPHS, label, *SAID)
    assert kept(*PARAGRAPHS, label, *DATES[:2]) == (*PARAGRAPHS, label, *SAID[:2])
    assert kept(label, *DATES, *PARAGRAPHS) == (label, *SAID, *PARAGRAPHS)


def test_dates_in_a_row_are_the_articles_without_a_list_too():
    assert kept(*PARAGRAPHS, "The ferry sails on:", *SAID) == (*PARAGRAPHS, "The ferry sails on:", *SAID)


def test_the_one_date_of_a_list_stays_under_its_label():
    assert kept(*PARAGRAPHS, "The date:", DATES[0]) == (*PARAGRAPHS, "The date:", SAID[0])


def test_a_lone_date_under_the_text_or_above_it_goes():
    assert kept(*PARAGRAPHS, SAID[0]) == PARAGRAPHS
    assert kept(SAID[0], *PARAGRAPHS) == PARAGRAPHS


def test_the_dates_of_the_article_itself_go_however_many():
    stamps = ("Published 20 November 2026", "Updated 21 November 2026", "Updated 22 November 2026")
    listed = tuple(Line("list", text, "- ") for text in stamps)
    assert kept(*stamps, *PARAGRAPHS) == kept(*PARAGRAPHS, *stamps) == PARAGRAPHS
    assert kept(*listed, *PARAGRAPHS) == kept(*PARAGRAPHS, *listed) == PARAGRAPHS
    assert kept(*DATES[:2], *PARAGRAPHS) == PARAGRAPHS  # the day of the print edition, too


@pytest.mark.parametrize(
    "line", ["20 November 2026", "Updated: 20.11.2026, 14:05 Uhr", "20 ноября 2026, 12:05", "2 hours ago"]
)
def test_a_date_line_is_recognised(line):
    assert is_date_line(line)


@pytest.mark.parametrize("line", ["In 2026 the ferry returned", "12 May Street", "Room 12", "2026"])
def test_a_line_that_holds_a_date_is_not_one(line):
    assert not is_date_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "The ferry at the quay on April 3, 2026. — AFP file",
        "The mayor (left) with three former captains. (Photo: Ann Lee/AP)",
        "Die Fähre am Freitag. Foto: Ann Lee",
        "The quay on Friday morning [File: Ann Lee/Reuters]",
    ],
)
def test_a_line_that_ends_in_a_photo_credit_is_a_caption(line):
    assert is_caption(line)
    assert kept(line, *PARAGRAPHS) == PARAGRAPHS


def test_an_agency_that_signs_the_last_paragraph_takes_nothing_away():
    lines = (*PARAGRAPHS[:-1], f"{PARAGRAPHS[-1]} — AFP")
    assert kept(*lines) == lines


@pytest.mark.parametrize(
    "cue", ["Related articles", "Mehr zum Thema", "Sur le même sujet", "Другие новости", "Digər xəbərlər"]
)
def test_what_follows_a_related_cue_is_cut_when_it_is_a_list_of_headlines(cue):
    assert kept(*PARAGRAPHS, cue, "Storm closes the bridge", "Bakery wins a prize", "Quay rebuilt") == PARAGRAPHS


def test_what_follows_a_related_cue_stays_when_the_article_goes_on():
    lines = (*PARAGRAPHS[:3], "More about the line", *PARAGRAPHS[3:])
    assert kept(*lines) == lines


def test_the_author_s_name_under_an_article_is_no_paragraph():
    assert kept(*PARAGRAPHS, "Ann Lee", authors=("Ann Lee",)) == PARAGRAPHS


def test_promotion_under_an_article_is_cut():
    promotion = (
        "Sign up for our newsletter and get the day's stories in your inbox.",
        "Follow us on Telegram for more of this.",
    )
    assert kept(*PARAGRAPHS, *promotion) == PARAGRAPHS


def test_a_headline_under_its_kicker_is_the_headline():
    kicker = Line("subhead", f"Old town: {HEADLINE}")
    assert kept(kicker, *PARAGRAPHS, headlines=(HEADLINE,)) == PARAGRAPHS


def test_a_quote_set_large_beside_its_paragraph_is_said_once():
    assert kept(*PARAGRAPHS[:4], Line("quote", "“We had stopped believing in it”", "> "), *PARAGRAPHS[4:]) == PARAGRAPHS


def test_a_quote_that_stands_nowhere_else_stays():
    quote = Line("quote", "“The sea gives, and the sea takes.”", "> ")
    assert quote.text in kept(*PARAGRAPHS[:4], quote, *PARAGRAPHS[4:])


@pytest.mark.parametrize(
    "bio",
    [
        "Ann Lee is a senior reporter at the Harbour Herald, where she covers ports and fish. She lives in Old Town.",
        "The Herald's Ann Lee has covered the islands since 2011.",
        "Ann Lee arbeitet seit 2011 für den Hafenboten und schreibt über Schiffe.",
        "Ann Lee est journaliste au Courrier du port depuis 2011.",
        "Ann Lee can be reached at ann.lee@harbour-herald.example.",
    ],
)
def test_what_a_page_says_about_its_author_under_the_article_is_not_the_article(bio):
    assert kept(*PARAGRAPHS, bio, authors=("Ann Lee",)) == PARAGRAPHS


def test_what_an_article_says_about_its_author_in_its_middle_stays():
    lines = (*PARAGRAPHS[:3], "Ann Lee is one of those who waited eleven years for this day.", *PARAGRAPHS[3:])
    assert kept(*lines, authors=("Ann Lee",)) == lines


@pytest.mark.parametrize(
    "notice",
    [
        "An dieser Stelle finden Sie einen externen Inhalt, der den Artikel ergänzt.",
        "Ich bin damit einverstanden, dass mir externe Inhalte angezeigt werden.",
        "You need to accept cookies to view this content, which comes from another site.",
        "Pour afficher ce contenu, vous devez accepter les cookies de mesure.",
        "Acepta las cookies para ver este contenido en la página.",
        "Accetta i cookie per vedere il video di questa pagina.",
    ],
)
def test_what_stands_in_the_place_of_an_embed_until_a_reader_consents_is_cruft(notice):
    assert kept(*PARAGRAPHS[:3], notice, *PARAGRAPHS[3:]) == PARAGRAPHS


@pytest.mark.parametrize(
    "notice",
    [
        "If you buy through links on our site, we may earn an affiliate commission.",
        "The views expressed in this column are those of its author.",
        "This column is not intended as legal advice to owners of ships.",
        "This article was originally published in the Island Times.",
    ],
)
def test_what_a_lawyer_or_a_shop_had_printed_is_cruft(notice):
    assert kept(*PARAGRAPHS, notice) == PARAGRAPHS


@pytest.mark.parametrize("count", range(1, 12))
def test_rules_alone_never_take_more_than_a_third_of_the_words(count):
    lines = (PARAGRAPHS[0], *(f"Read more: story number {n} of the many that are linked here" for n in range(count)))
    words = sum(count_words(line) for line in lines)
    assert sum(count_words(line) for line in kept(*lines)) * 3 >= words * 2


def test_rules_that_would_take_more_than_a_third_take_nothing():
    lines = ("The ferry is back.", *(f"Read more: story number {n} of the many that are linked here" for n in range(9)))
    assert kept(*lines) == lines


def test_the_headline_and_what_is_said_twice_do_not_count_towards_the_third():
    assert kept(HEADLINE, *PARAGRAPHS, *PARAGRAPHS, headlines=(HEADLINE,)) == PARAGRAPHS


def test_each_line_that_is_dropped_is_told_with_its_rule():
    lines = (
        "OLD TOWN",
        *PARAGRAPHS[:3],
        "Advertisement",
        *PARAGRAPHS[3:],
        "Related articles",
        "Storm closes the bridge",
    )
    assert cleared(*lines).dropped == (
        ("label", "OLD TOWN"),
        ("furniture", "Advertisement"),
        ("tail", "Related articles"),
        ("tail", "Storm closes the bridge"),
    )


def test_a_rule_that_is_off_drops_nothing():
    lines = (*PARAGRAPHS[:3], "Advertisement", *PARAGRAPHS[3:])
    assert kept(*lines, rules=tuple(rule for rule in RULE_NAMES if rule != "furniture")) == lines
    assert kept(*lines, rules=("furniture",)) == PARAGRAPHS


def test_a_photo_credit_is_no_author_and_a_byline_is():
    text = cleared(*PARAGRAPHS, "By Ann Lee", "Photo: Bo Marten")
    assert text.authors == ("Ann Lee",)
    assert [rule for rule, _ in text.dropped] == ["byline", "caption"]
