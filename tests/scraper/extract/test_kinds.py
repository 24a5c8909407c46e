"""What kind of page it is and how much of it is open are said; what is no article says what it is instead."""

import pytest

from scraper.errors import NotAnArticle
from scraper.extract import clean
from tests.scraper.extract.pages import HEADLINE, PARAGRAPHS, URL, ld, page, paragraphs

SITE = "https://www.harbour-herald.example"


def reason_of(body: bytes, url: str = URL) -> str:
    with pytest.raises(NotAnArticle) as caught:
        clean(body, url)
    return caught.value.reason


def kind_of(body: bytes, url: str = URL) -> tuple[str, str | None]:
    article = clean(body, url)
    return article.kind, article.origins.get("kind")


# ── kinds


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("NewsArticle", "article"),
        ("LiveBlogPosting", "live-blog"),
        ("OpinionNewsArticle", "opinion"),
        ("AnalysisNewsArticle", "analysis"),
        ("ReviewNewsArticle", "review"),
        ("SatiricalArticle", "satire"),
        ("AdvertiserContentArticle", "advertorial"),
        ("ImageGallery", "gallery"),
    ],
)
def test_what_a_page_declares_itself_to_be_it_is(declared, kind):
    assert kind_of(page(head=ld(**{"@type": declared}))) == (kind, None if kind == "article" else "json-ld")


def test_an_article_with_a_film_and_a_gallery_in_it_is_an_article():
    inside = ld(**{"@type": "VideoObject"}) + ld(**{"@type": "ImageGallery"})
    assert kind_of(page(head=ld() + inside)) == ("article", None)


def test_a_page_whose_address_says_gallery_is_one_when_it_has_the_pictures():
    url = f"{SITE}/fotostrecke/ferry-returns"
    pictures = "".join(f"<figure><img src='/{n}.jpg'></figure>" for n in range(9))
    assert kind_of(page(paragraphs(*PARAGRAPHS[:2]) + pictures), url) == ("gallery", "url")
    assert kind_of(page(), url) == ("article", None)


def test_a_film_with_a_few_words_is_a_video_and_a_long_text_with_a_film_is_an_article():
    film = "<video src='/ferry.mp4'></video>"
    said = paragraphs(*PARAGRAPHS[:3])
    assert kind_of(page(film + said), f"{SITE}/video/ferry-returns") == ("video", "url")
    assert kind_of(page(said, head="<meta property='og:type' content='video.other'>")) == ("video", "meta")
    assert kind_of(page(film + said, head=ld(**{"@type": "VideoObject"}))) == ("video", "json-ld")
    more = paragraphs(*(f"{n}. {text}" for n in range(3) for text in PARAGRAPHS))
    assert kind_of(page(film + more), f"{SITE}/video/ferry-returns") == ("article", None)


def test_a_recording_with_a_few_words_is_audio():
    assert kind_of(page(paragraphs(*PARAGRAPHS[:3])), f"{SITE}/podcasts/ferry-returns") == ("audio", "url")
    assert kind_of(page(paragraphs(*PARAGRAPHS[:3]), head=ld(**{"@type": "PodcastEpisode"}))) == ("audio", "json-ld")


def test_a_transcript_is_known_by_its_speakers():
    turns = [f"{name}: {text}" for name, text in zip(("LEE", "MARTEN", "LEE", "DIAZ") * 3, PARAGRAPHS * 2, strict=True)]
    assert kind_of(page(paragraphs(*turns))) == ("transcript", "text")
    small = [turn.replace("LEE", "Lee").replace("MARTEN", "Marten").replace("DIAZ", "Diaz") for turn in turns]
    assert kind_of(page(paragraphs(*small))) == ("article", None)
    assert kind_of(page(paragraphs(*small)), f"{SITE}/full-transcript-of-the-hearing") == ("transcript", "text")


# ── access


LONG = paragraphs(*(f"{text} So it was {n} times." for n in range(3) for text in PARAGRAPHS))
BEGINNING = paragraphs(*PARAGRAPHS[:3])
OFFER = "<div class='box'><p>Subscribe to continue reading</p></div>"


def access_of(body: str, head: str = "") -> str:
    return clean(page(body, head=head), URL).access


def test_a_beginning_of_what_is_for_subscribers_is_a_teaser():
    assert access_of(BEGINNING, ld(isAccessibleForFree="False")) == "teaser"
    assert access_of(paragraphs(*PARAGRAPHS, "And then the captain said…"), ld(isAccessibleForFree=False)) == "teaser"
    assert access_of(LONG, ld(isAccessibleForFree=False, wordCount=2_400)) == "teaser"
    assert access_of(BEGINNING + OFFER) == "teaser"


def test_what_is_for_subscribers_and_stands_whole_on_the_page_is_paid():
    parts = {"hasPart": {"isAccessibleForFree": False, "cssSelector": ".rest"}}
    assert access_of(f"<div class='rest'>{LONG}</div>", ld(isAccessibleForFree=False, **parts)) == "paid"
    assert access_of(LONG + "<div class='rest'></div>", ld(isAccessibleForFree=False, **parts)) == "teaser"
    assert (
        access_of(LONG, ld(isAccessibleForFree=False, hasPart={"isAccessibleForFree": False, "cssSelector": "::"}))
        == "paid"
    )


def test_what_is_free_is_open_whatever_the_page_offers():
    assert access_of(BEGINNING + OFFER, ld(isAccessibleForFree=True)) == "open"
    assert access_of(LONG + OFFER) == "open"
    assert access_of(BEGINNING) == "open"


@pytest.mark.parametrize(
    "offer",
    [
        "Um weiterzulesen, schließen Sie ein Abo ab.",
        "Il vous reste 81 % de cet article à lire.",
        "Suscríbete para seguir leyendo",
        "Questo contenuto è riservato agli abbonati",
        "Чтобы продолжить чтение, оформите подписку",
        "この記事は有料会員限定です",
    ],
)
def test_an_offer_is_understood_in_many_languages(offer):
    assert access_of(f"{BEGINNING}<div class='box'>{offer}</div>") == "teaser"


# ── no article


@pytest.mark.parametrize(
    "notice",
    [
        "404",
        "Error 404: not found",
        "Page not found",
        "Sorry, we can’t find the page you are looking for",
        "This article is no longer available",
        "Seite nicht gefunden",
        "Die gewünschte Seite existiert nicht",
        "Page introuvable",
        "La página que busca no existe",
        "Página não encontrada",
        "Pagina non trovata",
        "Pagina niet gevonden",
        "Strona nie istnieje",
        "Sidan kunde inte hittas",
        "Sivua ei löytynyt",
        "Aradığınız sayfa bulunamadı",
        "Səhifə tapılmadı",
        "Страница не найдена",
        "Сторінку не знайдено",
        "الصفحة غير موجودة",
        "הדף לא נמצא",
        "صفحه مورد نظر یافت نشد",
        "页面不存在",
        "ページが見つかりません",
        "페이지를 찾을 수 없습니다",
        "Không tìm thấy trang",
    ],
)
def test_a_missing_page_that_is_sent_with_status_200_is_no_article(notice):
    rest = "<p>The page may have moved, or it never was. Try our front page, or look for it with the search above.</p>"
    missing = page(rest).replace(HEADLINE.encode(), notice.encode())
    assert reason_of(missing) == "soft-404"


def test_a_beginning_above_an_offer_that_the_rules_left_in_the_text_is_a_teaser():
    assert access_of(f"{BEGINNING}<p>Abonnez-vous pour lire la suite de cet article.</p>") == "teaser"


def test_an_offer_that_an_article_quotes_is_none():
    about = "Under each report stood “Subscribe to continue reading” for a week, and nobody knew who had written it."
    assert access_of(paragraphs(PARAGRAPHS[0], about, PARAGRAPHS[4])) == "open"
    headed = page(BEGINNING).replace(HEADLINE.encode(), b'Why "subscribe to continue reading" annoys the islands')
    assert clean(headed, URL).access == "open"


# Briefs without any markup that says that they are articles: about what stands where articles were.
BRIEFS = {
    "Court rules on consent banners": (
        "Web sites of the province may no longer say “We value your privacy” above a button that means the opposite.",
        "The court in the old town ruled so on Friday. Visitors must be able to reject all cookies as easily.",
    ),
    "Captchas keep islanders from voting": (
        "Users must solve a captcha before they may vote on the ferry, and many of the islanders gave up.",
    ),
    "Herald puts up a paywall": (
        "Readers of the Herald see “Subscribe to continue reading” under every second report since Monday.",
        "The paper says that it has to pay for the ferry, too. Already a third of the islanders have left it.",
    ),
    "Page not found: how a ministry's web site vanished": (
        "The ministry of harbours has been off the web since Friday, and nobody there could say on Monday why that is.",
    ),
    "Access denied: fishermen kept off the quay": (
        "The fishermen of the old town were denied access to the quay on Friday, because the ferry needs the room.",
    ),
    "Siden 2019 har han ikke betalt": (
        "Kapteinen har ikke betalt havneavgift siden 2019, sier byrådet, og fergen kan derfor ikke legge til kai.",
    ),
    "Why this story is not over": (
        "The suspect did not consent to the search of the ferry, and unusual activity was seen on the quay that night.",
    ),
}


@pytest.mark.parametrize("headline", BRIEFS)
def test_a_brief_about_what_stands_where_articles_were_is_an_open_article(headline):
    brief = page(paragraphs(*BRIEFS[headline])).replace(HEADLINE.encode(), headline.encode())
    article = clean(brief, URL)
    assert (article.paragraphs, article.access) == (BRIEFS[headline], "open")


def test_a_column_that_is_headed_page_not_found_is_an_article_for_its_prose():
    column = tuple(f"{PARAGRAPHS[at]} {PARAGRAPHS[at + 3]}" for at in range(3))
    body = page(paragraphs(*column)).replace(HEADLINE.encode(), b"Page not found")
    assert clean(body, URL).paragraphs == column


def test_above_teasers_a_missing_page_is_missing():
    body = page(f"<p>Try the search.</p>{cards(4)}").replace(f"<h1>{HEADLINE}".encode(), b"<h1>Page not found")
    assert reason_of(body) == "soft-404"


WALLS = {
    "Pardon Our Interruption": "As you were browsing something about your browser made us think you were a bot. "
    "There are a few reasons this might happen. You move through this website with super-human speed.",
    "Harbour Herald": "We recognize you are attempting to access this website from a country belonging to the "
    "European Economic Area including the EU and therefore cannot grant you access at this time.",
    "Sorry, you have been blocked": "This website is using a security service to protect itself from online attacks. "
    "The action you just performed triggered the security solution.",
    "Willkommen beim Boten": "Wir und unsere 211 Partner verwenden Cookies und Verfahren. Mit Ihrer Zustimmung "
    "dürfen wir sie alle lesen. Sie können Ihre Auswahl jederzeit ändern.",
    "Le Courrier": "Nous et nos partenaires stockons des cookies sur votre terminal. Accepter et continuer. "
    "Continuer sans accepter. En cliquant sur ce bouton, vous acceptez leur usage.",
}


@pytest.mark.parametrize("headline", WALLS)
def test_a_page_that_asks_for_something_first_is_a_wall(headline):
    walled = page(paragraphs(WALLS[headline])).replace(HEADLINE.encode(), headline.encode())
    assert reason_of(walled) == "wall"


def test_a_consent_shell_is_a_wall_however_long_it_is_and_whatever_its_metadata_say():
    shell = [
        f"We and our {n} partners store and access information on a device, such as cookies, and process personal data "
        "for advertising that is measured, and for the understanding of those who see it."
        for n in range(4)
    ]
    assert reason_of(page(paragraphs(*shell))) == "wall"
    assert reason_of(page(paragraphs(*shell[:3]), head="<meta property='og:type' content='article'>")) == "wall"


def test_an_article_about_missing_pages_is_an_article():
    about = page(paragraphs(*PARAGRAPHS, *(f"{text} Twice." for text in PARAGRAPHS)))
    headline = b"Page not found: how links die"
    assert clean(about.replace(HEADLINE.encode(), headline), URL).headline == headline.decode()
    declared = page(head=ld(headline=headline.decode())).replace(HEADLINE.encode(), headline)
    assert clean(declared, URL).paragraphs == PARAGRAPHS


TEASERS = (
    "Storm hits the bridge", "Bakery wins a prize", "The quay is dredged", "Captain retires", "Herring quota falls",
    "Lighthouse for sale", "Tunnel opens late", "Council meets again",
)  # fmt: skip


def cards(count: int = 8, *, tag: str = "article", host: str = "") -> str:
    """Teasers as a section's page has them: a headline that is a link, and a sentence."""
    return "".join(
        f"<{tag} class='card'><h3><a href='{host}/news/{n}'>{TEASERS[n]}</a></h3>"
        f"<p>{n}. The council has heard of it and will speak about it on Monday, says the mayor.</p></{tag}>"
        for n in range(count)
    )


@pytest.mark.parametrize("tag", ["article", "li", "div", "section"])
def test_a_page_of_teasers_is_a_list(tag):
    body = page(f"<div class='cards'>{cards(tag=tag)}</div>").replace(f"<h1>{HEADLINE}".encode(), b"<h1>Old town")
    assert reason_of(body, f"{SITE}/section/old-town") == "list"


def test_an_article_above_teasers_is_no_list_and_neither_is_one_with_links_to_shops():
    assert clean(page(around=f"<section>{cards()}</section>"), URL).paragraphs[0] == PARAGRAPHS[0]
    shops = page(f"<p>{PARAGRAPHS[0]}</p>{cards(host='https://shop.example')}")
    assert clean(shops, URL).paragraphs[0] == PARAGRAPHS[0]


def test_a_text_that_introduces_what_it_lists_is_an_article():
    both = page(paragraphs(*PARAGRAPHS[:4]) + cards())
    assert clean(both, f"{SITE}/what-to-read").paragraphs[:4] == PARAGRAPHS[:4]


def test_what_is_declared_an_article_is_never_a_list():
    assert clean(page(cards(), head=ld()), URL).kind == "article"


def test_the_root_of_a_site_is_a_front_unless_it_is_one_long_text():
    long = (f"{n}. {text}" for n in range(3) for text in PARAGRAPHS)
    assert reason_of(page(), f"{SITE}/") == "front"
    assert reason_of(page(cards()), f"{SITE}/") == "front"
    assert len(clean(page(paragraphs(*long)), f"{SITE}/").paragraphs) == 18


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "You need to enable JavaScript to run this app."),
        ("de", "Bitte aktivieren Sie JavaScript."),
        ("fr", "Veuillez activer JavaScript pour afficher cette page."),
        ("es", "Habilite JavaScript en su navegador."),
        ("pt", "Por favor, ative o JavaScript."),
        ("ru", "Включите JavaScript в браузере."),
        ("ja", "JavaScriptを有効にしてください。"),
        ("zh", "请启用JavaScript后继续"),
        ("ko", "자바스크립트(JavaScript)를 활성화해 주세요"),
        ("tr", "JavaScript'i etkinleştirin."),
    ],
)
def test_a_shell_says_in_its_language_that_it_needs_javascript(lang, said):
    shell = f"<html lang='{lang}'><body><div id='main'></div><noscript>{said}</noscript></body></html>"
    assert reason_of(shell.encode()) == "needs-javascript"
