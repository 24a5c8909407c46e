"""What kind of page an article stands on, and how much of it is open to everyone.

What a page declares comes first; what its address, its headline and its text show decides where it declares no more
than an article.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from scraper import urls
from scraper.extract.facts import Facts
from scraper.extract.form import Line
from scraper.extract.live import may_be_live
from scraper.extract.notices import is_offer, is_quoted

_LITTLE = 150  # words: what accompanies a film or a recording
_PER_IMAGE = 80  # words that a gallery has at most for each of its pictures
_FEWEST_IMAGES = 5
_FEWEST_TURNS = 8  # of speakers
_LONGEST_SPEAKER = 120  # characters of a name, an office and what is said first
_FEWEST_CLOCKS = 3  # entries that begin with the time of day
_TEASER = 100  # words; of what is not free, no more is an article's beginning
_SHORT = 250  # words; so many may still be one
_LONGEST_OFFER = 25  # words of a line that may be an offer left in the text
_MOST_OFFERS = 20  # times the same one is looked at

Whole = Callable[[], LexborHTMLParser | None]  # makes a tree of the page, for the few that need it


def _path(*names: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[/_-])(?:{'|'.join(names)})(?=$|[/_.-])", re.IGNORECASE)


_GALLERIES = _path(
    r"(?:photo|image|foto|picture)-?galler(?:y|ies|ia)|galler(?:y|ies)|(?:foto|bilder)?galeri[aei]?[ns]?"
    r"|fotogalereya|(?:bilder|foto)-?(?:strecken?|serien?)|diaporamas?|in-pictures|slideshows?|photo-?stor(?:y|ies)|fotorep\w{0,8}"
)
_VIDEOS = re.compile(r"/(?:videos?|watch|clips?|vidéos?|mediathek|tv)/", re.IGNORECASE)
_RECORDINGS = re.compile(r"/(?:podcasts?|audio|episodes?|listen)/", re.IGNORECASE)
# What stands where the text breaks off; a sentence that a menu or a footer would not hold.
_OFFERS: Final = (
    "to continue reading", "to keep reading", "to read the full", "to read the rest", "to read this article",
    "to unlock this article", "to read more of this", "this article is for subscribers", "subscriber-only",
    "for subscribers only", "continue reading with", "this content is reserved", "exclusive to subscribers",
    "um weiterzulesen", "jetzt weiterlesen", "um den artikel zu lesen", "diesen artikel lesen sie mit",
    "weiterlesen mit", "nur für abonnenten", "exklusiv für abonnenten", "mit einem abo weiter",
    "article réservé", "réservé aux abonnés", "réservée aux abonnés", "pour lire la suite", "il vous reste",
    "poursuivre votre lecture", "para seguir leyendo", "para continuar leyendo", "exclusivo para suscriptores",
    "contenido exclusivo", "sólo para suscriptores", "solo para suscriptores", "para continuar lendo",
    "exclusivo para assinantes", "para continuar a ler", "per continuare a leggere", "riservato agli abbonati",
    "contenuto riservato", "om verder te lezen", "verder lezen", "alleen voor abonnees", "aby czytać dalej",
    "tylko dla prenumeratorów", "tylko dla subskrybentów", "dla abonentów", "för att läsa vidare", "for å lese videre",
    "for at læse videre", "lukeaksesi", "vain tilaajille", "devamını okumak için", "abonelere özel",
    "чтобы продолжить чтение", "чтобы читать дальше", "только для подписчиков", "доступен подписчикам",
    "щоб читати далі", "лише для передплатників", "للمشتركين فقط", "لمتابعة القراءة", "למנויים בלבד", "להמשך קריאה",
    "この記事は有料", "有料会員", "会員限定", "続きを読むには", "订阅后", "仅限订阅", "訂閱後",
    "구독자 전용", "유료 회원", "로그인 후 이용",
)  # fmt: skip
_TRANSCRIPT = re.compile(
    r"\b(?:transcripts?|transkript|transkription|transcripci[oó]n|transcri[cç][aã]o|trascrizione|transcription"
    r"|wortprotokoll|стенограмма|стенограма|расшифровка)\b",
    re.IGNORECASE,
)
_TURN = re.compile(r"([^\W\d_][\w.'’-]*(?: [\w.'’-]+){0,4})(?:, [\w ’'-]{2,40}| \([\w ’'-]{2,40}\))?: ?\S")
_CLOCK = re.compile(r"\W{0,2}(?:um |à |ore |kl\.? ?)?[0-2]?\d[:.h][0-5]\d\b", re.IGNORECASE)


def kind_of(lines: Sequence[Line], facts: Facts, whole: Whole, url: str, *, words: int, live: bool) -> tuple[str, str]:
    """The kind of page, and where it is known from: "json-ld", "meta", "url" or "text"; ("article", "") of most.

    lines, words: the article's; whole: as for `why_none`; live: whether they were read as a live blog's entries.
    """
    if facts.terms.kind != "article" and not (facts.terms.kind in ("video", "audio") and words >= _LITTLE):
        return facts.terms.kind, "json-ld"
    if live or _tells_the_time(lines, facts, url):
        return "live-blog", "text"
    return _of_pictures_or_sound(words, facts, whole, url) or (
        ("transcript", "text") if _is_transcript(lines, facts, url) else ("article", "")
    )


def access_of(lines: Sequence[Line], facts: Facts, whole: Whole, *, words: int) -> tuple[str, str]:
    """How much of the article is open, and where that is known from ("" when nothing says it).

    "open"; "teaser": the text is only the beginning, the rest is for subscribers; "paid": the page says that it is for
    subscribers, and yet holds it.
    """
    if facts.terms.is_paid is False:
        return "open", "json-ld"
    cut = words < _TEASER or (words < _SHORT and _breaks_off(lines))
    if facts.terms.is_paid is None:
        return ("teaser", "text") if cut and _shows_offer(lines, whole()) else ("open", "")
    withheld = words * 2 < facts.terms.words or (words < 2 * _SHORT and facts.terms.is_withheld)
    if cut or withheld or (words < _SHORT and _shows_offer(lines, whole())):
        return "teaser", "text"
    return "paid", "json-ld"


def _tells_the_time(lines: Sequence[Line], facts: Facts, url: str) -> bool:
    if not may_be_live(facts.terms.kind, url, facts.headline):
        return False
    return sum(1 for line in lines if _CLOCK.match(line.text[:20])) >= _FEWEST_CLOCKS


def _of_pictures_or_sound(words: int, facts: Facts, whole: Whole, url: str) -> tuple[str, str] | None:
    path = urls.path(url)
    if _GALLERIES.search(path) and (tree := whole()):
        images = len(tree.css("main img, article img, figure"))
        return ("gallery", "url") if images >= max(_FEWEST_IMAGES, words // _PER_IMAGE) else None
    if words >= _LITTLE:
        return None
    if facts.terms.og_type.startswith("video"):
        return "video", "meta"
    if facts.terms.og_type.startswith("music"):
        return "audio", "meta"
    if _VIDEOS.search(path) and (tree := whole()) and tree.css_first("video, iframe, [itemtype*=VideoObject]"):
        return "video", "url"
    return ("audio", "url") if _RECORDINGS.search(path) else None


def _is_transcript(lines: Sequence[Line], facts: Facts, url: str) -> bool:
    """Most paragraphs begin with a speaker: in capitals, or of a text that calls itself a transcript."""
    said = [text for line in lines if ":" in (text := line.text[:_LONGEST_SPEAKER]) or "：" in text]
    if len(said) < _FEWEST_TURNS:
        return False
    turns = [found[1] for text in said if (found := _TURN.match(text))]
    if len(turns) < _FEWEST_TURNS or len(set(turns)) * 2 > len(turns):
        return False
    called = _TRANSCRIPT.search(f"{urls.path(url)} {facts.headline or ''}") is not None
    capital = sum(name.isupper() and len(name) > 2 for name in turns)
    return (called and len(turns) * 4 >= len(lines)) or (capital * 2 >= len(lines) and len(Counter(turns)) > 1)


def _shows_offer(lines: Sequence[Line], tree: LexborHTMLParser | None) -> bool:
    """Whether the page says, unquoted and not in a paragraph of the article, that only subscribers may read on."""
    body = tree.body if tree else None
    said = _printed(body.text(separator=" ")) if body else ""
    if any(line.words <= _LONGEST_OFFER and is_offer(line.text) for line in lines):
        return True
    told = _printed(" ".join(line.text for line in lines if line.words > _LONGEST_OFFER))
    return any(_is_made(offer, said, told) for offer in _OFFERS if offer in said)


def _printed(text: str) -> str:
    return " ".join(text.lower().split())


def _is_made(offer: str, said: str, told: str) -> bool:
    """Whether an offer stands elsewhere than in quotes and in what the article tells of it."""
    at, made = -1, -told.count(offer)
    for _ in range(_MOST_OFFERS):
        if (at := said.find(offer, at + 1)) < 0:
            break
        made += 1 if told.find(offer) >= 0 or not is_quoted(said, at, at + len(offer)) else 0
    return made > 0


def _breaks_off(lines: Sequence[Line]) -> bool:
    return bool(lines) and lines[-1].text.rstrip("]) ").endswith(("…", "..."))
