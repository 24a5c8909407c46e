"""One page, from its decoded bytes to its article, or to the reason why it holds none."""

import re
from dataclasses import replace
from typing import Final, NoReturn

from charset_normalizer import from_bytes
from lxml.html import HtmlElement, fromstring

from archive.records import Article, count_words
from scraper import urls
from scraper.charsets import codec_named
from scraper.errors import NotAnArticle
from scraper.extract import cues
from scraper.extract.boilerplate import RUNGS, VERSIONS, article_lines, deep_lines, printed_lines
from scraper.extract.facts import FACTS, Facts, facts_of, site_of
from scraper.extract.form import Line, folded
from scraper.extract.lines import RULES, Cleared, without_cruft
from scraper.extract.plain import plain_lines
from scraper.extract.tree import FOR_LEXBOR, FOR_LXML, tree_of
from scraper.reservations import with_reservations
from scraper.scan import fault, light, shortened
from scraper.wire import charset_of

_GUESSED = 64 * 1024  # bytes that the guess of an undeclared charset looks at
_MOST_BROKEN = 0.01  # share of U+FFFD past which a declared charset is not believed
_LARGEST_HEAD = 2_000_000  # bytes that are looked at for the facts of a page without a tree
_HEAD = replace(FOR_LXML, tags=5_000)
_FEW = 60  # words; a wall or a shell has no more
_LIVE = re.compile(r"/live/|live-?(?:blog|ticker|updates?)\b", re.IGNORECASE)
_SHELL_IDS: Final = frozenset(("root", "app", "__next", "__nuxt", "___gatsby", "react-root", "svelte"))
_SHELL_STATES: Final = (b"self.__next_f", b"__NEXT_DATA__", b"__NUXT__", b"__APOLLO_STATE__", b"__INITIAL_STATE__")
_SCRIPT_WANTED = re.compile(
    r"(?:enable|activate|turn on|requires?|need|without) .{0,30}java ?script|java ?script .{0,40}(?:disabled"
    r"|enabled?|required|aktivier|activ)"
    r"|включите .{0,20}javascript|javascript'?i .{0,20}etkin",
    re.IGNORECASE,
)
_WALL = re.compile(
    r"verify(?:ing)? (?:that )?you are (?:a )?human|are you (?:a )?(?:human|robot)|not a robot|captcha"
    r"|checking your browser|just a moment"
    r"|access (?:to this page has been )?denied|unusual (?:traffic|activity)|attention required|request blocked"
    r"|ddos protection"
    r"|(?:accept|allow|reject|manage) (?:all )?(?:the )?cookies|we (?:and our .{0,30}partners )?(?:use|store"
    r"|value) .{0,40}(?:cookies|privacy)"
    r"|consent (?:to|or pay)|cookies? (?:akzeptieren|zustimmen|accepter|aceptar|accettare)"
    r"|mit werbung (?:weiter)?lesen|accepter et continuer"
    r"|(?:log|sign) ?in to (?:continue|read)|(?:subscribe|register) to (?:continue|read|keep reading)"
    r"|already a subscriber",
    re.IGNORECASE,
)


def clean_page(body: bytes, url: str, *, charset: str | None = None, start: str = RUNGS[0]) -> Article:
    """As `scraper.extract.clean`. start: the first rung of RUNGS that is tried; below the first, by simpler means."""
    if not body.strip():
        raise NotAnArticle(url, "empty", "the response has no body")
    page = light(utf8_of(body, charset))
    why = fault(page, FOR_LXML)
    if why and why.reason in ("too-many-attributes", "tag-too-long"):
        page = shortened(page, FOR_LXML)
        why = fault(page, FOR_LXML)
    tree = tree_of(page) if why is None and RUNGS.index(start) < RUNGS.index("lexbor") else None
    if tree is None:
        return _without_a_tree(page, url, start)
    facts = facts_of(tree, url) if start == RUNGS[0] else _facts_of_head(page, url)
    rung, lines = article_lines(tree, url, start=start)
    cleared = _cleared(lines, facts, url)
    if _words(cleared.lines) < _FEW and count_words(facts.body) > _words(cleared.lines):
        rung, cleared = "json-ld", _cleared(printed_lines(facts.body), facts, url)
    if reason := _why_not(cleared, facts) or _why_no_text(cleared, facts, tree, page):
        _refuse(url, reason)
    return _article(url, facts, cleared, rung=rung, linked=_linked_source(tree, url))


def utf8_of(body: bytes, charset: str | None) -> bytes:
    """The page in UTF-8.

    A byte order mark decides; then bytes that are valid UTF-8 and more than ASCII, which hardly happens by chance and
    often under a wrong declaration; then what HTTP (charset) or the markup declares; then a guess.
    """
    label = re.sub(r"[^\w.:-]", "", charset or "", flags=re.ASCII)
    declared = charset_of(f"HTTP/1.1 200\r\nContent-Type: text/html; charset={label}\r\n\r\n".encode(), body)
    if declared in ("utf-8-sig", "utf-16"):
        return body.decode(declared, "replace").encode("utf-8", "replace")
    if b"\0" not in body and _is_utf8(body):
        return body
    if declared:
        text = body.decode(declared, "replace")
        if text.count("\ufffd") <= len(text) * _MOST_BROKEN:
            return text.encode("utf-8", "replace")
    return body.decode(_guessed(body) or declared or "utf-8", "replace").encode("utf-8", "replace")


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return False  # it may be ISO-2022-JP
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guessed(body: bytes) -> str | None:
    # UTF-16 without its mark: every other byte of markup is zero.
    if (zeros := body[:_GUESSED].count(0)) * 4 > len(body[:_GUESSED]):
        odd = sum(1 for byte in body[1:400:2] if not byte)
        return "utf-16-le" if odd * 4 > len(body[:400]) else "utf-16-be"
    if zeros:
        return None
    best = from_bytes(body[:_GUESSED]).best()
    return codec_named(best.encoding) if best else None


def _cleared(lines: list[Line], facts: Facts, url: str) -> Cleared:
    return without_cruft(
        lines, headlines=facts.headlines, outlets=(*facts.outlets, site_of(url)), authors=facts.authors
    )


def _words(lines: tuple[Line, ...]) -> int:
    return sum(count_words(line.text) for line in lines)


def _why_not(cleared: Cleared, facts: Facts) -> str | None:
    """What its text shows the page to be instead of an article: the reason's word, None when it shows nothing."""
    said = " ".join(line.text for line in cleared.lines)
    words = _words(cleared.lines)
    if facts.is_front:
        return "front"
    if words < _FEW and _SCRIPT_WANTED.search(said):
        return "needs-javascript"
    return "wall" if words < _fewest_before_a_wall(facts) and _WALL.search(said) else None


def _why_no_text(cleared: Cleared, facts: Facts, tree: HtmlElement, page: bytes) -> str | None:
    """Why the text is too little for an article; None when it is enough."""
    words = _words(cleared.lines)
    if words >= _FEW or (words and facts.is_article) or any(count_words(line.text) >= 8 for line in cleared.lines):
        return None
    if _is_shell(tree, page):
        return "needs-javascript"
    return "wall" if _WALL.search(folded(tree.text_content())[:4000]) else "no-text"


def _fewest_before_a_wall(facts: Facts) -> int:
    """Words that make an article in spite of a wall below them; of what is stated to be open no wall is believed."""
    if not facts.is_article:
        return 2 * _FEW
    return _FEW if facts.access == "teaser" else 0


def _is_shell(tree: HtmlElement, page: bytes) -> bool:
    if any(_SCRIPT_WANTED.search(element.text_content()) for element in tree.iter("noscript")):
        return True
    mounts = any(element.get("id") in _SHELL_IDS for element in tree.iter("div"))
    return (mounts and b"<script" in page) or any(state in page for state in _SHELL_STATES)


_WORDS_FOR: Final = {
    "front": "the page is a front: a list of articles",
    "needs-javascript": "the page has no text until a browser runs its scripts",
    "wall": "the page shows a wall (consent, login or a check for robots) instead of an article",
    "no-text": "the page has no text that reads as an article",
}


def _refuse(url: str, reason: str) -> NoReturn:
    raise NotAnArticle(url, reason, _WORDS_FOR[reason])


def _without_a_tree(page: bytes, url: str, start: str) -> Article:
    """The article of a page of which lxml loses a part, or that it does not bear: by the rungs that need no tree of it.

    With the facts that the page's head still holds.
    """
    facts = _facts_of_head(page, url)
    rung = "lexbor" if start != "plain" and fault(page, FOR_LEXBOR) is None else "plain"
    lines = deep_lines(page) if rung == "lexbor" else []
    if not lines:
        rung, lines = "plain", plain_lines(page)
    # Whatever the page did to the rungs above it may do to the rules, too; a text with cruft is better than none.
    cleared = Cleared(tuple(lines)) if start == "plain" else _cleared(lines, facts, url)
    if not cleared.lines:
        _refuse(url, "no-text")
    if reason := _why_not(cleared, facts):
        _refuse(url, reason)
    return _article(url, facts, cleared, rung=rung)


def _facts_of_head(page: bytes, url: str) -> Facts:
    head = page[:_LARGEST_HEAD]
    end = head.lower().find(b"</head>")
    whole = head[:end] if end >= 0 else b""
    tree = tree_of(whole + b"</head><body></body></html>") if fault(whole, _HEAD) is None else None
    # Of no head what the URL says is left: whether it is a front's.
    return facts_of(tree, url) if tree is not None else facts_of(fromstring("<html/>"), url)


def _linked_source(tree: HtmlElement, url: str) -> str | None:
    links = (each for each in tree.iter("a") if each.text and cues.SOURCE_WORD.fullmatch(each.text))
    return next((urls.join(url, href) for each in links if (href := each.get("href"))), None)


def _article(url: str, facts: Facts, cleared: Cleared, *, rung: str, linked: str | None = None) -> Article:
    origins = dict(facts.origins)
    source_link = cleared.source_link or linked
    if cleared.authors and not facts.authors:
        origins["authors"] = "text"
    if source_link:
        origins["source_link"] = "text"
    article = Article(
        url=url,
        canonical_url=canonical_url(url, facts.canonical),
        headline=facts.headline,
        paragraphs=tuple(line.paragraph for line in cleared.lines),
        site=site_of(url),
        authors=facts.authors or cleared.authors,
        published=facts.published,
        modified=facts.modified,
        language=facts.language,
        publisher=facts.publisher,
        kind="live-blog" if _LIVE.search(url) else facts.kind,
        access=facts.access,
        source_link=source_link,
        origins=origins,
        extractor={**VERSIONS, "facts": FACTS, "rules": RULES, "rung": rung},
    )
    return with_reservations(article, facts.reservations, "meta")


def canonical_url(url: str, declared: str | None) -> str:
    """What the article is known by: rel=canonical on the same registrable domain, else the page's own URL; normalised.

    A canonical that names the front page is a template's mistake. Of a page that is no URL's (a file): the
    declared one, or the file.
    """
    try:
        own = urls.key(url)
    except ValueError:
        return _key(declared) or url
    if not declared or not (key := _key(declared)) or not urls.same_publisher(url, declared):
        return own
    is_front = key.split("/", 3)[3:] in ([], [""])
    return own if is_front and own.split("/", 3)[3:] not in ([], [""]) else key


def _key(url: str | None) -> str | None:
    try:
        return urls.key(url) if url else None
    except ValueError:
        return None
