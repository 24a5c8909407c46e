"""Why a page holds no article: what its text and its markup show it to be instead."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.records import count_words
from scraper import urls
from scraper.extract.facts import Facts
from scraper.extract.form import Line, bare, folded

FEW: Final = 60  # words; a wall or a shell has no more
_FEW_LINES = 60  # that are searched for what a wall says
_SHELL_IDS: Final = frozenset(("root", "app", "__next", "__nuxt", "___gatsby", "react-root", "svelte"))
_SHELL_STATES: Final = (b"self.__next_f", b"__NEXT_DATA__", b"__NUXT__", b"__APOLLO_STATE__", b"__INITIAL_STATE__")
_SCRIPT_WANTED = re.compile(
    r"(?:enable|activate|turn on|requires?|need|without|aktivier\w*|activ\w+|habilit\w+|abilit\w+|ative|włącz\w*"
    r"|schakel|включите|увімкніть|تفعيل|הפעל\w*|启用|啟用|有効|활성화) .{0,40}java ?script"
    r"|java ?script.{0,40}(?:disabled|enabled?|required|aktivier|activ|habilit|abilit|włącz|inschakel|etkin|включ"
    r"|увімкн|有効|启用|啟用|활성화)"
    r"|(?:启用|啟用) ?java ?script",
    re.IGNORECASE,
)
_WALL = re.compile(
    r"verify(?:ing)? (?:that )?you are (?:a )?human|are you (?:a )?(?:human|robot)|not a robot|captcha"
    r"|checking your browser|just a moment"
    r"|access (?:to this page has been )?denied|unusual (?:traffic|activity)|attention required|request blocked"
    r"|ddos protection"
    r"|(?:accept|allow|reject|manage) (?:all )?(?:the )?cookies|we (?:and our .{0,30}partners )?(?:use|store"
    r"|value) .{0,40}(?:cookies|privacy)"
    r"|consent (?:to|or pay)|cookies? (?:akzeptieren|zustimmen|accepter|aceptar|accettare|accepteren|kabul)"
    r"|(?:acept\w{1,4}|aceitar|accett\w{1,4}|accept\w{1,4}|akceptuj\w*|godk\w+|hyväksy|приня\w+) .{0,20}cookies?"
    r"|mit werbung (?:weiter)?lesen|accepter et continuer"
    r"|(?:log|sign) ?in to (?:continue|read)|(?:subscribe|register) to (?:continue|read|keep reading)"
    r"|already a subscriber",
    re.IGNORECASE,
)
# Whole headings, or parts of one, of a page that stands where an article was.
_MISSING = re.compile(
    r"(?:error |fehler |erreur |ошибка )?404\b.{0,80}"
    r"|.{0,40}\b(?:page|article|story|content|site) (?:(?:was|could|can|is|has|you)\b.{0,40})?(?:not|no longer"
    r"|cannot|can['’]t|doesn['’]t)\b.{0,60}"
    r"|(?:sorry|oops|whoops|uh[- ]oh)\b.{0,80}(?:page|article|find|found|exist)\b.{0,40}|not found|nothing found"
    r"|(?:we )?(?:can['’]t|cannot|could ?n['’]?o?t) find (?:that|the|this) page.{0,40}"
    r"|.{0,40}(?:seite|artikel|inhalt)\b.{0,40}\b(?:nicht (?:gefunden|vorhanden|verfügbar)|existiert nicht)\b.{0,30}"
    r"|.{0,40}\b(?:page|article)\b.{0,30}(?:introuvable|non trouvée?|n['’]existe (?:pas|plus)).{0,30}"
    r"|.{0,40}(?:página|artículo|contenido|artigo|conteúdo)\b.{0,30}\bn(?:o|ão)\b.{0,12}(?:encontrad[oa]|existe"
    r"|disponible|disponível|encuentra|hall[óa]).{0,30}"
    r"|.{0,40}(?:pagina|articolo)\b.{0,30}\bnon\b.{0,12}(?:trovat[oa]|esiste|disponibile).{0,30}"
    r"|.{0,40}(?:pagina|artikel)\b.{0,30}\b(?:niet gevonden|bestaat niet|nu (?:a fost găsită|există)).{0,30}"
    r"|.{0,40}stron[ay]\b.{0,30}\b(?:nie (?:została |)(?:znalezion[ao]|istnieje)).{0,30}|nie znaleziono strony.{0,30}"
    r"|.{0,40}(?:sidan|siden|artikeln|artiklen)\b.{0,40}\b(?:inte|ikke)\b.{0,40}|sivua ei (?:löyt|ole).{0,30}"
    r"|.{0,40}(?:stránka|oldal)\b.{0,30}(?:nenalezena|nebyla nalezena|neexistuje|nem található).{0,30}"
    r"|.{0,40}sayfa\b.{0,30}(?:bulunamadı|mevcut değil).{0,30}|.{0,40}səhifə\b.{0,30}(?:tapılmadı|mövcud deyil).{0,30}"
    r"|.{0,40}(?:страниц|публикаци|материал)\w*\b.{0,30}\bне (?:найден|существует|доступн)\w*.{0,30}"
    r"|.{0,40}сторінк\w+\b.{0,30}\bне (?:знайдено|існує).{0,30}|.{0,40}η σελίδα.{0,30}δεν (?:βρέθηκε|υπάρχει).{0,30}"
    r"|.{0,40}الصفحة.{0,30}غير (?:موجودة|متوفرة|متاحة).{0,30}|.{0,40}لم يتم العثور على الصفحة.{0,30}"
    r"|.{0,40}(?:הדף|העמוד).{0,30}(?:לא נמצא|אינו קיים).{0,30}|.{0,40}صفحه.{0,30}(?:یافت|پیدا) نشد.{0,30}"
    r"|.{0,30}(?:页面|頁面|网页|網頁|文章).{0,12}(?:不存在|未找到|找不到|已删除|已刪除).{0,20}"
    r"|.{0,20}(?:找不到|未找到|無法找到).{0,8}(?:页面|頁面|网页|網頁).{0,20}"
    r"|.{0,30}ページ.{0,12}(?:見つかりません|存在しません|ありません).{0,20}"
    r"|.{0,30}페이지.{0,12}(?:찾을 수 없|존재하지 않|없습니다).{0,20}"
    r"|.{0,30}halaman tidak (?:ditemukan|tersedia).{0,30}|.{0,30}không tìm thấy (?:trang|nội dung).{0,30}"
    r"|.{0,30}ไม่พบหน้า.{0,30}|.{0,30}पृष्ठ नहीं मिला.{0,30}",
    re.IGNORECASE,
)
_MOST_OF_A_NOTICE = 150  # words; what says no more than that a page is gone
_FEWEST_CARDS = 6
_MOST_CARDS = 200  # that are looked at
_MOST_STEPS = 10  # from a linked headline up to its card
_LONGEST_TEASER = 100  # words of a card, on average
_ONE_TEXT = 250  # words; a page at a site's root that has so many, and no cards, is no front
_LINKED_HEADS = ", ".join(f"h{rank} a[href], a[href] h{rank}" for rank in range(1, 5))
WORDS_FOR: Final = {  # each reason's
    "empty": "the response has no body",
    "front": "the page is a front: a list of articles",
    "list": "the page is a list of articles: of a section, a theme, an author or a search",
    "soft-404": "the page says that there is nothing at this address, though its status is 200",
    "needs-javascript": "the page has no text until a browser runs its scripts",
    "wall": "the page shows a wall (consent, login or a check for robots) instead of an article",
    "no-text": "the page has no text that reads as an article",
}


def words_of(lines: Iterable[Line]) -> int:
    """The words of all lines."""
    return sum(line.words for line in lines)


def why_none(
    lines: Sequence[Line],
    facts: Facts,
    url: str,
    *,
    words: int,
    whole: Callable[[], LexborHTMLParser | None],
    page: bytes,
) -> str | None:
    """Why the page holds no article: the reason's word; None when it holds one.

    lines, words: what was read as its text; whole: makes a tree of the page, or None where no parser bears it; page:
    its bytes, in UTF-8.
    """
    if facts.is_article and not facts.is_front and words >= 2 * FEW:
        return None
    tree = whole()
    if _is_front(lines, facts, tree, url):
        return "front"
    if (
        not facts.is_article
        and words < _MOST_OF_A_NOTICE
        and _is_missing(lines[:2] if words < FEW else (), facts, tree)
    ):
        return "soft-404"
    if wall := _wall_in(lines, words, facts):
        return wall
    if tree is None:
        return None if lines else "no-text"
    if not facts.is_article and _is_list(lines, words, tree, url):
        return "list"
    return None if _is_enough(lines, words, facts) else _why_no_text(tree, page)


def _wall_in(lines: Sequence[Line], words: int, facts: Facts) -> str | None:
    """What a short text asks for, instead of being one."""
    fewest = _fewest_before_a_wall(facts)
    said = " ".join(line.text for line in lines[:_FEW_LINES]) if words < max(FEW, fewest) else ""
    if words < FEW and _SCRIPT_WANTED.search(said):
        return "needs-javascript"
    return "wall" if words < fewest and _WALL.search(said) else None


def _is_enough(lines: Sequence[Line], words: int, facts: Facts) -> bool:
    return words >= FEW or bool(words and facts.is_article) or any(line.words >= 8 for line in lines)


def _why_no_text(tree: LexborHTMLParser, page: bytes) -> str:
    if _is_shell(tree, page):
        return "needs-javascript"
    body = tree.body
    return "wall" if body and _WALL.search(folded(body.text(separator=" "))[:4000]) else "no-text"


def _fewest_before_a_wall(facts: Facts) -> int:
    """Words that make an article in spite of a wall below them; of what is stated to be open no wall is believed."""
    if not facts.is_article:
        return 2 * FEW
    return FEW if facts.terms.is_paid else 0


def _is_shell(tree: LexborHTMLParser, page: bytes) -> bool:
    if any(_SCRIPT_WANTED.search(node.text()) for node in tree.css("noscript")):
        return True
    mounts = any(node.id in _SHELL_IDS for node in tree.css("div[id]"))
    return (mounts and b"<script" in page) or any(state in page for state in _SHELL_STATES)


def _is_missing(first: Sequence[Line], facts: Facts, tree: LexborHTMLParser | None) -> bool:
    """Whether a headline of the page, or the first line of a very short one, is the notice of a missing page."""
    said = [*facts.headlines, *(line.text for line in first)]
    if tree is not None:
        said += [folded(node.text()) for node in tree.css("title, h1, h2")[:6]]
    return any(len(text) < 160 and _MISSING.fullmatch(text) for text in said)


# ── lists of articles ────────────────────────────────────────────────────────────────────────────────────────────────


def _is_front(lines: Sequence[Line], facts: Facts, tree: LexborHTMLParser | None, url: str) -> bool:
    """What declares itself one, and what stands at a site's root; but some sites are one text, and it stands there."""
    if not facts.is_front or tree is None or facts.terms.og_type == "article":
        return facts.is_front
    prose = sum(line.words for line in lines if line.kind == "paragraph")
    return prose < _ONE_TEXT or len(_cards(tree, url)) >= _FEWEST_CARDS // 2


def _is_list(lines: Sequence[Line], words: int, tree: LexborHTMLParser, url: str) -> bool:
    """Whether the page is cards, several short texts each with a headline that is a link, and little else."""
    cards = [bare(card.text(separator=" ")) for card in _cards(tree, url)]
    if len(cards) < _FEWEST_CARDS or sum(map(count_words, cards)) > _LONGEST_TEASER * len(cards):
        return False
    said = "\n".join(cards)
    inside = sum(line.words for line in lines if bare(line.text) in said)
    return inside * 3 >= words * 2 and words - inside < FEW


def _cards(tree: LexborHTMLParser, url: str) -> list[LexborNode]:
    """Around each headline that leads to another page of the publisher, the largest element with no second one."""
    around: list[list[LexborNode]] = []
    for node in tree.css(_LINKED_HEADS)[:_MOST_CARDS]:
        path = list(islice(_upwards(node), _MOST_STEPS))
        link = next((each for each in path if each.tag == "a"), None)
        target = urls.join(url, (link.attributes.get("href") if link else None) or "")
        if target and target.partition("#")[0] != url.partition("#")[0] and urls.same_publisher(url, target):
            around.append(path)
    held = Counter(node.mem_id for path in around for node in path)
    cards = (next((node for node in reversed(path) if held[node.mem_id] == 1), None) for path in around)
    return [card for card in cards if card is not None]


def _upwards(node: LexborNode) -> Iterator[LexborNode]:
    around: LexborNode | None = node
    while around is not None and around.tag not in ("body", "html"):
        yield around
        around = around.parent
